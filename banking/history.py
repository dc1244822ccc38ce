"""What an account held day by day, as its bank gave it: a chart with its table."""

from __future__ import annotations

from datetime import date, timedelta

from banking.models import Balance
from fcdash import charts, money
from fcdash.charts import Chart, Series

DAYS = 90


def balances(household_id: int, account_id: int, currency: str, today: date) -> Chart | None:
    """The balances of the last months in one currency; None before there are two days. Inside the scope; one query."""
    rows = Balance.objects.for_household(household_id).filter(
        account_id=account_id, currency=currency, on__gt=today - timedelta(days=DAYS)
    )
    days = list(rows.order_by("on").values_list("on", "current_cents"))
    if len(days) < 2:
        return None
    low_on, low = min(days, key=lambda day: (day[1], day[0]))
    return charts.line(
        "balances",
        f"Lowest on {low_on:%b} {low_on.day}: {money.formatted(low, currency)}.",
        [f"{on:%b} {on.day}" for on, _ in days],
        [Series("At the end of the day", [cents for _, cents in days], "area")],
        currency,
    )
