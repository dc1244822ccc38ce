"""Payment methods: bank accounts that may be debited, made from linked accounts or from typed-in numbers."""

from __future__ import annotations

import hashlib
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

from sandbox import banks, clock, customers, events, ids
from sandbox.connections import accounts
from sandbox.money.returns import Return
from sandbox.store import Body, store
from sandbox.wire import errors, listing, rendering
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call, Operation

TEST_ROUTING = "110000000"


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
    details = _bank_details(data["us_bank_account"], _inside(prefix, "us_bank_account"))
    hidden = details.pop("_")
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
        "_": {"detached": False, "disputes": 0, **hidden},
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


def _bank_details(given: Mapping[str, Any], prefix: str) -> Body:
    if "financial_connections_account" in given:
        if "account_number" in given:
            raise errors.exclusive(f"{prefix}[financial_connections_account]", f"{prefix}[account_number]")
        return _from_linked_account(given, f"{prefix}[financial_connections_account]")
    for name in ("account_number", "routing_number"):
        if not given.get(name):
            raise errors.missing(f"{prefix}[{name}]")
    return _from_numbers(given, prefix)


def _from_linked_account(given: Mapping[str, Any], param: str) -> Body:
    account = accounts.existing(given["financial_connections_account"], param)
    _refuse_undebitable(account, param)
    holder = account["account_holder"].get("customer")
    _, bank_account = banks.find_account(account["_"]["bank_key"])
    number = bank_account.account_number_hint or "000123456789"
    return {
        **_details(number, bank_account.routing_number or TEST_ROUTING, account["institution_name"]),
        "account_holder_type": given.get("account_holder_type", "individual"),
        "account_type": "savings" if account["subcategory"] == "savings" else "checking",
        "financial_connections_account": account["id"],
        "last4": account["last4"],
        "_": {"number": number, "holder": holder, "verified": True, "single_use_of": None},
    }


def _refuse_undebitable(account: Body, param: str) -> None:
    if account["status"] != "active":
        raise ApiError(
            f"This Financial Connections account is {account['status']}.",
            code="financial_connections_account_inactive",
            param=param,
        )
    if "payment_method" not in account["permissions"]:
        raise ApiError("The `payment_method` permission was not granted for this account.", param=param)
    if account["category"] != "cash" or "us_bank_account" not in account["supported_payment_method_types"]:
        raise ApiError(
            "This Financial Connections account does not support `us_bank_account` payments.",
            code="financial_connections_account_unavailable_account_numbers",
            param=param,
        )


def _from_numbers(given: Mapping[str, Any], prefix: str) -> Body:
    number, routing = given["account_number"], given["routing_number"]
    if not number.isdigit() or len(number) > 17:
        raise errors.invalid(f"{prefix}[account_number]", "must be up to 17 digits.", code="account_number_invalid")
    if not _routing_is_valid(routing):
        raise errors.invalid(f"{prefix}[routing_number]", "is no routing number.", code="routing_number_invalid")
    return {
        **_details(number, routing, "STRIPE TEST BANK"),
        "account_holder_type": given.get("account_holder_type", "individual"),
        "account_type": given.get("account_type", "checking"),
        "financial_connections_account": None,
        "last4": number[-4:],
        "_": {"number": number, "holder": None, "verified": False, "single_use_of": None},
    }


def _routing_is_valid(routing: str) -> bool:
    """Nine digits with the ABA's check sum."""
    if len(routing) != 9 or not routing.isdigit():
        return False
    return sum(int(digit) * weight for digit, weight in zip(routing, (3, 7, 1) * 3, strict=True)) % 10 == 0


def _details(number: str, routing: str, bank_name: str) -> Body:
    return {
        "bank_name": bank_name,
        "fingerprint": hashlib.sha256(f"{routing}/{number}".encode()).hexdigest()[:16],
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": routing,
        "status_details": {},
    }


def existing(method_id: str, param: str | None) -> Body:
    method = store.find("payment_method", method_id)
    if method is None:
        raise errors.no_such("payment_method", method_id, param)
    return method


def usable_by(method: Body, customer_id: str | None, param: str) -> None:
    """Refuses a payment method that this customer cannot pay with."""
    if method["_"]["detached"]:
        raise ApiError(
            "The provided PaymentMethod was detached from a Customer. It may not be used again.",
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
        block(method, why.blocks, why.network_code)


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
    method = existing(call.id, None)
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
