"""Every address × every method × everybody: who may do what, and that nothing of another household shows or moves.

The addresses come from the resolver; one that is not in the table fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from tests.cast import Cast
from tests.sandbox_client import Sandbox
from tests.world import CANARY, World, fingerprint, make

pytestmark = pytest.mark.django_db
METHODS = ("GET", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
SAFE = ("GET", "OPTIONS")


@dataclass(frozen=True)
class Url:
    """One address. `path` has the ids of Alice's rows in it, `body` what a good unsafe call sends.

    `foreign`: a stranger gets 404. Without it the address is about the caller's own household.
    `personal`: no role is asked for. `owner`: only owners write.
    """

    route: str
    path: str
    methods: str = "GET"
    body: dict[str, Any] = field(default_factory=dict)
    foreign: bool = False
    personal: bool = False
    public: bool = False
    owner: bool = False

    @property
    def is_api(self) -> bool:
        return self.route.startswith("api/")

    def allows(self, method: str) -> bool:
        return method in self.methods.split()


def _rows(route: str, path: str, methods: str = "GET", **body: Any) -> Url:
    """An address of rows: foreign ones are 404."""
    return Url(route, path, methods, body, foreign=True)


def _api(route: str, path: str, methods: str = "GET", foreign: bool = False, **body: Any) -> Url:
    return Url(f"api/v1/{route}", f"/api/v1/{path}", methods, body, foreign)


URLS = (
    # Anybody's
    Url("", "/", "GET POST PUT PATCH DELETE OPTIONS", public=True, personal=True),
    Url("healthz", "/healthz", public=True),
    Url("readyz", "/readyz", public=True),
    Url(".well-known/apple-app-site-association", "/.well-known/apple-app-site-association", public=True),
    Url(".well-known/assetlinks.json", "/.well-known/assetlinks.json", public=True),
    Url("display/", "/display/", "POST", {"theme": "dark"}, public=True, personal=True),
    Url("webhooks/stripe/", "/webhooks/stripe/", "POST", public=True),
    Url("kit/", "/kit/", public=True),
    # A person's own
    Url("settings/", "/settings/"),
    Url("settings/name/", "/settings/name/", "POST", {"name": "Somebody"}, personal=True),
    Url(
        "settings/household/",
        "/settings/household/",
        "POST",
        {"name": "Ours", "time_zone": "America/Chicago", "currency": "usd"},
        owner=True,
    ),
    Url("no-household/", "/no-household/"),
    Url("household/", "/household/", "POST", {"household": "{household}"}, foreign=True, personal=True),
    # Banks
    Url("banks/", "/banks/"),
    Url("banks/link/", "/banks/link/", "GET POST"),
    _rows("banks/link/<str:session_id>/completion/", "/banks/link/{session}/completion/", "POST"),
    Url("banks/linked/", "/banks/linked/", public=True),
    Url("banks/webview/", "/banks/webview/", public=True),
    Url("banks/webview/ended/", "/banks/webview/ended/", public=True),
    _rows("banks/<int:account_id>/more/", "/banks/{account}/more/", "GET POST", permissions="transactions"),
    _rows("banks/<int:account_id>/", "/banks/{account}/"),
    _rows("banks/<int:account_id>/refresh/", "/banks/{account}/refresh/", "POST"),
    _rows("banks/<int:account_id>/disconnection/", "/banks/{account}/disconnection/", "GET POST", delete_data="yes"),
    _rows("banks/<int:account_id>/relink/", "/banks/{account}/relink/", "POST"),
    _rows("banks/<int:account_id>/continuation/", "/banks/{other_account}/continuation/", "POST"),
    _rows("banks/<int:account_id>/balance-base/", "/banks/{account}/balance-base/", "POST"),
    _rows("banks/<int:account_id>/distinction/", "/banks/{other_account}/distinction/", "POST"),
    # Accounts kept by hand, and files
    Url(
        "banks/by-hand/",
        "/banks/by-hand/",
        "GET POST",
        {"name": "Wallet", "kind": "cash", "currency": "usd", "amount": "5.00", "on": "2026-01-05"},
    ),
    _rows("banks/<int:account_id>/face/", "/banks/{by_hand}/face/", "GET POST", name="Purse", kind="cash"),
    _rows("banks/<int:account_id>/balance/", "/banks/{by_hand}/balance/", "GET POST", amount="5.00", on="2026-01-05"),
    _rows(
        "banks/<int:account_id>/rows/",
        "/banks/{by_hand}/rows/",
        "GET POST",
        direction="out",
        amount="5.00",
        on="2026-01-05",
        description="Kiosk",
    ),
    _rows("banks/<int:account_id>/closing/", "/banks/{by_hand}/closing/", "GET POST", delete_data="yes"),
    _rows("banks/<int:account_id>/reopening/", "/banks/{by_hand}/reopening/", "POST"),
    _rows(
        "banks/rows/<int:transaction_id>/",
        "/banks/rows/{hand_row}/",
        "GET POST",
        direction="in",
        amount="5.00",
        on="2026-01-05",
        description="Kiosk",
    ),
    _rows("banks/rows/<int:transaction_id>/removal/", "/banks/rows/{hand_row}/removal/", "POST"),
    Url("banks/imports/", "/banks/imports/"),
    _rows("banks/<int:account_id>/import/", "/banks/{account}/import/", "GET POST"),
    _rows("banks/imports/<int:import_id>/", "/banks/imports/{waiting}/", "GET POST", seen="x"),
    _rows("banks/imports/<int:import_id>/reading/", "/banks/imports/{waiting}/reading/", "GET POST", day="0"),
    _rows("banks/imports/<int:import_id>/abandonment/", "/banks/imports/{waiting}/abandonment/", "POST"),
    _rows("banks/imports/<int:import_id>/undoing/", "/banks/imports/{import}/undoing/", "GET POST"),
    # Figures
    Url("reading/", "/reading/"),
    Url("transactions/", "/transactions/"),
    Url("transactions/export/", "/transactions/export/"),
    _rows("transactions/<int:transaction_id>/", "/transactions/{transaction}/"),
    _rows(
        "transactions/<int:transaction_id>/category/",
        "/transactions/{transaction}/category/",
        "GET POST",
        category="fun",
    ),
    _rows("transactions/<int:transaction_id>/note/", "/transactions/{transaction}/note/", "POST", note="x"),
    _rows(
        "transactions/<int:transaction_id>/exclusion/", "/transactions/{transaction}/exclusion/", "POST", excluded="yes"
    ),
    _rows("transactions/<int:transaction_id>/review/", "/transactions/{transaction}/review/", "POST"),
    _rows("transfers/<int:transfer_id>/parting/", "/transfers/{transfer}/parting/", "POST"),
    _rows("edits/<int:edit_id>/undoing/", "/edits/{edit}/undoing/", "POST"),
    Url("spending/", "/spending/"),
    Url("cash-flow/", "/cash-flow/"),
    Url("net-worth/", "/net-worth/"),
    # Paying
    Url("bills/", "/bills/"),
    Url("bills/new/", "/bills/new/?biller={biller}", "GET POST", {"amount": "12.00", "due_on": "2026-12-24"}),
    _rows("bills/<int:bill_id>/", "/bills/{bill}/", "GET POST", amount="13.00", due_on="2026-12-24"),
    _rows("bills/<int:bill_id>/removal/", "/bills/{bill}/removal/", "POST"),
    _rows("bills/<int:bill_id>/pay/", "/bills/{unpaid}/pay/", "GET POST"),
    _rows("bills/<int:bill_id>/periods/<int:period_id>/skip/", "/bills/{unpaid}/periods/{period}/skip/", "POST"),
    _rows("payments/<int:payment_id>/", "/payments/{payment}/"),
    _rows("payments/<int:payment_id>/cancellation/", "/payments/{payment}/cancellation/", "POST"),
    _rows("payments/<int:payment_id>/release/", "/payments/{payment}/release/", "POST"),
    Url("permissions/", "/permissions/"),
    _rows("permissions/<int:mandate_id>/", "/permissions/{mandate}/"),
    _rows("permissions/<int:mandate_id>/revocation/", "/permissions/{mandate}/revocation/", "POST"),
    # The API
    Url("api/v1/openapi.json", "/api/v1/openapi.json", "GET", public=True),
    Url("api/v1/", "/api/v1/", "", public=True),
    Url("api/v1/<path:rest>", "/api/v1/no/such/call", "", public=True),
    _api("me", "me"),
    _api("link-sessions", "link-sessions", "POST", mode="sheet"),
    _api("link-sessions/<session_id>/complete", "link-sessions/{session}/complete", "POST", foreign=True),
    _api("accounts", "accounts", "GET POST", name="Wallet", kind="cash", balance=5_00, on="2026-01-05"),
    _api("accounts/<account_id>", "accounts/{account}", foreign=True),
    _api("accounts/<account_id>/owners", "accounts/{account}/owners", foreign=True),
    _api("accounts/<account_id>/refresh", "accounts/{account}/refresh", "POST", foreign=True, features=["balance"]),
    _api("accounts/<account_id>/disconnect", "accounts/{account}/disconnect", "POST", foreign=True),
    _api(
        "transactions",
        "transactions",
        "GET POST",
        account="{by_hand}",
        date="2026-01-05",
        amount=-5_00,
        description="Kiosk",
    ),
    _api("transactions/<transaction_id>", "transactions/{transaction}", "GET PATCH", foreign=True, category="fun"),
    _api("spending", "spending"),
    _api("cashflow", "cashflow"),
    _api("net-worth", "net-worth"),
    _api("billers", "billers"),
    _api("bills", "bills", "GET POST", biller="{biller}", amount=12_00, due_on="2026-12-24"),
    _api("bills/<bill_id>", "bills/{bill}", "GET PATCH DELETE", foreign=True),
    _api("mandates/terms", "mandates/terms?account={account}", foreign=True),
    _api("mandates", "mandates", "GET POST", account="{account}", version="1", accept=True),
    _api("mandates/<mandate_id>", "mandates/{mandate}", "GET DELETE", foreign=True),
    _api("payments", "payments", "GET POST", bill="{unpaid}", account="{account}", mandate="{mandate}"),
    _api("payments/<payment_id>", "payments/{payment}", foreign=True),
    _api("payments/<payment_id>/cancel", "payments/{payment}/cancel", "POST", foreign=True),
)
# Written by others, under rules of their own: whatever the address, nothing of a household shows or moves.
FAMILIES = ("admin/", "accounts/", "_allauth/app/v1/")
# Not asked for the sign-in page's own token: signed by Stripe, or by a session token in a header.
WITHOUT_CSRF = ("webhooks/stripe/", "api/v1/", "_allauth/app/v1/")
# Only where DEBUG is set as the addresses are read.
SOMETIMES = {"kit/"}


def routes() -> dict[str, Any]:
    """Every route of the project and its view."""

    def below(patterns: Any, prefix: str) -> Iterator[tuple[str, Any]]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from below(pattern.url_patterns, prefix + str(pattern.pattern))
            elif isinstance(pattern, URLPattern):
                yield prefix + str(pattern.pattern), pattern.callback

    return dict(below(get_resolver().url_patterns, ""))


@pytest.fixture
def world(cast: Cast, settings: Any) -> World:
    """Alice's household, full; Charlie's, empty."""
    settings.API_READS_PER_MINUTE = settings.API_WRITES_PER_MINUTE = 10**9
    assert cast.strange_household
    return make(cast)


def ask(client: Client, url: Url, world: World, method: str) -> Any:
    """Call the address. Pages get forms, the API gets JSON."""
    path, body = world.path(url.path), world.fill(url.body)
    if method in SAFE:
        return client.generic(method, path)
    if url.is_api:
        return getattr(client, method.lower())(path, body, content_type="application/json")
    if method == "POST":
        return client.post(path, body)
    return client.generic(method, path)


def says_canary(response: Any) -> bool:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    said = body + str(sorted(response.headers.items())).encode()
    return CANARY.encode() in said or b"alice@example.com" in said


@contextmanager
def undone() -> Iterator[None]:
    """Puts back what a call changed; no atomic block, for Stripe may be called."""
    before = transaction.savepoint()
    yield
    transaction.savepoint_rollback(before)


def known(url: Url) -> Url:
    if url.route in SOMETIMES and url.route not in routes():
        pytest.skip("only with DEBUG")
    return url


each_url = pytest.mark.parametrize("url", URLS, ids=lambda url: url.route or "home")


def test_the_table_holds_every_address_and_no_other() -> None:
    found = {route for route in routes() if not route.startswith(FAMILIES)}

    assert found - {url.route for url in URLS} == set(), "in no table: say who may call them"
    assert {url.route for url in URLS} - found <= SOMETIMES, "no longer there"


def test_only_what_is_signed_goes_without_csrf() -> None:
    exempt = {route for route, view in routes().items() if getattr(view, "csrf_exempt", False)}

    assert {route for route in exempt if not route.startswith(WITHOUT_CSRF)} == set()


def test_what_needs_no_sign_in_is_named() -> None:
    opened = {r for r, view in routes().items() if not getattr(view, "login_required", True)}
    own = {route for route in opened if not route.startswith((*FAMILIES, "api/v1/"))}

    assert own == {url.route for url in URLS if url.public and not url.is_api} & set(routes())


# Addresses of hers that do not say the word: figures, ids, names of billers.
WORDLESS = {
    "banks/<int:account_id>/more/",
    "no-household/",
    "reading/",
    "api/v1/spending",
    "api/v1/cashflow",
    "api/v1/net-worth",
    "api/v1/billers",
    "api/v1/mandates",
    "api/v1/mandates/<mandate_id>",
    "api/v1/payments",
    "api/v1/payments/<payment_id>",
}


@pytest.mark.parametrize("url", [u for u in URLS if u.allows("GET") and not u.public], ids=lambda url: url.route)
def test_the_word_is_where_alice_looks(url: Url, world: World, cast: Cast) -> None:
    """Else its absence for others would prove nothing."""
    assert says_canary(ask(cast.client(cast.alice), url, world, "GET")) == (url.route not in WORDLESS)


@each_url
def test_nobody(url: Url, world: World, cast: Cast) -> None:
    """Signed out: to the sign-in page, or 401; nothing shows, nothing moves."""
    known(url)
    before = fingerprint(cast.household.pk)
    for method in METHODS:
        response = ask(Client(), url, world, method)
        assert response.status_code < 500 or url.route == "readyz", method
        assert not says_canary(response), method
        if url.public:
            continue
        if url.is_api:
            assert response.status_code == (401 if url.allows(method) else 405), method
        else:
            assert response.status_code == 302, method
            assert response.headers["Location"].startswith("/accounts/login/"), method
    assert fingerprint(cast.household.pk) == before


@each_url
def test_a_stranger(url: Url, world: World, cast: Cast, sandbox: Sandbox) -> None:
    """Charlie with the ids of Alice's rows: 404, and nothing of hers shows or moves."""
    known(url)
    client = cast.client(cast.charlie)
    before = fingerprint(cast.household.pk)
    for method in METHODS:
        response = ask(client, url, world, method)
        assert response.status_code < 500 or url.route == "readyz", method
        assert not says_canary(response), method
        if url.foreign and url.allows(method):
            assert response.status_code == 404, method
    assert fingerprint(cast.household.pk) == before


@each_url
def test_a_viewer(url: Url, world: World, cast: Cast) -> None:
    """Vera sees what the household sees, and changes nothing."""
    known(url)
    client = cast.client(cast.vera)
    before = fingerprint(cast.household.pk)
    for method in METHODS:
        response = ask(client, url, world, method)
        if url.public or url.personal:
            assert response.status_code < 500 or url.route == "readyz", method
        elif not url.allows(method):
            assert response.status_code in (403, 405), method
        elif method in SAFE:
            assert response.status_code in (200, 302, 422), method
        else:
            assert response.status_code == 403, method
    assert fingerprint(cast.household.pk) == before


@each_url
@pytest.mark.parametrize("who", ["bob", "alice"], ids=["member", "owner"])
def test_those_who_may(url: Url, who: str, world: World, cast: Cast, sandbox: Sandbox) -> None:
    """A member and the owner get through; reading changes nothing; other methods do not exist."""
    known(url)
    user: User = getattr(cast, who)
    client = cast.client(user)
    before = fingerprint(cast.household.pk)
    for method in METHODS:
        with undone():
            response = ask(client, url, world, method)
            if method in SAFE:
                assert fingerprint(cast.household.pk) == before, method
        if url.public:
            continue
        if not url.allows(method):
            assert response.status_code == 405, method
        elif url.owner and who == "bob":
            assert response.status_code == 403, method
        elif "{session}" in url.path and who == "bob":
            assert response.status_code == 404, method  # a link session is its person's own
        else:
            may_be = (200, 201, 202, 204, 302, 409, 422)
            assert response.status_code in may_be or _is_unknown_to_stripe(url, response), (method, response.content)


def _is_unknown_to_stripe(url: Url, response: Any) -> bool:
    """The link session of the world was never opened at Stripe."""
    return "{session}" in url.path and response.status_code == 404


@each_url
def test_no_page_is_changed_without_the_csrf_token(url: Url, world: World, cast: Cast) -> None:
    """What another site makes Alice's browser send is refused, whatever it is."""
    known(url)
    client = cast.client(cast.alice)
    client.handler.enforce_csrf_checks = True
    before = fingerprint(cast.household.pk)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        response = ask(client, url, world, method)
        if url.route != "webhooks/stripe/" and not url.is_api:
            assert response.status_code == 403, method
        elif url.is_api and url.allows(method):
            assert (response.status_code, response.json()["code"]) == (403, "csrf_failed"), method
    assert fingerprint(cast.household.pk) == before


PARAMETERS = {
    "object_id": "{payment}",
    "content_type_id": "1",
    "uidb36": "1",
    "key": "set-password",
    "pk": "1",
    "url": "anything",
    "app_label": "payments",
    "rest": "verify",
}


def _some_path(route: str, world: World) -> str:
    """Some path that the route matches."""
    import re

    path = route.replace("^", "").replace("$", "")
    path = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", lambda m: PARAMETERS[m[1]], path)
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda m: PARAMETERS[m[1]], path)
    return "/" + world.path(path)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("who", ["nobody", "charlie", "alice"])
def test_the_families(family: str, who: str, world: World, cast: Cast, sandbox: Sandbox) -> None:
    """Admin and sign-in: no household shows to others, none moves; the admin is closed to whoever is not staff."""
    before = fingerprint(cast.household.pk)
    for route in sorted(r for r in routes() if r.startswith(family)):
        client = cast.client(None if who == "nobody" else getattr(cast, who))
        for method in ("GET", "POST", "DELETE", "PUT"):
            with undone():
                path = _some_path(route, world)
                kind = "application/json" if family.startswith("_allauth") else "application/x-www-form-urlencoded"
                response = client.generic(method, path, "{}" if "json" in kind else "", content_type=kind)
                assert response.status_code < 500, (method, path)
                if who != "alice":
                    assert not says_canary(response), (method, path)
                if family == "admin/":
                    assert response.status_code in (302, 403, 404, 405), (method, path, response.status_code)
        assert fingerprint(cast.household.pk) == before, route


# --- Ids in queries and bodies ----------------------------------------------------------------------------------


@pytest.fixture
def both(world: World, cast: Cast) -> tuple[World, World]:
    """Alice's ids, and Charlie's own, who has a household as full as hers."""

    class Charlies(Cast):
        household = cast.strange_household
        alice = cast.charlie

    return world, make(Charlies())


API_BODIES = [
    ("POST", "/payments", {"bill": "{unpaid}", "account": "{account}", "mandate": "{mandate}"}),
    ("POST", "/mandates", {"account": "{account}", "version": "1", "accept": True}),
    (
        "POST",
        "/transactions",
        {"account": "{by_hand}", "date": "2026-01-05", "amount": -5_00, "description": "Kiosk"},
    ),
]
FOREIGN_IN_BODY = [
    (method, path, body, name)
    for method, path, body in API_BODIES
    for name, value in body.items()
    if isinstance(value, str) and value.startswith("{")
]


@pytest.mark.parametrize(("method", "path", "body", "name"), FOREIGN_IN_BODY)
def test_a_foreign_id_in_a_body(
    method: str, path: str, body: dict[str, Any], name: str, both: tuple[World, World], cast: Cast, sandbox: Sandbox
) -> None:
    """All of Charlie's own but one: 404, as for an id that does not exist, and nothing moves in either household."""
    alices, charlies = both
    client = cast.client(cast.charlie)
    before = fingerprint(cast.household.pk), fingerprint(cast.strange_household.pk)
    foreign = charlies.fill(body) | {name: alices.path(body[name])}
    missing = charlies.fill(body) | {name: "99999999"}

    answers = [client.post(f"/api/v1{path}", sent, content_type="application/json") for sent in (foreign, missing)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert (fingerprint(cast.household.pk), fingerprint(cast.strange_household.pk)) == before


def test_charlies_own_ids_would_do(both: tuple[World, World], cast: Cast, sandbox: Sandbox) -> None:
    """The bodies above are good ones: it is the foreign id that is refused."""
    _, charlies = both
    client = cast.client(cast.charlie)
    pay, *_ = API_BODIES

    answer = client.post("/api/v1/payments", charlies.fill(pay[2]), content_type="application/json")

    assert answer.status_code == 201, answer.content


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/transactions?account={account}",
        "/api/v1/payments?bill={bill}",
        "/api/v1/mandates/terms?account={account}",
    ],
)
def test_a_foreign_id_in_a_query(path: str, world: World, cast: Cast) -> None:
    response = cast.client(cast.charlie).get(world.path(path))

    assert response.status_code == 404
    assert not says_canary(response)


@pytest.mark.parametrize(
    "path",
    [
        "/transactions/?account={account}",
        "/transactions/?open={transaction}",
        "/transactions/?q=" + CANARY,
        "/spending/?account={account}",
        "/spending/?by=account&account={account}",
        "/bills/?before={payment}",
        "/bills/{own}/pay/?account={account}&period={period}",
        "/permissions/?before={payment}",
    ],
)
def test_a_foreign_id_in_a_pages_query(path: str, both: tuple[World, World], cast: Cast) -> None:
    alices, charlies = both
    with_own = {**alices.ids, "own": charlies.ids["unpaid"]}
    make_quiet(cast)

    response = cast.client(cast.charlie).get(path.format(**with_own))

    assert response.status_code in (200, 302, 404)
    assert b"alice@example.com" not in response.content
    assert b"only-alices" not in response.content


def make_quiet(cast: Cast) -> None:
    """Charlie's rows say the canary too here: Alice's say another word."""
    from banking.models import Account, Transaction
    from fcdash import tenancy

    with tenancy.scope(cast.household):
        Account.objects.update(name="only-alices", institution="only-alices")
        Transaction.objects.update(description="only-alices", merchant="only-alices", note="only-alices")


@pytest.mark.parametrize("named", ["{household}", "0", "x", "99999999", "-1", "9" * 30, "１"])
def test_a_household_that_is_not_theirs_is_not_there(named: str, world: World, cast: Cast) -> None:
    """Charlie names Alice's household, by header and by form."""
    client = cast.client(cast.charlie)
    wanted = world.path(named)

    if wanted.isascii():
        assert client.get("/api/v1/me", headers={"X-Household": wanted}).status_code == 404
        assert client.post("/api/v1/bills", {}, headers={"X-Household": wanted}).status_code == 404
    assert client.post("/household/", {"household": wanted}).status_code == 404


def test_pages_pay_with_nothing_foreign(both: tuple[World, World], cast: Cast, sandbox: Sandbox) -> None:
    alices, charlies = both
    client = cast.client(cast.charlie)
    before = fingerprint(cast.household.pk)
    form = {
        "account": alices.ids["account"],
        "period": alices.ids["period"],
        "nonce": "6f9619ff-8b86-4011-b42d-00cf4fc964ff",
        "when": "now",
        "agree": "on",
        "version": "1",
    }

    response = client.post(f"/bills/{charlies.ids['unpaid']}/pay/", form)

    assert response.status_code in (404, 422)
    assert fingerprint(cast.household.pk) == before


@pytest.mark.parametrize("number", ["0", "99999999999999999999999", "9223372036854775808"])
@pytest.mark.parametrize("url", [u for u in URLS if u.foreign and "{" in u.path], ids=lambda url: url.route)
def test_numbers_beyond_all_rows(url: Url, number: str, cast: Cast, settings: Any) -> None:
    """An id that no column could hold is a 404 like any other."""
    settings.API_READS_PER_MINUTE = settings.API_WRITES_PER_MINUTE = 10**9
    assert cast.household
    import re

    path = re.sub(r"\{\w+\}", number, url.path)
    client = cast.client(cast.alice)
    for method in url.methods.split():
        beyond = Url(url.route, path, url.methods, url.body, True)
        assert ask(client, beyond, World(), method).status_code == 404, method
