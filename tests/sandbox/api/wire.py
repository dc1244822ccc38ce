"""Requests without the SDK: one kept connection, either encoding of arrays, either scheme of keys."""

from __future__ import annotations

import base64
import http.client
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

KEY = "sk_test_sandbox"
Params = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: Any

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body["error"]
        return found


class Wire:
    """A connection to the sandbox; with `basic`, the key as curl's -u sends it and arrays as `a[]`."""

    def __init__(self, base: str, *, basic: bool = False) -> None:
        self._connection = http.client.HTTPConnection(base.removeprefix("http://"), timeout=10)
        token = base64.b64encode(f"{KEY}:".encode()).decode()
        self._authorization = f"Basic {token}" if basic else f"Bearer {KEY}"
        self._basic = basic

    def send(self, method: str, path: str, params: Params | None = None, **headers: str) -> Answer:
        form = flat(params or {})
        if self._basic:
            form = [(re.sub(r"\[\d+\]", "[]", name), value) for name, value in form]
        encoded = urlencode(form)
        if method != "POST" and encoded:
            path, encoded = f"{path}?{encoded}", ""
        sent = {"Authorization": self._authorization, "Content-Type": "application/x-www-form-urlencoded"}
        for name, value in headers.items():
            sent[name.replace("_", "-")] = value
        self._connection.request(method, path, encoded, sent)
        response = self._connection.getresponse()
        text = response.read()
        return Answer(response.status, response.headers, json.loads(text) if text else None)


def flat(params: Any, path: str = "") -> list[tuple[str, str]]:
    """Nested parameters as the fields of a form, lists by number."""
    if isinstance(params, dict):
        return [pair for name, each in params.items() for pair in flat(each, f"{path}[{name}]" if path else name)]
    if isinstance(params, list):
        return [pair for number, each in enumerate(params) for pair in flat(each, f"{path}[{number}]")]
    return [(path, str(params).lower() if isinstance(params, bool) else str(params))]
