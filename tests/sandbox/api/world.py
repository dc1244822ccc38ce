"""A small world with one of everything, and for each operation a request that it takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from sandbox.wire.operations import Operation
from tests.sandbox.api.driving import (
    ALL,
    MANDATE_DATA,
    Linked,
    Sandbox,
    confirmed_payment,
    link,
    method_data,
    new_payment,
    refresh,
    save_method,
)
from tests.sandbox.api.wire import Wire

CURRENT, PREVIEW = "2026-10-28.endive", "2026-10-28.preview"

Request = tuple[str, dict[str, Any]]

TYPED_IN = {
    "type": "us_bank_account",
    "billing_details": {"name": "Ana Rivera"},
    "us_bank_account": {
        "account_holder_type": "individual",
        "account_number": "000123456789",
        "routing_number": "110000000",
    },
}


def version_of(operation: Operation) -> str:
    """The newest version that knows the operation."""
    return PREVIEW if operation.preview else CURRENT


class World:
    """Objects are made when they are first asked for; those that a request uses up are made anew for each."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.api = sandbox.api

    @cached_property
    def linked(self) -> Linked:
        linked = link(self.sandbox)
        refresh(self.sandbox, linked.account, "balance", "ownership", "transactions")
        return linked

    @property
    def customer(self) -> str:
        return self.linked.customer

    @cached_property
    def saved(self) -> Any:
        """A SetupIntent that has succeeded."""
        return save_method(self.sandbox, self.linked)

    @cached_property
    def paid(self) -> Any:
        """A PaymentIntent that has succeeded, with its charge."""
        intent = confirmed_payment(self.sandbox, self.linked)
        self.sandbox.post(f"/payment_intents/{intent.id}/settle", {"outcome": "succeeded"})
        return intent

    @cached_property
    def refund(self) -> Any:
        return self.api.refunds.create({"payment_intent": self.paid.id, "amount": 100})

    @cached_property
    def dispute(self) -> Any:
        intent = confirmed_payment(self.sandbox, self.linked)
        self.sandbox.post(f"/payment_intents/{intent.id}/settle", {"outcome": "succeeded"})
        return self.sandbox.post(f"/payment_intents/{intent.id}/dispute", {"reason": "insufficient_funds"})

    @property
    def endpoint(self) -> Any:
        """A new one in place of the last: an account has only so many."""
        for each in self.api.webhook_endpoints.list().data[:-1]:
            self.api.webhook_endpoints.delete(each.id)
        return self.api.webhook_endpoints.create({"url": "http://127.0.0.1:9/", "enabled_events": ["mandate.updated"]})

    @property
    def method(self) -> Any:
        return self.api.payment_methods.create(method_data(self.linked.account))

    @cached_property
    def authorization(self) -> str:
        account = self.wire.send("GET", f"{_ACCOUNTS}/{self.linked.account}", Stripe_Version=PREVIEW)
        return str(account.body["authorization"])

    @cached_property
    def institution(self) -> str:
        page = self.wire.send("GET", "/v1/financial_connections/institutions", Stripe_Version=PREVIEW)
        return str(page.body["data"][0]["id"])

    @cached_property
    def wire(self) -> Wire:
        return Wire(self.sandbox.base)

    def of(self, operation: Operation) -> Request:
        """A path and parameters that the operation takes."""
        return GOOD[operation.name](self)

    def other_kind(self, operation: Operation) -> str:
        """An id that exists, of another kind than the operation lists."""
        return str(self.saved.id if operation.resource == "customers" else self.customer)


def _unverified(world: World, kind: str) -> str:
    """An intent that waits for its microdeposits."""
    intents = getattr(world.api, f"{kind}_intents")
    amount = {"amount": 500, "currency": "usd"} if kind == "payment" else {}
    intent = intents.create({**amount, "payment_method_data": TYPED_IN, "confirm": True, "mandate_data": MANDATE_DATA})
    return str(intent.id)


def _session_account(world: World) -> str:
    return link(world.sandbox, customer=world.customer).account


_ACCOUNTS = "/v1/financial_connections/accounts"
_PAGE = {"limit": 2, "created": {"gte": 1}}

GOOD: dict[str, Callable[[World], Request]] = {
    "GET /v1/account": lambda w: ("/v1/account", {}),
    "GET /v1/accounts/*": lambda w: ("/v1/accounts/acct_sandbox", {}),
    "GET /v1/balance_transactions": lambda w: ("/v1/balance_transactions", {**_PAGE, "source": w.paid.latest_charge}),
    "GET /v1/balance_transactions/*": lambda w: (
        f"/v1/balance_transactions/{w.api.balance_transactions.list({'source': w.paid.latest_charge}).data[0].id}",
        {"expand": ["source"]},
    ),
    "GET /v1/charges": lambda w: ("/v1/charges", {**_PAGE, "payment_intent": w.paid.id, "expand": ["data.customer"]}),
    "GET /v1/charges/*": lambda w: (f"/v1/charges/{w.paid.latest_charge}", {"expand": ["payment_intent.customer"]}),
    "POST /v1/customer_sessions": lambda w: (
        "/v1/customer_sessions",
        {
            "customer": w.customer,
            "components": {"payment_element": {"enabled": True, "features": {"payment_method_save": "enabled"}}},
            "expand": ["customer"],
        },
    ),
    "POST /v1/customers": lambda w: (
        "/v1/customers",
        {
            "name": "Ana",
            "email": "ana@example.com",
            "metadata": {"a": "1"},
            "preferred_locales": ["en", "es"],
            "address": {"city": "Reno"},
            "invoice_settings": {"footer": "x"},
        },
    ),
    "GET /v1/customers": lambda w: ("/v1/customers", {**_PAGE, "email": "ana@example.com"}),
    "GET /v1/customers/*": lambda w: (f"/v1/customers/{w.customer}", {}),
    "POST /v1/customers/*": lambda w: (f"/v1/customers/{w.customer}", {"description": "x", "phone": ""}),
    "DELETE /v1/customers/*": lambda w: (f"/v1/customers/{w.api.customers.create({}).id}", {}),
    "GET /v1/customers/*/payment_methods": lambda w: (
        f"/v1/customers/{w.saved.customer}/payment_methods",
        {"type": "us_bank_account"},
    ),
    "GET /v1/customers/*/payment_methods/*": lambda w: (
        f"/v1/customers/{w.saved.customer}/payment_methods/{w.saved.payment_method}",
        {"expand": ["customer"]},
    ),
    "GET /v1/disputes": lambda w: ("/v1/disputes", {**_PAGE, "charge": w.dispute["charge"]}),
    "GET /v1/disputes/*": lambda w: (f"/v1/disputes/{w.dispute['id']}", {"expand": ["charge"]}),
    "GET /v1/events": lambda w: ("/v1/events", {**_PAGE, "types": ["customer.created", "mandate.updated"]}),
    "GET /v1/events/*": lambda w: (f"/v1/events/{w.api.events.list({'limit': 1}).data[0].id}", {}),
    f"GET {_ACCOUNTS}": lambda w: (_ACCOUNTS, {"account_holder": {"customer": w.customer}, "limit": 5}),
    f"GET {_ACCOUNTS}/*": lambda w: (f"{_ACCOUNTS}/{w.linked.account}", {"expand": ["ownership"]}),
    f"POST {_ACCOUNTS}/*/refresh": lambda w: (
        f"{_ACCOUNTS}/{_session_account(w)}/refresh",
        {"features": ["balance", "transactions"]},
    ),
    f"POST {_ACCOUNTS}/*/subscribe": lambda w: (
        f"{_ACCOUNTS}/{w.linked.account}/subscribe",
        {"features": ["transactions"]},
    ),
    f"POST {_ACCOUNTS}/*/unsubscribe": lambda w: (
        f"{_ACCOUNTS}/{w.linked.account}/unsubscribe",
        {"features": ["transactions"]},
    ),
    f"POST {_ACCOUNTS}/*/disconnect": lambda w: (f"{_ACCOUNTS}/{_session_account(w)}/disconnect", {}),
    f"GET {_ACCOUNTS}/*/owners": lambda w: (
        f"{_ACCOUNTS}/{w.linked.account}/owners",
        {"ownership": w.api.financial_connections.accounts.retrieve(w.linked.account).ownership},
    ),
    "GET /v1/financial_connections/authorizations/*": lambda w: (
        f"/v1/financial_connections/authorizations/{w.authorization}",
        {},
    ),
    "GET /v1/financial_connections/institutions": lambda w: ("/v1/financial_connections/institutions", {"limit": 3}),
    "GET /v1/financial_connections/institutions/*": lambda w: (
        f"/v1/financial_connections/institutions/{w.institution}",
        {},
    ),
    "POST /v1/financial_connections/sessions": lambda w: (
        "/v1/financial_connections/sessions",
        {
            "account_holder": {"type": "customer", "customer": w.customer},
            "permissions": ALL,
            "prefetch": ["balances", "transactions"],
            "filters": {"account_subcategories": ["checking", "savings"]},
        },
    ),
    "GET /v1/financial_connections/sessions/*": lambda w: (
        f"/v1/financial_connections/sessions/{w.linked.session}",
        {},
    ),
    "GET /v1/financial_connections/transactions": lambda w: (
        "/v1/financial_connections/transactions",
        {"account": w.linked.account, "limit": 5, "transacted_at": {"gte": 1}},
    ),
    "GET /v1/financial_connections/transactions/*": lambda w: (
        "/v1/financial_connections/transactions/"
        + w.api.financial_connections.transactions.list({"account": w.linked.account}).data[0].id,
        {},
    ),
    "GET /v1/mandates/*": lambda w: (f"/v1/mandates/{w.saved.mandate}", {"expand": ["payment_method"]}),
    "POST /v1/payment_intents": lambda w: (
        "/v1/payment_intents",
        {
            "amount": 84_50,
            "currency": "usd",
            "customer": w.customer,
            "allowed_payment_method_types": ["us_bank_account"],
            "payment_method_data": method_data(w.linked.account),
            "expand": ["payment_method", "customer"],
        },
    ),
    "GET /v1/payment_intents": lambda w: ("/v1/payment_intents", {**_PAGE, "customer": w.customer}),
    "GET /v1/payment_intents/search": lambda w: (
        "/v1/payment_intents/search",
        {"query": "status:'succeeded' AND amount>100", "limit": 1, "expand": ["data.customer"]} if w.paid else {},
    ),
    "GET /v1/payment_intents/*": lambda w: (
        f"/v1/payment_intents/{w.paid.id}",
        {"expand": ["latest_charge.payment_intent"]},
    ),
    "POST /v1/payment_intents/*": lambda w: (
        f"/v1/payment_intents/{w.api.payment_intents.create({'amount': 500, 'currency': 'usd'}).id}",
        {"amount": 900, "metadata": {"bill": "1"}},
    ),
    "POST /v1/payment_intents/*/confirm": lambda w: (
        f"/v1/payment_intents/{new_payment(w.sandbox, w.linked).id}/confirm",
        {"mandate_data": MANDATE_DATA, "expand": ["latest_charge"]},
    ),
    "POST /v1/payment_intents/*/cancel": lambda w: (
        f"/v1/payment_intents/{new_payment(w.sandbox, w.linked).id}/cancel",
        {"cancellation_reason": "requested_by_customer"},
    ),
    "POST /v1/payment_intents/*/verify_microdeposits": lambda w: (
        f"/v1/payment_intents/{_unverified(w, 'payment')}/verify_microdeposits",
        {"amounts": [32, 45]},
    ),
    "POST /v1/payment_methods": lambda w: ("/v1/payment_methods", method_data(w.linked.account)),
    "GET /v1/payment_methods": lambda w: (
        "/v1/payment_methods",
        {"customer": w.saved.customer, "type": "us_bank_account"},
    ),
    "GET /v1/payment_methods/*": lambda w: (f"/v1/payment_methods/{w.saved.payment_method}", {}),
    "POST /v1/payment_methods/*": lambda w: (
        f"/v1/payment_methods/{w.saved.payment_method}",
        {"billing_details": {"phone": "+15555550100"}},
    ),
    "POST /v1/payment_methods/*/attach": lambda w: (
        f"/v1/payment_methods/{w.method.id}/attach",
        {"customer": w.customer},
    ),
    "POST /v1/payment_methods/*/detach": lambda w: (
        f"/v1/payment_methods/{save_method(w.sandbox, w.linked).payment_method}/detach",
        {},
    ),
    "POST /v1/refunds": lambda w: (
        "/v1/refunds",
        {"payment_intent": w.paid.id, "amount": 50, "reason": "duplicate", "metadata": {"a": "b"}},
    ),
    "GET /v1/refunds": lambda w: ("/v1/refunds", {**_PAGE, "payment_intent": w.refund.payment_intent}),
    "GET /v1/refunds/*": lambda w: (f"/v1/refunds/{w.refund.id}", {"expand": ["charge"]}),
    "POST /v1/refunds/*": lambda w: (f"/v1/refunds/{w.refund.id}", {"metadata": {"a": "b"}}),
    "POST /v1/setup_intents": lambda w: (
        "/v1/setup_intents",
        {
            "customer": w.customer,
            "allowed_payment_method_types": ["us_bank_account"],
            "payment_method_data": method_data(w.linked.account),
            "mandate_data": MANDATE_DATA,
            "confirm": True,
        },
    ),
    "GET /v1/setup_intents": lambda w: ("/v1/setup_intents", {**_PAGE, "customer": w.saved.customer}),
    "GET /v1/setup_intents/*": lambda w: (f"/v1/setup_intents/{w.saved.id}", {"expand": ["mandate", "latest_attempt"]}),
    "POST /v1/setup_intents/*": lambda w: (
        f"/v1/setup_intents/{w.api.setup_intents.create({}).id}",
        {"description": "x"},
    ),
    "POST /v1/setup_intents/*/confirm": lambda w: (
        f"/v1/setup_intents/{w.api.setup_intents.create({'customer': w.customer}).id}/confirm",
        {"payment_method": w.method.id, "mandate_data": MANDATE_DATA},
    ),
    "POST /v1/setup_intents/*/cancel": lambda w: (
        f"/v1/setup_intents/{w.api.setup_intents.create({}).id}/cancel",
        {"cancellation_reason": "abandoned"},
    ),
    "POST /v1/setup_intents/*/verify_microdeposits": lambda w: (
        f"/v1/setup_intents/{_unverified(w, 'setup')}/verify_microdeposits",
        {"descriptor_code": "SM11AA"},
    ),
    "POST /v1/webhook_endpoints": lambda w: (
        "/v1/webhook_endpoints",
        {"url": "http://127.0.0.1:9/", "enabled_events": ["mandate.updated"], "metadata": {"a": "b"}},
    ),
    "GET /v1/webhook_endpoints": lambda w: ("/v1/webhook_endpoints", {"limit": 2}),
    "GET /v1/webhook_endpoints/*": lambda w: (f"/v1/webhook_endpoints/{w.endpoint.id}", {}),
    "POST /v1/webhook_endpoints/*": lambda w: (
        f"/v1/webhook_endpoints/{w.endpoint.id}",
        {"disabled": True, "enabled_events": ["*"]},
    ),
    "DELETE /v1/webhook_endpoints/*": lambda w: (f"/v1/webhook_endpoints/{w.endpoint.id}", {}),
}
