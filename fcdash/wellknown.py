"""Files that let a mobile app open our return addresses, from settings, and the page of those who have no app there."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe


def return_paths() -> list[str]:
    """Paths of the return addresses on our own host; another host serves its own files."""
    host = urlsplit(settings.PUBLIC_URL).hostname
    parts = [urlsplit(url) for url in settings.MOBILE_RETURN_URLS]
    return sorted({part.path or "/" for part in parts if part.hostname == host})


@login_not_required
@require_safe
def apple(request: HttpRequest) -> JsonResponse:
    """Universal links. APPLE_APP_IDS holds TEAMID.bundle.id. A component without "?" takes any query with it."""
    components = [{"/": path} for path in return_paths()]
    details = [{"appIDs": settings.APPLE_APP_IDS, "components": components}]
    return JsonResponse({"applinks": {"details": details if settings.APPLE_APP_IDS and components else []}})


@login_not_required
@require_safe
def android(request: HttpRequest) -> JsonResponse:
    """App Links. ANDROID_APPS holds package=SHA256-fingerprint, a package once for each key that signs it."""
    apps: dict[str, list[str]] = {}
    for entry in settings.ANDROID_APPS:
        package, _, fingerprint = entry.partition("=")
        apps.setdefault(package, []).append(fingerprint)
    return JsonResponse([_statement(package, fingerprints) for package, fingerprints in apps.items()], safe=False)


def _statement(package: str, fingerprints: list[str]) -> dict[str, object]:
    target = {"namespace": "android_app", "package_name": package, "sha256_cert_fingerprints": fingerprints}
    return {"relation": ["delegate_permission/common.handle_all_urls"], "target": target}


@login_not_required
@require_safe
def returned(request: HttpRequest) -> HttpResponse:
    """A return address in a browser: the app was not opened, so the person goes back to it themselves."""
    return TemplateResponse(request, "pages/back_to_app.html")
