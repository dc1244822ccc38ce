"""What to do about Stripe's financial_connections events. Each says only that an object changed."""

from __future__ import annotations

from banking import disconnecting, linking, refreshing
from fcdash.gateway.connections import as_refresh
from webhooks.dispatch import Event, Handler


def account_changed(event: Event) -> None:
    """Fetch the account and bring our row up to it."""
    account = linking.sync_account(event.object_id)
    if account and account.status == account.Status.DISCONNECTED:
        disconnecting.close(account.household_id, account.pk)


def transactions_refreshed(event: Event) -> None:
    """Read the rows of an account straight away."""
    state = event.body.get("transaction_refresh")
    if isinstance(state, dict) and state.get("id") and refreshing.hint(event.object_id, as_refresh(state)):
        return
    account_changed(event)


CHANGES = (
    "created",
    "deactivated",
    "reactivated",
    "disconnected",
    "refreshed_balance",
    "refreshed_ownership",
    "account_numbers_updated",
    "upcoming_account_number_expiry",
    "upcoming_deactivation",
    "expected_deactivation_date_updated",
    "supported_payment_method_types_updated",
)
HANDLERS: dict[str, Handler] = {
    **dict.fromkeys((f"financial_connections.account.{change}" for change in CHANGES), account_changed),
    "financial_connections.account.refreshed_transactions": transactions_refreshed,
}
