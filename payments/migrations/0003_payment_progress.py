"""What following a payment to its end needs: versions, refunds, refused cancellations, the form's nonce."""

import django.db.models.deletion
from django.db import migrations, models

import fcdash.tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("banking", "0002_tenancy"),
        ("payments", "0002_tenancy"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="biller",
            options={"ordering": ["name"]},
        ),
        migrations.AddField(
            model_name="mandate",
            name="blocked_reason",
            field=models.CharField(blank=True, help_text="Why Stripe blocks the bank account.", max_length=60),
        ),
        migrations.AddField(
            model_name="mandate",
            name="detached_at",
            field=models.DateTimeField(
                blank=True, help_text="When Stripe let go of a revoked one's payment method.", null=True
            ),
        ),
        migrations.AddField(
            model_name="mandate",
            name="setup_started_at",
            field=models.DateTimeField(help_text="Before the first call: a setup may exist from then.", null=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="cancel_refused_at",
            field=models.DateTimeField(blank=True, help_text="Stripe said that it is too late.", null=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="nonce",
            field=models.UUIDField(editable=False, help_text="Of the form that it was approved in.", null=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="refunded_cents",
            field=models.BigIntegerField(default=0, help_text="What has come back of it, also in parts."),
        ),
        migrations.AddField(
            model_name="payment",
            name="version",
            field=models.PositiveIntegerField(
                default=0, help_text="Counts the changes; who read an older one reads again."
            ),
        ),
        migrations.AlterField(
            model_name="mandate",
            name="account",
            field=fcdash.tenancy.TenantKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="mandates",
                to="banking.account",
            ),
        ),
        migrations.AlterField(
            model_name="payment",
            name="account",
            field=fcdash.tenancy.TenantKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="banking.account",
            ),
        ),
        migrations.AlterField(
            model_name="payment",
            name="bill",
            field=fcdash.tenancy.TenantKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="payments",
                to="payments.bill",
            ),
        ),
        migrations.AlterField(
            model_name="payment",
            name="mandate",
            field=fcdash.tenancy.TenantKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="payments",
                to="payments.mandate",
            ),
        ),
        migrations.AlterField(
            model_name="payment",
            name="period",
            field=fcdash.tenancy.TenantKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="payments",
                to="payments.billperiod",
            ),
        ),
        migrations.AddIndex(
            model_name="billperiod",
            index=models.Index(fields=["household", "state", "due_on"], name="payments_period_by_day"),
        ),
        migrations.AddIndex(
            model_name="mandate",
            index=models.Index(
                condition=models.Q(
                    ("status", "pending"),
                    models.Q(("detached_at", None), ("revoked_at__isnull", False)),
                    _connector="OR",
                ),
                fields=["household", "id"],
                name="payments_mandate_unfinished",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("state__in", ("paid", "refunded"))),
                fields=["checked_at"],
                name="payments_payment_reversible",
            ),
        ),
        migrations.AddConstraint(
            model_name="billperiod",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_cents__gt", 0)), name="payments_period_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(fields=("household", "nonce"), name="payments_payment_one_per_form"),
        ),
    ]
