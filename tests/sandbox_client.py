"""A small client for the sandbox's API and controls."""

from __future__ import annotations

from typing import Any

import requests


class Sandbox:
    """Calls paths of the sandbox with JSON; an answer other than 2xx raises."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = "Bearer sk_test_sandbox"

    def get(self, path: str) -> Any:
        return self._call("GET", path, None)

    def post(self, path: str, json: Any = None) -> Any:
        return self._call("POST", path, json)

    def put(self, path: str, json: Any) -> Any:
        return self._call("PUT", path, json)

    def reset(self) -> None:
        """Empties the sandbox; returns when no delivery is in flight."""
        self.post("/sandbox/reset")

    def send_webhooks_to(self, url: str) -> None:
        """Lets events go to `url` from now on."""
        self.put("/sandbox/webhook", {"url": url})

    def _call(self, method: str, path: str, json: Any) -> Any:
        answer = self._session.request(method, f"{self.url}{path}", json=json, timeout=30)
        if not answer.ok:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None
