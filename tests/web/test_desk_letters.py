"""The letters at the desk: rows compared, late changes and additions, pull lists, logs and trays; and who may not."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pypdfium2
import pytest
from browsing import Browser
from keyed import copied_office, entries, size, staffed
from playing import CYCLE, PERSONS, YEAR, everything_under

from adapters.sample import additional_extract, sample_extract
from desk.web.pages.extract import TASKS
from models.package import row_digest
from models.people import Role
from models.records.printing import LettersHandedOut
from models.records.transfer import PackageSealed
from models.serials import compact, piece_code
from states.acts import row_of
from steps import extraction, protection
from steps.office import Office

pytestmark = pytest.mark.xdist_group("desk_letters")
EXTRACT, MACHINE = "/hatachi-2026/extract", "/hatachi-2026/machine"
ELSEWHERE = {"x-forwarded-for": "10.0.0.9"}
NOBODY = 900_000  # a serial that nobody has


@pytest.fixture(scope="module")
def printed(played_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Let everything be printed, and the register's list be due once more; copied, never used."""
    return _gone_on(played_home, tmp_path_factory, before="recheck_before_enclosing")


@pytest.fixture(scope="module")
def pulled(printed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Let whoever is on the first pull list be pulled: the others can be sealed; copied, never used."""
    return _gone_on(printed, tmp_path_factory, before="report_enclosing")


def _gone_on(home: Path, folders: pytest.TempPathFactory, *, before: str) -> Path:
    folder = folders.mktemp("letters") / "year"
    shutil.copytree(home, folder)
    with staffed(folder) as year:
        year.play(before=before)
    return folder


@pytest.fixture
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """Give a copy of the year as far as a test asks for it."""
    with copied_office(request.getfixturevalue(request.param), tmp_path / "year") as office:
        yield office


def _people(office: Office) -> list[extraction.Addressee]:
    return list(extraction.addressees_of(office, CYCLE, extraction.ADDRESSEES))


def _brought(office: Office, act: str) -> dict[str, Any]:
    return json.loads(office.facts(CYCLE).done[act].data)


def _csv(*rows: str) -> bytes:
    return "\r\n".join((*rows, "")).encode()


def _changes(*numbers: str) -> bytes:
    """Return a change list on which these persons have moved out."""
    return _csv("宛名番号,異動事由,異動日,支援措置", *(f"{number},転出,2026-11-20," for number in numbers))


def _protected(office: Office, *also: str) -> bytes:
    """Return the register's present list: whom the extract marked, and who came under protection since."""
    everybody = protection.everybody(office, office.facts(CYCLE))
    return _csv("宛名番号", *everybody.filter(everybody["protected"])["宛名番号"], *also)


def _check_values(office: Office, *mixed: extraction.Addressee) -> list[str]:
    """Return the contractor's check values; whoever is `mixed` is about to be printed with the next one's address."""
    sealed, people = office.facts(CYCLE).record("seal_package", PackageSealed), _people(office)
    assert sealed
    return [
        f"{one.serial},"
        + row_digest(sealed.package_sha256, str(one.serial), one.name, lives.postal_code, lives.address)
        for one, after in pairwise([*people, people[0]])
        for lives in [after if one in mixed else one]
    ]


@pytest.mark.parametrize("office", ["played_home"], indirect=True)
def test_the_rows_to_be_printed_are_compared_one_by_one(at: Callable[..., Browser], office: Office) -> None:
    """Whose address is another's, who is missing and who is a stranger stands there by serial, and by nothing else."""
    coordinator, path = at("sato"), f"{MACHINE}/compare_imprint"
    first, second, third = _people(office)[:3]
    lines = [line for line in _check_values(office, first) if not line.startswith(f"{third.serial},")]
    sent = _csv(*lines, f"{NOBODY},{'0' * 64}")
    coordinator.open(path)
    text = coordinator.send(path, files={"file": ("digests.txt", sent)})
    found = _brought(office, "compare_imprint")
    assert (found["wrong"], found["missing"], found["alien"]) == (f"{first.serial}", f"{third.serial}", f"{NOBODY}")
    for serial in (first.serial, third.serial, NOBODY):
        assert re.search(rf"[:：] ?{serial}<", text)
    assert f"{len(lines) - 1} 行" in text
    assert not any(one.address in text or one.name in text for one in (first, second, third))

    coordinator.open(path)
    text = coordinator.send(path, files={"file": ("digests.txt", _csv(*_check_values(office)))})
    assert f"{len(lines) + 1} 行" in text
    assert f"{NOBODY}" not in text
    assert len(entries(office, "imprint_compared")) == 2


@pytest.mark.parametrize("office", ["played_home"], indirect=True)
@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"serial,name\r\n1,x,y\r\n", b"%PDF-1.7\n"])
def test_what_is_no_list_of_check_values_is_refused(at: Callable[..., Browser], office: Office, content: bytes) -> None:
    """A file of another kind, or none, is no comparison: nothing is recorded."""
    coordinator, path = at("sato"), f"{MACHINE}/compare_imprint"
    coordinator.open(path)
    before = size(office)
    text = coordinator.send(path, 422, files={"file": ("digests.txt", content)})
    assert 'role="alert"' in text
    assert size(office) == before


@pytest.mark.parametrize("office", ["printed"], indirect=True)
def test_who_moved_out_is_pulled_by_a_list_that_nobody_types(at: Callable[..., Browser], office: Office) -> None:
    """The register's changes and its re-check are matched in the vault; the pull list comes of a button."""
    registrar, moved = at("watanabe"), _people(office)[:2]
    path, sent = f"{EXTRACT}/take_changes", _changes(*(one.number for one in moved))
    assert all(column in registrar.open(path) for column in sent.decode().splitlines()[0].split(","))
    text = registrar.send(path, files={"file": ("changes.csv", sent)})
    assert "本年度の対象者2人" in text
    assert not any(one.number in text or one.name in text for one in moved)
    assert _brought(office, "take_changes")["moved"] == compact(one.serial for one in moved)

    path = f"{MACHINE}/issue_pull_list"
    registrar.open(path)
    assert 'role="alert"' in registrar.send(path, 422), "whoever came under protection since was not looked for"
    registrar.open(f"{EXTRACT}/recheck_before_enclosing")
    registrar.send(f"{EXTRACT}/recheck_before_enclosing", files={"file": ("list.csv", _protected(office))})
    registrar.open(path)
    registrar.send(path)
    issued = _brought(office, "issue_pull_list")
    assert (issued["pulled"], sum(issued["reasons"].values())) == (compact(one.serial for one in moved), 2)
    answer = registrar.client.get("/hatachi-2026/papers/pull-list-1")
    words = "".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(answer.content))
    assert not any(one.name in words for one in moved)


@pytest.mark.parametrize("office", ["printed"], indirect=True)
def test_a_recheck_brings_its_pull_list_or_neither_is_recorded(at: Callable[..., Browser], office: Office) -> None:
    """Who came under protection and who is pulled for another reason go onto one list, in one sending."""
    registrar, path = at("watanabe"), f"{EXTRACT}/recheck_before_enclosing"
    newly, other = _people(office)[:2]
    sent = {"file": ("list.csv", _protected(office, newly.number))}
    for wrong in (
        {"pull_reason": ["c", ""], "pull_serials": ["one", ""]},  # no serial
        {"pull_reason": ["c", ""], "pull_serials": [f"{NOBODY}", ""]},  # nobody's serial
        {"no_longer": "two"},
    ):
        registrar.open(path)
        assert 'role="alert"' in registrar.send(path, 422, files=sent, pull_list="true", **wrong)
        assert not {"recheck_before_enclosing", "issue_pull_list"} & office.facts(CYCLE).done.keys()
    registrar.open(path)
    text = registrar.send(
        path, files=sent, pull_list="true", pull_reason=["c", ""], pull_serials=[f"{other.serial}", ""]
    )
    assert newly.number not in text
    assert _brought(office, "recheck_before_enclosing")["newly_protected"] == f"{newly.serial}"
    issued = _brought(office, "issue_pull_list")
    assert issued["pulled"] == compact((newly.serial, other.serial))
    assert issued["reasons"] == {"r1": 1, "c": 1}


def _log(office: Office, serials: list[int], nth: int = 0) -> tuple[str, bytes]:
    """Return the log of a sealer that could read every code."""
    shape = office.facts(CYCLE).programme.enclosing.log
    lines = [",".join(map(str, (*shape.columns_read(timed=False), shape.time)))]
    for place, serial in enumerate(serials):
        codes = [piece_code(serial, YEAR)] * (1 + len(shape.others))
        lines.append(",".join((*codes, "", f"{10 + nth}:{place // 60:02}:{place % 60:02}")))
    return f"log-{nth}.csv", ("\r\n".join(lines) + "\r\n").encode(shape.encoding)


@pytest.mark.parametrize("office", ["pulled"], indirect=True)
def test_logs_and_trays_are_joined_with_the_serials(at: Callable[..., Browser], office: Office) -> None:
    """Several logs and a tray that was counted by hand come in one sending; what nobody sealed is named by serial."""
    coordinator, path = at("sato"), f"{MACHINE}/reconcile_enclosing"
    sealed = sorted(office.see(CYCLE, lambda here: here.facts.pieces.serials("printed", origin="extract")))
    *first, by_hand, lost = sealed
    half = len(first) // 2
    logs = [("file", _log(office, first[:half])), ("file", _log(office, first[half:], 1))]
    coordinator.open(path)
    text = coordinator.send(path, files=logs, tray=["3", "", ""], serials=[f"{by_hand}", "", ""])
    found = _brought(office, "reconcile_enclosing")
    assert (len(found["logs"]), found["trays"], found["missing"]) == (2, 1, f"{lost}")
    assert found["sealed"] == compact((*first, by_hand))
    assert re.search(rf"[:：] ?{lost}<", text)

    coordinator.open(path)
    before = size(office)
    less = coordinator.send(path, 422, files=logs[:1], tray=["3"], serials=[f"{by_hand}"])
    assert 'role="alert"' in less
    assert size(office) == before, "a log that was read before may not be left out silently"
    coordinator.open(path)
    coordinator.send(path, files={"file": _log(office, sealed, 2)}, instead="true")
    assert _brought(office, "reconcile_enclosing")["missing"] == ""


@pytest.mark.parametrize("office", ["pulled"], indirect=True)
@pytest.mark.parametrize(
    "trays",
    [
        {"tray": ["3", "3"], "serials": ["1", "2"]}, {"tray": [""], "serials": ["1-5"]},
        {"tray": ["3"], "serials": ["x"]}, {"tray": ["3"], "serials": ["5-1"]}, {},
    ],
)  # fmt: skip
def test_a_tray_that_cannot_be_read_is_nobodys(
    at: Callable[..., Browser], office: Office, trays: dict[str, list[str]]
) -> None:
    """One named twice, without name or serials, or nothing at all is refused; what was typed stands there still."""
    coordinator, path = at("sato"), f"{MACHINE}/reconcile_enclosing"
    coordinator.open(path)
    before = size(office)
    text = coordinator.send(path, 422, files={"file": ("", b"")}, **trays)
    assert 'role="alert"' in text
    assert all(f'value="{serials}"' in text for serials in trays.get("serials", ()))
    assert size(office) == before


def _late(*, moved: extraction.Addressee | None = None) -> bytes:
    """Return an extract of three late move-ins, and of somebody who has a letter with another address."""
    first = sample_extract(fiscal_year=YEAR, persons=PERSONS)
    late = additional_extract(fiscal_year=YEAR, persons=3, after=first)
    if moved:
        same = first.filter(pl.col("宛名番号") == moved.number)
        late = late.vstack(same.with_columns(late["住所"].head(1), late["郵便番号"].head(1)))
    return _csv(",".join(late.columns), *(",".join(row) for row in late.iter_rows()))


@pytest.mark.parametrize("office", ["played_home"], indirect=True)
def test_that_there_were_no_additions_is_said_by_a_button(at: Callable[..., Browser], office: Office) -> None:
    """Nobody chooses an empty file for it."""
    registrar, path = at("watanabe"), f"{EXTRACT}/take_additions"
    registrar.open(path)
    registrar.send(path, do="none")
    assert len(entries(office, "additions_taken")) == 1
    assert _brought(office, "take_additions")["raw_hits"] == 0


@pytest.mark.parametrize("office", ["played_home"], indirect=True)
def test_a_letter_with_an_old_address_is_asked_about(at: Callable[..., Browser], office: Office) -> None:
    """Whoever moved house since gets a new letter, or keeps the old one, as a person says; before, nothing is taken."""
    registrar, path, moved = at("watanabe"), f"{EXTRACT}/take_additions", _people(office)[0]
    sent = {"file": ("late.csv", _late(moved=moved))}
    registrar.open(path)
    text = registrar.send(path, 422, files=sent, do="take")
    assert re.search(rf"[:：] ?{moved.serial}\b", text)
    assert moved.name not in text
    assert "take_additions" not in office.facts(CYCLE).done
    registrar.open(path)
    text = registrar.send(path, files=sent, do="take", changed="replace")
    assert "保管庫に納めました" in text
    record = _brought(office, "take_additions")
    assert (record["replaced"], record["raw_hits"]) == (f"{moved.serial}", 4)


@pytest.mark.parametrize("office", ["played_home"], indirect=True)
def test_the_letters_of_the_additions_are_handed_out_here_alone(at: Callable[..., Browser], office: Office) -> None:
    """The file to be printed is sent after its entry, under the number of a copy to be destroyed, and kept nowhere."""
    registrar, path = at("watanabe"), f"{EXTRACT}/take_additions"
    late = _late()
    registrar.open(path)
    registrar.send(path, files={"file": ("late.csv", late)}, do="take")
    with staffed(office.home.parent) as year:
        year.play(before="report_printing")
    names = [row.split(",")[1] for row in late.decode().splitlines()[1:]]
    here, elsewhere, act = at("sato"), at("sato", **ELSEWHERE), f"{EXTRACT}/hand_out_letters"
    here.open(act)
    elsewhere.hidden = here.hidden
    elsewhere.send(act, 403)
    assert not entries(office, "letters_handed_out")
    answer = here.client.post(act, data=here.hidden)
    record = office.facts(CYCLE).record("hand_out_letters", LettersHandedOut)
    assert record
    assert answer.headers["content-disposition"] == f'attachment; filename="{record.item}.pdf"'
    assert answer.headers["cache-control"] == "no-store"
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(answer.content)]
    assert record.letters == len(pages) == 3
    assert all(any(name in page for page in pages) for name in names)
    everything = everything_under(office.home.parent)
    assert not any(name.encode() in everything for name in names)


@pytest.mark.parametrize("office", ["printed"], indirect=True)
@pytest.mark.parametrize("act", TASKS)
def test_a_page_of_residents_is_for_its_people_here_and_its_year(
    at: Callable[..., Browser], office: Office, act: str
) -> None:
    """From elsewhere no form is shown and what is sent is not read; another's act and another year are not found."""
    path = f"{EXTRACT}/{act}"
    programme = office.facts(CYCLE).programme
    mine, other = ("watanabe", "okada") if Role.REGISTRAR in row_of(act).who_under(programme) else ("sato", "watanabe")
    here, elsewhere, stranger = at(mine), at(mine, **ELSEWHERE), at(other)
    before = size(office)
    assert here.client.get(path).headers["cache-control"] == "no-store"
    assert str(office.settings.inbox) in elsewhere.open(path)
    assert "<form" not in elsewhere.open(path).partition("<main")[2].partition("</main>")[0]
    kind = {"content-type": "multipart/form-data; boundary=x"}
    unread = elsewhere.client.post(path, content=b"what is read would be refused as no form", headers=kind)
    assert (unread.status_code, unread.headers["cache-control"]) == (403, "no-store")
    stranger.open("/")
    hidden = stranger.hidden
    stranger.open(path, 404)
    stranger.hidden = hidden
    stranger.send(path, 404, files={"file": ("x.csv", _changes("1"))}, do="take")
    here.open(path)
    hidden = here.hidden
    for year in ("hatachi-2025", "hatachi-02026x", "other-2026"):
        here.open(f"/{year}/extract/{act}", 404)
        here.hidden = hidden
        here.send(f"/{year}/extract/{act}", 404, files={"file": ("x.csv", _changes("1"))}, do="take")
    assert size(office) == before


@pytest.mark.parametrize("office", ["printed"], indirect=True)
@pytest.mark.parametrize("act", ["compare_imprint", "reconcile_enclosing", "issue_pull_list", "issue_final_pull_list"])
def test_what_the_machine_works_out_is_for_its_people_and_its_year(
    at: Callable[..., Browser], office: Office, act: str
) -> None:
    """Whoever may not enter it finds no such page, and neither does another year."""
    mine, other = ("watanabe", "sato") if act.startswith("issue") else ("sato", "watanabe")
    owner, stranger, before = at(mine), at(other), size(office)
    assert owner.client.get(f"{MACHINE}/{act}").headers["cache-control"] == "no-store"
    owner.open(f"/hatachi-2025/machine/{act}", 404)
    stranger.open("/")
    hidden = stranger.hidden
    stranger.open(f"{MACHINE}/{act}", 404)
    stranger.hidden = hidden
    stranger.send(f"{MACHINE}/{act}", 404, files={"file": ("x.csv", b"1,2\n")})
    assert size(office) == before
