"""What exists goes on: homes, a bundle and an export that commit 5c2c5e6 wrote (tests/vectors/README.md), opened today.

Every later version opens them too. They are only read here as people read them: by the command, and by playing on.
"""

import json
import sqlite3
import subprocess
import tarfile
import zipfile
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playing import CYCLE, YEAR, Played
from speaking import Tsudoi
from telling import text_of

from adapters.clock import SystemClock, VirtualClock
from adapters.people_keys import FICTIONAL
from contractor.transfer import open_to
from models.clock import TOKYO
from models.errors import Refused
from models.postage import cost_of
from models.programme import Statute, Tariff
from papers.erasure import erasure_record
from rehearsal import cast
from states import replay
from states.deadlines import Scheduled
from states.events import event_words
from states.reading import programme_of
from states.schedule import scheduled
from states.table import BY_TRIGGER
from steps import acting, identity, papers, reminding
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE
from views import standing
from views.board import INDEX

VECTORS = Path(__file__).parents[1] / "vectors"
COMMIT = "5c2c5e6"
MID_YEAR, CLOSED = "home-in-mid-year", "home-closed"
STOPPED_AT = datetime(YEAR, 11, 24, 10, 13, tzinfo=TOKYO)
# A Python that has nothing of ours: the machine's own, without site-packages and environment.
PYTHON = ("python3", "-I", "-S")
VERIFIER = Path(__file__).parents[2] / "deploy" / "verify_ledger.py"
VIEWS = (
    ("cycle", "show", YEAR), ("cycle", "show", YEAR, "--json"), ("cycle", "list"), ("cycle", "counts", YEAR), ("next",),
    ("cycle", "slips", YEAR), ("deadline", "show", YEAR), ("extract", "report", YEAR),
    ("measures", YEAR), ("supervision", YEAR), ("documents", YEAR), ("incident", "show", YEAR), ("reminders", YEAR),
    ("people", "list"), ("ledger", "show", "--last", 1000), ("ledger", "verify"), ("watch", "--at", "2026-11-25"),
)  # fmt: skip
OF_THE_VAULT = (("extract", "held", YEAR), ("extract", "barcodes", YEAR))
PAPERS = ("referral", "checklists", "handover", "forms", "report", "ledger")


@dataclass(frozen=True, kw_only=True)
class Older:
    """An installation of commit 5c2c5e6, unpacked, and the clock by which it is opened."""

    folder: Path
    clock: VirtualClock

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @contextmanager
    def opened(self) -> Generator[Office]:
        """Open it as a process does, by the clock of the test."""
        office = Office.open(self.home, self.folder / "inbox")
        office.__dict__["clock"] = self.clock
        yield office
        office.engine.dispose()

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.home / "tsudoi.db")) as database:
            return database.execute(question).fetchall()

    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(entry) for (entry,) in self.ask("SELECT entry FROM ledger ORDER BY seq")]

    def papers(self) -> dict[str, int]:
        return {path.name: path.stat().st_size for path in (self.home / "papers").iterdir()}


@pytest.fixture
def older(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Older:
    """Unpack a home and point the command at it; the machine's clock stands where the home was left."""
    with tarfile.open(VECTORS / f"{request.param}-{COMMIT}.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    clock = VirtualClock(tmp_path / "time")
    clock.set(STOPPED_AT if request.param == MID_YEAR else datetime(YEAR + 1, 2, 2, 9, tzinfo=TOKYO))
    monkeypatch.setattr(SystemClock, "now", lambda _self: clock.now())
    monkeypatch.setenv("TSUDOI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TSUDOI_INBOX", str(tmp_path / "inbox"))
    return Older(folder=tmp_path, clock=clock)


@pytest.fixture
def migrated(older: Older, tsudoi: Tsudoi) -> Older:
    """Bring it to today's schema, as the runbook says."""
    assert tsudoi("init").status == 0
    return older


@pytest.fixture
def year(migrated: Older) -> Iterator[Played]:
    """Give the year of the home, to be played on."""
    with migrated.opened() as office:
        yield Played(folder=migrated.folder, office=office)


in_mid_year = pytest.mark.parametrize("older", [MID_YEAR], indirect=True)
when_closed = pytest.mark.parametrize("older", [CLOSED], indirect=True)
at_any_time = pytest.mark.parametrize("older", [MID_YEAR, CLOSED], indirect=True)


@at_any_time
def test_it_is_migrated_and_holds(older: Older, tsudoi: Tsudoi) -> None:
    """Who opens it is told what to do; after that ledger and tables hold, and no entry and no row of an act changed."""
    told = tsudoi("cycle", "show", YEAR)
    assert (told.status, "tsudoi init" in told.err) == (2, True)
    written = "SELECT seq, event, entry, hashes FROM ledger", "SELECT * FROM record", "SELECT * FROM checkpoint"
    before = [older.ask(it) for it in written]
    assert tsudoi("init").status == 0
    assert [older.ask(it) for it in written] == before
    assert tsudoi("ledger", "verify").status == 0


@at_any_time
def test_its_programme_is_read_with_what_it_did_not_know(older: Older) -> None:
    """What it stored has neither tariff nor settings of the law: no amount is made up, and nothing is laxer."""
    [(stored,)] = older.ask("SELECT programme_text FROM cycle")
    programme = programme_of(stored)
    assert (programme.mailing.tariff, programme.statute) == (Tariff(), Statute())
    assert cost_of(programme.mailing, 4_000) is None


@at_any_time
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_view_of_it_is_shown(
    migrated: Older, tsudoi: Tsudoi, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    """Whatever a command shows is shown of it, in both languages, and showing writes nothing into the ledger."""
    monkeypatch.setenv("TSUDOI_LANG", language)
    before, has_a_vault = migrated.entries(), (migrated.home / "vault").exists()
    commands = [*VIEWS, *(OF_THE_VAULT if has_a_vault else ())]
    assert [command for command in commands if tsudoi(*command).status] == []
    assert migrated.entries() == before


@at_any_time
def test_every_paper_of_it_is_printed_when_it_is_asked_for(migrated: Older, tsudoi: Tsudoi) -> None:
    """Each paper that can be made on demand is made."""
    for paper in PAPERS:
        said = tsudoi("print", YEAR, paper)
        assert said.status == 0, (paper, said.err)
        assert all(Path(path).stat().st_size for path in said.out.splitlines())


@at_any_time
def test_its_board_is_drawn(migrated: Older, year: Played) -> None:
    """The page of the year and the index are drawn."""
    from flows.board import pages as pages_of  # Prefect is slow to import

    pages = pages_of(year.office, CYCLE)
    assert {page.key for page in pages} >= {INDEX, CYCLE}


@in_mid_year
def test_no_paper_is_printed_for_the_past(migrated: Older, tsudoi: Tsudoi, year: Played) -> None:
    """Opening it, a morning's watch and an act print nothing that was not asked for; a movement prints its own slip."""
    papers = migrated.papers()
    assert tsudoi("cycle", "show", YEAR).status == 0
    reminding.watch(year.office)
    first = next(entry["seq"] for entry in migrated.entries() if entry["event"] == "contract_concluded")
    fields: dict[str, Any] = {"corrects": first, "correction": "誤記", "reason": "確認"}
    acting.perform(year.office, CYCLE, "correct_entry", by="sato", fields=fields)
    assert migrated.papers() == papers
    back = {
        "item": f"P-{YEAR}-01", "giver": "asahi", "receiver": "sato", "occasion": "原稿の回収", "slip": f"K-{YEAR}-12",
        "locked_bag": True, "in_person": True, "condition": "good", "to": "ward",
    }  # fmt: skip
    acting.perform(year.office, CYCLE, "record_movement", by="sato", fields=back)
    assert migrated.papers().keys() - papers.keys() == {f"slip-k-{YEAR}-12.pdf"}
    assert {name: size for name, size in migrated.papers().items() if name in papers} == papers


@in_mid_year
def test_the_year_goes_on_to_its_close(migrated: Older, tsudoi: Tsudoi, year: Played, tmp_path: Path) -> None:
    """The proposal is confirmed, the incident settled, the rest printed, and the cast closes the year; all verifies."""
    assert year.facts().on_hold
    on = year.now.date()
    lost, talked = {"incident": 3}, {"discussed_on": str(on)}
    for act, by, fields in (
        ("assess_incident", "takahashi", {**lost, "reportable": False, "reason": "1人", "decision_number": "8-総総-1"}),
        ("discuss_measures", "sato", {**lost, **talked, "participants": "両責任者", "decision": "再教育"}),
        ("settle_incident", "takahashi", {**lost, "decision_number": "8-総総-2"}),
        ("release_hold", "takahashi", {**talked, "decision_number": "8-総総-3"}),
    ):
        acting.perform(year.office, CYCLE, act, by=by, fields=fields)
    acting.confirm(year.office, CYCLE, "approve_proof_again", by="takahashi", decision_number="8-総総-4", decided_on=on)
    year.do("report_printing")
    year.claim_every_measure()
    year.play(before="complete_enclosing")
    year.do("complete_enclosing")
    assert year.do("recheck_before_final_list").state == "enclosed", "an act that the plan of this year does not have"
    year.play(before="close")
    year.do("close")
    assert year.facts().state == "closed"
    assert tsudoi("ledger", "verify").status == 0
    assert tsudoi("bundle", YEAR, tmp_path / "bundle.zip").status == 0
    assert _verifies(_unzipped(tmp_path / "bundle.zip", tmp_path / "bundle"), VERIFIER)


@in_mid_year
def test_its_people_get_keys_and_sign_from_then_on(migrated: Older, tsudoi: Tsudoi, year: Played) -> None:
    """What is done after the first key is signed; what was done before is told apart from what nobody signed."""
    (before,) = migrated.ask("SELECT COUNT(*) FROM record WHERE status IN ('done', 'superseded')")
    for person in ("sato", "takahashi"):
        identity.give_key(year.office, person, by="system", passphrase=SAMPLE_PASSPHRASE, cost=FICTIONAL)
    fields = {"act": "close", "to": "2027-02-05", "reason": "年度末"}
    with pytest.raises(Refused):
        acting.perform(year.office, CYCLE, "move_deadline", by="sato", fields=fields)
    with migrated.opened() as office:
        acting.perform(cast.at_their_desks(office), CYCLE, "move_deadline", by="sato", fields=fields)
    assert "signature" in migrated.entries()[-1]["data"]
    assert tsudoi("ledger", "export", migrated.folder / "export").status == 0, "the report tells what is signed for"
    assert tsudoi("ledger", "verify").status == 0
    report = _words_of(Path(tsudoi("print", YEAR, "report").out.strip()))
    assert "署名のある手続1件" in report
    assert "処理）0件" in report
    assert f"本人の鍵が登録される前の手続の署名記載なし（{before[0]}件）" in report


@in_mid_year
def test_its_package_is_opened_by_todays_contractor(migrated: Older, tmp_path: Path) -> None:
    """A package on its way is read with the password of its notice: as many persons as were opened then."""
    there = migrated.folder / "contractor"
    password = (there / "notice" / "password.txt").read_text(encoding="ascii").strip()
    opened = open_to(tmp_path / "again", next((there / "medium").iterdir()), password=password)
    (receipt,) = [it for it in migrated.entries() if it["event"] == "receipt_reported"]
    assert opened.persons == receipt["data"]["record"]["received"] == 32


@at_any_time
def test_what_it_says_is_still_understood(migrated: Older) -> None:
    """Every event has its words and every act's record its type, also of acts that nobody does any more."""
    for entry in migrated.entries():
        event, data = entry["event"], entry["data"]
        assert event_words(event)[0] != event, event
        if "record" in data:
            row = replay.BY_EVENT[event.removesuffix("_proposed")]
            row.record.model_validate_json(json.dumps(data["record"]))
    assert {act for (act,) in migrated.ask("SELECT act FROM record UNION SELECT act FROM act")} <= BY_TRIGGER.keys()


@at_any_time
def test_what_a_record_does_not_say_is_not_made_up(migrated: Older) -> None:
    """A field that is newer than a record reads 記載なし, and so does no field that the record holds."""
    for act, data in migrated.ask("SELECT act, data FROM record"):
        kind, held = BY_TRIGGER[act].record, json.loads(data)
        says = standing.in_words_of(kind.model_validate_json(data))
        silent = {field for field, (_title, words) in zip(kind.model_fields, says, strict=True) if words == "記載なし"}
        assert silent == kind.model_fields.keys() - held.keys(), act


@in_mid_year
@pytest.mark.parametrize(("was_planned", "status"), [(False, 0), (True, 2)])
def test_an_act_that_was_dated_later_is_no_difference(
    migrated: Older, tsudoi: Tsudoi, monkeypatch: pytest.MonkeyPatch, *, was_planned: bool, status: int
) -> None:
    """The plan of a year that was opened before lacks what was dated later; what was planned may not be missing."""
    more = Scheduled(act="an_act_with_a_date", rule="D-4bd")
    monkeypatch.setattr(replay, "scheduled", lambda programme: (*scheduled(programme), more))
    planned = {more.act} if was_planned else set[str]()
    monkeypatch.setattr(replay, "_PLANNED_UNTOLD", replay._PLANNED_UNTOLD | planned)
    assert tsudoi("ledger", "verify").status == status


@when_closed
def test_its_papers_say_what_was_not_recorded_then(migrated: Older, tsudoi: Tsudoi, year: Played) -> None:
    """Nobody could sign: no act is called unsigned, a passphrase is called one, and no namesake is denied."""
    report = _words_of(Path(tsudoi("print", YEAR, "report").out.strip()))
    (acts,) = migrated.ask("SELECT COUNT(*) FROM record WHERE status IN ('done', 'superseded')")
    assert f"本人の鍵が登録される前の手続の署名記載なし（{acts[0]}件）" in report
    assert "署名のない手続（画面からの入力・機械による処理）0件" in report
    assert "二人目が合言葉で確認した手続（以前の版）1件" in report
    (path := migrated.folder / "erasure.pdf").write_bytes(papers.pdfs(year.office, CYCLE, erasure_record)[0][1])
    assert "同姓同名の関係者（二名で確認済み）記載なし" in _words_of(path)


@when_closed
def test_old_bundles_and_exports_verify(migrated: Older, tsudoi: Tsudoi, tmp_path: Path) -> None:
    """With the verifier that came in them and with today's, without tsudoi; by the command under the home's key."""
    bundle = _unzipped(VECTORS / f"bundle-{COMMIT}.zip", tmp_path / "bundle")
    (export := tmp_path / "export").mkdir()
    with tarfile.open(VECTORS / f"export-{COMMIT}.tar.xz") as archive:
        archive.extractall(export, filter="data")
    for folder in (bundle, export):
        assert _verifies(folder, folder / "verify_ledger.py")
        assert _verifies(folder, VERIFIER)
    assert tsudoi("ledger", "verify", bundle / "ledger.jsonl").status == 0
    assert tsudoi("ledger", "verify", export / "ledger.jsonl").status == 2, "it was signed in another installation"
    lines = (bundle / "ledger.jsonl").read_text(encoding="utf-8")
    (bundle / "ledger.jsonl").write_text(lines.replace("架空運輸", "架空運送"), encoding="utf-8")
    assert not _verifies(bundle, VERIFIER)


@at_any_time
def test_todays_export_of_it_verifies(migrated: Older, tsudoi: Tsudoi, tmp_path: Path) -> None:
    """Exported and bundled today, its ledger holds offline."""
    assert tsudoi("ledger", "export", tmp_path / "export", "--xlsx", "--pdf").status == 0
    assert tsudoi("bundle", YEAR, tmp_path / "bundle.zip").status == 0
    for folder in (tmp_path / "export", _unzipped(tmp_path / "bundle.zip", tmp_path / "bundle")):
        assert _verifies(folder, folder / "verify_ledger.py")


def _unzipped(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path) as file:
        file.extractall(folder)
    return folder


def _verifies(folder: Path, verifier: Path) -> bool:
    command = [*PYTHON, str(verifier), "ledger.jsonl"]
    return (
        subprocess.run(command, cwd=folder, env={"PATH": "/usr/bin:/bin"}, check=False, capture_output=True).returncode
        == 0
    )


def _words_of(paper: Path) -> str:
    return "".join(text_of(paper).split())
