"""Full-text search of a household's transactions: ids first, by the only role that the index serves; rows by id after.

Under row-level security an index serves leakproof operators only, and @@ is none. The role fcdash_search may read ids,
days and words alone; each statement here names the household, because that role's policy does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from fcdash import tenancy

MOST_WORDS = 8
LONGEST_WORD = 40
# A page reads the rows of at most so many hits; further ones come with "Show earlier".
MOST_HITS = 5_000


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the order of rows, newest first: by day, then by id."""

    on: date
    id: int


def words_of(text: str) -> list[str]:
    """The words to look for, at most eight; what holds no letter and no digit is dropped."""
    found = (word[:LONGEST_WORD] for word in text.casefold().split())
    return [word for word in found if any(character.isalnum() for character in word)][:MOST_WORDS]


def query_of(text: str, all_prefixes: bool = False) -> str:
    """The text as a tsquery of all its words, the last one or each as a prefix.

    Quoted, so that no character of it is an operator.
    """
    quoted = [word.replace("\\", "\\\\").replace("'", "''") for word in words_of(text)]
    last = len(quoted) - 1
    return " & ".join(f"'{word}'{':*' if all_prefixes or at == last else ''}" for at, word in enumerate(quoted))


FIND = """
    SELECT booked_on, id FROM banking_transaction
    WHERE household_id = %(household)s AND tsv @@ to_tsquery('simple', %(query)s)
      AND booked_on BETWEEN %(first)s AND %(last)s
      AND (booked_on, id) < (%(on)s, %(id)s)
    ORDER BY booked_on DESC, id DESC LIMIT %(limit)s
"""
END = Position(date(9999, 12, 31), 2**62)
BEGINNING = date(1, 1, 1)


def find(
    household_id: int,
    text: str,
    before: Position | None = None,
    first: date | None = None,
    last: date | None = None,
    limit: int = MOST_HITS,
) -> list[Position]:
    """The newest hits before a position, within days. Text without a word finds nothing.

    Inside the household's own scope only: raises NoScope otherwise.
    """
    scope = tenancy.current()
    if scope is None or scope.household != household_id:
        raise tenancy.NoScope("search outside the household's scope")
    words = words_of(text)
    if not words:
        return []
    start = before or END
    values: dict[str, Any] = {
        "household": household_id,
        "first": first or BEGINNING,
        "last": last or END.on,
        "on": start.on,
        "id": start.id,
        "limit": limit,
    }
    hits: list[Position] = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('role', %s, true)", [tenancy.SEARCH_ROLE])
        # The beginning of a common word matches so much that the index is slow; whole words first, as they mostly are.
        for query in dict.fromkeys((query_of(text), query_of(text, all_prefixes=True))):
            if not hits:
                cursor.execute(FIND, values | {"query": query})
                hits = [Position(*row) for row in cursor.fetchall()]
        # A scope of a household runs under the application's own role. After an error the rollback restores it.
        cursor.execute("SELECT set_config('role', 'none', true)")
    return hits
