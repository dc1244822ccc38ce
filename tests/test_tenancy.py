"""The walls between households: scopes, policies, keys and roles, asked of the database itself."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.utils import IntegrityError, ProgrammingError

from accounts.models import Household, Membership
from banking.models import Account, Transaction
from fcdash import tenancy
from tests.cast import AccountFactory, Cast, TransactionFactory
from tests.waiting import until

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_households(cast: Cast) -> None:
    _ = cast.checking, cast.strange_household


def rows(sql: str, *params: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def tenant_models() -> list[type]:
    return [m for m in apps.get_models() if issubclass(m, tenancy.TenantModel)]


# --- Scopes ---------------------------------------------------------------------------------------------------


def test_a_query_outside_a_scope_raises(cast: Cast) -> None:
    for use in (
        lambda: list(Account.objects.all()),
        lambda: Account.objects.count(),
        lambda: Account.objects.filter(pk=1).exists(),
        lambda: Account.objects.filter(pk=1).update(name="x"),
        lambda: Account.objects.filter(pk=1).delete(),
        lambda: Account.objects.bulk_create([Account(household=cast.household, holder=cast.alice)]),
        lambda: cast.checking.save(),
        lambda: cast.checking.delete(),
    ):
        with pytest.raises(tenancy.NoScope):
            use()


def test_a_lazy_queryset_that_outlives_its_scope_raises(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        found = Account.objects.all()

    with pytest.raises(tenancy.NoScope):
        list(found)


def test_after_a_scope_the_database_shows_nothing_even_inside_a_transaction(cast: Cast) -> None:
    with transaction.atomic():
        with tenancy.scope(cast.household):
            assert rows("SELECT count(*) FROM banking_account") == [(1,)]
        assert rows("SELECT count(*) FROM banking_account") == [(0,)]
        with pytest.raises(tenancy.NoScope):
            Account.objects.count()


def test_an_inner_scope_leaves_the_outer_one_as_it_was(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        with tenancy.scope(cast.household):
            pass
        assert rows("SELECT count(*) FROM banking_account") == [(1,)]
        assert Account.objects.count() == 1


def test_a_scope_of_another_household_inside_one_is_refused(cast: Cast) -> None:
    with tenancy.scope(cast.household), pytest.raises(tenancy.ScopeConflict), tenancy.scope(cast.strange_household):
        pass


def test_system_inside_a_household_is_refused(cast: Cast) -> None:
    with tenancy.scope(cast.household), pytest.raises(tenancy.ScopeConflict), tenancy.system("no"):
        pass


def test_an_error_in_a_scope_closes_it(cast: Cast) -> None:
    with pytest.raises(ZeroDivisionError), tenancy.scope(cast.household):
        1 / 0  # noqa: B018

    assert tenancy.current() is None
    assert rows("SELECT count(*) FROM banking_account") == [(0,)]


def test_a_failed_statement_in_system_gives_the_role_back(cast: Cast) -> None:
    with pytest.raises(ProgrammingError), tenancy.system("fails"):
        rows("SELECT * FROM nowhere")

    assert rows("SELECT current_user") == [("fcdash_app",)]
    assert rows("SELECT count(*) FROM banking_account") == [(0,)]


def test_scope_inside_system_narrows_to_the_household(cast: Cast) -> None:
    with tenancy.system("staff"):
        with tenancy.scope(cast.strange_household):
            assert Account.objects.count() == 0
        assert Account.objects.count() == 1


# --- What the database refuses by itself ----------------------------------------------------------------------


def test_an_unfiltered_select_in_another_households_scope_returns_nothing(cast: Cast) -> None:
    with tenancy.scope(cast.strange_household):
        for model in tenant_models():
            table = model._meta.db_table
            owned = rows(f"SELECT count(*) FROM {table} WHERE household_id <> %s", cast.strange_household.pk)
            assert owned == [(0,)], table
        assert rows("SELECT id FROM accounts_household") == [(cast.strange_household.pk,)]


def test_another_households_rows_can_be_neither_changed_nor_written(cast: Cast) -> None:
    with tenancy.scope(cast.strange_household):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE banking_account SET name = 'mine'")
            assert cursor.rowcount == 0
            cursor.execute("DELETE FROM banking_account")
            assert cursor.rowcount == 0
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            AccountFactory(household=cast.household, holder=cast.alice)


def test_a_row_cannot_point_into_another_household(cast: Cast) -> None:
    with tenancy.scope(cast.strange_household), pytest.raises(IntegrityError), transaction.atomic():
        _write_and_check_keys(cast)


def _write_and_check_keys(cast: Cast) -> None:
    TransactionFactory(household=cast.strange_household, account=cast.checking)
    rows("SET CONSTRAINTS ALL IMMEDIATE; SELECT 1")


def test_a_person_sees_their_own_memberships_and_nothing_else(cast: Cast) -> None:
    with tenancy.person(cast.charlie):
        assert [m.household_id for m in Membership.objects.all()] == [cast.strange_household.pk]
        assert [h.pk for h in Household.objects.all()] == [cast.strange_household.pk]
        assert rows("SELECT count(*) FROM banking_account") == [(0,)]
        with pytest.raises(tenancy.NoScope):
            Account.objects.count()


# --- The catalog ----------------------------------------------------------------------------------------------


def test_every_table_is_a_tenants_or_listed_with_its_reason() -> None:
    tables = {name for (name,) in rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    tenants = {m._meta.db_table for m in tenant_models()} | {"accounts_household"}

    assert tables - tenants - set(tenancy.NOT_TENANT) == set()
    assert set(tenancy.NOT_TENANT) - tables == set(), "listed, but there is no such table"
    assert tenants & set(tenancy.NOT_TENANT) == set()
    assert all(reason.strip() for reason in tenancy.NOT_TENANT.values())


def test_every_tenant_table_has_forced_row_level_security_and_both_policies() -> None:
    for model in [*tenant_models(), Household]:
        table = model._meta.db_table
        flags = rows("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", table)
        policies = rows(
            "SELECT policyname, roles::text, cmd, qual, with_check FROM pg_policies WHERE tablename = %s", table
        )
        named = {name: (roles, cmd, qual, check) for name, roles, cmd, qual, check in policies}

        assert flags == [(True, True)], table
        roles, cmd, qual, check = named["household"]
        assert (roles, cmd) == ("{fcdash_app}", "ALL"), table
        assert "fcdash.household" in qual, table
        assert qual == check, table
        assert named["system"] == ("{fcdash_system}", "ALL", "true", "true"), table
        assert set(named) <= {"household", "system", "person", "search"}, table


def test_every_tenant_table_starts_its_keys_with_the_household() -> None:
    for model in tenant_models():
        table = model._meta.db_table
        keys = dict(rows(KEYS, table))
        assert keys[f"{table}_pkey"] == "PRIMARY KEY (household_id, id)"
        nullable = rows(
            "SELECT attnotnull FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'household_id'", table
        )
        assert nullable == [(True,)], table
        for field in model._meta.get_fields():
            related = getattr(field, "related_model", None)
            if not (getattr(field, "concrete", False) and related and issubclass(related, tenancy.TenantModel)):
                continue
            assert field.db_constraint is False, f"{table}.{field.name} must be a TenantKey"
            if (table, field.column) in VOUCHED_FOR:
                continue
            wanted = f"FOREIGN KEY (household_id, {field.column}) REFERENCES {related._meta.db_table}(household_id, id)"
            assert any(definition.startswith(wanted) for definition in keys.values()), f"{table}.{field.column}"


# References that a trigger holds instead of a key.
VOUCHED_FOR = {("banking_transaction", "account_id")}  # by the account's version: tests/banking/test_rows_version.py
KEYS = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass"


def test_the_applications_role_is_weak_and_does_not_inherit_the_systems() -> None:
    [(is_super, bypasses, inherits)] = rows(
        "SELECT rolsuper, rolbypassrls, pg_has_role(current_user, 'fcdash_system', 'USAGE')"
        " FROM pg_roles WHERE rolname = current_user"
    )

    assert (is_super, bypasses, inherits) == (False, False, False)
    assert rows(
        "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname IN ('fcdash_system', 'fcdash_search')"
    ) == [
        (False,),
        (False,),
    ]


def test_no_view_or_function_goes_around_the_policies() -> None:
    assert rows("SELECT matviewname FROM pg_matviews") == []
    assert (
        rows(
            "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace"
            " WHERE nspname = 'public' AND prosecdef"
        )
        == []
    )
    views = rows(
        "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'v'"
        " AND nspname = 'public' AND NOT coalesce(reloptions::text LIKE '%%security_invoker=true%%', false)"
    )
    assert views == []


# --- Connections and migrations -------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_pooled_connection_comes_back_clean(cast: Cast) -> None:
    with connection.cursor() as cursor:
        # What no code of ours does: a session-wide setting, which a pool would hand to the next request.
        cursor.execute("SELECT set_config('fcdash.household', %s, false)", [str(cast.household.pk)])
        cursor.execute("SET ROLE fcdash_system")
        [(backend,)] = rows("SELECT pg_backend_pid()")
    connection.close()

    # The pool takes a connection back in the background: ask until it hands the spoilt one out again.
    until(lambda: _checked_out_clean() == backend, "the spoilt connection's return")


def _checked_out_clean() -> int:
    """The backend of the connection that the pool gives next, which must know no household and no borrowed role."""
    connection.close()
    [(backend, household, role, found)] = rows(
        "SELECT pg_backend_pid(), current_setting('fcdash.household', true), current_user::text,"
        " (SELECT count(*) FROM banking_account)"
    )
    assert (household or "", role, found) == ("", "fcdash_app", 0)
    return int(backend)


@pytest.mark.django_db(transaction=True)
def test_a_migration_changes_rows_through_the_helper_and_none_without(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        TransactionFactory(household=cast.household, account=cast.checking)

    with connection.schema_editor() as editor, connection.cursor() as cursor:
        cursor.execute("UPDATE banking_transaction SET note = 'filled'")
        without = cursor.rowcount
        with tenancy.unforced(editor, "banking_transaction"):
            cursor.execute("UPDATE banking_transaction SET note = 'filled'")
            through = cursor.rowcount

    assert (without, through) == (0, 1)
    with tenancy.scope(cast.household):
        assert Transaction.objects.get().note == "filled"
    assert rows("SELECT relforcerowsecurity FROM pg_class WHERE relname = 'banking_transaction'") == [(True,)]
