"""Reading the register's extract: every form it may have, and every file that is refused before it does harm."""

import csv
import io
import os
import random
import time
import traceback
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measuring import peak_of

from adapters import register
from adapters.register import RegisterTable, parse_register, read_register
from models.errors import TsudoiError
from models.extract import UnreadableExtract
from models.programme import Programme, text_of

PROGRAMME = Programme.parse(text_of(Path(__file__).parents[2] / "deploy/programmes/hatachi.toml"), name="hatachi.toml")
COLUMNS = (*PROGRAMME.extract.needed, *PROGRAMME.extract.known)
HEADER = ",".join(COLUMNS)
ROW = "1000000001,試験　太郎,1600023,東京都新宿区西新宿二丁目８番１号,2006-04-02,梅荘１０１,,,"
SECRETS = ("試験", "太郎", "西新宿", "1000000001", "梅荘")


def _read(folder: Path, data: bytes | str, programme: Programme = PROGRAMME) -> RegisterTable:
    path = folder / "試験太郎.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_register(path, programme=programme)


def _refused(folder: Path, data: bytes | str, programme: Programme = PROGRAMME) -> tuple[str, int | None, str]:
    """Read what must be refused, and see that nothing of it stands in the error."""
    with pytest.raises(UnreadableExtract) as caught:
        _read(folder, data, programme)
    _keeps_silent(caught.value)
    finding = caught.value.findings[0]
    assert finding.verdict == "refused"
    return finding.code, finding.row, finding.column


def _keeps_silent(error: BaseException) -> None:
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None:
        chain.append(link)
        link = link.__cause__ or link.__context__
    said = "".join([*map(str, chain), *map(repr, chain), *traceback.format_exception(error)])
    assert not [secret for secret in SECRETS if secret in said or repr(secret.encode("cp932"))[2:-1] in said]


@pytest.mark.parametrize(
    ("codec", "mark", "encoding"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8-sig"),
        ("utf-16-le", b"\xff\xfe", "utf-16"),
        ("utf-16-be", b"\xfe\xff", "utf-16"),
        ("cp932", b"", "cp932"),
    ],
)
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_every_form_reads_the_same(tmp_path: Path, codec: str, mark: bytes, encoding: str, end: str) -> None:
    """Encoding, mark, line ends and the end mark of old systems change nothing about the cells."""
    for last in ("", "\n", "\r\n\x1a", "\n\n\x1a\n"):
        table = _read(tmp_path, mark + (end.join([HEADER, ROW, ROW]) + last).encode(codec))
        assert table.encoding == encoding
        assert table.frame.rows() == [(2, *ROW.split(",")), (3, *ROW.split(","))]
        assert table.frame.columns == ["row", *COLUMNS]
        assert table.findings == ()


def test_the_hash_and_size_are_those_of_the_file(tmp_path: Path) -> None:
    """Hash and size are of the bytes as they came."""
    table = _read(tmp_path, f"{HEADER}\n{ROW}\n")
    assert table.size == len(f"{HEADER}\n{ROW}\n".encode())
    assert len(table.sha256) == 64
    with pytest.raises(UnreadableExtract) as caught:
        _read(tmp_path, "a,b\n1,2\n")
    assert len(caught.value.sha256) == 64


def test_columns_may_come_in_any_order(tmp_path: Path) -> None:
    """Columns are found by name, not by place."""
    order = random.Random(3).sample(range(9), 9)
    lines = [",".join(line.split(",")[it] for it in order) for line in (HEADER, ROW)]
    assert _read(tmp_path, "\n".join(lines)).frame.rows() == [(2, *ROW.split(","))]


def test_a_header_in_another_spelling_is_read_and_said(tmp_path: Path) -> None:
    """Half-width kana, full-width letters and spaces in a header are no other column, but a warning names it."""
    table = _read(tmp_path, f"{HEADER.replace('氏名', '氏　名 ').replace('住所', ' 住 所')}\n{ROW}")
    assert [(it.code, it.column) for it in table.findings] == [("header_spelling", "氏名"), ("header_spelling", "住所")]
    assert table.frame["氏名"].to_list() == ["試験　太郎"]


def test_an_unknown_column_is_dropped_and_named(tmp_path: Path) -> None:
    """A column that the programme does not know is nowhere in the table, and a warning names its header."""
    table = _read(tmp_path, f"続柄,{HEADER},\n秘密,{ROW},秘密")
    assert [(it.code, it.column) for it in table.findings] == [("unknown_column", "続柄"), ("unknown_column", "#11")]
    assert "秘密" not in str(table.frame.rows())


def test_a_known_column_that_is_absent_is_empty_and_said(tmp_path: Path) -> None:
    """Without the column of protective measures nobody can be held back: a warning says so."""
    needed = PROGRAMME.extract.needed
    table = _read(tmp_path, ",".join(needed) + "\n" + ",".join(ROW.split(",")[: len(needed)]))
    assert [it.column for it in table.findings if it.code == "absent_column"] == list(PROGRAMME.extract.known)
    assert table.frame["支援措置"].to_list() == [""]


def test_quoted_cells_keep_commas_quotes_and_line_breaks(tmp_path: Path) -> None:
    """What quotation marks enclose is one cell, and rows are counted as a spreadsheet shows them."""
    first = ROW.replace("試験　太郎", '"試験,\r\n""太郎"""')
    table = _read(tmp_path, f'{HEADER}\r\n{first}\r\n"{ROW.replace(",", chr(34) + "," + chr(34))}"\r\n')
    assert table.frame["氏名"].to_list() == ['試験,\n"太郎"', "試験　太郎"]
    assert table.frame["row"].to_list() == [2, 3]
    inside = _read(tmp_path, f"{HEADER}\n{ROW.replace('　', chr(34))}")
    assert inside.frame["氏名"].to_list() == ['試験"太郎']


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", ("empty_file", None, "")),
        (b"\n\n\x1a", ("empty_file", None, "")),
        (HEADER, ("empty_file", None, "")),
        (f"{ROW}\n{ROW}", ("missing_column", 1, "宛名番号")),
        (f"{HEADER.replace('住所', '所在')}\n{ROW}", ("missing_column", 1, "住所")),
        (f"{HEADER},住 所\n{ROW},", ("doubled_column", 1, "住所")),
        (f"{HEADER}\n{ROW}\n{ROW},x\n{ROW}", ("row_width", 3, "")),
        (f"{HEADER}\n{ROW}\n{ROW[:-1]}\n{ROW}", ("row_width", 3, "")),
        (f"{HEADER}\n{ROW}\n\n{ROW}", ("row_width", 3, "")),
        (f"{HEADER}\n{ROW[:-1]}\n{ROW},", ("row_width", 2, "")),
        (f"{HEADER}\n{ROW},", ("row_width", 2, "")),
        (f'{HEADER}\n{ROW}"', ("broken_quote", 2, "")),
        (f'{HEADER}\n{ROW}\n"{ROW}\n{ROW}', ("broken_quote", 3, "")),
        (f'{HEADER}\n"1"{ROW}', ("broken_quote", 2, "")),
        (f'"{HEADER}\n{ROW}', ("broken_quote", 1, "")),
        (f"{HEADER}\n{ROW}\n{ROW}".replace("試験", "試\0験"), ("control_character", 2, "#2")),
        (f"{HEADER}\n{ROW}".replace("試験", "試\t験"), ("control_character", 2, "#2")),
        (f"{HEADER}\n{ROW}".replace(",", "\t"), ("tab_separated", 1, "")),
        (f"{HEADER}\n{ROW.replace('梅荘', chr(27) + '[31m')}", ("control_character", 2, "#6")),
        (f"{HEADER}\n{ROW}\x1a\n{ROW}", ("control_character", 2, "#9")),
    ],
)  # fmt: skip
def test_a_malformed_file_is_refused_with_its_place(
    tmp_path: Path, data: bytes | str, found: tuple[str, int | None, str]
) -> None:
    """What is missing, doubled, too short, too long, unclosed or invisible is refused, with row and column."""
    assert _refused(tmp_path, data) == found


@pytest.mark.parametrize(
    "start",
    [b"PK\x03\x04", b"\x1f\x8b\x08", b"%PDF-1.7", b"7z\xbc\xaf\x27\x1c", b"\xd0\xcf\x11\xe0", b"<!DOCTYPE html>",
     b"\xef\xbb\xbf\n <html>", b"<?xml version='1.0'?>"],
)  # fmt: skip
def test_a_file_of_another_kind_is_refused_by_its_first_bytes(tmp_path: Path, start: bytes) -> None:
    """A workbook, an archive, PDF or HTML is no CSV, whatever its name says."""
    assert _refused(tmp_path, start + f"\n{HEADER}\n{ROW}".encode()) == ("not_csv", None, "")


def test_random_bytes_are_refused(tmp_path: Path) -> None:
    """What is neither UTF-8 nor UTF-16 nor CP932 is refused."""
    for seed in range(20):
        assert _refused(tmp_path, random.Random(seed).randbytes(500)) in {("not_text", None, ""), ("not_csv", None, "")}
    assert _refused(tmp_path, f"{HEADER}\n{ROW}".encode("utf-16-le"))[0] == "not_text"
    assert _refused(tmp_path, b"a,b\n\x81\n")[0] == "undecodable"
    assert _refused(tmp_path, b"\xff\xfe" + f"{HEADER}\n{ROW}".encode("utf-16-le") + b"\xd8")[:2] == (
        "mixed_encoding",
        2,
    )


def test_mixed_encodings_are_refused_with_the_row(tmp_path: Path) -> None:
    """A file that begins in one encoding and goes on in another is refused with the row where it changes."""
    utf8 = [line.encode() for line in (HEADER, ROW, ROW, ROW)]
    cp932 = [line.encode("cp932") for line in (HEADER, ROW, ROW, ROW)]
    assert _refused(tmp_path, b"\n".join([*utf8[:3], cp932[3]])) == ("mixed_encoding", 4, "")
    assert _refused(tmp_path, b"\r\n".join([*cp932[:2], utf8[2], cp932[3]])) == ("mixed_encoding", 3, "")
    assert _refused(tmp_path, b"\n".join([*cp932[:3], b"\x80\xff\x81"]))[1] == 4
    both = "1000000002,ああ,1600023,ああ,2006-04-02,,,,".encode()
    assert both.decode("cp932") != both.decode("utf-8")
    assert _refused(tmp_path, b"\n".join([*cp932[:3], both, cp932[3]])) == ("mixed_encoding", 4, "")


@pytest.mark.parametrize("header", ["個 人 番 号", "ﾏｲﾅﾝﾊﾞｰ", "住民票ｺｰﾄﾞ", "本人_個人番号（１２桁）"])
def test_a_forbidden_header_refuses_the_whole_file(tmp_path: Path, header: str) -> None:
    """Individual numbers and resident record codes are refused by their header before anything else is looked at."""
    assert _refused(tmp_path, f"{HEADER},{header}\n{ROW},")[0] == "forbidden_column"


def test_individual_numbers_are_refused_by_value(tmp_path: Path) -> None:
    """A column of them under any header, or a single one in a name, refuses the whole file and names the column."""
    number = "983205673214"
    assert _refused(tmp_path, f"{HEADER},備考\n{ROW},{number}") == ("individual_number", None, "#10")
    assert _refused(tmp_path, f"{HEADER}\n{ROW}\n{ROW.replace('太郎', number)}") == ("individual_number", None, "氏名")
    assert _read(tmp_path, f"{HEADER}\n{ROW.replace('1000000001', number)}").frame.height == 1


def test_only_a_plain_file_is_read(tmp_path: Path) -> None:
    """A missing file, a folder, a link, a FIFO and a device are refused at once, without waiting."""
    (tmp_path / "extract.csv").write_text(f"{HEADER}\n{ROW}", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "extract.csv")
    os.mkfifo(tmp_path / "fifo")
    places = {"missing": "no_file", "a\0b": "no_file", "link": "not_regular", "fifo": "not_regular", ".": "not_regular",
              "/dev/zero": "not_regular"}  # fmt: skip
    for name, code in places.items():
        with pytest.raises(UnreadableExtract) as caught:
            read_register(tmp_path / name, programme=PROGRAMME)
        assert caught.value.findings[0].code == code
        assert str(tmp_path) not in str(caught.value)


def test_a_file_over_the_limit_is_refused_before_reading(tmp_path: Path) -> None:
    """A file of a terabyte is refused by its size alone; one of exactly the limit is read."""
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate(1 << 40)

    def refused() -> None:
        with pytest.raises(UnreadableExtract) as caught:
            read_register(huge, programme=PROGRAMME)
        assert caught.value.findings[0].code == "too_large"

    assert peak_of(refused) < 1 << 20
    extract = PROGRAMME.extract.model_copy(update={"size_limit_mib": 1})
    small = PROGRAMME.model_copy(update={"extract": extract})
    text = f"{HEADER}\n{ROW}\n"
    filled = f"{HEADER}\n{ROW}{'x' * ((1 << 20) % len(text.encode()))}"
    assert _read(tmp_path, filled, small).frame.height == 1
    assert _refused(tmp_path, f"{text}{'x' * (1 << 20)}", small)[0] == "too_large"


@given(st.lists(st.lists(st.text('aあ,"\n #'), min_size=3, max_size=3), min_size=1), st.booleans())
def test_what_was_written_is_read(rows: list[list[str]], quote_all: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    """Cells of every kind come back as they were written, whichever way they were quoted."""
    out = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    csv.writer(out, lineterminator="\n", quoting=quoting).writerows([["a", "b", "c"], *rows])
    text = out.getvalue().encode()
    quick = register._quickly(text, 3)
    assert register._carefully(text, 3).rows()[1:] == [tuple(row) for row in rows]
    assert quick is None or quick.rows()[1:] == [tuple(row) for row in rows]


@given(st.text("ab,\n", max_size=40))
@settings(max_examples=600)
def test_polars_is_believed_only_where_the_csv_module_agrees(text: str) -> None:
    """Whatever a file holds, the quick way gives the cells of the careful one, or nothing."""
    data = f"x,y,z\n{text}".encode().rstrip(b"\n") + b"\n"
    quick = register._quickly(data, 3)
    assert quick is None or quick.equals(register._carefully(data, 3))


def test_the_quick_way_is_taken_for_ordinary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain file is read by polars; one with quotation marks, short or long rows never."""
    with monkeypatch.context() as patch:
        patch.delattr(register, "_carefully")
        for end in ("", "\n", "\r\n\x1a"):
            assert _read(tmp_path, f"{HEADER}\n{ROW}{end}").frame.height == 1
    assert register._quickly(b"x,y\n1,2\n3,\n", 2) is not None
    for text in (b'x,y\n"1",2\n', b"x,y\n1\n3,4\n", b"x,y\n1,2,3\n3,4\n", b"x,y\n1\n2,3,\n", b"x,y\n\n2,3\n"):
        assert register._quickly(text, 2) is None


_CODECS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp932"])
_TEXTS = st.tuples(st.sampled_from([HEADER, f"{HEADER},備考", ""]), st.text(max_size=200), _CODECS, st.booleans()).map(
    lambda it: "\n".join([it[0], *([f"{ROW},x"] if it[3] else []), it[1]]).encode(it[2], "ignore")
)
_SPLICES = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3), st.binary(max_size=4)), max_size=6)
_MENDED = st.tuples(_CODECS, st.sampled_from(["\n", "\r\n", "\r"]), _SPLICES).map(
    lambda it: _spliced(it[1].join([HEADER, ROW, f'"{ROW[:10]}"{ROW[10:]}', ROW, ""]).encode(it[0]), it[2])
)
_FILES = st.binary(max_size=300) | _TEXTS | _MENDED


def _spliced(data: bytes, splices: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, instead in splices:
        data = data[:at] + instead + data[at + length :]
    return data


def _is_read_or_refused(data: bytes) -> None:
    with suppress(TsudoiError):
        frame = parse_register(data, programme=PROGRAMME).frame
        assert frame.schema["氏名"] == pl.String
        assert frame.null_count().row(0) == (0,) * frame.width


@given(_FILES)
@settings(max_examples=400)
def test_no_file_raises_anything_but_the_products_own_errors(data: bytes) -> None:
    """Any bytes are either read or refused in words."""
    _is_read_or_refused(data)


@pytest.mark.long
def test_no_file_raises_anything_else_for_minutes() -> None:
    """The same holds for as long as the environment says (TSUDOI_FUZZ_MINUTES, ten without it)."""
    end = time.monotonic() + 60 * float(os.environ.get("TSUDOI_FUZZ_MINUTES", "10"))
    fuzz = settings(max_examples=3000, database=None, deadline=None)(given(_FILES)(_is_read_or_refused))
    while time.monotonic() < end:
        fuzz()
