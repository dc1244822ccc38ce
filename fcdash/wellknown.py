"""Files that let a mobile app open our return addresses; from settings, empty lists when nothing is set."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe


def _paths() -> list[str]:
    return [urlsplit(url).path or "/" for url in settings.MOBILE_RETURN_URLS]


@login_not_required
@require_safe
def apple(request: HttpRequest) -> JsonResponse:
    """Universal links. APPLE_APP_IDS holds TEAMID.bundle.id."""
    details = [{"appIDs": settings.APPLE_APP_IDS, "components": [{"/": path} for path in _paths()]}]
    return JsonResponse({"applinks": {"details": details if settings.APPLE_APP_IDS else []}})


@login_not_required
@require_safe
def android(request: HttpRequest) -> JsonResponse:
    """App Links. ANDROID_APPS holds package=SHA256-fingerprint."""
    apps = [entry.partition("=") for entry in settings.ANDROID_APPS]
    return JsonResponse(
        [
            {
                "relation": ["delegate_permission/common.handle_all_urls"],
                "target": {
                    "namespace": "android_app",
                    "package_name": package,
                    "sha256_cert_fingerprints": [fingerprint],
                },
            }
            for package, _, fingerprint in apps
        ],
        safe=False,
    )
