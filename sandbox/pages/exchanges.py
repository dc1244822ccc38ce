"""One event, delivery, request or bank row: what has a table of its own, with its body and what belongs to it."""

from __future__ import annotations

import json
from typing import Any

from sandbox.pages import actions, cells, related
from sandbox.pages.cells import Body, Cell
from sandbox.pages.reader import Reader
from sandbox.pages.tables import Table

Facts = list[tuple[str, Cell]]
Texts = list[tuple[str, str | None]]


def describe(reader: Reader, object_id: str) -> Body | None:
    """The page of such an object; None when there is none of that id."""
    if object_id.startswith("delivery_"):
        return _delivery(reader, object_id)
    if object_id.startswith("fctxn_"):
        return _bank_row(reader, object_id)
    return _event(reader, object_id) or _request(reader, object_id)


def _page(
    object_id: str,
    title: str,
    facts: Facts,
    tables: list[Table],
    texts: Texts,
    *,
    state: Cell = None,
    amount: Cell = None,
    may: list[Body] | None = None,
) -> Body:
    return {
        "id": object_id,
        "place": cells.place(object_id),
        "title": title,
        "amount": amount,
        "state": state,
        "facts": [fact for fact in facts if fact[1] is not None],
        "actions": may or [],
        "story": [],
        "tables": [table.shown() for table in tables if table.rows],
        "texts": [{"title": name, "text": text} for name, text in texts if text is not None],
    }


def _event(reader: Reader, event_id: str) -> Body | None:
    row = reader.row("SELECT type, created, pending, body FROM events WHERE id = ?", (event_id,))
    if row is None:
        return None
    body = json.loads(row["body"])
    about = body["data"]["object"].get("id")
    waiting = reader.value("SELECT count(*) FROM outbox WHERE event = ?", (event_id,))
    facts: Facts = [
        ("About", cells.ref(about)),
        ("Set off by", cells.ref(body["request"]["id"])),
        ("Idempotency key", cells.code(body["request"]["idempotency_key"])),
        ("Still to deliver", row["pending"] or None),
        ("Waiting in the outbox", waiting or None),
        ("Happened", cells.at(row["created"])),
    ]
    body["pending_webhooks"] = row["pending"]
    tables = [related.deliveries_of(reader, event_id)]
    texts: Texts = [("The event", cells.pretty(body))]
    return _page(event_id, row["type"], facts, tables, texts, may=actions.resend(event_id))


def _delivery(reader: Reader, delivery_id: str) -> Body | None:
    number = delivery_id.removeprefix("delivery_")
    row = reader.row(
        "SELECT * FROM deliveries LEFT JOIN delivery_bodies USING (seq) WHERE seq = ?",
        (int(number) if number.isdigit() else -1,),
    )
    if row is None:
        return None
    facts: Facts = [
        ("Event", cells.ref(row["event"])),
        ("To", cells.code(row["url"])),
        ("Attempt", row["attempt"]),
        ("Answer", cells.answer(row["status"]) if row["status"] is not None else None),
        ("What went wrong", row["error"]),
        ("Sent", cells.at(row["at"])),
    ]
    texts: Texts = [("The body sent", _json_text(row["body"])), ("The answer", _json_text(row["answer"] or None))]
    tables = [related.deliveries_of(reader, row["event"])]
    may = actions.resend(row["event"])
    return _page(delivery_id, "Delivery", facts, tables, texts, state=cells.state(row["outcome"]), may=may)


def _request(reader: Reader, request_id: str) -> Body | None:
    row = reader.row("SELECT * FROM requests LEFT JOIN request_bodies USING (seq) WHERE request_id = ?", (request_id,))
    if row is None:
        return None
    facts: Facts = [
        ("Fault", cells.code(row["fault"])),
        ("Idempotency key", cells.code(row["idempotency_key"])),
        ("Version", cells.code(row["version"])),
        ("Came in", cells.at(row["at"])),
    ]
    params = json.loads(row["params"])
    texts: Texts = [
        ("Parameters", cells.pretty(params) if params else None),
        ("The answer", _json_text(row["answer"])),
    ]
    title, tables = f"{row['method']} {row['path']}", [related.events_of(reader, request_id)]
    return _page(request_id, title, facts, tables, texts, state=cells.answer(row["status"]))


def _bank_row(reader: Reader, row_id: str) -> Body | None:
    row = reader.row("SELECT * FROM transactions WHERE id = ?", (row_id,))
    if row is None:
        return None
    description = cells.loaded(row["description_json"])
    facts: Facts = [
        ("Account", cells.ref(row["account"])),
        ("Description", cells.clip(description, 2_000)),
        ("Happened", cells.at(row["transacted_at"])),
        ("Posted", cells.at(row["posted_at"])),
        ("Void", cells.at(row["void_at"])),
    ]
    raw = {name: value for name, value in row.items() if name not in ("seq", "description_json")}
    texts: Texts = [("As the store keeps it", cells.pretty({**raw, "description": description}))]
    amount, state = cells.money(row["amount"], row["currency"]), cells.state(row["status"])
    return _page(row_id, "Bank row", facts, [], texts, state=state, amount=amount)


def _json_text(text: Any) -> str | None:
    """A stored body laid out for reading; what is no JSON as it is."""
    if text is None:
        return None
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    try:
        return cells.pretty(json.loads(text))
    except ValueError:
        return str(text)
