"""The desk killed while an upload becomes an act: all of it is done or nothing, and nothing lies in clear."""

import csv
import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from browsing import Browser
from keyed import entries
from playing import everything_under
from serving import free_port, until

from adapters.health import wait_until_healthy
from steps import auditing
from steps.office import Office

TAKE = "/hatachi-2026/extract/take_extract"


@contextmanager
def _process(office: Office, temporary: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run the desk as `tsudoi serve` does, and give its process and address."""
    port = str(free_port())
    surroundings = {key: value for key, value in os.environ.items() if not key.startswith("TSUDOI_")}
    surroundings |= {
        "TSUDOI_HOME": str(office.home), "TSUDOI_INBOX": str(office.settings.inbox), "TMPDIR": str(temporary),
    }  # fmt: skip
    command = [sys.executable, "-P", "-m", "desk.web.server", "127.0.0.1", port, ""]
    process = subprocess.Popen(command, env=surroundings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert wait_until_healthy(f"http://127.0.0.1:{port}/login", seconds=120)
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _body(browser: Browser, extract: bytes) -> bytes:
    fields = {**browser.hidden, "do": "take", "expect_from": "1", "expect_to": "1000"}
    return httpx.Request("POST", "http://x", data=fields, files={"file": ("extract.csv", extract)}).read()


@pytest.mark.parametrize("at", ["half is sent", "all is sent", "the vault has it"])
def test_a_desk_that_is_killed_has_done_all_of_it_or_nothing(at_work: Office, extract: bytes, at: str) -> None:
    """Wherever the kill falls, the ledger holds, no name lies in clear, and the same extract is in it once at last."""
    temporary = at_work.home.parent.parent / "temporary"
    with _process(at_work, temporary) as (process, address), Browser(address) as registrar:
        registrar.log_in("watanabe")
        registrar.open(TAKE)
        body, sent = _body(registrar, extract), threading.Event()
        boundary = body.split(b"\r\n", 1)[0].removeprefix(b"--").decode()

        def pieces() -> Iterator[bytes]:
            yield body[: len(body) // 2]
            if at == "half is sent":
                sent.set()
                process.wait()
            yield body[len(body) // 2 :]
            sent.set()

        def upload() -> None:
            kind = {"content-type": f"multipart/form-data; boundary={boundary}", "content-length": str(len(body))}
            with suppress(httpx.TransportError):
                registrar.client.post(TAKE, content=pieces(), headers=kind)

        sending = threading.Thread(target=upload)
        sending.start()
        assert sent.wait(60)
        if at == "the vault has it":
            until(lambda: any(at_work.home.rglob("extract-*")))
        process.kill()
        sending.join()
    done = len(entries(at_work, "extract_taken"))
    assert done == 0 or at != "half is sent"
    auditing.verify(at_work)
    assert not _lies_in_clear(at_work, extract)
    with _process(at_work, temporary) as (_process_again, address), Browser(address) as registrar:
        registrar.log_in("watanabe")
        registrar.open(TAKE)
        registrar.client.post(
            TAKE, data={**registrar.hidden, "do": "take", "expect_from": "1", "expect_to": "1000"},
            files={"file": ("extract.csv", extract)},
        )  # fmt: skip
    assert len(entries(at_work, "extract_taken")) == 1
    assert not _lies_in_clear(at_work, extract)


def _lies_in_clear(office: Office, extract: bytes) -> bool:
    names = [row["氏名"] for row in csv.DictReader(io.StringIO(extract.decode("utf-8-sig")))]
    everything = everything_under(office.home.parent.parent)  # data directory, inbox and temporary files
    return any(name.encode() in everything for name in names if len(name) > 3)
