"""The spending app's configuration."""

from __future__ import annotations

from django.apps import AppConfig


class SpendingConfig(AppConfig):
    name = "spending"
