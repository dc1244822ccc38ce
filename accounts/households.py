"""Opening a household, and finding the one that a request is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo, available_timezones

from django.db import connection
from django.utils import timezone

from accounts.models import Household, Membership, Role, User
from fcdash import tenancy


@dataclass(frozen=True)
class Place:
    """A member's place in a household: what pages and the API need of both."""

    household_id: int
    name: str
    role: str
    time_zone: str
    currency: str

    @property
    def can_write(self) -> bool:
        return self.role != Role.VIEWER

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def today(self) -> date:
        """The calendar day in the household's zone."""
        return timezone.now().astimezone(self.zone).date()


def open_household(user: User, time_zone: str = "") -> Household:
    """Create the user's own household and make them its owner. An unknown time zone falls back to the default."""
    with tenancy.system("sign-up"):
        household = Household(name=f"{user.get_short_name()}’s household"[:120])
        if time_zone in available_timezones():
            household.time_zone = time_zone
        household.save()
        Membership.objects.create(household=household, user=user, role=Role.OWNER)
    return household


# By hand: every page of a signed-in person asks this first.
PLACES = """
    SELECT m.household_id, h.name, m.role, h.time_zone, h.currency
    FROM accounts_membership m JOIN accounts_household h ON h.id = m.household_id
    WHERE m.user_id = %s ORDER BY m.id
"""


def places_of(user: User) -> list[Place]:
    """All households of the user, the oldest first."""
    with tenancy.person(user), connection.cursor() as cursor:
        cursor.execute(PLACES, [user.pk])
        return [Place(*row) for row in cursor.fetchall()]


def place_of(user: User, household_id: int | None = None) -> Place | None:
    """The user's place in that household, or in their first; None when there is none."""
    places = places_of(user)
    if household_id is None:
        return places[0] if places else None
    return next((place for place in places if place.household_id == household_id), None)
