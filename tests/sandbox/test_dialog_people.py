"""Roads through the dialog that not everybody takes: coming back, a bank's own window, an app, an end half-way."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.sandbox.dialog_driving import (
    PREVIEW,
    Body,
    Link,
    NewSession,
    Stage,
    linked_names,
    new_customer,
    nothing_found_by_axe,
    stripe_call,
)
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.browser

APP = "https://app.example.com/back"


def link_before(sandbox: Sandbox, session: Body, *keys: str) -> Body:
    """What a person has linked in the dialog some other time."""
    done: Body = sandbox.post(
        f"/sandbox/link-sessions/{session['id']}/authorize", {"accounts": list(keys), "result": "success"}
    )
    return done


@pytest.fixture
def returning(stage: Stage, host: str, sandbox: Sandbox, new_session: NewSession) -> Link:
    customer = new_customer(sandbox, phone="+12065550142")
    link_before(sandbox, new_session(customer=customer), "cascade-checking", "harbor-checking")
    link = Link(stage, host, new_session(customer=customer)["client_secret"])
    link.press("Agree and continue")
    link.title("Welcome back")
    return link


# Coming back


def test_a_person_who_was_here_before_needs_a_code_alone(returning: Link) -> None:
    link = returning
    expect(link.dialog.locator("#sent-to")).to_have_text("the phone ending in 0142")
    nothing_found_by_axe(link.page, link.page.frames[1])
    link.press("Continue")
    link.alert("Enter the six digits of the code.")
    expect(link.dialog.get_by_label("Code", exact=True)).to_be_focused()

    link.type("Code", "123456")
    link.press("Continue")
    link.title("Choose from your accounts")
    link.dialog.get_by_role("checkbox", name="Harbor Checking").check()

    assert sorted(linked_names(link.finish())) == ["Everyday Checking", "Harbor Checking"]


def test_a_person_who_was_here_before_may_link_another_bank(returning: Link) -> None:
    returning.press("Link another bank")
    returning.title("Choose your bank")
    returning.press("Northline Bank")
    returning.sign_in()

    assert linked_names(returning.finish()) == ["Joint Checking"]


def test_too_many_wrong_codes_lead_to_the_banks(returning: Link) -> None:
    returning.type("Code", "000003")
    returning.press("Continue")

    returning.title("Choose your bank")
    returning.alert("Too many codes were not right. Choose your bank and sign in there.")


def test_renewing_a_connection_goes_straight_to_its_bank(
    stage: Stage, host: str, sandbox: Sandbox, new_session: NewSession
) -> None:
    customer = new_customer(sandbox)
    account = link_before(sandbox, new_session(customer=customer), "bluepine-checking")["accounts"][0]
    sandbox.post(f"/sandbox/accounts/{account['id']}/state", {"status": "inactive"})
    inactive = stripe_call(sandbox, f"financial_connections/accounts/{account['id']}", version=PREVIEW)
    wanted = {"relink_options[authorization]": inactive["authorization"], "relink_options[account]": account["id"]}

    link = Link(stage, host, new_session(PREVIEW, customer=customer, **wanted)["client_secret"])
    link.press("Agree and continue")
    link.title("Sign in to Bluepine Bank")
    expect(link.dialog.get_by_role("button", name="Back")).to_have_count(0)
    link.sign_in()
    link.type("Security code", "123456")
    link.press("Continue")
    answer = link.finish()

    assert [each["id"] for each in answer["financialConnectionsSession"]["accounts"]] == [account["id"]]
    assert stripe_call(sandbox, f"financial_connections/accounts/{account['id']}")["status"] == "active"


# At the bank


def test_a_bank_may_ask_one_thing_after_another(link: Link) -> None:
    link.to_sign_in("Bank (Non-OAuth)")
    link.sign_in("options")
    link.title("Choose how to get a code")
    link.dialog.get_by_role("radio", name="E-mail").check()
    link.press("Send the code")
    link.title("Enter the code")
    expect(link.dialog.locator("#prompt-text")).to_contain_text("your e-mail address")
    link.type("Security code", "security_question")
    link.press("Continue")
    link.title("Answer a question")
    link.type("Answer", "confirm_mfa")
    link.press("Continue")
    link.title("Confirm it on your phone")
    link.press("I have confirmed it")

    assert linked_names(link.finish()) == ["Checking"]


def test_accounts_are_chosen_in_the_window_of_the_bank(link: Link) -> None:
    link.to_sign_in("Bank (OAuth)")
    with link.page.expect_popup() as opened:
        link.press("Open Bank (OAuth)")
    window = opened.value
    expect(window.get_by_role("checkbox")).to_have_count(3)
    nothing_found_by_axe(window, window)
    for name in ("Checking", "Credit Card"):
        window.get_by_role("checkbox", name=name).uncheck()
    window.get_by_role("button", name="Allow access").click()

    link.title("Choose accounts at Bank (OAuth)")
    expect(link.dialog.get_by_role("checkbox")).to_have_count(1)
    assert linked_names(link.finish()) == ["Savings"]
    assert link.complaints == []


def test_a_window_that_closed_unheard_has_still_been_answered(link: Link) -> None:
    link.to_sign_in("Harbor Savings")
    with link.page.expect_popup() as opened:
        link.press("Open Harbor Savings")
    opened.value.evaluate("window.opener = null")

    opened.value.get_by_role("button", name="Allow access").click()

    link.title("Choose accounts at Harbor Savings")


def test_in_an_app_the_bank_leads_back_by_the_apps_link(
    stage: Stage, host: str, sandbox: Sandbox, new_session: NewSession
) -> None:
    def answer_as_the_app(route: Route) -> None:
        route.fulfill(body="The app takes over.", content_type="text/plain")

    link = Link(stage, host, new_session(return_url=APP)["client_secret"])
    link.page.set_viewport_size({"width": 390, "height": 600})
    link.to_sign_in("Harbor Savings")
    context = link.page.context
    context.route(f"{APP}*", answer_as_the_app)
    with context.expect_page() as opened:
        link.press("Open Harbor Savings")
    outside = opened.value
    assert outside.evaluate("opener") is None
    outside.get_by_role("button", name="Allow access").click()
    outside.wait_for_url(APP)
    outside.close()
    context.unroute(f"{APP}*")

    link.title("Choose accounts at Harbor Savings")
    assert linked_names(link.finish()) == ["Harbor Checking"]


def test_a_bank_under_maintenance_says_when_it_is_back(link: Link) -> None:
    link.to_sign_in("Down (Scheduled)")

    link.title("Down (Scheduled) is being maintained")
    expect(link.dialog.locator("#problem-text")).to_have_text(
        re.compile(r"It expects to be back on \w+day at \d+:00 [AP]M\. Nothing was shared\.")
    )


def test_a_lost_connection_leaves_the_person_where_they_are(link: Link) -> None:
    link.to_sign_in()
    link.page.route("**/v3/dialog/sign-in", lambda route: route.abort())
    link.sign_in()
    link.alert("The sandbox does not answer. Nothing was shared; try once more.")
    link.page.unroute("**/v3/dialog/sign-in")

    link.press("Sign in")

    link.title("Choose accounts at Cascade Credit Union")


@pytest.mark.parametrize(
    ("typed", "found"),
    [("test inst", "Test (Non-OAuth)"), ("ccu", "Cascade Credit Union"), ("tokenized", "Tokenized Account Number")],
)
def test_a_search_finds_other_names(link: Link, typed: str, found: str) -> None:
    link.to_banks()
    link.dialog.get_by_role("searchbox").fill(typed)

    expect(link.dialog.locator("#banks .name")).to_have_text([found])


# An end half-way


def test_a_session_that_ends_elsewhere_is_told_and_resolves_as_an_error(link: Link, sandbox: Sandbox) -> None:
    link.to_sign_in()
    sandbox.post("/sandbox/clock/advance", {"seconds": 2 * 86_400})
    link.sign_in()

    link.title("This link is over")
    nothing_found_by_axe(link.page, link.page.frames[1])
    link.dialog.locator("#leave-over").click()

    assert link.answer()["error"]["code"] == "session_expired"


def leave(page: Page) -> None:
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Stop linking").click()


def test_a_hosted_page_that_is_left_leads_back_then_and_ever_after(
    stage: Stage, host: str, sandbox: Sandbox, new_session: NewSession
) -> None:
    session = new_session(PREVIEW, ui_mode="hosted", **{"hosted[return_url]": f"{host}back"})
    stage.page.goto(session["url"])
    expect(stage.page.get_by_role("heading", name="Link your bank")).to_be_focused()
    leave(stage.page)
    stage.page.wait_for_url(f"{host}back")

    stage.page.goto(session["url"])
    stage.page.wait_for_url(f"{host}back")

    stored = stripe_call(sandbox, f"financial_connections/sessions/{session['id']}", version=PREVIEW)
    assert (stored["status"], stored["url"], stored["accounts"]["data"]) == ("cancelled", None, [])


def test_a_hosted_address_of_nothing_says_so(stage: Stage, sandbox: Sandbox) -> None:
    stage.page.goto(f"{sandbox.url}/v3/dialog/hosted/fcsess_client_secret_nothing")

    expect(stage.page.get_by_role("heading", name="This link is over")).to_be_visible()
    expect(stage.page.get_by_role("button")).to_have_count(0)


# Numbers by hand


@pytest.fixture
def by_hand(stage: Stage, host: str, sandbox: Sandbox) -> Link:
    asked = {"amount": "8450", "currency": "usd", "allowed_payment_method_types[]": "us_bank_account"}
    asked["payment_method_options[us_bank_account][verification_method]"] = "microdeposits"
    intent = stripe_call(sandbox, "payment_intents", asked)
    params = {"payment_method_type": "us_bank_account", "payment_method_data": {"billing_details": {"name": "Ana"}}}
    order = {"clientSecret": intent["client_secret"], "params": params}
    link = Link(stage, host, "", "collectBankAccountForPayment", order)
    link.press("Agree and continue")
    link.title("Enter your bank account")
    return link


def test_axe_finds_nothing_where_numbers_are_wrong(by_hand: Link) -> None:
    by_hand.page.set_viewport_size({"width": 360, "height": 740})
    by_hand.press("Continue")
    expect(by_hand.dialog.get_by_text("A routing number has 9 digits.")).to_be_visible()

    nothing_found_by_axe(by_hand.page, by_hand.page.frames[1])
    assert by_hand.page.frames[1].evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


def test_tab_goes_round_the_numbers(by_hand: Link) -> None:
    seen = []
    for _ in range(7):
        by_hand.page.keyboard.press("Tab")
        seen.append(by_hand.page.frames[1].evaluate("document.activeElement.id || document.activeElement.textContent"))

    numbers = ["routing_number", "account_number", "account_number_again"]
    assert seen[:3] == numbers
    assert seen[3:6] == ["", "Continue", "close"]
    assert seen[6] == numbers[0]


def enter_numbers(link: Link, number: str = "000123456789") -> str:
    """Takes it to the page that asks for the deposit; returns its address."""
    for label, text in (
        ("Routing number", "110000000"),
        ("Account number", number),
        ("Account number, once more", number),
    ):
        link.type(label, text)
    link.press("Continue")
    link.press("Done")
    link.call("confirmUsBankAccountPayment", link.answer()["paymentIntent"]["client_secret"])
    waiting = link.answer()["paymentIntent"]["next_action"]["verify_with_microdeposits"]
    address: str = waiting["hosted_verification_url"]
    assert "_secret_" not in address
    return address


def say_code(page: Page, code: str) -> None:
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Verify").click()


def say_amounts(page: Page) -> None:
    page.get_by_role("button", name="I see two amounts").click()
    expect(page.get_by_label("First")).to_be_focused()
    page.get_by_label("First").fill("32")
    page.get_by_label("Second").fill("45")
    page.get_by_role("button", name="Verify").click()


@pytest.mark.parametrize(
    ("say", "heading"),
    [
        (lambda page: say_code(page, "SM11AA"), "Your bank account is verified"),
        (say_amounts, "Your bank account is verified"),
        (lambda page: say_code(page, "SM33CC"), "The tries are used up"),
        (lambda page: say_code(page, "SM44DD"), "The time is up"),
    ],
    ids=["code", "amounts", "tries", "time"],
)
def test_the_deposit_is_named_on_a_page_of_its_own(by_hand: Link, say: Callable[[Page], None], heading: str) -> None:
    page = by_hand.page
    address = enter_numbers(by_hand)
    page.goto(address)
    expect(page.get_by_role("heading", name="Verify your bank account")).to_be_focused()
    page.set_viewport_size({"width": 360, "height": 740})
    nothing_found_by_axe(page, page)

    say(page)
    expect(page.get_by_role("heading", name=heading)).to_be_focused()

    # The page goes on saying it.
    page.reload()
    expect(page.get_by_role("heading", name=heading)).to_be_visible()


def test_a_wrong_code_can_be_corrected(by_hand: Link) -> None:
    page = by_hand.page
    page.goto(enter_numbers(by_hand))
    say_code(page, "11AA")
    expect(page.get_by_role("alert")).to_have_text("The code has six characters and begins with SM.")
    say_code(page, "SM99ZZ")
    expect(page.get_by_role("alert")).to_contain_text("did not match")
    expect(page.get_by_label("Code")).to_be_focused()

    say_code(page, "sm11aa")

    expect(page.get_by_role("heading", name="Your bank account is verified")).to_be_visible()


def test_an_address_of_no_deposit_says_so(stage: Stage, sandbox: Sandbox) -> None:
    stage.page.goto(f"{sandbox.url}/v3/microdeposits/pacs_test_nothing")

    expect(stage.page.get_by_role("heading", name="This link leads nowhere")).to_be_visible()
