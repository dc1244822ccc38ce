"""The tenant is the household: explicit scopes, querysets that fail closed, and the migration operations behind them.

Three doors, each a transaction, and no other code sets what they set:

    scope(household)   rows of one household, under the application's role
    person(user)       a user's own memberships and households, before one is chosen
    system(reason)     rows of all households, under the role fcdash_system; for sweeps, sign-up and staff

The database refuses on its own (row-level security, FORCE). It answers a forgotten scope with silence, so tenant
querysets also raise NoScope when they run outside one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.db import connection, migrations, models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import sql

logger = logging.getLogger(__name__)

SYSTEM_ROLE = "fcdash_system"
SEARCH_ROLE = "fcdash_search"

# Tables that belong to no household, each with its reason. A table in neither this list nor the tenant models
# fails tests/test_tenancy.py.
NOT_TENANT = {
    "django_migrations": "the schema's own history",
    "django_content_type": "the schema's own names",
    "django_session": "read before a household is known; holds the user's id alone",
    "django_admin_log": "what staff changed, by staff",
    "auth_permission": "names of rights",
    "auth_group": "groups of staff",
    "auth_group_permissions": "groups of staff",
    "accounts_user": "a person signs in before a household is chosen and may belong to several",
    "accounts_user_groups": "groups of staff",
    "accounts_user_user_permissions": "rights of staff",
    "accounts_mail": "mail to an address, also before there is a household; emptied once sent",
    "accounts_staffaccess": "what staff looked at and why, across households",
    "accounts_stafflook": "which pages staff looked at, across households",
    "accounts_staffaction": "what staff asked for and why, across households",
    "account_emailaddress": "sign-in",
    "account_emailconfirmation": "sign-in",
    "mfa_authenticator": "sign-in",
    "usersessions_usersession": "sign-in",
    "webhooks_stripeevent": "an event is stored before its household is known; never shown to households",
    "webhooks_eventcursor": "how far the Events list has been read",
    "webhooks_stripebinding": "which Stripe the whole database belongs to",
    "payments_biller": "the directory of billers that the operator approved, one for all households",
    "django_celery_beat_clockedschedule": "the schedule",
    "django_celery_beat_crontabschedule": "the schedule",
    "django_celery_beat_intervalschedule": "the schedule",
    "django_celery_beat_periodictask": "the schedule",
    "django_celery_beat_periodictasks": "the schedule",
    "django_celery_beat_solarschedule": "the schedule",
}


class NoScope(RuntimeError):
    """A tenant query ran outside scope(), system() or, for memberships, person()."""


class ScopeConflict(RuntimeError):
    """A scope was opened inside one of another household or person."""


@dataclass(frozen=True)
class Scope:
    """What the current transaction may see. At most one of household and person is set; system sees all."""

    household: int | None = None
    person: int | None = None
    system: bool = False


_current: ContextVar[Scope | None] = ContextVar("fcdash_scope", default=None)


def current() -> Scope | None:
    """The scope that is open in this thread, or None."""
    return _current.get()


def _ids(household: Any) -> int:
    return household if isinstance(household, int) else int(household.pk)


def _set(household: int | None = None, person: int | None = None, role: str | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('role', %s, true), set_config('fcdash.household', %s, true),"
            " set_config('fcdash.user', %s, true)",
            [role or "none", "" if household is None else str(household), "" if person is None else str(person)],
        )


def _apply(scope: Scope | None) -> None:
    scope = scope or Scope()
    _set(scope.household, scope.person, SYSTEM_ROLE if scope.system else None)


@contextmanager
def _enter(scope: Scope) -> Iterator[None]:
    before = _current.get()
    is_inner = connection.in_atomic_block
    with transaction.atomic():
        _apply(scope)
        token = _current.set(scope)
        try:
            yield
        finally:
            _current.reset(token)
        # Reached without an error only: after one the rollback has put the former values back, and a failed
        # transaction takes no statement. A local setting outlives a released savepoint, hence this line; at the end
        # of the transaction itself it goes by itself.
        if is_inner:
            _apply(before)


@contextmanager
def scope(household: Any) -> Iterator[int]:
    """Open one household's rows for a transaction; yields its id. Takes a household or its id.

    Inside another household's scope raises ScopeConflict. Inside system() it narrows to the household.
    """
    household_id = _ids(household)
    outer = _current.get()
    if outer and outer.household not in (None, household_id):
        raise ScopeConflict(f"household {household_id} inside the scope of household {outer.household}")
    with _enter(Scope(household=household_id)):
        yield household_id


@contextmanager
def person(user: Any) -> Iterator[int]:
    """Open a user's own memberships and households (reading) for a transaction; yields the user's id."""
    user_id = _ids(user)
    outer = _current.get()
    if outer:
        raise ScopeConflict(f"person {user_id} inside {outer}")
    with _enter(Scope(person=user_id)):
        yield user_id


@contextmanager
def system(reason: str) -> Iterator[None]:
    """Open all households' rows for a transaction, under the system role. The reason is logged.

    Inside a household's scope raises ScopeConflict: a request of one household never widens.
    """
    outer = _current.get()
    if outer and not outer.system:
        raise ScopeConflict(f"system ({reason}) inside {outer}")
    logger.debug("system scope: %s", reason)
    with _enter(Scope(system=True)):
        yield


def lock_household(household: Any, readable_again: bool = False) -> None:
    """Wait for the household's other bulk writers; held until the transaction ends (pg_advisory_xact_lock).

    `readable_again` says that what the transaction writes, and how far it has read, would be read again after a
    crash of the server: its commit then does not wait for the disk.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s)"
            + (", set_config('synchronous_commit', 'off', true)" if readable_again else ""),
            [_ids(household)],
        )


# --- Querysets that fail closed --------------------------------------------------------------------------------

ModelT = TypeVar("ModelT", bound=models.Model)


def _require(model: type[models.Model]) -> None:
    here = _current.get()
    if here is None or (here.person is not None and not getattr(model, "readable_by_person", False)):
        raise NoScope(f"{model.__name__} was queried outside a household's scope")


class TenantQuery(sql.Query):
    """A query that compiles inside a scope only: catches lazy querysets that outlive theirs."""

    def get_compiler(self, *args: Any, **kwargs: Any) -> Any:
        if self.model is not None:
            _require(self.model)
        return super().get_compiler(*args, **kwargs)


class TenantQuerySet(models.QuerySet[ModelT]):
    """The queryset of every tenant model; raises NoScope outside scope() and system()."""

    def __init__(
        self,
        model: type[ModelT] | None = None,
        query: Any = None,
        using: str | None = None,
        hints: dict[str, models.Model] | None = None,
    ) -> None:
        super().__init__(model, TenantQuery(model) if query is None and model else query, using, hints)

    def for_household(self, household: Any) -> TenantQuerySet[ModelT]:
        """Rows of this household. The policy says the same; the planner wants the literal."""
        return self.filter(household_id=_ids(household))

    # Writes chain into other query classes, which do not pass TenantQuery.get_compiler.
    def _insert(self, *args: Any, **kwargs: Any) -> Any:
        _require(self.model)
        return super()._insert(*args, **kwargs)  # type: ignore[misc]

    def _update(self, *args: Any, **kwargs: Any) -> Any:
        _require(self.model)
        return super()._update(*args, **kwargs)  # type: ignore[misc]

    def update(self, **kwargs: Any) -> int:
        _require(self.model)
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        _require(self.model)
        return super().delete()

    def _raw_delete(self, using: str | None) -> Any:
        _require(self.model)
        return super()._raw_delete(using)


class TenantModel(models.Model):
    """A row of one household. Its migration needs Tenant(...) beside CreateModel; a catalog test insists.

    In SQL the primary key is (household_id, id), and references between tenant models are composite; Django sees
    `id` and `db_constraint=False` (use TenantKey).
    """

    household = models.ForeignKey("accounts.Household", on_delete=models.CASCADE, db_index=False, related_name="+")

    objects: ClassVar[Any] = TenantQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"


class TenantKey(models.ForeignKey):  # type: ignore[type-arg]
    """A foreign key between tenant models; Tenant(...) in the migration writes its composite constraint."""

    def __init__(self, to: Any, on_delete: Any = models.CASCADE, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        super().__init__(to, on_delete, **kwargs)


# --- Migrations ------------------------------------------------------------------------------------------------

HOUSEHOLD_NOW = "NULLIF(current_setting('fcdash.household', true), '')::bigint"
PERSON_NOW = "NULLIF(current_setting('fcdash.user', true), '')::bigint"


class Tenant(migrations.RunSQL):
    """Make a table a tenant's: composite keys first, then row-level security with FORCE, policies and grants.

    `references` maps a column to the tenant table that it points into: {"account_id": "banking_account"}.
    Keys come before policies: under FORCE a key would be declared valid over rows that break it.
    """

    def __init__(self, table: str, references: dict[str, str] | None = None, primary_key: bool = True) -> None:
        self.table, self.references, self.primary_key = table, references or {}, primary_key
        super().__init__(sql=list[Any](self._forward()), reverse_sql=migrations.RunSQL.noop)

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        return (
            "Tenant",
            [self.table],
            {"references": self.references, "primary_key": self.primary_key},
        )

    def _forward(self) -> list[str]:
        table = self.table
        statements = []
        if self.primary_key:
            statements += [
                f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey",
                f"ALTER TABLE {table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (household_id, id)",
            ]
        statements += [
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_household FOREIGN KEY (household_id, {column})"
            f" REFERENCES {target} (household_id, id) DEFERRABLE INITIALLY DEFERRED"
            for column, target in self.references.items()
        ]
        return statements + protect(table, f"household_id = {HOUSEHOLD_NOW}")


def protect(table: str, own: str) -> list[str]:
    """SQL that puts a table behind row-level security: the application's role sees rows where `own` holds."""
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY household ON {table} TO CURRENT_USER USING ({own}) WITH CHECK ({own})",
        f"CREATE POLICY system ON {table} TO {SYSTEM_ROLE} USING (true) WITH CHECK (true)",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {SYSTEM_ROLE}",
    ]


def policy_for_person(table: str, own: str) -> str:
    """SQL of the second policy of memberships and households: a person may read their own."""
    return f"CREATE POLICY person ON {table} FOR SELECT TO CURRENT_USER USING ({own})"


@contextmanager
def unforced(schema_editor: BaseDatabaseSchemaEditor, table: str) -> Iterator[None]:
    """For data migrations: the owner writes past the policies, which FORCE otherwise turns into 0 rows, silently.

    Only inside the migration's own transaction; FORCE is back before it commits.
    """
    schema_editor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    try:
        yield
    finally:
        # Pending deferred key checks would refuse the ALTER.
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        schema_editor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
