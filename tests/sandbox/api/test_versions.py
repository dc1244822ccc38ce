"""What each API version may say: old ones, previews, betas, and names that were never released."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.wire import versions
from sandbox.wire.errors import ApiError
from tests.sandbox.api.driving import Sandbox, link

HOSTED = "2026-04-22.preview; financial_connections_hosted_beta=v1"
SESSIONS = "/v1/financial_connections/sessions"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    "label",
    ["2026-10-28.endive", "2026-04-22.dahlia", "2025-08-27.basil", "2024-06-20", "2020-08-27", "2026-04-22.preview"],
)
def test_released_versions_are_taken_and_echoed(sandbox: Sandbox, label: str) -> None:
    answer = sandbox.raw("GET", "/v1/customers", headers={"Stripe-Version": label})

    assert (answer.status_code, answer.headers["Stripe-Version"]) == (200, label)


@pytest.mark.parametrize(
    "label",
    [
        "latest",
        "2026-10-28.endiv",
        "2026-10-28.basil",
        "2026-10-28",
        "2026-13-01.endive",
        "2024-06-20.acacia",
        "2024-06-20.preview",
        "2027-01-01.endive",
        "2026-04-22.dahlia, 2026-10-28.endive",
    ],
)
def test_versions_that_were_never_released_are_refused(sandbox: Sandbox, label: str) -> None:
    answer = sandbox.raw("GET", "/v1/customers", headers={"Stripe-Version": label})

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == f"Invalid Stripe API version: {label}"
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_beta_that_is_not_ours_is_refused(sandbox: Sandbox) -> None:
    header = "2026-04-22.preview; custom_checkout_beta=v1"
    answer = sandbox.raw("GET", "/v1/customers", headers={"Stripe-Version": header})

    assert answer.status_code == 400
    assert "custom_checkout_beta=v1" in answer.json()["error"]["message"]


def _session(sandbox: Sandbox, version: str, **more: str) -> Any:
    customer = sandbox.api.customers.create({}).id
    form = {
        "account_holder[type]": "customer",
        "account_holder[customer]": customer,
        "permissions[]": "balances",
        **more,
    }
    return sandbox.raw("POST", SESSIONS, data=form, headers={**FORM, "Stripe-Version": version})


@pytest.mark.parametrize(
    "version",
    ["2026-10-28.endive", "2026-04-22.preview", "2026-04-22.dahlia; financial_connections_hosted_beta=v1"],
)
def test_hosted_sessions_want_preview_and_beta(sandbox: Sandbox, version: str) -> None:
    hosted = {"ui_mode": "hosted", "hosted[return_url]": "http://localhost:8000/back"}

    refused, made = _session(sandbox, version, **hosted), _session(sandbox, HOSTED, **hosted)

    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (400, "parameter_unknown")
    assert error["param"] in hosted or error["param"] == "hosted"
    assert made.status_code == 200
    assert made.json()["url"]


def test_relinking_wants_its_preview(sandbox: Sandbox) -> None:
    relink = {"relink_options[authorization]": "fcauth_none"}

    refused = _session(sandbox, "2026-10-28.endive", **relink).json()["error"]
    too_old = _session(sandbox, "2025-12-15.preview", **relink).json()["error"]

    assert (refused["code"], refused["param"]) == ("parameter_unknown", "relink_options")
    assert (too_old["code"], too_old["param"]) == ("parameter_unknown", "relink_options")


def test_old_versions_take_payment_method_types(sandbox: Sandbox) -> None:
    form = {"amount": "500", "currency": "usd", "payment_method_types[]": "us_bank_account"}

    old, new = (
        sandbox.raw("POST", "/v1/payment_intents", data=form, headers={**FORM, "Stripe-Version": version})
        for version in ("2026-08-26.dahlia", "2026-09-30.endive")
    )

    assert old.status_code == 200
    assert new.json()["error"]["code"] == "payment_method_types_no_longer_supported"


def test_previews_tell_more_of_a_session(sandbox: Sandbox) -> None:
    path = f"{SESSIONS}/{link(sandbox).session}"

    plain, preview = (
        sandbox.raw("GET", path, headers={"Stripe-Version": version}).json()
        for version in ("2026-10-28.endive", "2026-04-22.preview")
    )

    assert not {"status", "ui_mode"} & set(plain)
    assert preview["status"] == "succeeded"


def test_the_gates_of_previews() -> None:
    def gates(header: str) -> tuple[bool, bool, bool]:
        version = versions.parse(header)
        return version.hosted_sessions, version.relinking, version.hosted_delivery

    assert gates("2026-10-28.endive") == (False, False, False)
    assert gates("2026-02-25.preview; financial_connections_hosted_beta=v1") == (True, True, False)
    assert gates(HOSTED) == (True, True, True)
    with pytest.raises(ApiError):
        versions.parse("2026-04-22.preview; financial_connections_hosted_beta=v2")
