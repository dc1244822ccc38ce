"""Which attempt a reading leads to: a later refresh may be running, or have failed, before the rows are in."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("banking", "0004_staff_lists")]

    operations = [
        migrations.AddField(
            model_name="freshness",
            name="target_attempted_at",
            field=models.DateTimeField(help_text="When the bank was asked for what it leads to.", null=True),
        ),
    ]
