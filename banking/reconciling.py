"""Does what we hold add up to what the bank says? Opening balance plus posted rows, against each new balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import F, Q

from banking.models import Account, Balance, BalanceCheck, Feature, Freshness, OpeningBalance, Transaction
from fcdash import tenancy

LIKELY_ROWS = 5
# Balance and rows that were asked for together are of one moment, whichever the bank worked out first.
TOGETHER = timedelta(minutes=10)
# A row that explains a gap is rarely older than the balances on both sides of it by more than this.
AROUND = timedelta(days=5)

# Rows that the bank gave under its own ids: those from files and by hand are not in its balance's history with us.
POSTED = """
    SELECT COALESCE(sum(amount_cents), 0) FROM banking_transaction
    WHERE household_id = %s AND account_id = %s AND currency = %s AND status = 'posted' AND stripe_id IS NOT NULL
      AND COALESCE(posted_at, transacted_at) <= %s
"""


@dataclass(frozen=True)
class Agreement:
    """The newest check in one currency. `since` is when the gap was first seen; `rows` are what may explain it."""

    currency: str
    as_of: datetime
    gap_cents: int
    since: datetime | None
    rows: tuple[Transaction, ...]

    @property
    def matches(self) -> bool:
        """Whether our rows add up to the bank's balance."""
        return self.gap_cents == 0


def check(account: Account) -> None:
    """Compare the newest balance of each currency with the rows, once the rows are read up to it. Inside the scope."""
    # Rows that wait to be recognised are in no sum yet.
    if account.status != Account.Status.ACTIVE or account.rows_before is not None:
        return
    read_until = (
        Freshness.objects.for_household(account.household_id)
        .filter(account=account, feature=Feature.TRANSACTIONS, target="", as_of__isnull=False)
        .exclude(status=Freshness.Status.PENDING)
        .values_list("as_of", flat=True)
        .first()
    )
    if read_until is None:
        return
    for balance in _unchecked(account, read_until):
        _check(account, balance)


def _unchecked(account: Account, read_until: datetime) -> list[Balance]:
    """The newest balance of each currency that the rows reach, where it has not been checked."""
    mine = {"household_id": account.household_id, "account": account}
    newest = (
        Balance.objects.filter(**mine, as_of__lte=read_until + TOGETHER)
        .order_by("currency", "-as_of")
        .distinct("currency")
    )
    checked = set(BalanceCheck.objects.filter(**mine).values_list("currency", "as_of", "actual_cents"))
    return [b for b in newest if (b.currency, b.as_of, b.current_cents) not in checked]


def _check(account: Account, balance: Balance) -> None:
    opening, _ = OpeningBalance.objects.get_or_create(
        household_id=account.household_id,
        account=account,
        currency=balance.currency,
        defaults={
            "cents": balance.current_cents - _posted(account, balance.currency, balance.as_of),
            "as_of": balance.as_of,
        },
    )
    if balance.as_of <= opening.as_of:
        return
    expected = _expected(account, opening, balance)
    if expected != balance.current_cents and _settle_opening(account, opening, balance):
        expected = balance.current_cents
    BalanceCheck.objects.update_or_create(
        household_id=account.household_id,
        account=account,
        currency=balance.currency,
        as_of=balance.as_of,
        defaults={"expected_cents": expected, "actual_cents": balance.current_cents},
    )


def _expected(account: Account, opening: OpeningBalance, balance: Balance) -> int:
    """Opening and rows posted until the balance. Many banks stamp days, not moments: either end of that day will do."""
    moments = _either_end(account, balance.as_of)
    sums = (opening.cents + _posted(account, balance.currency, moment) for moment in moments)
    first = next(sums)
    return balance.current_cents if balance.current_cents in (first, *sums) else first


def _settle_opening(account: Account, opening: OpeningBalance, balance: Balance) -> bool:
    """Whether this balance fits an opening worked out at either end of its day; it is that one from then on.

    Only until a balance has matched: from then on the opening is known.
    """
    mine = BalanceCheck.objects.for_household(account.household_id).filter(account=account, currency=balance.currency)
    if mine.filter(actual_cents=F("expected_cents")).exists():
        return False
    told, *ends = (_posted(account, balance.currency, moment) for moment in _either_end(account, opening.as_of))
    for end in ends:
        other = OpeningBalance(cents=opening.cents + told - end)
        if _expected(account, other, balance) == balance.current_cents:
            OpeningBalance.objects.filter(household_id=account.household_id, pk=opening.pk).update(cents=other.cents)
            return True
    return False


def _either_end(account: Account, moment: datetime) -> tuple[datetime, datetime, datetime]:
    """The moment, and beginning and end of its day in the household's zone."""
    zone = account.household.zone
    day = moment.astimezone(zone).date()
    return moment, _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)


def _posted(account: Account, currency: str, until: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(POSTED, [account.household_id, account.pk, currency, until])
        return int(cursor.fetchone()[0])


def start_anew(household_id: int, account_id: int) -> None:
    """Take the bank's word from here: the opening balance is worked out again at the next reading. Raises nothing."""
    with tenancy.scope(household_id):
        # A reading that ends now, or an answer that is recorded, comes before this or after it.
        tenancy.lock_household(household_id)
        accounts = Account.objects.for_household(household_id).select_for_update(no_key=True)
        account = accounts.filter(pk=account_id).first()
        forget(household_id, account_id)
        if account is not None:
            check(account)


def forget(household_id: int, account_id: int) -> None:
    """The rows have another base from now on: another link, or a person's word. Inside the scope."""
    for model in (OpeningBalance, BalanceCheck):
        model.objects.for_household(household_id).filter(account_id=account_id).delete()


def agreements(household_id: int, account_id: int) -> list[Agreement]:
    """How the account stands in each currency that was checked. Inside the scope."""
    checks = BalanceCheck.objects.for_household(household_id).filter(account_id=account_id)
    return [_agreement(check) for check in checks.order_by("currency", "-as_of").distinct("currency")]


def _agreement(check: BalanceCheck) -> Agreement:
    if check.gap_cents == 0:
        return Agreement(check.currency, check.as_of, 0, None, ())
    before = BalanceCheck.objects.for_household(check.household_id).filter(
        account_id=check.account_id, currency=check.currency, as_of__lt=check.as_of
    )
    matched = [c.as_of for c in before.order_by("-as_of") if c.gap_cents == 0][:1]
    later = [c.as_of for c in before.order_by("as_of") if not matched or c.as_of > matched[0]]
    since = later[0] if later else check.as_of
    return Agreement(check.currency, check.as_of, check.gap_cents, since, _likely(check, since))


def _likely(check: BalanceCheck, since: datetime) -> tuple[Transaction, ...]:
    """Rows near the first gap that would close it: one too many, one still pending, one with the sign turned."""
    gap = check.gap_cents
    rows = Transaction.objects.for_household(check.household_id).filter(
        account_id=check.account_id,
        currency=check.currency,
        booked_on__range=((since - AROUND).date(), (check.as_of + AROUND).date()),
    )
    too_many = Q(status="posted", amount_cents=-gap)
    missing = Q(status__in=["pending", "void"], amount_cents=gap)
    turned = Q(status="posted", amount_cents=-gap // 2) if gap % 2 == 0 else Q(pk=None)
    return tuple(rows.filter(too_many | missing | turned).order_by("-booked_on", "-pk")[:LIKELY_ROWS])
