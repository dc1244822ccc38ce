"""Migrations run without the time limit of requests, and give it back."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models.signals import pre_migrate


def limit() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_migrations_have_no_time_limit_and_requests_have_one() -> None:
    seen: list[str] = []

    def look(sender: object, **kwargs: object) -> None:
        seen.append(limit())

    pre_migrate.connect(look)
    try:
        before = limit()
        call_command("migrate", verbosity=0)
    finally:
        pre_migrate.disconnect(look)

    assert before != "0"
    assert seen[-1] == "0"
    assert limit() == before
