"""What an account's state means for the money, in words: what needs a person, how fresh it is, when to ask again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from banking.models import Account, Feature
from banking.overview import AccountNow, FeatureNow
from banking.refreshing import DAILY
from fcdash import money
from fcdash.templatetags.fcdash import day, moment

ENDED_SHOWN = timedelta(days=30)
NAMED = 3


@dataclass(frozen=True)
class Notice:
    """Something to know of an account: what it means for the money, the cause, the way out.

    `fix` is what mends it: relink, link, again (a new link), decide, look, or "" where nothing has to be done. The
    worst has the lowest `rank`.
    """

    key: str
    title: str
    text: str
    fix: str = ""
    rank: int = 90

    @property
    def tone(self) -> str:
        """The banner's tone: calm where nobody has to do anything."""
        return "attention" if self.fix else ""

    @property
    def button(self) -> str:
        """The way out in words."""
        words = {"relink": "Sign in again", "link": "Link it again", "again": "Link it again", "decide": "Decide"}
        return words.get(self.fix, "Look at it")

    @property
    def glyph(self) -> str:
        """The icon of the thing to be done."""
        return {"relink": "key", "look": "act"}.get(self.fix, "link")


def notices(now: AccountNow, same: AccountNow | None = None) -> list[Notice]:
    """What is to be known of an account, worst first. `same`: the waiting account that a duplicate looks like."""
    if now.by_hand:
        return []
    if now.status == Account.Status.DISCONNECTED:
        return [_ended(now)]
    if now.disconnecting:
        text = "No new figures are read. Stripe has not confirmed it yet; we go on asking by ourselves."
        return [Notice("disconnecting", f"{now.title} is being disconnected", text)]
    if now.status == Account.Status.DUPLICATE:
        return [_duplicate(now, same)]
    found = [_link(now), _numbers(now), _gap(now), _fresh(now)]
    return sorted((notice for notice in found if notice), key=lambda notice: notice.rank)


Needs = list[tuple[AccountNow, Notice]]


def needs(accounts: Sequence[AccountNow]) -> Needs:
    """What of these accounts waits for a person, with the account that it is about."""
    same, found = waiting(accounts), []
    # Who says that the new link is the waiting account has signed in to it.
    decided_first = {now.id for now in same.values()}
    for now in accounts:
        for notice in notices(now, same.get(now.id)):
            if not notice.fix or (notice.key in ("inactive", "impossible") and now.id in decided_first):
                continue
            if notice.key != "ended" or _is_missed(now, accounts):
                found.append((now, notice))
    return found


def waiting(accounts: Sequence[AccountNow]) -> dict[int, AccountNow]:
    """Of each duplicate: the one account that waits for a sign-in and looks the same."""
    found = {}
    for link in (a for a in accounts if a.status == Account.Status.DUPLICATE and a.last4):
        same = [a for a in accounts if a.status == Account.Status.INACTIVE and a.looks == link.looks]
        if len(same) == 1:
            found[link.id] = same[0]
    return found


def _is_missed(now: AccountNow, accounts: Sequence[AccountNow]) -> bool:
    """Whether a link that ended by itself ended lately, and the account has not come again."""
    lately = now.ended_at is not None and timezone.now() - now.ended_at < ENDED_SHOWN
    return lately and not any(a.looks == now.looks for a in accounts if a.counts)


def _since(words: str, at: datetime | None) -> str:
    return f"{words} since {moment(at)}" if at else words


def _ended(now: AccountNow) -> Notice:
    on = f" on {day(now.ended_at)}" if now.ended_at else ""
    kept = "What was read is deleted." if now.deletes_data else "What was read stays until you delete it."
    if now.ended_elsewhere:
        text = f"It is in no total since then. {kept} Link the bank again to go on; rows that come again count once."
        return Notice("ended", f"The link of {now.title} was ended at your bank or at Stripe{on}", text, "again", 35)
    text = f"It is in no total. {kept} Payments that you allowed are a permission of their own."
    return Notice("ended", f"{now.title} is read no longer: it was disconnected here{on}", text)


def _duplicate(now: AccountNow, same: AccountNow | None) -> Notice:
    if same:
        text = f"It looks like {same.title}, which waits for a sign-in. Until you decide, this link is in no figure."
        return Notice("duplicate", f"{now.title} has come by another link", text, "decide", 40)
    text = "The same bank, kind and last four digits are here already. Until you decide, this link is in no figure."
    return Notice("duplicate", f"{now.title} is linked twice", text, "decide", 40)


def _link(now: AccountNow) -> Notice | None:
    link = now.lights[0]
    if now.status == Account.Status.INACTIVE:
        stands = f"{_since(f'{now.title} stands still', link.at)}, and so do totals with it."
        if link.fix == "link":
            text = (
                f"{stands} The bank has ended this link for good; linked again, it goes on with its history and edits."
            )
            return Notice("impossible", f"Link {now.institution} again", text, "link", 30)
        text = f"{stands} Payments that you approved still run, and nothing that you edited is lost."
        return Notice("inactive", f"Sign in to {now.institution} again", text, "relink", 30)
    if not link.fix:
        return None
    by = f"by {day(link.at)}" if link.at else "soon"
    text = f"Until then nothing changes. After that {now.title} stands still; payments that you approved still run."
    return Notice("ends", f"Sign in to {now.institution} {by}", text, "relink", 34)


def _numbers(now: AccountNow) -> Notice | None:
    light = next((light for light in now.lights if light.kind == "numbers" and light.fix), None)
    if light is None or now.status != Account.Status.ACTIVE:
        return None
    if light.state == "act":
        text = (
            f"{now.institution} has ended the account number that payments use. Payments that are to come from it fail;"
            " balances and transactions go on. Sign in again for a new number."
        )
        return Notice("numbers", f"No bill can be paid from {now.title}", text, "relink", 31)
    text = "Its account number ends then. Sign in again for a new one; balances and transactions go on either way."
    return Notice("numbers", f"Payments from {now.title} fail after {day(light.at)}", text, "relink", 33)


def _gap(now: AccountNow) -> Notice | None:
    check = next((check for check in now.checks if check.gap_cents), None)
    if check is None or now.status != Account.Status.ACTIVE:
        return None
    amount = money.formatted(abs(check.gap_cents), check.currency)
    text = (
        f"Your bank has {amount} {'more' if check.gap_cents > 0 else 'less'} than the rows here add up to. The balance"
        " is the bank’s; a row may be missing, or one too many."
    )
    return Notice("gap", f"{now.title} differs from your bank", text, "look", 50)


def _fresh(now: AccountNow) -> Notice | None:
    """One calm sentence about the age of the figures; none when they are those of today."""
    if now.status != Account.Status.ACTIVE:
        return None
    as_of = now.as_of
    hanging = [state.attempted_at for state in now.figures if state.hangs and state.attempted_at]
    these = f"These figures are of {moment(as_of)}" if as_of else "There are no figures yet"
    if hanging:
        text = f"Your bank was asked {_at(min(hanging))} and has not answered. They come by themselves once it does."
        return Notice("hanging", these, text)
    if failed := [state for state in now.figures if state.is_failed]:
        return Notice("failed", these, _why(failed))
    if as_of is None:
        text = "Balance and transactions appear here as your bank gives them. You can leave this page; reading goes on."
        return Notice("first", "Read for the first time", text) if now.figures else _nothing(now)
    if any(state.is_pending for state in now.figures):
        return Notice("pending", "New figures are on their way", f"{these}; the page changes by itself.")
    if now.is_old:
        return Notice("old", these, "Your bank has given none since. We ask it every day, and you can ask it now.")
    return None if "balances" in now.permissions else _nothing(now)


def _nothing(now: AccountNow) -> Notice:
    return Notice("permission", "It is in no total", "You did not allow us to read its balance.")


def _why(failed: Sequence[FeatureNow]) -> str:
    asked = max((state.attempted_at for state in failed if state.attempted_at), default=None)
    if asked is None:
        return "Your bank gave nothing new. Nothing is lost; it is asked again by itself."
    again = max([asked + DAILY, *(state.next_allowed_at for state in failed if state.next_allowed_at)])
    when = _at(again) if again > timezone.now() else "within the hour"
    return f"Your bank was asked {_at(asked)} and gave nothing new. Nothing is lost; it is asked again {when}."


def _at(at: datetime) -> str:
    """ "at 7:12 AM" today, "yesterday, 6:02 PM", "on Fri, Nov 20", and also "tomorrow, 7:12 AM"."""
    local = timezone.localtime(at)
    age = (timezone.localdate() - local.date()).days
    if age == 0:
        return f"at {moment(at)}"
    clock = moment(at, "proof").rsplit(", ", 1)[1]
    return {1: moment(at), -1: f"tomorrow, {clock}"}.get(age, f"on {day(at)}")


# --- How fresh each feature is ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A feature in words: of what moment it is, and what comes next."""

    label: str
    words: str
    then: str = ""


def features(now: AccountNow) -> list[Line]:
    """How fresh each permitted feature is; then those that were not asked for."""
    held = [_line(now, Feature(key), state) for key, state in sorted(now.freshness.items())]
    refused = [feature.label for feature in Feature if feature.permission not in now.permissions]
    return held + [Line(label, "Not allowed by you, so not asked for") for label in refused]


def _line(now: AccountNow, feature: Feature, state: FeatureNow) -> Line:
    words = f"As of {moment(state.as_of)}" if state.as_of else "Not yet"
    if now.status != Account.Status.ACTIVE or now.disconnecting:
        return Line(feature.label, words, "Not read now")
    if state.hangs and state.attempted_at:
        return Line(feature.label, words, f"Asked {_at(state.attempted_at)}, no answer yet")
    if state.is_failed:
        asked = f" {_at(state.attempted_at)}" if state.attempted_at else ""
        return Line(feature.label, words, f"Asked{asked}: the bank gave nothing new")
    if state.is_pending:
        return Line(feature.label, words, "Being read")
    if state.next_allowed_at and state.next_allowed_at > timezone.now():
        return Line(feature.label, words, f"The bank gives new ones again {_at(state.next_allowed_at)}")
    return Line(feature.label, words)


# --- Asking again ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asking:
    """Whether the bank can be asked for new figures now, and the reason why not."""

    features: tuple[str, ...]
    can: bool
    words: str = ""


def askable(now: AccountNow) -> list[str]:
    """What figures are made of, where the person allowed it."""
    return [feature for feature in (Feature.BALANCE, Feature.TRANSACTIONS) if feature.permission in now.permissions]


def asking(now: AccountNow, capped_until: datetime | None) -> Asking | None:
    """How the refresh button stands; None where there is nothing to ask. `capped_until`: the day's limit is used up."""
    wanted = tuple(askable(now))
    if not wanted or now.status != Account.Status.ACTIVE or now.by_hand or now.disconnecting:
        return None
    states = [now.freshness[feature] for feature in wanted if feature in now.freshness]
    early = [s.next_allowed_at for s in states if s.next_allowed_at and s.next_allowed_at > timezone.now()]
    asked = [s for s in states if s.is_pending and s.attempted_at]
    if states and len(asked) == len(states):
        return Asking(wanted, False, "Your bank is being asked already. Asking again would change nothing.")
    if states and len(early) + len(asked) >= len(states) and early:
        return Asking(wanted, False, f"Your bank gives new figures again {_at(min(early))}. These are the newest.")
    if capped_until:
        return Asking(wanted, False, f"Enough was asked for today. The next may be asked for {_at(capped_until)}.")
    return Asking(wanted, True)


# --- Totals ----------------------------------------------------------------------------------------------------


def caveat(accounts: Iterable[AccountNow], currency: str = "") -> str:
    """What a total of these accounts lacks or has too old, in a sentence; "" when it is whole.

    With a currency, the total is of that one alone.
    """
    counted = [a for a in accounts if a.counts]
    old = [f"{a.title} is of {moment(a.as_of)}" for a in counted if a.is_old and a.balance]
    without = [a.title for a in counted if not a.balance]
    foreign = [a.title for a in counted if currency and a.balance and all(b.currency != currency for b in a.balances)]
    found = []
    if old:
        found.append(f"Partly old: {_listed(old)}.")
    if without:
        found.append(f"Without {_listed(without)}: no balance is known.")
    if foreign:
        found.append(f"Without {_listed(foreign)}: another currency is not added.")
    return " ".join(found)


def _listed(words: Sequence[str]) -> str:
    shown = list(words[:NAMED])
    if len(words) > NAMED:
        shown.append(f"{len(words) - NAMED} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def state_of(accounts: Sequence[AccountNow]) -> str:
    """A short name of how the accounts stand: another one when a light, its words or what needs a person changes."""
    held = [(a.id, a.status, a.light, a.words, a.urgent and a.urgent.words, a.balances) for a in accounts]
    return hashlib.blake2b(repr(held).encode(), digest_size=8).hexdigest()
