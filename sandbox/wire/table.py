"""Every operation of the API, by path."""

from __future__ import annotations

from sandbox import account, customer_sessions, customers, event_list, webhook_endpoints
from sandbox.connections import accounts, authorizations, institutions, sessions, transactions
from sandbox.money import balance, charges, disputes, mandates, payment_intents, payment_methods, refunds, setup_intents
from sandbox.wire.operations import Table

TABLE = Table(
    account.OPERATIONS
    + accounts.OPERATIONS
    + balance.OPERATIONS
    + authorizations.OPERATIONS
    + charges.OPERATIONS
    + customer_sessions.OPERATIONS
    + customers.OPERATIONS
    + disputes.OPERATIONS
    + event_list.OPERATIONS
    + institutions.OPERATIONS
    + mandates.OPERATIONS
    + payment_intents.OPERATIONS
    + payment_methods.OPERATIONS
    + refunds.OPERATIONS
    + sessions.OPERATIONS
    + setup_intents.OPERATIONS
    + transactions.OPERATIONS
    + webhook_endpoints.OPERATIONS
)
