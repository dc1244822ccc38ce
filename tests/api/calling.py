"""Calling the API in tests, as an app does: a session token in a header, JSON in and out."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import User
from tests.api.contract import check
from tests.cast import Cast

PROBLEM = "application/problem+json"


class Api:
    """The API for one session. Each call returns Django's response; every one is checked against the document."""

    def __init__(self, token: str | None = None, **headers: str) -> None:
        self.client = Client()
        self.headers = headers if token is None else {"X-Session-Token": token, **headers}

    def with_headers(self, **headers: str) -> Api:
        """The same session with further headers; underscores in names are hyphens."""
        other = Api()
        other.headers = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return other

    def get(self, path: str, **query: Any) -> Any:
        response = self.client.get(f"/api/v1{path}", query, headers=self.headers)
        check("get", f"/api/v1{path}", response)
        return response

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._send("post", path, body, headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._send("patch", path, body, headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self._send("delete", path, None, headers)

    def send(self, method: str, path: str, raw: bytes | str = b"") -> Any:
        """Any method, any body."""
        url = f"/api/v1{path}"
        response = self.client.generic(method, url, raw, content_type="application/json", headers=self.headers)
        check(method, url, response)
        return response

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        given = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        call = getattr(self.client, method)
        data = {} if body is None else body
        response = call(f"/api/v1{path}", data, content_type="application/json", headers=given)
        check(method, f"/api/v1{path}", response)
        return response


def api_of(cast: Cast, user: User) -> Api:
    """The API in a new session of the user."""
    return Api(cast.client(user).session.session_key)


def ok(response: Any, status: int = 200) -> Any:
    """The body of an answer that must have this status."""
    assert response.status_code == status, f"{response.status_code}: {response.content.decode()[:600]}"
    assert response.headers["Content-Type"].startswith("application/json")
    return response.json()


def refused(response: Any, status: int, code: str) -> Any:
    """The body of a problem that must have this status and code."""
    assert response.status_code == status, f"{response.status_code}: {response.content.decode()[:600]}"
    assert response.headers["Content-Type"] == PROBLEM
    body = response.json()
    assert (body["status"], body["code"]) == (status, code)
    assert set(body) >= {"type", "title", "status", "detail", "code"}
    return body
