"""The round of the idempotency keys: Stripe repeats a 5xx under a key for a day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0004_payment_guards"),
    ]

    operations = [
        migrations.AddField(
            model_name="mandate",
            name="round",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="Of the keys: up when Stripe keeps answering 5xx."
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="round",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="Of the keys: up when Stripe keeps answering 5xx."
            ),
        ),
    ]
