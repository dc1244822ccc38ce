"""PostgreSQL and Valkey together: started, stopped, and written down in services.json for other terminals."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local import Problem, places, postgres, valkey


@dataclass(frozen=True)
class Services:
    """The two running servers."""

    database: postgres.Server
    queue: valkey.Server

    @property
    def environment(self) -> dict[str, str]:
        """What the application needs to find them."""
        return {
            "DATABASE_URL": self.database.url,
            "REDIS_URL": self.queue.cache_url(),
            "CELERY_BROKER_URL": self.queue.broker_url(),
        }


def start(home: Path, *, durable: bool = True) -> Services:
    """Starts both servers of `home`, or takes them as they run."""
    home.mkdir(parents=True, exist_ok=True)
    return Services(postgres.start(home / "postgres", durable=durable), valkey.start(home / "valkey", durable=durable))


def stop(home: Path) -> None:
    """Forgets the addresses of both servers of `home` and stops them."""
    note(home).unlink(missing_ok=True)
    valkey.stop(home / "valkey")
    postgres.stop(home / "postgres")


def note(home: Path) -> Path:
    """The file that names the running servers' addresses."""
    return home / "services.json"


def write_down(home: Path, environment: Mapping[str, str]) -> None:
    """Leaves the environment of a run where `manage.py` in another terminal finds it."""
    places.write_whole(note(home), json.dumps({"environment": dict(environment)}, indent=2) + "\n")


def main(arguments: list[str]) -> int:
    """`python -m local.services start|stop`: the servers alone, without the application."""
    home = places.home()
    try:
        if arguments == ["start"]:
            services = start(home)
            write_down(home, services.environment)
            print(json.dumps(services.environment, indent=2))
        elif arguments == ["stop"]:
            if places.is_locked(home / "runner.lock"):
                raise Problem(
                    f"A run is at work in {home} and needs its servers: stop it with Ctrl-C where it started."
                )
            stop(home)
        else:
            raise Problem("Usage: python -m local.services start|stop")
    except (Problem, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
