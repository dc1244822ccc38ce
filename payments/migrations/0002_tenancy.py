"""Composite keys and row-level security of bills, mandates and payments."""

from django.db import migrations

from fcdash.tenancy import Tenant


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("banking", "0002_tenancy")]

    operations = [
        Tenant("payments_bill"),
        Tenant("payments_billperiod", {"bill_id": "payments_bill"}),
        Tenant("payments_mandate", {"account_id": "banking_account"}),
        Tenant(
            "payments_payment",
            {
                "bill_id": "payments_bill",
                "period_id": "payments_billperiod",
                "account_id": "banking_account",
                "mandate_id": "payments_mandate",
            },
        ),
        Tenant("payments_paymentevent", {"payment_id": "payments_payment"}),
    ]
