"""How long letters with both codes and hard names take, against reportlab and pycairo on the same pages; their memory.

Targets: faster than reportlab; twice as fast as pycairo with HarfBuzz, where both can be imported (neither is one of
our dependencies: `pip install pycairo uharfbuzz` where libcairo and its headers are); no process above 512 MiB; growth
exponent at most 1.05 up to 100,000 letters; two processes at least 1.6 times one; 5,000 customer barcodes a second.
"""

import json
import math
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import pyzint
from pages_by_reportlab import letters, truetype
from pytest_benchmark.fixture import BenchmarkFixture

from adapters.barcode import BarcodeTowns
from adapters.codes import FOLDER
from adapters.fonts import default_font
from adapters.press import UNDRAWN, Addressee, Press
from adapters.sample import sample_extract
from models.letter import Words

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "deploy" / "programmes" / "hatachi"
TOWNS = BarcodeTowns.read((ROOT / "deploy/programmes/hatachi/towns.csv").read_text(encoding="utf-8"))
PERSONS = 4000
MANY, FEW = 100_000, 25_000
TARGET_MIB = 512
DAY = {"iso": "2026-11-30", "wareki": "令和8年11月30日（月）"}
WORDS: Words = {
    "fiscal_year": 2026, "tray": 500, "municipality": "新宿区", "sender": "新宿区長",
    "contact": "新宿区総務部総務課総務係", "date": {**DAY}, "ceremony": "はたちのつどい", "ceremony_on": {**DAY},
    "ceremony_at": "午後1時", "place": "区内会場", "inserts": [{"name": "案内リーフレット", "count": "1部"}],
    "customer_barcode": True,
    "box": {"name_width_mm": 80, "name_size_pt": 14, "address_width_mm": 80, "address_size_pt": 10.5,
            "barcode_size_pt": 10},
}  # fmt: skip


@pytest.fixture(scope="module")
def press() -> Press:
    """Make the press that every installation has."""
    font = default_font()
    return Press(templates=TEMPLATES, fonts=(font.path,), family=font.family)


@pytest.fixture(scope="module")
def people(press: Press) -> list[Addressee]:
    """Draw the addressees of a usual year, half of them with long Latin names, whom the font can draw."""
    frame = sample_extract(fiscal_year=2026, persons=PERSONS + 200, seed=1)
    drawn = [person for number, row in enumerate(frame.iter_rows(named=True), 1) if (person := _person(number, row))]
    refused = {serial for serial, finding in press.findings(drawn) if finding.code in UNDRAWN}
    return [person for person in drawn if person.serial not in refused][:PERSONS]


def _person(serial: int, row: dict[str, str]) -> Addressee | None:
    address = f"{row['住所']}　{row['方書']}".strip()
    bars = TOWNS.barcode(row["郵便番号"], address).bars if len(row["郵便番号"].replace("-", "")) == 7 else ""
    if not bars:
        return None
    return Addressee(
        serial=serial, name=row["氏名"], postal_code=row["郵便番号"], address=address, bars=bars, tray=serial // 500 + 1
    )


def test_letters_with_both_codes(
    benchmark: BenchmarkFixture, press: Press, people: list[Addressee], tmp_path: Path, tell: Any
) -> None:
    """4,000 letters with both codes, hard names and tray separators: one process as the peers are, and two as usual."""
    font = truetype(default_font().path, _texts(people), tmp_path / "peer.ttf")
    ours: list[bytes] = []

    def ours_prints(workers: int) -> int:
        ours.clear()
        return press.letters(people, into=lambda _people, pdf: ours.append(pdf), words=WORDS, workers=workers)

    assert benchmark.pedantic(ours_prints, args=(1,), rounds=3, warmup_rounds=1) == PERSONS
    timing: Any = benchmark.stats
    if timing:
        peer = min(_seconds(lambda: letters(people, WORDS, font)) for _round in range(3))
        two = min(_seconds(lambda: ours_prints(2)) for _round in range(3))
        seconds = timing.stats.min
        tell(
            seconds=seconds, seconds_of_two_processes=two, letters_a_second=PERSONS / two, reportlab_seconds=peer,
            times_as_fast_as_reportlab=peer / seconds, target_times=1.0, with_two_processes=peer / two,
            kilobytes_a_letter=sum(map(len, ours)) / PERSONS / 1000,
        )  # fmt: skip
        tell(**_against_cairo(people, tmp_path, one=seconds, two=two))


def _against_cairo(people: list[Addressee], folder: Path, *, one: float, two: float) -> dict[str, float | str]:
    """Compare with pycairo as it draws codes, and with what it can do once it is lent our font for them."""
    absent = [name for name in ("cairo", "uharfbuzz") if find_spec(name) is None]
    if absent:
        return {"pycairo": f"not compared, cannot be imported here: {', '.join(absent)}"}
    by_itself = _cairo_seconds(people, folder / "by-itself.pdf")
    lent = _cairo_seconds(people, folder / "lent.pdf", codes=FOLDER / "codes.ttf")
    return {
        "pycairo_seconds": by_itself, "times_as_fast_as_pycairo": by_itself / two, "target_times": 2.0,
        "one_process": by_itself / one, "pycairo_with_our_code_font_seconds": lent,
        "times_as_fast_as_that": lent / two, "one_process_against_that": lent / one,
    }  # fmt: skip


def _cairo_seconds(people: list[Addressee], into: Path, **fonts: Path) -> float:
    text = default_font()
    told = {
        "people": [vars(person) for person in people], "words": WORDS, "rounds": 3, "into": str(into),
        "family": text.family, "fonts": {name: str(file) for name, file in {"text": text.path, **fonts}.items()},
    }  # fmt: skip
    run = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("pages_by_cairo.py"))],
        input=json.dumps(told), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return min(json.loads(run.stdout))


def _texts(people: list[Addressee]) -> list[str]:
    fixed = Path(__file__).with_name("pages_by_reportlab.py").read_text(encoding="utf-8")
    return [fixed, json.dumps(WORDS, ensure_ascii=False), *(f"{person.name}{person.address}" for person in people)]


def _seconds(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


_SCRIPT = """
import json, resource, sys, time
from pathlib import Path
from adapters.fonts import default_font
from adapters.press import Addressee, Press

told, font = json.load(sys.stdin), default_font()
press = Press(templates=Path(told["templates"]), fonts=(font.path,), family=font.family)
drawn = told["people"]
people = (
    Addressee(**{**drawn[n % len(drawn)], "serial": n + 1, "tray": n // 500 + 1}) for n in range(told["letters"])
)
began = time.perf_counter()
press.letters(people, into=lambda _people, _pdf: None, words=told["words"], workers=told["workers"])
seconds = time.perf_counter() - began
# Linux hands the caller's peak down through fork into ru_maxrss; VmHWM begins anew with the program.
own = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
mine, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
cpu = mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime
print(json.dumps({"seconds": seconds, "cpu": cpu, "mib": max(own, theirs.ru_maxrss) / 1024}))
"""


def _printed(people: list[Addressee], letters: int, *, workers: int) -> dict[str, float]:
    """Print so many letters in a fresh process; return seconds, CPU seconds and the peak of its greatest process."""
    told = {
        "templates": str(TEMPLATES), "words": WORDS, "letters": letters, "workers": workers,
        "people": [vars(person) for person in people],
    }  # fmt: skip
    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT], input=json.dumps(told), capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)


def test_a_hundred_thousand_letters(benchmark: BenchmarkFixture, people: list[Addressee], tell: Any) -> None:
    """Time grows with the number of letters and memory does not; two processes against one.

    On a busy machine the exponent of the CPU seconds tells more than that of the clock, and the best of a few runs more
    of two processes against one: what else runs takes a core from two before it takes any from one.
    """
    many = benchmark.pedantic(_printed, args=(people, MANY), kwargs={"workers": 2}, rounds=1)
    if benchmark.stats:
        runs = [(_printed(people, FEW, workers=1), _printed(people, FEW, workers=2)) for _round in range(3)]
        one, few = (min(done, key=lambda run: run["seconds"]) for done in zip(*runs, strict=True))
        tell(
            seconds=many["seconds"], letters_a_second=MANY / many["seconds"],
            growth_exponent=math.log(many["seconds"] / few["seconds"], MANY / FEW), target_exponent=1.05,
            growth_exponent_of_cpu=math.log(many["cpu"] / few["cpu"], MANY / FEW),
            two_processes_to_one=one["seconds"] / few["seconds"], target_two_to_one=1.6,
            cores_busy_with_one=one["cpu"] / one["seconds"], cores_busy_with_two=few["cpu"] / few["seconds"],
            mib=many["mib"], mib_of_a_quarter=few["mib"], target_mib=TARGET_MIB,
        )  # fmt: skip


def test_customer_barcodes(benchmark: BenchmarkFixture, people: list[Addressee], tell: Any) -> None:
    """Town, address number, symbols, check symbol, bars and doubts of whole addresses; zint draws given symbols."""
    pairs = [(person.postal_code, person.address) for person in people]

    def all_of_them() -> int:
        return sum(1 for code, address in pairs if TOWNS.barcode(code, address))

    assert benchmark.pedantic(all_of_them, rounds=3) == len(pairs)
    if benchmark.stats:
        timing: Any = benchmark.stats
        symbols = [person.postal_code.replace("-", "") + "2-8-1" for person in people[:500]]
        zint = _seconds(lambda: [pyzint.Barcode.JAPANPOST(data).render_svg() for data in symbols]) / len(symbols)
        a_second = len(pairs) / timing.stats.min
        tell(addresses_a_second=a_second, target=5000, times_as_fast_as_zint=a_second * zint)
