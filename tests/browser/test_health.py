"""Every state of an account's freshness and health as a person meets it: at home, in the list, on its page."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from banking import linking, refreshing
from banking.models import Account, BalanceCheck, BilledUse, Feature, Freshness, Refresh, Transaction
from fcdash import tenancy
from tests.cast import AccountFactory, BalanceFactory, Cast, TransactionFactory
from tests.sandbox_client import Sandbox
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("SCREENSHOTS")
SCHEMES = ("light", "dark") if SHOTS else ("light",)
WIDTHS = (1280, 360)
SLOW = 30_000
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CHECKING = "Everyday Checking"


@dataclass(frozen=True)
class State:
    """An account in one state, and what a person reads of it. Times are ages; what lies ahead is negative.

    `needs` is the row at home, `light` the list's, `says` what its page says beside, `button` the one that mends it.
    """

    name: str
    light: str
    account: dict[str, Any] = field(default_factory=dict)
    fresh: dict[str, Any] = field(default_factory=dict)
    balance_age: timedelta | None = timedelta(minutes=1)
    needs: str = ""
    says: tuple[str, ...] = ()
    button: str = ""
    asks: str = "can"
    more: str = ""


WAITS = {"status": "inactive", "inactive_since": 3 * DAY}
STOOD_STILL = {"as_of": 3 * DAY, "attempted_at": 3 * DAY}
NUMBERS = {"numbers_status": "transactable"}
STATES = (
    State(
        "first reading",
        "Reading for the first time",
        fresh={"status": "pending", "as_of": None, "attempted_at": timedelta(seconds=20)},
        balance_age=None,
        says=("Read for the first time", "You can leave this page"),
        asks="being asked already",
    ),
    State("fresh", "As of"),
    State("match", "Matches your bank", more="match", says=("The rows here add up to its balance",)),
    State(
        "gap",
        "Differs from your bank",
        more="gap",
        needs="Everyday Checking ••4410 differs from your bank",
        says=(
            "$84.50 less than the rows here add up to",
            "This row may explain it",
            "Take the bank’s balance as right",
        ),
    ),
    State(
        "old",
        "As of",
        fresh=STOOD_STILL,
        balance_age=3 * DAY,
        says=("Your bank has given none since", "you can ask it now"),
    ),
    State(
        "pending",
        "new figures are on their way",
        fresh={"status": "pending", "attempted_at": timedelta(seconds=5)},
        says=("New figures are on their way", "the page changes by itself"),
        asks="being asked already",
    ),
    State(
        "failed",
        "your bank gave nothing new",
        fresh={"status": "failed", "as_of": DAY, "attempted_at": HOUR},
        balance_age=DAY,
        says=("gave nothing new", "Nothing is lost; it is asked again", "Balance not read: the bank gave no new data"),
        more="receipts",
    ),
    State(
        "hanging",
        "your bank does not answer",
        fresh={"status": "pending", "as_of": DAY, "attempted_at": 2 * HOUR},
        balance_age=DAY,
        says=("has not answered", "no answer yet"),
        asks="being asked already",
    ),
    State("capped", "As of", more="capped", asks="Enough was asked for today"),
    State(
        "too early",
        "As of",
        fresh={"next_allowed_at": -3 * HOUR},
        asks="Your bank gives new figures again",
        says=("The bank gives new ones again",),
    ),
    State(
        "inactive",
        "Stands still since",
        WAITS,
        STOOD_STILL,
        balance_age=3 * DAY,
        needs="Sign in to Cascade Credit Union again",
        says=("stands still since", "Payments that you approved still run", "Not read now"),
        button="Sign in again",
        asks="",
    ),
    State(
        "cannot be repaired",
        "link it again",
        {**WAITS, "relink": "impossible"},
        STOOD_STILL,
        balance_age=3 * DAY,
        needs="Link Cascade Credit Union again",
        says=("ended this link for good", "goes on with its history and edits"),
        button="Link it again",
        asks="",
    ),
    State(
        "ends soon",
        "Sign in again by",
        {"deactivates_at": -9 * DAY},
        needs="Sign in to Cascade Credit Union by",
        says=("Until then nothing changes",),
        button="Sign in again",
    ),
    State("numbers pending", "As of", {"numbers_status": "pending"}, says=("still giving the number",)),
    State(
        "numbers expiring",
        "As of",
        {**NUMBERS, "numbers_expire_at": -9 * DAY},
        needs="Payments from Everyday Checking ••4410 fail after",
        says=("balances and transactions go on either way",),
        button="Sign in again",
    ),
    State(
        "numbers expired",
        "As of",
        {"numbers_status": "expired", "numbers_expire_at": DAY},
        needs="No bill can be paid from Everyday Checking ••4410",
        says=("Not until there is a new account number",),
        button="Sign in again",
    ),
    State(
        "disconnected here",
        "no longer counted",
        {"status": "disconnected", "ended_at": DAY},
        STOOD_STILL,
        says=("read no longer", "in no total", "Delete what was read"),
        asks="",
    ),
    State(
        "disconnected elsewhere",
        "Disconnected at your bank",
        {"status": "disconnected", "ended_at": DAY, "ended_elsewhere": True},
        STOOD_STILL,
        needs="was ended at your bank or at Stripe",
        says=("rows that come again count once",),
        button="Link it again",
        asks="",
    ),
    State(
        "duplicate of an active one",
        "Linked twice",
        {"status": "duplicate"},
        more="twin",
        needs="Everyday Checking ••4410 is linked twice",
        says=("this link is in no figure", "Remove this link"),
        button="It is another account",
        asks="",
    ),
    State(
        "duplicate of a waiting one",
        "Linked twice",
        {"status": "duplicate"},
        more="waiting twin",
        needs="Everyday Checking ••4410 has come by another link",
        says=("which waits for a sign-in",),
        button="It is the same: go on with it",
        asks="",
    ),
    State(
        "not permitted",
        "Transactions as of",
        {"permissions": ["transactions"], "payment_method_types": []},
        balance_age=None,
        says=("You did not allow us to read its balance", "Not allowed by you, so not asked for"),
    ),
    State("credit", "As of", {"category": "credit", "subcategory": "credit_card"}, more="credit", says=("You owe",)),
    State("another currency", "As of", more="euro", says=("€1,500.00",)),
    State("by hand", "Kept by hand", {"stripe_id": "", "permissions": []}, more="by hand", asks=""),
)


# --- The household in that state --------------------------------------------------------------------------------


def moments(facts: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {name: now - value if isinstance(value, timedelta) else value for name, value in facts.items()}


def make(cast: Cast, state: State) -> Account:
    """Alice's savings account in order, and her checking account in the state."""
    now, household = timezone.now(), cast.household
    mine = {"household": household, "holder": cast.alice}
    with tenancy.scope(household):
        savings = AccountFactory(**mine, name="Rainy Day Savings", last4="0077", subcategory="savings")
        facts = {"name": CHECKING, **moments(state.account, now)}
        account: Account = AccountFactory(**mine, **facts)
        for one, age in ((savings, timedelta(minutes=1)), (account, state.balance_age)):
            if age is not None:
                stamp = now - age
                BalanceFactory(
                    household=household, account=one, on=stamp.astimezone(household.zone).date(), as_of=stamp
                )
            _features(one, now, state.fresh if one is account else {})
        for number in range(6):
            TransactionFactory(household=household, account=account, booked_on=household.today() - number * DAY)
        _more(cast, account, state, now)
    return account


def _features(account: Account, now: datetime, given: dict[str, Any]) -> None:
    ordinary = {"status": "succeeded", "as_of": timedelta(minutes=1), "attempted_at": timedelta(minutes=1)}
    for feature in Feature:
        if feature.permission in account.permissions:
            facts = moments({**ordinary, **given} if feature != Feature.OWNERSHIP else ordinary, now)
            Freshness.objects.create(household_id=account.household_id, account=account, feature=feature, **facts)


def _more(cast: Cast, account: Account, state: State, now: datetime) -> None:
    mine: dict[str, Any] = {"household": account.household, "account": account}
    balance = account.balances.first()
    if state.more in ("match", "gap"):
        gap = 84_50 if state.more == "gap" else 0
        actual = balance.current_cents
        BalanceCheck.objects.create(
            **mine, currency="usd", as_of=balance.as_of, expected_cents=actual + gap, actual_cents=actual
        )
        TransactionFactory(**mine, booked_on=account.household.today(), amount_cents=84_50, description="POSTED TWICE")
        for age in range(2, 30):
            on = account.household.today() - age * DAY
            BalanceFactory(**mine, on=on, current_cents=balance.current_cents - (age * 7919) % 900_00)
    if state.more in ("match", "receipts"):
        _receipts(mine, now, is_failed=state.more == "receipts")
    if state.more == "capped":
        for feature, most in settings.STRIPE_BILLED_A_DAY.items():
            on = now.astimezone(UTC).date()
            BilledUse.objects.create(household=account.household, on=on, feature=feature, count=most)
    if state.more.endswith("twin"):
        facts = moments(WAITS, now) if state.more.startswith("waiting") else {}
        twin = AccountFactory(household=account.household, holder=cast.alice, **facts)
        BalanceFactory(**{**mine, "account": twin}, on=account.household.today(), as_of=now - HOUR)
    if state.more == "credit":
        account.balances.update(current_cents=-320_50, available_cents=None, used_cents=320_50)
    if state.more == "euro":
        account.balances.update(currency="eur", current_cents=1_500_00, available_cents=None)


def _receipts(mine: dict[str, Any], now: datetime, is_failed: bool) -> None:
    for age in range(1, 5):
        at = now - age * DAY + HOUR
        rows = {"new_count": 14 * (age % 3), "changed_count": 4, "posted_count": 3, "dropped_count": 1}
        done = {"status": "succeeded", "cause": "schedule", "finished_at": at}
        Refresh.objects.create(**mine, feature="transactions", started_at=at, **rows, **done)
        Refresh.objects.create(**mine, feature="balance", started_at=at, **done)
    if is_failed:
        failed = {"status": "failed", "cause": "person", "error": "The bank gave no new data."}
        Refresh.objects.create(**mine, feature="balance", started_at=now - HOUR, **failed)


# --- A person looks ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browsing(browser: Browser) -> Iterator[BrowserContext]:
    """One browser window for all states: only who is signed in changes."""
    context = browser.new_context(locale="en-US", timezone_id="America/New_York", reduced_motion="reduce")
    context.set_default_timeout(SLOW)
    expect.set_options(timeout=SLOW)
    yield context
    context.close()


@pytest.fixture
def alice(browsing: BrowserContext, live_server: Any, cast: Cast) -> Iterator[Page]:
    """Alice's window; what the console complains about fails the test."""
    assert cast.household
    session = cast.client(cast.alice).session.session_key
    browsing.clear_cookies()
    browsing.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page, heard = browsing.new_page(), []
    page.on("console", lambda m: heard.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    yield page
    page.close()
    assert heard == []


def look(page: Page, url: str, name: str, thoroughly: bool = True) -> None:
    """Nothing cut on a desk and on a phone, and where something is new on the page nothing serious for axe."""
    page.goto(url)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            if SHOTS:
                page.screenshot(path=str(Path(SHOTS) / f"{name}-{scheme}-{width}.png"), full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    if thoroughly:
        found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
        assert found == [], [(v["id"], [n["html"] for n in v["nodes"]]) for v in found]
    page.set_viewport_size({"width": 1280, "height": 800})


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_state_is_said_wherever_it_matters(alice: Page, live_server: Any, cast: Cast, state: State) -> None:
    account = make(cast, state)
    name = state.name.replace(" ", "-")

    look(alice, f"{live_server.url}/", f"{name}-1home", bool(state.needs))
    rows = alice.get_by_role("region", name=re.compile("^Needs you"))
    if state.needs:
        expect(rows.get_by_role("heading", name=state.needs)).to_be_visible()
    else:
        expect(rows).to_have_count(0)

    look(alice, f"{live_server.url}/banks/", f"{name}-2list", bool(state.needs))
    row = alice.locator(".row.acct").filter(has=alice.locator(f"a[href='/banks/{account.pk}/']"))
    expect(row.locator(".light")).to_contain_text(state.light)

    look(alice, f"{live_server.url}/banks/{account.pk}/", f"{name}-3page")
    for words in state.says:
        expect(alice.get_by_role("main")).to_contain_text(words)
    if state.button:
        expect(alice.locator(".notices .btn").get_by_text(state.button, exact=True)).to_be_visible()
    else:
        expect(alice.locator(".notices .btn")).to_have_count(0)
    _ask_button(alice, state)


def _ask_button(page: Page, state: State) -> None:
    """It can be pressed, or says beside it why not; where nothing can be read there is none."""
    button = page.get_by_role("button", name="Ask for new figures")
    if not state.asks:
        expect(button).to_have_count(0)
    elif state.asks == "can":
        expect(button).to_be_enabled()
    else:
        expect(button).to_be_disabled()
        expect(button).to_have_accessible_description(re.compile(re.escape(state.asks)))


def change(account: Account, feature: dict[str, Any] | None = None, **facts: Any) -> None:
    with tenancy.scope(account.household_id):
        Account.objects.filter(pk=account.pk).update(**(facts or {"read_at": timezone.now()}))
        if feature:
            Freshness.objects.filter(account=account).update(**feature)


def of_name(name: str) -> State:
    return next(state for state in STATES if state.name == name)


def test_an_open_page_hears_of_it_within_a_minute(alice: Page, live_server: Any, cast: Cast) -> None:
    account = make(cast, of_name("fresh"))
    alice.clock.install()
    alice.goto(f"{live_server.url}/")
    needs = alice.get_by_role("heading", name="Sign in to Cascade Credit Union again")
    expect(alice.get_by_role("heading", name="Accounts")).to_be_visible()
    alice.clock.run_for(61_000)
    expect(needs).to_have_count(0)

    change(account, status="inactive", inactive_since=timezone.now())
    alice.clock.run_for(61_000)

    expect(needs).to_be_visible()


def test_new_figures_come_into_the_open_page(alice: Page, live_server: Any, cast: Cast) -> None:
    account = make(cast, of_name("pending"))
    alice.goto(f"{live_server.url}/banks/{account.pk}/")
    expect(alice.get_by_role("main")).to_contain_text("New figures are on their way")

    with tenancy.scope(account.household_id):
        account.balances.update(current_cents=99_01)
    change(account, {"status": "succeeded"})

    expect(alice.locator(".titled .value")).to_contain_text("$99")
    expect(alice.locator("#account")).not_to_have_attribute("hx-trigger", re.compile("every"))
    expect(alice.get_by_role("button", name="Ask for new figures")).to_be_enabled()


# --- Whole roads ------------------------------------------------------------------------------------------------


def rows_of(account: Account) -> list[tuple[Any, ...]]:
    """What a person has of an account: its rows, with what was said about them."""
    with tenancy.scope(account.household_id):
        rows = Transaction.objects.filter(account=account).exclude(status="void")
        return list(rows.order_by("pk").values_list("pk", "amount_cents", "booked_on", "note", "chosen_category"))


def again(account: Account) -> Account:
    with tenancy.scope(account.household_id):
        found: Account = Account.objects.get(pk=account.pk)
    return found


def edit_one(account: Account) -> None:
    with tenancy.scope(account.household_id):
        newest = Transaction.objects.filter(account=account, status="posted").order_by("-booked_on", "-pk").first()
        Transaction.objects.filter(pk=newest.pk).update(note="for Sam", chosen_category="fun")


def ends(sandbox: Sandbox, account: Account, run_tasks: Callable[[], object]) -> None:
    """The bank ends its consent, and the event comes in."""
    sandbox.post(f"/sandbox/accounts/{account.stripe_id}/state", {"status": "inactive"})

    def heard() -> bool:
        run_tasks()
        return again(account).status == "inactive"

    until(heard, "the event")
    run_tasks()


def sign_in(inside: FrameLocator) -> None:
    """Through the dialog of a person who comes back to the bank."""
    inside.get_by_role("button", name="Agree and continue").click()
    inside.get_by_label("Username").fill("ana")
    inside.get_by_label("Password").fill("anything")
    inside.get_by_role("button", name="Sign in").click()
    inside.get_by_role("button", name="Connect account").click()
    inside.get_by_role("button", name="Done").click()


def mailed_link(outbox: Sequence[EmailMessage]) -> str:
    text = str(outbox[-1].body)
    found = re.search(r"http\S+/banks/\d+/", text)
    assert found, text
    return found[0]


def test_from_the_mail_through_the_dialog_to_an_account_that_goes_on(
    alice: Page,
    live_server: Any,
    sandbox: Sandbox,
    webhooks_to: Callable[[str], None],
    link: Callable[..., list[Account]],
    settle: Callable[..., None],
    run_tasks: Callable[[], object],
    mailoutbox: list[EmailMessage],
    settings: Any,
) -> None:
    settings.PUBLIC_URL = live_server.url
    [account] = link()
    settle(account)
    edit_one(account)
    held = rows_of(account)
    webhooks_to(live_server.url)

    ends(sandbox, account, run_tasks)
    alice.goto(f"{live_server.url}/")
    expect(alice.get_by_role("heading", name="Sign in to Cascade Credit Union again")).to_be_visible()
    alice.goto(mailed_link(mailoutbox))
    alice.locator(".notices").get_by_role("button", name="Sign in again").click()
    inside = alice.frame_locator("iframe")
    sign_in(inside)
    alice.wait_for_url(f"{live_server.url}/banks/{account.pk}/")
    settle(account)
    alice.reload()

    expect(alice.locator(".titled .light")).to_contain_text(re.compile("As of|Matches your bank"))
    assert again(account).status == "active"
    assert rows_of(account) == held
    with tenancy.scope(account.household_id):
        assert Account.objects.count() == 1


def test_a_new_link_of_the_waiting_account_is_decided_as_the_same(
    alice: Page,
    live_server: Any,
    sandbox: Sandbox,
    link: Callable[..., list[Account]],
    settle: Callable[..., None],
    run_tasks: Callable[[], object],
) -> None:
    [account] = link()
    settle(account)
    edit_one(account)
    held = rows_of(account)
    sandbox.post(f"/sandbox/accounts/{account.stripe_id}/state", {"status": "inactive"})
    linking.sync_account(account.stripe_id)
    [new] = link()
    assert new.status == "duplicate"

    alice.goto(f"{live_server.url}/")
    alice.get_by_role("region", name=re.compile("^Needs you")).get_by_role("link", name="Decide").click()
    alice.get_by_role("button", name="It is the same: go on with it").click()
    alice.wait_for_url(f"{live_server.url}/banks/{account.pk}/")
    expect(alice.get_by_text("goes on where it stopped")).to_be_visible()
    settle(again(account))

    assert again(account).stripe_id == new.stripe_id
    assert rows_of(account) == held


@pytest.mark.parametrize(("serves", "light"), [("fail", "gave nothing new"), ("hang", "new figures are on their way")])
def test_asking_a_bank_that_does_not_serve(
    alice: Page,
    live_server: Any,
    sandbox: Sandbox,
    link: Callable[..., list[Account]],
    settle: Callable[..., None],
    serves: str,
    light: str,
) -> None:
    [account] = link()
    settle(account)
    sandbox.post(f"/sandbox/accounts/{account.stripe_id}/state", {"refresh": serves})
    sandbox.post("/sandbox/clock/advance", {"seconds": 6})
    change(account, {"next_allowed_at": None})

    alice.goto(f"{live_server.url}/banks/{account.pk}/")
    alice.get_by_role("button", name="Ask for new figures").click()
    expect(alice.get_by_text("Your bank is being asked.")).to_be_visible()

    def answered() -> bool:
        refreshing.catch_up(account.household_id, account.pk)
        with tenancy.scope(account.household_id):
            states = set(Freshness.objects.filter(account=account).values_list("status", flat=True))
        return serves == "hang" or "pending" not in states

    until(answered)
    expect(alice.locator(".titled .light")).to_contain_text(light)
