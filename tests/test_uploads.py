"""Files in a request: so much is taken and no more, and nothing is written for more."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from banking.statements import MOST_BYTES as LARGEST_STATEMENT
from fcdash import uploads
from tests.cast import Cast

MEGABYTE = 1024 * 1024


def test_all_files_together_take_no_more_than_the_limit(rf: RequestFactory) -> None:
    files = [SimpleUploadedFile(f"{at}.csv", b"x" * 8 * MEGABYTE) for at in range(3)]

    taken = rf.post("/", {"file": files}).FILES.getlist("file")

    assert sum(file.size for file in taken) <= uploads.MOST_BYTES


@pytest.mark.django_db
def test_whoever_brings_too_much_is_told_so(cast: Cast) -> None:
    file = SimpleUploadedFile("long.csv", b"x" * (LARGEST_STATEMENT + 5 * MEGABYTE))

    answer = cast.client(cast.alice).post(f"/banks/{cast.checking.pk}/import/", {"file": file})

    assert b"larger than 10 MB" in answer.content
