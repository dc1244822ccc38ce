"""What people write about accounts kept by hand and files, turned into typed values."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from banking.manual import KINDS, Face, HandRow
from banking.statements import AHEAD, EARLIEST, Statement, amounts, days, delimited
from fcdash import money

CURRENCIES = (
    *("usd", "eur", "gbp", "cad", "mxn", "aud", "brl", "chf", "cny", "czk", "dkk", "hkd", "huf", "ils", "inr", "jpy"),
    *("krw", "nok", "nzd", "pln", "sek", "sgd", "try", "zar"),
)


class DayInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class MoneyForm(forms.Form):
    """A form with an amount in a currency and a day that is not to come."""

    def __init__(self, *args: Any, currency: str, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit, self.today = currency, today

    def clean_amount(self) -> int:
        text, currency = self.cleaned_data["amount"], self.cleaned_data.get("currency") or self.unit
        try:
            cents = money.parse(text, currency)
        except money.NotMoney as problem:
            raise ValidationError(str(problem)) from None
        if abs(cents) > amounts.LARGEST_CENTS:
            raise ValidationError("That is more than we can count.")
        return cents

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if not EARLIEST <= on <= self.today + AHEAD:
            raise ValidationError("Choose a day that is not to come.")
        return on


def _amount(label: str, hint: str = "") -> forms.CharField:
    attrs = {"inputmode": "decimal", "autocomplete": "off"}
    return forms.CharField(label=label, max_length=24, help_text=hint, widget=forms.TextInput(attrs=attrs))


class FaceForm(forms.Form):
    """What an account kept by hand is called, and what it is."""

    name = forms.CharField(label="Name", max_length=200, help_text="As you call it: Wallet, Store card, Car loan.")
    kind = forms.ChoiceField(label="What it is", choices=[(kind.key, kind.name) for kind in KINDS])
    institution = forms.CharField(label="Bank", max_length=200, required=False)
    last4 = forms.RegexField(
        label="Last four digits", regex=r"^[0-9A-Za-z]{1,4}$", required=False, help_text="Never the whole number."
    )

    @property
    def face(self) -> Face:
        given = self.cleaned_data
        return Face(given["name"], given["kind"], given["institution"], given["last4"])


class OpenForm(FaceForm, MoneyForm):
    """A new account kept by hand."""

    currency = forms.ChoiceField(label="Currency", choices=[(code, code.upper()) for code in CURRENCIES])
    amount = _amount("What it held", "With a minus when it is owed, as on a card or a loan: −320.50.")
    on = forms.DateField(
        label="At the beginning of",
        widget=DayInput(),
        help_text="Rows from this day on change it; earlier ones tell how it came to that.",
    )
    field_order = ("name", "kind", "institution", "last4", "currency", "amount", "on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.unit not in CURRENCIES:
            choice: Any = self.fields["currency"]
            choice.choices = [(self.unit, self.unit.upper()), *choice.choices]


class BalanceForm(MoneyForm):
    """What an account kept by hand holds."""

    amount = _amount("It holds", "With a minus when it is owed.")
    on = forms.DateField(
        label="At the end of",
        widget=DayInput(),
        help_text="The rows that are here on that day are in it; those that you add later change it.",
    )


class RowForm(MoneyForm):
    """A row written by hand."""

    direction = forms.ChoiceField(
        label="Direction",
        choices=[("out", "Money out"), ("in", "Money in")],
        initial="out",
        widget=forms.RadioSelect,
    )
    amount = _amount("Amount")
    on = forms.DateField(label="On", widget=DayInput())
    description = forms.CharField(label="Where, or who", max_length=200)

    def clean_amount(self) -> int:
        cents = super().clean_amount()
        if cents <= 0:
            raise ValidationError("Write it without a sign; the direction says the rest.")
        return cents

    @property
    def row(self) -> HandRow:
        given = self.cleaned_data
        sign = -1 if given["direction"] == "out" else 1
        return HandRow(given["on"], sign * given["amount"], given["description"])


class UploadForm(forms.Form):
    """A file from a bank."""

    file = forms.FileField(label="The file", allow_empty_file=True)


# What a column can hold, and how the page asks for it.
ASKED = {
    "day": ("Date", True),
    "description": ("Shop or payee", True),
    "details": ("More words", False),
    "amount": ("Amount", False),
    "money_out": ("Money out", False),
    "money_in": ("Money in", False),
    "direction": ("Says “debit” or “credit”", False),
    "currency": ("Currency", False),
    "category": ("Category", False),
    "reference": ("The bank’s id of the row", False),
    "status": ("Posted or pending", False),
}
SIGNS = [("", "Money out has a minus, as banks write it"), ("on", "Money out has no sign, as some cards write it")]


class SheetForm(forms.Form):
    """How a CSV file is read: what each column holds, and how days and amounts are written."""

    order = forms.ChoiceField(label="Dates are written", choices=list(days.ORDERS.items()))
    mark = forms.ChoiceField(label="Amounts are written", choices=list(amounts.MARKS.items()))
    is_flipped = forms.ChoiceField(label="Signs", choices=SIGNS, required=False)

    def __init__(self, sheet: delimited.Sheet, reading: delimited.Reading, *args: Any, **kwargs: Any) -> None:
        self.sheet, self.reading = sheet, reading
        super().__init__(*args, **kwargs)
        self.initial = {name: "" if (at := getattr(reading, name)) is None else at for name in ASKED}
        self.initial |= {"order": reading.order, "mark": reading.mark, "is_flipped": "on" if reading.is_flipped else ""}
        columns = [(str(at), name) for at, name in enumerate(sheet.named)]
        for name, (label, required) in ASKED.items():
            none = [("", "Choose a column" if required else "No such column")]
            self.fields[name] = forms.ChoiceField(label=label, choices=[*none, *columns], required=required)

    @property
    def main(self) -> list[forms.BoundField]:
        """The columns that each file has."""
        return [self[name] for name in ("day", "description", "amount", "money_out", "money_in")]

    @property
    def further(self) -> list[forms.BoundField]:
        """The columns that few have."""
        return [self[name] for name in ("details", "direction", "currency", "category", "reference", "status")]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        columns: dict[str, Any] = {name: int(given[name]) if given.get(name) else None for name in ASKED}
        used = [at for at in columns.values() if at is not None]
        if len(used) != len(set(used)):
            raise ValidationError("A column can be only one thing. Two of your answers name the same one.")
        if columns["amount"] is not None and (columns["money_out"] is not None or columns["money_in"] is not None):
            raise ValidationError("Either one column holds the amount, or two hold money out and money in.")
        written: dict[str, Any] = {"order": given.get("order", "ymd"), "mark": given.get("mark", ".")}
        self.said = replace(self.reading, **columns, **written, is_flipped=given.get("is_flipped") == "on")
        if self.said.missing and not self.errors:
            raise ValidationError(self.said.missing)
        return given


class QifForm(forms.Form):
    """How a QIF file is read: the format leaves both open."""

    order = forms.ChoiceField(label="Dates are written", choices=list(days.ORDERS.items()), widget=forms.RadioSelect)
    mark = forms.ChoiceField(label="Amounts are written", choices=list(amounts.MARKS.items()), widget=forms.RadioSelect)


class StatementForm(forms.Form):
    """Which of a file's accounts goes into this one."""

    statement = forms.TypedChoiceField(label="Which account is it?", coerce=int, widget=forms.RadioSelect)

    def __init__(self, found: list[Statement], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["statement"]
        choice.choices = [
            (at, f"{f'••{one.last4}' if one.last4 else f'Account {at + 1}'}, {len(one.rows):,} rows")
            for at, one in enumerate(found)
        ]
