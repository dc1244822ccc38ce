"""Accounts kept by hand, and files imported: balances that people state, imports and the files' rows."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import fcdash.tenancy
from fcdash.tenancy import Tenant


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_customer_attempt"),
        ("banking", "0007_health"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Import",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file_name", models.CharField(max_length=200)),
                ("kind", models.CharField(help_text="csv, ofx or qif", max_length=4)),
                (
                    "state",
                    models.CharField(
                        choices=[("preview", "Looked at"), ("done", "Imported"), ("undone", "Undone")],
                        default="preview",
                        max_length=8,
                    ),
                ),
                ("upload", models.BinaryField(help_text="The file; only until it is imported or given up.", null=True)),
                ("reading", models.JSONField(default=dict, help_text="How the person says that it is read.")),
                (
                    "heading",
                    models.CharField(
                        blank=True, default="", help_text="Names its columns, not its rows.", max_length=64
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("imported_at", models.DateTimeField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
                ("new_count", models.IntegerField(default=0)),
                ("known_count", models.IntegerField(default=0)),
                ("same_count", models.IntegerField(default=0, help_text="Said to be rows that were here already.")),
                (
                    "faulty_count",
                    models.IntegerField(default=0, help_text="Lines left out because they could not be read."),
                ),
                ("removed_count", models.IntegerField(default=0, help_text="Rows that undoing took away.")),
                ("first_on", models.DateField(null=True)),
                ("last_on", models.DateField(null=True)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="ImportedRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField()),
                (
                    "brought",
                    models.BooleanField(help_text="The import wrote the transaction; else it was here before."),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="StatedBalance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("cents", models.BigIntegerField(help_text="Positive is owned, negative is owed.")),
                ("after_row", models.BigIntegerField(default=0)),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.AlterField(
            model_name="account",
            name="stripe_id",
            field=models.CharField(blank=True, help_text="Empty: kept by hand.", max_length=255),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(
                condition=models.Q(("stripe_id", ""), _negated=True),
                fields=("stripe_id",),
                name="banking_account_stripe",
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="account",
            field=fcdash.tenancy.TenantKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="imports",
                to="banking.account",
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="household",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.household"
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="user",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="importedrow",
            name="account",
            field=fcdash.tenancy.TenantKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="banking.account",
            ),
        ),
        migrations.AddField(
            model_name="importedrow",
            name="household",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.household"
            ),
        ),
        migrations.AddField(
            model_name="importedrow",
            name="source",
            field=fcdash.tenancy.TenantKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="rows",
                to="banking.import",
            ),
        ),
        migrations.AddField(
            model_name="importedrow",
            name="transaction",
            field=fcdash.tenancy.TenantKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="banking.transaction",
            ),
        ),
        migrations.AddField(
            model_name="statedbalance",
            name="account",
            field=fcdash.tenancy.TenantKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="stated",
                to="banking.account",
            ),
        ),
        migrations.AddField(
            model_name="statedbalance",
            name="household",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.household"
            ),
        ),
        migrations.AddField(
            model_name="statedbalance",
            name="source",
            field=fcdash.tenancy.TenantKey(
                db_constraint=False,
                help_text="The file that said so, if one did.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="banking.import",
            ),
        ),
        migrations.AddField(
            model_name="statedbalance",
            name="user",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(fields=["household", "-id"], name="banking_import_newest"),
        ),
        migrations.AddIndex(
            model_name="importedrow",
            index=models.Index(fields=["household", "transaction"], name="banking_imported_transaction"),
        ),
        migrations.AddIndex(
            model_name="importedrow",
            index=models.Index(fields=["household", "source"], name="banking_imported_source"),
        ),
        migrations.AddConstraint(
            model_name="importedrow",
            constraint=models.UniqueConstraint(fields=("household", "account", "key"), name="banking_imported_once"),
        ),
        migrations.AddConstraint(
            model_name="statedbalance",
            constraint=models.UniqueConstraint(fields=("household", "account", "on"), name="banking_stated_day"),
        ),
        Tenant("banking_import", {"account_id": "banking_account"}),
        Tenant("banking_statedbalance", {"account_id": "banking_account", "source_id": "banking_import"}),
        Tenant(
            "banking_importedrow",
            {
                "account_id": "banking_account",
                "source_id": "banking_import",
                "transaction_id": "banking_transaction",
            },
        ),
    ]
