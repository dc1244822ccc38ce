"""JSON in ASCII: what banks write need not be text that UTF-8 can carry."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse


class AsciiResponse(JSONResponse):
    """As the API answers: a lone surrogate goes out as its escape."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, separators=(",", ":")).encode()
