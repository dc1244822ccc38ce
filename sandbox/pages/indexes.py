"""Indexes that only the pages read by."""

from __future__ import annotations

from sandbox.store import store

INDEXES = """
CREATE INDEX IF NOT EXISTS pages_events_about ON events (json_extract(body, '$.data.object.id'), seq);
CREATE INDEX IF NOT EXISTS pages_events_cause ON events (json_extract(body, '$.request.id'), seq)
    WHERE json_extract(body, '$.request.id') IS NOT NULL;
CREATE INDEX IF NOT EXISTS pages_deliveries_failed ON deliveries (seq) WHERE outcome <> 'delivered';
CREATE INDEX IF NOT EXISTS pages_outbox_of ON outbox (event);
CREATE INDEX IF NOT EXISTS pages_requests_id ON requests (request_id);
CREATE INDEX IF NOT EXISTS pages_requests_path ON requests (path, seq);
CREATE INDEX IF NOT EXISTS pages_requests_refused ON requests (seq) WHERE ifnull(status, 599) >= 400;
"""


def make() -> None:
    store.db.executescript(INDEXES)
