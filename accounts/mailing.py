"""Mail as rows: written with what causes it, sent by the worker after the commit, retried, emptied once sent."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import Mail
from fcdash.celery import nudge

logger = logging.getLogger(__name__)
MAX_ATTEMPTS = 8
LEASE = timedelta(minutes=2)


def queue_mail(to: str, kind: str, subject: str, text: str, html: str = "") -> Mail:
    """Write a mail and nudge the worker after the commit."""
    from accounts.tasks import send_mail

    mail = Mail.objects.create(to=to, kind=kind, subject=" ".join(subject.split())[:200], text=text, html=html)
    nudge(send_mail, mail.pk)
    return mail


def queue_template(to: str, kind: str, context: dict[str, object]) -> Mail:
    """Write a mail from templates/mail/<kind>_subject.txt, <kind>.txt and <kind>.html."""
    context = {"operator_name": settings.OPERATOR_NAME, "public_url": settings.PUBLIC_URL, **context}
    return queue_mail(
        to,
        kind,
        render_to_string(f"mail/{kind}_subject.txt", context),
        render_to_string(f"mail/{kind}.txt", context),
        render_to_string(f"mail/{kind}.html", context),
    )


def send(mail_id: int) -> None:
    """Send one mail that is due; does nothing when it is sent or another worker has it. Failure is kept on the row.

    Call it outside any transaction: the mail server may take its time.
    """
    mail = _take(mail_id)
    if mail is None:
        return
    message = EmailMultiAlternatives(mail.subject, mail.text, settings.DEFAULT_FROM_EMAIL, [mail.to])
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    try:
        message.send()
    except Exception as problem:
        # Whatever a mail server or a library raises, the mail must come back: the row is the queue of record.
        _keep_failure(mail, problem)
        return
    # What it said may hold a sign-in code; the fact that it was sent is enough.
    Mail.objects.filter(pk=mail.pk).update(
        state=Mail.State.SENT, sent_at=timezone.now(), text="", html="", last_error=""
    )


def _take(mail_id: int) -> Mail | None:
    """The mail, ours to send for LEASE: a worker that dies with it is followed by another."""
    now = timezone.now()
    taken = Mail.objects.filter(pk=mail_id, state=Mail.State.WAITING, next_attempt_at__lte=now).update(
        attempts=F("attempts") + 1, next_attempt_at=now + LEASE
    )
    return Mail.objects.get(pk=mail_id) if taken else None


def _keep_failure(mail: Mail, problem: Exception) -> None:
    mail.last_error = f"{type(problem).__name__}: {problem}"[:300]
    mail.next_attempt_at = timezone.now() + timedelta(seconds=15 * 2**mail.attempts)
    if mail.attempts >= MAX_ATTEMPTS:
        mail.state = Mail.State.FAILED
    mail.save(update_fields=["last_error", "next_attempt_at", "state"])
    logger.warning("mail %s not sent: %s", mail.pk, type(problem).__name__)


def revive(mail_id: int) -> bool:
    """Let a failed mail wait again, and a waiting one be due now. False when it was sent."""
    return bool(
        Mail.objects.filter(pk=mail_id)
        .exclude(state=Mail.State.SENT)
        .update(state=Mail.State.WAITING, attempts=0, next_attempt_at=timezone.now())
    )


def due() -> list[int]:
    """Ids of mails whose time to try (again) has come."""
    return list(
        Mail.objects.filter(state=Mail.State.WAITING, next_attempt_at__lte=timezone.now())
        .order_by("pk")
        .values_list("pk", flat=True)[:500]
    )
