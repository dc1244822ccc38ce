"""A page as strict as the product's that opens the bank-link dialog, and says in words what Stripe.js answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A page that links banks</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/page.css"><script src="{js}"></script><script src="/page.js" defer></script></head>
<body><main><h1>A page that links banks</h1>
<button id="before">Before</button> <button id="link">Link a bank</button> <button id="after">After</button>
<pre id="answer"></pre></main></body></html>"""

# The client secret comes in the fragment, which no server sees.
SCRIPT = """
document.addEventListener("securitypolicyviolation", (e) => console.error("csp", e.violatedDirective, e.blockedURI));
window.callStripe = async (method, given, key = "pk_test_sandbox") => {
  const answer = document.getElementById("answer");
  answer.textContent = "";
  try {
    answer.textContent = JSON.stringify(await new Stripe(key)[method](...given));
  } catch (error) {
    answer.textContent = JSON.stringify({ thrown: error.name, message: error.message });
  }
};
document.getElementById("link").addEventListener("click", () =>
  window.callStripe("collectFinancialConnectionsAccounts", [{ clientSecret: location.hash.slice(1) }]));
"""
STYLE = ":root { color-scheme: light dark; } body { min-height: 200vh; }"


@contextmanager
def host_page(js_url: str) -> Iterator[str]:
    """Serves the page on a free port; yields its address."""
    origin = js_url.rsplit("/v3/", 1)[0]
    headers = {
        "Content-Security-Policy": f"default-src 'none'; script-src 'self' {origin}; style-src 'self';"
        f" frame-src {origin}; connect-src {origin}",
        "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
    }

    async def page(request: Request) -> Response:
        return HTMLResponse(PAGE.format(js=js_url), headers=headers)

    async def script(request: Request) -> Response:
        return Response(SCRIPT, media_type="text/javascript")

    async def style(request: Request) -> Response:
        return Response(STYLE, media_type="text/css")

    app = Starlette(
        routes=[Route("/page.js", script), Route("/page.css", style), Route("/{rest:path}", page)],
    )
    server = uvicorn.Server(uvicorn.Config(app, host="localhost", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
        assert thread.is_alive(), "the page's server did not start"
    yield f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}/"
    server.should_exit = True
    thread.join(10)
