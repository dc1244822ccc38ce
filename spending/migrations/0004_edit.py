"""What people change on rows, kept; and the index by which a transfer finds its legs."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import fcdash.tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("spending", "0003_rollups"),
        ("banking", "0002_tenancy"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Edit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "field",
                    models.CharField(
                        choices=[
                            ("category", "Category"),
                            ("note", "Note"),
                            ("excluded", "Left out"),
                            ("reviewed", "Looked at"),
                        ],
                        max_length=12,
                    ),
                ),
                ("before", models.CharField(blank=True, max_length=500, null=True)),
                ("after", models.CharField(blank=True, max_length=500, null=True)),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "household",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.household",
                    ),
                ),
                (
                    "transaction",
                    fcdash.tenancy.TenantKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="banking.transaction",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["household", "transaction", "-id"], name="spending_edit_transaction")],
            },
        ),
        fcdash.tenancy.Tenant("spending_edit", {"transaction_id": "banking_transaction"}),
        migrations.RunSQL(
            "CREATE INDEX banking_transaction_transfer ON banking_transaction (household_id, transfer_id)"
            " WHERE transfer_id IS NOT NULL",
            "DROP INDEX banking_transaction_transfer",
        ),
    ]
