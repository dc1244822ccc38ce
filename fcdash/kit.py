"""The page that shows every component with its states, at /kit/ in development."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from fcdash import charts

PALETTE = [
    ("home", "Home", 216200), ("groceries", "Groceries", 91844), ("childcare", "Childcare", 78000),
    ("bills", "Bills", 47631), ("eating", "Eating out", 40215), ("transport", "Transport", 38890),
    ("shopping", "Shopping", 34427), ("fun", "Fun", 14218), ("health", "Health", 9600), ("other", "Other", 6000),
]  # fmt: skip


class KitForm(forms.Form):
    """One field of each shape; bound with a wrong day, so that an error shows."""

    amount = forms.CharField(widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    on = forms.CharField(label="Pay on")
    account = forms.ChoiceField(
        label="Pay from",
        choices=[("1", "Everyday Checking ••4410"), ("2", "Joint Checking ••6789")],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    agree = forms.BooleanField(label="I have read this and I authorize the debit.", required=False)

    def clean_on(self) -> str:
        raise forms.ValidationError("That is after the due date, Nov 20. Pick Nov 16 or earlier so that it arrives.")


def _states() -> list[tuple[str, str]]:
    return [
        ("expected", "your bank pays it; we only foresee it"),
        ("due", "you pay it from here"),
        ("late", "the due date has passed"),
        ("scheduled", "we will ask your bank on that day"),
        ("held", "not sent, because you would regret it"),
        ("submitted", "asked, no answer yet"),
        ("unknown", "we lost the answer and are looking it up"),
        ("processing", "the bank accepted; 1 to 4 banking days"),
        ("paid", "the money has arrived"),
        ("partly_paid", "a part of it has arrived"),
        ("failed", "the bank said no; nothing was taken"),
        ("returned", "it came back after we called it paid"),
        ("disputed", "you told your bank it was not yours"),
        ("refunded", "on its way back to you"),
        ("canceled", "stopped before the bank took it"),
    ]


def _rows() -> list[dict[str, Any]]:
    return [
        {"name": "Juniper Coffee", "raw": "TST* JUNIPER COFFEE 0093", "cents": -640, "key": "eating",
         "category": "Eating out", "pending": True, "url": "#list"},
        {"name": "Greenfield Market", "raw": "GREENFIELD MKT #112", "cents": -6185, "key": "groceries",
         "category": "Groceries", "url": "#list"},
        {"name": "Lowry & Sons", "raw": "LOWRY AND SONS 8005550", "cents": -21240, "key": "other",
         "category": "Unsure", "unsure": True, "selected": True, "url": "#list"},
        {"name": "Kite & Anchor", "raw": "REFUND KITE ANCHOR", "cents": 5400, "key": "shopping",
         "category": "Shopping", "note": "Refund, taken off", "url": "#list"},
        {"name": "Alder Creek HOA", "raw": "ALDER CREEK HOA WEB PMT", "cents": -31200, "key": "home",
         "category": "Home", "state": "processing", "url": "#list"},
        {"name": "Rainy Day Savings", "raw": "XFER TO SAV 8823", "cents": -20000, "key": "saving",
         "category": "Saving", "transfer": True, "url": "#list"},
    ]  # fmt: skip


def _coming(today: date) -> list[dict[str, Any]]:
    return [
        {"on": today, "name": "Alder Creek HOA", "state": "processing", "note": "Already out of your balance",
         "cents": -31200},
        {"on": today + timedelta(4), "name": "Maple Street Preschool", "state": "held",
         "note": "Would take Joint Checking under your floor", "cents": -78000},
        {"on": today + timedelta(4), "blank": True, "name": "Tidewater Power", "state": "expected",
         "note": "$128 to $164 in the last six bills", "wide": True, "low": 12800, "high": 16400},
        {"on": today + timedelta(8), "name": "Alder Creek Water", "state": "due", "note": "You pay this one from here",
         "cents": -8450, "pay_url": "#pay"},
    ]  # fmt: skip


def _lights() -> list[dict[str, Any]]:
    return [
        {"name": "Everyday Checking", "bank": "Cascade Credit Union", "light": "ok",
         "words": "Matches your bank, 7:12 AM", "cents": 210018, "last4": "4410"},
        {"name": "Everyday Card", "bank": "Northline Bank", "light": "old", "words": "As of yesterday, 6:02 PM",
         "cents": -128490, "last4": "2051"},
        {"name": "Joint Checking", "bank": "Northline Bank", "light": "act", "words": "Sign in again by Thu, Nov 19",
         "cents": 114052, "last4": "6789"},
        {"name": "Old Savings", "bank": "Oak Bank", "light": "off", "words": "Disconnected Oct 2, no longer counted",
         "cents": 4410, "muted": True},
        {"name": "Holiday Fund", "bank": "Cascade Credit Union", "light": "reading",
         "words": "Reading, first answer in a minute", "cents": None},
    ]  # fmt: skip


def _stops() -> list[dict[str, Any]]:
    return [
        {"name": "You approved", "when": "Mon, Nov 9, 8:41 PM", "place": "done",
         "text": "Everyday Checking ••4410, permission of Mar 3."},
        {"name": "We asked your bank", "when": "Tue, Nov 10", "place": "done",
         "text": "Cascade Credit Union accepted the request."},
        {"name": "On its way", "when": "now", "place": "now",
         "text": "$312.00 has left your account and has not reached the receiver."},
        {"name": "Paid", "when": "by Mon, Nov 16", "place": "later", "glyph": "ringcheck",
         "text": "The receiver counts it from the day you approved."},
        {"name": "You can dispute it", "when": "until Fri, Jan 15", "place": "later",
         "text": "With your bank, if you did not authorize it."},
    ]  # fmt: skip


def _charts(today: date) -> dict[str, charts.Chart]:
    days = [today + timedelta(n) for n in range(14)]
    middle = [315400, 309200, 296500, 288600, 190500, 184500, 163800, 148400, 352500, 346600, 340700, 334800, 328900,
              323000]  # fmt: skip
    nodes = [charts.Node("pay", "Brightwater Design", 436924, 0), charts.Node("clinic", "Harbor Clinic", 296000, 0),
             charts.Node("interest", "Interest", 1840, 0), charts.Node("all", "In", 734764, 1),
             *(charts.Node(key, name, cents, 2, key) for key, name, cents in PALETTE),
             charts.Node("saving", "Into savings", 80000, 2, "saving"),
             charts.Node("left", "Left in checking", 77739, 2)]  # fmt: skip
    flows = [("pay", "all", 436924), ("clinic", "all", 296000), ("interest", "all", 1840),
             *(("all", key, cents) for key, _, cents in PALETTE), ("all", "saving", 80000),
             ("all", "left", 77739)]  # fmt: skip
    return {
        "balance": charts.line(
            "balance", "Checking is lowest on Nov 19, about $1,484, then comes your pay.",
            [f"{day:%b} {day.day}" for day in days],
            [charts.Series("at least", [c - 7000 * (n + 1) // 2 for n, c in enumerate(middle)], role="low"),
             charts.Series("at most", [c + 7000 * (n + 1) // 2 for n, c in enumerate(middle)], role="high"),
             charts.Series("about", middle), charts.Series("your floor", [80000] * 14, role="floor")],
            "usd", mark=7),
        "months": charts.bars(
            "months", "Spending by month, June to November so far.", ["Jun", "Jul", "Aug", "Sep", "Oct", "Nov"],
            [charts.Series("Spent", [541200, 612300, 568900, 539400, 577025, 331550])], "usd", urls=["#list"] * 6),
        "sankey": charts.sankey(
            "sankey", "Of $7,347.64 in, $5,770.25 went out and $1,577.39 stayed.", nodes, flows, "usd"),
    }  # fmt: skip


def _glyphs() -> list[str]:
    sprite = (settings.BASE_DIR / "static" / "icons.svg").read_text()
    return re.findall(r'<symbol id="([\w-]+)"', sprite)


@login_not_required
def kit(request: HttpRequest) -> HttpResponse:
    """All components with made-up figures. Wired in development alone."""
    today = timezone.localdate()
    context: dict[str, Any] = {
        "section": "home",
        "needs_you": 3,
        "today": today,
        "parts": [("claimed", 95000), ("maybe", 3000), ("claimed", 38000), ("maybe", 45000), ("floor", 80000),
                  ("free", 54000)],
        "needs": [
            {"title": "Preschool, $780.00: held, not sent", "glyph": "hold", "url": "#a", "link": "Choose how to pay",
             "text": "On Monday it would take Joint Checking to about $210, under your $400 floor. No money moved."},
            {"title": "Sign in to Northline Bank by Nov 19", "glyph": "key", "url": "#a", "link": "Reconnect",
             "text": "The bank ends our reading access then. Balances would freeze; payments would still run."},
            {"title": "6 transactions to confirm", "glyph": "c-other", "url": "#a", "link": "Review six",
             "text": "We are unsure about $286.71. Biggest: Lowry & Sons, $212.40."},
        ],
        "states": _states(),
        "rows": _rows(),
        "coming": _coming(today),
        "lights": _lights(),
        "stops": _stops(),
        "periods": [{"label": label, "url": "#list", "current": label == "November"}
                    for label in ("7 days", "November", "October", "Year", "Dates…")],
        "filters": [
            {"label": "2 accounts", "clear_url": "#list"},
            {"label": "Category", "choices": [{"label": name, "url": "#list"} for _, name, _ in PALETTE]},
            {"label": "Unsure", "url": "#list", "count": 6},
        ],
        "form": KitForm({"amount": "$84.50", "on": "Nov 26", "account": "1"}),
        "usual": [
            {"key": "home", "name": "Home", "spent": 216200, "usual": 216200},
            {"key": "groceries", "name": "Groceries", "spent": 41236, "usual": 35200},
            {"key": "shopping", "name": "Shopping", "spent": 26409, "usual": 15000},
            {"key": "eating", "name": "Eating out", "spent": 18620, "usual": 24100},
            {"key": "health", "name": "Health", "spent": 6400, "usual": 0},
        ],
        "palette": [*((key, name) for key, name, _ in PALETTE), ("saving", "Saving")],
        "shares": [{"key": key, "name": name, "cents": cents} for key, name, cents in PALETTE],
        "glyphs": _glyphs(),
        **_charts(today),
    }  # fmt: skip
    return render(request, "pages/kit.html", context)
