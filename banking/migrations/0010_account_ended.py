"""When an account's link ended, and whether that was the person's wish."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0009_link_asks"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="ended_at",
            field=models.DateTimeField(blank=True, help_text="When we learnt that the link is no more.", null=True),
        ),
        migrations.AddField(
            model_name="account",
            name="ended_elsewhere",
            field=models.BooleanField(default=False, help_text="At the bank or at Stripe, not by a person here."),
        ),
    ]
