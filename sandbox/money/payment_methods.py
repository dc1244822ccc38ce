"""Payment methods: bank accounts that may be debited, made from linked accounts or from typed-in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe.params import (
    CustomerPaymentMethodListParams,
    PaymentMethodAttachParams,
    PaymentMethodCreateParams,
    PaymentMethodDetachParams,
    PaymentMethodListParams,
    PaymentMethodRetrieveParams,
    PaymentMethodUpdateParams,
)

from sandbox import clock, customers, events, ids
from sandbox.connections import account_numbers, accounts
from sandbox.money import bank_accounts
from sandbox.money.returns import TOKENS, Return
from sandbox.store import Body, store
from sandbox.wire import errors, listing, rendering
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call, Operation


def build(data: Mapping[str, Any], prefix: str) -> Body:
    """A new payment method from `data`, parameters under `prefix`; who may pay with it is `usable_by`'s to say."""
    if data.get("type") != "us_bank_account":
        raise ApiError(
            "This sandbox debits US bank accounts only.", param=_inside(prefix, "type"), code="parameter_unknown"
        )
    billing = data.get("billing_details", {})
    if not billing.get("name"):
        raise errors.missing(_inside(prefix, "billing_details[name]"))
    if "us_bank_account" not in data:
        raise errors.missing(_inside(prefix, "us_bank_account"))
    details = bank_accounts.described(data["us_bank_account"], _inside(prefix, "us_bank_account"))
    hidden = details.pop("_")
    # `unverifiable`: why microdeposits are over for it; `spent_on`: the one intent that may still use it.
    method: Body = {
        "id": ids.new_id("payment_method"),
        "object": "payment_method",
        "allow_redisplay": data.get("allow_redisplay", "unspecified"),
        "billing_details": _billing_details(billing),
        "created": clock.stamp(),
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": customers.merged_metadata({}, data.get("metadata", {})),
        "type": "us_bank_account",
        "us_bank_account": details,
        "_": {"attempts": {}, "detached": False, "disputes": 0, "spent_on": None, "unverifiable": None, **hidden},
    }
    return store.add(method)


def _inside(prefix: str, name: str) -> str:
    head, bracket, rest = name.partition("[")
    return f"{prefix}[{head}]{bracket}{rest}" if prefix else name


def _billing_details(billing: Mapping[str, Any]) -> Body:
    address = billing.get("address") or {}
    return {
        "address": {
            name: address.get(name) or None for name in ("city", "country", "line1", "line2", "postal_code", "state")
        },
        "email": billing.get("email") or None,
        "name": billing.get("name") or None,
        "phone": billing.get("phone") or None,
        "tax_id": billing.get("tax_id") or None,
    }


def named(method_id: str, param: str | None) -> Body:
    """The payment method with that id; one of Stripe's test tokens stands for a new one each time."""
    number = TOKENS.get(method_id)
    if number is None:
        return existing(method_id, param)
    data = {
        "type": "us_bank_account",
        "billing_details": {"name": "Jenny Rosen"},
        "us_bank_account": {"account_number": number, "routing_number": bank_accounts.TEST_ROUTING},
    }
    method = build(data, "payment_method_data")
    if method["_"]["outcome"] != "failMicrodeposits":
        set_verified(method)
    return method


def existing(method_id: str, param: str | None) -> Body:
    method = store.find("payment_method", method_id)
    if method is None:
        raise errors.no_such("payment_method", method_id, param)
    return method


def usable_by(method: Body, customer_id: str | None, param: str, intent_id: str | None = None) -> None:
    """Refuses a payment method that this customer cannot pay with, or not with this intent."""
    if method["_"]["detached"] or method["_"]["spent_on"] not in (None, intent_id):
        raise ApiError(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared "
            "with a connected account without Customer attachment, or was detached from a Customer. It may not be "
            "used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.",
            code="payment_method_unexpected_state",
            param=param,
        )
    if method["customer"] is not None and method["customer"] != customer_id:
        raise ApiError(
            "The provided PaymentMethod belongs to another Customer."
            if customer_id
            else "The provided PaymentMethod belongs to a Customer. Supply the customer as well.",
            code="payment_method_invalid_parameter",
            param=param,
        )
    holder = method["_"]["holder"]
    if holder is not None and holder != customer_id:
        raise ApiError("The Financial Connections account of this PaymentMethod is another customer's.", param=param)


def set_verified(method: Body) -> None:
    method["_"]["verified"] = True
    store.save(method)


def is_blocked(method: Body) -> bool:
    return "blocked" in (method["us_bank_account"]["status_details"] or {})


def spend(method: Body, intent_id: str) -> None:
    """A method that belongs to no customer serves the one intent that debited it."""
    if method["customer"] is None:
        method["_"]["spent_on"] = intent_id
        store.save(method)


def block_dead_number(method: Body) -> None:
    """Blocks a method whose tokenized account number the bank has taken back."""
    account = store.find(accounts.KIND, method["us_bank_account"]["financial_connections_account"] or "")
    numbers = (account or {}).get("account_numbers") or []
    if numbers and all(number["status"] in ("deactivated", "expired") for number in numbers):
        block(method, "tokenized_account_number_deactivated", None)


def block(method: Body, reason: str, network_code: str | None) -> None:
    """Stripe blocks a bank account that sent a debit back for good."""
    if is_blocked(method):
        return
    previous = {"us_bank_account": {"status_details": method["us_bank_account"]["status_details"]}}
    method["us_bank_account"]["status_details"] = {"blocked": {"network_code": network_code, "reason": reason}}
    store.save(method)
    events.emit("payment_method.automatically_updated", method, previous=previous)


def block_for(method: Body, why: Return) -> None:
    if why.blocks:
        block_all(method, why.blocks, why.network_code)


def block_all(method: Body, reason: str, network_code: str | None) -> None:
    """Blocks the bank account, under whatever id its customer has saved it."""
    for each in of_same_account(method):
        block(each, reason, network_code)


def of_same_account(method: Body) -> list[Body]:
    """The method, and those that its customer has made of the same bank account."""
    siblings = store.all("payment_method", customer=method["customer"]) if method["customer"] else []
    fingerprint = method["us_bank_account"]["fingerprint"]
    others = [each for each in siblings if each["us_bank_account"]["fingerprint"] == fingerprint]
    return [method, *(each for each in others if each["id"] != method["id"])]


def _block_all_of(account: Body) -> None:
    """A tokenized number that is over takes the payment methods that were made from it with it."""
    for method in store.all("payment_method"):
        if method["us_bank_account"]["financial_connections_account"] == account["id"]:
            block(method, "tokenized_account_number_deactivated", None)


account_numbers.ON_DEAD.append(_block_all_of)


def attach_to(method: Body, customer_id: str) -> None:
    if method["customer"] == customer_id:
        return
    method["customer"] = customer_id
    store.save(method)
    events.emit("payment_method.attached", method)


# The API


def create(call: Call) -> Body:
    return rendering.shown(build(call.params, ""), call.version)


def retrieve(call: Call) -> Body:
    return rendering.shown(existing(call.id, None), call.version)


def update(call: Call) -> Body:
    method = existing(call.id, None)
    if method["customer"] is None:
        raise ApiError(
            "You must save this PaymentMethod to a customer before you can update it.",
            code="payment_method_unexpected_state",
            executed=True,
        )
    before = {key: method[key] for key in ("allow_redisplay", "billing_details", "metadata")}
    if "allow_redisplay" in call.params:
        method["allow_redisplay"] = call.params["allow_redisplay"]
    if "billing_details" in call.params:
        given = call.params["billing_details"]
        method["billing_details"] = _billing_details({**method["billing_details"], **given})
    if "metadata" in call.params:
        method["metadata"] = customers.merged_metadata(method["metadata"], call.params["metadata"])
    for name in ("account_holder_type", "account_type"):
        if name in call.params.get("us_bank_account", {}):
            method["us_bank_account"][name] = call.params["us_bank_account"][name]
    store.save(method)
    events.emit("payment_method.updated", method, previous={k: v for k, v in before.items() if method[k] != v})
    return rendering.shown(method, call.version)


def list_methods(call: Call) -> Body:
    params = call.params
    if params.get("customer"):
        customers.existing(params["customer"], "customer")
    elif "customer" not in params and "type" not in params:
        raise errors.missing("type")
    return _page(call, params.get("customer"))


def list_of_customer(call: Call) -> Body:
    customers.existing(call.id, None)
    return _page(call, call.id)


def _page(call: Call, customer_id: str | None) -> Body:
    attached = () if customer_id else ("json_extract(body, '$.customer') IS NOT NULL",)
    return listing.page(
        "payment_method",
        call.params,
        call.url,
        call.version,
        places={"customer": customer_id},
        equal={"type": call.params.get("type"), "allow_redisplay": call.params.get("allow_redisplay")},
        where=attached,
    )


def retrieve_of_customer(call: Call) -> Body:
    customers.existing(call.ids[0], None)
    method = existing(call.ids[1], None)
    if method["customer"] != call.ids[0]:
        raise errors.no_such("payment_method", call.ids[1])
    return rendering.shown(method, call.version)


def attach(call: Call) -> Body:
    method = named(call.id, None)
    if not call.params.get("customer"):
        raise errors.missing("customer")
    customer = customers.existing(call.params["customer"], "customer")
    if method["customer"] is not None:
        raise ApiError(
            "The payment method you provided has already been attached to a customer.",
            code="payment_method_unexpected_state",
            executed=True,
        )
    usable_by(method, customer["id"], "customer")
    if not method["_"]["verified"]:
        raise ApiError(
            "The bank account you provided must be verified before it is attached. Use a SetupIntent.",
            code="bank_account_unverified",
            executed=True,
        )
    attach_to(method, customer["id"])
    return rendering.shown(method, call.version)


def detach(call: Call) -> Body:
    method = existing(call.id, None)
    if method["customer"] is None:
        raise ApiError(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            code="payment_method_unexpected_state",
            executed=True,
        )
    previous = {"customer": method["customer"]}
    method["customer"] = None
    method["_"]["detached"] = True
    store.save(method)
    events.emit("payment_method.detached", method, previous=previous)
    return rendering.shown(method, call.version)


_PATH = "/v1/payment_methods"

OPERATIONS = (
    Operation(
        "POST", _PATH, create, PaymentMethodCreateParams, beyond=("customer", "payment_method"), publishable=True
    ),
    Operation("GET", _PATH, list_methods, PaymentMethodListParams),
    Operation("GET", _PATH + "/*", retrieve, PaymentMethodRetrieveParams),
    Operation(
        "POST", _PATH + "/*", update, PaymentMethodUpdateParams, beyond=("card",), emits=("payment_method.updated",)
    ),
    Operation(
        "POST",
        _PATH + "/*/attach",
        attach,
        PaymentMethodAttachParams,
        beyond=("customer_account",),
        emits=("payment_method.attached",),
    ),
    Operation("POST", _PATH + "/*/detach", detach, PaymentMethodDetachParams, emits=("payment_method.detached",)),
    Operation("GET", "/v1/customers/*/payment_methods", list_of_customer, CustomerPaymentMethodListParams),
    Operation("GET", "/v1/customers/*/payment_methods/*", retrieve_of_customer),
)
