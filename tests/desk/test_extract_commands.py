"""`tsudoi extract` at the desk: what is held, the page for the checkers, encrypted files, lists of the register."""

import io
import json
import sys
from pathlib import Path

import pypdfium2
import pytest
from speaking import Tsudoi

from adapters.barcode import BarcodeTowns
from adapters.clock import VirtualClock
from adapters.package import seal
from adapters.programmes import measures_of, towns_file
from rehearsal import cast
from rehearsal.cast import Scene
from rehearsal.printer import Printer
from states.table import BY_TRIGGER
from steps import acting, printing
from steps.office import Office

pytestmark = pytest.mark.xdist_group("extract_commands")
CYCLE, PASSWORD = "hatachi-2026", "Kagi-1234"
HEADER = "宛名番号,氏名,郵便番号,住所,生年月日,支援措置"
READY = (
    "conclude_contract", "register_handlers", "declare_cloud_use", "submit_work_plan", "confirm_contacts",
    "confirm_readiness",
)  # fmt: skip


def _row(number: int, name: str = "試験　太郎", born: str = "2006-08-15") -> str:
    return f"{number},{name},1600023,東京都新宿区西新宿一丁目1番,{born},"


@pytest.fixture
def ready(office: Office, home: Path) -> Path:
    """Bring the year to the morning of the extraction; give its data directory."""
    clock = VirtualClock(home / "clock")
    for side, by in (("W", cast.COORDINATOR), ("C", cast.MANAGER)):
        mine = [it.id for it in measures_of("hatachi/measures.yaml") if it.id.startswith(side)]
        acting.perform(office, CYCLE, "claim_measures", by=by, fields={"measures": mine, "evidence": "点検表"})
    for act in READY:
        due = office.facts(CYCLE).due[act]
        clock.set(max(clock.now(), clock.now().replace(year=due.year, month=due.month, day=due.day, hour=10)))
        facts = office.facts(CYCLE)
        scene = Scene(office=office, facts=facts, printer=Printer(folder=home / "none"))
        fields = json.loads(json.dumps(cast.fields(act, scene), default=str))
        acting.perform(office, CYCLE, act, by=cast.person_for(BY_TRIGGER[act].who), fields=fields)
    clock.set(clock.now().replace(month=11, day=2))
    office.engine.dispose()
    return home


def _extract(home: Path, *rows: str) -> Path:
    path = home.parent / "inbox/extract.csv"
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    return path


def _take(tsudoi: Tsudoi, *more: object) -> int:
    return tsudoi("extract", "take", *more, "--year", 2026, "--by", "watanabe", "--expect", "1-5000").status


def test_held_rows_are_listed_by_place_and_code(tsudoi: Tsudoi, ready: Path) -> None:
    """Row, column, code, decision, decider and proposals as code points; never a value. Held is 3, settled is 0."""
    _extract(ready, _row(1), _row(2, "辻\U000e0102　秘子"), _row(3, "山〓　花子"))
    assert _take(tsudoi) == 3
    decide = ("extract", "decide", 2026, "--by", "watanabe", "--reason", "font")
    corrected = tsudoi(*decide, "--row", 4, "--as", "corrected")
    assert corrected.status == 3
    assert "訂正した抽出" in corrected.out
    said = tsudoi("extract", "held", 2026, "--json")
    assert said.status == 3
    assert json.loads(said.out) == [
        {"row": 3, "column": "氏名", "code": "no_ivs", "how": "", "decided_by": "",
         "proposals": ["U+8FBB U+E0102>U+8FBB"]},
        {"row": 4, "column": "氏名", "code": "suspect", "how": "corrected", "decided_by": "watanabe", "proposals": []},
    ]  # fmt: skip
    shown = tsudoi("extract", "held", 2026)
    assert "訂正待ち" in shown.out
    assert not any(secret in shown.out + shown.err for secret in ("秘子", "花子"))
    refused = tsudoi(*decide, "--row", 3, "--as", "substitute", "--with", "U+8FBB U+E0102>U+5C71")
    assert refused.status == 2
    assert "置換え表" in refused.err


def test_the_report_is_one_page_with_two_hundred_held_rows(tsudoi: Tsudoi, ready: Path) -> None:
    """The page for the checkers stays one page; on the screen stand the months as bars, the font and the comparison."""
    odd = ("山〓　花子", "\ue000　花子", "=1+1", "辻\U000e0102　花子", "<b>花子</b>", "ꀀ　花子", "花" * 60)
    rows = [_row(n, odd[n % len(odd)], "2001-01-01" if n % 40 == 0 else "2006-08-15") for n in range(1, 201)]
    _extract(ready, *(_row(n, f"試験　{n}子", f"2006-{4 + n % 9:02}-15") for n in range(1000, 1400)), *rows)
    assert _take(tsudoi) == 3
    _extract(ready, *(_row(n, f"試験　{n}子", f"2006-{4 + n % 9:02}-15") for n in range(1100, 1450)), *rows)
    assert _take(tsudoi) == 3
    said = tsudoi("extract", "report", 2026)
    assert said.status == 0
    for words in ("█", "2006-04", "Noto Sans CJK JP", "前年度の引渡し件数", "追加", "utf-8", "要確認"):
        assert words in said.out
    with pypdfium2.PdfDocument(ready / "papers/extract-report.pdf") as paper:
        assert len(paper) == 1
        text = paper[0].get_textpage().get_text_range()
    for words in ("点検者 1", "点検者 2", "50人", "100人", "未決定"):
        assert words in text
    assert "花子" not in text + said.out


def test_a_script_gives_the_password_on_standard_input(
    tsudoi: Tsudoi, ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An encrypted extract is checked and taken with one line of standard input; without it the command says how."""
    path = ready.parent / "extract.7z"
    seal({"extract.csv": f"{HEADER}\n{_row(1)}\n".encode()}, into=path, password=PASSWORD, form="7z")
    check = ("extract", "check", path, "--year", 2026, "--expect", "1-10", "--json")
    without = tsudoi(*check)
    assert without.status == 2
    assert "--password-stdin" in without.err
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    judged = tsudoi(*check, "--password-stdin")
    assert (judged.status, json.loads(judged.out)["exported"]) == (0, 1)
    monkeypatch.setattr(sys, "stdin", io.StringIO("Kagi-9999\n"))
    assert tsudoi(*check, "--password-stdin").status == 2
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    refused = tsudoi(
        "extract", "take", path, "--year", 2026, "--by", "watanabe", "--expect", "1-10", "--password-stdin"
    )
    assert refused.status == 2
    assert "受領" in refused.err


def test_the_protected_are_only_counted_on_the_screen(tsudoi: Tsudoi, ready: Path) -> None:
    """The command writes the list and says how many; whoever is no registrar gets nothing."""
    _extract(ready, _row(1), f"{_row(2, '秘密　保子')}1")
    assert _take(tsudoi) == 0
    out = ready.parent / "list.csv"
    assert tsudoi("extract", "protected", 2026, "--by", "sato", "--out", out).status == 2
    said = tsudoi("extract", "protected", 2026, "--by", "watanabe", "--out", out)
    assert said.status == 0
    assert "1 名" in said.out
    assert "秘密" not in said.out + said.err
    assert "秘密　保子" in out.read_text(encoding="utf-8-sig")


def test_doubtful_barcodes_are_listed_by_serial_and_row(
    ready: Path, tsudoi: Tsudoi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ward sees whose barcode somebody should look at, and not one address; a programme without them says so."""
    _extract(ready, _row(1), _row(2, "試験　花子").replace("1番", "1番ABC101"))
    assert _take(tsudoi) == 0
    assert "customer_barcode" in tsudoi("extract", "barcodes", 2026).out
    towns = BarcodeTowns.read(towns_file(Office.open().programme()[0]).read_text(encoding="utf-8"))
    monkeypatch.setattr(printing, "towns_of", lambda _programme: towns)
    told = json.loads(tsudoi("extract", "barcodes", 2026, "--json").out)
    assert [(it["code"], it["row"], it["additional"]) for it in told["doubtful"]] == [("letter_run", 3, False)]
    said = tsudoi("extract", "barcodes", 2026)
    assert said.status == 0
    assert "西新宿" not in said.out
