"""What Stripe would refuse, the sandbox refuses, with the same codes."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.api.driving import ALL, CARD, MANDATE_DATA, Sandbox, link, method_data, new_payment, save_method

HOSTED = "2026-04-22.preview; financial_connections_hosted_beta=v1"
PI = "amount=500&currency=usd"


def refusal(sandbox: Sandbox, path: str, form: str, **options: Any) -> dict[str, Any]:
    headers = {"Content-Type": "application/x-www-form-urlencoded", **options.pop("headers", {})}
    answer = sandbox.raw("POST", path, data=form, headers=headers)
    assert answer.status_code == 400, answer.text
    error: dict[str, Any] = answer.json()["error"]
    return error


@pytest.mark.parametrize(
    ("path", "form", "code", "param"),
    [
        ("/v1/customers", "emial=a", "parameter_unknown", "emial"),
        ("/v1/customers", "address[street]=a", "parameter_unknown", "address[street]"),
        ("/v1/payment_intents", "currency=usd", "parameter_missing", "amount"),
        ("/v1/payment_intents", "amount=ten&currency=usd", "parameter_invalid_integer", "amount"),
        ("/v1/payment_intents", "amount=49&currency=usd", "amount_too_small", "amount"),
        ("/v1/payment_intents", "amount=100000000&currency=usd", "amount_too_large", "amount"),
        ("/v1/payment_intents", f"{PI}&customer=cus_none", "resource_missing", "customer"),
        ("/v1/payment_intents", f"{PI}&setup_future_usage=later", None, "setup_future_usage"),
        ("/v1/payment_intents", f"{PI}&mandate=mandate_x", None, "mandate"),
        ("/v1/payment_intents", f"{PI}&statement_descriptor={'W' * 23}", None, "statement_descriptor"),
        ("/v1/payment_intents", f"{PI}&statement_descriptor=Joe's", None, "statement_descriptor"),
        ("/v1/payment_intents", "amount=500&currency=eur", "payment_intent_invalid_parameter", "currency"),
        ("/v1/customers", "payment_method=pm_x", None, "payment_method"),
        ("/v1/payment_intents", f"{PI}&confirmation_token=x", None, "confirmation_token"),
        (
            "/v1/payment_intents",
            f"{PI}&payment_method_types[]=us_bank_account",
            "payment_method_types_no_longer_supported",
            "payment_method_types",
        ),
        (
            "/v1/setup_intents",
            "payment_method_types[]=us_bank_account",
            "payment_method_types_no_longer_supported",
            "payment_method_types",
        ),
        (
            "/v1/payment_intents",
            f"{PI}&allowed_payment_method_types[]=us_bank_account&automatic_payment_methods[enabled]=true",
            "parameters_exclusive",
            "allowed_payment_method_types",
        ),
    ],
)
def test_bad_parameters(sandbox: Sandbox, path: str, form: str, code: str | None, param: str) -> None:
    error = refusal(sandbox, path, form)

    assert (error.get("code"), error["param"]) == (code, param)
    assert error["type"] == "invalid_request_error"


def test_payment_method_types_are_taken_from_older_versions(sandbox: Sandbox) -> None:
    answer = sandbox.raw(
        "POST",
        "/v1/payment_intents",
        data=f"{PI}&payment_method_types[]=us_bank_account",
        headers={"Stripe-Version": "2026-04-22.dahlia", "Content-Type": "application/x-www-form-urlencoded"},
    )

    assert answer.status_code == 200
    assert answer.headers["Stripe-Version"] == "2026-04-22.dahlia"


def test_a_missing_object_is_404_in_the_path(sandbox: Sandbox) -> None:
    answer = sandbox.raw("GET", "/v1/payment_intents/pi_none")

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "resource_missing"


def test_an_unknown_path_is_404(sandbox: Sandbox) -> None:
    assert sandbox.raw("GET", "/v1/payment_intentz").status_code == 404
    assert sandbox.raw("DELETE", "/v1/payment_intents").status_code == 404


@pytest.mark.parametrize("key", ["sk_live_123456789012", "rk_live_123456789012", "sk_test_other", ""])
def test_other_keys_are_refused(sandbox: Sandbox, key: str) -> None:
    answer = requests.get(sandbox.base + "/v1/customers", headers={"Authorization": f"Bearer {key}"}, timeout=5)

    assert answer.status_code == 401
    assert key == "" or key not in answer.text


def test_no_key_is_401_and_basic_works(sandbox: Sandbox) -> None:
    assert requests.get(sandbox.base + "/v1/customers", timeout=5).status_code == 401
    assert requests.get(sandbox.base + "/v1/customers", auth=("sk_test_sandbox", ""), timeout=5).status_code == 200


def test_the_publishable_key_sees_an_intent_with_its_secret_only(sandbox: Sandbox) -> None:
    intent = new_payment(sandbox, link(sandbox))
    page = {"Authorization": "Bearer pk_test_sandbox"}
    path = f"/v1/payment_intents/{intent.id}"

    assert sandbox.raw("GET", f"{path}?client_secret={intent.client_secret}", headers=page).status_code == 200
    assert sandbox.raw("GET", f"{path}?client_secret=wrong", headers=page).status_code == 404
    assert sandbox.raw("GET", path, headers=page).status_code == 404
    refused = sandbox.raw("GET", "/v1/customers", headers=page)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "secret_key_required")


def test_both_array_encodings_and_unset(sandbox: Sandbox) -> None:
    customer = sandbox.api.customers.create({"name": "Ana", "metadata": {"a": "1", "b": "2"}})
    form = (
        f"account_holder[type]=customer&account_holder[customer]={customer.id}"
        "&permissions[]=balances&permissions[1]=transactions"
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    session = sandbox.raw("POST", "/v1/financial_connections/sessions", data=form, headers=headers).json()
    updated = sandbox.api.customers.update(customer.id, {"name": "", "metadata": {"a": ""}})

    assert session["permissions"] == ["balances", "transactions"]
    assert updated.name is None
    assert updated.metadata.to_dict() == {"b": "2"}


def test_a_json_body_is_refused(sandbox: Sandbox) -> None:
    answer = sandbox.raw("POST", "/v1/customers", json={"name": "Ana"})

    assert answer.status_code == 400
    assert sandbox.api.customers.list().data == []


def hosted(customer: str) -> dict[str, Any]:
    return {
        "account_holder": {"type": "customer", "customer": customer},
        "permissions": ALL,
        "ui_mode": "hosted",
        "hosted": {"return_url": "http://localhost:8000/back"},
    }


def test_hosted_sessions_want_the_beta(sandbox: Sandbox) -> None:
    customer = sandbox.api.customers.create({}).id
    sessions = sandbox.api.financial_connections.sessions

    with pytest.raises(stripe.InvalidRequestError) as refused:
        sessions.create(hosted(customer))
    session = sessions.create(hosted(customer), {"stripe_version": HOSTED})

    assert refused.value.code == "parameter_unknown"
    assert session.client_secret is None
    assert session.url.startswith(sandbox.base + "/v3/dialog/hosted/")


def test_a_session_says_nothing_of_previews_otherwise(sandbox: Sandbox) -> None:
    session = sandbox.api.financial_connections.sessions.retrieve(link(sandbox).session).to_dict()

    assert not {"status", "ui_mode", "url", "hosted"} & set(session)


@pytest.mark.parametrize(
    ("extra", "param"),
    [
        ({"permissions": []}, "permissions"),
        ({"permissions": ["balances"], "prefetch": ["transactions"]}, "prefetch[0]"),
        ({"permissions": ["balance"]}, "permissions[0]"),
        ({"account_holder": {"type": "customer"}}, "account_holder[customer]"),
        ({"return_url": "myapp://back"}, "return_url"),
    ],
)
def test_sessions_refuse(sandbox: Sandbox, extra: dict[str, Any], param: str) -> None:
    customer = sandbox.api.customers.create({}).id
    holder = {"type": "customer", "customer": customer}

    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.api.financial_connections.sessions.create({"account_holder": holder, "permissions": ALL, **extra})

    assert refused.value.param == param


def test_a_session_takes_no_more_accounts_than_its_limit(sandbox: Sandbox) -> None:
    customer = sandbox.api.customers.create({}).id
    session = sandbox.api.financial_connections.sessions.create(
        {
            "account_holder": {"type": "customer", "customer": customer},
            "permissions": ALL,
            "limits": {"accounts": 1},
        }
    )
    keys = [each["key"] for each in sandbox.get("/banks")[0]["accounts"]]

    answer = sandbox.post(f"/link-sessions/{session.id}/authorize", {"accounts": keys}, ok=False)

    assert answer["error"]["param"] == "accounts"
    assert sandbox.api.financial_connections.accounts.list().data == []


@pytest.mark.parametrize("result", ["cancel", "fail"])
def test_a_session_that_ends_without_accounts(sandbox: Sandbox, result: str) -> None:
    customer = sandbox.api.customers.create({}).id
    session = sandbox.api.financial_connections.sessions.create(
        {"account_holder": {"type": "customer", "customer": customer}, "permissions": ALL}
    )

    answer = sandbox.post(f"/link-sessions/{session.id}/authorize", {"accounts": [], "result": result})

    assert answer["accounts"] == []
    assert sandbox.api.financial_connections.sessions.retrieve(session.id).accounts.data == []


def test_another_customers_account_cannot_be_debited(sandbox: Sandbox) -> None:
    hers, his = link(sandbox), link(sandbox)
    hers.customer = his.customer

    with pytest.raises(stripe.InvalidRequestError) as refused:
        new_payment(sandbox, hers)

    assert refused.value.param == "payment_method_data[us_bank_account][financial_connections_account]"
    assert sandbox.api.payment_intents.list().data == []


def test_another_customers_method_cannot_be_used(sandbox: Sandbox) -> None:
    hers, his = link(sandbox), link(sandbox)
    method = sandbox.api.payment_methods.create(method_data(hers.account))

    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.api.payment_intents.create(
            {"amount": 500, "currency": "usd", "customer": his.customer, "payment_method": method.id}
        )

    assert refused.value.param == "payment_method"


def test_a_credit_card_cannot_be_debited(sandbox: Sandbox) -> None:
    card = link(sandbox, CARD)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        new_payment(sandbox, card)

    assert refused.value.code == "financial_connections_account_unavailable_account_numbers"


def test_an_account_without_the_permission_cannot_be_debited(sandbox: Sandbox) -> None:
    linked = link(sandbox, permissions=["balances", "transactions"])

    with pytest.raises(stripe.InvalidRequestError, match="payment_method"):
        new_payment(sandbox, linked)


def test_an_inactive_account_gives_no_payment_method(sandbox: Sandbox) -> None:
    linked = link(sandbox)
    sandbox.post(f"/accounts/{linked.account}/state", {"status": "inactive"})

    with pytest.raises(stripe.InvalidRequestError) as refused:
        new_payment(sandbox, linked)

    assert refused.value.code == "financial_connections_account_inactive"


def test_confirming_wants_a_mandate(sandbox: Sandbox) -> None:
    intent = new_payment(sandbox, link(sandbox))

    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.api.payment_intents.confirm(intent.id)

    assert refused.value.param == "mandate_data"
    assert sandbox.api.payment_intents.retrieve(intent.id).status == "requires_confirmation"


def test_an_acceptance_says_where_it_came_from(sandbox: Sandbox) -> None:
    intent = new_payment(sandbox, link(sandbox))
    acceptance = {"type": "online", "online": {"user_agent": "test"}}

    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.api.payment_intents.confirm(intent.id, {"mandate_data": {"customer_acceptance": acceptance}})

    assert refused.value.param == "mandate_data[customer_acceptance][online][ip_address]"


def test_an_intent_without_a_method_cannot_be_confirmed(sandbox: Sandbox) -> None:
    intent = sandbox.api.payment_intents.create({"amount": 500, "currency": "usd"})

    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.api.payment_intents.confirm(intent.id, {"mandate_data": MANDATE_DATA})

    assert refused.value.code == "payment_intent_unexpected_state"


def test_what_cannot_be_expanded_is_refused(sandbox: Sandbox) -> None:
    intent = new_payment(sandbox, link(sandbox))

    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        sandbox.api.payment_intents.retrieve(intent.id, {"expand": ["amount"]})

    expanded = sandbox.api.payment_intents.list({"expand": ["data.customer", "data.payment_method"]}).data[0]
    assert expanded.customer.object == "customer"
    assert expanded.payment_method.us_bank_account.last4


def test_every_answer_has_a_request_id(sandbox: Sandbox) -> None:
    good, bad = sandbox.raw("GET", "/v1/customers"), sandbox.raw("GET", "/v1/customers/cus_none")

    ids = [answer.headers["Request-Id"] for answer in (good, bad)]

    assert ids == [each["request_id"] for each in sandbox.get("/requests")]
    assert good.headers["Stripe-Version"] == "2026-10-28.endive"


def test_what_is_optional_may_be_left_out(sandbox: Sandbox) -> None:
    linked = link(sandbox)
    saved = save_method(sandbox, linked)
    modal = {"account_holder": {"type": "customer", "customer": linked.customer}, "permissions": ALL}

    method = sandbox.api.customers.payment_methods.retrieve(linked.customer, saved.payment_method)
    session = sandbox.api.financial_connections.sessions.create(modal, {"stripe_version": HOSTED})

    assert method.id == saved.payment_method
    assert session.client_secret
