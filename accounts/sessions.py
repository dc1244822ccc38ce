"""A user's sessions in browsers and apps."""

from __future__ import annotations

from allauth.usersessions.models import UserSession


def end_all(user_id: int) -> int:
    """End every session of the user; returns how many. Call it outside a transaction: the cache forgets at once."""
    sessions = list(UserSession.objects.filter(user_id=user_id))
    for session in sessions:
        session.end()
    return len(sessions)
