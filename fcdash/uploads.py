"""What a request may bring as files: no more than shows that it is too much, whoever sends it, to whatever page."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler

# Above the largest file that a page takes, so that the page can say so itself.
MOST_BYTES = 11 * 1024 * 1024


class Capped(FileUploadHandler):
    """Lets go of what is beyond the limit, all files of a request together, before it is written to disk."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.taken = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.taken += len(raw_data)
        return raw_data if self.taken <= MOST_BYTES else None

    def file_complete(self, file_size: int) -> None:
        return None
