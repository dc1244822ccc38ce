"""Where all of it is served: the script, the pages with their policy, and the calls that the pages make."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.dialog import finishing, microdeposits, numbers, opening, returning, signing_in, windows
from sandbox.dialog.answering import Answer, Endpoint, answering

STATIC = Path(__file__).parents[1] / "static"
# No frame-ancestors: whatever page holds a client secret may show the dialog, as with the real one.
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
SCRIPT_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}


def _file(name: str, headers: dict[str, str]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return FileResponse(STATIC / name, headers=headers)

    return endpoint


def _call(path: str, answer: Answer) -> Route:
    return Route(path, answering(answer), methods=["POST"])


routes: list[Route | Mount] = [
    Route("/v3", _file("stripe.js", SCRIPT_HEADERS)),
    Route("/v3/", _file("stripe.js", SCRIPT_HEADERS)),
    Route("/v3/dialog/", _file("dialog.html", PAGE_HEADERS)),
    Route("/v3/dialog/hosted/{secret}", _file("dialog.html", PAGE_HEADERS)),
    Route("/v3/dialog/bank/{window}", _file("bank.html", PAGE_HEADERS)),
    Route("/v3/microdeposits/{token}", _file("microdeposits.html", PAGE_HEADERS)),
    _call("/v3/dialog/session", opening.open_dialog),
    _call("/v3/dialog/sign-in", signing_in.sign_in),
    _call("/v3/dialog/recognise", returning.recognise),
    _call("/v3/dialog/numbers", numbers.enter),
    _call("/v3/dialog/finish", finishing.finish),
    _call("/v3/dialog/windows", windows.prepare),
    _call("/v3/dialog/windows/state", windows.state),
    _call("/v3/dialog/windows/{window}", windows.show),
    _call("/v3/dialog/windows/{window}/answer", windows.answer),
    _call("/v3/microdeposits/{token}/state", microdeposits.show),
    _call("/v3/microdeposits/{token}/verify", microdeposits.verify),
    Mount("/v3/dialog/assets", StaticFiles(directory=STATIC / "dialog")),
]
