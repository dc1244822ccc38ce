"""Permissions to debit: their words, giving one, taking it back, and what Stripe says of it.

Order of giving: the row with the exact words is committed, then Stripe is asked under the row's key. A lost answer is
looked up by that key. The same request again, or the sweep, goes on with the same row.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Template
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from accounts.customers import ensure_customer
from accounts.households import Place
from accounts.models import User
from banking.models import Account, Owner
from fcdash import tenancy
from fcdash.celery import nudge
from fcdash.gateway import debits
from fcdash.gateway.errors import OutcomeUnknown, TryAgain, WillNotWork
from payments.letters import send_copy
from payments.models import Mandate, Payment, PaymentState
from payments.reasons import Again, reason_of
from payments.states import OUR_FAULT, cancel_unsent

logger = logging.getLogger(__name__)
LIVE = (Mandate.Status.PENDING, Mandate.Status.ACTIVE)
# A number that the bank gave for a while and has ended; linking again brings another, which the permission is not of.
NUMBER_IS_OVER = "tokenized_account_number_deactivated"
# What the operator's own words must hold: Nacha wants the payer to see who, whom, which account, when, until when.
PLACEHOLDERS = ("operator", "holder", "bank", "last4", "date", "support_email")
WORDS = """\
You allow $operator to withdraw money by electronic debit (ACH) from $account, the account ending in $last4 at $bank. \
Each withdrawal is one bill that you approve here yourself: exactly the amount that we show you when you approve it, \
on the day that you choose, and for recurring bills each time anew. Anything that you have not approved is not \
withdrawn. On your statement it stands under the name of $operator, or of the biller as we show it before you approve.

The permission holds until you take it back. You can do that at any moment under Accounts, Permissions, or by writing \
to $support_email. Withdrawals that you have approved but that have not been sent are then canceled. One that has \
already reached your bank cannot be called back by us; if you did not authorize it, you can dispute it with your bank \
within 60 days.

Given by $holder on $date."""
UNNAMED = "the holder of the account, who signs with their name,"


class MandateRefused(ValueError):
    """The permission cannot be given; the message is fit to show."""


class NameRequired(MandateRefused):
    """Nobody has told us the account holder's name: neither the person nor the bank."""


class TermsChanged(MandateRefused):
    """The words that were accepted are not the ones in force; `terms` are."""

    def __init__(self, terms: Terms) -> None:
        super().__init__("The words have changed since you read them. Read these, then agree.")
        self.terms = terms


@dataclass(frozen=True)
class Terms:
    """The exact words of a permission, and the version that says which. `holder_name` is "" when nobody knows it."""

    text: str
    version: str
    holder_name: str


# --- Words ------------------------------------------------------------------------------------------------------


def terms(place: Place, user: User, account: Account) -> Terms:
    """What the person must be shown before they allow debits of the account. Call it in the household's scope."""
    name = holder_name(user, account)
    today = place.today
    text = (
        Template(words())
        .safe_substitute(
            operator=settings.OPERATOR_NAME,
            holder=name or UNNAMED,
            account=account.name,
            bank=account.institution,
            last4=account.last4,
            date=f"{today:%B} {today.day}, {today.year}",
            support_email=settings.SUPPORT_EMAIL,
        )
        .strip()
    )
    return Terms(text, hashlib.sha256(text.encode()).hexdigest()[:16], name)


def holder_name(user: User, account: Account) -> str:
    """The user's name, else the first owner's that the bank gave, else ""."""
    if user.name.strip():
        return user.name.strip()
    if hasattr(account, "owner_name"):  # read along with the account
        return str(account.owner_name).strip()[:200]
    owners = Owner.objects.for_household(account.household_id).filter(account_id=account.pk).exclude(name="")
    first = owners.order_by("pk").values_list("name", flat=True).first()
    return str(first or "").strip()[:200]


def words() -> str:
    """The words in force: the operator's file, else the project's own. Raises OSError."""
    return _read(settings.MANDATE_TEXT_FILE) if settings.MANDATE_TEXT_FILE else WORDS


def missing_placeholders(text: str) -> list[str]:
    """The names that words for a permission must hold and these do not. Raises ValueError on other dollar signs."""
    template = Template(text)
    if not template.is_valid():
        raise ValueError("a dollar sign that starts no name is written $$")
    return [name for name in PLACEHOLDERS if name not in template.get_identifiers()]


@lru_cache(maxsize=2)
def _read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


def why_not(account: Account, user: User) -> str:
    """Why this person cannot allow debits of this account, in words; "" when they can."""
    if account.holder_id != user.pk:
        return "Another member linked this account. Only they can pay from it."
    if account.status == Account.Status.DUPLICATE:
        return "This is the second link of an account that you already have here. Pay from the first."
    if account.status != Account.Status.ACTIVE:
        return "Your bank no longer lets us reach it. Link the bank again to pay from it."
    if account.category != "cash":
        return "Only checking and savings accounts can pay bills."
    if "payment_method" not in account.permissions:
        return "Linked for reading only. Link it again and allow payments."
    if account.has_dead_number:
        return "Your bank has ended the number that we pay with. Sign in to your bank again: that brings a new one."
    if "us_bank_account" not in account.payment_method_types:
        return "This bank does not offer debits of this account."
    return ""


# --- Giving -----------------------------------------------------------------------------------------------------


def accept(
    place: Place, user: User, account_id: int, version: str, name: str = "", ip: str = "", user_agent: str = ""
) -> Mandate:
    """The permission that the person gives with these words, set up at Stripe. Call it outside any transaction.

    Its status says how it went: active, or inactive with failure_reason when Stripe refused. Raises
    Account.DoesNotExist, MandateRefused (NameRequired, TermsChanged), and TryAgain when Stripe could not be reached:
    the row stays, and the same request again goes on with it.
    """
    try:
        mandate = _commit(place, user, account_id, version, name, ip, user_agent)
    except IntegrityError:
        # Its twin was faster; go on with that row.
        mandate = _commit(place, user, account_id, version, name, ip, user_agent)
    if mandate.status == Mandate.Status.ACTIVE:
        return mandate
    try:
        return finish(mandate.household_id, mandate.pk)
    except OutcomeUnknown as problem:
        raise TryAgain(str(problem)) from problem


def finish(household_id: int, mandate_id: int) -> Mandate:
    """Bring a pending permission to its end at Stripe; returns it as it then is. Safe to repeat and to run twice.

    Raises TryAgain and OutcomeUnknown.
    """
    with tenancy.scope(household_id):
        mandates = Mandate.objects.for_household(household_id).select_related("account", "user")
        mandate: Mandate = mandates.get(pk=mandate_id)
    if mandate.status != Mandate.Status.PENDING:
        return mandate
    try:
        customer = ensure_customer(mandate.user_id)
    except WillNotWork as refusal:
        raise TryAgain(f"no Customer yet: {refusal}", after_seconds=60) from refusal
    try:
        setup = _set_up(mandate, customer)
        found = debits.read_mandate(setup.mandate) if setup.mandate else None
    except WillNotWork as refusal:
        if refusal.reason == "idempotency_error":
            _next_round(mandate)  # the address has changed since an earlier try, which was looked for
        if refusal.reason in (*OUR_FAULT, "idempotency_error"):
            raise TryAgain(str(refusal), after_seconds=60) from refusal
        return _record(mandate, None, None, refusal.message or refusal.reason)
    return _record(mandate, setup, found, setup.failure_message or setup.failure_code)


def _commit(place: Place, user: User, account_id: int, version: str, name: str, ip: str, user_agent: str) -> Mandate:
    with tenancy.scope(place.household_id):
        account: Account = Account.objects.for_household(place.household_id).get(pk=account_id)
        live = Mandate.objects.for_household(place.household_id).filter(
            account_id=account.pk, user_id=user.pk, status__in=LIVE
        )
        standing: Mandate | None = live.select_for_update(of=("self",)).first()
        if standing is not None and standing.pk not in used_up(place.household_id, user.pk):
            return standing
        if reason := why_not(account, user):
            raise MandateRefused(reason)
        now_in_force = terms(place, user, account)
        if version != now_in_force.version:
            raise TermsChanged(now_in_force)
        signed = " ".join(name.split())[:200] or now_in_force.holder_name
        if not signed:
            raise NameRequired("Write the name of the account’s holder, as the bank knows it.")
        if standing is not None:
            _revoke(standing, "a new permission took its place")
        mandate: Mandate = Mandate.objects.create(
            household_id=place.household_id,
            user=user,
            account=account,
            holder_name=signed,
            terms_version=now_in_force.version,
            text=now_in_force.text,
            accepted_at=timezone.now(),
            ip_address=ip or "127.0.0.1",
            user_agent=user_agent[:500] or "not given",
        )
    return mandate


def used_up(household_id: int, user_id: int) -> set[int]:
    """The user's permissions that stand, and under which nothing can be debited any more: a new one takes their place.

    Their number is over, or the bank has sent a debit back for want of a permission or of a number that has changed
    since. Inside the scope.
    """
    standing = Mandate.objects.for_household(household_id).filter(user_id=user_id, status=Mandate.Status.ACTIVE)
    came_back = Payment.objects.for_household(household_id).filter(
        mandate__in=standing, state__in=(PaymentState.FAILED, PaymentState.RETURNED, PaymentState.DISPUTED)
    )
    found = set(standing.filter(blocked_reason=NUMBER_IS_OVER).values_list("pk", flat=True))
    for payment in came_back.select_related("mandate", "account"):
        again = reason_of(payment.failure_code, payment.failure_network_code).again
        is_relinked = payment.mandate.accepted_at < payment.account.linked_at
        if again == Again.NEW_PERMISSION or (again == Again.RELINK and is_relinked):
            found.add(payment.mandate_id)
    return found


def _set_up(mandate: Mandate, customer: str) -> debits.Setup:
    """The SetupIntent of the row: the one we know, the one that a lost answer left, or a new one."""
    key = str(mandate.key)
    if mandate.stripe_setup_intent_id:
        return debits.read_setup(mandate.stripe_setup_intent_id)
    if mandate.setup_started_at is not None and (left := debits.find_setup(key, customer)):
        return left
    with tenancy.scope(mandate.household_id):
        # From now on a setup may exist that we do not know of: whoever comes next looks first.
        Mandate.objects.for_household(mandate.household_id).filter(pk=mandate.pk).update(
            setup_started_at=timezone.now()
        )
    try:
        return _start(mandate, customer)
    except OutcomeUnknown as problem:
        left = debits.find_setup(key, customer)
        if left is None and problem.answered:
            # It came to its end and made nothing; under the same key Stripe would repeat that for a day.
            _next_round(mandate)
            return _start(mandate, customer)
        if left is None:
            raise
        return left


def _start(mandate: Mandate, customer: str) -> debits.Setup:
    acceptance = debits.Acceptance(mandate.accepted_at, mandate.ip_address, mandate.user_agent)
    return debits.start_setup(
        str(mandate.key),
        customer,
        mandate.account.stripe_id,
        mandate.holder_name,
        mandate.user.email,
        acceptance,
        mandate.round,
    )


def _next_round(mandate: Mandate) -> None:
    mandate.round += 1
    with tenancy.scope(mandate.household_id):
        rows = Mandate.objects.for_household(mandate.household_id).filter(pk=mandate.pk, round=mandate.round - 1)
        rows.update(round=mandate.round)


def _record(mandate: Mandate, setup: debits.Setup | None, found: debits.MandateNow | None, reason: str) -> Mandate:
    """Write what Stripe said onto the row, under its lock; a permission that was taken back meanwhile stays so."""
    with tenancy.scope(mandate.household_id):
        row: Mandate = (
            Mandate.objects.for_household(mandate.household_id)
            .select_for_update(of=("self",))
            .select_related("account", "user")
            .get(pk=mandate.pk)
        )
        row.checked_at = timezone.now()
        if setup is not None:
            row.stripe_setup_intent_id = setup.id
            row.stripe_payment_method_id = setup.payment_method or row.stripe_payment_method_id
            row.stripe_id = setup.mandate or row.stripe_id
            if row.revoked_at is not None and row.stripe_payment_method_id:
                row.detached_at = None  # taken back while Stripe was being asked: let go of what has come
        failed = setup is None or setup.status in ("requires_payment_method", "canceled")
        if row.status == Mandate.Status.PENDING:
            if failed or (found is not None and found.status == "inactive"):
                row.status, row.failure_reason = Mandate.Status.INACTIVE, (reason or "Stripe refused it.")[:300]
            elif found is not None and found.status == "active":
                row.status = Mandate.Status.ACTIVE
                send_copy(row)
        row.save()
    return row


# --- Taking back ------------------------------------------------------------------------------------------------


def revoke(place: Place, mandate_id: int, cause: str = "the permission was taken back") -> Mandate:
    """End a permission: for us at once, with what is approved under it and not sent; at Stripe in the background.

    Raises Mandate.DoesNotExist. What has been sent goes on: it may have reached the bank.
    """
    with tenancy.scope(place.household_id):
        mandates = Mandate.objects.for_household(place.household_id).select_for_update(of=("self",))
        mandate: Mandate = mandates.select_related("account").get(pk=mandate_id)
        if mandate.revoked_at is None:
            _revoke(mandate, cause)
    return mandate


def _revoke(mandate: Mandate, cause: str) -> None:
    from payments.tasks import release_mandate

    mandate.revoked_at = timezone.now()
    _end(mandate, cause)
    nudge(release_mandate, mandate.household_id, mandate.pk)


def release(household_id: int, mandate_id: int) -> None:
    """Detach a revoked permission's payment method at Stripe. Raises TryAgain and OutcomeUnknown; safe to repeat."""
    with tenancy.scope(household_id):
        mandate: Mandate = Mandate.objects.for_household(household_id).get(pk=mandate_id)
    if mandate.revoked_at is None or mandate.detached_at is not None:
        return
    if mandate.stripe_payment_method_id is None:
        _find_lost(mandate)
    else:
        method = mandate.stripe_payment_method_id
        try:
            debits.detach_payment_method(str(mandate.key), method, mandate.round)
        except WillNotWork as refusal:
            # Detached or gone already: what we wanted. Anything else is looked up.
            if not refusal.is_missing and debits.read_payment_method(method).customer:
                raise TryAgain(str(refusal), after_seconds=300) from refusal
        except OutcomeUnknown as problem:
            if debits.read_payment_method(method).customer:
                if problem.answered:
                    _next_round(mandate)
                raise
        _mark_detached(mandate)


def _find_lost(mandate: Mandate) -> None:
    """Find what was made at Stripe for a permission that was taken back before the answer came, and let go of it."""
    setup = None
    if mandate.stripe_setup_intent_id:
        setup = debits.read_setup(mandate.stripe_setup_intent_id)
    elif mandate.setup_started_at is not None:
        setup = debits.find_setup(str(mandate.key), ensure_customer(mandate.user_id))
    if setup is None or not setup.payment_method:
        _mark_detached(mandate)
        return
    _record(mandate, setup, None, "")
    release(mandate.household_id, mandate.pk)


def _mark_detached(mandate: Mandate) -> None:
    with tenancy.scope(mandate.household_id):
        Mandate.objects.for_household(mandate.household_id).filter(pk=mandate.pk).update(detached_at=timezone.now())


def _end(mandate: Mandate, cause: str) -> None:
    """Mark a locked row inactive and cancel what stands under it unsent."""
    mandate.status = Mandate.Status.INACTIVE
    mandate.save(update_fields=["status", "revoked_at", "failure_reason", "checked_at", "blocked_reason"])
    cancel_unsent(Payment.objects.for_household(mandate.household_id).filter(mandate_id=mandate.pk), cause)


# --- What Stripe says -------------------------------------------------------------------------------------------


def sync_mandate(stripe_id: str) -> None:
    """Read a mandate at Stripe and follow it. Unknown ids are ignored. Raises TryAgain."""
    for household_id, mandate_id in _where(stripe_id=stripe_id):
        found = _mandate_at_stripe(stripe_id)
        with tenancy.scope(household_id):
            row = _lock(household_id, mandate_id)
            row.checked_at = timezone.now()
            if found is not None and found.status == "active" and row.status == Mandate.Status.PENDING:
                row.status = Mandate.Status.ACTIVE
                send_copy(row)
            if (found is None or found.status == "inactive") and row.status != Mandate.Status.INACTIVE:
                row.failure_reason = "Stripe ended it, as after a dispute. A new permission is needed."
                _end(row, "the permission no longer holds")
            row.save(update_fields=["status", "checked_at"])


def sync_setup(setup_intent_id: str) -> None:
    """Go on with the permission that a SetupIntent belongs to. Unknown ids are ignored. Raises TryAgain."""
    for household_id, mandate_id in _where(stripe_setup_intent_id=setup_intent_id):
        finish(household_id, mandate_id)


def sync_payment_method(payment_method_id: str) -> None:
    """Read a payment method at Stripe: a detached one ends its permission, a block is noted. Raises TryAgain."""
    for household_id, mandate_id in _where(stripe_payment_method_id=payment_method_id):
        found = debits.read_payment_method(payment_method_id)
        with tenancy.scope(household_id):
            row = _lock(household_id, mandate_id)
            row.checked_at, row.blocked_reason = timezone.now(), found.blocked_reason[:60]
            # Before the setup has succeeded a method is not attached yet.
            if not found.customer and row.status == Mandate.Status.ACTIVE:
                row.failure_reason = "The account was detached at Stripe. A new permission is needed."
                _end(row, "the account was detached at Stripe")
            row.save(update_fields=["checked_at", "blocked_reason"])


def unfinished() -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(household, mandate) of all that are pending, and of all that are taken back but not yet detached at Stripe."""
    with tenancy.system("unfinished permissions"):
        pending = Mandate.objects.filter(status=Mandate.Status.PENDING).order_by("pk")
        revoked = Mandate.objects.filter(revoked_at__isnull=False, detached_at=None).order_by("pk")
        return (
            list(pending.values_list("household_id", "pk")[:200]),
            list(revoked.values_list("household_id", "pk")[:200]),
        )


def _mandate_at_stripe(stripe_id: str) -> debits.MandateNow | None:
    try:
        return debits.read_mandate(stripe_id)
    except WillNotWork as refusal:
        if refusal.is_missing:
            return None
        raise TryAgain(str(refusal)) from refusal


def _where(**stripe_ids: Any) -> list[tuple[int, int]]:
    with tenancy.system("a permission by its Stripe id"):
        return list(Mandate.objects.filter(**stripe_ids).values_list("household_id", "pk"))


def _lock(household_id: int, mandate_id: int) -> Mandate:
    rows = Mandate.objects.for_household(household_id).select_related("account", "user")
    row: Mandate = rows.select_for_update(of=("self",)).get(pk=mandate_id)
    return row
