"""Link sessions: what they may ask for in which version, how they end, and what linking again brings back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.api.connecting import (
    ACCOUNTS,
    HOSTED,
    PREVIEW,
    SESSIONS,
    advance,
    authorization_of,
    call,
    customer,
    finish,
    happened,
    link_at,
    open_session,
    relink,
    set_state,
    shown,
)
from tests.sandbox.api.driving import DAY, Linked, Sandbox, eventually, refresh, rows_of

CURRENT = "2026-10-28.endive"
HOSTED_FORM = {"ui_mode": "hosted", "hosted[return_url]": "https://app.test/linked"}


def session(sandbox: Sandbox, session_id: str, version: str = PREVIEW) -> Any:
    return call(sandbox, "GET", f"{SESSIONS}/{session_id}", version)


@pytest.mark.parametrize(
    ("version", "form", "param"),
    [
        (CURRENT, {"limits[accounts]": "0"}, "limits[accounts]"),
        (CURRENT, {"limits[accounts]": "two"}, "limits[accounts]"),
        (CURRENT, {"filters[country]": "USA"}, "filters[country]"),
        (CURRENT, {"filters[countries][]": "US"}, "filters[countries]"),
        (CURRENT, {"filters[institution]": "fcinst_1"}, "filters[institution]"),
        (CURRENT, {"filters[account_subcategories][]": "gold"}, "filters[account_subcategories][0]"),
        (CURRENT, {"filters[require_payment_method_support]": "some"}, "filters[require_payment_method_support]"),
        (CURRENT, {"manual_entry[mode]": "custom"}, "manual_entry[mode]"),
        (CURRENT, {"return_url": "http://app.test/back"}, "return_url"),
        (CURRENT, {"return_url": "fcdash://back"}, "return_url"),
        (CURRENT, {"ui_mode": "hosted"}, "ui_mode"),
        (CURRENT, {"relink_options[authorization]": "fcauth_1"}, "relink_options"),
        (CURRENT, {"permissions[]": "balances", "prefetch[]": "transactions"}, "prefetch[0]"),
        (CURRENT, {"prefetch[]": "payment_method"}, "prefetch[0]"),
        (PREVIEW, {"filters[country]": "US"}, "filters[country]"),
        (PREVIEW, {"filters[institution]": "fcinst_1"}, "filters[institution]"),
        (PREVIEW, {"ui_mode": "hosted"}, "ui_mode"),
        (PREVIEW, {"relink_options[authorization]": "fcauth_1"}, "relink_options[authorization]"),
        (HOSTED, {"ui_mode": "hosted"}, "hosted[return_url]"),
        (HOSTED, {"hosted[return_url]": "https://app.test/"}, "hosted"),
        (HOSTED, {**HOSTED_FORM, "hosted[delivery_method]": "url"}, "hosted[delivery_method]"),
        ("2026-06-24.dahlia", {"filters[country]": "US"}, "filters[country]"),
    ],
)
def test_what_a_session_may_not_ask_for_is_refused(
    sandbox: Sandbox, version: str, form: dict[str, Any], param: str
) -> None:
    answer = open_session(sandbox, version, **form)

    assert answer.get("error", answer)["type"] == "invalid_request_error"
    assert answer["error"]["param"] == param


@pytest.mark.parametrize(
    ("holder", "param"),
    [
        ({"type": "customer"}, "customer"),
        ({"type": "customer", "customer": "cus_no"}, "customer"),
        ({"type": "customer", "account": "acct_sandbox"}, "account"),
        ({"type": "customer", "customer_account": "acct_1"}, "customer_account"),
        ({"type": "account"}, "account"),
        ({"type": "account", "account": "acct_no"}, "account"),
    ],
)
def test_a_holder_is_named_by_what_its_type_asks_for(sandbox: Sandbox, holder: dict[str, str], param: str) -> None:
    form: dict[str, Any] = {f"account_holder[{name}]": value for name, value in holder.items()}

    assert open_session(sandbox, CURRENT, **form)["error"]["param"] == f"account_holder[{param}]"


def test_accounts_of_the_platform_itself_are_listed_apart(sandbox: Sandbox, linked: Linked) -> None:
    form = {"account_holder[type]": "account", "account_holder[account]": "acct_sandbox"}
    (own,) = link_at(sandbox, "cascade-checking", **form)

    listed = call(sandbox, "GET", ACCOUNTS, **{"account_holder[account]": "acct_sandbox"})["data"]

    assert [each["id"] for each in listed] == [own]
    assert listed[0]["account_holder"] == {"type": "account", "account": "acct_sandbox"}


def test_rows_of_an_account_come_with_its_first_refresh(sandbox: Sandbox, linked: Linked) -> None:
    path, form = "/v1/financial_connections/transactions", {"account": linked.account}
    never = call(sandbox, "GET", path, CURRENT, **form)
    assert never["error"]["code"] == "financial_connections_no_successful_transaction_refresh"

    set_state(sandbox, linked.account, refresh="hang")
    sandbox.api.financial_connections.accounts.refresh(linked.account, {"features": ["transactions"]})
    assert call(sandbox, "GET", path, CURRENT, **form)["data"] == []

    set_state(sandbox, linked.account, refresh="succeed")
    eventually(lambda: call(sandbox, "GET", path, CURRENT, **form)["data"])


def test_an_empty_limit_is_none(sandbox: Sandbox) -> None:
    assert "limits" not in open_session(sandbox, CURRENT, **{"limits[accounts]": ""})


@pytest.mark.parametrize(
    ("version", "form", "shown_as"),
    [
        (CURRENT, {"filters[country]": "US"}, {"account_subcategories": None, "country": "US"}),
        (PREVIEW, {"filters[countries][]": "US"}, {"account_subcategories": None, "countries": ["US"]}),
        ("2026-06-24.dahlia", {"filters[countries][]": "CA"}, {"account_subcategories": None, "countries": ["CA"]}),
        (CURRENT, {}, {"account_subcategories": None, "country": None}),
    ],
)
def test_the_country_is_shown_as_the_version_takes_it(
    sandbox: Sandbox, version: str, form: dict[str, Any], shown_as: dict[str, Any]
) -> None:
    assert open_session(sandbox, version, **form)["filters"] == shown_as


@pytest.mark.parametrize(
    ("form", "keys", "fits"),
    [
        ({"limits[accounts]": "1"}, ["cascade-checking", "cascade-savings"], False),
        ({"limits[accounts]": "2"}, ["cascade-checking", "cascade-savings"], True),
        ({"filters[countries][]": "CA"}, ["cascade-checking"], False),
        ({"filters[countries][]": "ca"}, ["lakeshore-chequing"], True),
        ({"filters[account_subcategories][]": "savings"}, ["cascade-checking"], False),
        ({"filters[account_subcategories][]": "savings"}, ["cascade-savings"], True),
        ({"filters[require_payment_method_support]": "all"}, ["cascade-checking", "cascade-card"], False),
        ({"filters[require_payment_method_support]": "all"}, ["unpayable-pending"], False),
        ({"filters[require_payment_method_support]": "at_least_one"}, ["cascade-card"], False),
        ({"filters[require_payment_method_support]": "at_least_one"}, ["cascade-card", "cascade-checking"], True),
        ({"filters[require_payment_method_support]": "none"}, ["cascade-card"], True),
    ],
)
def test_a_session_takes_what_it_asked_for_alone(
    sandbox: Sandbox, form: dict[str, Any], keys: list[str], fits: bool
) -> None:
    opened = open_session(sandbox, **form)

    answer = finish(sandbox, opened["id"], *keys, ok=False)

    assert ("accounts" in answer) is fits
    assert session(sandbox, opened["id"])["status"] == ("succeeded" if fits else "pending")


def test_an_institution_can_be_named(sandbox: Sandbox) -> None:
    listed = call(sandbox, "GET", "/v1/financial_connections/institutions", limit=100)["data"]
    (northline,) = [each for each in listed if each["name"] == "Northline Bank"]
    opened = open_session(sandbox, **{"filters[institution]": northline["id"]})

    assert opened["filters"]["institution"] == northline["id"]
    assert "error" in finish(sandbox, opened["id"], "cascade-checking", ok=False)
    assert finish(sandbox, opened["id"], "northline-joint")["accounts"][0]["institution_name"] == "Northline Bank"


@pytest.mark.parametrize(
    ("result", "status", "details"),
    [
        ("success", "succeeded", {}),
        ("cancel", "cancelled", {"cancelled": {"reason": "other"}}),
        ("fail", "failed", {}),
    ],
)
def test_a_session_ends_once(sandbox: Sandbox, result: str, status: str, details: dict[str, Any]) -> None:
    opened = open_session(sandbox, HOSTED, **HOSTED_FORM)
    assert (opened["status"], opened["client_secret"], opened["ui_mode"]) == ("pending", None, "hosted")
    assert opened["url"]

    finish(sandbox, opened["id"], "cascade-checking", result=result)

    again = finish(sandbox, opened["id"], "cascade-checking", ok=False)
    assert again["error"]["code"] == "session_expired"
    ended = session(sandbox, opened["id"], HOSTED)
    assert (ended["status"], ended["status_details"], ended["url"]) == (status, details, None)


def test_a_person_may_leave_to_type_the_numbers_in(sandbox: Sandbox) -> None:
    opened = open_session(sandbox, **{"manual_entry[mode]": "custom"})

    finish(sandbox, opened["id"], result="cancel", reason="custom_manual_entry")

    assert opened["manual_entry"] == {"mode": "custom"}
    assert session(sandbox, opened["id"])["status_details"] == {"cancelled": {"reason": "custom_manual_entry"}}


def test_a_session_expires_after_a_day(sandbox: Sandbox) -> None:
    opened = open_session(sandbox, HOSTED, **HOSTED_FORM)
    advance(sandbox, DAY + 5)

    ended = session(sandbox, opened["id"], HOSTED)

    assert (ended["status"], ended["url"]) == ("cancelled", None)
    answer = finish(sandbox, opened["id"], "cascade-checking", ok=False)
    assert answer["error"]["code"] == "session_expired"


def test_what_only_previews_show_is_shown_by_previews_alone(sandbox: Sandbox, linked: Linked) -> None:
    set_state(sandbox, linked.account, status="inactive")

    today, preview = shown(sandbox, linked.account, CURRENT), shown(sandbox, linked.account)
    plain = session(sandbox, linked.session, CURRENT)

    assert today["status_details"] == {}
    assert preview.keys() - today.keys() == {"authorization", "institution"}
    assert not plain.keys() & {"status", "ui_mode", "url", "hosted", "relink_options", "relink_result"}
    for path in ("institutions", f"authorizations/{preview['authorization']}"):
        answer = call(sandbox, "GET", f"/v1/financial_connections/{path}", CURRENT)
        assert answer["error"]["message"].startswith("Unrecognized request URL")


def test_institutions_are_listed_by_page_and_found_by_id(sandbox: Sandbox) -> None:
    path = "/v1/financial_connections/institutions"
    first = call(sandbox, "GET", path, limit=3)

    rest = call(sandbox, "GET", path, limit=100, starting_after=first["data"][-1]["id"])
    back = call(sandbox, "GET", path, limit=2, ending_before=first["data"][-1]["id"])

    assert (len(first["data"]), first["has_more"], rest["has_more"]) == (3, True, False)
    assert len({each["id"] for each in first["data"] + rest["data"]}) == len(sandbox.get("/banks"))
    assert back["data"] == first["data"][:2]
    assert call(sandbox, "GET", f"{path}/{first['data'][1]['id']}") == first["data"][1]
    statuses = {each["name"]: each["status"] for each in first["data"] + rest["data"]}
    assert (statuses["Down (Scheduled)"], statuses["Down (Error)"]) == ("inactive", "degraded")


# Linking again


def test_a_relink_brings_back_the_same_account(sandbox: Sandbox) -> None:
    checking, savings = link_at(sandbox, "cascade-checking", "cascade-savings")
    refresh(sandbox, checking, "transactions")
    rows = len(rows_of(sandbox, checking))
    for account in (checking, savings):
        set_state(sandbox, account, status="inactive")

    ended = relink(sandbox, checking, "cascade-checking")

    authorization = authorization_of(sandbox, checking)["id"]
    assert [each["id"] for each in ended["accounts"]["data"]] == [checking]
    assert ended["relink_result"] == {"account": None, "authorization": authorization, "failure_reason": None}
    assert (shown(sandbox, checking)["status"], shown(sandbox, savings)["status"]) == ("active", "inactive")
    assert len(rows_of(sandbox, checking)) == rows
    assert happened(sandbox, checking)[-1] == "account.reactivated"
    of_session = call(sandbox, "GET", ACCOUNTS, session=ended["id"])["data"]
    assert [each["id"] for each in of_session] == [checking]


def test_a_plain_session_over_the_same_bank_account_brings_another_account(sandbox: Sandbox) -> None:
    who = customer(sandbox)
    holder = {"account_holder[type]": "customer", "account_holder[customer]": who}
    (first,) = link_at(sandbox, "cascade-checking", **holder)
    set_state(sandbox, first, status="inactive")

    (second,) = link_at(sandbox, "cascade-checking", **holder)

    assert first != second
    assert shown(sandbox, first)["status"] == "inactive"
    assert shown(sandbox, first)["authorization"] != shown(sandbox, second)["authorization"]


def test_a_relink_can_widen_permissions_add_accounts_and_prefetch(sandbox: Sandbox) -> None:
    (checking,) = link_at(sandbox, "cascade-checking", **{"permissions[]": "balances"})
    form: dict[str, Any] = {"permissions[]": ["balances", "transactions"], "prefetch[]": "transactions"}

    ended = relink(sandbox, checking, "cascade-checking", "cascade-savings", **form)

    assert shown(sandbox, checking)["permissions"] == ["balances", "transactions"]
    eventually(lambda: shown(sandbox, checking)["transaction_refresh"]["status"] == "succeeded")
    (added,) = {each["id"] for each in ended["accounts"]["data"]} - {checking}
    assert shown(sandbox, added)["authorization"] == shown(sandbox, checking)["authorization"]


@pytest.mark.parametrize(
    ("keys", "only", "reason"),
    [
        (["northline-joint"], False, "no_authorization"),
        (["cascade-savings"], True, "no_account"),
    ],
)
def test_a_relink_that_meets_another_account_fails_and_says_why(
    sandbox: Sandbox, keys: list[str], only: bool, reason: str
) -> None:
    checking, _ = link_at(sandbox, "cascade-checking", "cascade-savings")
    set_state(sandbox, checking, status="inactive")

    ended = relink(sandbox, checking, *keys, only=only)

    assert (ended["status"], ended["accounts"]["data"]) == ("failed", [])
    assert ended["relink_result"] == {"account": None, "authorization": None, "failure_reason": reason}
    assert shown(sandbox, checking)["status"] == "inactive"


def test_a_relink_of_one_account_names_it(sandbox: Sandbox) -> None:
    checking, savings = link_at(sandbox, "cascade-checking", "cascade-savings")
    for account in (checking, savings):
        set_state(sandbox, account, status="inactive")

    assert relink(sandbox, savings, "cascade-savings", only=True)["relink_result"]["account"] == savings

    assert (shown(sandbox, checking)["status"], shown(sandbox, savings)["status"]) == ("inactive", "active")


def test_what_cannot_be_relinked_is_refused(sandbox: Sandbox) -> None:
    closed, other = link_at(sandbox, "cascade-checking", "northline-joint")
    authorization = shown(sandbox, closed)["authorization"]
    set_state(sandbox, closed, status="inactive", cause="account_closed")

    def refused(**options: str) -> Any:
        form = {f"relink_options[{name}]": value for name, value in options.items() if name != "holder"}
        if "holder" in options:
            form |= {"account_holder[type]": "customer", "account_holder[customer]": options["holder"]}
        return open_session(sandbox, **form)["error"]["param"]

    assert shown(sandbox, closed)["status_details"]["inactive"] == {"action": "none", "cause": "account_closed"}
    assert authorization_of(sandbox, closed)["status_details"] == {"inactive": {"action": "none"}}
    assert refused(authorization=authorization, account=closed) == "relink_options[account]"
    assert refused(authorization=authorization, account=other) == "relink_options[account]"
    assert refused(authorization=authorization, account="fca_no") == "relink_options[account]"
    assert refused(authorization=authorization, holder=customer(sandbox)) == "account_holder"
    sandbox.api.financial_connections.accounts.disconnect(closed)
    assert refused(authorization=authorization) == "relink_options[authorization]"


def test_a_hosted_relink_can_be_sent_as_a_link(sandbox: Sandbox) -> None:
    (account,) = link_at(sandbox, "cascade-checking")
    form = {**HOSTED_FORM, "relink_options[authorization]": shown(sandbox, account)["authorization"]}

    opened = open_session(sandbox, HOSTED, **form, **{"hosted[delivery_method]": "url"})

    assert opened["url"]
    assert opened["account_holder"] == shown(sandbox, account)["account_holder"]
    assert opened["relink_options"] == {"authorization": form["relink_options[authorization]"], "account": None}
