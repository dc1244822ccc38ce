"""Who may press the buttons: any program, and in a browser only the sandbox's own pages."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.wire.errors import ApiError

# Names that no public domain ends in, so that nobody else can point one at this machine.
_PRIVATE = (".localhost", ".local", ".internal", ".home.arpa", ".test")

_REFUSAL = ApiError("A page of another site may not use the sandbox's controls.", status=403)


def guarded(app: ASGIApp) -> ASGIApp:
    """`app`, refusing what other sites' pages ask of `/sandbox/…`; programs send none of the headers looked at."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/sandbox/") and not _is_own(Headers(scope=scope)):
            await JSONResponse(_REFUSAL.body, status_code=_REFUSAL.status)(scope, receive, send)
        else:
            await app(scope, receive, send)

    return application


def _is_own(headers: Headers) -> bool:
    site, origin, host = headers.get("sec-fetch-site"), headers.get("origin"), headers.get("host", "")
    if site is None and origin is None:
        return True
    if site not in (None, "same-origin", "none") or (origin is not None and urlsplit(origin).netloc != host):
        return False
    # Somebody's public name may be pointed at this machine, and is then the same origin as itself.
    return _is_local(urlsplit(f"//{host}").hostname or "")


def _is_local(name: str) -> bool:
    """An address, or a name that no public domain has."""
    if "." not in name or name.endswith(_PRIVATE):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
