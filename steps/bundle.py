"""The audit bundle: one zip an auditor takes home, verifiable with Python alone and readable in a browser.

It ends at the checkpoint that closed the year, writes no entry, and is the same to the byte whenever it is made again;
of a year under way the ledger ends at the latest checkpoint.
No residents' data: the database has none, and neither has anything that is made from it.
"""

import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import escape
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlmodel import col

from adapters import disk
from deploy import verify_ledger as verifier
from models import tables
from models.clock import fiscal_year_title
from models.errors import BadInput
from models.words import _, speaking
from papers import control_ledger, erasure, evidence, media_return, referring, reporting, slips
from papers.sheet import Sheet
from states import ledger
from states.events import event_words
from states.look import Look
from states.table import BY_TRIGGER
from steps import papers
from steps.auditing import VERIFIER, exported
from steps.office import Office
from views.counting import counts
from views.documents import documents
from views.incidents import incidents_of
from views.measures import standings
from views.supervision import supervision

if TYPE_CHECKING:
    from adapters import spreadsheet

_CERTIFICATES: tuple[tuple[str, str, Callable[[Look], Sheet]], ...] = (
    ("return_items", "return-note", media_return.return_note),
    ("report_erasure", "erasure-report", erasure.erasure_report),
    ("erase_ward_data", "erasure-record", erasure.erasure_record),
)
# A zip cannot hold an earlier day; the same bytes whenever it is made.
_WHEN = (1980, 1, 1, 0, 0, 0)


def bundle(office: Office, cycle_id: str, path: Path) -> int:
    """Write the bundle of a cycle and return how many files it holds; it appears whole or not at all.

    Raises:
        BadInput: there is something at the path already, or it cannot be written there.

    """
    if path.exists():
        raise BadInput(_("There is a file of that name already."), _("Name a new one; nothing is overwritten."))
    members = dict(sorted(_members(office, cycle_id).items()))
    try:
        with disk.replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundled:
            for name, content in members.items():
                bundled.writestr(_entry(name), content)
    except OSError:
        raise BadInput(_("The bundle cannot be written there."), _("Name a place that you may write to.")) from None
    return len(members)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _WHEN)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    entry.create_system = 3  # the same bytes on Windows too
    return entry


@speaking("ja")
def _members(office: Office, cycle_id: str) -> dict[str, bytes]:
    with office.look(cycle_id) as here:
        facts = here.facts
        members = _ledger(office, here)
        members["history.json"] = _json(_history(members[verifier.LEDGER], cycle_id))
        members["counts.json"] = _json(counts(here).as_json())
        members["measures.json"] = _json([standing.as_json() for standing in standings(here)])
        members["documents.json"] = _json([document.as_json() for document in documents(here)])
        members["supervision.json"] = _json(supervision(here).as_json())
        members["incidents.json"] = _json([incident.as_json() for incident in incidents_of(here)])
        cycle = tables.Cycle
        query = select(col(cycle.programme_text)).where(col(cycle.id) == cycle_id)
        members["programme.toml"] = here.connection.execute(query).scalar_one().encode()
        sheets = {
            "report": reporting.report(here),
            **{checklist.name: checklist for checklist in referring.checklists(here)},
        }
        sheets |= {f"certificates/{name}": made(here) for act, name, made in _CERTIFICATES if act in facts.done}
        size, note = reporting.sealed_at(here.connection, here.cycle_id)
        book = control_ledger.book_until(here, size, note)
        sheets |= {"control-ledger": book.sheet, evidence.NAME: evidence.evidence_index(here, size)}
        told = [slip for slip in slips.slips_of(here.connection, here.cycle_id) if slip.seq <= size]
        sheets |= {f"slips/{slip.file}": slips.slip_sheet(here, slip) for slip in told}
        tables_of = {
            "control-ledger": control_ledger.spreadsheets_of(book),
            evidence.NAME: (evidence.evidence_table(here, size),),
        }
        title = f"{facts.programme.title_ja}　{fiscal_year_title(facts.fiscal_year)}"
    members |= {f"{name}.pdf": papers.pdf_of(office, sheet) for name, sheet in sheets.items()}
    members |= {f"{name}.xlsx": _workbook(*found) for name, found in tables_of.items()}
    members["index.html"] = _index(title, members)
    return members


def _workbook(*sheets: "spreadsheet.Sheet") -> bytes:
    from adapters import spreadsheet

    into = BytesIO()
    spreadsheet.write(into, *sheets, created=datetime(*_WHEN, tzinfo=UTC))
    return into.getvalue()


def _ledger(office: Office, here: Look) -> dict[str, bytes]:
    """Return ledger, checkpoints and key up to the closing checkpoint, and the verifier that reads them."""
    size, _note = reporting.sealed_at(here.connection, here.cycle_id)
    notes = {at: note for at, note in ledger.checkpoints(here.connection) if at <= size}
    return {name: "".join(lines).encode() for name, lines in exported(office, here.connection, size, notes)}


def _history(lines: bytes, cycle_id: str) -> list[dict[str, Any]]:
    """Return the acts that moved the cycle from state to state, from the ledger's own lines."""
    moves = {row.event: row.to for row in BY_TRIGGER.values() if row.to}
    entries = map(json.loads, lines.splitlines())
    return [
        {
            "ledger": entry["seq"],
            "at": entry["data"].get("occurred_at", entry["at"]),
            "act": event_words(entry["event"])[0],
            "by": entry["by"],
            "state": moves[entry["event"]],
        }
        for entry in entries
        if entry["cycle"] == cycle_id and entry["event"] in moves
    ]


def _json(data: object) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode()


_TOLD: Mapping[str, str] = {
    "report.pdf": "年度報告書",
    "checklist-ward.pdf": "チェックリスト（区が行う対策）",
    "checklist-contractor.pdf": "チェックリスト（受託事業者に行わせる対策）",
    "control-ledger.pdf": "管理簿（受渡し、決定・印刷・点検）",
    "control-ledger.xlsx": "管理簿（Excel。自動記録を含む）",
    "evidence-index.pdf": "証跡索引（書類番号、日付、検証値、原本の所在、示す対策）",
    "evidence-index.xlsx": "証跡索引（Excel）",
    "slips/": "確認記録票（押印前のもの。押印した票の写しは証跡索引のとおり）",
    verifier.LEDGER: "管理簿（1行1件、検証用）",
    verifier.TEXTS: "管理簿の自由記載（抹消されたものを除く）",
    verifier.LEAVES: "管理簿の各行の検証値",
    f"{verifier.CHECKPOINTS}/": "署名付きの検証値（押印した票にも印刷されています）",
    verifier.KEY: "検証用の公開鍵",
    VERIFIER: "管理簿の検証プログラム（Python だけで動きます）",
    "history.json": "段階の履歴",
    "counts.json": "件数の照合",
    "measures.json": "48の対策の状況と証跡の索引",
    "documents.json": "書類の一覧",
    "supervision.json": "再委託、クラウド利用、立入り調査及び指摘事項",
    "incidents.json": "事故及び逸脱",
    "programme.toml": "業務の設定（開いたときのもの）",
    "certificates/return-note.pdf": "返却書（受託者から区へ）",
    "certificates/erasure-report.pdf": "消去報告書（受託者から区へ）",
    "certificates/erasure-record.pdf": "データ廃棄記録（区）",
}


def _index(title: str, members: Mapping[str, bytes]) -> bytes:
    """Return the page that a browser opens from the file system: no script, nothing from outside."""
    rows = "".join(
        f'<tr><td><a href="{escape(name)}">{escape(name)}</a></td><td>{escape(_told(name))}</td>'
        f"<td>{len(content):,}</td></tr>"
        for name, content in sorted(members.items(), key=_as_read)
    )
    page = (files("deploy") / "bundle_index.html").read_text(encoding="utf-8")
    return page.replace("{title}", escape(title)).replace("{rows}", rows).encode()


def _told(name: str) -> str:
    return next((words for start, words in _TOLD.items() if name.startswith(start)), "")


def _as_read(member: tuple[str, bytes]) -> tuple[bool, bool, str]:
    """Order the report first, then what else is made for people, then what is made for programs."""
    name, _content = member
    return (name != "report.pdf", not name.endswith((".pdf", ".xlsx")), name)
