"""The load generator, a process of its own: threads on raw sockets, so that it takes little of what it measures.

`python -m bench.load PORT CONCURRENCY SECONDS FILE [once]` sends the requests of FILE in turn, each a length and its
bytes, and prints JSON: how many, in how long, their latencies in ms, the statuses. `once` sends each a single time.
"""

from __future__ import annotations

import itertools
import json
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path


def pack(requests: list[bytes], file: Path) -> Path:
    """Writes a FILE."""
    file.write_bytes(b"".join(struct.pack(">I", len(request)) + request for request in requests))
    return file


def unpack(file: Path) -> list[bytes]:
    held, at, found = file.read_bytes(), 0, []
    while at < len(held):
        (size,) = struct.unpack_from(">I", held, at)
        found.append(held[at + 4 : at + 4 + size])
        at += 4 + size
    return found


class Client:
    """One kept connection; opened again when the server closed it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None

    def ask(self, request: bytes) -> int:
        """Send one request, read its whole answer; returns the status."""
        for _ in range(2):
            if self.socket is None:
                self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                self.socket.sendall(request)
                return self._read(self.socket)
            except (ConnectionError, EOFError):
                self.socket.close()
                self.socket = None
        raise ConnectionError("the server closes every connection")

    def _read(self, connection: socket.socket) -> int:
        held = b""
        while (end := held.find(b"\r\n\r\n")) < 0:
            held = _more(connection, held)
        head = held[:end].lower()
        status = int(head[9:12])
        length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        while len(held) < end + 4 + length:
            held = _more(connection, held)
        if b"connection: close" in head:
            connection.close()
            self.socket = None
        return status


def _more(connection: socket.socket, held: bytes) -> bytes:
    piece = connection.recv(262_144)
    if not piece:
        raise EOFError
    return held + piece


def run(port: int, concurrency: int, seconds: float, requests: list[bytes], once: bool) -> dict[str, object]:
    """Drive the server; see the module."""
    waiting: Iterator[bytes] = iter(requests) if once else itertools.cycle(requests)
    lock, latencies, statuses = threading.Lock(), [], Counter[int]()
    started = time.perf_counter()

    def drive() -> None:
        client = Client(port)
        while time.perf_counter() - started < seconds:
            with lock:
                request = next(waiting, None)
            if request is None:
                return
            sent = time.perf_counter()
            status = client.ask(request)
            took = (time.perf_counter() - sent) * 1000
            with lock:
                latencies.append(took)
                statuses[status] += 1

    threads = [threading.Thread(target=drive) for _ in range(concurrency)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "count": len(latencies),
        "seconds": time.perf_counter() - started,
        "latencies": [round(ms, 3) for ms in latencies],
        "statuses": dict(statuses),
    }


if __name__ == "__main__":
    port, concurrency, seconds, file, *once = sys.argv[1:]
    print(json.dumps(run(int(port), int(concurrency), float(seconds), unpack(Path(file)), bool(once))))
