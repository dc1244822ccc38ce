"""Transactions taken away in numbers, and what refers to them: a statement a table, however many they are."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.db.models import ManyToOneRel

from banking.models import Transaction


def remove(household_id: int, ids: Sequence[int]) -> None:
    """Delete the transactions and all that refers to them. Inside the scope, the household locked."""
    with connection.cursor() as cursor:
        for table, column in [*_referring(), (Transaction._meta.db_table, "id")]:
            cursor.execute(
                f'DELETE FROM "{table}" WHERE household_id = %s AND "{column}" = ANY(%s)', [household_id, list(ids)]
            )


def refer(household_id: int, pairs: Sequence[tuple[int, int]]) -> None:
    """Let what refers to the first of each pair refer to the second. Inside the scope, the household locked."""
    with connection.cursor() as cursor:
        for table, column in _referring():
            cursor.execute(
                f'UPDATE "{table}" t SET "{column}" = pair.new FROM unnest(%s::bigint[], %s::bigint[]) pair (old, new)'
                f' WHERE t.household_id = %s AND t."{column}" = pair.old',
                [[old for old, _ in pairs], [new for _, new in pairs], household_id],
            )


def _referring() -> list[tuple[str, str]]:
    """(table, column) of each key to a transaction; the apps above have some that nobody names here."""
    keys = [key for key in Transaction._meta.get_fields(include_hidden=True) if isinstance(key, ManyToOneRel)]
    return [(key.related_model._meta.db_table, key.field.column) for key in keys]
