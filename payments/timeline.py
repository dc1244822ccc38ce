"""A payment as people read it: stations on a line, with dates, and one sentence that says where the money is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from fcdash.money import formatted
from fcdash.templatetags.fcdash import day, moment
from payments.calendar import DISPUTE_DAYS, Expected, expected, holidays_between
from payments.models import Payment, PaymentEvent, PaymentState
from payments.reasons import cause_of, reason_of

LIVE = (PaymentState.SCHEDULED, PaymentState.SUBMITTED, PaymentState.UNKNOWN, PaymentState.PROCESSING)


@dataclass(frozen=True)
class Stop:
    """A station. `place`: done, now, wait, bad or later; `when` and `text` are words."""

    name: str
    when: str
    text: str
    place: str
    glyph: str = ""
    fresh: bool = False


@dataclass(frozen=True)
class Timeline:
    """`sentence` completes the state's word in the head of the page; `stops` lead to the last day it can come back."""

    sentence: str
    stops: tuple[Stop, ...]
    note: str


def timeline(payment: Payment, history: Sequence[PaymentEvent], today: date, reader_id: int) -> Timeline:
    """The payment's stations as told to a member. Runs no query; call it in the household's time zone."""
    told = _Teller(payment, history, today, reader_id)
    return Timeline(told.sentence(), tuple(told.stops()), told.note())


def planned(on: date, due_on: date, today: date) -> tuple[Stop, ...]:
    """What will happen with a payment that is approved now and sent on that day."""
    dates = expected(on)
    return (
        Stop("You approve", f"today, {day(today)}", "You can cancel until the debit reaches your bank.", "later"),
        Stop("We ask your bank", day(dates.asked_on), "The debit may show as pending.", "later"),
        Stop("On its way", f"until {day(dates.arrives_by)}", _why_so_long(on, dates), "later"),
        Stop("Paid", f"by {day(dates.arrives_by)}", _against_due(dates.arrives_by, due_on), "later", "ringcheck"),
        Stop("You can dispute it", f"until {day(dates.dispute_until)}", _DISPUTE, "later"),
    )


_DISPUTE = "With your bank, if you did not authorize it."


def _why_so_long(sent: date, dates: Expected) -> str:
    on_the_way = holidays_between(sent, dates.arrives_by)
    words = "Up to 4 bank days. We do not call it paid yet."
    return f"{words} {_closed(on_the_way)}" if on_the_way else words


def _closed(found: Sequence[tuple[date, str]]) -> str:
    return " ".join(f"Banks are closed on {day(on)} ({name})." for on, name in found)


def _against_due(arrives_by: date, due_on: date) -> str:
    gap = (due_on - arrives_by).days
    if gap == 0:
        return "On the day it is due."
    amount = f"{_count(abs(gap))} day{'s' if abs(gap) != 1 else ''}"
    return f"{amount} {'before' if gap > 0 else 'after'} it is due."


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _count(number: int) -> str:
    names = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
    return names[number] if number < len(names) else str(number)


class _Teller:
    """Tells one payment's life; each method one part of it."""

    def __init__(self, payment: Payment, history: Sequence[PaymentEvent], today: date, reader_id: int) -> None:
        self.payment, self.history, self.today = payment, history, today
        self.who = "You" if payment.user_id == reader_id else payment.user.get_short_name()
        self.state = payment.state
        self.amount = formatted(payment.amount_cents, payment.currency)
        self.account = payment.account.name
        self.dates = expected(payment.confirm_started_at or max(payment.on, today))

    def at(self, state: str) -> str:
        """When the payment came to a state, in words."""
        found = next((event for event in reversed(self.history) if event.state == state), None)
        return moment(found.at, "proof") if found else ""

    def day_of(self, state: str) -> str:
        found = next((event for event in reversed(self.history) if event.state == state), None)
        return day(found.at) if found else day(self.today)

    def cause_of(self, state: str) -> str:
        found = next((event for event in reversed(self.history) if event.state == state), None)
        return found.cause if found else ""

    @property
    def cause(self) -> str:
        return cause_of(self.payment.failure_code, self.payment.failure_network_code, self.account)

    @property
    def way_out(self) -> str:
        return reason_of(self.payment.failure_code, self.payment.failure_network_code).way_out

    # The sentence

    def sentence(self) -> str:
        arrives = day(self.dates.arrives_by)
        receiver = self.payment.receives
        words = {
            "scheduled": f"sent on {day(self.payment.on)}; no money has moved"
            if self.payment.on > self.today
            else "being sent now; no money has moved yet",
            "held": "not sent; no money has moved",
            "submitted": "to Stripe, which asks your bank; we are waiting for its answer",
            "unknown": "We lost the answer while sending. We are asking Stripe what happened; do not pay again, "
            "we will not either.",
            "processing": f"arrives by {arrives}",
            "paid": f"{self.amount} reached {receiver} on {self.day_of('paid')}",
            "failed": f"{self.amount} was not taken",
            "returned": f"your bank took {self.amount} back on {self.day_of('returned')}, after we had called it paid",
            "disputed": f"your bank took {self.amount} back on {self.day_of('disputed')}",
            "refunded": f"{self.amount} was given back on {self.day_of('refunded')}",
            "canceled": f"{self.amount} was not taken",
        }
        if self.payment.refunded_cents and self.state == PaymentState.PAID:
            back = formatted(self.payment.refunded_cents, self.payment.currency)
            return f"{words['paid']}; {back} of it was given back"
        return words[self.state]

    def note(self) -> str:
        """What can still be done, in a sentence below the line."""
        if self.payment.cancel_refused_at and self.state in (*LIVE, PaymentState.PAID):
            return "Too late to cancel: the debit has reached your bank. A refund is possible once it is paid."
        if self.payment.cancel_requested_at and self.state in LIVE:
            return "Its cancellation was asked for. We are asking Stripe whether that is still possible."
        return {
            "processing": "A debit that has reached your bank cannot be called back; until then it can be canceled.",
            "paid": "Banks can still send a debit back in the days after. We would say so here.",
            "returned": "The bill is open again. Your bank may charge its own fee.",
            "disputed": "The bill is open again, and your permission has ended with the dispute.",
        }.get(self.state, "")

    # The stations

    def stops(self) -> list[Stop]:
        stops = [self._approved()]
        stops += getattr(self, f"_when_{self.state}")()
        return stops

    def _approved(self) -> Stop:
        given = day(self.payment.mandate.accepted_at, "short")
        return Stop(
            f"{self.who} approved",
            moment(self.payment.created_at, "proof"),
            f"{self.payment.account}, permission of {given}.",
            "done",
        )

    def _asked(self, place: str = "done") -> Stop:
        asked = self.payment.expected_debit_on or self.dates.asked_on
        if place == "done":
            return Stop("We asked your bank", self.at("submitted"), f"It is debited on {day(asked)}.", "done")
        return Stop("We ask your bank", day(asked), "The debit may show as pending.", place)

    def _to_come(self) -> list[Stop]:
        """The last two stations of a payment that goes well."""
        return [
            Stop(
                "Paid",
                f"by {day(self.dates.arrives_by)}",
                _against_due(self.dates.arrives_by, self.payment.period.due_on),
                "later",
                "ringcheck",
            ),
            self._disputable(),
        ]

    def _disputable(self) -> Stop:
        return Stop("You can dispute it", f"until {day(self._dispute_until())}", _DISPUTE, "later")

    def _dispute_until(self) -> date:
        paid = next((event for event in self.history if event.state == PaymentState.PAID), None)
        return paid.at.date() + timedelta(days=DISPUTE_DAYS) if paid else self.dates.dispute_until

    def _on_the_way(self, place: str) -> Stop:
        return Stop(
            "On its way", f"until {day(self.dates.arrives_by)}", _why_so_long(self.payment.on, self.dates), place
        )

    def _when_scheduled(self) -> list[Stop]:
        if self.payment.on > self.today:
            waiting = Stop("Waiting for its day", day(self.payment.on), "Nothing has been sent. You can cancel.", "now")
            return [waiting, self._asked("later"), self._on_the_way("later"), *self._to_come()]
        return [Stop("Sending", "now", "This takes a few seconds.", "now"), self._on_the_way("later"), *self._to_come()]

    def _when_held(self) -> list[Stop]:
        held = Stop("Held, not sent", self.at("held"), f"{_sentence(self.cause_of('held'))}", "wait")
        return [held, self._asked("later"), self._on_the_way("later"), *self._to_come()]

    def _when_submitted(self) -> list[Stop]:
        sending = Stop("Sent", self.at("submitted"), "We have asked Stripe; the answer comes in seconds.", "now")
        return [sending, self._on_the_way("later"), *self._to_come()]

    def _when_unknown(self) -> list[Stop]:
        checking = Stop(
            "Being checked",
            self.at("unknown"),
            "We lost the answer while sending. We are asking Stripe what happened; do not pay again.",
            "now",
            "info",
        )
        return [checking, self._on_the_way("later"), *self._to_come()]

    def _when_processing(self) -> list[Stop]:
        closed = [
            (on, name) for on, name in holidays_between(self.payment.on, self.dates.arrives_by) if on.weekday() < 5
        ]
        text = f"{self.amount} is between your bank and {self.payment.receives}. We do not call it paid yet."
        text = f"{text} {_closed(closed)}" if closed else text
        return [self._asked(), Stop("On its way", "now", text, "now", fresh=True), *self._to_come()]

    def _paid(self, fresh: bool = False) -> list[Stop]:
        reached = f"{self.amount} reached {self.payment.receives}."
        return [self._asked(), Stop("Paid", self.at("paid"), reached, "done", fresh=fresh)]

    def _when_paid(self) -> list[Stop]:
        back = []
        if self.payment.refunded_cents:
            part = formatted(self.payment.refunded_cents, self.payment.currency)
            back = [Stop("Partly refunded", "", f"{part} of it was given back to your account.", "done", "undo")]
        return [*self._paid(fresh=True), *back, self._disputable()]

    def _when_failed(self) -> list[Stop]:
        not_taken = f"{self.amount} was not taken: {self.cause}. {self.way_out}"
        if self.payment.confirm_started_at is None:
            return [Stop("Not sent", self.at("failed"), not_taken, "bad")]
        if not self.at("processing"):  # as far as we have heard, Stripe did not pass it on
            return [Stop("Refused", self.at("failed"), not_taken, "bad", fresh=True)]
        return [self._asked(), Stop("Refused by your bank", self.at("failed"), not_taken, "bad", fresh=True)]

    def _when_returned(self) -> list[Stop]:
        text = f"{self.amount} went back to your account: {self.cause}. {self.way_out}"
        return [*self._paid(), Stop("Taken back by your bank", self.at("returned"), text, "bad", "return", fresh=True)]

    def _when_disputed(self) -> list[Stop]:
        text = (
            f"{self.amount} went back to your account, because your bank was told that the debit was not authorized. "
            "That is final. A new permission is needed before anything is debited again."
        )
        return [*self._paid(), Stop("Disputed", self.at("disputed"), text, "bad", fresh=True)]

    def _when_refunded(self) -> list[Stop]:
        text = f"{self.amount} is on its way back to your account, as a credit under the same name."
        return [*self._paid(), Stop("Refunded", self.at("refunded"), text, "done", "undo", fresh=True)]

    def _when_canceled(self) -> list[Stop]:
        text = f"{self.amount} was not taken; {self.cause_of('canceled')}."
        return [Stop("Canceled", self.at("canceled"), text, "bad", "off")]
