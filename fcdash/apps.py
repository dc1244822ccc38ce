"""The project's own configuration: with wrong settings nothing starts."""

from __future__ import annotations

import sys

from django.apps import AppConfig


class FcdashConfig(AppConfig):
    name = "fcdash"

    def ready(self) -> None:
        """Refuse to start, for every process alike: servers, workers and beat run no checks of their own."""
        from fcdash import checks

        # `manage.py check` lists the same findings itself, with their ids.
        if sys.argv[1:2] != ["check"]:
            checks.refuse_wrong_settings()
