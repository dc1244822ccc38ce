"""An operation emits only what it declares, so that what is written about it is true."""

from __future__ import annotations

import pytest

from sandbox import events
from sandbox.events import Cause


def test_an_undeclared_event_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "cause", Cause("req_1", None, "POST /v1/customers", ("customer.created",)))

    with pytest.raises(events.Undeclared, match=r"POST /v1/customers does not declare .* customer\.updated"):
        events.emit("customer.updated", {"id": "cus_1", "object": "customer"})
