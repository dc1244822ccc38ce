"""The project's own configuration: with wrong settings nothing starts."""

from __future__ import annotations

import sys
from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


class FcdashConfig(AppConfig):
    name = "fcdash"

    def ready(self) -> None:
        """Refuse to start, for every process alike: servers, workers and beat run no checks of their own."""
        from fcdash import checks

        pre_migrate.connect(_without_time_limit)
        post_migrate.connect(_with_time_limit)
        # `manage.py check` lists the same findings itself, with their ids.
        if sys.argv[1:2] != ["check"]:
            checks.refuse_wrong_settings()


def _without_time_limit(using: str, **kwargs: Any) -> None:
    """The role's statement_timeout is for requests; a migration may build an index for longer."""
    with connections[using].cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")


def _with_time_limit(using: str, **kwargs: Any) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute("RESET statement_timeout")
