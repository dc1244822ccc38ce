"""What staff may ask for of events."""

from __future__ import annotations

from fcdash.staffing import Asked, CannotBeDone, verb
from webhooks import inbox
from webhooks.models import StripeEvent


@verb(
    "events.replay",
    "Process again",
    "The event's handler runs again. It only reads the object at Stripe and moves our state forward: nothing is paid,"
    " sent or counted twice.",
    "webhooks.change_stripeevent",
    makes_sense=lambda event: event.state != StripeEvent.State.IGNORED,
)
def replay(asked: Asked) -> str:
    inbox.replay(asked.object_id)
    inbox.process(asked.object_id)
    event = StripeEvent.objects.get(pk=asked.object_id)
    if event.state == StripeEvent.State.IGNORED:
        raise CannotBeDone("nobody handles events of its type, or it is of the other Stripe mode")
    return f"{event.state}: {event.last_error}" if event.last_error else event.state


OF_EVENTS = (replay,)
