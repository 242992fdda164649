"""What an auditor reads at the desk: the ledger and what rests on it; and nothing that is not hers."""

import io
import re
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from browsing import Browser
from PIL import Image, ImageFilter

from states import ledger
from steps.office import Office

YEAR = "/hatachi-2026"


def _hold(person: Browser) -> int:
    """Let a coordinator hold the year, and return the number of the entry."""
    person.log_in("sato")
    person.open(f"{YEAR}/acts/hold")
    found = re.search(
        r"第([0-9]+)号", person.send(f"{YEAR}/acts/hold", **{"hold.by": "sato", "hold.reason": "typhoon"})
    )
    assert found
    return int(found[1])


def test_the_ledger_is_found_by_words_and_by_person(browser: Callable[[], Browser]) -> None:
    """A search shows the entries in which every word stands, of one person or of everybody, and no others."""
    _hold(browser())
    auditor = browser()
    auditor.log_in("kansa")
    assert "一時停止" in auditor.open(f"{YEAR}/ledger?words=typhoon")
    assert "一時停止" not in auditor.open(f"{YEAR}/ledger?words=typhoon+nothing").partition("<tbody>")[2]
    assert "一時停止" not in auditor.open(f"{YEAR}/ledger?words=typhoon&by=suzuki").partition("<tbody>")[2]


def test_an_entry_is_shown_whole(browser: Callable[[], Browser]) -> None:
    """Its moment, who did it, its record in words and as it is stored; one of no such number is told so."""
    seq = _hold(browser())
    auditor = browser()
    auditor.log_in("kansa")
    text = auditor.open(f"{YEAR}/entries/{seq}")
    assert "佐藤 みどり" in text
    assert "typhoon" in text
    auditor.open(f"{YEAR}/entries/{seq + 1}", 404)
    auditor.open(f"{YEAR}/entries/x", 404)


def test_a_checkpoint_of_a_slip_is_verified(browser: Callable[[], Browser], keyed: Office) -> None:
    """The words of a checkpoint of this ledger hold; with one letter changed they are refused as another's."""
    with keyed.engine.begin() as connection:
        note = ledger.checkpoint(connection, signer=keyed.signer, at=keyed.clock.now(), reason="test")
    auditor = browser()
    auditor.log_in("kansa")
    auditor.open("/verify")
    assert 'class="notice good"' in auditor.send("/verify", checkpoint=note)
    changed = re.sub(r"(?m)^([0-9]+)$", lambda found: str(int(found[1]) + 1), note, count=1)
    assert 'class="notice bad"' in auditor.send("/verify", checkpoint=changed)


def test_the_bundle_is_taken_at_the_desk(browser: Callable[[], Browser]) -> None:
    """It comes as one zip that holds the ledger and the verifier, and nothing of it stays in the data directory."""
    auditor = browser()
    auditor.log_in("kansa")
    auditor.open(f"{YEAR}/bundle")
    answer = auditor.client.post(f"{YEAR}/bundle", data=auditor.hidden)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        assert "index.html" in bundle.namelist()


def test_an_auditor_changes_nothing(browser: Callable[[], Browser]) -> None:
    """No form of an act opens for whoever only reads, and none is offered."""
    auditor = browser()
    auditor.log_in("kansa")
    assert "/acts/" not in auditor.open("/")
    auditor.open(f"{YEAR}/acts/hold", 404)


def test_papers_and_documents_are_read_and_nothing_is_done_there(browser: Callable[[], Browser]) -> None:
    """The auditor opens the papers of the year and the list of documents; no form of an act is offered beside them."""
    auditor = browser()
    auditor.log_in("kansa")
    papers, documents = auditor.open(f"{YEAR}/papers"), auditor.open(f"{YEAR}/documents")
    assert "/acts/" not in papers + documents
    assert "登録する" not in documents
    answer = auditor.client.get(f"{YEAR}/papers/checklist-ward")
    assert answer.headers["content-type"] == "application/pdf"


@pytest.fixture
def slip(played: Office) -> bytes:
    """Give the printed slip of a hand-over of that year, as it was filed."""
    return min(played.papers.glob("slip-*.pdf")).read_bytes()


def _photographed(slip: bytes, *, turned: float, blurred: float, kind: str, scale: float = 200 / 72) -> bytes:
    """Return a photo of the slip's page: in colours, turned by so many degrees, out of focus by so many pixels."""
    with pypdfium2.PdfDocument(slip) as paper:
        page = paper[0].render(scale=scale).to_pil().convert("RGB")
    photo = page.rotate(turned, expand=True, fillcolor="gray").filter(ImageFilter.GaussianBlur(blurred))
    photo.save(taken := io.BytesIO(), kind)
    return taken.getvalue()


@pytest.mark.parametrize(
    ("turned", "blurred", "kind"), [(0, 0, "PNG"), (7, 1, "JPEG"), (90, 1, "PNG"), (193, 1.2, "JPEG")]
)
def test_a_photo_of_a_slip_is_verified(
    in_year: Callable[..., Browser], slip: bytes, turned: float, blurred: float, kind: str
) -> None:
    """The checkpoint is read from the slip's code, however it lies, a little out of focus too; it is shown."""
    auditor = in_year("kansa")
    auditor.open("/verify")
    photo = _photographed(slip, turned=turned, blurred=blurred, kind=kind)
    text = auditor.send("/verify", files={"picture": ("photo", photo)})
    assert 'class="notice good"' in text
    assert "tsudoi.invalid/ledger" in text.partition("画像から読み取った検証値")[2].partition("</pre>")[0]


def test_a_scan_as_pdf_is_verified_and_nothing_of_it_stays(
    in_year: Callable[..., Browser], played: Office, slip: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slip as the copier's PDF is read too; neither data directory nor temporary folder has a file of it."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    auditor = in_year("kansa")
    auditor.open("/verify")
    before = set(played.home.rglob("*"))
    assert 'class="notice good"' in auditor.send("/verify", files={"picture": ("scan.pdf", slip)})
    assert set(played.home.rglob("*")) == before
    assert not list((tmp_path / "temporary").iterdir())


def test_a_slip_tells_that_the_ledger_was_cut_off(browser: Callable[[], Browser], slip: bytes) -> None:
    """In a ledger that ends before what the slip vouches for, its scan is the witness against it."""
    auditor = browser()
    auditor.log_in("kansa")
    auditor.open("/verify")
    text = auditor.send("/verify", files={"picture": ("scan.pdf", slip)})
    assert 'class="notice bad"' in text
    assert "失われています" in text


def test_a_picture_without_a_checkpoint_is_told_so(browser: Callable[[], Browser]) -> None:
    """No picture, a bare one, one cut off, one that would fill the memory, a code of something else: each in words."""
    auditor = browser()
    auditor.log_in("kansa")
    for picture, words in (
        (b"MZ\x90 no picture", "画像"), (_png(Image.new("L", (300, 300), 255)), "コード"),
        (_png(Image.new("L", (300, 300), 255))[:60], "画像"), (_png(Image.new("1", (12_000, 12_000))), "大き"),
        (_png(_code("https://elsewhere.invalid/")), "検証値"), (b"%PDF-1.7 broken", "画像"),
    ):  # fmt: skip
        auditor.open("/verify")
        text = auditor.send("/verify", files={"picture": ("x.png", picture)})
        assert 'class="notice good"' not in text
        assert words in text.partition('class="notice bad"')[2].partition("<form")[0]


def _png(picture: Image.Image) -> bytes:
    picture.save(written := io.BytesIO(), "PNG")
    return written.getvalue()


def _code(text: str) -> Image.Image:
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=8)
    return Image.frombytes("L", made.shape[::-1], bytes(memoryview(made)))
