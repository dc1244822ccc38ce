"""Every URL, by app."""

from __future__ import annotations

from importlib.util import find_spec

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from accounts.views import end_staff_access, staff_reason
from fcdash import display, headless, health, wellknown

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path(".well-known/apple-app-site-association", wellknown.apple, name="apple_app_site_association"),
    path(".well-known/assetlinks.json", wellknown.android, name="assetlinks"),
    path("admin/reason/", admin.site.admin_view(staff_reason), name="staff_reason"),
    path("admin/reason/end/", admin.site.admin_view(end_staff_access), name="staff_reason_end"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("_allauth/app/v1/account/phone", headless.absent),
    path("_allauth/app/v1/auth/phone/<path:rest>", headless.absent),
    path("_allauth/", include("allauth.headless.urls")),
    path("webhooks/", include("webhooks.urls")),
    path("display/", display.choose, name="display"),
    path("", include("accounts.urls")),
    path("banks/", include("banking.urls")),
    *[path("", include(f"{app}.urls")) for app in ("spending", "payments", "api") if find_spec(f"{app}.urls")],
]
urlpatterns += [path(address[1:], wellknown.returned) for address in wellknown.return_paths() if address != "/"]
if settings.DEBUG:
    from fcdash import kit

    urlpatterns.append(path("kit/", kit.kit, name="kit"))
