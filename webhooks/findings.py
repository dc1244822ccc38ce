"""One line of a diagnosis: ok, not ok or cannot be told, with its remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    NOT_OK = "not ok"
    UNKNOWN = "cannot be told"


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis. `is_optional`: fcdash does without it, so that it fails nothing."""

    subject: str
    verdict: Verdict
    words: str
    remedy: str = ""
    is_optional: bool = False

    @property
    def is_failure(self) -> bool:
        return self.verdict == Verdict.NOT_OK and not self.is_optional


def ok(subject: str, words: str) -> Finding:
    return Finding(subject, Verdict.OK, words)


def wrong(subject: str, words: str, remedy: str, optional: bool = False) -> Finding:
    return Finding(subject, Verdict.NOT_OK, words, remedy, optional)


def unknown(subject: str, words: str, remedy: str = "") -> Finding:
    return Finding(subject, Verdict.UNKNOWN, words, remedy)
