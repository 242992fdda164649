"""How fast 200 MB are sealed and read back on one core, against 7-Zip's own command line with the same method.

The peer seals a file and reads it back into nothing: it neither compares what comes back nor hashes anything. Beside
the time that passed stands what the processor worked, which holds on a busy machine too.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Tell
from pytest_benchmark.fixture import BenchmarkFixture

from adapters.package import Form, seven_zip

SIZE, ROUNDS = 200_000_000, 3
PASSWORD = "BENCH-MARKS-ONLY"
METHODS = {"7z": ("-t7z", "-mhe=on", "-mtr=off"), "zip": ("-tzip", "-mem=AES256")}
SEALER = """
import json, os, re, sys, time
from pathlib import Path
from adapters.package import seal
def peak():  # of this program: ru_maxrss would still hold that of the process that forked it
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
def chunks():
    with open(sys.argv[1], "rb") as file:
        while chunk := file.read(1 << 18):
            yield chunk
began, started = time.perf_counter(), sum(os.times()[:4])
seal({"addressees.csv": chunks()}, into=Path(sys.argv[2]), password=sys.argv[3], form=sys.argv[4])
seconds = time.perf_counter() - began
print(json.dumps({"seconds": seconds, "worked": sum(os.times()[:4]) - started, "mib": peak() / 1024}))
"""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write 200 MB of fictional addressees, no two lines the same."""
    path = tmp_path_factory.mktemp("plain") / "addressees.csv"
    with path.open("w", encoding="utf-8") as file:
        for serial in range(1, 10_000_000):
            file.write(
                f"{serial},検査 太郎{serial * 7919 % 99991},160-{serial % 9999:04},架空町{serial * 31 % 997}番\r\n"
            )
            if serial % 50_000 == 0 and file.tell() >= SIZE:
                break
    return path


def on_one_core() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def by_command_line(plain: Path, folder: Path, form: Form) -> tuple[float, float, float]:
    """Return the seconds of sealing, of reading back and of work, with the switches that the adapter uses."""
    package, typed = folder / f"peer.{form}", f"{PASSWORD}\n{PASSWORD}\n".encode()
    began, started = time.perf_counter(), sum(os.times()[2:4])
    sealing = [
        seven_zip(),
        "a",
        *METHODS[form],
        "-mx=1",
        "-mtm=off",
        "-mtc=off",
        "-mta=off",
        "-p",
        "-bd",
        package,
        plain,
    ]
    subprocess.run(sealing, input=typed, check=True, stdout=subprocess.DEVNULL, preexec_fn=on_one_core)
    sealed = time.perf_counter()
    reading = [seven_zip(), "x", "-so", "-bd", package]
    subprocess.run(reading, input=typed, check=True, stdout=subprocess.DEVNULL, preexec_fn=on_one_core)
    read = time.perf_counter()
    package.unlink()
    return sealed - began, read - sealed, sum(os.times()[2:4]) - started


@pytest.mark.parametrize("form", ["7z", "zip"])
def test_sealing_and_reading_back(
    benchmark: BenchmarkFixture, plain: Path, tmp_path: Path, form: Form, tell: Tell
) -> None:
    """The adapter seals, reads back and compares 200 MB; its own memory is what its process peaks at."""

    def seal() -> dict[str, float]:
        into = tmp_path / f"package.{form}"
        done = subprocess.run(
            [sys.executable, "-c", SEALER, plain, into, PASSWORD, form], check=True, capture_output=True,
            preexec_fn=on_one_core,
        )  # fmt: skip
        into.unlink()
        return json.loads(done.stdout)

    by_command_line(plain, tmp_path, form)  # both find the file in the cache
    ours, peers = [benchmark.pedantic(seal, rounds=1)], [by_command_line(plain, tmp_path, form)]
    for _round in range(ROUNDS - 1):
        ours.append(seal())
        peers.append(by_command_line(plain, tmp_path, form))
    seconds, own = min(it["seconds"] for it in ours), max(it["mib"] for it in ours)
    sealing, reading, worked = (min(times) for times in zip(*peers, strict=True))
    tell(
        seconds=seconds, peer_seals_in=sealing, peer_reads_in=reading, times_as_fast=(sealing + reading) / seconds,
        peer_worked_times_ours=worked / min(it["worked"] for it in ours),
        against_sealing_alone=sealing / seconds, own_mib=own,
    )  # fmt: skip
