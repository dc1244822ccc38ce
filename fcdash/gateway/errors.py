"""What can go wrong at Stripe, sorted by what a caller can do about it.

    StripeProblem
    ├── TryAgain          nothing happened; the same call may be made later (429, 409, 424, no connection)
    │   └── OtherStripe   nothing was asked: the key is of another Stripe than this database; mend the settings
    ├── WillNotWork       Stripe refused, and will again; `reason` is Stripe's code, `message` its words
    └── OutcomeUnknown    the request may have arrived; look the object up, never guess (timeout, reset, 5xx, no JSON)

The table is closed by default: what it does not know counts as unknown for a write.
"""

from __future__ import annotations

import stripe


class StripeProblem(Exception):
    """Something at Stripe went wrong; one of the three below is raised."""


class TryAgain(StripeProblem):
    """Nothing happened. `after_seconds` is how long to wait at least."""

    def __init__(self, message: str, after_seconds: float = 5) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class OtherStripe(TryAgain):
    """The key is of another mode or account than the database; nothing may be taken as failed because of that."""

    def __init__(self, message: str) -> None:
        super().__init__(message, after_seconds=300)


class WillNotWork(StripeProblem):
    """Stripe refused for good. `reason` is its error code, `status` the HTTP status, `network_code` a Nacha code."""

    def __init__(self, reason: str, message: str = "", status: int = 400, param: str = "", network_code: str = ""):
        super().__init__(f"{reason}: {message}" if message else reason)
        self.reason, self.message, self.status, self.param = reason, message, status, param
        self.network_code = network_code

    @property
    def is_missing(self) -> bool:
        """Whether the object does not exist at Stripe."""
        return self.reason == "resource_missing" or self.status == 404


class OutcomeUnknown(StripeProblem):
    """The request may or may not have taken effect.

    `answered`: Stripe said that it failed there, so it is at its end; its idempotency key repeats that for a day.
    Otherwise it may still be on its way.
    """

    def __init__(self, message: str, answered: bool = False) -> None:
        super().__init__(message)
        self.answered = answered


def translate(problem: stripe.StripeError, writes: bool) -> StripeProblem:
    """Our error for the SDK's. A read that failed in transit may simply be repeated."""
    status = problem.http_status or 0
    error = getattr(problem, "error", None)
    code = problem.code or getattr(error, "code", None) or getattr(error, "type", None) or ""
    if isinstance(problem, stripe.RateLimitError) or status in (409, 429):
        return TryAgain(str(code or "rate_limit"), after_seconds=10 if status == 429 else 2)
    if status == 424:
        return TryAgain("external dependency")
    # A bare APIError below 500 is an answer that is no JSON: a proxy's, or one that was cut short. It says nothing.
    if isinstance(problem, stripe.APIConnectionError | stripe.APIError) or status >= 500 or (status == 0):
        words = f"no answer from Stripe ({type(problem).__name__} {status or ''})".strip()
        return OutcomeUnknown(words, answered=status >= 500) if writes else TryAgain(words)
    if code == "account_invalid":
        return WillNotWork(code, problem.user_message or "", status)
    if isinstance(problem, stripe.AuthenticationError | stripe.PermissionError):
        return WillNotWork("key_refused", "Stripe refused the API key or its rights.", status)
    return WillNotWork(
        str(code or "refused"),
        problem.user_message or "",
        status,
        getattr(problem, "param", None) or "",
        str(getattr(error, "network_decline_code", None) or ""),
    )
