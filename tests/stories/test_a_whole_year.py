"""A whole fiscal year through the real command: from the extract to proven erasure, and what is left of it."""

import json
import re
import shutil
from datetime import date
from email import message_from_bytes
from email.message import Message as Letter
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from telling import CYCLE, YEAR, Stage, text_of

from adapters.finder import Finder
from adapters.sample import COLUMNS, sample_extract, write_sample
from adapters.scanner import scan

_MOST_FORMS = 40
pytestmark = pytest.mark.xdist_group("rehearsal")
CANARIES = (
    ("9876500011", "鸛巣　雷鳥丸", "東京都新宿区西新宿二丁目九十九番九九号"),
    ("9876500022", "ZZYZXOVA QUILLFEATHER NIGHTJAR", "東京都新宿区西新宿二丁目九十八番九八号"),
)


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Rehearse the year once with 200 persons."""
    stage = Stage(folder=tmp_path_factory.mktemp("year"), persons=200)
    stage.play()
    return stage


@pytest.fixture(scope="session")
def late(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Rehearse a year in which the contractor reports the enclosing five open days late."""
    stage = Stage(folder=tmp_path_factory.mktemp("late"), persons=50)
    stage.play("--late", "report_enclosing=5")
    return stage


def _summary(stage: Stage) -> dict[str, Any]:
    return json.loads((stage.out / "summary.json").read_text(encoding="utf-8"))


def _entries(stage: Stage) -> list[dict[str, Any]]:
    return json.loads(stage.run("ledger", "show", "--last", 100_000, "--json").stdout)


def _letters(stage: Stage) -> list[Letter]:
    return [message_from_bytes(path.read_bytes(), policy=default) for path in (stage.home / "mail/new").iterdir()]


def _is_of_a_morning(letter: Letter) -> bool:
    return "朝の点検" in str(letter["Subject"])


def _body(letter: Letter) -> str:
    [said, *_attached] = (part for part in letter.walk() if part.get_content_type() == "text/plain")
    content = said.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


def test_a_clean_year_is_entered_in_at_most_forty_forms(year: Stage) -> None:
    """A report stands on one form with its confirmation, claims with the act that asks for them; nobody confirms so."""
    by_people = [entry for entry in _entries(year) if entry["via"] == "rehearsal" and "record" in entry["data"]]
    assert _summary(year)["entered_by_people"] <= _MOST_FORMS
    carried = [entry for entry in by_people if "entered_with" in entry["data"]]
    confirmed = [entry for entry in by_people if "proposed_by" in entry["data"]]
    assert len(carried) > len(confirmed) > 0
    assert not [entry for entry in confirmed if entry in carried]


def test_the_year_is_closed_and_every_piece_ended_once(year: Stage) -> None:
    """The summary has every promised field; exported and added equal posted and pulled; nothing was overdue."""
    told = _summary(year)
    assert {
        "state", "home", "persons", "exported", "added", "pulled", "posted", "ledger_entries", "ledger_verified",
        "personal_data_found", "overdue", "reminders_sent", "seconds",
    } <= set(told)  # fmt: skip
    assert (told["state"], told["persons"], told["home"]) == ("closed", 200, str(year.home))
    assert told["exported"] + told["added"] == told["posted"] + told["pulled"]
    assert told["received"] == told["exported"] > 150
    assert told["added"] > 0 < told["pulled"]
    assert told["counts_hold"]
    assert (told["overdue"], told["overdue_acts"], told["personal_data_found"]) == (0, [], 0)
    letters = _letters(year)
    mornings = [(str(letter["To"]), _body(letter)) for letter in letters if _is_of_a_morning(letter)]
    assert 10 < told["reminders_sent"] == len(letters) - len(mornings) <= 30
    assert len(mornings) == len(set(mornings)) > 100, "each coordinator has one of every open morning"
    subjects = {str(letter["Subject"]).partition("、")[0] for letter in letters if _is_of_a_morning(letter)}
    assert subjects == {"【つどい】朝の点検　異状ありません"}


def test_the_screen_tells_the_year_in_the_readers_language(year: Stage) -> None:
    """The screen shows every step with its day in both calendars, the counts, and the search's result; no traceback."""
    said = year.said()
    for words in ("契約締結", "令和8年10月1日（木）", "2026-10-01", "年度業務完結", "完結", str(year.out / "papers")):
        assert words in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("paper", "words"),
    [
        ("control-sheet", ("管理票", "M-2026-01", "検証値（SHA-256）", "7z（AES-256、ファイル名も暗号化）")),
        ("password-notice", ("パスワード通知書", "P-2026-01", "旭 太一", "株式会社旭堂")),
        (
            "slip-k-2026-01",
            ("確認記録票", "媒体手渡し", "佐藤 みどり", "小林 舞", "鍵付きカバン等", "tsudoi.invalid/ledger"),
        ),
        ("slip-k-2026-02", ("確認記録票", "パスワード通知書手渡し", "旭 太一", "tsudoi.invalid/ledger")),
        ("slip-k-2026-03", ("確認記録票", "返却", "M-2026-01", "P-2026-01", "S-2026-01", "損紙", "引抜き分")),
        ("slip-k-2026-04", ("確認記録票", "宛名印字見本提出", "小林 舞", "佐藤 みどり", "I-2026-01")),
        ("slip-k-2026-05", ("確認記録票", "検品・件数突合", "案内状（封緘済）", "鍵付き車両")),
        ("slip-k-2026-06", ("確認記録票", "返戻の記録", "新宿郵便局", "佐藤 みどり", "RL-2026-01", "返戻 3通")),
        ("slip-k-2026-07", ("確認記録票", "返却物の廃棄", "廃棄（裁断）", "鈴木 直樹", "損紙", "引抜き分", "返戻 3通")),
        ("extract-report", ("抽出点検票", "点検者 1", "点検者 2", "2006-04-02 から 2007-04-01 まで")),
        ("pull-list-1", ("引抜きリスト", "第1回", "差止め")),
        ("pull-list-2", ("引抜きリスト", "最終")),
        ("erasure-record", ("データ廃棄記録", "暗号鍵", "検出 0 件")),
        ("ledger", ("管理簿", "媒体手渡し", "年度業務完結", "根の値")),
        ("report", ("年度報告書", "完結", "件数の照合")),
    ],
)
def test_every_paper_is_there_and_says_what_it_is(year: Stage, paper: str, words: tuple[str, ...]) -> None:
    """Each paper of the year is a PDF with its title, its number and the words that make it useful."""
    path = year.out / "papers" / f"{paper}.pdf"
    assert path.read_bytes().startswith(b"%PDF-")
    text = text_of(path)
    assert [it for it in words if it not in text] == []


def test_the_specimen_has_a_dummy_addressee(year: Stage) -> None:
    """The specimen letter shows nobody: the dummy addressee, an impossible postal code, and the mark of a specimen."""
    text = text_of(year.out / "papers/specimen-letter.pdf")
    for words in ("見本 太郎 様", "〒000-0001", "東京都見本区", "はたちのつどい"):
        assert words in text


def test_no_password_lies_among_the_papers(year: Stage) -> None:
    """The notice of a finished rehearsal shows how it looks, and no group of a password."""
    words = text_of(year.out / "papers/password-notice.pdf").split()
    groups = [word for line in words for word in line.split("-") if re.fullmatch("[A-Z0-9]{5}", word)]
    assert groups == []


def test_what_travels_never_says_how_many(year: Stage) -> None:
    """Control sheet, notice and slips tell no number of persons: the received count must be the contractor's own.

    Sealed letters that are delivered back are counted (通): their number is known to both by then. So it is when stacks
    come back and are destroyed, which name their sheets by serial: the last serial is the number of persons.
    """
    told, known_by_then = _summary(year), {"slip-k-2026-05", "slip-k-2026-03", "slip-k-2026-07"}
    numbers = {str(told[key]) for key in ("persons", "exported", "posted", "excluded")}
    for path in (year.out / "papers").glob("*.pdf"):
        if path.stem.startswith(("control-sheet", "password-notice", "slip-k")) and path.stem not in known_by_then:
            text = text_of(path).partition("管理簿の検証値")[0]  # below it stands the size of the ledger
            assert not numbers & set(re.findall(r"(?<![0-9a-f.-])[0-9]{2,}(?![0-9a-f.-])", text)), (
                path.stem
            )  # hashes apart
            assert not re.search(r"[0-9]\s*[名人件]", text), path.stem


def test_what_is_left_holds_no_resident(year: Stage) -> None:
    """Everybody of the extract and the additions, found in the files they came in, is nowhere in what is left."""
    needles = year.needles()
    found = year.look(needles)
    assert (found.found, found.places) == (0, ())
    assert found.needles == len(needles) > 500
    assert found.files > 100
    assert [place for place in found.unread if not place.endswith(": encrypted")] == []
    assert (year.home / "prefect/prefect.db").stat().st_size > 1_000_000
    assert (year.home / "log/tsudoi.jsonl").stat().st_size > 0


def test_no_letter_holds_a_resident_or_a_serial(year: Stage) -> None:
    """The reminders, decoded, hold nobody of the extract and no serial."""
    words = "\n".join(f"{letter['Subject']}\n{_body(letter)}" for letter in _letters(year))
    assert "契約締結" in words
    assert not Finder(year.needles()).found_in_text(words)
    assert not re.search(r"[0-9]{6,}", words)


def test_keys_vault_and_the_contractors_folder_are_empty(year: Stage) -> None:
    """After the year no key, no vault file, no package and nothing at the contractor's exists; the inbox is empty."""
    for folder in (
        year.home / "keys/vault",
        year.home / "vault",
        year.home / "outgoing",
        year.out / "contractor",
        year.out / "inbox",
    ):
        assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_what_the_command_writes_is_for_its_own_account(year: Stage) -> None:
    """Nothing but the public verifier key may be read by another account of the machine."""
    readable = [path.name for path in year.out.rglob("*") if path.stat().st_mode & 0o077]
    assert set(readable) <= {"ledger.pub"}


def test_medium_and_notice_went_on_different_days(year: Stage) -> None:
    """The ledger tells one hand-over of the medium and one of the notice, on different days, and both came back."""
    entries = _entries(year)
    (medium,), (notice,) = (
        [entry for entry in entries if entry["event"] == event]
        for event in ("medium_handed_over", "password_handed_over")
    )
    days = [date.fromisoformat(entry["data"]["occurred_at"][:10]) for entry in (medium, notice)]
    assert days[0] < days[1]
    (returned,) = [entry for entry in entries if entry["event"] == "items_returned"]
    assert {medium["data"]["record"]["item"], notice["data"]["record"]["item"]} < set(
        returned["data"]["record"]["items"]
    )
    assert "act_refused" not in {entry["event"] for entry in entries}


def test_the_ledger_holds_to_the_byte(year: Stage, tmp_path: Path) -> None:
    """The installation's ledger and its export verify; with one byte of the export changed, verifying ends with 2."""
    assert year.run("ledger", "verify").returncode == 0
    exported = tmp_path / "export"
    assert year.run("ledger", "export", exported).returncode == 0
    assert year.run("ledger", "verify", exported / "ledger.jsonl").returncode == 0
    lines = (exported / "ledger.jsonl").read_bytes()
    assert lines.count(b"\n") == _summary(year)["ledger_entries"]
    at = lines.index(b"medium_handed_over")
    (exported / "ledger.jsonl").write_bytes(lines[:at] + b"n" + lines[at + 1 :])
    found = year.run("ledger", "verify", exported / "ledger.jsonl")
    assert found.returncode == 2
    assert "→" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_finished_rehearsal_leaves_no_process(year: Stage) -> None:
    """Neither the Prefect server nor a child of the press outlives the command."""
    assert [" ".join(process.cmdline()) for process in year.processes()] == []


@pytest.mark.long
def test_who_is_late_is_flagged_and_reminded(late: Stage, year: Stage) -> None:
    """The late act is told as overdue; the contractor is reminded, then the approver too; at last the ward calls."""
    told = _summary(late)
    assert told["state"] == "closed"
    assert told["overdue_acts"] == ["report_enclosing"]
    assert told["overdue"] == 1
    assert told["reminders_sent"] > _summary(year)["reminders_sent"]
    sent = [entry["data"] for entry in _entries(late) if entry["event"] == "reminder_sent"]
    about = [it for it in sent if it["act"] == "report_enclosing"]
    assert {it["to"] for it in about if it["rung"] < 2} == {"asahi"}
    assert {it["to"] for it in about if it["rung"] == 2} == {"asahi", "takahashi"}
    assert {it["to"] for it in about if it["rung"] == 3} == {"asahi", "takahashi", "sato", "suzuki"}
    assert {1, 2, 3} <= {it["rung"] for it in about}
    flags = [
        entry["data"]["flag"]
        for entry in _entries(late)
        if entry["data"].get("act") == "report_enclosing" and entry["event"] == "act_flagged"
    ]
    assert "overdue" in flags


@pytest.mark.long
def test_whoever_waits_for_the_contractor_is_not_chased(late: Stage) -> None:
    """While the contractor's report is late, the ward gets no letter about the acts that wait for it."""
    entries = _entries(late)
    reported = next(entry["seq"] for entry in entries if entry["event"] == "enclosing_reported")
    early = {entry["data"]["act"] for entry in entries if entry["event"] == "reminder_sent" and entry["seq"] < reported}
    assert not {"complete_enclosing", "issue_final_pull_list", "inspect_delivery", "approve_posting", "post"} & early


@pytest.mark.long
def test_the_reminders_of_a_late_year_hold_no_resident(late: Stage) -> None:
    """More letters, and still no serial, no name and no address in any of them."""
    needles = late.needles()
    letters = _letters(late)
    words = [f"{letter['Subject']}\n{_body(letter)}" for letter in letters]
    assert len(letters) - sum(map(_is_of_a_morning, letters)) == _summary(late)["reminders_sent"]
    assert not Finder(needles).found_in_text("\n".join(words))
    assert not [text for text in words if re.search(r"[0-9]{6,}", text)]


@pytest.mark.long
def test_canaries_of_an_own_extract_are_nowhere(tmp_path: Path) -> None:
    """Two people with names nobody has, in an extract of one's own, are found in it and nowhere after the year."""
    stage, extract = Stage(folder=tmp_path, persons=3800), tmp_path / "own.csv"
    write_sample(sample_extract(fiscal_year=YEAR, persons=3800, seed=7), extract)
    with extract.open("a", encoding="utf-8", newline="") as file:
        for number, name, address in CANARIES:
            cells = {"宛名番号": number, "氏名": name, "郵便番号": "1600023", "住所": address, "生年月日": "2006-08-15"}
            file.write(",".join(cells.get(column, "") for column in COLUMNS) + "\r\n")
    needles = {cell for person in CANARIES for cell in person}
    assert scan([extract], needles).found == len(needles)
    stage.play("--extract", str(extract))
    assert _summary(stage)["state"] == "closed"
    assert _summary(stage)["persons"] == 3802
    assert stage.look(needles).places == ()
    assert extract.exists()


@pytest.mark.long
def test_an_own_extract_that_is_refused_says_so_and_leaves_no_copy(tmp_path: Path) -> None:
    """An extract of another year's birth window is refused with a remedy, and no copy of it stays behind."""
    stage, extract = Stage(folder=tmp_path, persons=4000), tmp_path / "own.csv"
    write_sample(sample_extract(fiscal_year=YEAR - 2, persons=60), extract)
    assert stage.start("--extract", str(extract)).wait() == 2
    assert "birth_window" in stage.said()
    assert not list((stage.out / "inbox").iterdir())
    assert "→" in stage.said()
    assert "Traceback" not in stage.said()
    assert not (stage.home / "vault" / CYCLE).exists()
    shutil.rmtree(stage.out)
