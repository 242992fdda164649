"""After the extract at the desk: two checkers, the register's lists, what leaves the vault, papers and documents."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pypdfium2
import pytest
from browsing import Browser
from keyed import copied_office, entries
from playing import CYCLE, Played, everything_under

from models.records.extraction import ExtractTaken, ProtectedListed
from rehearsal import cast
from states.rules.documents import slips_missing
from steps import acting, extraction, protection
from steps.office import Office

pytestmark = pytest.mark.xdist_group("desk_register")
PAGE, PAPERS, DOCUMENTS = "/hatachi-2026/extract", "/hatachi-2026/papers", "/hatachi-2026/documents"
ELSEWHERE = {"x-forwarded-for": "10.0.0.9"}


@pytest.fixture(scope="module")
def taken(morning: Path, extract: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Let the extract be taken and every held row be decided; copied, never used."""
    folder = tmp_path_factory.mktemp("taken") / "year"
    shutil.copytree(morning, folder)
    office = cast.at_their_desks(Office.open(folder / "home", folder / "inbox"))
    extraction.take_extract(office, CYCLE, extract, by="watanabe", expect=(1, 1000))
    form = [
        {"row": row, "how": how, "reason": "font", "substitute": instead}
        for row, how, instead in extraction.proposals(office, CYCLE)
    ]
    extraction.decide_all(office, CYCLE, form, by="watanabe")
    office.engine.dispose()
    return folder


@pytest.fixture(scope="module")
def checked(taken: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Let two checkers sign the numbers, and wait for the day of the re-check; copied, never used."""
    folder = tmp_path_factory.mktemp("checked") / "year"
    shutil.copytree(taken, folder)
    office = cast.at_their_desks(Office.open(folder / "home", folder / "inbox"))
    year = Played(folder=folder, office=office)
    record = year.facts().record("take_extract", ExtractTaken)
    assert record is not None
    fields = {
        "exported": record.exported, "excluded": sum(record.excluded.values()), "window_seen": True,
        "storage_place": "戸籍住民課 書庫", "locked": True,
    }  # fmt: skip
    proposed = acting.perform(office, CYCLE, "extract", by="watanabe", fields=fields)
    acting.confirm(office, CYCLE, "extract", by="nakamura", proposal=proposed.seq)
    year.wait_for("recheck_before_sealing")
    office.engine.dispose()
    return folder


@pytest.fixture
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """Give a copy of the year with its extract checked, or as far as a test asks for it."""
    with copied_office(request.getfixturevalue(getattr(request, "param", "checked")), tmp_path / "year") as office:
        yield office


def _listed(office: Office) -> bytes:
    """Return the register's present list: whom the extract marked."""
    everybody = protection.everybody(office, office.facts(CYCLE))
    numbers = everybody.filter(everybody["protected"])["宛名番号"].to_list()
    return "\r\n".join(("宛名番号", *numbers, "")).encode()


def _waiting(office: Office) -> tuple[str, ...]:
    return office.see(CYCLE, lambda here: slips_missing(here.facts))


def _words(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "".join(page.get_textpage().get_text_bounded() for page in document)


@pytest.mark.parametrize("office", ["taken"], indirect=True)
def test_two_checkers_sign_the_numbers(at: Callable[..., Browser], office: Office) -> None:
    """One enters what the page for the checkers shows, another confirms it with his own passphrase."""
    first, second = at("watanabe"), at("nakamura")
    page = first.open(PAGE)
    assert "/hatachi-2026/acts/extract" in page
    assert first.client.get(f"{PAPERS}/extract-report").headers["content-type"] == "application/pdf"
    record = office.facts(CYCLE).record("take_extract", ExtractTaken)
    assert record is not None
    assert f"{record.exported:,}" in page
    first.open("/hatachi-2026/acts/extract")
    first.send("/hatachi-2026/acts/extract", **{
        "extract.by": "watanabe", "extract.exported": str(record.exported), "extract.window_seen": "true",
        "extract.excluded": str(sum(record.excluded.values())), "extract.storage_place": "戸籍住民課 書庫",
        "extract.locked": "true",
    })  # fmt: skip
    [path] = re.findall(r'href="(/hatachi-2026/proposals/extract/\d+)"', second.open(PAGE))
    second.open(path)
    second.send(path, passphrase="swallow pencil blue desk")
    assert office.facts(CYCLE).state == "extracted"


def test_the_recheck_is_taken_from_a_browser_here(at: Callable[..., Browser], office: Office) -> None:
    """The list is compared; of it only counts are said; from elsewhere it is not read."""
    here, elsewhere, act = at("watanabe"), at("watanabe", **ELSEWHERE), f"{PAGE}/recheck_before_sealing"
    assert 'type="file"' not in elsewhere.open(act)
    assert elsewhere.client.post(act, files={"file": ("list.csv", _listed(office))}).status_code == 403
    assert act in here.open(PAGE)
    here.open(act)
    text = here.send(act, files={"file": ("list.csv", _listed(office))})
    assert len(entries(office, "protection_rechecked_before_sealing")) == 1
    assert not any(number in text for number in _listed(office).decode().split()[1:])


def test_another_list_is_refused_until_somebody_says_it_is_right(at: Callable[..., Browser], office: Office) -> None:
    """A list with nobody of ours asks; ticked, it is the named person's word."""
    registrar, act = at("watanabe"), f"{PAGE}/take_changes"
    registrar.open(act)
    strange = {"file": ("changes.csv", "宛名番号,異動事由,異動日,支援措置\r\n99999999,転出,2026-11-05,\r\n".encode())}
    refused = registrar.send(act, 422, files=strange)
    assert "担当者の名で示してください" in refused.split('role="alert"')[1].split("<form")[0]
    assert not entries(office, "changes_taken")
    registrar.send(act, files=strange, nobody="true")
    [taken] = entries(office, "changes_taken")
    assert taken["by"] == "watanabe"


def test_a_wrong_list_is_withdrawn_by_choosing_it(at: Callable[..., Browser], office: Office) -> None:
    """Whoever withdraws types no digits of a hash: the lists taken stand there with their days."""
    registrar, act = at("watanabe"), f"{PAGE}/recheck_before_sealing"
    registrar.open(act)
    registrar.send(act, files={"file": ("list.csv", _listed(office))})
    text = registrar.open(f"{PAGE}/withdraw_list")
    [sha256] = re.findall(r'name="list" value="([0-9a-f]{64})"', text)
    registrar.send(f"{PAGE}/withdraw_list", list=sha256, reason="wrong_list")
    assert len(entries(office, "list_withdrawn")) == 1
    assert "recheck_before_sealing" not in office.facts(CYCLE).done


def test_the_protected_persons_leave_the_vault_here_alone(at: Callable[..., Browser], office: Office) -> None:
    """The file is sent after its entry, named by the number under which it is to be destroyed, and kept nowhere."""
    here, elsewhere, act = at("watanabe"), at("watanabe", **ELSEWHERE), f"{PAGE}/list_protected"
    here.open(act)
    elsewhere.hidden = here.hidden
    elsewhere.send(act, 403)
    assert not entries(office, "protected_listed")
    answer = here.client.post(act, data=here.hidden)
    record = office.facts(CYCLE).record("list_protected", ProtectedListed)
    assert record is not None
    assert answer.headers["content-disposition"] == f'attachment; filename="{record.item}.csv"'
    assert answer.headers["cache-control"] == "no-store"
    rows = answer.content.decode("utf-8-sig").splitlines()
    assert len(rows) == record.persons + 1
    assert rows[1].split(",")[3].encode() not in everything_under(office.home.parent)


def test_the_notice_is_shown_once_and_here_alone(at: Callable[..., Browser], office: Office) -> None:
    """Sealed by a button, its notice is shown to one person on this machine; afterwards only another print helps."""
    here, elsewhere = at("watanabe"), at("watanabe", **ELSEWHERE)
    here.open(f"{PAGE}/recheck_before_sealing")
    here.send(f"{PAGE}/recheck_before_sealing", files={"file": ("list.csv", _listed(office))})
    here.open("/hatachi-2026/acts/seal_package")
    here.send("/hatachi-2026/acts/seal_package", **{"seal_package.by": "watanabe"})
    assert "password-notice" not in here.open(PAPERS)
    assert f'action="{PAPERS}/notice"' not in elsewhere.open(PAPERS)
    elsewhere.send(f"{PAPERS}/notice", 403)
    assert here.client.get(f"{PAPERS}/notice").status_code == 303
    here.open(PAPERS)
    answer = here.client.post(f"{PAPERS}/notice", data=here.hidden)
    assert "パスワード通知書" in _words(answer.content)
    [shown] = entries(office, "paper_shown")
    assert shown["by"] == "watanabe"
    text = here.open(PAPERS)
    assert f'action="{PAPERS}/notice"' not in text
    here.send(f"{PAPERS}/notice", 404)
    assert len(entries(office, "paper_shown")) == 1


def test_every_paper_of_the_list_opens(at: Callable[..., Browser]) -> None:
    """Whatever the page names is a PDF in the browser, or the workbook; what it does not name is not found."""
    coordinator = at("sato")
    links = re.findall(rf'href="({PAPERS}/[^"]+)"', coordinator.open(PAPERS))
    assert len(links) > 20
    for link in links:
        answer = coordinator.client.get(link)
        assert answer.status_code == 200, link
        assert answer.headers["content-disposition"].startswith(("inline", "attachment"))
        assert answer.content[:4] in {b"%PDF", b"PK\x03\x04"}
    for name in (
        "erasure-record",
        "..%2f..%2fhome%2ftsudoi.db",
        "password-notice",
        "slips/password-notice",
        "slips/..%2fx",
    ):
        coordinator.open(f"{PAPERS}/{name}", 404)


def test_what_follows_an_act_is_done_once_more_by_a_button(at: Callable[..., Browser], office: Office) -> None:
    """A paper that is gone is made again, and the act is not done again."""
    coordinator = at("sato")
    report = office.papers / "extract-report.pdf"
    report.unlink()
    coordinator.open(PAPERS)
    coordinator.send(f"{PAPERS}/after/take_extract")
    assert report.is_file()
    assert len(entries(office, "extract_taken")) == 2, "taken, and judged again with the decisions"
    coordinator.open(PAPERS)
    coordinator.send(f"{PAPERS}/after/nothing", 404)


def test_a_document_that_shows_residents_goes_into_the_vault_or_is_refused(
    at: Callable[..., Browser], office: Office
) -> None:
    """From this machine its file lies encrypted and opens here; from elsewhere it is neither taken nor shown."""
    here, elsewhere = at("sato"), at("sato", **ELSEWHERE)
    content = "宛名印字見本　架空の人".encode()
    sent = {"file": ("..\\..\\sample.txt", content)}
    fields = {"dated_on": office.clock.now().date().isoformat()}
    elsewhere.open(f"{DOCUMENTS}/11")
    elsewhere.send(f"{DOCUMENTS}/11/residents", 403, files=sent, **fields)
    elsewhere.send(f"{DOCUMENTS}/11", 403, files=sent, **fields)
    here.open(f"{DOCUMENTS}/11")
    here.send(f"{DOCUMENTS}/11/residents", files=sent, **fields)
    assert content not in everything_under(office.home.parent)
    [link] = re.findall(rf'href="({DOCUMENTS}/11/[0-9a-f]+)"', here.open(DOCUMENTS))
    assert here.client.get(link).content == content
    assert link not in elsewhere.open(DOCUMENTS)
    elsewhere.open(link, 403)


def test_a_scan_of_a_stamped_slip_is_filed_where_it_waits(at: Callable[..., Browser], office: Office) -> None:
    """A slip waits on the page of papers until its scan is filed by the form that its line leads to."""
    fields = {
        "item": "S-2026-90", "to": "contractor", "giver": "sato", "receiver": "kobayashi", "occasion": "追加の校正紙",
        "slip": "K-2026-77", "locked_bag": True, "in_person": True,
    }  # fmt: skip
    others = _waiting(office)
    acting.perform(cast.at_their_desks(office.of(office.keyring)), CYCLE, "record_movement", by="sato", fields=fields)
    assert _waiting(office) == (*others, "K-2026-77")
    coordinator = at("sato")
    assert f"{DOCUMENTS}/8?slip=K-2026-77" in coordinator.open(PAPERS)
    assert re.search(r'value="K-2026-77" checked', coordinator.open(f"{DOCUMENTS}/8?slip=K-2026-77"))
    day = office.clock.now().date().isoformat()
    scan = {"file": ("scan.png", b"\x89PNG\r\n\x1a\n")}
    coordinator.send(f"{DOCUMENTS}/8", files=scan, slip="K-2026-77", dated_on=day)
    assert _waiting(office) == others
    assert "K-2026-77" not in re.findall(r"slip=([\w-]+)", coordinator.open(PAPERS))


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.exe", b"MZ"), ("a.pdf", b"no pdf"), ("a.html", b"<script>"), ("a", b"x"), ("a.docx", b"PK\x03\x04")],
)
def test_what_is_no_document_is_refused(at: Callable[..., Browser], office: Office, name: str, content: bytes) -> None:
    """A program, a page, or what its name does not say is refused in words, and nothing is filed."""
    coordinator = at("sato")
    coordinator.open(f"{DOCUMENTS}/2")
    day = office.clock.now().date().isoformat()
    coordinator.send(f"{DOCUMENTS}/2", 422, files={"file": (name, content)}, dated_on=day)
    assert not entries(office, "document_filed")


def test_what_the_machine_compares_is_refused_in_words_before_its_time(
    at: Callable[..., Browser], office: Office
) -> None:
    """A file that comes too early, or from somebody who may not bring it, changes nothing and says why."""
    coordinator, registrar = at("sato"), at("watanabe")
    for act in ("compare_imprint", "reconcile_enclosing"):
        path = f"/hatachi-2026/machine/{act}"
        assert coordinator.client.get(f"/hatachi-2026/acts/{act}").headers["location"] == path
        coordinator.open(path)
        text = coordinator.send(path, 422, files={"file": ("log.csv", b"1\n")})
        assert 'role="alert"' in text
        registrar.open(path, 404)
    coordinator.open("/hatachi-2026/machine/erase_ward_data", 404)
    assert not entries(office, "imprint_compared")
