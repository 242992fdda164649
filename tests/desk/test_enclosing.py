"""`tsudoi enclosing` and `tsudoi cycle counts` as people type them: clear words, exit statuses, JSON for scripts."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playing import CYCLE, YEAR, Played, begun
from speaking import Said, Tsudoi

from models.serials import compact, expand, piece_code
from rehearsal.cast import SHEETS
from views import counting

HEADER, LEAFLET = "案内状コード,封筒コード,区分,読取日時", "はたちのつどい案内リーフレット"


@pytest.fixture(scope="module")
def printed(template_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Give a year whose letters are printed and not yet sealed."""
    with begun(template_home, tmp_path_factory.mktemp("printed") / "year") as year:
        year.play(before="report_enclosing")
        yield year


def log(year: Played, serials: list[int], *, of: int = YEAR, name: str = "log.csv") -> Path:
    path = year.folder / name
    codes = [piece_code(serial, of) for serial in serials]
    path.write_text("\r\n".join([HEADER, *(f"{it},{it},,10:{at}" for at, it in enumerate(codes))]), encoding="cp932")
    return path


def reconcile(tsudoi: Tsudoi, *options: object) -> Said:
    return tsudoi("enclosing", "reconcile", YEAR, "--by", "asahi", *options)


def test_a_log_without_difference_is_done_and_reported(year: Played, tsudoi: Tsudoi) -> None:
    """Agreement ends with 0; the report that follows names every serial, and the ward can confirm it."""
    due = year.serials("printed")
    path = log(year, due)
    said = reconcile(tsudoi, "--log", path, "--log", path)
    assert (said.status, "一致しています" in said.out, "一回だけ数えました" in said.out) == (0, True, True)
    envelopes = ("--envelopes-spoiled", 1, "--envelopes-left", SHEETS - len(due) - 1)
    report = ("enclosing", "report", YEAR, "--by", "asahi", *envelopes)
    for wrong in ("300", "=300", f"{LEAFLET}=many", "地図=3"):
        assert tsudoi(*report, "--left", wrong).status == 2
    counted = ("--left", f"{LEAFLET}={SHEETS - len(due) - 2}", "--spoiled", f"{LEAFLET}=2")
    assert tsudoi(*report, *counted).status == 0
    assert not year.facts().on_hold
    assert not year.serials("printed")
    year.do("complete_enclosing")


def test_differences_are_held_named_and_settled(year: Played, tsudoi: Tsudoi) -> None:
    """A difference ends with 3, by serial and with what to do, until it is settled by what was found."""
    due = year.serials("printed")
    said = reconcile(tsudoi, "--log", log(year, [*due[1:], due[-1]]))
    assert said.status == 3
    assert {"読取りなし", str(due[0]), "二重", str(due[-1])} <= set(said.out.split())
    told = tsudoi("enclosing", "differences", YEAR, "--json")
    assert (told.status, json.loads(told.out)) == (3, {"missing": str(due[0]), "doubled": str(due[-1])})
    rows = json.loads(tsudoi("cycle", "counts", YEAR, "--json").out)["rows"]
    [sealed] = [row for row in rows if row["key"] == "enclosed"]
    assert (sealed["differs_by"], sealed["serials"]) == (2, f"{due[0]},{due[-1]}")
    assert str(due[0]) in tsudoi("cycle", "counts", YEAR).out
    settled = ["--set", f"found={due[0]}", "--set", f"opened={due[-1]}", "--set", "witness=kobayashi"]
    assert tsudoi("act", YEAR, "settle_differences", "--by", "asahi", *settled).status == 0
    assert tsudoi("enclosing", "differences", YEAR).status == 0


def test_trays_are_typed_where_there_is_no_camera(year: Played, tsudoi: Tsudoi) -> None:
    """Serial ranges by tray are scans, too."""
    due = year.serials("printed")
    trays = ["--tray", f"1={compact(due[:20])}", "--tray", f"2={compact(due[20:])}"]
    told = json.loads(reconcile(tsudoi, *trays, "--json").out)
    assert (told["holds"], told["trays"], list(expand(told["sealed"]))) == (True, 2, due)


def test_a_log_of_last_year_an_empty_one_and_none_are_refused(year: Played, tsudoi: Tsudoi) -> None:
    """Each ends with 2, says what it is and what to do, and records nothing."""
    empty = year.folder / "empty.csv"
    empty.touch()
    events = year.events()
    for options, words in (
        (("--log", log(year, year.serials("printed"), of=YEAR - 1, name="old.csv")), "2025"),
        (("--log", log(year, list(range(7_000, 7_100)))), "別の業務"),
        (("--log", empty), "空です"),
        (("--log", year.folder / "none.csv"), "ないか"),
        ((), "指定されていません"),
        (("--tray", "1"), "=1-500"),
    ):
        said = reconcile(tsudoi, *options)
        assert (said.status, words in said.err, "→" in said.err) == (2, True, True), said.err
    assert year.events() == events


def test_a_log_that_was_read_before_is_not_forgotten(year: Played, tsudoi: Tsudoi) -> None:
    """Every log is given each time; leaving one out must be meant."""
    due = year.serials("printed")
    first, second = log(year, due[:20], name="a.csv"), log(year, due[20:], name="b.csv")
    assert reconcile(tsudoi, "--log", first).status == 3
    assert reconcile(tsudoi, "--log", second).status == 2
    assert reconcile(tsudoi, "--log", first, "--log", second).status == 0
    assert reconcile(tsudoi, "--log", log(year, due, name="c.csv"), "--instead").status == 0


def test_control_characters_in_a_log_reach_neither_screen_nor_ledger(year: Played, tsudoi: Tsudoi) -> None:
    """An injected escape sequence damages its own line alone and is never shown."""
    path = log(year, year.serials("printed"))
    path.write_bytes(path.read_bytes() + b"\r\n\x1b[2J\x1b]0;owned\x07,\x00,,\r\n")
    said = reconcile(tsudoi, "--log", path)
    assert said.status == 3
    assert "owned" not in said.out + said.err
    assert "\x1b]0" not in said.out
    assert "owned" not in json.dumps(year.entries())


def test_the_counts_name_the_act_and_the_number_of_the_ledger(year: Played, tsudoi: Tsudoi) -> None:
    """A script gets every line with its source, and the counts by key as before."""
    told = json.loads(tsudoi("cycle", "counts", YEAR, "--json").out)
    table = year.office.see(CYCLE, counting.counts)
    assert told["exported"] == table.by_key["exported"]
    [printed] = [row for row in told["rows"] if row["key"] == "printed"]
    assert printed["count"] == told["printed"] > 40
    assert "第" in printed["source"]
    assert (told["holds"], told["settled"]) == (True, False)


@pytest.fixture
def before_printing(template_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Played]:
    """Give a year whose letters are about to be printed."""
    with begun(template_home, tmp_path / "year") as year:
        year.play(before="report_printing")
        monkeypatch.setenv("TSUDOI_HOME", str(year.office.home))
        yield year


def test_rows_about_to_be_printed_are_compared(before_printing: Played, tsudoi: Tsudoi) -> None:
    """Check values that agree let printing be reported; a row with another's address stops it, by its serial."""
    year, work, digests = before_printing, before_printing.printer.folder / "opened", before_printing.folder / "digests"
    sealed = next(entry for entry in year.entries() if entry["event"] == "package_sealed")
    sha256 = sealed["data"]["record"]["package_sha256"]
    assert tsudoi("contractor", "digest", work / "addressees.csv", digests, "--sha256", sha256).status == 0
    told = tsudoi("enclosing", "imprint", YEAR, digests, "--by", "sato", "--json")
    found = json.loads(told.out)
    assert (told.status, found["holds"], found["wrong"], found["missing"], found["alien"]) == (0, True, "", "", "")
    lines = digests.read_text(encoding="utf-8").splitlines()
    digests.write_text("\n".join([lines[0][:-4] + "0000", *lines[1:]]), encoding="utf-8")
    said = tsudoi("enclosing", "imprint", YEAR, digests, "--by", "sato")
    assert said.status == 3
    assert lines[0].partition(",")[0] in said.out
    assert "compared_rows_agree" in {gap.guard for gap in year.office.door.missing(CYCLE, "report_printing")}
    assert tsudoi("contractor", "digest", digests, digests, "--sha256", sha256).status == 2
    assert tsudoi("enclosing", "imprint", YEAR, work / "addressees.csv", "--by", "sato").status == 2
