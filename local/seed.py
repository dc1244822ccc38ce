"""What a first run finds: the demo household with its bank, a staff person, three approved billers.

The demo bank is linked as a person would, over HTTP to the sandbox; its 180 days are then continued into the past,
so that views of years have something to show.
"""

from __future__ import annotations

import time
from datetime import date, timedelta

import requests
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.households import open_household, place_of
from accounts.models import Household, User
from banking import ingesting, linking, overview
from banking.models import Account
from fcdash import tenancy
from fcdash.gateway.errors import StripeProblem
from payments.models import Biller

PASSWORD = "try-fcdash"
OLDER_DAYS = 2 * 365
PERIOD_DAYS = 182  # whole weeks, so that pay stays on its weekday
SETTLE_SECONDS = 45
# (name, receiver, description, category, statement, the receiver's connected account or the operator's own balance)
BILLERS = (
    ("Alder Creek Water", "Alder Creek Community Services", "Water and sewer", "bills", "ALDER CREEK WATER", ""),
    ("Alder Creek HOA", "Alder Creek Homeowners Association", "Dues", "home", "ALDER CREEK HOA", "acct_demohomeowners"),
    (
        "Maple Street Preschool",
        "Maple Street Preschool, Inc.",
        "Tuition",
        "childcare",
        "MAPLE ST",
        "acct_demopreschool",
    ),
)


def seed() -> None:
    """Write all of it; repeatable. Without the sandbox the demo household stands without a bank."""
    demo = _person("demo@example.com", "Ana Rivera")
    _person("staff@example.com", "Sam Staff", is_staff=True, is_superuser=True)
    _billers()
    place = place_of(demo)
    household_id = place.household_id if place else _open(demo)
    try:
        _link(household_id, demo)
    except (StripeProblem, requests.RequestException) as problem:
        print(f"The demo household has no bank yet, the sandbox did not answer: {type(problem).__name__}")
        return
    _continue_into_the_past(household_id)


def _person(email: str, name: str, **rights: bool) -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, PASSWORD, name=name, **rights)
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _open(user: User) -> int:
    household = open_household(user, "America/New_York")
    with tenancy.scope(household):
        Household.objects.filter(pk=household.pk).update(name="Rivera household")
    return household.pk


def _billers() -> None:
    for name, receives, description, category, descriptor, account in BILLERS:
        Biller.objects.get_or_create(
            name=name,
            defaults={
                "receives": receives,
                "description": description,
                "category": category,
                "statement_descriptor": descriptor,
                "stripe_account": account,
                "approved_at": timezone.now(),
            },
        )


def _link(household_id: int, user: User) -> None:
    """Link the first bank's checking, savings and card, and read all that it has."""
    with tenancy.scope(household_id):
        if Account.objects.for_household(household_id).exists():
            return
    controls = f"http://localhost:{settings.SANDBOX_PORT}"
    bank = requests.get(f"{controls}/sandbox/banks", timeout=10).json()["data"][0]
    started = linking.start(household_id, user)
    requests.post(
        f"{controls}/sandbox/link-sessions/{started.session_id}/authorize",
        json={"accounts": [account["key"] for account in bank["accounts"][:3]], "result": "success"},
        timeout=10,
    ).raise_for_status()
    accounts = linking.complete(household_id, user, started.session_id)
    until = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < until and not _settled(household_id):
        for account in accounts:
            linking.begin(household_id, account.pk)
        time.sleep(0.3)


def _settled(household_id: int) -> bool:
    with tenancy.scope(household_id):
        found = overview.accounts(household_id)
    return all(a.balance and a.freshness["transactions"].as_of and not a.is_reading for a in found)


# The bank's half year again, one period further back each time: the same days of the week, amounts that differ a
# little (by a hash of the row, so that every run gives the same), and lower by 3 % for each period, as prices were.
_OLDER = """
INSERT INTO banking_transaction (
    household_id, account_id, stripe_id, amount_cents, currency, description, status, transacted_at, booked_on,
    posted_at, stripe_refresh, merchant, guessed_category, guessed_why, note, excluded
)
SELECT household_id, account_id, NULL,
    CASE WHEN guessed_category IN ('transfer', 'saving') THEN amount_cents ELSE
        amount_cents * (100 - 3 * period + abs(hashtext(description || booked_on || period)) %% 9 - 4) / 100 END,
    currency, description, 'posted', transacted_at - make_interval(days => %(days)s * period),
    booked_on - %(days)s * period, posted_at - make_interval(days => %(days)s * period), '', merchant,
    guessed_category, guessed_why, '', false
FROM banking_transaction, generate_series(1, 5) AS period
WHERE household_id = %(household)s AND status = 'posted' AND stripe_id IS NOT NULL
    AND booked_on - %(days)s * period < %(first)s AND booked_on - %(days)s * period >= %(oldest)s
ORDER BY booked_on, id
"""


def _continue_into_the_past(household_id: int) -> None:
    with tenancy.scope(household_id), connection.cursor() as cursor:
        tenancy.lock_household(household_id)
        cursor.execute("SELECT min(booked_on) FROM banking_transaction WHERE household_id = %s", [household_id])
        first = cursor.fetchone()[0]
        if first is None or first < timezone.now().date() - timedelta(days=400):
            return
        oldest = first - timedelta(days=OLDER_DAYS)
        cursor.execute(_OLDER, {"household": household_id, "days": PERIOD_DAYS, "first": first, "oldest": oldest})
        ingesting.after_ingest(household_id, since=oldest)
        _older_balances(household_id, oldest)


def _older_balances(household_id: int, oldest: date) -> None:
    """Each account's balance at the end of past weeks: today's less what has moved since."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO banking_balance (household_id, account_id, currency, "on", as_of, current_cents)
            SELECT b.household_id, b.account_id, b.currency, week::date, week,
                b.current_cents - coalesce((
                    SELECT sum(t.amount_cents) FROM banking_transaction AS t
                    WHERE t.household_id = b.household_id AND t.account_id = b.account_id AND t.status = 'posted'
                        AND t.booked_on > week::date
                ), 0)
            FROM banking_balance AS b,
                generate_series(%(oldest)s::timestamptz, now() - interval '1 day', interval '7 days') AS week
            WHERE b.household_id = %(household)s
            ON CONFLICT DO NOTHING
            """,
            {"household": household_id, "oldest": oldest},
        )
