"""Emptying the database after a test that committed: only what has rows, without triggers, as the cluster's superuser.

Django's flush truncates every table and writes permissions and content types anew: half a second a test here. DELETE by
the application's own role would see no tenant's row, and the history's triggers would refuse it.
"""

from __future__ import annotations

import psycopg
from django.db import connection
from django.test import TransactionTestCase

# Written by migrations or by Django itself, and the same for every test.
KEPT = ("django_migrations", "django_content_type", "auth_permission")

_EMPTY = """
DO $$
DECLARE name text; found boolean;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND NOT tablename = ANY ('{kept}') LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO found;
        IF found THEN EXECUTE format('DELETE FROM %I', name); END IF;
    END LOOP;
END $$
""".replace("{kept}", "{" + ",".join(KEPT) + "}")

_cleaner: psycopg.Connection | None = None


def install() -> None:
    """Let every transactional test end this way."""
    TransactionTestCase._fixture_teardown = lambda case: empty()  # type: ignore[method-assign,assignment]


def empty() -> None:
    """Delete all rows of this process's test database."""
    global _cleaner
    if _cleaner is None or _cleaner.closed:
        settings = connection.settings_dict
        _cleaner = psycopg.connect(
            dbname=settings["NAME"], user="postgres", host=settings["OPTIONS"]["host"], autocommit=True
        )
    _cleaner.execute(_EMPTY)


def close() -> None:
    """Before the database is dropped."""
    if _cleaner is not None:
        _cleaner.close()
