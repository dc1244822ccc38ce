"""Where the sandbox is reached, for the links that it hands out: as the last request to the API named it."""

from __future__ import annotations

base = "http://localhost:8001"
