"""The embedded Valkey keeps queued work and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import kombu
import pytest
import redis

from local import processes, valkey
from tests.local.places import open_home

pytestmark = pytest.mark.kill


@pytest.fixture
def state() -> Iterator[Path]:
    with open_home("a home") as home:
        yield home / "valkey"


def test_queued_work_survives_kill_9(state: Path) -> None:
    server = valkey.start(state)
    with kombu.Connection(server.broker_url()) as broker:
        broker.SimpleQueue("payments").put({"id": 7})
    victims = processes.running_in(state, "valkey-server")
    for victim in victims:
        victim.kill()
    assert processes.gone(victims, 10)

    with kombu.Connection(valkey.start(state).broker_url()) as broker:
        assert broker.SimpleQueue("payments").get(timeout=10).payload == {"id": 7}


def test_simultaneous_starters_get_one_server(state: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        servers = set(pool.map(valkey.start, [state] * 4))

    assert len(servers) == 1
    assert len(processes.running_in(state, "valkey-server")) == 1


def test_server_whose_socket_was_cleaned_away_is_replaced(state: Path) -> None:
    server = valkey.start(state)
    server.socket.unlink()

    assert valkey.start(state) == server
    assert len(processes.running_in(state, "valkey-server")) == 1


def test_broker_and_cache_are_databases_of_their_own(state: Path) -> None:
    server = valkey.start(state, durable=False)
    with kombu.Connection(server.broker_url(3)) as broker:
        broker.SimpleQueue("default").put(1)
    with redis.Redis.from_url(server.cache_url(4)) as cache:
        cache.set("name", "value")

        assert sorted(cache.info("keyspace")) == ["db3", "db4"]


def test_path_too_long_for_a_socket(state: Path) -> None:
    server = valkey.start(state / ("x" * 90))

    assert len(str(server.socket)) < 100
    assert valkey.answers(server)
    valkey.stop(state / ("x" * 90))
    assert valkey.is_down(state / ("x" * 90))
