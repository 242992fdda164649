"""Paper: every document says all it was given, letters keep every character, and nobody's data leaves with an error."""

import json
import re
import shutil
import subprocess
import sys
import traceback
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, get_type_hints

import noto_cjk_sans_jp_regular
import psutil
import pypdfium2
import pytest
import zxingcpp
from piece_codes import by_definition
from PIL import Image

from adapters import press as press_module
from adapters.barcode import customer_barcode
from adapters.fonts import default_font
from adapters.press import DUMMY, Addressee, Press
from models.errors import BadInput, BadSetting
from models.letter import Words
from papers import (
    checking,
    control_ledger,
    enclosing,
    erasure,
    evidence,
    mailing,
    media_return,
    reporting,
    slips,
    transfer,
)

TEMPLATES = Path(press_module.__file__).parents[1] / "deploy" / "programmes" / "hatachi"
FONT = Path(str(noto_cjk_sans_jp_regular.FONT_PATH))
FAMILY = "Noto Sans CJK JP"
MM = 72 / 25.4
CODE_SIGNS = re.compile("[ \U0010f000-\U0010f0ff]*[\U0010f000-\U0010f0ff]+(\r\n)?")

DAY = {"iso": "2026-11-09", "wareki": "令和8年11月9日（月）"}
INSTANT = {**DAY, "time": "10:30"}
HEAD = {
    "municipality": "新宿区",
    "section": "総務部総務課",
    "programme": "はたちのつどいに係る案内状印刷及び封入封緘作業の委託",
    "fiscal_year": "令和8年度（2026）",
    "number": "8新総総第0123号",
    "date": DAY,
}
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
ROOT = "qp5cMJB8kKz0R4C5cXx2vH8sYB0pE7bWQd3w1nJt6uA="
CHECKPOINT = [
    "ledger.tsudoi.city.shinjuku.example",
    "128",
    ROOT,
    "",
    "— ledger.tsudoi.city.shinjuku.example " + "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJur" * 2 + "mRDeOoRDe4UR=",
]
WORDS: Words = {
    "fiscal_year": 2026,
    "tray": 500,
    "municipality": "新宿区",
    "sender": "新宿区長",
    "contact": "新宿区総務部総務課総務係",
    "date": {"iso": "2026-11-30", "wareki": "令和8年11月30日（月）"},
    "ceremony": "はたちのつどい",
    "ceremony_on": {"iso": "2027-01-11", "wareki": "令和9年1月11日（月・祝）"},
    "ceremony_at": "午前11時開式（午前10時開場）",
    "place": "見本会館（新宿区見本町一丁目1番1号）",
    "inserts": [
        {"name": "はたちのつどい案内リーフレット", "count": "1部"},
        {"name": "返信用はがき", "count": "2枚"},
    ],
    "customer_barcode": False,
    "box": {
        "name_width_mm": 80,
        "name_size_pt": 14,
        "address_width_mm": 80,
        "address_size_pt": 10.5,
        "barcode_size_pt": 10,
    },
}
BARRED: Words = {**WORDS, "customer_barcode": True}

EXAMPLES: dict[str, dict[str, Any]] = {
    "password_notice": {
        "head": HEAD,
        "medium": "M-2026-01",
        "reissue": "再発行",
        "addressee": {"company": "株式会社旭堂", "name": "印南 守"},
        "package": "P-2026-01",
        "sha256": SHA256,
        "groups": [
            {"text": "k7Qm", "kana": "小ケイ・ナナ・大キュー・小エム"},
            {"text": "x2Rt", "kana": "小エックス・ニ・大アール・小ティー"},
            {"text": "Hn48", "kana": "大エイチ・小エヌ・ヨン・ハチ"},
            {"text": "pW3c", "kana": "小ピー・大ダブリュー・サン・小シー"},
            {"text": "dY6v", "kana": "小ディー・大ワイ・ロク・小ブイ"},
            {"text": "Zj95", "kana": "大ゼット・小ジェイ・キュウ・ゴ"},
        ],
        "giver": "手代木 渡",
        "receiver": "印南 守",
        "checkpoint": CHECKPOINT,
    },
    "control_sheet": {
        "head": HEAD,
        "package": "P-2026-01",
        "medium": "M-2026-01",
        "quantity": "媒体1枚",
        "form": "7z（AES-256、ファイル名も暗号化）",
        "made_at": INSTANT,
        "made_by": "手代木 渡",
        "checked_by": "点田 検",
        "sha256": SHA256,
        "read_back": "合格（読み戻した値が一致）",
        "virus_scan": "検出なし（パターン 2026-11-09.001）",
    },
    "slip": {
        "head": HEAD,
        "marks": ["事後入力"],
        "entered_at": INSTANT,
        "condition": "良好",
        "code": "",
        "movement": "媒体の引渡し",
        "moved_at": INSTANT,
        "giver": {"affiliation": "新宿区総務部総務課", "name": "手代木 渡"},
        "receiver": {"affiliation": "株式会社旭堂", "name": "印南 守"},
        "content": "案内状の宛名データ（暗号化済み）　パッケージ P-2026-01",
        "quantity": "媒体1枚",
        "occasion": "第1回（媒体）。パスワード通知書とは別の機会",
        "bag": "鍵付きカバン（第3号）",
        "carrier": "印南 守（手渡し）",
        "checks": [
            {"label": "鍵付きカバン等の施錠を確かめた", "done": True},
            {"label": "外観に異常がない", "done": True},
            {"label": "数量が一致する", "done": True},
            {"label": "媒体番号が管理票と一致する", "done": False},
        ],
        "stamps": [{"label": "渡した人", "value": "手代木 渡"}, {"label": "受け取った人", "value": "印南 守"}],
        "checkpoint": CHECKPOINT,
    },
    "pull_list": {
        "head": HEAD,
        "contractor": "株式会社旭堂",
        "list_number": "第2号",
        "stage": "封入封緘の後",
        "acknowledge_by": DAY,
        "rows": [{"serial": f"{serial:07}", "code": code} for serial, code in ((12, "A"), (845, "B"), (3999, "C"))],
        "codes": [
            {"code": "A", "meaning": "差替え"},
            {"code": "B", "meaning": "引抜き"},
            {"code": "C", "meaning": "その他"},
        ],
        "made_by": "手代木 渡",
        "sealed": True,
    },
    "posting_paper": {
        "head": HEAD,
        "poster": "総務部総務課",
        "post_on": DAY,
        "office": "新宿北郵便局",
        "letters": "4,122",
        "postage": [
            {"label": "郵便物の種類", "value": "第一種定形郵便物"},
            {"label": "割引", "value": "バーコード付郵便物割引（同時に1,000通以上、形状及び重量が同一、厚さ6mm以下）"},
            {"label": "割引前の料金", "value": "453,420円（110円 × 4,122通）"},
            {"label": "割引後の料金", "value": "439,818円（差額 13,602円）"},
            {"label": "料金表", "value": "令和6年10月1日（火）から適用（未確認）"},
        ],
        "approved_by": ["手代木 渡", "印南 守"],
        "approved_at": INSTANT,
    },
    "evidence_index": {
        "head": HEAD,
        "columns": [title for title, _width in evidence.COLUMNS],
        "rows": [
            evidence.EvidenceLine(
                "8",
                "管理簿・確認記録票（K-2026-01、K-2026-02）",
                "手続済・書類未着（不足 K-2026-03）",
                "令和8年11月9日（月）",
                ROOT,
                "総務課 書庫（写しは証跡フォルダー（ファイル名は検証値））",
                "W-OP-08、C-OP-08",
                "第120号",
            ),
            evidence.EvidenceLine("18", "消去報告書", "手続済・書類未着", "", "", "", "C-OP-11", "第131号"),
        ]
        * 20,
    },
    "ledger_print": {
        "head": HEAD,
        "period": "令和8年9月1日から令和9年2月1日まで",
        "root": ROOT,
        "left_out": 108,
        "movements": [
            {
                "number": number,
                "at": INSTANT,
                "title": "媒体を引き渡した" if number % 3 else "受領件数を確認した（受託者からの報告による）",
                "who": "手代木 渡",
                "receiver": "印南 守",
                "content": "案内状の宛名データ（暗号化済み）",
                "quantity": "媒体1枚",
                "carrier": "手代木 渡",
                "container": "鍵付きカバン",
                "occasion": "第1回 媒体手渡し",
                "slip": "K-2026-01",
                "remark": "",
                "stands_out": number % 7 == 0,
            }
            for number in range(1, 41)
        ],
        "decisions": [
            {
                "number": number,
                "at": INSTANT,
                "title": "文字・行の扱いの決定",
                "who": "手代木 渡",
                "content": "14行目「氏名」：そのまま（理由 font）",
                "quantity": "",
                "remark": "後から記入",
                "stands_out": number % 7 == 0,
            }
            for number in range(41, 61)
        ],
        "checkpoint": CHECKPOINT,
    },
    "report": {
        "head": HEAD,
        "contractor": "株式会社旭堂",
        "state": "完結",
        "counts": [
            {"label": "抽出した件数", "count": "4,286", "source": "抽出点検票"},
            {"label": "除外した件数", "count": "126", "source": "抽出点検票"},
            {"label": "引き渡した件数", "count": "4,160", "source": "管理簿 14"},
            {"label": "引き抜いた件数", "count": "38", "source": "引抜きリスト 第1号から第3号まで"},
            {"label": "差し出した件数", "count": "4,122", "source": "差出票"},
        ],
        "counts_result": {"holds": True, "text": "引き渡した件数＝差し出した件数＋引き抜いた件数"},
        "flow": [
            {
                "label": "抽出",
                "count": "4,286",
                "differs": False,
                "joins": [],
                "leaves": [
                    {"label": "除外", "count": "126"},
                ],
            },
            {"label": "差出", "count": "4,122", "differs": True, "joins": [], "leaves": []},
        ],
        "notes": ["抜取り開封: 4,122 通のうち 20 通を開封"],
        "integrity": [{"label": "員数確認", "value": "出力時の読取りによる照合"}],
        "schedule": [
            {
                "title": f"予定された手続 {number}",
                "owner": "戸籍住民課",
                "planned": "令和8年12月14日",
                "promised": "令和8年12月16日",
                "actual": "令和8年12月18日",
                "difference": "4日遅れ",
            }
            for number in range(1, 41)
        ],
        "overdue": [
            {
                "title": "消去報告",
                "owner": "受託者",
                "due": "令和8年12月14日",
                "done": "令和8年12月18日",
                "reminders": "4回",
            }
        ],
        "incidents": [],
        "measures": [
            {"label": "区　運用上の対策", "total": "13", "kept": "12", "open": "1", "not_applicable": "0"},
            {"label": "受託者　システム上の対策", "total": "11", "kept": "11", "open": "0", "not_applicable": "0"},
        ],
        "supervision": [{"label": "再委託", "value": "協和製本（承諾済）"}],
        "signing": [{"label": "署名した記録", "value": "31件"}],
        "erasure": [
            {"label": "返却された媒体／預けた媒体", "value": "1 / 1"},
            {"label": "消去したファイル", "value": "14"},
        ],
        "ledger": {"entries": "128件", "root": ROOT, "checkpoint": CHECKPOINT},
        "coordinator": "手代木 渡",
        "approver": "長谷部 認",
    },
    "erasure_record": {
        "head": HEAD,
        "items": [
            {
                "what": "抽出ファイル",
                "where": "金庫",
                "method": "暗号鍵の破棄",
                "erased_at": INSTANT,
                "by": "手代木 渡",
            },
            {"what": "宛名データ", "where": "金庫", "method": "暗号鍵の破棄", "erased_at": INSTANT, "by": "手代木 渡"},
        ],
        "key": {"treatment": "破棄済み（予備を含む2か所）", "destroyed_at": INSTANT, "by": "手代木 渡"},
        "scan": [{"label": "検査した領域", "value": "214 MiB"}, {"label": "見つかった件数", "value": "0"}],
        "unread": ["home/evidence/a1b2c3: encrypted"],
        "unread_more": 3,
        "kept": [{"what": "通し番号及び件数", "where": "業務データベース", "until": "2032-03-31"}],
        "operator": "手代木 渡",
        "witness": "点田 検",
        "approver": "長谷部 認",
    },
    "extract_report": {
        "head": HEAD,
        "condition": [{"label": "生年月日", "value": "平成18年4月2日から平成19年4月1日まで"}],
        "hits": "4,286",
        "excluded": [{"reason": "支援措置", "count": "40"}, {"reason": "死亡", "count": "12"}],
        "waiting": "0",
        "exported": "4,234",
        "result": "4,286 ＝ 4,234 ＋ 52（一致）",
        "comparison": [{"label": "前年度の件数", "value": "4,301（-67、-1.6%）"}],
        "months": [{"label": f"{month}月", "count": 340 + month} for month in (4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3)],
        "files": [{"label": "文字符号", "value": "UTF-8（BOMなし）"}],
        "sha256": SHA256,
        "font_sha256": SHA256,
        "held_codes": [],
        "deciders": "戸田 籍子（1件）",
        "held": [
            {"row": 2077, "column": "氏名", "code": "no_ivs U+E0102", "decision": "代替字で印字", "by": "戸田 籍子"}
        ],
        "checkers": ["戸田 籍子", "点田 検"],
    },
    "return_note": {
        "head": {**HEAD, "date": None},
        "contractor": "株式会社旭堂",
        "manager": "印南 守",
        "returned_at": None,
        "bag": "鍵付きカバン（第3号）",
        "items": [
            {"item": "媒体", "number": "M-2026-01", "received": "1枚", "returned": ""},
            {"item": "パスワード通知書", "number": "N-2026-01", "received": "1枚", "returned": ""},
        ],
        "giver": "",
        "receiver": "",
    },
    "erasure_report": {
        "head": {**HEAD, "date": None},
        "contractor": "株式会社旭堂",
        "manager": "印南 守",
        "items": [
            {"where": where, "what": "宛名データ（平文）", "method": "", "erased_at": None, "by": ""}
            for where in ("処理用端末", "印刷機の一時保存", "封入機の記録・映像", "バックアップ")
        ],
        "subcontracting": "なし",
        "operator": "",
        "witness": "",
    },
}
TYPES = {
    "password_notice": transfer.PasswordNotice,
    "control_sheet": transfer.ControlSheet,
    "slip": slips.SlipPaper,
    "pull_list": enclosing.PullList,
    "posting_paper": mailing.PostingPaper,
    "ledger_print": control_ledger.LedgerPrint,
    "evidence_index": evidence.EvidenceIndex,
    "report": reporting.YearReport,
    "erasure_record": erasure.ErasureRecord,
    "extract_report": checking.ExtractReport,
    "return_note": media_return.ReturnNote,
    "erasure_report": erasure.ErasureReport,
}
# Tried with the facts of a year in tests/papers/test_papers.py.
OF_THE_STEPS = {
    "checklist", "contractor_form", "handover_memo", "incident_notice", "incident_publication", "incident_report",
    "referral",
}  # fmt: skip
TITLES = {
    "password_notice": "パスワード通知書",
    "control_sheet": "管理票",
    "slip": "確認記録票",
    "pull_list": "引抜きリスト",
    "posting_paper": "差出準備票",
    "ledger_print": "管理簿",
    "evidence_index": "証跡索引",
    "report": "年度報告書",
    "erasure_record": "データ廃棄記録",
    "extract_report": "抽出点検票",
    "return_note": "返却書",
    "erasure_report": "消去報告書",
}

HARD = [
    Addressee(serial=1, name="辻\U000e0100 𠮷之介", postal_code="162-0051", address="新宿区西早稲田2丁目1番1〜23号"),
    Addressee(
        serial=2, name="辻\U000e0101 神\ufe00子", postal_code="169-0052", address="新宿区戸山3丁目18番「仮」・A棟"
    ),
    Addressee(serial=3, name="髙﨑　濵德", postal_code="160-0013", address="新宿区霞ケ丘町3番 ﾊｲﾂ鷗101号"),
    Addressee(
        serial=14, name="O'NEIL -- D\"ARC", postal_code="160-0023", address="新宿区西新宿二丁目8番1号 ffi--Bldg."
    ),
]
LONG = [
    Addressee(
        serial=21,
        name="NGUYEN THI PHUONG THAO MY DUYEN HANH HOA LE",
        postal_code="169-0073",
        address="東京都新宿区百人町1丁目23番4号 グランドメゾン新宿百人町イーストタワー1203号室 見本様方",
    ),
    Addressee(
        serial=22,
        name="WOLFESCHLEGELSTEINHAUSENBERGERDORFFWELCHEVOR",
        postal_code="169-0073",
        address="東京都新宿区百人町1丁目23番4号 ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ",
    ),
]


@pytest.fixture(scope="module")
def press() -> Press:
    """Make the press of the first programme with the font that comes with the project."""
    return Press(templates=TEMPLATES, fonts=[FONT], family=FAMILY)


@pytest.fixture
def mended(tmp_path: Path) -> Press:
    """Make a press whose templates a test may spoil."""
    shutil.copytree(TEMPLATES, tmp_path / "hatachi")
    return Press(templates=tmp_path / "hatachi", fonts=[FONT.parent], family=FAMILY)


def pages(pdf: bytes) -> list[str]:
    """Return the text of every page, line breaks taken out."""
    document = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_range().replace("\r\n", "") for page in document]


def window_text(pdf: bytes, page: int = 0) -> str:
    """Return the text that the envelope's window shows: 90 x 45 mm, 22 and 12 mm from the top left corner.

    The codes' own signs are taken out.
    """
    sheet = pypdfium2.PdfDocument(pdf)[page]
    top = sheet.get_height() - 12 * MM
    text = sheet.get_textpage().get_text_bounded(22 * MM, top - 45 * MM, (22 + 90) * MM, top)
    return CODE_SIGNS.sub("", text).rstrip()


def in_window(pdf: bytes, dpi: int, page: int = 0) -> Image.Image:
    """Return what the window shows as pixels, in shades of grey."""
    picture = pypdfium2.PdfDocument(pdf)[page].render(scale=dpi / 72, grayscale=True).to_pil()
    box = (22, 12, 22 + 90, 12 + 45)
    return picture.crop(tuple(round(side * dpi / 25.4) for side in box))


def read_bars(picture: Image.Image) -> tuple[str, tuple[int, int, int, int]]:
    """Read a customer barcode from pixels: the kind of every bar, and the pixels' box around all of them.

    Of the lines with 67 dark runs, which only the timing part of a barcode has, the middle one says where bars are;
    above and below it each bar is followed to its ends.
    """
    lines = [_dark_runs(picture, y) for y in range(picture.height)]
    timing = [y for y, runs in enumerate(lines) if len(runs) == 67]
    middle = timing[len(timing) // 2]
    reaches = [_reach(picture, (first + last) // 2, middle) for first, last in lines[middle]]
    top, end = min(reach[0] for reach in reaches), max(reach[1] for reach in reaches)
    sixth = (end - top) / 6
    kinds = {(True, True): "1", (True, False): "2", (False, True): "3", (False, False): "4"}
    bars = "".join(kinds[from_ < top + sixth, to > end - sixth] for from_, to in reaches)
    return bars, (lines[middle][0][0], top, lines[middle][-1][1], end)


def _dark_runs(picture: Image.Image, y: int) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    start = 0
    for dark, group in groupby(picture.crop((0, y, picture.width, y + 1)).tobytes(), key=lambda shade: shade < 128):
        length = len(list(group))
        runs += [(start, start + length)] if dark else []
        start += length
    return runs


def _reach(picture: Image.Image, x: int, y: int) -> tuple[int, int]:
    column = [shade < 128 for shade in picture.crop((x, 0, x + 1, picture.height)).tobytes()]
    top = next(at for at in range(y, -1, -1) if not column[at - 1])
    end = next(at for at in range(y, picture.height) if not column[at])
    return top, end


def squeezed(text: str) -> str:
    """Take out all blanks."""
    return "".join(text.split())


def leaves(data: object) -> Iterator[str]:
    """Walk over every text and number that stands anywhere in the data."""
    if isinstance(data, Mapping):
        for value in data.values():
            yield from leaves(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from leaves(value)
    elif isinstance(data, str) or (isinstance(data, int) and not isinstance(data, bool)):
        yield str(data)


def barred(serial: int, name: str, postal_code: str, town: str, rest: str, **laid: int) -> Addressee:
    """Make an addressee with the customer barcode of the address."""
    made = customer_barcode(postal_code, rest)
    return Addressee(
        serial=serial, name=name, postal_code=postal_code, address=f"東京都新宿区{town}{rest}", bars=made.bars, **laid
    )


BARRED_PEOPLE = [
    barred(1, "新宿　花子", "160-0023", "西新宿", "二丁目８番１号"),
    barred(
        2,
        LONG[0].name,
        "169-0073",
        "百人町",
        "一丁目２３番４号　グランドメゾン新宿百人町イーストタワー１２０３号室　様方",
    ),
    barred(3, "髙﨑　𠮷之介", "160-0013", "霞ケ丘町", "３番　ハイツ鷗Ｂ棟１０１号"),
    barred(9_999_999, LONG[1].name, "169-0073", "百人町", "1丁目23番4号 ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRS"),
]


def printed(
    press: Press,
    addressees: Iterable[Addressee],
    *,
    batch: int = 1000,
    workers: int = 1,
    words: Words = WORDS,
    again: bool = False,
) -> list[bytes]:
    """Print letters and return the batches in the order in which they came."""
    batches: list[bytes] = []

    def take(_people: Sequence[Addressee], pdf: bytes) -> None:
        batches.append(pdf)

    people = list(addressees)
    assert press.letters(people, into=take, words=words, batch=batch, workers=workers, again=again) == len(people)
    return batches


@pytest.mark.parametrize("document", EXAMPLES)
def test_a_document_says_all_it_was_given(press: Press, document: str) -> None:
    """Title, and every text and number of the data stand on the paper, whole."""
    text = squeezed("".join(pages(press.make(document, EXAMPLES[document]))))
    assert TITLES[document] in text
    assert [leaf for leaf in leaves(EXAMPLES[document]) if squeezed(leaf) not in text] == []


@pytest.mark.parametrize("document", EXAMPLES)
def test_an_example_has_the_keys_of_its_type(document: str) -> None:
    """The types in the press name exactly the keys that the templates are tried with."""
    assert set(EXAMPLES[document]) == set(get_type_hints(TYPES[document]))


def test_every_template_is_tried() -> None:
    """No template stands in the folder without an example here."""
    parts = {"family", "invitation", "letter", "letter_form", "specimen", "tray"}
    assert {template.stem for template in TEMPLATES.glob("*.typ")} == EXAMPLES.keys() | parts | OF_THE_STEPS


@pytest.mark.parametrize("document", EXAMPLES)
def test_text_stays_on_the_page(press: Press, document: str) -> None:
    """No character stands outside the margins, where a printer would cut it off."""
    assert_inside_the_margins(press.make(document, EXAMPLES[document]))


def test_a_code_longer_than_the_line_breaks(press: Press) -> None:
    """A checkpoint line of any length is whole and stays inside its frame."""
    pdf = press.make("slip", {**EXAMPLES["slip"], "checkpoint": ["k" * 300]})
    assert_inside_the_margins(pdf)
    assert "k" * 300 in squeezed("".join(pages(pdf)))


def assert_inside_the_margins(pdf: bytes) -> None:
    """Look at the box of every character."""
    for page in pypdfium2.PdfDocument(pdf):
        text = page.get_textpage()
        boxes = [text.get_charbox(place) for place in range(text.count_chars())]
        assert min(box[0] for box in boxes if box[2] > box[0]) >= 24.5 * MM
        assert max(box[2] for box in boxes) <= page.get_width() - 19.5 * MM


def test_the_same_data_give_the_same_bytes(press: Press) -> None:
    """A document made twice is one file, and no date stands in it."""
    first, second = (press.make("slip", EXAMPLES["slip"]) for _time in range(2))
    assert first == second
    told = pypdfium2.PdfDocument(first).get_metadata_dict()
    assert (told["CreationDate"], told["ModDate"], told["Title"]) == ("", "", "確認記録票")


def test_only_the_given_font_is_embedded(press: Press) -> None:
    """Every font in a PDF is a subset of the family that the programme names."""
    [page] = pypdfium2.PdfDocument(press.make("slip", EXAMPLES["slip"]))
    fonts = {thing.get_font() for thing in page.get_objects() if isinstance(thing, pypdfium2.PdfTextObj)}
    assert {font.get_base_name().split("+")[-1].split("-")[0] for font in fonts} == {"NotoSansCJKjp"}


def test_every_page_of_the_ledger_repeats_the_header(press: Press) -> None:
    """The column titles stand on each page that has rows, and the footer counts the pages."""
    sheets = pages(press.make("ledger_print", EXAMPLES["ledger_print"]))
    for words, title in (("媒体を引き渡した", "番号日時事項・機会"), ("文字・行の扱いの決定", "番号日時事項取扱者")):
        with_rows = [sheet for sheet in sheets if words in squeezed(sheet)]
        assert len(with_rows) > 1
        assert all(title in squeezed(sheet) for sheet in with_rows)
    assert [sheet.endswith(f"{number} / {len(sheets)}") for number, sheet in enumerate(sheets, 1)] == [True] * len(
        sheets
    )


def test_the_report_of_a_year_is_short_and_says_when_counts_differ(press: Press) -> None:
    """Forty dated acts fit on four pages; a difference is called one."""
    broken = {**EXAMPLES["report"], "counts_result": {"holds": False, "text": "差があります"}}
    right, wrong = pages(press.make("report", EXAMPLES["report"])), pages(press.make("report", broken))
    assert len(right) <= 4
    assert "不一致" not in "".join(right)
    assert "不一致" in "".join(wrong)


def test_an_empty_list_says_so(press: Press) -> None:
    """A table without rows is not left blank, where somebody could add one later."""
    assert "該当なし" in "".join(pages(press.make("pull_list", {**EXAMPLES["pull_list"], "rows": []})))


def test_the_control_sheet_counts_media_and_not_persons(press: Press) -> None:
    """The sheet says 媒体1枚; the number of persons stays the contractor's own finding."""
    [text] = pages(press.make("control_sheet", EXAMPLES["control_sheet"]))
    assert "媒体1枚" in text
    assert not {"名分", "人分", "件分"} & {text[at : at + 2] for at in range(len(text))}


@pytest.mark.parametrize("addressee", HARD, ids=lambda addressee: str(addressee.serial))
def test_a_letter_gives_back_exactly_the_characters_that_went_in(press: Press, addressee: Addressee) -> None:
    """Variation selectors and plane-2 kanji are in the PDF's text, in name and address alike."""
    text = window_text(press.specimen(WORDS, [addressee])).replace("\r\n", "")
    assert text == f"〒{addressee.postal_code} No. {addressee.serial:07}{addressee.address}{addressee.name} 様"


def test_the_default_font_prints_the_variations_it_has() -> None:
    """Of IPAmj Mincho where it is installed, else of the font in the house: each variation comes back as it went in."""
    font = default_font()
    press = Press(templates=TEMPLATES, fonts=[font.path], family=font.family)
    last = {sequence[0]: sequence for sequence in sorted(press.glyphs.sequences)}
    people = [
        Addressee(serial=n, name=f"{last[base]} 𠮷之介", postal_code="160-0023", address=f"見本町{last[base]}番")
        for n, base in enumerate("辻葛邉祐神", 1)
    ]
    pdf = press.specimen(WORDS, people)
    for page, person in enumerate(people):
        text = window_text(pdf, page).replace("\r\n", "")
        assert text.endswith(f"{person.address}{person.name} 様")


def test_two_variations_of_one_shape_stay_two_in_the_text(press: Press) -> None:
    """Where a font draws both alike, the second carries its own text (ActualText; pdfium reads no plane 14 there)."""
    names = ("祐\ufe00 子", "祐\U000e0100 子")
    people = [Addressee(serial=n, name=name, postal_code="160-0023", address="町") for n, name in enumerate(names, 1)]
    pdf = press.specimen(WORDS, people)
    assert "祐\ufe00" in window_text(pdf)
    assert b"/ActualText<FEFF7950DB40DD00" in _unpacked(pdf)


@pytest.mark.parametrize("addressee", LONG, ids=lambda addressee: str(addressee.serial))
def test_a_long_name_stands_on_two_lines_inside_the_window(press: Press, addressee: Addressee) -> None:
    """Nothing of a long name or address is cut or leaves the window, and 様 never stands alone."""
    lines = window_text(press.specimen(WORDS, [addressee])).split("\r\n")
    said = f"〒{addressee.postal_code}No.{addressee.serial:07}{addressee.address}{addressee.name}様"
    assert squeezed("".join(lines)) == squeezed(said)
    *_before, first, second = lines
    assert addressee.name.startswith(first.strip())
    assert len(second.removesuffix("様").strip()) > 1


def test_a_long_name_breaks_at_a_space_where_it_has_one(press: Press) -> None:
    """A word that fits the line is never broken."""
    lines = window_text(press.specimen(WORDS, [LONG[0]])).split("\r\n")
    assert {word for line in lines[-2:] for word in line.split()} == {*LONG[0].name.split(), "様"}


@pytest.mark.parametrize("space", [" ", "\u3000"], ids=["narrow", "wide"])
@pytest.mark.parametrize("given", ["華美詩音里奈菜", "龍之介左衛門", "美" * 11])
def test_a_kanji_name_breaks_at_its_space(press: Press, space: str, given: str) -> None:
    """Surname and given name stay whole where each fits a line, whichever space is between them."""
    name = f"勅使河原左衛門尉五郎{space}{given}"
    text = window_text(press.specimen(WORDS, [Addressee(serial=1, name=name, postal_code="160-0000", address="町")]))
    surname, last = text.split("\r\n")[-2:]
    assert surname.strip() == name.split(space, maxsplit=1)[0]
    assert last == f"{given} 様"


def test_no_line_holds_the_honorific_alone(press: Press) -> None:
    """Whatever the length of a name, 様 stands beside a part of it."""
    names = ["NGUYEN THI " + "M" * letters for letters in range(1, 28)] + ["髙" * signs for signs in range(12, 20)]
    people = [
        Addressee(serial=n, name=name, postal_code="160-0000", address="見本町") for n, name in enumerate(names, 1)
    ]
    pdf = press.specimen(WORDS, people)
    assert [window_text(pdf, page).split("\r\n")[-1].strip() for page in range(len(people))].count("様") == 0


@pytest.fixture(scope="module")
def barred_letters(press: Press) -> bytes:
    """Print the hard rows with both codes."""
    [pdf] = printed(press, BARRED_PEOPLE, words=BARRED)
    return pdf


@pytest.mark.parametrize("dpi", [200, 300, 600])
def test_bars_are_read_back_from_pixels(barred_letters: bytes, dpi: int) -> None:
    """At the resolutions of office and production printers each of the 67 bars is the one that was meant."""
    read = [read_bars(in_window(barred_letters, dpi, page))[0] for page in range(len(BARRED_PEOPLE))]
    assert read == [person.bars for person in BARRED_PEOPLE]


@pytest.mark.parametrize("dpi", [200, 300, 600])
def test_piece_codes_are_read_back_from_pixels(barred_letters: bytes, dpi: int) -> None:
    """zxing-cpp finds the serial of each letter in what the window shows, beside name and barcode."""
    found = [zxingcpp.read_barcode(in_window(barred_letters, dpi, page)) for page in range(len(BARRED_PEOPLE))]
    assert [by_definition(it.text) for it in found if it] == [(person.serial, 2026) for person in BARRED_PEOPLE]


@pytest.mark.parametrize("points", [8, 9, 10])
def test_the_barcode_has_the_official_dimensions(press: Press, points: float) -> None:
    """Heights, widths and pitch are those of the manual (p13) at every size, and so is the length."""
    words: Words = {**BARRED, "box": {**BARRED["box"], "barcode_size_pt": points}}
    picture = in_window(press.specimen(words, BARRED_PEOPLE[:1]), 600)
    mm, scale, pixel = 600 / 25.4, points / 10, 2 * 25.4 / 600
    _bars, (left, top, right, end) = read_bars(picture)
    runs = _dark_runs(picture, (top + end) // 2)
    pitches = [(after[0] - before[0]) / mm for before, after in pairwise(runs)]
    assert (end - top) / mm == pytest.approx(3.6 * scale, abs=pixel)
    assert all(0.95 * scale <= pitch <= 1.30 * scale for pitch in pitches)
    assert all(0.50 * scale <= (last - first) / mm <= 0.70 * scale for first, last in runs)
    assert (right - left) / mm == pytest.approx(79.8 * scale, abs=pixel)


def test_a_barcode_wider_than_the_window_is_refused_in_the_clerks_words(press: Press) -> None:
    """The greatest size needs a wider window than 90 mm; the template says so before anything is printed."""
    words: Words = {**BARRED, "box": {**BARRED["box"], "barcode_size_pt": 11.5}}
    with pytest.raises(BadSetting, match=r"invitation\.typ.*封筒の窓に収まりません"):
        printed(press, BARRED_PEOPLE, words=words)


def test_the_barcode_stands_alone_and_clear(barred_letters: bytes) -> None:
    """Two millimetres around it are white and inside the window, it is 10 mm from the edges and under the name."""
    mm = 600 / 25.4
    for page in range(len(BARRED_PEOPLE)):
        picture = in_window(barred_letters, 600, page)
        _bars, (left, top, right, end) = read_bars(picture)
        clear = (left - 2 * mm, top - 2 * mm, right + 2 * mm, end + 2 * mm)
        assert clear[0] >= 0
        assert clear[1] >= 0
        assert clear[2] <= picture.width
        assert clear[3] <= picture.height
        around = picture.crop(tuple(map(round, clear)))
        around.paste(255, tuple(round(2 * mm - 2 + side) for side in (0, 0, right - left + 4, end - top + 4)))
        assert min(around.tobytes()) > 200
        below = picture.crop((0, end + 1, picture.width, picture.height))
        assert min(below.tobytes()) > 200


def test_no_barcode_is_drawn_where_none_is_wanted_or_made(press: Press) -> None:
    """Neither a programme without barcodes nor a representative code puts bars on a letter."""
    nobody = barred(1, "新宿　花子", "160-0000", "西新宿", "二丁目８番１号")
    for words, person in ((WORDS, BARRED_PEOPLE[0]), (BARRED, nobody)):
        picture = in_window(press.specimen(words, [person]), 200)
        assert [y for y in range(picture.height) if len(_dark_runs(picture, y)) == 67] == []


def test_a_name_accepted_though_too_wide_is_set_smaller(press: Press) -> None:
    """Whatever its length it stays whole, on at most two lines, inside the window and above the barcode."""
    person = barred(1, " ".join(["WILHELMINA"] * 9), "169-0073", "百人町", "1丁目23番4号 " + "ミ" * 80)
    pdf = press.specimen(BARRED, [person])
    lines = window_text(pdf).split("\r\n")
    assert squeezed("".join(lines)).endswith(squeezed(person.name + "様"))
    assert len([line for line in lines if "WILHELMINA" in line]) == 2
    assert read_bars(in_window(pdf, 300))[0] == person.bars


def test_what_the_font_cannot_draw_is_refused_by_serial(press: Press) -> None:
    """A missing glyph and an ignored variation stop the press, with code point and serials and without the name."""
    people = [
        Addressee(serial=n, name=name, postal_code="160-0023", address="見本町")
        for n, name in enumerate(("見本 太郎", "ẞ辻\U000e0102", "ꙮ 子", "辻\U000e0102 子"), start=7)
    ]
    for printing in (printed, lambda press, people: press.specimen(WORDS, people)):
        with pytest.raises(BadInput) as caught:
            printing(press, people)
        assert "U+8FBB U+E0102" in caught.value.message
        assert "8,10" in caught.value.message
        assert "U+A66E" in caught.value.message
        assert "子" not in caught.value.message


def test_letters_embed_the_family_and_the_code_font_as_subsets(barred_letters: bytes) -> None:
    """No other font is in the file, both are embedded, and each carries only what was printed."""
    names = {name.decode() for name in re.findall(rb"/FontName/([A-Z]{6}\+[A-Za-z-]+)", _unpacked(barred_letters))}
    assert {name.split("+")[1] for name in names} == {"NotoSansCJKjp-Regular", "TsudoiCodes"}
    assert len(barred_letters) < 200_000


def _unpacked(pdf: bytes) -> bytes:
    """Return the PDF's objects with their streams unpacked."""
    parts = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    return pdf.replace(b" ", b"") + b"".join(_inflated(part) for part in parts).replace(b" ", b"")


def _inflated(part: bytes) -> bytes:
    try:
        return zlib.decompress(part)
    except zlib.error:
        return b""


def test_a_separator_lies_before_the_letters_of_each_tray(press: Press) -> None:
    """It names tray, serials, count and what goes into the envelopes, and carries neither form nor address."""
    people = [barred(n, "新宿　花子", "160-0023", "西新宿", "二丁目８番１号", tray=(n + 1) // 2) for n in range(1, 6)]
    [pdf] = printed(press, people)
    sheets = [squeezed(sheet) for sheet in pages(pdf)]
    separators = [number for number, sheet in enumerate(sheets) if "仕切紙" in sheet]
    assert separators == [0, 3, 6]
    assert all(word in sheets[0] for word in ("トレイ1", "1-2", "2通", "案内状1枚", "返信用はがき2枚"))
    assert all(word in sheets[6] for word in ("トレイ3", "5", "1通"))
    assert not any("様" in sheets[number] or "再印刷" in sheets[number] for number in separators)
    assert all("新宿花子様" in sheet for number, sheet in enumerate(sheets) if number not in separators)


def test_a_separator_says_that_letters_are_printed_again(press: Press) -> None:
    """Reprints of one tray lie behind a separator that sends them there."""
    people = [barred(n, "新宿　花子", "160-0023", "西新宿", "二丁目８番１号", tray=7) for n in (3001, 3005)]
    [pdf] = printed(press, people, again=True)
    first = squeezed(pages(pdf)[0])
    assert "再印刷" in first
    assert "トレイ7" in first
    assert "3001,3005" in first


def test_the_letter_lists_what_is_in_the_envelope(press: Press) -> None:
    """Every insert stands on the letter with its count."""
    text = squeezed(pages(press.specimen(WORDS))[0])
    assert "はたちのつどい案内リーフレット1部" in text
    assert "返信用はがき2枚" in text


def test_letters_come_one_a_page_in_serial_order(press: Press) -> None:
    """Batches arrive in order with one sheet an addressee, whichever child prints first."""
    people = [Addressee(serial=n, name=f"見本 {n}号", postal_code="160-0000", address="見本町") for n in range(3, 24)]
    batches = printed(press, people, batch=4, workers=2)
    sheets = [sheet for batch in batches for sheet in pages(batch)]
    assert [len(pypdfium2.PdfDocument(batch)) for batch in batches] == [4, 4, 4, 4, 4, 1]
    assert [f"No. {person.serial:07}" in sheet for person, sheet in zip(people, sheets, strict=True)] == [True] * 21
    assert all(WORDS["place"] in sheet for sheet in sheets)


def test_letters_are_the_same_in_any_number_of_processes(press: Press) -> None:
    """One worker and two print the same bytes."""
    assert printed(press, HARD, batch=2, workers=1) == printed(press, HARD, batch=2, workers=2)


def test_nobody_to_write_to_prints_nothing(press: Press) -> None:
    """An empty list of addressees gives no batch."""
    assert printed(press, []) == []


def test_only_a_specimen_is_marked(press: Press) -> None:
    """見本 stands across a specimen and not on a letter; the dummy addressee stands in where nobody is named."""
    plain = Addressee(serial=1, name="試 験子", postal_code="160-0000", address="試験町")
    [letters] = printed(press, [plain])
    assert "見本 太郎" in pages(press.specimen(WORDS))[0]
    assert WORDS["place"].count("見本") + 1 == pages(press.specimen(WORDS, [plain]))[0].count("見本")
    assert WORDS["place"].count("見本") == pages(letters)[0].count("見本")


def test_the_fixed_text_is_shared_by_all_letters_of_a_batch(press: Press) -> None:
    """A further letter costs its imprint only, about a kilobyte."""
    people = [Addressee(serial=n, name="見本 太郎", postal_code="160-0000", address="見本町") for n in range(1, 401)]
    [many] = printed(press, people)
    [one] = printed(press, people[:1])
    assert len(many) - len(one) < 399 * 1500


@pytest.mark.parametrize("serials", [(2, 1), (1, 1), (0,)], ids=str)
def test_serials_out_of_order_are_refused(press: Press, serials: tuple[int, ...]) -> None:
    """A serial that does not follow the one before it is named, and nothing is printed over it."""
    people = [Addressee(serial=n, name="見本 太郎", postal_code="160-0000", address="見本町") for n in serials]
    with pytest.raises(BadInput, match=f"{serials[-1]}"):
        printed(press, people)


@pytest.mark.parametrize(("batch", "workers"), [(0, 1), (1, 0)])
def test_a_batch_of_nothing_is_refused(press: Press, batch: int, workers: int) -> None:
    """A setting that would print nothing is an error rather than a silence."""
    with pytest.raises(BadSetting):
        printed(press, HARD, batch=batch, workers=workers)


def test_a_template_that_does_not_compile_names_its_line(mended: Press) -> None:
    """A clerk reads the template, the line and the reason."""
    slip = mended.templates / "slip.typ"
    slip.write_text(slip.read_text(encoding="utf-8") + "\n#nonsense\n", encoding="utf-8")
    line = len(slip.read_text(encoding="utf-8").splitlines())
    with pytest.raises(BadSetting, match=rf"slip\.typ.*{line}.*nonsense") as refused:
        mended.make("slip", EXAMPLES["slip"])
    assert "/" not in refused.value.message.partition("slip.typ")[0]


def test_a_fault_in_a_shared_template_names_that_template(mended: Press) -> None:
    """The fault is looked for where it stands, not where it showed."""
    family = mended.templates / "family.typ"
    family.write_text("#let broken = (\n" + family.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(BadSetting, match=r"family\.typ"):
        mended.make("slip", EXAMPLES["slip"])


def test_a_broken_invitation_is_told_before_a_letter_is_printed(mended: Press) -> None:
    """The dummy addressee tries the template first, and its reason may be shown."""
    invitation = mended.templates / "invitation.typ"
    text = invitation.read_text(encoding="utf-8")
    invitation.write_text(text.replace("person.postal_code", "person.post"), encoding="utf-8")
    with pytest.raises(BadSetting, match=r"invitation\.typ.*post"):
        printed(mended, HARD)


@pytest.mark.parametrize("document", ["letter", "specimen"])
def test_an_error_never_quotes_a_resident(mended: Press, document: str) -> None:
    """A template that stumbles over one name says where, and neither message nor traceback says over what."""
    (mended.templates / f"{document}.typ").write_text(
        '#import "family.typ": data\n#import "invitation.typ": imprinted\n'
        '#if data.addressees.any(person => person.serial == "0000001") { panic(data.addressees.first().name) }\n'
        "#imprinted(data)\n",
        encoding="utf-8",
    )
    with pytest.raises(BadSetting, match=rf"{document}\.typ.*3") as caught:
        printed(mended, HARD) if document == "letter" else mended.specimen(WORDS, HARD)
    told = "".join(traceback.format_exception(caught.value, chain=True)) + repr(caught.value.__context__)
    assert "之介" not in told


def test_a_template_may_not_ask_for_the_network(mended: Press) -> None:
    """A package import is refused with its line before typst could fetch anything."""
    slip = mended.templates / "slip.typ"
    slip.write_text('#import "@preview/cetz:0.3.0"\n' + slip.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(BadSetting, match=r"slip\.typ.*1") as caught:
        mended.make("slip", EXAMPLES["slip"])
    assert "packages.typst.org" not in str(caught.value)


def test_an_unknown_document_or_family_is_named(press: Press) -> None:
    """A wrong name is said, and never becomes an empty page."""
    with pytest.raises(BadSetting, match="receipt"):
        press.make("receipt", {})
    with pytest.raises(BadSetting, match="Nowhere Mincho"):
        Press(templates=TEMPLATES, fonts=[FONT], family="Nowhere Mincho")


def test_a_child_prints_its_share_of_letters_within_512_mib() -> None:
    """The share after which a child is replaced keeps it, and the parent, within the memory that is allowed."""
    script = """
import json, resource, sys
from pathlib import Path
from adapters.press import LETTERS_A_WORKER, Addressee, Press

told = json.load(sys.stdin)
people = (
    Addressee(serial=n, name=f"見本 {n}", postal_code="160-0000", address=f"見本町{n}番")
    for n in range(1, LETTERS_A_WORKER + 1)
)
press = Press(templates=Path(told["templates"]), fonts=[Path(told["font"])], family=told["family"])
press.letters(people, into=lambda people, pdf: None, words=told["words"])
# Linux hands the caller's peak down through fork into ru_maxrss; VmHWM begins anew with the program.
status = Path("/proc/self/status").read_text()
own = int(status.partition("VmHWM:")[2].split()[0])
print(max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
"""
    told = json.dumps({"templates": str(TEMPLATES), "font": str(FONT), "family": FAMILY, "words": WORDS})
    run = subprocess.run([sys.executable, "-c", script], input=told, capture_output=True, text=True, check=True)
    assert int(run.stdout) / 1024 < 512


def test_a_child_is_replaced_after_its_share(press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory cannot grow with the number of letters: further shares are printed by further processes, one by one."""
    monkeypatch.setattr(press_module, "LETTERS_A_WORKER", 2)
    monkeypatch.setattr(press_module, "_LOOKED_AT", 1)
    seen: list[set[int]] = []

    def watched() -> Iterator[Addressee]:
        for person in HARD[:4]:
            seen.append(_workers())
            yield person

    press.letters(watched(), into=lambda *_batch: seen.append(_workers()), words=WORDS, batch=1)
    assert len(set[int]().union(*seen)) == 2
    assert max(map(len, seen)) == 1


def _workers() -> set[int]:
    """Return the processes that print at this moment."""
    found: set[int] = set()
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # one that has ended meanwhile
            if "spawn_main" in " ".join(child.cmdline()):
                found.add(child.pid)
    return found


def test_the_dummy_addressee_is_nobody() -> None:
    """The dummy carries no serial that a letter can have, and no postal code that exists."""
    assert (DUMMY.serial, DUMMY.postal_code) == (0, "000-0001")
