"""The extract at the desk: taken only from a browser on this machine, decided in one grid, and nowhere in clear."""

import csv
import html
import io
import re
import socket
import tracemalloc
from collections.abc import Callable
from itertools import chain, repeat
from pathlib import Path

import pytest
from browsing import Browser
from keyed import events
from playing import CYCLE, everything_under

from adapters.package import seal
from steps import extraction
from steps.office import Office

pytestmark = pytest.mark.xdist_group("desk_extract")
PAGE, TAKE, HELD = "/hatachi-2026/extract", "/hatachi-2026/extract/take_extract", "/hatachi-2026/extract/held"
PERSONS = 400
ELSEWHERE = {"x-forwarded-for": "10.0.0.9"}


def _names(extract: bytes) -> list[str]:
    rows = csv.DictReader(io.StringIO(extract.decode("utf-8-sig")))
    return [row["氏名"] for row in rows if len(row["氏名"]) > 3]  # short ones may stand in other words


def _take(browser: Browser, content: bytes, status: int = 200, *, name: str = "extract.csv", **fields: str) -> str:
    browser.open(TAKE)
    fields = {"do": "take", "expect_from": "1", "expect_to": "1000", **fields}
    return browser.send(TAKE, status, files={"file": (name, content)}, **fields)


def _lies_in_clear(at_work: Office, extract: bytes) -> bool:
    everything = everything_under(at_work.home.parent.parent)  # data directory, inbox and temporary files
    return any(name.encode() in everything for name in _names(extract))


def test_an_extract_is_taken_and_lies_nowhere_in_clear(
    desk: Callable[..., Browser], at_work: Office, extract: bytes
) -> None:
    """It goes from the browser into the vault: no name stands in page, log, database or temporary file."""
    text = _take(desk("watanabe"), extract)
    assert "保管庫に納めました" in text
    assert "extract_taken" in events(at_work)
    assert not _lies_in_clear(at_work, extract)
    assert not any(name in text for name in _names(extract))
    assert any(name.startswith("extract-") for name in at_work.vault(CYCLE).names())


def test_what_is_sent_is_still_to_be_destroyed_where_it_lies(
    desk: Callable[..., Browser], at_work: Office, extract: bytes
) -> None:
    """A plain file that was chosen in a browser stays where it was: it gets a number as a copy to be destroyed."""
    assert "E-2026-01" in _take(desk("watanabe"), extract)
    assert "E-2026-01" in {item.number for item in at_work.facts(CYCLE).items}


def test_a_judgement_alone_stores_nothing(desk: Callable[..., Browser], at_work: Office, extract: bytes) -> None:
    """Findings stand there by code, row and column; neither ledger nor vault know of it."""
    before = events(at_work)
    text = _take(desk("watanabe"), extract, do="judge")
    assert "行目" in text
    assert not any(name in text for name in _names(extract))
    assert events(at_work) == before
    assert not at_work.vault(CYCLE, as_it_lies=True).exists


def test_a_refusal_leads_to_the_act_that_it_asks_for_and_names_no_command(desk: Callable[..., Browser]) -> None:
    """Whoever asks for a pull list before a re-check is told so in words, with a link to the page of the re-check."""
    browser, pull_list = desk("watanabe"), "/hatachi-2026/machine/issue_pull_list"
    browser.open(pull_list)
    text = browser.send(pull_list, 422)
    told = text.partition('role="alert"')[2].partition("</div>")[0]
    assert "先に再確認してください" in told
    assert 'href="/hatachi-2026/extract/recheck_before_enclosing"' in told
    assert "tsudoi " not in told


def test_a_browser_elsewhere_is_told_why_and_where(
    desk: Callable[..., Browser], at_work: Office, extract: bytes
) -> None:
    """Behind a proxy there is no form, but the reason and the inbox; what is sent all the same is not read."""
    here, elsewhere = desk("watanabe"), desk("watanabe", **ELSEWHERE)
    for path in (TAKE, HELD):
        text = elsewhere.open(path)
        assert str(at_work.settings.inbox) in text
        assert 'type="file"' not in text
    here.open(TAKE)
    elsewhere.hidden, before = here.hidden, events(at_work)

    kind = {"content-type": "multipart/form-data; boundary=x"}
    assert (
        elsewhere.client.post(TAKE, content=b"what is read would be refused as no form", headers=kind).status_code
        == 403
    )
    assert events(at_work) == before


def test_held_rows_are_shown_elsewhere_to_nobody(desk: Callable[..., Browser], at_work: Office, extract: bytes) -> None:
    """On this machine each character in doubt is a picture; behind a proxy there is neither picture nor code point."""
    _take(desk("watanabe"), extract)
    here, elsewhere = desk("watanabe").open(HELD), desk("watanabe", **ELSEWHERE).open(HELD)
    assert '<svg class="glyph"' in here
    assert not any(name in here for name in _names(extract))
    assert "U+" in here
    assert "<svg" not in elsewhere
    assert "U+" not in elsewhere
    assert at_work.facts(CYCLE).undecided


def test_only_the_register_section_takes_an_extract(
    desk: Callable[..., Browser], at_work: Office, extract: bytes
) -> None:
    """A coordinator sees where it stands, and neither opens the form nor sends it."""
    coordinator, registrar = desk("sato"), desk("watanabe")
    assert TAKE not in coordinator.open(PAGE)
    assert TAKE in registrar.open(PAGE)
    coordinator.open(TAKE, 404)
    coordinator.open("/")
    coordinator.send(TAKE, 404, files={"file": ("extract.csv", extract)}, do="take")
    assert "extract_taken" not in events(at_work)


def _decisions(text: str) -> dict[str, str]:
    """Return the grid as it stands, with what is proposed filled in."""
    rows = re.findall(r'name="row" value="(\d+)"', text)
    fields = dict(re.findall(r'name="((?:with|reason)\.\d+)" value="([^"]*)"', text))
    chosen = {row: re.search(rf'name="how\.{row}".*?value="(\w+)" selected', text, re.DOTALL) for row in rows}
    fields = {name: html.unescape(value) for name, value in fields.items()}
    return {**fields, **{f"how.{row}": found[1] for row, found in chosen.items() if found}}


def test_held_rows_are_decided_in_one_sending(desk: Callable[..., Browser], at_work: Office, extract: bytes) -> None:
    """What is proposed is filled in and not decided; once sent, each row is an act of the person who sent it."""
    registrar = desk("watanabe")
    _take(registrar, extract)
    waiting = at_work.facts(CYCLE).undecided
    assert waiting > 1
    text = registrar.open(f"{HELD}?propose=1")
    assert at_work.facts(CYCLE).undecided == waiting
    rows = re.findall(r'name="row" value="(\d+)"', text)
    registrar.send(HELD, row=rows, **_decisions(text))
    assert at_work.facts(CYCLE).undecided == 0
    assert events(at_work).count("row_decided") == waiting


def test_one_decision_that_cannot_be_is_named_by_its_row(
    desk: Callable[..., Browser], at_work: Office, extract: bytes
) -> None:
    """Of many decisions in one sending none is recorded if one is refused, and the page says in which row."""
    registrar = desk("watanabe")
    _take(registrar, extract)
    text = registrar.open(f"{HELD}?propose=1")
    rows, fields = re.findall(r'name="row" value="(\d+)"', text), _decisions(text)
    for wrong in (
        {f"reason.{rows[-1]}": "No Code"},
        {f"how.{rows[-1]}": "substitute", f"with.{rows[-1]}": "U+4E00>U+4E01"},
    ):
        registrar.open(HELD)
        text = registrar.send(HELD, 422, row=rows, **(fields | wrong))
        assert re.search(rf"(?<!\d){rows[-1]}(?!\d)", text.split('role="alert"')[1].split("<form")[0])
        assert "row_decided" not in events(at_work)


def test_held_rows_are_the_register_sections_to_decide(
    desk: Callable[..., Browser], at_work: Office, extract: bytes
) -> None:
    """A coordinator has no grid, and a grid sent all the same, from elsewhere or for another year, decides nothing."""
    registrar, coordinator, elsewhere = desk("watanabe"), desk("sato"), desk("watanabe", **ELSEWHERE)
    _take(registrar, extract)
    text = registrar.open(f"{HELD}?propose=1")
    assert registrar.client.get(HELD).headers["cache-control"] == "no-store"
    sent = {"row": re.findall(r'name="row" value="(\d+)"', text), **_decisions(text)}
    assert 'name="how.' not in coordinator.open(HELD)
    for browser, path, status in (
        (coordinator, HELD, 422), (elsewhere, HELD, 403), (registrar, HELD.replace("2026", "2025"), 404),
    ):  # fmt: skip
        browser.open("/")
        browser.send(path, status, **sent)
    assert "row_decided" not in events(at_work)


@pytest.mark.parametrize("name", ["extract.pdf", "../../../etc/cron.d/x", "..\\..\\x.csv", "a\0b.csv", "", "名簿.csv"])
def test_the_name_of_a_file_leads_nowhere(
    desk: Callable[..., Browser], at_work: Office, extract: bytes, name: str
) -> None:
    """Whatever a file is called, what is in it is judged, and nothing is written under that name."""
    places = {path for path in at_work.home.rglob("*") if "vault" not in path.parts}
    _take(desk("watanabe"), extract, name=name or "x")
    new = {path.name for path in at_work.home.rglob("*") if "vault" not in path.parts} - {it.name for it in places}
    assert not any(part in file for file in new for part in ("cron", "x.csv", "名簿"))


@pytest.mark.parametrize("content", [b"%PDF-1.7\n", b"PK\x03\x04nothing", b"\0" * 4096, b"a,b\r\n1,2\r\n", b"\xff\xfe"])
def test_what_is_no_extract_is_refused(desk: Callable[..., Browser], at_work: Office, content: bytes) -> None:
    """A file of another kind is refused by code, the ledger tells it, and no vault is made for it."""
    registrar = desk("watanabe")
    registrar.open(TAKE)
    fields = {**registrar.hidden, "do": "take"}
    text = registrar.client.post(TAKE, data=fields, files={"file": ("extract.csv", content)}).text
    assert "保管庫に納めました" not in text
    assert "extract_taken" not in events(at_work)
    assert not at_work.vault(CYCLE, as_it_lies=True).exists


def test_a_form_without_a_file_says_so(desk: Callable[..., Browser]) -> None:
    """Nothing chosen, or an empty file, never takes what lies in the inbox instead."""
    registrar = desk("watanabe")
    assert "ファイルが選ばれていない" in _take(registrar, b"", 422)


def test_an_encrypted_extract_is_opened_in_memory(
    desk: Callable[..., Browser], at_work: Office, extract: bytes, tmp_path: Path
) -> None:
    """With its password it is judged like a plain one, without or with another it is refused; nothing lies in clear."""
    sealed = tmp_path / "sealed.7z"
    seal({"extract.csv": extract}, into=sealed, password="Kagi-1234")
    registrar, content = desk("watanabe"), sealed.read_bytes()
    assert "行目" in _take(registrar, content, do="judge", password="Kagi-1234")
    for wrong in ("", "Kagi-9999"):
        assert 'role="alert"' in _take(registrar, content, 422, do="judge", password=wrong)
    assert not _lies_in_clear(at_work, extract)


def test_too_large_a_file_is_refused_before_it_is_in_memory(desk: Callable[..., Browser]) -> None:
    """600 MB are refused by their announced length before a byte is kept, and without one at the limit."""
    registrar = desk("watanabe")
    registrar.open(TAKE)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n'
    mebibyte = b"1,2,3,4\n" * (1024 * 128)
    kind, length = {"content-type": "multipart/form-data; boundary=x"}, str(len(head) + 600 * len(mebibyte))
    for headers, most in ((kind | {"content-length": length}, 16), (kind, 128)):
        tracemalloc.start()
        answer = registrar.client.post(TAKE, content=chain([head], repeat(mebibyte, 600)), headers=headers)
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert answer.status_code == 422
        assert "64 MiB" in answer.text
        assert peak < most * len(mebibyte)


def test_a_file_is_in_memory_once(desk: Callable[..., Browser]) -> None:
    """What is sent is not copied on its way to the judge: 60 MiB take little more than 60."""
    registrar = desk("watanabe")
    registrar.open(TAKE)
    hidden = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in {**registrar.hidden, "do": "judge"}.items()
    ]
    head = "".join(hidden) + '--x\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n%PDF'
    mebibyte = b"1,2,3,4\n" * (1024 * 128)
    kind = {"content-type": "multipart/form-data; boundary=x"}
    tracemalloc.start()
    answer = registrar.client.post(
        TAKE, content=chain([head.encode()], repeat(mebibyte, 60), [b"\r\n--x--\r\n"]), headers=kind
    )
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "CSV ではなく" in answer.text
    assert peak < 80 * len(mebibyte)


def test_an_upload_that_breaks_off_leaves_nothing(
    desk: Callable[..., Browser], at_work: Office, extract: bytes
) -> None:
    """A browser that is closed in the middle of an upload has sent nothing, and the desk goes on."""
    registrar = desk("watanabe")
    registrar.open(TAKE)
    before, url = events(at_work), registrar.client.base_url
    cookies = "; ".join(f"{name}={value}" for name, value in registrar.client.cookies.items())
    head = (
        f"POST {TAKE} HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nCookie: {cookies}\r\nContent-Length: 99999\r\n"
        'Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: form-data; name="file"; '
        'filename="x.csv"\r\n\r\n'
    )
    with socket.create_connection((url.host, url.port or 0)) as connection:
        connection.sendall(head.encode() + extract[:2000])
    assert registrar.open(PAGE)
    assert events(at_work) == before
    assert not _lies_in_clear(at_work, extract)


def test_what_fails_before_its_act_was_never_taken(
    desk: Callable[..., Browser], at_work: Office, extract: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If all ends between vault and ledger, nothing says it was taken, nothing lies in clear, and it is taken again."""

    def ends(*_arguments: object, **_options: object) -> None:
        raise RuntimeError

    registrar = desk("watanabe")
    with monkeypatch.context() as patched:
        patched.setattr(extraction, "by_machine", ends)
        assert "保管庫に納めました" not in _take(registrar, extract, 500)
    assert "extract_taken" not in events(at_work)
    assert not _lies_in_clear(at_work, extract)
    assert "保管庫に納めました" in _take(registrar, extract)
