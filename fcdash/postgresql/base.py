"""The database back end: Django's, whose pool cleans a connection in the round trip that proves it alive."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.backends.postgresql.base import DatabaseWrapper as PostgreSQL
from django.db.utils import DEFAULT_DB_ALIAS
from psycopg_pool import ConnectionPool


def clean(connection: Any) -> None:
    """Take a household, a person or a borrowed role off a connection that comes out of the pool.

    Raises when the connection is dead; the pool then tries another. Django would ask twice, once to clean when it
    comes back, in a thread of its own, and once for a sign of life when it goes out.
    """
    connection.execute(
        "SELECT set_config('fcdash.household', '', false), set_config('fcdash.user', '', false),"
        " set_config('role', 'none', false)"
    )


class DatabaseWrapper(PostgreSQL):
    """`OPTIONS["pool"]` are the pool's options; without them there is no pool."""

    _connection_pools: ClassVar[dict[str, Any]]
    _configure_connection: Any

    @property
    def pool(self) -> Any:
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias != DEFAULT_DB_ALIAS or not options:
            return super().pool
        if self.alias not in self._connection_pools:
            pool = ConnectionPool(
                kwargs={**self.get_connection_params(), "autocommit": True},
                open=False,
                configure=self._configure_connection,
                check=clean,
                **options,
            )
            # Two threads may get here at once; the first one's pool is used, and neither is open yet.
            self._connection_pools.setdefault(self.alias, pool)
        return self._connection_pools[self.alias]
