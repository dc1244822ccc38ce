"""What templates write alike everywhere: money, ranges, days, moments, icons, states, form fields and small bars."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Any

from babel.numbers import get_currency_name
from django import template
from django.conf import settings
from django.forms import BoundField, CheckboxInput, RadioSelect
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from fcdash import money as amounts_of

register = template.Library()

CATEGORY_KEYS = (
    *("home", "bills", "fun", "groceries", "health", "transport"),
    *("shopping", "childcare", "saving", "eating", "income", "other"),
)
# state: (icon, tone, word). The keys are the API's; what a person reads stands last.
STATES = {
    "expected": ("expected", "", "Expected"),
    "due": ("due", "due", "Due"),
    "late": ("act", "act", "Late"),
    "scheduled": ("scheduled", "", "Scheduled"),
    "held": ("hold", "held", "Held"),
    "submitted": ("arrow", "way", "Sent"),
    "unknown": ("info", "way", "Being checked"),
    "processing": ("way", "way", "On its way"),
    "paid": ("ok", "ok", "Paid"),
    "partly_paid": ("ringcheck", "due", "Partly paid"),
    "skipped": ("off", "", "Skipped"),
    "failed": ("fail", "bad", "Refused"),
    "returned": ("return", "bad", "Returned"),
    "disputed": ("act", "held", "Disputed"),
    "refunded": ("undo", "", "Refunded"),
    "canceled": ("off", "", "Canceled"),
    "pending": ("old", "", "Pending"),
    "transfer": ("swap", "", "Transfer, not spending"),
}
# An account's light: shape first. Readers get the words that stand beside it.
LIGHTS = {"ok": "ok", "old": "old", "act": "act", "off": "off", "reading": "refresh", "bad": "fail", "hand": "pencil"}
WRITTEN_AMOUNT = re.compile(r"[+\u2212]?\$\d[\d,]*(?:\.\d\d)?")


# --- Money ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _unit(currency: str, count: int) -> str:
    """The currency's name for so many: "dollars", "euro"."""
    name = str(get_currency_name(currency.upper(), count=count, locale=amounts_of.LOCALE))
    return name.removeprefix("US ")


def spoken(cents: int, currency: str, sign: str = "") -> str:
    """An amount as it is read aloud: "plus 2,184 dollars 62"."""
    whole, fraction = divmod(abs(cents), 10 ** amounts_of.exponent(currency))
    prefix = {"+": "plus ", amounts_of.MINUS: "minus "}.get(sign, "")
    return f"{prefix}{whole:,} {_unit(currency, whole)}{f' {fraction:02d}' if fraction else ''}"


def _mask(currency: str) -> SafeString:
    """The attribute that holds what hidden amounts show; dollars need none."""
    return mark_safe("") if currency == "usd" else format_html(' data-mask="{}•••"', amounts_of.symbol(currency))


def _span(visible: str, aloud: str, currency: str, tone: str = "") -> SafeString:
    """The one markup of money: what is seen, what is heard when that differs, and room for hiding both."""
    # Built by hand: a list holds a hundred of these, and format_html costs more than all else in it.
    shown = visible if isinstance(visible, SafeString) else escape(visible)
    mask = _mask(currency)
    if not aloud:
        return mark_safe(f'<span class="money{tone}"{mask}><span class="v">{shown}</span></span>')  # noqa: S308
    return mark_safe(  # noqa: S308
        f'<span class="money{tone}"{mask}><span class="v" aria-hidden="true">{shown}</span>'
        f'<span class="vh">{escape(aloud)}</span></span>'
    )


def _written(cents: int | None, currency: str, *, plus: bool = False, small_cents: bool = False) -> SafeString:
    if not isinstance(cents, int):  # None, and "" for a name that the template does not have
        return format_html('<span class="faint">{}</span>', "not yet")
    sign, whole, fraction = amounts_of.parts(cents, currency)
    sign = "+" if plus and cents > 0 else sign
    if small_cents and fraction:
        visible: str = format_html('{}{}<span class="c">{}</span>', sign, whole, fraction)
    else:
        visible = f"{sign}{whole}{fraction}"
    return _span(visible, spoken(cents, currency, sign) if sign or small_cents else "", currency)


@register.filter
def money(cents: int | None, currency: str = "usd") -> SafeString:
    """A balance, a price, a total: "$1,284.90", below zero "−$1,284.90". None is "not yet"."""
    return _written(cents, currency)


@register.filter
def figure(cents: int | None, currency: str = "usd") -> SafeString:
    """The same as money for big figures: the cents are smaller."""
    return _written(cents, currency, small_cents=True)


@register.filter
def flow(cents: int | None, currency: str = "usd") -> SafeString:
    """A bank's row, negative for money out: out has no sign, in has a plus and is green."""
    if not cents or cents < 0:
        return _written(-cents if cents else cents, currency)
    return _span(f"+{amounts_of.formatted(cents, currency)}", spoken(cents, currency, "+"), currency, " in")


@register.filter
def big_flow(cents: int | None, currency: str = "usd") -> SafeString:
    """The same as flow for big figures, in ink."""
    return _written(abs(cents) if cents else cents, currency, plus=bool(cents and cents > 0), small_cents=True)


@register.filter
def delta(cents: int | None, currency: str = "usd") -> SafeString:
    """A difference: always with its sign, without colour."""
    return _written(cents, currency, plus=True)


@register.filter
def gain(cents: int | None, currency: str = "usd") -> SafeString:
    """A change of what one owns: as delta, green when it grew."""
    return flow(cents, currency) if cents and cents > 0 else _written(cents, currency)


@register.filter
def whole_money(cents: int | None, currency: str = "usd") -> SafeString:
    """Whole units, for forecasts and axes only: "$465"."""
    return (
        _span(amounts_of.whole(cents, currency), "", currency) if isinstance(cents, int) else _written(None, currency)
    )


@register.filter
def money_text(cents: int, currency: str = "usd") -> str:
    """Plain text that is never hidden: buttons, mandates, titles, mail."""
    return amounts_of.formatted(cents, currency)


@register.simple_tag(name="range")
def money_range(low: int, high: int, currency: str = "usd", exact: bool = False) -> SafeString:
    """ "$465–$610", or with exact "$1,323.69–1,359.69". Rounding to $5 is the caller's: it knows which way."""
    if low == high:
        return _written(low, currency) if exact else whole_money(low, currency)
    unit = 10 ** amounts_of.exponent(currency)
    aloud = f"range {low // unit:,} to {high // unit:,} {_unit(currency, 2)}"
    if exact:
        first, last = amounts_of.formatted(low, currency), amounts_of.formatted(high, currency)
        return _span(f"{first}–{last.replace(amounts_of.symbol(currency), '', 1)}", aloud, currency)
    visible = format_html(
        '<span>{}</span><span class="to">–</span><span>{}</span>',
        amounts_of.whole(low, currency),
        amounts_of.whole(high, currency),
    )
    return _span(visible, aloud, currency)


@register.filter(name="amounts")
def hideable_amounts(text: str) -> SafeString:
    """A sentence whose dollar amounts can be hidden like any other money."""
    escaped = conditional_escape(text)
    # The pattern matches digits, signs and separators alone, so wrapping it in fixed tags adds no markup of the data's.
    return mark_safe(  # noqa: S308
        WRITTEN_AMOUNT.sub(lambda found: f'<span class="money"><span class="v">{found[0]}</span></span>', escaped)
    )


@register.simple_tag
def against(spent: int, usual: int, currency: str = "usd") -> SafeString | str:
    """The difference in words: "$60 over", "$55 under", "as usual" within 3 % or $5."""
    difference = spent - usual
    if abs(difference) <= max(usual * 3 // 100, 5 * 10 ** amounts_of.exponent(currency)):
        return "as usual"
    return format_html("{} {}", whole_money(abs(difference), currency), "over" if difference > 0 else "under")


# --- Days and moments -------------------------------------------------------------------------------------------


def _local(value: dt.datetime) -> dt.datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value


def _clock(value: dt.datetime) -> str:
    return value.strftime("%I:%M %p").lstrip("0")


@register.filter
def day(value: dt.date | None, style: str = "") -> str:
    """ "Fri, Nov 20"; with the year only when it is another one. "long": "Friday, November 20"; "short": "Nov 20"."""
    if value is None:
        return "not yet"
    if isinstance(value, dt.datetime):
        value = _local(value).date()
    year = "" if value.year == timezone.localdate().year else f", {value.year}"
    if style == "long":
        return f"{value:%A}, {value:%B} {value.day}{year}"
    return f"{value:%b} {value.day}{year}" if style == "short" else f"{value:%a}, {value:%b} {value.day}{year}"


@register.filter
def moment(value: dt.datetime | None, style: str = "") -> str:
    """ "7:12 AM" today, "yesterday, 6:02 PM", else "Fri, Nov 20". With "proof" always day and time."""
    if value is None:
        return "not yet"
    local = _local(value)
    age = timezone.localdate() - local.date()
    if style == "proof" or age.days not in (0, 1):
        return f"{day(local.date())}, {_clock(local)}" if style == "proof" else day(local.date())
    return _clock(local) if age.days == 0 else f"yesterday, {_clock(local)}"


@register.filter
def is_today(value: dt.date) -> bool:
    """Whether the day is today in the active time zone."""
    return value == timezone.localdate()


@register.filter
def of(mapping: dict[object, object], key: object) -> object:
    """The value under a key, or "" without one."""
    return mapping.get(key, "")


# --- Shapes -----------------------------------------------------------------------------------------------------


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """An icon of icons.svg. size "s" is 16 px; with a label it is an image by that name, else decoration."""
    named = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="i{}" {}><use href="{}#{}"/></svg>', f" {size}" if size else "", named, static("icons.svg"), name
    )


@register.simple_tag
def state(key: str, word: str = "") -> SafeString:
    """A state's shape and word. An unknown key is written as it is, without a shape."""
    shape, tone, usual = STATES.get(str(key), ("ring", "", str(key)))
    return format_html('<span class="state {}">{}<span>{}</span></span>', tone, icon(shape), word or usual)


@register.filter
def state_word(key: str) -> str:
    """The word alone, for titles and live regions."""
    return STATES.get(str(key), ("", "", str(key)))[2]


@register.simple_tag
def light(kind: str, words: str) -> SafeString:
    """An account's light: ok, old, act, off, reading, bad; and the words that say it."""
    shape = LIGHTS.get(kind, "info")
    return format_html('<span class="light {}">{}<span>{}</span></span>', kind, icon(shape), words)


@register.filter
def kind(key: object) -> str:
    """One of the known category keys; anything else is "other"."""
    return str(key) if str(key) in CATEGORY_KEYS else "other"


@register.filter
def initials(name: str) -> str:
    """Two letters for a tile: "Cascade Credit Union" is CC."""
    words = [word for word in re.split(r"[\W_]+", name) if word]
    return ("".join(word[0] for word in words[:2]) if len(words) > 1 else name[:2]).upper()


def _rect(kind_of: str, x: float, y: float, width: float, height: float) -> SafeString:
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        kind_of,
        f"{x:.1f}",
        y,
        f"{max(width, 0):.1f}",
        height,
    )


def _svg(css: str, box: str, rects: Iterable[SafeString]) -> SafeString:
    inside = format_html_join("", "{}", ((rect,) for rect in rects))
    return format_html(
        '<svg class="{}" viewBox="{}" preserveAspectRatio="none" aria-hidden="true">{}</svg>', css, box, inside
    )


@register.simple_tag
def usual_bar(spent: int, usual: int) -> SafeString:
    """A bar scaled to its own usual: petrol up to it, ochre beyond, cut at twice."""
    length = 200.0 if usual <= 0 and spent > 0 else min(max(spent, 0) / max(usual, 1) * 100, 200.0)
    rects = [_rect("track", 0, 7, 200, 10), _rect("upto", 0, 7, min(length, 100), 10)]
    if length > 100:
        rects.append(_rect("over", 100, 7, length - 100, 10))
    return _svg("bar", "0 0 200 24", [*rects, _rect("tick", 99.4, 0, 1.2, 24)])


@register.simple_tag
def budget_bar(spent: int, budget: int, tick: float = 0) -> SafeString:
    """Spent of a budget; tick is where today would be, as a part of the period from 0 to 1."""
    part = min(max(spent, 0) / max(budget, 1), 1) * 100
    over = "over" if spent > budget else "upto"
    rects = [_rect("track", 0, 3, 100, 10), _rect(over, 0, 3, part, 10)]
    return _svg("bar", "0 0 100 16", [*rects, _rect("tick", tick * 100, 0, 0.5, 16)] if tick else rects)


@register.simple_tag
def share_bar(part: int, of: int, key: str = "") -> SafeString:
    """A ranked bar: part of the longest, in its category's colour."""
    return _svg("bar", "0 0 100 8", [_rect(f"k k-{kind(key)}", 0, 0, min(max(part, 0) / max(of, 1), 1) * 100, 8)])


@register.simple_tag
def ruler(parts: Iterable[tuple[str, int]]) -> SafeString:
    """The bar of the deep band. Parts are (claimed | maybe | floor | free, cents), left to right."""
    known = [(kind_of, max(cents, 0)) for kind_of, cents in parts if cents > 0]
    total, gap = sum(cents for _, cents in known) or 1, 2.0
    scale, x, rects = (1000 - gap * max(len(known) - 1, 0)) / total, 0.0, []
    for kind_of, cents in known:
        rects.append(_rect(kind_of, x, 0, cents * scale, 36))
        x += cents * scale + gap
    return _svg("", "0 0 1000 36", rects)


# --- What never changes -----------------------------------------------------------------------------------------

_fixed: dict[str, SafeString] = {}


@register.simple_tag
def fixed(name: str) -> SafeString:
    """A partial without parameters, written once a process: the head names forty files on every page."""
    if settings.DEBUG or name not in _fixed:
        _fixed[name] = render_to_string(name)
    return _fixed[name]


# --- Forms and messages -----------------------------------------------------------------------------------------


@register.inclusion_tag("components/_field.html")
def field(bound: BoundField, hint: str = "", label: str = "", css: str = "", placeholder: str = "") -> dict[str, Any]:
    """A form's field with label, hint and error wired together. See templates/components/_field.html."""
    words = hint or bound.help_text
    described = [f"{bound.auto_id}_hint"] if words else []
    described += [f"{bound.auto_id}_error"] if bound.errors else []
    attrs: dict[str, Any] = {"aria-describedby": " ".join(described)} if described else {}
    widget = bound.field.widget
    widget.attrs.pop("placeholder", None)  # nothing is said by a placeholder alone
    if placeholder:
        attrs["placeholder"] = placeholder
    shape = {True: "input"}.get(not isinstance(widget, CheckboxInput | RadioSelect))
    if shape:
        attrs["class"] = " ".join(filter(None, [widget.attrs.get("class"), shape, css]))
    else:
        shape = "check" if isinstance(widget, CheckboxInput) else "choices"
    return {
        "bound": bound,
        "shape": shape,
        "control": bound.as_widget(attrs=attrs),
        "hint": words,
        "label": label or bound.label,
        "optional": not bound.field.required and shape == "input",
    }


@register.filter
def undo_url(tags: str) -> str:
    """The path in a message's extra_tags "undo=/…", if it is one of this site."""
    for tag in (tags or "").split():
        if tag.startswith("undo=/") and not tag.startswith(("undo=//", "undo=/\\")):
            return tag.removeprefix("undo=")
    return ""


@register.filter(name="abs")
def absolute(cents: int) -> int:
    """The amount without its sign."""
    return abs(cents)


@register.filter
def same(value: object, other: object) -> bool:
    """Whether two values are equal, as an argument of include."""
    return value == other


@register.filter
def glyph_of(key: str) -> str:
    """The icon of a category key."""
    return f"c-{key}"


@register.filter
def browser_name(user_agent: str) -> str:
    """A browser and its system in words: "Firefox on Windows"; what is unknown is called a browser."""
    browsers = (
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    )
    systems = (
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
    )
    browser = next((name for mark, name in browsers if mark in user_agent), "A browser")
    system = next((name for mark, name in systems if mark in user_agent), "Linux" if "Linux" in user_agent else "")
    return f"{browser} on {system}" if system else browser
