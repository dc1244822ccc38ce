"""Who is on the other end of a request."""

from __future__ import annotations

from ipaddress import ip_address as parse_ip

from django.conf import settings
from django.http import HttpRequest


def ip_address(request: HttpRequest) -> str:
    """The client's address: the one that the outermost of TRUSTED_PROXIES proxies saw, else the peer's."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
        if len(forwarded) >= settings.TRUSTED_PROXIES:
            address = forwarded[-settings.TRUSTED_PROXIES]
    try:
        return str(parse_ip(address))
    except ValueError:
        return "127.0.0.1"  # a unix socket has no peer address


def user_agent(request: HttpRequest) -> str:
    """The client's own name for itself, at most 500 characters, without control characters."""
    text = request.headers.get("User-Agent", "") or "not given"
    return "".join(c for c in text if c.isprintable())[:500]
