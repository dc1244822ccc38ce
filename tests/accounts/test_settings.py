"""A person's own settings, and the switch between households."""

from __future__ import annotations

import pytest

from accounts.access import SESSION_HOUSEHOLD
from accounts.models import Household, Membership, Role, User
from fcdash import tenancy
from tests.cast import Cast, HouseholdFactory

pytestmark = pytest.mark.django_db
ZONE = {"name": "The Ames house", "time_zone": "Europe/Lisbon"}


def _household(cast: Cast) -> Household:
    with tenancy.scope(cast.household):
        return Household.objects.get(pk=cast.household.pk)


@pytest.mark.parametrize("who", ["alice", "bob", "vera"])
def test_every_member_sees_the_settings(cast: Cast, who: str) -> None:
    assert cast.household

    answer = cast.client(getattr(cast, who)).get("/settings/")

    assert answer.status_code == 200
    assert (b'name="time_zone"' in answer.content) == (who == "alice")


def test_the_owner_changes_name_and_zone(cast: Cast) -> None:
    assert cast.household

    cast.client(cast.alice).post("/settings/household/", {"name": "By the creek", "time_zone": "America/Denver"})

    changed = _household(cast)
    assert (changed.name, changed.time_zone) == ("By the creek", "America/Denver")


@pytest.mark.parametrize("who", ["bob", "vera"])
def test_who_is_no_owner_changes_nothing(cast: Cast, who: str) -> None:
    assert cast.household

    assert cast.client(getattr(cast, who)).post("/settings/household/", ZONE).status_code == 403
    assert _household(cast).time_zone == "America/New_York"


@pytest.mark.parametrize("wrong", [{"time_zone": "Mars/Olympus"}, {"name": ""}, {"name": "a\x00b"}, {"time_zone": ""}])
def test_wrong_words_are_said_and_nothing_changes(cast: Cast, wrong: dict[str, str]) -> None:
    assert cast.household

    answer = cast.client(cast.alice).post("/settings/household/", {**ZONE, **wrong})

    assert answer.status_code == 422
    assert (_household(cast).name, _household(cast).time_zone) == ("The Ames house", "America/New_York")


def test_a_viewer_sets_their_own_name_and_nothing_else(cast: Cast) -> None:
    assert cast.household

    cast.client(cast.vera).post("/settings/name/", {"name": " Vera  V. Vance ", "is_staff": "1", "email": "x@y.z"})

    vera = User.objects.get(pk=cast.vera.pk)
    assert (vera.name, vera.is_staff, vera.email) == ("Vera V. Vance", False, "vera@example.com")


def test_the_switch_opens_another_of_ones_households(cast: Cast) -> None:
    assert cast.household
    second = HouseholdFactory(name="The cabin", members={cast.alice: Role.VIEWER})
    alice = cast.client(cast.alice)

    alice.post("/household/", {"household": second.pk})

    assert alice.session[SESSION_HOUSEHOLD] == second.pk
    assert b"The cabin</h1>" in alice.get("/settings/").content


@pytest.mark.parametrize("household", ["strange", "", "0", "x", "99999999999999999999", "１"])
def test_no_other_household_can_be_opened(cast: Cast, household: str) -> None:
    assert cast.household
    alice = cast.client(cast.alice)

    answer = alice.post(
        "/household/", {"household": cast.strange_household.pk if household == "strange" else household}
    )

    assert answer.status_code == 404
    assert SESSION_HOUSEHOLD not in alice.session


def test_who_leaves_the_chosen_household_lands_in_their_own(cast: Cast) -> None:
    assert cast.household
    second = HouseholdFactory(name="The cabin", members={cast.alice: Role.VIEWER})
    alice = cast.client(cast.alice)
    alice.post("/household/", {"household": second.pk})

    with tenancy.scope(second):
        Membership.objects.for_household(second).delete()

    assert b"The Ames house</h1>" in alice.get("/settings/").content


def test_who_is_in_no_household_is_told(cast: Cast) -> None:
    alice = cast.client(cast.alice)

    assert alice.get("/settings/")["Location"] == "/no-household/"
    assert b"You are in no household" in alice.get("/no-household/").content
