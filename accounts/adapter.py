"""How django-allauth signs people up here: a household with each user, mail as rows."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from accounts.households import open_household
from accounts.mailing import queue_mail
from accounts.models import User
from fcdash.celery import nudge
from fcdash.clients import ip_address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Both the pages and the headless API come through here."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": "This account is closed.",
        "duplicate_email": "You have that address already.",
        "email_password_mismatch": "That e-mail address and password do not belong together.",
        "email_taken": "Somebody has an account with that address already.",
        "enter_current_password": "That is not your password now.",
        "incorrect_code": "That is not the code. It stands in the newest mail that we sent.",
        "incorrect_password": "That is not your password.",
        "invalid_password_reset": "The link is used up. Ask for a new one.",
        "rate_limited": "That was too often. Wait a minute, then try again.",
        "same_as_current": "That is what you have now.",
        "too_many_login_attempts": "Too many tries. Wait a few minutes, then try again.",
    }

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Save the user with a household of their own; their Customer at Stripe follows in the background."""
        from accounts.tasks import sync_customer

        try:
            with transaction.atomic():
                super().save_user(request, user, form, commit=True)
                open_household(user, request.COOKIES.get("timezone") or request.headers.get("X-Time-Zone", ""))
                nudge(sync_customer, user.pk)
        except IntegrityError as problem:
            # The form looked before the same address was taken by a request beside it: a double click.
            raise ImmediateHttpResponse(_signed_up_meanwhile(request)) from problem
        return user

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Render the mail as allauth would and queue it as a row."""
        message = self.render_mail(template_prefix, email, context)
        html = next((body for body, kind in getattr(message, "alternatives", []) if kind == "text/html"), "")
        text = "" if message.content_subtype == "html" else message.body
        queue_mail(email, template_prefix.rsplit("/", 1)[-1], message.subject, text or "", html or "")

    def get_client_ip(self, request: HttpRequest) -> str:
        return ip_address(request)


def _signed_up_meanwhile(request: HttpRequest) -> HttpResponse:
    """What the second of two equal sign-ups gets: the page to write the code into, or a conflict for apps."""
    if request.path_info.startswith("/_allauth/"):
        return JsonResponse({"status": 409}, status=409)
    return redirect("account_email_verification_sent")
