"""How a connection stands and what each reading brought; notices, balance checks and billed refreshes."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import fcdash.tenancy
from fcdash.tenancy import Tenant


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_customer_words"),
        ("banking", "0006_rows_version"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="authorization",
            field=models.CharField(
                blank=True, default="", help_text="fcauth_…, what relinking renews.", max_length=255
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="deactivates_at",
            field=models.DateTimeField(blank=True, help_text="The bank's expected_deactivation_date.", null=True),
        ),
        migrations.AddField(
            model_name="account",
            name="inactive_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="account",
            name="numbers_expire_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="account",
            name="numbers_status",
            field=models.CharField(blank=True, default="", help_text="Of the account numbers.", max_length=12),
        ),
        migrations.AddField(
            model_name="account",
            name="relink",
            field=models.CharField(
                blank=True,
                choices=[("required", "Sign in again"), ("impossible", "Cannot be repaired")],
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="rows_before",
            field=models.BigIntegerField(
                help_text="Rows up to this id came by an earlier link; those that come again count once.", null=True
            ),
        ),
        migrations.AddField(
            model_name="freshness",
            name="failures",
            field=models.PositiveSmallIntegerField(default=0, help_text="In a row; each waits twice as long."),
        ),
        migrations.AddField(
            model_name="linksession",
            name="relinks",
            field=fcdash.tenancy.TenantKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="banking.account",
            ),
        ),
        migrations.AddField(
            model_name="refresh",
            name="dropped_count",
            field=models.IntegerField(default=0, help_text="Of the changed: void now."),
        ),
        migrations.AddField(
            model_name="refresh",
            name="posted_count",
            field=models.IntegerField(default=0, help_text="Of the changed: pending before."),
        ),
        migrations.CreateModel(
            name="BalanceCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3)),
                ("as_of", models.DateTimeField(help_text="Of the bank's balance.")),
                ("expected_cents", models.BigIntegerField()),
                ("actual_cents", models.BigIntegerField()),
                ("checked_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "account",
                    fcdash.tenancy.TenantKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="balance_checks",
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
                "constraints": [
                    models.UniqueConstraint(
                        fields=("household", "account", "currency", "as_of"), name="banking_check_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BilledUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField(help_text="UTC")),
                (
                    "feature",
                    models.CharField(
                        choices=[("balance", "Balance"), ("ownership", "Owners"), ("transactions", "Transactions")],
                        max_length=12,
                    ),
                ),
                ("count", models.PositiveIntegerField(default=0)),
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
                "constraints": [models.UniqueConstraint(fields=("household", "on", "feature"), name="banking_use_day")],
            },
        ),
        migrations.CreateModel(
            name="HealthNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                (
                    "episode",
                    models.CharField(help_text="What tells this time from the last one: a date.", max_length=40),
                ),
                ("sent_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "account",
                    fcdash.tenancy.TenantKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
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
                "constraints": [
                    models.UniqueConstraint(
                        fields=("household", "account", "kind", "episode"), name="banking_notice_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OpeningBalance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3)),
                ("cents", models.BigIntegerField()),
                ("as_of", models.DateTimeField(help_text="Of the balance it was worked out from.")),
                (
                    "account",
                    fcdash.tenancy.TenantKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
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
                "constraints": [
                    models.UniqueConstraint(
                        fields=("household", "account", "currency"), name="banking_opening_currency"
                    )
                ],
            },
        ),
        Tenant("banking_openingbalance", {"account_id": "banking_account"}),
        Tenant("banking_balancecheck", {"account_id": "banking_account"}),
        Tenant("banking_healthnotice", {"account_id": "banking_account"}),
        Tenant("banking_billeduse"),
        migrations.RunSQL(
            "ALTER TABLE banking_linksession ADD CONSTRAINT banking_linksession_relinks_id_household"
            " FOREIGN KEY (household_id, relinks_id) REFERENCES banking_account (household_id, id)"
            " DEFERRABLE INITIALLY DEFERRED",
            "ALTER TABLE banking_linksession DROP CONSTRAINT banking_linksession_relinks_id_household",
        ),
    ]
