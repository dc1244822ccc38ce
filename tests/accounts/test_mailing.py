"""Mail: written first, sent by the worker, tried again while the server is down, emptied once sent."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from accounts import mailing
from accounts.models import Mail
from tests.tasks import empty_valkey

pytestmark = pytest.mark.django_db(transaction=True)
Run = Callable[..., Any]


def queue(to: str = "alice@example.com") -> Mail:
    return mailing.queue_mail(to, "receipt", "A subject", "Some words", "<p>Some words</p>")


def let_time_pass() -> None:
    Mail.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def no_server(settings: Any) -> None:
    """Nobody listens at the mail server's address."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9


@pytest.fixture
def broken_server(settings: Any) -> Iterator[None]:
    """A mail server that hangs up in the middle."""

    class HangsUp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(b"220 hello\r\n")
            self.request.recv(100)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), HangsUp) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        yield
        server.shutdown()


def test_mail_goes_out_with_the_commit_and_not_before(run_tasks: Run) -> None:
    with transaction.atomic():
        queue()
        run_tasks()
        assert mail.outbox == []

    run_tasks()
    assert len(mail.outbox) == 1


def test_what_is_rolled_back_is_not_sent(run_tasks: Run) -> None:
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)

    run_tasks()
    assert mail.outbox == []


@pytest.mark.parametrize("server", ["no_server", "broken_server"])
def test_while_the_server_is_down_the_mail_waits(request: Any, run_tasks: Run, settings: Any, server: str) -> None:
    request.getfixturevalue(server)
    row = queue()
    run_tasks()
    row.refresh_from_db()
    assert (row.state, row.text, row.attempts) == ("waiting", "Some words", 1)
    assert row.last_error
    assert row.next_attempt_at > timezone.now()

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    let_time_pass()
    mailing.send(row.pk)

    row.refresh_from_db()
    assert (row.state, row.text, row.html, row.last_error) == ("sent", "", "", "")


def test_it_is_given_up_after_many_tries_and_kept_for_staff(no_server: None) -> None:
    row = queue()
    for _ in range(mailing.MAX_ATTEMPTS + 3):
        let_time_pass()
        mailing.send(row.pk)

    row.refresh_from_db()
    assert (row.state, row.attempts, row.text) == ("failed", mailing.MAX_ATTEMPTS, "Some words")


def test_a_lost_message_is_swept(run_tasks: Run) -> None:
    from accounts.tasks import sweep_mail

    queue()
    empty_valkey()

    sweep_mail.delay()
    run_tasks()

    assert len(mail.outbox) == 1


def test_one_mail_is_sent_once(run_tasks: Run) -> None:
    row = queue()
    run_tasks()

    mailing.send(row.pk)
    let_time_pass()
    mailing.send(row.pk)

    assert len(mail.outbox) == 1


def test_a_subject_cannot_carry_headers() -> None:
    row = mailing.queue_mail("alice@example.com", "receipt", "Paid\r\nBcc: everybody@example.com", "Some words")

    mailing.send(row.pk)

    [letter] = mail.outbox
    assert (letter.subject, letter.bcc) == ("Paid Bcc: everybody@example.com", [])


def test_developments_mailbox_keeps_one_file_a_message_in_order(settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND, settings.MAIL_FOLDER = "accounts.mailbox.FolderBackend", tmp_path / "mail"

    for number in range(3):
        mailing.send(queue(f"p{number}@example.com").pk)

    letters = [
        message_from_bytes(file.read_bytes(), policy=policy.default) for file in sorted((tmp_path / "mail").iterdir())
    ]
    assert [letter["to"] for letter in letters] == ["p0@example.com", "p1@example.com", "p2@example.com"]
    body = letters[0].get_body(("plain",))
    assert body is not None
    assert "Some words" in body.get_content()
