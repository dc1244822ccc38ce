"""What staff may ask for: each app registers its verbs here; accounts keeps the record and carries them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Asked:
    """One thing that a staff person asked for, as a verb receives it."""

    staff_id: int
    object_id: int
    household_id: int | None
    reason: str


class Runs(Protocol):
    def __call__(self, asked: Asked) -> str: ...


@dataclass(frozen=True)
class Verb:
    """A verb of staff. `run` returns the outcome in words, and may raise a StripeProblem or CannotBeDone.

    Those `at_once` only touch the database and run within the request, under the system role; the others run in the
    worker, with no transaction open, and may call Stripe. A row's page offers a verb when it `makes_sense` for it;
    whether it may be done is the verb's own business, later.
    """

    name: str
    title: str
    consequence: str
    permission: str
    at_once: bool
    makes_sense: Callable[[Any], bool]
    run: Runs


class CannotBeDone(Exception):
    """The row is not in a state for this; the words are for staff."""


VERBS: dict[str, Verb] = {}


def verb(
    name: str,
    title: str,
    consequence: str,
    permission: str,
    at_once: bool = False,
    makes_sense: Callable[[Any], bool] = lambda row: True,
) -> Callable[[Runs], Verb]:
    """Register the decorated function as a verb. `permission` is Django's: "payments.change_payment"."""

    def register(run: Runs) -> Verb:
        VERBS[name] = Verb(name, title, consequence, permission, at_once, makes_sense, run)
        return VERBS[name]

    return register
