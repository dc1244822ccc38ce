"""Which try at making the Customer is under way: part of its idempotency key."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_staff_append_only")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="customer_attempt",
            field=models.PositiveSmallIntegerField(
                default=0,
                editable=False,
                help_text="Part of the idempotency key: counts requests that failed at Stripe.",
            ),
        ),
    ]
