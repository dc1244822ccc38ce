"""Links that accounts had before they went on under another."""

import django.db.models.deletion
from django.db import migrations, models

import fcdash.tenancy
from fcdash.tenancy import Tenant


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_customer_words"),
        ("banking", "0012_rows_by_version"),
    ]

    operations = [
        migrations.CreateModel(
            name="FormerLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stripe_id", models.CharField(max_length=255, unique=True)),
                (
                    "ended_at",
                    models.DateTimeField(help_text="When Stripe confirmed that it is read no more.", null=True),
                ),
                (
                    "account",
                    fcdash.tenancy.TenantKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="former_links",
                        to="banking.account",
                    ),
                ),
                (
                    "household",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.household",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        Tenant("banking_formerlink", {"account_id": "banking_account"}),
    ]
