"""With settings that are missing or contradict each other nothing starts: real processes, real environments."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.db import connection

# Assembled, so that no scanner takes them for leaked keys.
LIVE = {"STRIPE_SECRET_KEY": "_".join(("rk", "live", "1")), "STRIPE_PUBLISHABLE_KEY": "_".join(("pk", "live", "1"))}
TEST = {"STRIPE_SECRET_KEY": "_".join(("sk", "test", "1")), "STRIPE_PUBLISHABLE_KEY": "_".join(("pk", "test", "1"))}
SOUND = {
    **LIVE,
    "DEBUG": "0",
    "SECRET_KEY": "b7Zq2LwX9rT4kVn8eYc3mHs6pJd1fGu5aQo0iRzWxEvBtNyMhKlDjSgPUo",
    "PUBLIC_URL": "https://money.example.org",
    "DATABASE_URL": "postgresql://fcdash_app@db.example.org/fcdash",
    "REDIS_URL": "redis://cache.example.org/1",
    "EMAIL_URL": "smtp://mail.example.org:25",
    "OPERATOR_NAME": "Alder Creek",
    "SUPPORT_EMAIL": "help@example.org",
    "STRIPE_WEBHOOK_SECRETS": "whsec_new,whsec_old",
    "STATEMENT_DESCRIPTOR": "ALDER CREEK",
    "MOBILE_RETURN_URLS": "https://money.example.org/back",
}
DEVELOPMENT = {"DEBUG": "1"}
LOOPBACK = {"STRIPE_API_BASE": "http://127.0.0.1:8001", "STRIPE_JS_URL": "http://127.0.0.1:8001/v3/"}
TRIAL = {**SOUND, **TEST, "STRIPE_TEST_KEY_IN_PRODUCTION": "1"}


def start(environment: dict[str, str], *program: str) -> subprocess.CompletedProcess[str]:
    """A process with this environment and no other; by default it loads what a web server loads."""
    bare = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment}
    command = [sys.executable, *(program or ("-c", "import fcdash.wsgi"))]
    return subprocess.run(command, env=bare, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=120)


def findings(environment: dict[str, str]) -> dict[str, str]:
    """What stops the start: the number of each finding and its first word, which is the variable."""
    ran = start(environment)
    said = ran.stderr.replace("django.core.exceptions.ImproperlyConfigured: ", "")
    return {number: variable for variable, number in re.findall(r"^(\w+) .* \[fcdash\.(E\d+)\]$", said, re.MULTILINE)}


@pytest.mark.parametrize("environment", [SOUND, DEVELOPMENT, TRIAL, {**DEVELOPMENT, **TEST, **LOOPBACK}])
def test_sound_settings_start(environment: dict[str, str]) -> None:
    ran = start(environment)

    assert ran.returncode == 0
    assert "ImproperlyConfigured" not in ran.stderr


@pytest.mark.parametrize(
    "variable",
    [
        *("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "OPERATOR_NAME", "SUPPORT_EMAIL"),
        *("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRETS"),
    ],
)
def test_a_missing_setting_stops_the_start_by_name(variable: str) -> None:
    ran = start({name: value for name, value in SOUND.items() if name != variable})

    assert ran.returncode == 1
    assert re.search(rf"ImproperlyConfigured: {variable} is (missing|not set)", ran.stderr)


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({**SOUND, **LOOPBACK}, {"E007": "STRIPE_API_BASE"}),
        ({**SOUND, **TEST}, {"E003": "STRIPE_SECRET_KEY"}),
        ({**DEVELOPMENT, **LIVE, "STRIPE_WEBHOOK_SECRETS": "whsec_1"}, {"E002": "STRIPE_SECRET_KEY"}),
        ({**SOUND, "STRIPE_JS_URL": "http://localhost:1/v3/"}, {"E008": "STRIPE_JS_URL"}),
        (
            {
                **SOUND,
                "STRIPE_PUBLISHABLE_KEY": TEST["STRIPE_PUBLISHABLE_KEY"],
                "STRIPE_WEBHOOK_SECRETS": "whsec_1,secret",
                "STRIPE_API_BASE": "http://api.example.org",
                "MOBILE_RETURN_URLS": "myapp://back",
                "LINK_PERMISSIONS": "balances,everything",
                "APPLE_APP_IDS": "org.example.money",
                "STATEMENT_DESCRIPTOR": "ALDER CREEK COMMUNITY SERVICES",
                "OPERATOR_NAME": " ",
                "SUPPORT_EMAIL": "nobody",
                "SECRET_KEY": "short",
                "PUBLIC_URL": "http://money.example.org",
                "ALLOWED_HOSTS": "*",
                "EMAIL_URL": "consolemail://",
            },
            {
                "E005": "STRIPE_PUBLISHABLE_KEY",
                "E006": "STRIPE_WEBHOOK_SECRETS",
                "E007": "STRIPE_API_BASE",
                "E009": "MOBILE_RETURN_URLS",
                "E010": "STATEMENT_DESCRIPTOR",
                "E011": "OPERATOR_NAME",
                "E012": "SUPPORT_EMAIL",
                "E013": "SECRET_KEY",
                "E014": "PUBLIC_URL",
                "E015": "ALLOWED_HOSTS",
                "E016": "EMAIL_URL",
                "E020": "LINK_PERMISSIONS",
                "E021": "APPLE_APP_IDS",
            },
        ),
        (
            {
                **SOUND,
                "STRIPE_SECRET_KEY": LIVE["STRIPE_PUBLISHABLE_KEY"],
                "STRIPE_TEST_KEY_IN_PRODUCTION": "1",
                "STRIPE_PUBLISHABLE_KEY": "pk_test_sandbox",
                "STRIPE_WEBHOOK_SECRETS": "whsec_sandbox",
                "STATEMENT_DESCRIPTOR": "ALDER*CREEK",
                "LINK_ACCOUNTS": "101",
                "ANDROID_APPS": "org.example.money=AB:CD",
                "ALLOWED_HOSTS": "other.example.org",
            },
            {
                "E001": "STRIPE_SECRET_KEY",
                "E005": "STRIPE_PUBLISHABLE_KEY",
                "E006": "STRIPE_WEBHOOK_SECRETS",
                "E010": "STATEMENT_DESCRIPTOR",
                "E015": "ALLOWED_HOSTS",
                "E020": "LINK_ACCOUNTS",
                "E021": "ANDROID_APPS",
            },
        ),
    ],
)
def test_a_contradiction_stops_the_start_and_names_each_variable(
    environment: dict[str, str], found: dict[str, str]
) -> None:
    assert findings(environment) == found


def test_a_worker_and_a_command_refuse_as_well() -> None:
    wrong = {**SOUND, **LOOPBACK}

    for program in (("-m", "celery", "-A", "fcdash", "worker"), ("manage.py", "migrate"), ("manage.py", "check")):
        ran = start(wrong, *program)
        assert ran.returncode != 0
        assert "STRIPE_API_BASE is http://127.0.0.1:8001, a sandbox" in ran.stderr + ran.stdout


@pytest.mark.django_db
def test_the_walls_between_households_are_checked() -> None:
    def said() -> str:
        return " ".join(str(finding.msg) for finding in run_checks(databases=["default"], tags=["database"]))

    assert said() == ""
    with connection.cursor() as cursor:
        # As the system role: it may become nobody.
        cursor.execute("SET LOCAL ROLE fcdash_system")
    assert "may not become fcdash_search" in said()


def test_the_policy_names_where_stripes_script_comes_from() -> None:
    asks = "from django.conf import settings; print(settings.CONTENT_SECURITY_POLICY['DIRECTIVES'])"

    said = start({**SOUND, "DJANGO_SETTINGS_MODULE": "fcdash.settings"}, "-c", asks).stdout

    for directive in (
        "'script-src': [\"'self'\", 'https://js.stripe.com', 'https://*.js.stripe.com']",
        "'connect-src': [\"'self'\", 'https://api.stripe.com']",
        "'frame-src': ['https://js.stripe.com', 'https://*.js.stripe.com', 'https://hooks.stripe.com',",
    ):
        assert directive in said
