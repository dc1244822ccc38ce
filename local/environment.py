"""The environment of development: .env, and the servers that `make run` or `python -m local.services start` left."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

import environ

from local import Problem, places

# Commands that say something sensible without a database.
NEED_NO_DATABASE = {
    *("check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help", "makemessages"),
    *("makemigrations", "startapp", "startproject", "version", "--help", "-h", "--version"),
}


def read_dotenv() -> None:
    """Takes what .env in the checkout says, where the environment itself says nothing."""
    path = places.CHECKOUT / ".env"
    if path.is_file():
        environ.Env.read_env(path)


def fill(arguments: Sequence[str]) -> None:
    """Fills os.environ for the `manage.py` command in `arguments`, unless DATABASE_URL or DEBUG=0 says otherwise."""
    read_dotenv()
    if os.environ.get("DATABASE_URL") or os.environ.get("DEBUG", "1").lower() not in {"1", "true", "yes", "on"}:
        return
    for name in [name for name in os.environ if name.startswith("PG")]:
        # PGPORT and the like are about another server.
        del os.environ[name]
    home = places.home()
    values = _running(home / "services.json")
    if not values and arguments and arguments[0] not in NEED_NO_DATABASE and "--help" not in arguments:
        raise Problem("No database is running: start `make run` in another terminal, or set DATABASE_URL.")
    defaults = {
        "DEBUG": "1",
        "FCDASH_HOME": str(home),
        "DATABASE_URL": "postgresql://fcdash_app@/fcdash?host=/nowhere",
        "REDIS_URL": "unix:///nowhere?db=1",
        "CELERY_BROKER_URL": "redis+socket:///nowhere?virtual_host=0",
    }
    for name, value in {**defaults, **values}.items():
        os.environ[name] = os.environ.get(name) or value


def _running(path: os.PathLike[str]) -> dict[str, str]:
    """What services.json says, when the database it names takes connections; else nothing."""
    import psycopg

    try:
        with open(path, encoding="utf-8") as file:
            values: dict[str, str] = json.load(file)["environment"]
        psycopg.connect(values["DATABASE_URL"], connect_timeout=5).close()
    except (OSError, ValueError, KeyError, psycopg.OperationalError):
        return {}
    return values
