"""Whatever is typed wrong: one clear line in the reader's language, a remedy, exit 2, no traceback, nothing changed."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import pytest
from speaking import Remembered, Said, Tsudoi

from adapters.clock import VirtualClock
from desk.commands import cycles
from models.clock import TOKYO
from models.errors import BadSetting
from models.words import translate
from steps import preparation
from steps.office import Office

JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")
CONTRACT = (
    "act 2026 conclude_contract --by {by} --set contract_number=8-1 --set begins_on=2026-10-01 "
    "--set ends_on=2026-12-25 --set special_provisions_attached=true "
    "--set certificate_number=1 --set certificate_until=2027-03-31 "
    "--set decision_number=8-総総-101 --set approved_on=2026-09-01"
)
VALID = "--from 2026-04-01 --to 2027-03-31"
# Each is refused before anything could be written.
TYPED_WRONG = (
    "cycle show 2025", "cycle show abc", "cycle open 1800", "cycle open 99999", "cycle show 2026 --programme nowhere",
    "cycle counts 2025", "cycle show 2026 --at 2026-11-31", "cycle list --year", "next --at tomorrow",
    "act 2026 no_such_act --by sato", "act 2025 conclude_contract --by sato --set version=1",
    "act 2026 conclude_contract --by sato", "act 2026 conclude_contract --by sato --set contract_number",
    "act 2026 conclude_contract --by sato --set unknown_field=1",
    "act 2026 conclude_contract --by sato --set begins_on=2026-13-01",
    "act 2026 conclude_contract --by sato --file contract=/no/such/file",
    "act 2026 conclude_contract --by sato --file contract=/",
    "act 2026 conclude_contract --occurred-at yesterday --by sato",
    "confirm 2026 no_such_act --by takahashi --decision 1", "confirm 2026 extract",
    "confirm 2026 extract --by nakamura --decision 1 --decided-on 1.11.2026",
    "deadline move 2026 close --to 2027-02-30 --reason late --by sato",
    "deadline move 2026 no_such_act --to 2027-02-01 --reason late --by sato",
    "deadline move 2025 close --to 2027-02-01 --reason late --by sato",
    f"people add kato --name 加藤 --side moon --role coordinator {VALID}",
    f"people add kato --name 加藤 --side ward --role king {VALID}",
    f"people add system --name 加藤 --side ward --role coordinator {VALID}",
    f"people add '' --name 加藤 --side ward --role coordinator {VALID}",
    f"people add 'Kato San' --name 加藤 --side ward --role coordinator {VALID}",
    f"people add kato --name ' ' --side ward --role coordinator {VALID}",
    f"people add kato --name 加藤 --side ward --role coordinator {VALID} --by nobody",
    "people add kato --name 加藤 --side ward --role coordinator --from 2027-03-31 --to 2026-04-01",
    f"people add kato --name 加藤 --side ward --role coordinator --phone 'call me' {VALID}",
    f"people add kato --name 加藤 --side ward --role coordinator --out-of-hours 03-12 {VALID}",
    "people passphrase nobody",
    "extract check /no/such/file --year 2026", "extract check / --year 2026", "extract check x.csv",
    "extract check x.csv --year 2026 --expect 4800-3600", "extract check x.csv --year 2026 --expect many",
    "extract check x.csv --year 26", "extract decide 2026 --row 1 --as exclude --reason x --by watanabe",
    "extract decide 2025 --row 2 --as exclude --reason x --by watanabe",
    "sample /no/such/folder/x.csv --year 2026", "sample x.csv --year 0", "sample x.csv --year 2026 --persons 0",
    "sample x.csv --year 2026 --persons 60 --encoding ebcdic",
    "ledger verify /no/such/file", "ledger verify --checkpoint /no/such/file", "ledger verify /",
    "ledger export /proc/no/such", "ledger show --last 0", "ledger show --year 2025",
    "watch --at 2026-13-01", "reminders 2025", "reminders",
    "contractor print /no/such/folder", "contractor sample /no/such/folder", "contractor print . --serials 5",
    "barcode 160-002 1-2-3", "barcode 160-0000 1-2-3", "barcode 160-0023", "contractor erase /no/such/folder --yes",
    "rehearse 2026", "rehearse 99999 --out new", "rehearse 2026 --out new --late no_such_act=3",
    "rehearse 2026 --out new --late close=0", "rehearse 2026 --out new --late close",
    "rehearse 2026 --out new --persons 3", "rehearse 2026 --out new --extract /no/such/file",
    "rehearse 2026 --out new --extract x.csv --keep",
    "no_such_command", "cycle no_such_command", "--no-such-option", "cycle show 2026 --no-such-option",
)  # fmt: skip
# Each is refused by the one door: the ledger tells of it, and nothing else changes.
REFUSED = (
    CONTRACT.format(by="sato"), CONTRACT.format(by="nobody"), CONTRACT.format(by="asahi"),
    "confirm 2026 extract --by nakamura --decision 1 --decided-on 2026-09-01",
    "extract take --year 2026 --by watanabe", "extract take /no/such/file --year 2026 --by watanabe",
    "extract take --additions --none --year 2026 --by watanabe",
    "extract decide 2026 --row 2 --as exclude --reason x --by watanabe",
    "deadline move 2026 close --to 2027-02-01 --reason late --by nobody",
    "act 2026 release_hold --by takahashi --set discussed_on=2026-09-01 --set decision_number=1",
)  # fmt: skip


def _is_a_clear_refusal(said: Said) -> None:
    assert said.status == 2
    whole = said.out + said.err
    assert "Traceback" not in whole
    assert "→ " in said.err
    told, _arrow, remedy = whole.partition("→ ")
    assert told.strip()
    assert remedy.strip()


@pytest.mark.parametrize("typed", TYPED_WRONG)
def test_what_is_typed_wrong_is_told_with_a_remedy(
    tsudoi: Tsudoi, home: Path, remembered: Callable[[], Remembered], typed: str
) -> None:
    """A wrong word, date, name or file ends with exit 2, one clear line and a remedy; the database stays as it was."""
    before = remembered()
    _is_a_clear_refusal(tsudoi(*shlex.split(typed)))
    assert remembered() == before
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("typed", REFUSED)
def test_a_refused_step_is_in_the_ledger_and_nowhere_else(
    tsudoi: Tsudoi, home: Path, remembered: Callable[[], Remembered], typed: str
) -> None:
    """A step that may not happen yet lists what is missing, exits 2, and leaves one ledger entry and nothing more."""
    before = remembered()
    said = tsudoi(*shlex.split(typed))
    _is_a_clear_refusal(said)
    assert "\n  ・" in said.err
    after = remembered()
    assert after.events == (*before.events, "act_refused")
    assert after.rows == before.rows


@pytest.mark.parametrize("typed", ["cycle show 2025", "act 2026 no_such_act --by sato", CONTRACT.format(by="nobody")])
def test_the_reader_chooses_the_language(
    tsudoi: Tsudoi, home: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    """Japanese by default; with TSUDOI_LANG=en the same refusal is English throughout."""
    assert JAPANESE.search(tsudoi(*shlex.split(typed)).err)
    monkeypatch.setenv("TSUDOI_LANG", "en")
    said = tsudoi(*shlex.split(typed))
    _is_a_clear_refusal(said)
    assert not JAPANESE.search(said.err)


def test_a_refusal_says_who_owes_what(tsudoi: Tsudoi, home: Path) -> None:
    """The refusal names the unmet condition, the measures that are missing, whose they are, and what to type."""
    said = tsudoi(*shlex.split(CONTRACT.format(by="sato")))
    assert "契約締結" in said.err
    assert "[W-OP-01]" in said.err
    assert "総務課" in said.err
    assert "→ tsudoi act YEAR claim_measures" in said.err


@pytest.mark.parametrize("command", ["cycle list", "next", "people list", "watch", "ledger verify", "cycle open 2026"])
def test_without_an_installation_the_remedy_is_init(tsudoi: Tsudoi, command: str) -> None:
    """Where nothing is installed each command says so and names `tsudoi init`; it makes no folder."""
    said = tsudoi(*command.split())
    _is_a_clear_refusal(said)
    assert "tsudoi init" in said.err
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("broken", "variables"),
    [
        ("file instead of a folder", {}),
        ("no database", {}),
        ("not a database", {}),
        ("settings that are no TOML", {}),
        ("settings nobody knows", {}),
        ("", {"TSUDOI_DATABASE_URL": "nowhere://"}),
        ("", {"TSUDOI_DATABASE_URL": "postgresql://nobody:hush@127.0.0.1:1/nothing"}),
        ("", {"TSUDOI_NO_SUCH": "1", "TSUDOI_CLOSED_DAYS": "sometimes"}),
    ],
)
def test_a_broken_installation_is_no_bug(
    tsudoi: Tsudoi, home: Path, monkeypatch: pytest.MonkeyPatch, broken: str, variables: dict[str, str]
) -> None:
    """A setting, file or server that is wrong is told with a remedy, without what the address holds of secrets."""
    place = home.parent / "broken"
    place.write_text("") if broken.startswith("file") else place.mkdir()
    match broken:
        case "not a database":
            (place / "tsudoi.db").write_text("no database " * 100)
        case "settings that are no TOML":
            (place / "settings.toml").write_text("origin = [")
        case "settings nobody knows":
            (place / "settings.toml").write_text("no_such_setting = 1")
        case _:
            pass
    monkeypatch.setenv("TSUDOI_HOME", str(place if broken else home))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for command in ("cycle list", *(["init"] if broken != "no database" else [])):
        said = tsudoi(*command.split())
        _is_a_clear_refusal(said)
        assert "hush" not in said.err


@pytest.mark.parametrize("content", ["", "%PDF-1.7", "PK\x03\x04", "氏名,住所\r\n試験　太郎,どこか\r\n", "\x00\x01"])
def test_a_file_of_another_kind_is_no_extract(tsudoi: Tsudoi, home: Path, tmp_path: Path, content: str) -> None:
    """Whatever is handed in as an extract is refused with row, column and reason, never with a value of it."""
    (tmp_path / "extract.csv").write_text(content, encoding="utf-8")
    said = tsudoi("extract", "check", tmp_path / "extract.csv", "--year", 2026)
    _is_a_clear_refusal(said)
    assert "試験" not in said.out + said.err


def test_checking_needs_no_installation(tsudoi: Tsudoi) -> None:
    """`extract check` judges without a data directory and makes none: accepted 0, held 3, refused 2."""
    assert tsudoi("sample", "s.csv", "--year", 2026, "--persons", 40).status == 0
    assert tsudoi("extract", "check", "s.csv", "--year", 2026, "--expect", "1-100").status == 0
    assert tsudoi("extract", "check", "s.csv", "--year", 2026).status == 2
    tsudoi("sample", "held.csv", "--year", 2026, "--persons", 200)
    assert tsudoi("extract", "check", "held.csv", "--year", 2026, "--expect", "1-300").status == 3
    assert sorted(path.name for path in Path().iterdir()) == ["held.csv", "s.csv"]


def test_a_folder_of_something_else_is_not_erased(tsudoi: Tsudoi, tmp_path: Path) -> None:
    """Only an opened package, and letters that were printed elsewhere, are erased; another folder stays as it is."""
    other, letters = tmp_path / "documents", tmp_path / "letters"
    for folder, names in ((other, ("plan.pdf", "letters-0000001-0000500.pdf")), (letters, ("again-01-0000005.pdf",))):
        folder.mkdir()
        for name in names:
            (folder / name).write_text("x")
    said = tsudoi("contractor", "erase", other, "--yes")
    assert (said.status, len(list(other.iterdir()))) == (2, 2)
    assert "→" in said.err
    assert tsudoi("contractor", "erase", letters, "--yes").status == 0
    assert not letters.exists()


def test_a_bug_owns_up_without_its_words(tsudoi: Tsudoi, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 1 is for bugs only: their type and place are told, what they say is not, for it might quote data."""

    def broken(*_args: object, **_options: object) -> NoReturn:
        raise ValueError("新宿　太郎 1600023")

    monkeypatch.setattr(cycles.standing, "standing", broken)
    said = tsudoi("cycle", "show", 2026)
    assert said.status == 1
    assert "ValueError" in said.err
    assert "test_bad_input.py" in said.err
    assert [it for it in ("新宿", "太郎", "1600023", "Traceback") if it in said.out + said.err] == []


@pytest.mark.parametrize("said", ["新宿　太郎", "", "\n", "2026-13-01", "0001-01-01T00:00:00+09:00", b"\xff\xfe"])
def test_a_clock_that_cannot_be_read_is_told_without_its_words(tsudoi: Tsudoi, home: Path, said: str | bytes) -> None:
    """A rehearsal whose clock says no time is told in words what to write into it, and never quoted."""
    (home / "clock").write_bytes(said if isinstance(said, bytes) else said.encode())
    told = tsudoi("cycle", "show", 2026)
    assert told.status == 2
    assert "2026-11-02T10:00:00+09:00" in told.err
    assert [it for it in ("Traceback", "新宿", "不具合", "bug") if it in told.err] == []


@pytest.mark.parametrize("said", ["2026-09-03T10:00:00+09:00\n", " 2026-09-03T01:00:00+00:00", "2026-09-03T10:00"])
def test_a_clock_written_by_hand_is_read(home: Path, said: str) -> None:
    """A newline, a space or a missing zone does not stop a rehearsal's clock."""
    (home / "clock").write_text(said)
    office = Office.open(home)
    assert office.clock.now() == datetime(2026, 9, 3, 10, tzinfo=TOKYO)
    office.engine.dispose()


def test_a_clock_laid_into_an_office_at_work_changes_no_date(
    tsudoi: Tsudoi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file `clock` makes no rehearsal of a real office: its time stays the machine's, and every command says so."""
    monkeypatch.setenv("TSUDOI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TSUDOI_INBOX", str(tmp_path / "inbox"))
    monkeypatch.setenv("TSUDOI_LANG", "en")
    assert tsudoi("init").status == 0
    assert "not looked at" not in tsudoi("people", "list").err
    VirtualClock(tmp_path / "home" / "clock").set(datetime(2031, 5, 1, 9, tzinfo=TOKYO))
    office = Office.open()
    assert office.clock.now().year != 2031
    assert not office.is_rehearsal
    office.engine.dispose()
    said = tsudoi("people", "list")
    assert said.status == 0
    assert "not looked at" in said.err
    with pytest.raises(BadSetting, match="name"):  # nor does a rehearsal that is begun in it
        preparation.install(rehearsal=True)


def test_the_words_of_the_remedies_are_in_the_catalogue() -> None:
    """The words that this file reads stand in the Japanese catalogue."""
    for words in (
        "The fiscal year {year} is not open.",
        "There is no act called “{act}”.",
        "Run: tsudoi init (or set TSUDOI_HOME)",
    ):
        assert JAPANESE.search(translate(words, "ja"))


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["cycle", "show", "2025"], 2), (["no_such_command"], 2), (["cycle", "list"], 0), (["--help"], 0)],
)
def test_the_installed_command_ends_alike(home: Path, arguments: list[str], status: int) -> None:
    """The installed command, a process of its own, has the same exit status and writes no traceback."""
    command = Path(sys.executable).with_name("tsudoi")
    done = subprocess.run([command, *arguments], capture_output=True, text=True, check=False, env=os.environ.copy())
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert JAPANESE.search(done.stdout + done.stderr)
