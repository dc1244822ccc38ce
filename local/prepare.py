"""Brings the database up to date before the parts start: migrations, and the demo data the first time."""

from __future__ import annotations

import importlib
import importlib.util
import os
import time
from datetime import UTC, datetime
from urllib.request import urlopen

SEEDED = "demo data laid"
SANDBOX_SECONDS = 60


def main() -> None:
    """Migrates, and seeds a database that never was."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fcdash.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=1 if _has_pending_migrations() else 0)
    _seed_once()


def _has_pending_migrations() -> bool:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _seed_once() -> None:
    """Lays the demo data unless a note on the database, which goes where its data goes, says that it was."""
    from django.db import connection

    if importlib.util.find_spec("local.seed") is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        )
        (note,) = cursor.fetchone() or (None,)
        if note and SEEDED in note:
            return
    print("Laying the demo data; this is done once.", flush=True)
    _await_sandbox()
    importlib.import_module("local.seed").seed()
    with connection.cursor() as cursor:
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"COMMENT ON DATABASE {name} IS '{SEEDED} {datetime.now(UTC):%Y-%m-%d}'")


def _await_sandbox() -> None:
    """Returns when the sandbox, which started beside us, answers; the demo bank is linked there."""
    from django.conf import settings

    deadline = time.monotonic() + SANDBOX_SECONDS
    while time.monotonic() < deadline:
        try:
            with urlopen(f"http://localhost:{settings.SANDBOX_PORT}/sandbox/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.1)


if __name__ == "__main__":
    main()
