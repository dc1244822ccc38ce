"""A stand-in for Stripe's transaction list that costs next to nothing: `python -m bench.standin PORT`.

The one other thing it knows is whose key it is asked with, since workers do not start without.

An account's id says how many rows it has (`fca_500000_…`); they are made up page by page, the same each time.
"""

from __future__ import annotations

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bench import rows

NEWEST = int(time.time())
# As the sandbox says, since the database is bound to one owner.
OWNER = b'{"id": "acct_sandbox", "object": "account"}'


class Pages(BaseHTTPRequestHandler):
    """GET /v1/financial_connections/transactions, with `starting_after`, and GET /v1/account."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._answer(OWNER if self.path.startswith("/v1/account") else self._page())

    def _page(self) -> bytes:
        asked = parse_qs(urlsplit(self.path).query)
        _, size, name = asked["account"][0].split("_")
        count, start = int(size), 0
        if after := asked.get("starting_after"):
            start = int(after[0][-9:]) + 1
        end = min(start + rows.PAGE, count)
        listed = [rows.row(number, count, name, NEWEST) for number in range(start, end)]
        return rows.body(listed, end < count)

    def _answer(self, body: bytes) -> None:
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Says nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Pages)
    server.daemon_threads = True
    print("listening", flush=True)
    server.serve_forever()
