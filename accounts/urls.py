"""URLs of a person's own settings."""

from __future__ import annotations

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("settings/", views.settings_page, name="settings"),
    path("settings/name/", views.change_name, name="name"),
    path("settings/household/", views.change_household, name="household"),
    path("no-household/", views.no_household, name="no_household"),
    path("household/", views.choose_household, name="choose_household"),
]
