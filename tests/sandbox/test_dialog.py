"""The bank-link dialog, driven in a real browser on a page with a strict policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.sandbox.dialog_driving import (
    PREVIEW,
    Link,
    NewSession,
    Stage,
    linked_names,
    nothing_found_by_axe,
    stripe_call,
)
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.browser

OPTIONS = "Choose how to get a code"


def test_a_person_links_two_accounts(link: Link, sandbox: Sandbox) -> None:
    link.to_accounts()
    expect(link.dialog.get_by_role("checkbox", name="Everyday Checking")).to_be_checked()
    expect(link.dialog.get_by_role("checkbox", name="Everyday Card")).not_to_be_checked()
    link.dialog.get_by_role("checkbox", name="Day Savings").check()

    answer = link.finish()

    session = stripe_call(sandbox, f"financial_connections/sessions/{answer['financialConnectionsSession']['id']}")
    assert sorted(linked_names(answer)) == ["Day Savings", "Everyday Checking"]
    assert {each["id"] for each in session["accounts"]["data"]} == {
        each["id"] for each in answer["financialConnectionsSession"]["accounts"]
    }
    assert link.complaints == []


def test_consent_says_who_asks_for_what(link: Link, host: str) -> None:
    consent = link.dialog.locator("[data-screen=consent]")

    expect(consent).to_contain_text(f"{host.split('/')[2]} asks to see this")
    expect(consent).to_contain_text("ana.rivera@example.com")
    expect(consent.get_by_role("listitem")).to_have_count(4)


def test_the_page_comes_back_as_it_was(link: Link) -> None:
    page = link.page
    expect(page.locator("dialog")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).overflow") == "hidden"

    link.stop()

    expect(page.locator("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Link a bank")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.documentElement).overflow") == "visible"


STEPS: dict[str, Callable[[Link], None]] = {
    "consent": lambda link: link.title("Link your bank"),
    "banks": Link.to_banks,
    "sign-in": Link.to_sign_in,
    "window": lambda link: link.to_sign_in("Harbor Savings"),
    "accounts": Link.to_accounts,
}


@pytest.mark.parametrize("step", STEPS)
def test_closing_at_any_step_links_nothing(link: Link, sandbox: Sandbox, step: str) -> None:
    STEPS[step](link)

    answer = link.stop()

    session = answer["financialConnectionsSession"]
    stored = stripe_call(sandbox, f"financial_connections/sessions/{session['id']}", version=PREVIEW)
    assert session["accounts"] == []
    assert stored["status"] == "cancelled"


def test_escape_asks_first_and_a_second_one_stays(link: Link) -> None:
    link.to_banks()

    link.page.keyboard.press("Escape")
    expect(link.dialog.get_by_role("dialog", name="Stop linking your bank?")).to_be_visible()
    link.page.keyboard.press("Escape")

    expect(link.dialog.get_by_role("dialog")).to_have_count(0)
    link.title("Choose your bank")


def test_escape_empties_the_search_before_it_leaves(link: Link) -> None:
    link.to_banks()
    search = link.dialog.get_by_role("searchbox", name="Search for your bank")
    search.fill("north")
    expect(link.dialog.locator("#banks li")).to_have_count(1)

    search.press("Escape")

    expect(search).to_have_value("")
    expect(link.dialog.get_by_role("dialog")).to_have_count(0)


def test_a_search_without_a_match_says_so(link: Link) -> None:
    link.to_banks()
    link.dialog.get_by_role("searchbox", name="Search for your bank").fill("zzz")

    expect(link.dialog.get_by_role("status").first).to_have_text("No bank matches “zzz”. Try fewer letters.")


def test_a_bank_that_refuses_ends_as_failed_and_empty(link: Link, sandbox: Sandbox) -> None:
    link.to_sign_in("Old Harbor Trust")
    link.sign_in()
    link.title("Old Harbor Trust refused the sign-in")

    link.press("Close")

    session = link.answer()["financialConnectionsSession"]
    stored = stripe_call(sandbox, f"financial_connections/sessions/{session['id']}", version=PREVIEW)
    assert session["accounts"] == []
    assert stored["status"] == "failed"


def test_after_a_refusal_another_bank_can_be_linked(link: Link) -> None:
    link.to_sign_in("Old Harbor Trust")
    link.sign_in()
    link.press("Choose another bank")
    link.press("Northline Bank")
    link.sign_in()

    assert linked_names(link.finish()) == ["Joint Checking"]


def test_a_bank_that_is_down_says_so_before_any_sign_in(link: Link) -> None:
    link.to_sign_in("Granite Peak Bank")

    link.title("Granite Peak Bank is not available right now")


def test_a_bank_without_accounts_says_so(link: Link) -> None:
    link.to_sign_in("Empty Nest Savings")
    link.sign_in()

    link.title("Empty Nest Savings has no account to link")


def test_a_refused_password_can_be_tried_again(link: Link) -> None:
    link.to_sign_in("Mill Pond Community Bank")
    link.sign_in()
    expect(link.dialog.get_by_role("alert")).to_contain_text("did not accept this password")
    expect(link.dialog.get_by_label("Password")).to_be_focused()

    link.sign_in()

    assert linked_names(link.finish()) == ["Mill Pond Checking"]


def test_a_security_code_follows_the_password(link: Link) -> None:
    link.to_sign_in("Bluepine Bank")
    link.sign_in()
    link.title("Enter the code")
    link.press("Continue")
    expect(link.dialog.get_by_role("alert")).to_have_text("Enter the security code.")

    link.dialog.get_by_label("Security code").fill("123456")
    link.press("Continue")

    assert linked_names(link.finish()) == ["Bluepine Checking"]


@pytest.mark.parametrize(
    ("password", "title"), [("error", "Cascade Credit Union refused the sign-in"), ("mfa", "Enter the code")]
)
def test_the_words_of_stripes_test_bank_work_at_any(link: Link, password: str, title: str) -> None:
    link.to_sign_in()
    link.sign_in(password)

    link.title(title)


def test_a_bank_window_allows(link: Link) -> None:
    link.to_sign_in("Harbor Savings")
    with link.page.expect_popup() as opened:
        link.press("Open Harbor Savings")
    opened.value.get_by_role("button", name="Allow access").click()
    link.title("Choose accounts at Harbor Savings")

    assert linked_names(link.finish()) == ["Harbor Checking"]
    assert link.complaints == []


def test_a_bank_window_denies(link: Link) -> None:
    link.to_sign_in("Harbor Savings")
    with link.page.expect_popup() as opened:
        link.press("Open Harbor Savings")
    opened.value.get_by_role("button", name="Deny").click()

    link.title("Harbor Savings refused the sign-in")


def test_a_closed_bank_window_can_be_opened_again(link: Link) -> None:
    link.to_sign_in("Harbor Savings")
    with link.page.expect_popup() as opened:
        link.press("Open Harbor Savings")
    opened.value.close()
    expect(link.dialog.get_by_role("alert")).to_contain_text("closed before you allowed access")

    with link.page.expect_popup() as opened:
        link.press("Open Harbor Savings")
    opened.value.get_by_role("button", name="Allow access").click()

    link.title("Choose accounts at Harbor Savings")


def test_no_account_chosen_is_said_in_place(link: Link) -> None:
    link.to_accounts()
    link.dialog.get_by_role("checkbox", name="Everyday Checking").uncheck()

    link.press("Connect accounts")

    expect(link.dialog.get_by_role("alert")).to_have_text("Choose at least one account.")


def test_the_keyboard_alone_links_and_never_leaves_the_dialog(link: Link) -> None:
    keyboard = link.page.keyboard
    link.title("Link your bank")

    def tab_to(name: str, role: Any = "button") -> None:
        target = link.dialog.get_by_role(role, name=name, exact=True)
        for _ in range(16):
            keyboard.press("Tab")
            assert link.page.evaluate("document.activeElement.tagName") == "IFRAME"
            if target.evaluate("element => element === document.activeElement"):
                return
        pytest.fail(f"Tab never came to {name}")

    tab_to("Agree and continue")
    keyboard.press("Enter")
    link.title("Choose your bank")
    tab_to("Search for your bank", "searchbox")
    keyboard.type("cascade")
    keyboard.press("Enter")
    link.title("Sign in to Cascade Credit Union")
    tab_to("Username", "textbox")
    keyboard.type("ana")
    keyboard.press("Tab")
    keyboard.type("any")
    keyboard.press("Enter")
    link.title("Choose accounts at Cascade Credit Union")
    tab_to("Everyday Card", "checkbox")
    keyboard.press("Space")
    tab_to("Connect accounts")
    keyboard.press("Enter")
    link.title("2 accounts are linked")
    tab_to("Done")
    keyboard.press("Enter")

    assert sorted(linked_names(link.answer())) == ["Everyday Card", "Everyday Checking"]
    expect(link.page.get_by_role("button", name="Link a bank")).to_be_focused()


def test_nothing_focused_hides_under_the_foot_or_the_head(link: Link) -> None:
    link.page.set_viewport_size({"width": 360, "height": 480})
    link.to_sign_in("Outcome Test Bank")
    link.sign_in()
    link.title("Choose accounts at Outcome Test Bank")
    frame = link.page.frames[1]

    for _ in range(12):
        link.page.keyboard.press("Tab")
        # As a person would see it: what lies on top in the middle of the focused element is that element.
        seen = frame.evaluate(
            """() => { const box = document.activeElement.getBoundingClientRect();
            const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
            return document.activeElement.contains(top) ? "" : document.activeElement.outerHTML; }"""
        )
        assert seen == ""


def test_no_box_shows_through_the_button(link: Link) -> None:
    link.page.set_viewport_size({"width": 360, "height": 480})
    link.to_sign_in("Outcome Test Bank")
    link.sign_in()
    link.title("Choose accounts at Outcome Test Bank")

    covered = link.page.frames[1].evaluate(
        """() => { const foot = document.querySelector("#accounts-form .foot"), from = foot.getBoundingClientRect().y;
        const boxes = document.querySelector("#accounts input").getBoundingClientRect();
        for (let shift = 0; shift < 40; shift += 4) {
            scrollTo(0, shift);
            for (let y = from + 2; y < innerHeight; y += 4) {
                const top = document.elementFromPoint(boxes.x + boxes.width / 2, y);
                if (!foot.contains(top)) return false;
            }
        }
        return true; }"""
    )

    assert covered


def test_shift_tab_goes_round_too(link: Link) -> None:
    link.title("Link your bank")
    seen = []
    for _ in range(4):
        link.page.keyboard.press("Shift+Tab")
        assert link.page.evaluate("document.activeElement.tagName") == "IFRAME"
        seen.append(link.page.frames[1].evaluate("document.activeElement.id"))

    assert seen == ["agree", "close", "agree", "close"]


@pytest.mark.parametrize("secret", ["fcsess_client_secret_unknown", "nonsense", "pi_1_secret_2"])
def test_a_secret_of_no_session_is_an_error(stage: Stage, host: str, sandbox: Sandbox, secret: str) -> None:
    answer = Link(stage, host, secret).answer()

    assert answer["error"]["type"] == "invalid_request_error"
    assert stage.page.locator("dialog").count() == 0


def test_a_complete_session_is_not_opened_again(link: Link) -> None:
    link.to_accounts()
    link.finish()

    link.page.get_by_role("button", name="Link a bank").click()
    expect(link.page.locator("#answer")).to_contain_text("error")

    assert link.answer()["error"]["type"] == "invalid_request_error"


def test_a_second_dialog_is_refused_while_one_is_open(link: Link) -> None:
    link.title("Link your bank")

    link.page.evaluate("document.getElementById('link').click()")

    assert link.answer()["thrown"] == "IntegrationError"
    assert link.page.locator("dialog").count() == 1


def test_words_of_others_are_not_heard(link: Link) -> None:
    link.to_banks()
    forged = "postMessage({ link: 'result', result: { financialConnectionsSession: { id: 'x', accounts: [] } } }, '*')"

    link.page.evaluate(forged)
    link.page.frames[1].evaluate("postMessage({ link: 'abandon' }, '*')")
    link.press("Northline Bank")

    link.title("Sign in to Northline Bank")
    expect(link.page.locator("#answer")).to_be_empty()


def test_a_session_that_wants_savings_offers_savings(stage: Stage, host: str, new_session: NewSession) -> None:
    session = new_session(**{"filters[account_subcategories][0]": "savings"})
    link = Link(stage, host, session["client_secret"])
    link.to_accounts()

    expect(link.dialog.get_by_role("checkbox", disabled=False)).to_have_count(1)
    assert linked_names(link.finish()) == ["Day Savings"]


def test_a_limit_is_said_in_place(stage: Stage, host: str, new_session: NewSession) -> None:
    link = Link(stage, host, new_session(**{"limits[accounts]": "2"})["client_secret"])
    link.to_accounts()
    for account in link.dialog.get_by_role("checkbox").all():
        account.check()

    link.press("Connect accounts")

    link.alert("Choose at most 2 accounts.")


def test_a_hosted_session_leads_back_to_its_page(
    stage: Stage, host: str, sandbox: Sandbox, new_session: NewSession
) -> None:
    session = new_session(PREVIEW, ui_mode="hosted", **{"hosted[return_url]": f"{host}back"})
    page = stage.page
    page.goto(session["url"])
    page.get_by_role("button", name="Agree and continue").click()
    page.get_by_role("button", name="Northline Bank").click()
    page.get_by_label("Username").fill("ana")
    page.get_by_label("Password").fill("any")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Connect accounts").click()
    page.get_by_role("button", name="Done").click()

    page.wait_for_url(f"{host}back")
    stored = stripe_call(sandbox, f"financial_connections/sessions/{session['id']}")
    assert [each["display_name"] for each in stored["accounts"]["data"]] == ["Joint Checking"]


SCREENS: dict[str, Callable[[Link], object]] = {
    **STEPS,
    "leaving": lambda link: link.press("Close"),
    "no match": lambda link: (link.to_banks(), link.dialog.locator("#search").fill("zzz")),
    "refused password": lambda link: (link.to_sign_in("Mill Pond Community Bank"), link.sign_in()),
    "code": lambda link: (link.to_sign_in("Bluepine Bank"), link.sign_in(), link.title("Enter the code")),
    "options": lambda link: (link.to_sign_in("Bank (Non-OAuth)"), link.sign_in("options"), link.title(OPTIONS)),
    "problem": lambda link: link.to_sign_in("Granite Peak Bank"),
    "done": lambda link: (link.to_accounts(), link.press("Connect accounts"), link.title("1 account is linked")),
}


@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing_at_360_px(link: Link, screen: str) -> None:
    link.page.set_viewport_size({"width": 360, "height": 740})
    SCREENS[screen](link)

    nothing_found_by_axe(link.page, link.page.frames[1])
    assert link.page.frames[1].evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_axe_finds_nothing_in_the_page_around_it(link: Link) -> None:
    link.title("Link your bank")

    nothing_found_by_axe(link.page, link.page)


def test_nothing_shifts_while_the_dialog_opens(link: Link) -> None:
    link.title("Link your bank")

    shifted = link.page.frames[1].evaluate(
        """() => new Promise((resolve) => {
        const what = (entry) => entry.sources.map(({ node, currentRect }) => [node?.nodeName, currentRect.toJSON()]);
        const observer = new PerformanceObserver((list) => resolve(list.getEntries().flatMap(what)));
        observer.observe({ type: "layout-shift", buffered: true });
        requestAnimationFrame(() => requestAnimationFrame(() => resolve([]))); })"""
    )

    assert shifted == []
