"""What makes `make run` need nothing installed: embedded PostgreSQL and Valkey, and the runner of all parts."""

from __future__ import annotations


class Problem(Exception):
    """Something a person can put right; its text is the one sentence that says how."""
