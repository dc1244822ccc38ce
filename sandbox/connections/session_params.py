"""What a session may be asked for: its parameters in each API version, and what of them Stripe refuses."""

from __future__ import annotations

import re
from typing import Any, Literal, NotRequired
from urllib.parse import urlsplit

from stripe.params.financial_connections import SessionCreateParams
from stripe.params.financial_connections._session_create_params import SessionCreateParamsAccountHolder
from typing_extensions import TypedDict

from sandbox import customers
from sandbox.account import ACCOUNT_ID
from sandbox.connections import institutions, relinking
from sandbox.store import Body
from sandbox.wire import errors
from sandbox.wire.errors import ApiError
from sandbox.wire.params import UNSET
from sandbox.wire.versions import CURRENT, Version

NEEDS_PERMISSION = {"balances": "balances", "ownership": "ownership", "transactions": "transactions"}
# Until then a session took a list of countries; since then it takes one.
_ONE_COUNTRY_SINCE = "2026-09-30"
_COUNTRY = re.compile(r"[A-Za-z]{2}")

Subcategory = Literal["checking", "savings", "credit_card", "line_of_credit", "mortgage"]
Support = Literal["all", "at_least_one", "none"]


class Filters(TypedDict, total=False):
    """Which accounts may be linked; which of `country` and `countries` depends on the version."""

    account_subcategories: list[Subcategory]
    countries: list[str]
    country: str
    institution: str
    require_payment_method_support: Support


class Relink(TypedDict):
    """Which connection is to be renewed, and which of its accounts in particular."""

    authorization: str
    account: NotRequired[str]


class ManualEntry(TypedDict, total=False):
    """What becomes of the person's wish to type the numbers in."""

    mode: Literal["automatic", "disabled", "custom"]


class Hosted(TypedDict, total=False):
    """Where Stripe's own page sends the person back to, and how they come to it."""

    return_url: str
    delivery_method: Literal["email", "url"]


class OtherParams(SessionCreateParams, total=False):
    """A session as older versions and previews take it, each a part of this: see `_refuse_unborn`."""

    account_holder: NotRequired[SessionCreateParamsAccountHolder]  # type: ignore[misc]
    filters: Filters  # type: ignore[misc]
    manual_entry: ManualEntry  # type: ignore[misc]
    relink_options: Relink
    ui_mode: Literal["modal", "hosted"]
    hosted: Hosted


def shape(version: Version) -> type:
    return SessionCreateParams if version == CURRENT else OtherParams


def refuse_unborn(params: Any, version: Version) -> None:
    """Refuses what this version does not know, as what no version knows is refused."""
    if version == CURRENT:
        return
    lists_countries = version.date < _ONE_COUNTRY_SINCE
    known = {
        "relink_options": version.relinking,
        "ui_mode": version.hosted_sessions,
        "hosted": version.hosted_sessions,
        "filters[country]": not lists_countries,
        "filters[countries]": lists_countries,
        "filters[institution]": version.preview,
        "hosted[delivery_method]": version.hosted_delivery,
    }
    for name, is_known in known.items():
        head, _, inner = name.rstrip("]").partition("[")
        given = params.get(head, {})
        if not is_known and (inner in given if inner else head in params):
            raise errors.unknown(name)
    if params.get("manual_entry", {}).get("mode") == "custom" and not version.preview:
        raise errors.invalid("manual_entry[mode]", "must be one of automatic, or disabled")


def account_holder(params: Any, relink: relinking.Target | None) -> Body:
    """Whose accounts are linked; a session that renews a connection has its holder."""
    if "account_holder" not in params:
        if relink is None:
            raise errors.missing("account_holder")
        return relink.holder
    chosen = _holder(params["account_holder"])
    if relink is not None and relink.holder != chosen:
        raise ApiError("The authorization belongs to another account holder.", param="account_holder")
    return chosen


def _holder(given: Any) -> Body:
    """The holder, by the field that its type asks for and no other."""
    kind = given["type"]
    for name in given:
        if name not in ("type", kind):
            raise ApiError(f"`{name}` may not be given with `type={kind}`.", param=f"account_holder[{name}]")
    if kind not in given:
        raise errors.missing(f"account_holder[{kind}]")
    if kind == "customer":
        customers.existing(given["customer"], "account_holder[customer]")
    elif given["account"] != ACCOUNT_ID:
        raise errors.no_such("account", given["account"], "account_holder[account]")
    return {"type": kind, kind: given[kind]}


def filters(params: Any) -> Body:
    """As stored: always a list of countries, shown as the version has it."""
    given = params.get("filters", {})
    kept: Body = {
        "account_subcategories": given.get("account_subcategories") or None,
        "countries": given.get("countries") or ([given["country"]] if given.get("country") else None),
    }
    for name in ("countries", "country"):
        for country in kept["countries"] or [] if name in given else []:
            if not _COUNTRY.fullmatch(country):
                raise errors.invalid(
                    f"filters[{name}]", "must be a two-letter country code.", code="country_code_invalid"
                )
    if "institution" in given:
        if institutions.find(given["institution"]) is None:
            raise errors.no_such(institutions.KIND, given["institution"], "filters[institution]")
        kept["institution"] = given["institution"]
    if "require_payment_method_support" in given:
        kept["require_payment_method_support"] = given["require_payment_method_support"]
    return kept


def shown_filters(kept: Body, version: Version) -> Body:
    """`filters` as this version shows them."""
    body = {name: value for name, value in kept.items() if name not in ("countries", "institution")}
    countries = kept["countries"]
    if version.date < _ONE_COUNTRY_SINCE:
        body["countries"] = countries
    else:
        body["country"] = countries[0] if countries else None
    if version.preview and "institution" in kept:
        body["institution"] = kept["institution"]
    return body


def limits(params: Any) -> Body | None:
    """How many accounts may be linked; an empty value is any number."""
    given = params.get("limits", {}).get("accounts", UNSET)
    if given == UNSET:
        return None
    if given < 1:
        raise errors.invalid("limits[accounts]", "must be at least 1.", code="parameter_invalid_integer")
    return {"accounts": given}


def permissions(params: Any) -> list[str]:
    asked = list(dict.fromkeys(params["permissions"]))
    if not asked:
        raise errors.empty("permissions")
    return sorted(asked)


def prefetch(params: Any) -> list[str] | None:
    features = list(dict.fromkeys(params.get("prefetch", [])))
    for number, feature in enumerate(features):
        if NEEDS_PERMISSION[feature] not in params["permissions"]:
            raise ApiError(
                f"You cannot prefetch `{feature}` without asking for the permission `{NEEDS_PERMISSION[feature]}`.",
                param=f"prefetch[{number}]",
            )
    return features or None


def hosted(params: Any) -> Body | None:
    """Where the hosted page leads back to; None for a session in a page of the application."""
    if params.get("ui_mode", "modal") == "modal":
        if "hosted" in params:
            raise ApiError("`hosted` may be given only with `ui_mode=hosted`.", param="hosted")
        return None
    given = params.get("hosted", {})
    if "return_url" not in given:
        raise errors.missing("hosted[return_url]")
    if urlsplit(given["return_url"]).scheme not in ("http", "https"):
        raise errors.invalid("hosted[return_url]", "must be a URL.", code="url_invalid")
    if "delivery_method" in given and "relink_options" not in params:
        raise ApiError("`delivery_method` may be given only with `relink_options`.", param="hosted[delivery_method]")
    if given.get("delivery_method") == "email":
        raise ApiError("The sandbox writes no e-mails; use `url`.", param="hosted[delivery_method]")
    return {"return_url": given["return_url"]}


def return_url(params: Any) -> str | None:
    url: str | None = params.get("return_url")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.netloc:
        raise errors.invalid("return_url", "must be an https URL that opens your app.", code="url_invalid")
    return url
