"""Financial Connections: link sessions, linked accounts, their refreshes, owners and transactions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from fcdash.gateway.client import read, read_page, write

DEFAULT_PERMISSIONS = ("balances", "ownership", "payment_method", "transactions")
PREFETCHABLE = ("balances", "ownership", "transactions")
SUBCATEGORIES = ("checking", "savings", "credit_card", "line_of_credit", "mortgage")
# Which of the accounts that are chosen must be debitable.
PAYABLE = ("all", "at_least_one", "none")
PAGE_ROWS = 100


@dataclass(frozen=True)
class Wishes:
    """What a session asks for: which data, which of it at once, and which accounts may be chosen.

    `subcategories` empty: any; `payable` all, at_least_one, none or "": as it comes; `accounts` None: any number.
    """

    permissions: tuple[str, ...]
    prefetch: tuple[str, ...] = ()
    subcategories: tuple[str, ...] = ()
    payable: str = ""
    accounts: int | None = None


@dataclass(frozen=True)
class StartedSession:
    """A link session just made. The client_secret is for the person's device alone: hand it on, keep it nowhere."""

    id: str
    client_secret: str | None
    url: str | None

    def __repr__(self) -> str:
        return f"StartedSession({self.id})"


@dataclass(frozen=True)
class FinishedSession:
    """Who linked what in a session."""

    id: str
    customer: str
    account_ids: tuple[str, ...]


@dataclass(frozen=True)
class RemoteBalance:
    """A balance in one currency; cents, positive is owed to the holder."""

    currency: str
    as_of: datetime
    current_cents: int
    available_cents: int | None
    used_cents: int | None


@dataclass(frozen=True)
class RemoteRefresh:
    """Where the refresh of one feature stands."""

    status: str
    attempted_at: datetime | None
    next_allowed_at: datetime | None
    cursor: str


@dataclass(frozen=True)
class RemoteAccount:
    """A linked account as Stripe has it now. `refreshes` maps a feature to its state; absent: never asked."""

    id: str
    customer: str
    institution: str
    name: str
    last4: str
    category: str
    subcategory: str
    status: str
    permissions: tuple[str, ...]
    payment_method_types: tuple[str, ...]
    subscriptions: tuple[str, ...]
    balances: tuple[RemoteBalance, ...]
    refreshes: dict[str, RemoteRefresh]
    ownership: str | None
    livemode: bool
    # True when the bank already asks for a new sign-in although it still gives data.
    wants_relink: bool = False
    deactivates_at: datetime | None = None
    numbers_status: str = ""
    numbers_expire_at: datetime | None = None


@dataclass(frozen=True)
class RemoteConsent:
    """What relinking an account renews. `action` is Stripe's: none, relink_required, or "" for an active account."""

    authorization: str
    action: str


@dataclass(frozen=True)
class RemoteOwner:
    """One owner of an account, as the bank says. All but the name may be empty."""

    id: str
    name: str
    email: str
    phone: str
    raw_address: str


@dataclass(frozen=True)
class TransactionPage:
    """Up to 100 rows of Stripe's list as plain JSON, the newest first."""

    rows: list[dict[str, Any]]
    has_more: bool


def start_link_session(
    customer: str,
    wishes: Wishes,
    key: str,
    return_url: str | None = None,
    hosted_return_url: str | None = None,
    relink: tuple[str, str] | None = None,
) -> StartedSession:
    """Make a session in which the customer links banks. Raises TryAgain, WillNotWork, OutcomeUnknown.

    `hosted_return_url` asks for Stripe's own page (preview version, for this call alone); `return_url` is for
    WebViews; `relink` (authorization, account) renews a connection (preview version too).
    """
    needs_preview = bool(hosted_return_url or relink)
    params: Any = {
        "account_holder": {"type": "customer", "customer": customer},
        "permissions": list(wishes.permissions),
        "prefetch": list(wishes.prefetch),
        "filters": _filters(wishes, needs_preview),
    }
    if wishes.accounts and not relink:
        params["limits"] = {"accounts": wishes.accounts}
    if return_url:
        params["return_url"] = return_url
    if hosted_return_url:
        params.update(ui_mode="hosted", hosted={"return_url": hosted_return_url})
    if relink:
        params["relink_options"] = {"authorization": relink[0], "account": relink[1]}
    version = None
    if needs_preview:
        version = settings.STRIPE_HOSTED_VERSION if hosted_return_url else settings.STRIPE_PREVIEW_VERSION
    session = write(
        lambda c, options: c.v1.financial_connections.sessions.create(params, options), key=key, version=version
    )
    plain = session.to_dict()
    return StartedSession(plain["id"], plain.get("client_secret"), plain.get("url"))


def _filters(wishes: Wishes, is_preview: bool) -> dict[str, Any]:
    """The preview takes a list of countries, and knows no filter by what can be debited."""
    filters: dict[str, Any] = {"countries": ["US"]} if is_preview else {"country": "US"}
    if wishes.subcategories:
        filters["account_subcategories"] = list(wishes.subcategories)
    if wishes.payable and not is_preview:
        filters["require_payment_method_support"] = wishes.payable
    return filters


def finished_session(session_id: str) -> FinishedSession:
    """The session with the accounts linked in it so far. Raises TryAgain, WillNotWork."""
    plain = read(lambda c: c.v1.financial_connections.sessions.retrieve(session_id).to_dict())
    accounts = plain["accounts"]
    ids = [account["id"] for account in accounts["data"]]
    while accounts["has_more"]:
        after = {"session": session_id, "limit": 100, "starting_after": ids[-1]}
        accounts = read_page("/v1/financial_connections/accounts", after)
        ids += [account["id"] for account in accounts["data"]]
    return FinishedSession(session_id, (plain.get("account_holder") or {}).get("customer") or "", tuple(ids))


def account(account_id: str) -> RemoteAccount:
    """The account as it is now. Raises TryAgain, WillNotWork (is_missing when it does not exist)."""
    return as_account(read(lambda c: c.v1.financial_connections.accounts.retrieve(account_id).to_dict()))


def consent(account_id: str) -> RemoteConsent:
    """What only the preview version tells of an account: its authorization, and whether relinking repairs it.

    Raises TryAgain, WillNotWork (also where the preview is not open to us).
    """
    options: Any = {"stripe_version": settings.STRIPE_PREVIEW_VERSION}
    plain = read(lambda c: c.v1.financial_connections.accounts.retrieve(account_id, {}, options).to_dict())
    details = (plain.get("status_details") or {}).get("inactive") or {}
    return RemoteConsent(plain.get("authorization") or "", str(details.get("action") or ""))


def refresh(account_id: str, features: tuple[str, ...], key: str) -> RemoteAccount:
    """Ask the bank for new data; the answer has the refreshes pending. Raises TryAgain, WillNotWork, OutcomeUnknown."""
    params: Any = {"features": list(features)}
    return as_account(
        write(
            lambda c, options: c.v1.financial_connections.accounts.refresh(account_id, params, options).to_dict(), key
        )
    )


def subscribe(account_id: str, key: str) -> RemoteAccount:
    """Have Stripe refresh the account's transactions daily, starting now. Raises as refresh does."""
    params: Any = {"features": ["transactions"]}
    return as_account(
        write(
            lambda c, options: c.v1.financial_connections.accounts.subscribe(account_id, params, options).to_dict(), key
        )
    )


def disconnect(account_id: str, key: str) -> RemoteAccount:
    """End reading of the account for good. Debits are not affected. Raises as refresh does."""
    return as_account(
        write(lambda c, options: c.v1.financial_connections.accounts.disconnect(account_id, {}, options).to_dict(), key)
    )


def owners(account_id: str, ownership: str) -> tuple[RemoteOwner, ...]:
    """The owners in a snapshot of ownership. Raises TryAgain, WillNotWork."""
    page = read_page(f"/v1/financial_connections/accounts/{account_id}/owners", {"ownership": ownership, "limit": 100})
    return tuple(
        RemoteOwner(
            o["id"], o.get("name") or "", o.get("email") or "", o.get("phone") or "", o.get("raw_address") or ""
        )
        for o in page["data"]
    )


def transactions_page(account_id: str, after_refresh: str, starting_after: str) -> TransactionPage:
    """A page of rows created or changed after the refresh `after_refresh` ("" is from the start).

    Raises TryAgain, WillNotWork.
    """
    params: dict[str, Any] = {"account": account_id, "limit": PAGE_ROWS}
    if after_refresh:
        params["transaction_refresh[after]"] = after_refresh
    if starting_after:
        params["starting_after"] = starting_after
    page = read_page("/v1/financial_connections/transactions", params)
    return TransactionPage(page["data"], page["has_more"])


def moment(stamp: Any) -> datetime | None:
    """Stripe's Unix seconds as an aware datetime; None stays None."""
    return datetime.fromtimestamp(stamp, UTC) if isinstance(stamp, int) and 0 <= stamp < 2**36 else None


def as_refresh(plain: dict[str, Any]) -> RemoteRefresh:
    """A `*_refresh` hash of an account."""
    return RemoteRefresh(
        str(plain.get("status") or "pending"),
        moment(plain.get("last_attempted_at")),
        moment(plain.get("next_refresh_available_at")),
        str(plain.get("id") or ""),
    )


def as_account(plain: dict[str, Any]) -> RemoteAccount:
    """An account's JSON in our words."""
    ownership = plain.get("ownership")
    active = (plain.get("status_details") or {}).get("active") or {}
    numbers_status, numbers_expire_at = _numbers(plain.get("account_numbers") or [])
    return RemoteAccount(
        id=plain["id"],
        customer=(plain.get("account_holder") or {}).get("customer") or "",
        institution=plain.get("institution_name") or "",
        name=plain.get("display_name") or plain.get("institution_name") or "",
        last4=plain.get("last4") or "",
        category=plain.get("category") or "other",
        subcategory=plain.get("subcategory") or "other",
        status=plain["status"],
        permissions=tuple(plain.get("permissions") or ()),
        payment_method_types=tuple(plain.get("supported_payment_method_types") or ()),
        subscriptions=tuple(plain.get("subscriptions") or ()),
        balances=_balances(plain.get("balance")),
        refreshes={
            feature: as_refresh(plain[name])
            for feature, name in (
                ("balance", "balance_refresh"),
                ("ownership", "ownership_refresh"),
                ("transactions", "transaction_refresh"),
            )
            if plain.get(name)
        },
        ownership=ownership["id"] if isinstance(ownership, dict) else ownership,
        livemode=bool(plain.get("livemode")),
        wants_relink=active.get("action") == "relink_required",
        deactivates_at=moment(active.get("expected_deactivation_date")),
        numbers_status=numbers_status,
        numbers_expire_at=numbers_expire_at,
    )


# The best of an account's numbers decides: one that works is enough to pay from it.
NUMBER_STATUSES = ("transactable", "pending", "expired", "deactivated")


def _numbers(numbers: list[dict[str, Any]]) -> tuple[str, datetime | None]:
    """Status of the best of the account's numbers, and when it expires. The numbers themselves are never asked for."""
    known = [n for n in numbers if n.get("status") in NUMBER_STATUSES]
    if not known:
        return "", None
    best = min(known, key=lambda n: NUMBER_STATUSES.index(n["status"]))
    return best["status"], moment(best.get("expected_expiry_date"))


def _balances(balance: dict[str, Any] | None) -> tuple[RemoteBalance, ...]:
    as_of = moment((balance or {}).get("as_of"))
    if not balance or as_of is None:
        return ()
    available = (balance.get("cash") or {}).get("available") or {}
    used = (balance.get("credit") or {}).get("used") or {}
    return tuple(
        RemoteBalance(currency, as_of, cents, available.get(currency), used.get(currency))
        for currency, cents in sorted((balance.get("current") or {}).items())
    )
