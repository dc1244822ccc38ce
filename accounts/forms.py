"""What people type about themselves and their household."""

from __future__ import annotations

from zoneinfo import available_timezones

from django import forms

from accounts.models import Household, User


class NameForm(forms.ModelForm):  # type: ignore[type-arg]
    """The person's legal name."""

    class Meta:
        model = User
        fields = ("name",)
        labels = {"name": "Your legal name"}
        help_texts = {"name": "As your bank knows it. Permissions to pay name you by it."}


def _zones() -> list[tuple[str, str]]:
    """The zones that people live in: the database also lists legacy names and pure offsets."""
    regions = (
        "Africa/",
        "America/",
        "Antarctica/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
    )
    names = sorted(z for z in available_timezones() if z.startswith(regions))
    return [(z, z.replace("_", " ")) for z in [*names, "UTC"]]


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
        zone, field = self.instance.time_zone, self.fields["time_zone"]
        if zone and zone not in dict(_zones()):  # a legacy name that a browser sent
            field.choices = [(zone, zone), *_zones()]  # type: ignore[attr-defined]
