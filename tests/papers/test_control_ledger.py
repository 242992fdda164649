"""The 管理簿 as people keep it: on paper and in Excel, and last year's taken in as history."""

from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import python_calamine
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from models.clock import TOKYO
from models.database import reading, writing
from models.errors import BadInput, Unknown
from papers import control_ledger
from states import ledger
from states.acts import ActRequest
from states.table import BY_TRIGGER
from steps import auditing, history
from steps.office import Office

HEADER = ["番号", "日時", "取扱者", "情報の内容", "数量", "相手方", "機会", "票番号", "備考"]
ROWS: list[list[Any]] = [
    [
        1,
        datetime(2025, 11, 10, 10, 30),  # noqa: DTZ001 - Excel knows no zones
        "架空 一郎",
        "媒体 M-2025-01",
        "1枚",
        "試験 花子",
        "第1回",
        "K-2025-01",
        "=1+1",
    ],
    [2, "令和7年11月11日（火） 午後1時05分", "架空 一郎", "通知書", 1, "", "", "", ""],
    [3, "R7.12.15", "試験 花子", "返却", "3点", "", "", "", "鍵付きカバン"],
    [4, date(2026, 1, 20), "架空 一郎", "廃棄", "3点", "", "", "", ""],
]


def workbook(path: Path, rows: list[list[Any]], *, header: list[str] | None = None, above: int = 2) -> Path:
    """Write an Excel file as a ward might have kept it, with a title above the table."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        page, when = book.add_worksheet(), book.add_format({"num_format": "yyyy/mm/dd hh:mm"})
        page.write_string(0, 0, "令和7年度 管理簿")
        for place, title in enumerate(header or HEADER):
            page.write(above, place, title)
        for row, cells in enumerate(rows, start=above + 1):
            for place, cell in enumerate(cells):
                page.write(row, place, cell, *([when] if isinstance(cell, date | time) else []))
    return path


def take(office: Office, path: Path, year: int = 2025, by: str = "sato") -> int:
    return history.take_history(office, path, year, by=by)


def said(office: Office) -> list[dict[str, Any]]:
    with reading(office.engine) as connection:
        return list(ledger.told(connection))


def test_last_years_book_becomes_history(office: Office, tmp_path: Path) -> None:
    """Each row is an entry marked as history, with its row, the file's hash and the moment as far as it is known."""
    before = len(said(office))
    assert take(office, workbook(tmp_path / "管理簿.xlsx", ROWS)) == 4
    new = said(office)[before:]
    assert {entry["event"] for entry in new} == {"history_imported"}
    assert len({entry["data"]["file_sha256"] for entry in new}) == 1
    assert [(entry["data"]["row"], entry["data"]["moved_at"]) for entry in new] == [
        (4, "2025-11-10T10:30:00+09:00"), (5, "2025-11-11T13:05:00+09:00"), (6, "2025-12-15"), (7, "2026-01-20"),
    ]  # fmt: skip
    assert [entry["data"]["quantity"] for entry in new] == ["1枚", "1", "3点", "3点"]
    auditing.verify(office)


def test_the_same_file_is_taken_once(office: Office, tmp_path: Path) -> None:
    """A second import of the same bytes is refused and names the entry."""
    path = workbook(tmp_path / "book.xlsx", ROWS)
    take(office, path)
    before = len(said(office))
    with pytest.raises(BadInput, match=str(before - 3)):
        take(office, path)
    assert len(said(office)) == before


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (["日時", "取扱者", "情報の内容"], "数量"),
        (["日時", "取扱者", "情報の内容", "数量", "氏名"], "E"),
        (["日時", "取扱者", "情報の内容", "数量", "数量"], "数量"),
        (["列1", "列2", "列3", "列4"], "管理簿の列"),
    ],
)
def test_columns_that_are_not_recognised_are_refused_in_words(
    office: Office, tmp_path: Path, header: list[str], words: str
) -> None:
    """A missing, unknown or doubled column is named, an unknown one by its letter and not by what it says."""
    row = ["2025-11-10", "架空 一郎", "媒体", "1枚", "2枚"][: len(header)]
    with pytest.raises(BadInput) as refused:
        take(office, workbook(tmp_path / "book.xlsx", [row], header=header))
    assert words in refused.value.message
    assert "氏名" not in str(refused.value)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (["", "架空 一郎", "媒体", "1枚"], "日時が空欄"),
        (["きのう", "架空 一郎", "媒体", "1枚"], "日付として読めません"),
        (["2025-02-30", "架空 一郎", "媒体", "1枚"], "日付として読めません"),
        (["2026-11-10", "架空 一郎", "媒体", "1枚"], "2025年度の日付ではありません"),
        (["2025-11-10", "架空 一郎", "媒" * 201, "1枚"], "長すぎます"),
        (["2025-11-10", "架空 一郎", "宛名 123456789018", "1枚"], "マイナンバー"),
        (["2025-11-10", "架空 一郎", "宛名 １２３４-５６７８-９０１８", "1枚"], "マイナンバー"),
        (["2025-11-10", "架空 一郎", "媒体", 123456789018], "マイナンバー"),
    ],
)
def test_a_row_that_cannot_be_taken_is_named_without_its_contents(
    office: Office, tmp_path: Path, row: list[Any], words: str
) -> None:
    """Nothing of the file is taken; the row is named by number, and what stands in it is not repeated."""
    before = said(office)
    path = workbook(tmp_path / "book.xlsx", [ROWS[2][1:5], row], header=HEADER[1:5])
    with pytest.raises(BadInput) as refused:
        take(office, path)
    assert words in refused.value.message
    assert "\n5: " in refused.value.message
    assert not any(text in refused.value.message for text in ("架空", "1234", "１２３４", "宛名", "きのう"))
    assert said(office) == before


@given(st.integers(0, 10**11 - 1))
def test_of_twelve_digits_one_check_digit_is_an_individual_number(eleven: int) -> None:
    """For any eleven digits exactly one twelfth makes an individual number; eleven or thirteen are none."""
    found = [n for n in range(10) if history.holds_individual_number(f"番号{eleven:011}{n}、")]
    assert len(found) == 1
    assert not history.holds_individual_number(f"{eleven:011}")
    assert not history.holds_individual_number(f"{eleven:011}{found[0]}0")


def test_whoever_is_not_on_the_register_takes_nothing_in(office: Office, tmp_path: Path) -> None:
    """An unknown person, a file that is not there and one that is no Excel are refused in words."""
    path = workbook(tmp_path / "book.xlsx", ROWS)
    with pytest.raises(Unknown):
        take(office, path, by="nobody")
    with pytest.raises(Unknown):
        take(office, tmp_path / "none.xlsx")
    (tmp_path / "text.xlsx").write_text("no workbook")
    with pytest.raises(BadInput):
        take(office, tmp_path / "text.xlsx")


@pytest.fixture
def moved(office: Office) -> Office:
    """Give an office whose ledger tells of a movement, a late entry, a deviation and a refusal."""

    def entry(event: str, at: str, **data: Any) -> ledger.Entry:
        return ledger.Entry(at=datetime.fromisoformat(at), event=event, by="sato", via="desk", cycle_id="hatachi-2026",
                            data=data)  # fmt: skip

    movement = {"item": "M-2026-01", "giver": "sato", "receiver": "kobayashi", "occasion": "第1回", "slip": "K-2026-01",
                "quantity": 1, "locked_bag": True}  # fmt: skip
    with writing(office.engine) as connection:
        ledger.append_all(
            connection,
            [
                entry("medium_handed_over", "2026-11-09T18:00:00+09:00", record=movement,
                      occurred_at="2026-11-09T10:20:00+09:00"),
                entry("deviation_recorded", "2026-11-09T18:00:00+09:00", act="hand_over_medium",
                      broken=["bag_is_locked"]),
                entry("act_flagged", "2026-11-10T09:00:00+09:00", act="post", flag="overdue"),
                entry("receipt_reported", "2026-11-11T10:00:00+09:00", record={"received": 4012},
                      occurred_at="2026-11-11T10:00:00+09:00"),
            ],
        )  # fmt: skip
    office.clock.set(datetime(2026, 11, 12, 9, tzinfo=TOKYO))  # type: ignore[attr-defined]  # a rehearsal's clock
    return office


def tables_of(path: Path) -> list[list[dict[str, str]]]:
    """Return the rows of every sheet of a 管理簿 by their titles."""
    book, found = python_calamine.CalamineWorkbook.from_path(str(path)), []
    for name in book.sheet_names:
        rows = book.get_sheet_by_name(name).to_python()
        top = next(place for place, row in enumerate(rows) if row[0] == "番号")
        found.append([dict(zip(rows[top], map(str, row), strict=True)) for row in rows[top + 1 :]])
    return found


def test_excel_shows_what_the_ward_asks_for(moved: Office, tmp_path: Path) -> None:
    """A movement is a row with 日時 取扱者 情報の内容 数量 and how it went; decisions are the other sheet."""
    [path] = auditing.export_books(moved, tmp_path, xlsx=True, pdf=False)
    [movement], (_opened, deviation, flag, receipt) = tables_of(path)
    assert (movement["年月日"], movement["時刻"], movement["和暦"]) == ("2026-11-09", "10:20", "令和8年11月9日（月）")
    assert (movement["渡した人"], movement["受けた人"], movement["数量"]) == ("佐藤 みどり", "小林 舞", "1枚")
    assert (movement["運搬者"], movement["容器"]) == ("佐藤 みどり", "鍵付きカバン")
    assert (movement["機会"], movement["票番号"]) == ("第1回", "K-2026-01")
    assert "後から記入（2026-11-09 18:00）" in movement["備考"]
    assert (deviation["事項"], deviation["決定・点検の内容"]) == ("逸脱記録", "媒体手渡し")
    assert deviation["備考"].startswith("逸脱：")
    assert "bag_is_locked" not in deviation["備考"]
    assert (flag["決定・点検の内容"], receipt["数量"]) == ("差出　期限超過", "4,012人分")


def test_paper_leaves_out_what_no_hand_did(moved: Office, tmp_path: Path) -> None:
    """The PDF lists what people did, and says how many automatic records it leaves to Excel."""
    [path] = auditing.export_books(moved, tmp_path, xlsx=False, pdf=True)
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(path))
    assert "期限の表示・督促の自動記録 1 件" in text
    assert "期限超過" not in text
    assert all(words in text for words in ("M-2026-01", "小林 舞", "逸脱：", "K-2026-01"))


def test_history_has_a_book_of_its_own(office: Office, tmp_path: Path) -> None:
    """What was taken in is exported again as a book of its year, each row with its origin; a formula stays text."""
    take(office, workbook(tmp_path / "book.xlsx", ROWS))
    files = auditing.export_books(office, tmp_path, xlsx=True, pdf=True)
    assert [path.name for path in files] == [
        "control-ledger-hatachi-2026.xlsx", "control-ledger-hatachi-2026.pdf",
        "control-ledger-history-2025.xlsx", "control-ledger-history-2025.pdf",
    ]  # fmt: skip
    rows = python_calamine.CalamineWorkbook.from_path(str(files[2])).get_sheet_by_index(0).to_python()
    assert rows[-4][-1] == "=1+1　過年度の管理簿から（Excel 4行目）"
    assert rows[-2][1:4] == ["2025-12-15", "令和7年12月15日（月）", ""]


def test_a_refusal_stands_out(office: Office) -> None:
    """A refused act is a line of the book that says in words what was missing."""
    row = BY_TRIGGER["conclude_contract"]
    record = row.record.model_validate(
        {
            "contract_number": "1",
            "begins_on": "2026-10-01",
            "ends_on": "2026-12-25",
            "special_provisions_attached": False,
        }
    )
    with pytest.raises(Exception, match="契約"):
        office.door.perform(ActRequest(cycle_id="hatachi-2026", trigger=row.trigger, by="sato", record=record, key="k"))
    with reading(office.engine) as connection:
        line = control_ledger.lines_of(connection, "hatachi-2026")[-1]
    assert line["stands_out"]
    assert line["remark"].startswith("不足：")
    assert "_" not in line["remark"]


def test_every_column_that_a_movement_does_not_tell_is_named(moved: Office) -> None:
    """What an older record does not hold is 記載なし, what nobody knew is 不明, and both are lacking."""
    told = {"item": "M-2026-01", "giver": "", "receiver": "kobayashi", "slip": "K-2", "quantity": 1, "locked_bag": None}
    old = {"delivered": 3866, "opened": 20, "wrong": 0}
    with writing(moved.engine) as connection:
        for event, record in (("item_moved", told), ("delivery_inspected", old)):
            entry = ledger.Entry(at=moved.clock.now(), event=event, by="sato", via="desk", cycle_id="hatachi-2026",
                                 data={"record": record})  # fmt: skip
            ledger.append_all(connection, [entry])
    with reading(moved.engine) as connection:
        lines = control_ledger.lines_of(connection, "hatachi-2026")
    full, unknown, untold = (line for line in lines if line["moves"])
    assert control_ledger.lacking(full) == ()
    assert control_ledger.lacking(unknown) == ("渡した人", "運搬者", "容器")
    assert (unknown["who"], unknown["container"]) == ("不明", "不明")
    assert control_ledger.lacking(untold) == ("渡した人", "受けた人", "運搬者", "容器", "票番号")
    assert {untold[name] for name in ("who", "receiver", "carrier", "container", "slip")} == {"記載なし"}
    assert (untold["content"], untold["quantity"]) == ("案内状（封緘済）（氏名、郵便番号、住所）", "3,866通")
    assert not any(control_ledger.lacking(line) for line in lines if not line["moves"])


@pytest.mark.parametrize(
    ("event", "data", "words"),
    [
        (
            "row_decided",
            {"record": {"row": 14, "how": "substitute", "reason": "font", "substitute": "U+9AD9>U+9AD8"}},
            "14行目「氏名」：置換え　U+9AD9>U+9AD8（理由 font）",
        ),
        ("row_decided", {"record": {"row": 15, "how": "accept", "reason": "seen"}}, "15行目：そのまま（理由 seen）"),
        ("paper_printed", {"paper": "slip K-2026-01 (27)"}, "確認記録票　K-2026-01（第27号の受渡し）"),
        ("paper_printed", {"paper": "notice P-2026-01"}, "パスワード通知書　P-2026-01"),
        ("contract_concluded", {"record": {"contract_number": "総-1", "contract": "ab" * 32, "begins_on": "2026-10-01",
                                           "special_provisions_attached": True}},
         "契約番号：総-1、契約期間（始期）：2026-10-01、特記事項の添付：はい"),
        ("data_handed_over", {"record": {}}, "確認した"),
        ("returned_mail_closed", {"record": {"returned": {"moved": 2}}}, "理由別の返戻件数：転居先不明 2"),
        ("entry_corrected", {"record": {"corrects": 1, "correction": "数量は2枚", "reason": "誤記"}}, "正：数量は2枚"),
    ],
)  # fmt: skip
def test_a_decision_says_what_was_decided(moved: Office, event: str, data: dict[str, Any], words: str) -> None:
    """A held row by row and column, a print by its slip number, anything else field by field without check values."""
    held = {"record": {"rows": [{"row": 14, "column": "氏名", "code": "font"}]}}
    with writing(moved.engine) as connection:
        for its_event, said_of_it in (("extract_taken", held), (event, data)):
            entry = ledger.Entry(at=moved.clock.now(), event=its_event, by="sato", via="desk",
                                 cycle_id="hatachi-2026", data=said_of_it)  # fmt: skip
            ledger.append_all(connection, [entry])
    with reading(moved.engine) as connection:
        assert control_ledger.lines_of(connection, "hatachi-2026")[-1]["content"] == words
