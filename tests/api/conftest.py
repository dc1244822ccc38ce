"""Fixtures of the API's tests."""

from __future__ import annotations

import pytest

from tests.api.calling import Api, api_of
from tests.cast import Cast


@pytest.fixture
def alice(cast: Cast) -> Api:
    """The API as Alice, who owns the household."""
    assert cast.household
    return api_of(cast, cast.alice)


@pytest.fixture
def vera(cast: Cast) -> Api:
    """The API as Vera, who only looks on."""
    assert cast.household
    return api_of(cast, cast.vera)


@pytest.fixture
def charlie(cast: Cast) -> Api:
    """The API as Charlie, a stranger with a household of his own."""
    assert cast.strange_household
    return api_of(cast, cast.charlie)
