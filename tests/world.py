"""A household with a row of every kind, each saying a word that nobody else may ever see."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count, islice
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.db import connection
from django.utils import timezone

from accounts.households import Place, place_of
from banking.models import (
    Feature,
    Freshness,
    Import,
    ImportedRow,
    LinkSession,
    Owner,
    QuarantinedRow,
    Refresh,
    StatedBalance,
)
from fcdash import tenancy
from payments import bills, paying
from payments.models import Biller, Mandate
from spending.models import Edit, Transfer
from tests.cast import AccountFactory, BalanceFactory, Cast, TransactionFactory

CANARY = "canary7f3a"
# No two rows of a test have the same, however many worlds it makes.
NUMBERS = count()
CATEGORIES = ("groceries", "home", "fun", "income", "other", "saving", "bills")


@dataclass
class World:
    """Ids of rows, by the names that paths use for them."""

    ids: dict[str, Any] = field(default_factory=dict)

    def path(self, template: str) -> str:
        """A path with ids in it: "/banks/{account}/"."""
        return template.format(**self.ids)

    def fill(self, body: dict[str, Any] | None) -> dict[str, Any]:
        """A body with ids in it."""
        return {name: self.path(value) if isinstance(value, str) else value for name, value in (body or {}).items()}


def make(cast: Cast, copies: int = 1) -> World:
    """Alice's household with so many rows of each kind, spread over months; the ids are those of the last, of today."""
    household, alice = cast.household, cast.alice
    with tenancy.system("a test's names"):
        household.name = f"House {CANARY}"
        household.save()
    place = place_of(alice, household.pk)
    assert place is not None
    world = World({"household": household.pk, "user": alice.pk})
    for age, number in zip(reversed(range(copies)), islice(NUMBERS, copies), strict=True):
        with tenancy.scope(household):
            _bank(world, cast, number, household.today() - timedelta(days=17 * age))
        _paying(world, cast, place, number)
    return world


def _bank(world: World, cast: Cast, number: int, booked_on: date) -> None:
    household, alice = cast.household, cast.alice
    mine = {"household": household}
    today = household.today()
    words = {
        "description": f"DESC {CANARY} {number}",
        "merchant": f"Shop {CANARY} {number}",
        "note": f"Note {CANARY}",
        "booked_on": booked_on,
    }
    account = AccountFactory(**mine, holder=alice, name=f"Checking {CANARY} {number}", institution=f"Bank {CANARY}")
    other = AccountFactory(**mine, holder=alice, name=f"Savings {CANARY} {number}", status="duplicate")
    of_account = {**mine, "account": account}
    now = timezone.now()
    for feature in Feature:
        Freshness.objects.create(**of_account, feature=feature, status="succeeded", as_of=now, attempted_at=now)
    BalanceFactory(**of_account, on=today, as_of=now)
    Owner.objects.create(
        **of_account, stripe_id=f"fcaown{number}", name=f"Owner {CANARY}", email=f"{CANARY}@example.com"
    )
    Refresh.objects.create(**of_account, feature="balance", status="failed", cause="person", error=f"Error {CANARY}")
    QuarantinedRow.objects.create(**of_account, stripe_id=f"q{number}", reason=f"Reason {CANARY}", body={})
    session = LinkSession.objects.create(
        **mine, user=alice, stripe_id=f"fcsess_{household.pk}x{number}", permissions=["balances"]
    )
    transfer = Transfer.objects.create(**mine, amount_cents=50_00, currency="usd")
    row = TransactionFactory(
        **of_account, **words, amount_cents=-12_50 - number, guessed_category=CATEGORIES[number % len(CATEGORIES)]
    )
    for cents in (-50_00, 50_00):
        TransactionFactory(**of_account, **words, amount_cents=cents, transfer_id=transfer.pk)
    _by_hand(world, cast, number, words)
    edit = Edit.objects.create(
        **mine, transaction=row, user=alice, field="note", before=f"Before {CANARY}", after=words["note"]
    )
    world.ids |= {
        "account": account.pk,
        "other_account": other.pk,
        "session": session.stripe_id,
        "transfer": transfer.pk,
        "transaction": row.pk,
        "edit": edit.pk,
        "row": row,
        "account_row": account,
    }


def _by_hand(world: World, cast: Cast, number: int, words: dict[str, Any]) -> None:
    household, today = cast.household, cast.household.today()
    mine: dict[str, Any] = {"household": household, "user": cast.alice}
    account = AccountFactory(
        household=household,
        holder=cast.alice,
        name=f"Wallet {CANARY} {number}",
        stripe_id="",
        institution="",
        permissions=[],
        payment_method_types=[],
    )
    of_account = {**mine, "account": account}
    StatedBalance.objects.create(**of_account, on=today, currency="usd", cents=100_00)
    BalanceFactory(household=household, account=account, on=today, as_of=timezone.now(), current_cents=100_00)
    named = {"file_name": f"{CANARY}.csv", "kind": "csv"}
    done = Import.objects.create(**of_account, **named, state="done", imported_at=timezone.now(), new_count=1)
    row = TransactionFactory(household=household, account=account, stripe_id=None, **words)
    ImportedRow.objects.create(
        household=household, account=account, source=done, transaction=row, key=uuid4(), brought=True
    )
    reading = {"day": 0, "description": 1, "amount": 2, "order": "ymd"}
    upload = f"Date,Description,Amount\n{today},{CANARY},-1.00\n".encode()
    waiting = Import.objects.create(**of_account, **named, upload=upload, reading=reading)
    world.ids |= {"by_hand": account.pk, "hand_row": row.pk, "import": done.pk, "waiting": waiting.pk}


def _paying(world: World, cast: Cast, place: Place, number: int) -> None:
    alice, due_on = cast.alice, place.today + timedelta(days=9)
    biller = Biller.objects.create(
        name=f"Water {place.household_id} {number}",
        receives="Alder Creek",
        approved_at=timezone.now(),
        statement_descriptor="WATER",
    )
    bill = bills.add_bill(place, alice, biller.pk, 84_50, due_on, "monthly", f"Ref {CANARY}")
    unpaid = bills.add_bill(place, alice, biller.pk, 12_00, due_on, None, f"Ref {CANARY}")
    with tenancy.scope(place.household_id):
        mandate = Mandate.objects.create(
            household_id=place.household_id,
            user=alice,
            account=world.ids["account_row"],
            status="active",
            stripe_id=f"mandate_{place.household_id}_{number}",
            stripe_payment_method_id=f"pm_{number}",
            holder_name=f"Holder {CANARY}",
            terms_version="1",
            text=f"Words {CANARY}",
            accepted_at=timezone.now(),
            ip_address="203.0.113.7",
            user_agent=f"Phone {CANARY}",
        )
        period = bills.open_period(unpaid, place.today)
    assert period is not None
    payment = paying.claim(place, alice, bill.pk, mandate.account_id, mandate.pk, due_on)
    world.ids |= {
        "biller": biller.pk,
        "bill": bill.pk,
        "unpaid": unpaid.pk,
        "period": period.pk,
        "mandate": mandate.pk,
        "payment": payment.pk,
    }


def tenant_tables() -> list[str]:
    """The tables of all tenant models."""
    return sorted(m._meta.db_table for m in apps.get_models() if issubclass(m, tenancy.TenantModel))


def fingerprint(household_id: int) -> dict[str, str]:
    """What each tenant table says of a household, to compare."""
    said = {}
    with tenancy.system("a test compares"), connection.cursor() as cursor:
        for table in tenant_tables():
            cursor.execute(
                f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t WHERE household_id = %s",
                [household_id],
            )
            said[table] = cursor.fetchone()[0]
    return said
