"""How django-allauth signs people up here: a household with each user, mail as rows."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest

from accounts.households import open_household
from accounts.mailing import queue_mail
from accounts.models import User
from fcdash.celery import nudge
from fcdash.clients import ip_address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Both the pages and the headless API come through here."""

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Save the user with a household of their own; their Customer at Stripe follows in the background."""
        from accounts.tasks import create_customer

        with transaction.atomic():
            super().save_user(request, user, form, commit=True)
            open_household(user, request.COOKIES.get("timezone") or request.headers.get("X-Time-Zone", ""))
            nudge(create_customer, user.pk)
        return user

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Render the mail as allauth would and queue it as a row."""
        message = self.render_mail(template_prefix, email, context)
        html = next((body for body, kind in getattr(message, "alternatives", []) if kind == "text/html"), "")
        text = "" if message.content_subtype == "html" else message.body
        queue_mail(email, template_prefix.rsplit("/", 1)[-1], message.subject, text or "", html or "")

    def get_client_ip(self, request: HttpRequest) -> str:
        return ip_address(request)
