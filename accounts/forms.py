"""What people type about themselves and their household."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import available_timezones

from django import forms

from accounts.models import Household, User


class NameForm(forms.ModelForm):  # type: ignore[type-arg]
    """The person's legal name. It stands on one page with HouseholdForm: each has a prefix of its ids."""

    class Meta:
        model = User
        fields = ("name",)
        labels = {"name": "Your legal name"}
        help_texts = {"name": "As your bank knows it. Permissions to pay name you by it."}


UNITED_STATES = (
    *("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles"),
    *("America/Anchorage", "Pacific/Honolulu", "America/Puerto_Rico"),
)
REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def _named(zones: Iterable[str]) -> list[tuple[str, str]]:
    return [(zone, zone.replace("_", " ")) for zone in zones]


def _zones() -> list[tuple[str, list[tuple[str, str]]]]:
    """The zones that people live in, ours first: the database also lists legacy names and pure offsets."""
    known = sorted(available_timezones())
    others = [zone for zone in known if zone.partition("/")[0] in REGIONS and zone not in UNITED_STATES]
    return [("United States", _named(UNITED_STATES)), ("Elsewhere", _named([*others, "UTC"]))]


class HouseholdForm(forms.ModelForm):  # type: ignore[type-arg]
    """The household's name and the zone in which its days are counted."""

    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=_zones,
        help_text="Days, months and due dates are counted in it. Rows that are already booked keep their day.",
    )

    class Meta:
        model = Household
        fields = ("name", "time_zone")
        labels = {"name": "Name of the household"}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        zone = self.instance.time_zone
        if all(zone not in dict(zones) for _, zones in _zones()):  # a legacy name that a browser sent
            self.fields["time_zone"].choices = [("Now", _named([zone])), *_zones()]  # type: ignore[attr-defined]
