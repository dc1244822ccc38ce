"""The banking app's configuration."""

from __future__ import annotations

from django.apps import AppConfig


class BankingConfig(AppConfig):
    name = "banking"
