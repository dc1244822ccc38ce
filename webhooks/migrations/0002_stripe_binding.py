"""Which Stripe the database belongs to."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="StripeBinding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("only", models.BooleanField(default=True, editable=False, unique=True)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("sandbox", "the local sandbox"),
                            ("test", "Stripe's test mode"),
                            ("live", "Stripe's live mode"),
                        ],
                        max_length=7,
                    ),
                ),
                (
                    "account",
                    models.CharField(blank=True, help_text="acct_…; empty: the key was not told.", max_length=64),
                ),
                ("bound_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("only", True)), name="webhooks_one_binding")
                ],
            },
        ),
    ]
