"""Customers: the account holders of everything else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from stripe.params import (
    CustomerCreateParams,
    CustomerDeleteParams,
    CustomerListParams,
    CustomerRetrieveParams,
    CustomerUpdateParams,
)

from sandbox import clock, events, ids
from sandbox.store import Body, store
from sandbox.wire import errors, listing, rendering
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call, Operation

# The most characters that Stripe takes.
_LONGEST = {"business_name": 150, "email": 512, "individual_name": 150, "name": 256, "phone": 20}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
_FIELDS = ("address", "business_name", "description", "email", "individual_name", "name", "phone", "shipping")


def existing(customer_id: str, param: str | None) -> Body:
    """The customer, or Stripe's refusal; a deleted one no longer exists as a parameter."""
    customer = store.find("customer", customer_id)
    if customer is None or customer.get("deleted"):
        raise errors.no_such("customer", customer_id, param)
    return customer


def create(call: Call) -> Body:
    customer: Body = {
        "id": ids.new_id("customer"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": clock.stamp(),
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": ids.token(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    _apply(customer, call.params)
    store.add(customer)
    events.emit("customer.created", customer)
    return rendering.shown(customer, call.version)


def retrieve(call: Call) -> Body:
    customer = store.find("customer", call.id)
    if customer is None:
        raise errors.no_such("customer", call.id)
    return rendering.shown(customer, call.version)


def update(call: Call) -> Body:
    customer = existing(call.id, None)
    before = dict(customer)
    _apply(customer, call.params)
    store.save(customer)
    changed = {key: value for key, value in before.items() if customer[key] != value}
    if changed:
        events.emit("customer.updated", customer, previous=changed)
    return rendering.shown(customer, call.version)


def delete(call: Call) -> Body:
    customer = existing(call.id, None)
    events.emit("customer.deleted", customer)
    stub: Body = {"id": customer["id"], "object": "customer", "deleted": True}
    store.save(stub)
    for method in store.all("payment_method", customer=call.id):
        method["customer"] = None
        method["_"]["detached"] = True
        store.save(method)
    return stub


def list_customers(call: Call) -> Body:
    return listing.page(
        "customer",
        call.params,
        call.url,
        call.version,
        equal={"email": call.params.get("email")},
        where=("json_extract(body, '$.deleted') IS NULL",),
    )


def _apply(customer: Body, params: Any) -> None:
    _refuse_malformed(params)
    for name in _FIELDS:
        if name in params:
            customer[name] = params[name] or None
    if params.get("address"):
        customer["address"] = _whole(params["address"])
    if params.get("shipping"):
        shipping = params["shipping"]
        customer["shipping"] = {"phone": None, **shipping, "address": _whole(shipping["address"])}
    if "metadata" in params:
        customer["metadata"] = merged_metadata(customer["metadata"], params["metadata"])
    if "tax_exempt" in params:
        customer["tax_exempt"] = params["tax_exempt"] or "none"
    if "preferred_locales" in params:
        customer["preferred_locales"] = list(params["preferred_locales"])
    settings = params.get("invoice_settings", {})
    if "default_payment_method" in settings:
        method_id = settings["default_payment_method"]
        method = store.find("payment_method", method_id)
        if method is None or method["customer"] != customer["id"]:
            raise errors.no_such("payment_method", method_id, "invoice_settings[default_payment_method]")
        customer["invoice_settings"]["default_payment_method"] = method_id
    # A field that a customer has only when it was given.
    for name in ("business_name", "individual_name"):
        if customer.get(name, "") is None:
            del customer[name]


def _refuse_malformed(params: Any) -> None:
    for name, longest in _LONGEST.items():
        if len(params.get(name, "")) > longest:
            raise errors.too_long(params[name], name, longest)
    if params.get("email") and not _EMAIL.fullmatch(params["email"]):
        raise ApiError(f"Invalid email address: {params['email']}", code="email_invalid", param="email")


def _whole(address: Mapping[str, str]) -> Body:
    """An address with all its lines, as it is shown."""
    return {name: address.get(name) or None for name in _ADDRESS}


def merged_metadata(old: dict[str, str] | None, new: dict[str, str] | str) -> dict[str, str]:
    """Stripe's rule: an empty value takes a key away, an empty hash takes all of them."""
    if not isinstance(new, dict):
        return {}
    merged = {**(old or {}), **new}
    return {key: value for key, value in merged.items() if value != ""}


_BEYOND = (
    "balance", "cash_balance", "default_source", "invoice_prefix", "next_invoice_sequence", "payment_method", "source",
    "tax", "tax_id_data", "test_clock", "validate",
)  # fmt: skip

OPERATIONS = (
    Operation("POST", "/v1/customers", create, CustomerCreateParams, beyond=_BEYOND, emits=("customer.created",)),
    Operation("GET", "/v1/customers", list_customers, CustomerListParams, beyond=("test_clock",)),
    Operation("GET", "/v1/customers/*", retrieve, CustomerRetrieveParams),
    Operation("POST", "/v1/customers/*", update, CustomerUpdateParams, beyond=_BEYOND, emits=("customer.updated",)),
    Operation("DELETE", "/v1/customers/*", delete, CustomerDeleteParams, emits=("customer.deleted",)),
)
