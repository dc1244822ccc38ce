"""What templates write: money with its signs and words, days, states, and nothing that data could inject."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import strip_tags

HOSTILE = '"><script>alert(1)</script>'


def written(source: str, **context: object) -> str:
    return Template(source).render(Context(context)).strip()


@pytest.mark.parametrize(
    ("cents", "currency", "expected"),
    [(84_50, "usd", "$84.50"), (1_284_90, "usd", "$1,284.90"), (5000, "jpy", "¥5,000"), (0, "usd", "$0.00")],
)
def test_money_has_its_cents_and_no_sign(cents: int, currency: str, expected: str) -> None:
    assert strip_tags(written("{{ cents|money:currency }}", cents=cents, currency=currency)) == expected


def test_below_zero_has_a_true_minus_and_is_read_aloud() -> None:
    html = written("{{ cents|money }}", cents=-1_284_90)

    assert '<span class="v" aria-hidden="true">\u2212$1,284.90</span>' in html
    assert '<span class="vh">minus 1,284 dollars 90</span>' in html


def test_money_in_is_green_with_a_plus_and_money_out_has_no_sign() -> None:
    incoming, outgoing = written("{{ c|flow }}", c=2_184_62), written("{{ c|flow }}", c=-84_50)

    assert 'class="money in"' in incoming
    assert "+$2,184.62" in incoming
    assert "plus 2,184 dollars 62" in incoming
    assert strip_tags(outgoing) == "$84.50"
    assert 'class="money"' in outgoing


@pytest.mark.parametrize("name", ["money", "flow", "delta", "figure", "gain", "whole_money"])
def test_unknown_is_not_yet_and_never_zero(name: str) -> None:
    assert strip_tags(written(f"{{{{ c|{name} }}}}", c=None)) == "not yet"


def test_another_currency_masks_with_its_own_sign() -> None:
    assert 'data-mask="€•••"' in written("{{ c|money:'eur' }}", c=100)


def test_a_range_is_whole_and_read_as_one() -> None:
    html = written('{% range low high "usd" %}', low=465_00, high=610_00)

    assert '<span>$465</span><span class="to">–</span><span>$610</span>' in html
    assert "range 465 to 610 dollars" in html
    assert "$1,323.69–1,359.69" in written('{% range a b "usd" exact=True %}', a=1_323_69, b=1_359_69)


@pytest.mark.parametrize(
    ("spent", "expected"), [(412_36, "$60 over"), (297_00, "$55 under"), (356_99, "as usual"), (348_00, "as usual")]
)
def test_against_usual_speaks_in_words(spent: int, expected: str) -> None:
    assert strip_tags(written("{% against spent 35200 %}", spent=spent)) == expected


def test_amounts_in_a_sentence_can_be_hidden_and_the_rest_is_escaped() -> None:
    html = written("{{ s|amounts }}", s=f"Lowry & Sons {HOSTILE}: $212.40 and +$5")

    assert '<span class="money"><span class="v">$212.40</span></span>' in html
    assert '<span class="v">+$5</span>' in html
    assert "Lowry &amp; Sons" in html
    assert "<script" not in html


@pytest.mark.parametrize(
    "source",
    [
        '{% state x %}{% state "paid" word=x %}{% light x x %}{% icon x label=x %}',
        '{% include "components/_row.html" with name=x raw=x category=x key=x note=x last4=x state=x currency="usd" %}',
        '{% include "components/_banner.html" with tone=x strong=x text=x url="/" link=x %}',
        '{% include "components/_account.html" with name=x bank=x light=x words=x cents=1 currency="usd" %}',
        '{% include "components/_track.html" with stops=s %}{% include "components/_toast.html" with text=x undo=x %}',
        '{% include "components/_chart.html" with chart=chart %}{% include "components/_twin.html" with chart=chart %}',
    ],
)  # fmt: skip
def test_data_never_becomes_markup(source: str) -> None:
    chart = SimpleNamespace(
        id="c",
        kind=HOSTILE,
        summary=HOSTILE,
        data={"a": HOSTILE},
        columns=[HOSTILE],
        rows=[[HOSTILE]],
        totals=[HOSTILE],
    )
    stop = {"name": HOSTILE, "when": HOSTILE, "text": HOSTILE, "place": HOSTILE, "glyph": HOSTILE}

    assert "<script>alert" not in written(source, x=HOSTILE, chart=chart, s=[stop])


def test_a_day_names_its_year_only_when_it_is_another() -> None:
    today = timezone.localdate()

    assert str(today.year) not in written("{{ d|day }}", d=today)
    assert written("{{ d|day }}", d=date(2019, 11, 20)) == "Wed, Nov 20, 2019"
    assert written('{{ d|day:"long" }}', d=date(2019, 11, 20)) == "Wednesday, November 20, 2019"


def test_a_moment_is_a_time_today_and_a_day_before() -> None:
    with timezone.override(ZoneInfo("America/New_York")):
        now = timezone.localtime().replace(hour=7, minute=2)

        assert written("{{ m|moment }}", m=now) == "7:02 AM"
        assert written("{{ m|moment }}", m=now - timedelta(days=1)) == "yesterday, 7:02 AM"
        assert ":" not in written("{{ m|moment }}", m=now - timedelta(days=9))
        assert written('{{ m|moment:"proof" }}', m=now).endswith(", 7:02 AM")


def test_a_moment_counts_days_in_the_active_zone() -> None:
    late = datetime(2019, 3, 2, 3, 30, tzinfo=ZoneInfo("UTC"))

    with timezone.override(ZoneInfo("America/New_York")):
        assert written("{{ m|moment }}", m=late) == "Fri, Mar 1, 2019"


def test_a_bar_is_cut_at_twice_the_usual() -> None:
    html = written("{% usual_bar 50000 10000 %}")

    assert '<rect class="upto" x="0.0" y="7" width="100.0"' in html
    assert '<rect class="over" x="100.0" y="7" width="100.0"' in html


class Sample(forms.Form):
    email = forms.EmailField(help_text="We write there.", widget=forms.EmailInput(attrs={"placeholder": "you@"}))


def test_a_field_ties_hint_and_error_to_its_control() -> None:
    html = written("{% field form.email %}", form=Sample({"email": "no"}))

    assert 'aria-describedby="id_email_hint id_email_error"' in html
    assert 'id="id_email_hint"' in html
    assert 'id="id_email_error"' in html
    assert "placeholder" not in html


@pytest.mark.parametrize("tags", ["undo=//evil.example/", "undo=/\\evil.example", "undo=https://evil.example", "", "x"])
def test_undo_never_leaves_this_site(tags: str) -> None:
    assert written("{{ t|undo_url }}", t=tags) == ""
    assert written("{{ t|undo_url }}", t="info undo=/transactions/3/category/") == "/transactions/3/category/"


def test_the_error_page_needs_no_request_and_no_context() -> None:
    assert "Something broke on our side" in render_to_string("500.html")
