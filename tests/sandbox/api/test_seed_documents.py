"""Plain curl, as Stripe's own documents write it, leads from a customer to a debit."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.api.driving import Sandbox, bank_accounts

CHECKOUT = Path(__file__).parents[3]
DOCUMENTS = Path(os.environ.get("SEED_DOCUMENTS", CHECKOUT.parent / "shared/reference/seed-document.txt"))

CUSTOMER = """
curl https://api.stripe.com/v1/customers \\
  -u "<<YOUR_SECRET_KEY>>:" \\
  -d email={{CUSTOMER_EMAIL}} \\
  -d name={{CUSTOMER_NAME}}
"""
SESSION = """
curl https://api.stripe.com/v1/financial_connections/sessions \\
  -u "<<YOUR_SECRET_KEY>>:" \\
  -d "account_holder[type]=customer" \\
  -d "account_holder[customer]={{CUSTOMER_ID}}" \\
  -d "permissions[]=balances" \\
  -d "permissions[]=ownership" \\
  -d "permissions[]=payment_method" \\
  -d "permissions[]=transactions"
"""
WEBVIEW_SESSION = """
curl https://api.stripe.com/v1/financial_connections/sessions \\
  -u "<<YOUR_SECRET_KEY>>:" \\
  -d "account_holder[type]=customer" \\
  -d "account_holder[customer]={{CUSTOMER_ID}}" \\
  -d "permissions[]=balances" \\
  -d "permissions[]=payment_method" \\
  --data-urlencode "return_url=https://stripe.com"
"""
HOSTED_SESSION = """
curl https://api.stripe.com/v1/financial_connections/sessions \\
  -u "<<YOUR_SECRET_KEY>>:" \\
  -H "Stripe-Version: 2026-04-22.preview; financial_connections_hosted_beta=v1" \\
  -d "account_holder[type]=customer" \\
  -d "account_holder[customer]={{CUSTOMER_ID}}" \\
  -d ui_mode=hosted \\
  --data-urlencode "hosted[return_url]=https://www.example.com" \\
  -d "permissions[]=balances" \\
  -d "permissions[]=ownership" \\
  -d "permissions[]=payment_method" \\
  -d "permissions[]=transactions"
"""
PAYMENT = """
curl https://api.stripe.com/v1/payment_intents \\
  -u "<<YOUR_SECRET_KEY>>:" \\
  -d "customer={{CUSTOMER_ID}}" \\
  -d "payment_method_types[]=us_bank_account" \\
  -d "payment_method_data[us_bank_account][financial_connections_account]={{FINANCIALCONNECTIONSACCOUNT_ID}}" \\
  -d "payment_method_data[type]=us_bank_account" \\
  -d "payment_method_data[billing_details][name]=J. Customer" \\
  -d amount=100 \\
  -d currency=usd
"""
CONFIRMATION = """
curl https://api.stripe.com/v1/payment_intents/{{PAYMENTINTENT_ID}}/confirm \\
  -u "<<YOUR_SECRET_KEY>>:" \\
  -d "mandate_data[customer_acceptance][accepted_at]=1647448692" \\
  -d "mandate_data[customer_acceptance][type]=online" \\
  -d "mandate_data[customer_acceptance][online][ip_address]=71.183.194.54" \\
  --data-urlencode "mandate_data[customer_acceptance][online][user_agent]=Mozilla/5.0 ..."
"""

# The documents are older than the version that took `payment_method_types` away, and name none.
THEIR_VERSION = "2026-04-22.dahlia"

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


class Reader:
    """Somebody who follows a document: fills in what its commands leave open, and does what it says in between."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.known = {"CUSTOMER_EMAIL": "ana@example.com", "CUSTOMER_NAME": "Ana"}

    def run(self, command: str, *options: str) -> Any:
        for name, value in self.known.items():
            command = command.replace("{{" + name + "}}", value)
        command = command.replace("https://api.stripe.com", self.sandbox.base).replace(
            "<<YOUR_SECRET_KEY>>", "sk_test_sandbox"
        )
        arguments = [*shlex.split(command.replace("\\\n", " ")), "--silent", *options]
        return json.loads(subprocess.run(arguments, check=True, capture_output=True, timeout=20).stdout)

    def follow(self, command: str) -> Any:
        options = ("-H", f"Stripe-Version: {THEIR_VERSION}") if "payment_method_types" in command else ()
        body = self.run(command, *options)
        assert "error" not in body, body
        if body["object"] == "customer":
            self.known["CUSTOMER_ID"] = body["id"]
        if body["object"] == "payment_intent":
            self.known["PAYMENTINTENT_ID"] = body["id"]
        if body["object"] == "financial_connections.session":
            key = bank_accounts(self.sandbox)[0]["key"]
            done = self.sandbox.post(f"/link-sessions/{body['id']}/authorize", {"accounts": [key], "result": "success"})
            self.known["FINANCIALCONNECTIONSACCOUNT_ID"] = done["accounts"][0]["id"]
        return body


@pytest.mark.parametrize("session", [SESSION, WEBVIEW_SESSION, HOSTED_SESSION], ids=["web", "webview", "hosted"])
def test_the_road_from_a_customer_to_a_debit(sandbox: Sandbox, session: str) -> None:
    reader = Reader(sandbox)

    made = [reader.follow(command) for command in (CUSTOMER, session, PAYMENT, CONFIRMATION)]

    assert [body.get("status") for body in made[2:]] == ["requires_confirmation", "processing"]
    assert made[0]["email"] == "ana@example.com"
    hosted = session is HOSTED_SESSION
    assert (made[1]["client_secret"] is None, bool(made[1].get("url"))) == (hosted, hosted)


def test_the_current_version_has_another_name_for_the_types(sandbox: Sandbox) -> None:
    reader = Reader(sandbox)
    for command in (CUSTOMER, SESSION):
        reader.follow(command)

    error = reader.run(PAYMENT)["error"]
    renamed = reader.run(PAYMENT.replace("payment_method_types", "allowed_payment_method_types"))

    assert error["code"] == "payment_method_types_no_longer_supported"
    assert renamed["status"] == "requires_confirmation"


@pytest.mark.skipif(not DOCUMENTS.exists(), reason=f"Stripe's documents are not at {DOCUMENTS}: own copies alone ran")
def test_every_command_of_the_documents_works(sandbox: Sandbox) -> None:
    commands = re.findall(r"^```curl\n(.*?)^```", DOCUMENTS.read_text(), re.MULTILINE | re.DOTALL)
    reader = Reader(sandbox)

    seen = [reader.follow(command)["object"] for command in commands]

    roads = len(seen) // 4
    assert seen == ["customer", "financial_connections.session", "payment_intent", "payment_intent"] * roads
    assert roads >= 6
    ours = {CUSTOMER, SESSION, WEBVIEW_SESSION, HOSTED_SESSION, PAYMENT, CONFIRMATION}
    assert {command.strip() for command in commands} == {command.strip() for command in ours}
