"""What the mails that were sent say: a test's mailbox."""

from __future__ import annotations

import re

from django.core import mail


def last_letter(to: str) -> str:
    """The text of the last mail sent to the address."""
    return next(str(letter.body) for letter in reversed(mail.outbox) if letter.to == [to])


def code_in(text: str) -> str:
    """The code that stands on a line of its own."""
    [code] = re.findall(r"^([A-Z0-9]{3,8}(?:-[A-Z0-9]{3,8})?)$", text, re.MULTILINE)
    return code


def link_in(text: str) -> str:
    """The path of the one link that stands on a line of its own."""
    [path] = re.findall(r"^https?://[^/]+(/\S+)$", text, re.MULTILINE)
    return path
