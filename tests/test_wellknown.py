"""The files that let an app open our return addresses, and the page of those whose app was not opened."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from django.conf import settings as here
from django.test import Client

FINGERPRINT = ":".join(["AB"] * 32)
BOTH = "https://money.example.org/app/back,https://elsewhere.example.org/back"


def read(name: str) -> Any:
    answer = Client().get(f"/.well-known/{name}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    return answer.json()


def test_with_nothing_set_they_are_empty_lists(settings: Any) -> None:
    settings.APPLE_APP_IDS, settings.ANDROID_APPS, settings.MOBILE_RETURN_URLS = [], [], []

    assert read("apple-app-site-association") == {"applinks": {"details": []}}
    assert read("assetlinks.json") == []


def test_they_name_the_apps_and_the_paths_of_this_host_alone(settings: Any) -> None:
    settings.PUBLIC_URL, settings.MOBILE_RETURN_URLS = "https://money.example.org", BOTH.split(",")
    settings.APPLE_APP_IDS = ["AB12CD34EF.org.example.money"]
    settings.ANDROID_APPS = [f"org.example.money={FINGERPRINT}", "org.example.money=CD:CD"]

    details = read("apple-app-site-association")["applinks"]["details"]
    [statement] = read("assetlinks.json")
    assert details == [{"appIDs": ["AB12CD34EF.org.example.money"], "components": [{"/": "/app/back"}]}]
    assert statement["relation"] == ["delegate_permission/common.handle_all_urls"]
    assert statement["target"] == {
        "namespace": "android_app",
        "package_name": "org.example.money",
        "sha256_cert_fingerprints": [FINGERPRINT, "CD:CD"],
    }


def test_a_return_address_in_a_browser_sends_back_to_the_app() -> None:
    asks = "from django.test import Client; r = Client().get('/app/back?session=1'); print(r.status_code, r.content)"
    mine = {"DEBUG": "1", "PUBLIC_URL": "https://money.example.org", "MOBILE_RETURN_URLS": BOTH}
    command = [sys.executable, "-c", f"import fcdash.wsgi; {asks}"]

    ran = subprocess.run(
        command, env={**os.environ, **mine}, cwd=here.BASE_DIR, capture_output=True, text=True, timeout=60
    )

    assert ran.stdout.startswith("200 "), ran.stdout + ran.stderr
    assert "Go back to the app" in ran.stdout
