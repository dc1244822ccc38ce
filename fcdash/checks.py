"""What stops a start: settings that are missing or contradict each other, and a database that would not protect."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from django.db import connection

from fcdash.addresses import is_loopback
from fcdash.gateway import connections
from fcdash.tenancy import SEARCH_ROLE, SYSTEM_ROLE

Finding = tuple[str, str]
POSTGRESQL = 16
STRIPE_BASE = "https://api.stripe.com"
STRIPE_JS_HOST = "js.stripe.com"
SILENT_BACKENDS = ("console", "dummy", "filebased", "locmem")
# https://docs.stripe.com/get-started/account/statement-descriptors
DESCRIPTOR = re.compile(r"(?=.*[A-Za-z])[ -~]{5,22}")
DESCRIPTOR_FORBIDS = set("<>\\'\"*")


# TEAMID.bundle.id, and package=fingerprint, as Apple and Google write them
APPLE_APP = re.compile(r"[A-Z0-9]{10}\.[A-Za-z0-9.-]+")
ANDROID_APP = re.compile(r"[A-Za-z][\w.]+=[0-9A-F]{2}(:[0-9A-F]{2}){31}")
LINKING = {
    "LINK_PERMISSIONS": connections.DEFAULT_PERMISSIONS,
    "LINK_PREFETCH": connections.PREFETCHABLE,
    "LINK_ACCOUNT_SUBCATEGORIES": connections.SUBCATEGORIES,
}


def wrong_settings() -> Iterator[Finding]:
    """Each wrong setting: the number of its check and a sentence that names the variable."""
    yield from _stripe_keys()
    yield from _stripe_addresses()
    yield from _words()
    yield from _linking()
    if not settings.DEBUG:
        yield from _production()


def _stripe_keys() -> Iterator[Finding]:
    secret, publishable = settings.STRIPE_SECRET_KEY, settings.STRIPE_PUBLISHABLE_KEY
    live = secret.startswith(("sk_live_", "rk_live_"))
    if not secret.startswith(("sk_test_", "rk_test_", "sk_live_", "rk_live_")):
        yield "E001", "STRIPE_SECRET_KEY is no secret key: it starts with sk_ or rk_, then live_ or test_."
    if live and settings.DEBUG:
        yield "E002", "STRIPE_SECRET_KEY is a live key with DEBUG=1: live keys are for production only."
    if not live and not settings.DEBUG and not settings.STRIPE_TEST_KEY_IN_PRODUCTION:
        yield (
            "E003",
            "STRIPE_SECRET_KEY is a test key with DEBUG=0: no money would move. If that is meant, set"
            " STRIPE_TEST_KEY_IN_PRODUCTION=1.",
        )
    if not publishable.startswith(("pk_live_", "pk_test_")):
        yield "E004", "STRIPE_PUBLISHABLE_KEY is missing or no publishable key: it starts with pk_."
    elif publishable.startswith("pk_live_") != live:
        yield "E005", "STRIPE_PUBLISHABLE_KEY and STRIPE_SECRET_KEY are of different modes, one live and one test."
    if not settings.STRIPE_SANDBOX and publishable == "pk_test_sandbox":
        yield "E005", "STRIPE_PUBLISHABLE_KEY is the sandbox's, STRIPE_SECRET_KEY is not."
    secrets = settings.STRIPE_WEBHOOK_SECRETS
    if not secrets:
        yield "E006", "STRIPE_WEBHOOK_SECRETS is not set: no event of Stripe's could be believed."
    elif any(not each.startswith("whsec_") for each in secrets):
        yield "E006", "STRIPE_WEBHOOK_SECRETS has a malformed part: each starts with whsec_."
    elif not settings.STRIPE_SANDBOX and "whsec_sandbox" in secrets:
        yield "E006", "STRIPE_WEBHOOK_SECRETS holds the sandbox's secret, which anybody knows."


def _stripe_addresses() -> Iterator[Finding]:
    base, script = settings.STRIPE_API_BASE, settings.STRIPE_JS_URL
    if settings.STRIPE_LIVEMODE and is_loopback(base):
        yield "E007", f"STRIPE_API_BASE is {base}, a sandbox, and STRIPE_SECRET_KEY is a live key."
    elif not settings.STRIPE_SANDBOX and not base.startswith("https://"):
        yield "E007", "STRIPE_API_BASE must be https: the key travels with each call."
    elif base == STRIPE_BASE and settings.STRIPE_SECRET_KEY == "sk_test_sandbox":  # noqa: S105
        yield "E007", "STRIPE_API_BASE is Stripe's own and STRIPE_SECRET_KEY the sandbox's."
    if (urlsplit(script).hostname == STRIPE_JS_HOST) == settings.STRIPE_SANDBOX:
        yield "E008", "STRIPE_JS_URL and STRIPE_API_BASE contradict each other: one is a sandbox's, the other is not."


def _linking() -> Iterator[Finding]:
    for name, offered in LINKING.items():
        if not set(getattr(settings, name)) <= set(offered):
            yield "E020", f"{name} holds something else than {', '.join(offered)}."
    if not settings.LINK_PERMISSIONS:
        yield "E020", "LINK_PERMISSIONS is empty: Stripe asks for at least one."
    if settings.LINK_PAYABLE not in ("", *connections.PAYABLE):
        yield "E020", "LINK_PAYABLE is none of all, at_least_one and none."
    if not 0 <= settings.LINK_ACCOUNTS <= 100:
        yield "E020", "LINK_ACCOUNTS must be 0 (any number) to 100."
    if any(not APPLE_APP.fullmatch(app) for app in settings.APPLE_APP_IDS):
        yield (
            "E021",
            "APPLE_APP_IDS has a malformed part: each is TEAMID.bundle.id, such as AB12CD34EF.org.example.app.",
        )
    if any(not ANDROID_APP.fullmatch(app) for app in settings.ANDROID_APPS):
        yield "E021", "ANDROID_APPS has a malformed part: each is package=SHA256, the fingerprint as AA:BB:…, 32 pairs."


def _words() -> Iterator[Finding]:
    for url in settings.MOBILE_RETURN_URLS:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            yield "E009", f"MOBILE_RETURN_URLS holds {url!r}: each must be an https address that opens your app."
    descriptor = settings.STATEMENT_DESCRIPTOR
    if descriptor and (not DESCRIPTOR.fullmatch(descriptor) or DESCRIPTOR_FORBIDS & set(descriptor)):
        yield (
            "E010",
            "STATEMENT_DESCRIPTOR needs 5 to 22 Latin characters with at least one letter, none of < > \\ ' \" *.",
        )
    if not settings.OPERATOR_NAME.strip():
        yield "E011", "OPERATOR_NAME is empty: mandates must name who receives the money."
    try:
        validate_email(settings.SUPPORT_EMAIL)
    except ValidationError:
        yield "E012", "SUPPORT_EMAIL is no e-mail address: people must be able to write to you."


def _production() -> Iterator[Finding]:
    public, hosts = urlsplit(settings.PUBLIC_URL), settings.ALLOWED_HOSTS
    key = settings.SECRET_KEY
    if len(key) < 50 or len(set(key)) < 10 or key.startswith(("django-insecure", "development-only")):
        yield "E013", "SECRET_KEY is weak: take at least 50 random characters."
    if public.scheme != "https" or not public.hostname:
        yield "E014", "PUBLIC_URL must start with https:// in production."
    if any(host in ("*", "") for host in hosts):
        yield "E015", "ALLOWED_HOSTS must name your hosts: with * anybody chooses the address in our mails."
    elif not any(_serves(host, public.hostname or "") for host in hosts):
        yield "E015", f"ALLOWED_HOSTS does not hold the host of PUBLIC_URL, {public.hostname}."
    if any(f".{name}." in settings.EMAIL_BACKEND for name in SILENT_BACKENDS):
        yield "E016", "EMAIL_URL leads to a back end that sends nothing: nobody could confirm an address."


def _serves(pattern: str, host: str) -> bool:
    return host == pattern.lower() or (pattern.startswith(".") and f".{host}".endswith(pattern.lower()))


def refuse_wrong_settings() -> None:
    """Raise ImproperlyConfigured with all that is wrong; reads the settings alone."""
    found = [f"{words} [fcdash.{number}]" for number, words in wrong_settings()]
    if found:
        raise ImproperlyConfigured("\n".join(found))


@checks.register(checks.Tags.security)
def check_settings(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    return [checks.Error(words, id=f"fcdash.{number}") for number, words in wrong_settings()]


@checks.register(checks.Tags.database)
def check_database(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """Whether the walls between households can hold: the server, our role, and the two that it may become."""
    if not databases or "default" not in databases:
        return []
    return [checks.Error(f"DATABASE_URL: {words}", id=f"fcdash.{number}") for number, words in _wrong_database()]


def _wrong_database() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int, rolname, rolsuper, rolbypassrls"
            " FROM pg_roles WHERE rolname = current_user"
        )
        version, role, superuser, bypasses = cursor.fetchone()
        if version < POSTGRESQL * 10_000:
            yield "E017", f"PostgreSQL {POSTGRESQL} or newer is needed; this is {version // 10_000}."
            return  # the question below has no answer there
        cursor.execute(
            "SELECT rolname, pg_has_role(oid, 'SET'), pg_has_role(oid, 'USAGE') FROM pg_roles WHERE rolname = ANY(%s)",
            [[SYSTEM_ROLE, SEARCH_ROLE]],
        )
        others = {name: (may_become, inherits) for name, may_become, inherits in cursor.fetchall()}
    if superuser or bypasses:
        yield "E018", f"the role {role} is a superuser or has BYPASSRLS: every household would see every other."
    for name in (SYSTEM_ROLE, SEARCH_ROLE):
        may_become, inherits = others.get(name, (False, False))
        if not may_become:
            yield "E019", f"the role {role} may not become {name}: GRANT {name} TO {role} WITH INHERIT FALSE, SET TRUE."
        elif inherits and not superuser:
            yield "E019", f"the role {role} inherits {name}: GRANT {name} TO {role} WITH INHERIT FALSE, SET TRUE."
