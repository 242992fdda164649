"""What the gate costs a request of a person, against the same request to Prefect's bare server in the same run.

Counted in processor time, which a busy machine does not change. Where nobody asks, the gate does nothing at all.
"""

import asyncio
import importlib
import os
import time
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from flows import access
from flows.engine import prepare
from flows.gate import COOKIE, Gate

ASKED, SECRET = 500, "tsudoi:abcdefghijklmnopqrstuvwxyz"


def test_the_gate(benchmark: BenchmarkFixture, tmp_path: Path, tell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's request through the gate, and one to the server as Prefect starts it."""
    monkeypatch.setenv(access.VARIABLE, SECRET)
    for name in ("PREFECT_HOME", "PYTHONSAFEPATH", "DO_NOT_TRACK"):
        monkeypatch.setenv(name, os.environ.get(name, str(tmp_path)))
    prepare(tmp_path)
    bare = importlib.import_module("prefect.server.api.server").create_app(webserver_only=True)
    gate = Gate(inner=bare, secret=SECRET, folder=tmp_path, host="127.0.0.1")
    host = (b"host", b"127.0.0.1:4200")
    person = [host, (b"cookie", f"{COOKIE}={access.Sessions(SECRET, tmp_path).begin()}".encode())]
    cost(gate, person), cost(bare, [host, (b"authorization", access.header_of(SECRET))])  # both are warm
    peer = cost(bare, [host, (b"authorization", access.header_of(SECRET))])
    own = benchmark.pedantic(cost, args=(gate, person), rounds=1)
    tell(microseconds_a_request=own * 1e6, bare=peer * 1e6, ratio=own / peer)


def cost(app: Any, headers: list[tuple[bytes, bytes]]) -> float:
    """Return the processor seconds of one request for the server's version, the cheapest there is."""
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "path": "/api/version", "raw_path": b"/api/version",
        "root_path": "", "scheme": "http", "query_string": b"", "headers": headers, "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 4200),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        assert message.get("status", 200) == 200

    async def ask() -> float:
        began = time.process_time()
        for _time in range(ASKED):
            await app(dict(scope), receive, send)
        return (time.process_time() - began) / ASKED

    return asyncio.run(ask())
