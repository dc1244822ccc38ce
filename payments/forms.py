"""What people write on the pages about bills and payments, turned into typed values."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from fcdash import money
from payments.models import Frequency

FREQUENCIES = [("", "Once"), *Frequency.choices]


class AmountField(forms.CharField):
    """An amount of US dollars as people write it; its value is cents."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(max_length=20, widget=forms.TextInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return money.parse(text, "usd") if text else None
        except money.NotMoney as problem:
            raise ValidationError(str(problem)) from None


class DayInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class BillForm(forms.Form):
    """A bill: how much, when, how often."""

    amount = AmountField(label="Amount", help_text="In US dollars, as on the bill.")
    due_on = forms.DateField(
        label="Due on", widget=DayInput(), help_text="A day in the past is fine: the bill is late."
    )
    recurrence = forms.ChoiceField(label="Comes back", choices=FREQUENCIES, required=False)
    reference = forms.CharField(
        label="Your number with them", max_length=60, required=False, help_text="So that you can tell your bills apart."
    )


class PayForm(forms.Form):
    """How a bill is to be paid. `amount` (in cents) and `receiver` are what the page showed.

    `agree`, `version` and `name` belong to a permission given with it.
    """

    NOW, LATER = "now", "later"

    account = forms.IntegerField()
    period = forms.IntegerField()
    nonce = forms.UUIDField()
    amount = forms.IntegerField(required=False)
    receiver = forms.CharField(max_length=200, required=False, strip=False)
    when = forms.ChoiceField(choices=[(NOW, NOW), (LATER, LATER)])
    on = forms.DateField(label="Day", required=False, widget=DayInput())
    agree = forms.BooleanField(required=False)
    version = forms.CharField(max_length=40, required=False)
    name = forms.CharField(max_length=200, required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("when") == self.LATER:
            on = cleaned.get("on")
            if on is None and "on" not in self.errors:
                self.add_error("on", "Choose the day.")
            elif on is not None and not self.today < on <= self.today + timedelta(days=180):
                self.add_error("on", "Choose a day from tomorrow on, within six months.")
        else:
            cleaned["on"] = self.today
        return cleaned
