"""The scanner finds residents' data in every form a program may have left it in, and names what it could not read."""

import base64
import email.policy
import gzip
import io
import json
import os
import sqlite3
import zipfile
from contextlib import closing, suppress
from email.message import EmailMessage
from email.policy import EmailPolicy
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import quoteattr

import noto_cjk_sans_jp_regular
import pytest
import typst
from figures import Figures
from hypothesis import given, settings
from hypothesis import strategies as st
from stored import forms

from adapters.finder import Finder
from adapters.scanner import ScanResult, scan
from adapters.vault import Vault

NAME = "集田　試子"
ADDRESS = "東京都杉並区架空町九丁目99番9号コーポ𠮷野203号室"
NUMBER = "9876501234"
CP932_ADDRESS = "東京都杉並区架空町九丁目99番9号コーポ吉野203号室"
NEEDLES = (NAME, ADDRESS, CP932_ADDRESS, NUMBER)
ENGLISH_LEADS = b'{"serial": 12, "count": 3400} '


def scanned(home: Path, chunk_size: int = 1 << 20) -> ScanResult:
    return scan([home], NEEDLES, chunk_size=chunk_size)


def upper_json(text: str) -> str:
    units = text.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02X}{units[at + 1]:02X}" for at in range(0, len(units), 2))


FORMS = {
    "UTF-8": ADDRESS.encode(),
    "CP932": CP932_ADDRESS.encode("cp932"),
    "UTF-16LE": ADDRESS.encode("utf-16-le"),
    "UTF-16BE": ADDRESS.encode("utf-16-be"),
    "EUC-JP": CP932_ADDRESS.encode("euc_jp"),
    "ISO-2022-JP": CP932_ADDRESS.encode("iso2022_jp"),
    "base64": base64.b64encode(ADDRESS.encode()),
    "base64 a byte later": base64.b64encode(b"a" + ADDRESS.encode() + b"zz"),
    "base64 two bytes later": base64.b64encode(b"ab" + ADDRESS.encode() + b"z"),
    "base64 of CP932": base64.b64encode(b"ab" + CP932_ADDRESS.encode("cp932")),
    "base64 of UTF-16LE": base64.b64encode(ADDRESS.encode("utf-16-le")),
    "quoted-printable": quote(NAME).replace("%", "=").encode(),
    "URL of CP932": quote(CP932_ADDRESS.encode("cp932")).encode(),
    "number in UTF-16LE": NUMBER.encode("utf-16-le"),
    "JSON": json.dumps(ADDRESS).encode(),
    "JSON in upper case": upper_json("東京都杉並区架空町九丁目").encode() + b"99" + upper_json("番").encode() + b"9"
    + upper_json("号コーポ𠮷野").encode() + b"203" + upper_json("号室").encode(),
    "JSON in JSON": json.dumps(json.dumps({"address": ADDRESS})).encode(),
    "URL": quote(ADDRESS).encode(),
    "URL in lower case": quote(NAME).lower().encode(),
    "form field": quote_plus(NAME).encode(),
    "repr of UTF-8": repr(ADDRESS.encode()).encode(),
    "repr of CP932": repr(CP932_ADDRESS.encode("cp932")).encode(),
    "repr in JSON": json.dumps(repr(ADDRESS.encode())).encode(),
    "ascii()": ascii(ADDRESS).encode(),
    "XML in ASCII": quoteattr(ADDRESS).encode("ascii", "xmlcharrefreplace"),
    "without its space": NAME.replace("　", "").encode(),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_needle_is_found_in_every_form(tmp_path: Path, form: str) -> None:
    """Whatever encoding or escape it was stored in, one needle in a file is one place, with path and offset."""
    (tmp_path / "log").write_bytes(ENGLISH_LEADS + FORMS[form] + b"\n")
    result = scanned(tmp_path)
    assert (result.found, result.files, result.unread) == (1, 1, ())
    path, offset = result.places[0].split(":")
    assert path == f"{tmp_path.name}/log"
    assert 0 <= int(offset) - len(ENGLISH_LEADS) < 24


# One resident as people write her, and the register's own way first.
RESIDENT = ("髙橋　結菜", "東京都新宿区大久保一丁目３０番２２号", "4596034657")
WRITTEN = {
    "as in the register": "髙橋　結菜さんの件",
    "half-width space": "髙橋 結菜さんの件",
    "two spaces": "髙橋  結菜さんの件",
    "no space": "髙橋結菜さんの件",
    "line break": "髙橋\n結菜さんの件",
    "CR LF": "髙橋\r\n結菜さんの件",
    "zero width": "髙橋\u200b結菜さんの件",
    "no-break space": "髙橋\u00a0結菜さんの件",
    "usual form": "高橋 結菜さんの件",
    "usual form without space": "高橋結菜さんの件",
    "other form": "槗高橋結菜の件",
    "selector": "髙\U000e0100橋　結菜",
    "spaced out": "髙 橋 結 菜",
    "address as in the register": "東京都新宿区大久保一丁目３０番２２号へ",
    "half-width digits": "東京都新宿区大久保一丁目30番22号へ",
    "every digit half-width": "東京都新宿区大久保1丁目30番22号へ",
    "without prefecture": "新宿区大久保１丁目３０番２２号へ",
    "hyphens": "新宿区大久保1-30-22へ",
    "full-width hyphens": "新宿区大久保１－３０－２２へ",
    "long vowel marks": "新宿区大久保１ー３０ー２２へ",
    "minus signs": "新宿区大久保1−30−22へ",
    "番地": "新宿区大久保1丁目30番地22へ",
    "の": "新宿区大久保一丁目30の22へ",
    "kanji throughout": "新宿区大久保一丁目三十番二十二号へ",
    "space before the digits": "新宿区 大久保 1-30-22 へ",
    "number": "番号4596034657の方",
    "full-width number": "番号４５９６０３４６５７の方",
    "number in two groups": "番号4596 034657の方",
    "number in three groups": "番号459 603 4657の方",
    "leading zeros": "番号004596034657の方",
}  # fmt: skip
STORED = {
    "UTF-8": lambda text: text.encode(),
    "CP932": lambda text: text.encode("cp932"),
    "EUC-JP": lambda text: text.encode("euc_jp"),
    "UTF-16": lambda text: text.encode("utf-16-le"),
    "UTF-16BE": lambda text: text.encode("utf-16-be"),
    "JSON": lambda text: json.dumps(text).encode(),
    "URL": lambda text: quote(text).encode(),
    "HTML": lambda text: text.encode("ascii", "xmlcharrefreplace"),
    "base64": lambda text: base64.b64encode(b"ab" + text.encode()),
    "a database": lambda text: b"\x00\xff\x17" + text.encode() + b"\x00\x81\xe3",
}  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
def test_a_resident_is_found_however_somebody_writes_her(written: str, figures: Figures) -> None:
    """Name, address and number are one place each in every spelling, whatever program stored it."""
    finder = Finder(RESIDENT)
    tried, missed = 0, list[str]()
    for stored, as_bytes in STORED.items():
        if written == "spaced out" and stored not in {"UTF-8", "JSON", "URL", "HTML", "a database"}:
            continue  # what the scanner's own docstring does not promise
        with suppress(UnicodeEncodeError):
            content = ENGLISH_LEADS + as_bytes(WRITTEN[written])
            missed += [] if len(list(finder.found(io.BytesIO(content)))) == 1 else [stored]
            tried += 1
    figures.tell(
        "forms of a name", where="a resident's, as ten programs store it", tried=tried, held=tried - len(missed)
    )
    assert missed == []
    assert tried >= 5


def test_a_surname_alone_names_nobody() -> None:
    """A surname, another person of the same surname, a neighbour and another number are no places."""
    others = (
        "髙橋さんの件", "高橋　一郎", "新宿区大久保1-30-2", "新宿区大久保1-30-221", "大久保一丁目", "14596034657",
        "459603465", "4596 0346 5712", "2026-11-02", f"{'a' * 20}4596034657{'b' * 20}",
    )  # fmt: skip
    for text in others:
        assert not Finder(RESIDENT).found_in_text(text), text


def test_short_names_stand_alone() -> None:
    """A name of three characters is found with its space or on its own, and not as a part of another name or word."""
    sought = Finder(["林　結菜", "東　京都", "LI NA"])
    for text in ("林　結菜", "林 結菜様", "(林結菜)", "件名：林結菜さん", "Ms. Li Na"):
        assert len(sought.found_in_text(text)) == 1, text
    for text in ("小林　結菜", "小林結菜", "東京都新宿区", "gasoLINA", "linage"):
        assert not sought.found_in_text(text), text


def mail(lead: int, transfer: str, policy: EmailPolicy) -> bytes:
    """Write a letter whose needle stands so many letters after the beginning of its text."""
    letter = EmailMessage(policy)
    letter.set_content("x" * lead + ADDRESS + "、" + NAME + "\n", cte=transfer)
    return letter.as_bytes()


@pytest.mark.parametrize("policy", [email.policy.default, email.policy.SMTP], ids=["LF", "CRLF"])
@pytest.mark.parametrize("transfer", ["base64", "quoted-printable"])
def test_no_line_of_a_letter_hides_a_needle(transfer: str, policy: EmailPolicy) -> None:
    """Wherever the lines of a mail end inside address or name, however small the chunks, each is one place."""
    finder = Finder([ADDRESS, NAME])
    for lead in range(76):
        letter = mail(lead, transfer, policy)
        for chunk_size in (37, 1 << 20):
            assert len(list(finder.found(io.BytesIO(letter), chunk_size))) == 2, (lead, chunk_size)


def test_lines_of_a_list_are_not_run_together(tmp_path: Path) -> None:
    """Lines that end of themselves stay apart: two that would make a needle together are no place."""
    (tmp_path / "list").write_bytes(b"98765\n01234\n" + ADDRESS.encode()[:20] + b"\n" + ADDRESS.encode()[20:])
    assert scanned(tmp_path).found == 0


def test_a_directory_without_it_gives_nothing(tmp_path: Path) -> None:
    """Texts that resemble the needles, empty files and noise are read and nothing is found."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "town.csv").write_text("東京都杉並区架空町,集田,試子,987650123")
    (tmp_path / "empty").touch()
    (tmp_path / "noise").write_bytes(os.urandom(3 << 20))
    result = scanned(tmp_path)
    assert (result.found, result.places, result.unread, result.files) == (0, (), (), 3)
    assert result.bytes == sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert result.needles == 3  # the two spellings of the address are one


LETTERS = [mail(lead, transfer, email.policy.SMTP) for lead in (0, 31) for transfer in ("base64", "quoted-printable")]


@settings(max_examples=200, deadline=None)
@given(
    parts=st.lists(
        st.sampled_from([*FORMS.values(), *LETTERS, b"", b"x", ADDRESS.encode()[:17], b"9876", b"\0"]), max_size=8
    ),
    chunk_size=st.integers(1, 700),
)
def test_no_chunk_border_hides_or_doubles_a_place(parts: list[bytes], chunk_size: int) -> None:
    """However small the chunks, exactly the places of the whole are found."""
    content = b"|".join(parts)
    finder = Finder(NEEDLES)
    whole = list(finder.found(io.BytesIO(content), len(content) + 1))
    assert list(finder.found(io.BytesIO(content), chunk_size)) == whole
    in_a_letter = any(letter in content for letter in LETTERS)
    assert bool(whole) == (in_a_letter or any(form in content for needle in NEEDLES for form in forms(needle)))


@settings(max_examples=200, deadline=None)
@given(
    needle=st.text(st.characters(categories=("L", "Nd")), min_size=4, max_size=12),
    before=st.binary(max_size=30), after=st.binary(max_size=30),
)  # fmt: skip
def test_any_text_is_found_as_a_file_would_hold_it(needle: str, before: bytes, after: bytes) -> None:
    """Any four letters and digits or more are found in UTF-8, UTF-16, JSON and a URL, whatever stands around them."""
    needle = f"<{needle}>"
    stored = [needle.encode(), needle.encode("utf-16-le"), needle.encode("utf-16-be")]
    stored += [json.dumps(needle)[1:-1].encode(), json.dumps(needle, ensure_ascii=False)[1:-1].encode()]
    stored += [quote(needle, safe="").encode(), repr(needle.encode())[2:-1].encode()]
    finder = Finder([needle])
    for form in stored:
        assert list(finder.found(io.BytesIO(before + form + after)))


def test_a_name_that_holds_a_needle_is_found_and_withheld(tmp_path: Path) -> None:
    """Names of files, directories and links are read; the place shows the inode and never the name."""
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "list").write_text(NUMBER)
    (tmp_path / f"letter-{NUMBER}.txt").touch()
    os.close(os.open(os.fsencode(tmp_path) + b"/" + "集田　試子".encode("cp932"), os.O_CREAT | os.O_WRONLY))
    (tmp_path / "shortcut").symlink_to(f"/nowhere/{NUMBER}")
    result = scanned(tmp_path)
    inode = (tmp_path / NAME).stat().st_ino
    assert result.found == 5
    assert f"{tmp_path.name}/(withheld) [inode {inode}] (name)" in result.places
    assert f"{tmp_path.name}/shortcut (link)" in result.places
    assert not any(Finder(NEEDLES).found_in_text(place) for place in result.places)


def test_what_could_not_be_read_never_shows_a_needle(tmp_path: Path) -> None:
    """A damaged file with a needle in its name is named by its inode."""
    (tmp_path / f"{NAME}.zip").write_bytes(b"PK\x03\x04 broken")
    (unread,) = scanned(tmp_path).unread
    assert unread.endswith("]: damaged")
    assert NAME not in unread


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link to a file or directory outside, or to itself, leads nowhere."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "list").write_text(NUMBER)
    home = tmp_path / "home"
    home.mkdir()
    (home / "file").symlink_to(tmp_path / "outside" / "list")
    (home / "directory").symlink_to(tmp_path / "outside")
    (home / "itself").symlink_to(home)
    result = scanned(home)
    assert (result.found, result.files) == (0, 0)


def test_a_deleted_row_is_found_until_the_database_is_vacuumed(tmp_path: Path) -> None:
    """SQLite keeps deleted text in its file and log; VACUUM and a truncated log remove it."""
    with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as database:
        for pragma in ("journal_mode=WAL", "secure_delete=OFF", "wal_autocheckpoint=0"):
            database.execute(f"PRAGMA {pragma}").fetchall()
        database.execute("CREATE TABLE letter (serial INTEGER, address TEXT)")
        database.execute("INSERT INTO letter VALUES (1, ?)", (ADDRESS,))
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        database.execute("DELETE FROM letter")
        deleted = scanned(tmp_path)
        database.execute("VACUUM")
        vacuumed = scanned(tmp_path)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        truncated = scanned(tmp_path)
    assert deleted.found >= 1
    assert vacuumed.found >= 1
    assert (truncated.found, truncated.unread) == (0, ())


def pdf_of(tmp_path: Path, source: str) -> bytes:
    (tmp_path / "letter.typ").write_text(f'#set text(font: "Noto Sans CJK JP", lang: "ja")\n{source}')
    fonts = Path(noto_cjk_sans_jp_regular.__file__).parent
    pdf = typst.compile(str(tmp_path / "letter.typ"), font_paths=[str(fonts)])
    (tmp_path / "letter.typ").unlink()
    assert isinstance(pdf, bytes)
    return pdf


def test_a_letter_is_found_in_a_pdf(tmp_path: Path) -> None:
    """Text of a PDF is found on its page: broken over lines, letter-spaced, beyond the edge; and in its metadata."""
    source = f"""
    #set document(title: "{NUMBER}")
    #set page(width: 6cm, height: 6cm, margin: 1cm)
    {ADDRESS}
    #pagebreak() #text(tracking: 1em)[集田 試子]
    #pagebreak() nothing
    #pagebreak() #h(5cm) #box(width: 10cm)[{NUMBER}]
    """
    (tmp_path / "letter.pdf").write_bytes(pdf_of(tmp_path, source))
    result = scanned(tmp_path)
    label = f"{tmp_path.name}/letter.pdf#"
    parts = [place.removeprefix(label) for place in result.places if "#" in place]
    assert parts == ["metadata", "page 1", "page 2", "page 4"]
    assert result.unread == ()


def test_a_hyphen_at_the_end_of_a_line_hides_nothing(tmp_path: Path) -> None:
    """A word that a PDF breaks at its own hyphen is found, as is one that got its hyphen from the break."""
    page = "#set page(width: 5cm, height: 5cm, margin: 1cm)\n"
    (tmp_path / "letter.pdf").write_bytes(pdf_of(tmp_path, f"{page} Canary-Asagaya-Kitaguchi-Nibankan"))
    assert scan([tmp_path], ["Asagaya-Kitaguchi-Nibankan"]).found == 1
    broken = pdf_of(tmp_path, f'{page} #set text(hyphenate: true, lang: "en")\n Canary representationalism')
    (tmp_path / "letter.pdf").write_bytes(broken)
    assert scan([tmp_path], ["representationalism"]).found == 1


def zipped(members: dict[str, bytes]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return memory.getvalue()


def test_the_members_of_a_zip_and_a_gzip_are_read(tmp_path: Path) -> None:
    """Compressed text is found by member number and offset, and only there."""
    secret = (ENGLISH_LEADS * 9 + ADDRESS.encode()) * 2
    (tmp_path / "a.zip").write_bytes(zipped({"clean": b"nothing", "list": secret}))
    (tmp_path / "b.gz").write_bytes(gzip.compress(secret))
    result = scanned(tmp_path, chunk_size=100)
    first, second = len(ENGLISH_LEADS * 9), len(secret) // 2 + len(ENGLISH_LEADS * 9)
    members = (f"{tmp_path.name}/a.zip#2", f"{tmp_path.name}/b.gz#1")
    assert result.places == tuple(f"{member}:{offset}" for member in members for offset in (first, second))


def encrypted_zip() -> bytes:
    """Return a zip whose directory says that its member is encrypted."""
    archive = bytearray(zipped({"list": b"nothing to see"}))
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    return bytes(archive)


def encrypted_pdf() -> bytes:
    """Return a small PDF that asks for a password nobody knows."""
    body = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
        b"3 0 obj<</Filter/Standard/V 1/R 2/P -4/O<" + b"11" * 32 + b">/U<" + b"22" * 32 + b">>>endobj\n"
    )
    return body + b"trailer<</Size 4/Root 1 0 R/Encrypt 3 0 R/ID[<00><00>]>>\n%%EOF"


def vault_file(tmp_path: Path) -> bytes:
    vault = Vault.create(cycle="2026", files=tmp_path / "vault", keys=tmp_path / "keys")
    vault.write("extract", ADDRESS.encode())
    content = (vault.directory / "extract").read_bytes()
    vault.destroy()
    return content


def test_what_cannot_be_opened_is_named_with_its_reason(tmp_path: Path) -> None:
    """Encrypted, compressed, nested and damaged files are unread, each with its reason, and nothing is passed over."""
    home = tmp_path / "home"
    home.mkdir()
    contents = {
        "a.7z": b"7z\xbc\xaf\x27\x1c...",
        "b.vault": vault_file(tmp_path),
        "c.zip": encrypted_zip(),
        "d.pdf": encrypted_pdf(),
        "e.zst": b"\x28\xb5\x2f\xfd...",
        "f.zip": zipped({"inner": zipped({"list": ADDRESS.encode()}), "sealed": b"7z\xbc\xaf\x27\x1c..."}),
        "g.gz": gzip.compress(os.urandom(999))[:-9],
        "h.zip": zipped({"list": os.urandom(999)})[:-30],
        "i.pdf": b"%PDF-1.7 and nothing more",
        "j.gz": gzip.compress(pdf_of(tmp_path, "x")),
    }
    for name, content in contents.items():
        (home / name).write_bytes(content)
    assert scanned(home).unread == (
        "home/a.7z: encrypted",
        "home/b.vault: encrypted",
        "home/c.zip#1: encrypted",
        "home/d.pdf: encrypted",
        "home/e.zst: compressed",
        "home/f.zip#1: nested",
        "home/f.zip#2: encrypted",
        "home/g.gz: damaged",
        "home/h.zip: damaged",
        "home/i.pdf: damaged",
        "home/j.gz#1: nested",
    )


def test_what_the_system_does_not_let_read_is_named(tmp_path: Path) -> None:
    """A root that is not there, a device and a file whose reading fails are unread, not clean."""
    result = scan([tmp_path / "gone", Path("/dev/null"), Path(f"/proc/{os.getpid()}/mem")], NEEDLES)
    assert sorted(result.unread) == ["gone: vanished", "mem: unreadable", "null: device"]


def test_excluded_places_are_not_read(tmp_path: Path) -> None:
    """An excluded file or directory is not looked at; its neighbours are."""
    for place in ("vault/a", "keys/b", "c", "d"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(NUMBER)
    result = scan([tmp_path], NEEDLES, exclude=[tmp_path / "vault", tmp_path / "keys" / ".." / "c"])
    assert [place.split(":")[0] for place in result.places] == [f"{tmp_path.name}/d", f"{tmp_path.name}/keys/b"]


def test_roots_may_be_files_and_may_overlap(tmp_path: Path) -> None:
    """A root inside another is read once, and a root that is a file is read."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "list").write_text(NUMBER)
    assert scan([tmp_path, tmp_path / "inner", tmp_path / "inner" / "list"], NEEDLES).found == 1
    assert scan([tmp_path / "inner" / "list"], NEEDLES).places == ("list:0",)


def test_short_needles_are_counted_not_sought(tmp_path: Path) -> None:
    """Needles under four characters, also blank ones, are skipped and counted, whatever they would match."""
    (tmp_path / "list").write_text("林　学 0123        ")
    result = scan([tmp_path], ["林　学", "012", "", "        ", "林　学"])
    assert (result.found, result.needles, result.needles_skipped) == (0, 0, 3)


def test_at_most_fifty_places_are_shown(tmp_path: Path) -> None:
    """All places are counted and fifty are shown."""
    (tmp_path / "list").write_text(f"{NUMBER}\n" * 70)
    result = scanned(tmp_path)
    assert (result.found, len(result.places)) == (70, 50)


def test_hits_that_overlap_are_one_place() -> None:
    """A needle inside another, and a number that reads as UTF-16 of both orders, count once."""
    assert len(Finder(["東京都杉並区架空町", "杉並区架空町", "東京都杉並区"]).found_in_text("東京都杉並区架空町")) == 1
    finder = Finder([NUMBER])
    assert len(list(finder.found(io.BytesIO(f"a{NUMBER}b".encode("utf-16-le"))))) == 1


def test_a_text_is_searched_like_a_file() -> None:
    """The finder counts places in a text in any form, broken over lines too, and 0 where there is none."""
    assert len(Finder(NEEDLES).found_in_text(f"1: {NAME}\n2: {ADDRESS!a}")) == 2
    assert len(Finder(NEEDLES).found_in_text("東京都杉並区\n  架空町九丁目99番\n9号コーポ𠮷野203号室")) == 1
    assert not Finder(NEEDLES).found_in_text("はたちのつどい")


def test_the_search_shows_nothing_when_printed(tmp_path: Path) -> None:
    """Neither the finder nor the result shows a needle in its repr."""
    (tmp_path / "list").write_text(f"{ADDRESS} {NUMBER}")
    shown = f"{Finder(NEEDLES)!r} {scanned(tmp_path)!r}"
    assert not Finder(NEEDLES).found_in_text(shown)


def test_a_file_much_larger_than_the_memory_used_is_read(tmp_path: Path) -> None:
    """A needle at the end of a large file is found at its offset."""
    with (tmp_path / "large").open("wb") as file:
        file.truncate(40 << 20)
        file.seek(0, os.SEEK_END)
        file.write(ADDRESS.encode())
    with TemporaryDirectory() as empty:
        result = scan([tmp_path, Path(empty)], NEEDLES)
    assert result.places == (f"{tmp_path.name}/large:{40 << 20}",)
