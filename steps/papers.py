"""Paper: what is printed after which act, from the facts of the cycle. The words on paper are Japanese."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlmodel import col

from adapters import disk
from models import choices, tables
from models.clock import TOKYO, fiscal_year_title, wareki
from models.database import reading
from models.people import Side
from models.programme import Programme
from models.records.base import ActRecord
from models.records.enclosing import PullListIssued
from models.records.erasure import CopyErased, ErasureReported
from models.records.mailing import PostingApproved
from models.records.media_return import ItemsReturned
from models.records.oversight import IncidentReported
from models.records.preparation import ContractConcluded, HandlersRegistered
from models.records.transfer import AdditionsSealed, CopyMade, NoticeReprinted, PackageSealed
from models.serials import expand
from states import deadlines
from states.acts import Outcome
from states.facts import Facts, ItemFact, Told
from states.reading import HistoryOf
from states.rules.custody import media_out, notice_in_force, notices_out
from states.rules.erasure import registered_copies
from states.table import BY_TRIGGER
from steps.office import Office

if TYPE_CHECKING:
    from adapters.press import Moment, Words


_PRINTED_THERE = frozenset({"spoiled_sheets", "proof_sheets", "pulled_pieces"})
# After these the contractor's two forms have something new to say: pre-filled first, then as they were reported.
_CALLS_FOR_FORMS = ("post", "cancel", "return_items", "report_erasure")


def pieces_in(office: Office, cycle_id: str, *states: str) -> frozenset[int]:
    """Return the serials of the cycle's pieces in these states."""
    with reading(office.engine) as connection:
        return office.door.facts(connection, cycle_id).pieces.serials(*states)


def after(office: Office, cycle_id: str, outcome: Outcome, record: ActRecord, *, by: str) -> None:
    """Print what an act calls for beside its slip: the pull list, the contractor's return note and erasure report."""
    if outcome.waits_for:
        return
    match record:
        case PullListIssued() if not outcome.repeated:
            _print_pull_list(office, cycle_id, outcome, record, by=by)
        case ContractConcluded():
            from papers.forms import print_forms

            print_forms(office, cycle_id)
        case IncidentReported() if not outcome.repeated:
            from steps.incidents import print_papers

            print_papers(office, cycle_id, outcome.seq)
        case PostingApproved():
            print_posting_paper(office, cycle_id)
        case _:
            pass
    if outcome.trigger in _CALLS_FOR_FORMS:
        print_return_note(office, cycle_id)
        print_erasure_report(office, cycle_id)


def note_printed(office: Office, cycle_id: str, paper: str, *, by: str, via: str) -> None:
    """Let the ledger tell that a paper was printed; from then on another print is an act of its own."""
    office.door.note(cycle_id, "paper_printed", by=by, via=via, data={"paper": paper})


def printed(office: Office, cycle_id: str) -> set[str]:
    """Return the papers of a cycle that the ledger knows as printed."""
    entry = tables.Ledger
    query = select(col(entry.entry)).where(col(entry.cycle_id) == cycle_id, col(entry.event) == "paper_printed")
    with reading(office.engine) as connection:
        return {json.loads(text)["data"]["paper"] for text in connection.execute(query).scalars()}


def put(office: Office, name: str, pdf: bytes, *, ending: str = "pdf") -> Path:
    """Put a PDF (or a workbook) where paper is printed from; a kill leaves the old file or the new."""
    office.papers.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = office.papers / f"{name}.{ending}"
    disk.put(path, pdf)
    return path


def facts_of(office: Office, cycle_id: str) -> Facts:
    """Return the facts of a cycle as they stand; its history may be asked later too, its pieces only by the door."""
    with reading(office.engine) as connection:
        facts = office.door.facts(connection, cycle_id)
    return replace(facts, history=_History(office=office, cycle_id=cycle_id))


@dataclass(frozen=True, kw_only=True)
class _History:
    office: Office
    cycle_id: str

    def of(self, *acts: str) -> tuple[Told, ...]:
        with reading(self.office.engine) as connection:
            return HistoryOf(connection=connection, cycle_id=self.cycle_id).of(*acts)

    def has_entry(self, seq: int) -> bool:
        with reading(self.office.engine) as connection:
            return HistoryOf(connection=connection, cycle_id=self.cycle_id).has_entry(seq)


def moment(day: date | datetime) -> "Moment":
    """Return a date or an instant as paper shows it."""
    if isinstance(day, datetime):
        local = day.astimezone(TOKYO)
        return {"iso": local.date().isoformat(), "wareki": wareki(local.date()), "time": f"{local:%H:%M}"}
    return {"iso": day.isoformat(), "wareki": wareki(day)}


def head(facts: Facts, number: str, *, on: date | None = None) -> dict[str, Any]:
    """Return what stands on every document of a cycle."""
    return head_of(facts.programme, facts.fiscal_year, number, on=on or facts.today)


def head_of(programme: Programme, fiscal_year: int, number: str, *, on: date) -> dict[str, Any]:
    """Return what stands on every document of a programme's year, open or not."""
    return {
        "municipality": programme.sections.municipality,
        "section": programme.sections.owner,
        "programme": programme.title_ja,
        "fiscal_year": fiscal_year_title(fiscal_year),
        "number": number,
        "date": moment(on),
    }


def letter_words(programme: Programme, fiscal_year: int, today: date, ceremony_on: date) -> "Words":
    """Return the words of the invitation that are not a resident's."""
    paper = programme.paper
    return {
        "fiscal_year": fiscal_year,
        "tray": paper.tray,
        "municipality": programme.sections.municipality,
        "sender": programme.sections.sender,
        "contact": programme.sections.contact,
        "date": moment(today),
        "ceremony": f"{fiscal_year_title(fiscal_year)} {programme.ceremony_ja}",
        "ceremony_on": moment(ceremony_on),
        "ceremony_at": programme.ceremony_at,
        "place": programme.ceremony_place,
        "inserts": [{"name": it.name, "count": f"{it.count}{it.unit}"} for it in paper.inserts],
        "customer_barcode": paper.customer_barcode,
        "box": {
            "name_width_mm": paper.name_width_mm,
            "name_size_pt": paper.name_size_pt,
            "address_width_mm": paper.address_width_mm,
            "address_size_pt": paper.address_size_pt,
            "barcode_size_pt": paper.barcode_size_pt,
        },
    }


def words_of(office: Office, facts: Facts) -> "Words":
    """Return the words of this cycle's invitation."""
    anchors = deadlines.anchors(facts.programme.anchors, facts.fiscal_year, office.calendar)
    return letter_words(facts.programme, facts.fiscal_year, facts.due["post"], anchors["S"])


def lines_of(note: str) -> list[str]:
    """Return a signed checkpoint as the lines that stand on paper."""
    return [line for line in note.splitlines() if line]


def names_of(facts: Facts) -> dict[str, str]:
    """Return the names of the people on the register by id."""
    return {person.id: person.name for person in facts.people.values()}


def print_specimen(office: Office, cycle_id: str) -> Path:
    """Print the invitation with the dummy addressee, marked as a specimen."""
    facts = facts_of(office, cycle_id)
    return put(office, "specimen-letter", office.press(facts.programme).specimen(words_of(office, facts)))


def print_package_papers(
    office: Office, cycle_id: str, groups: Sequence[tuple[str, str]], *, act: str = "seal_package"
) -> tuple[Path, Path]:
    """Print the medium's control sheet and the password notice of the package that an act has sealed."""
    facts = facts_of(office, cycle_id)
    sealed, made, name = _sealed(facts, act), facts.done[act], suffix_of(act)
    sheet = office.press(facts.programme).make(
        "control_sheet",
        {
            "head": head(facts, sealed.medium, on=made.on),
            "package": f"{cycle_id}{name}",
            "medium": sealed.medium,
            "form": choices.on_paper(choices.ENCRYPTIONS, sealed.algorithm),
            "made_at": moment(made.occurred_at),
            "made_by": names_of(facts).get(made.by, ""),
            "checked_by": "",
            "sha256": sealed.package_sha256,
            "read_back": "適合（再度開き、件数を数え、全項目を照合）",
            "virus_scan": "",
        },
    )
    return put(office, f"control-sheet{name}", sheet), print_notice(office, cycle_id, groups, act=act)


def suffix_of(act: str) -> str:
    """Return what the names of a package, its password and its papers end in: the additions have their own."""
    return "-additions" if act == "seal_additions" else ""


def print_notice(
    office: Office, cycle_id: str, groups: Sequence[tuple[str, str]], *, act: str = "seal_package"
) -> Path:
    """Print the password notice in force; one printed again says so."""
    facts = facts_of(office, cycle_id)
    sealed, again = _sealed(facts, act), facts.record("reprint_notice", NoticeReprinted)
    number = notice_in_force(facts)
    is_again = again is not None and again.notice == number
    notice = office.press(facts.programme).make(
        "password_notice",
        {
            "head": head(facts, number, on=facts.done["reprint_notice" if is_again else act].on),
            "addressee": {"company": facts.programme.contractor.name, "name": _manager(facts)},
            "package": f"{cycle_id}{suffix_of(act)}",
            "medium": sealed.medium,
            "reissue": f"再発行（{again.former} に代わるもの）" if again and is_again else "",
            "sha256": sealed.package_sha256,
            "groups": [{"text": text, "kana": kana} for text, kana in groups],
            "giver": "",
            "receiver": "",
            "checkpoint": [],
        },
    )
    return put(office, f"password-notice{suffix_of(act)}", notice)


def print_posting_paper(office: Office, cycle_id: str) -> Path:
    """Print what the poster takes to the post office: the approved number, how it is posted, room for the accepted."""
    facts = facts_of(office, cycle_id)
    go, done = facts.record("approve_posting", PostingApproved), facts.done["approve_posting"]
    if go is None:
        raise RuntimeError
    names, how = names_of(facts), facts.programme.mailing
    side = BY_TRIGGER["post"].owner_under(facts.programme)
    data: dict[str, Any] = {
        "head": head(facts, f"G-{facts.fiscal_year}-01", on=done.on),
        "poster": facts.programme.contractor.name if side is Side.CONTRACTOR else facts.programme.sections.owner,
        "post_on": moment(facts.due["post"]),
        "office": how.office,
        "letters": f"{go.letters:,}",
        "postage": [
            {"label": "郵便物の種類", "value": how.kind},
            {"label": "料金の支払", "value": how.postage},
            {"label": "割引", "value": "、".join(how.discounts) or "なし"},
            {"label": "カスタマバーコード", "value": "あり" if facts.programme.paper.customer_barcode else "なし"},
        ],
        "approved_by": [names.get(person, "") for person in (done.by, done.confirmed_by) if person],
        "approved_at": moment(done.occurred_at),
    }
    return put(office, "posting-paper", office.press(facts.programme).make("posting_paper", data))


def _sealed(facts: Facts, act: str) -> PackageSealed:
    sealed = facts.record(act, PackageSealed if act == "seal_package" else AdditionsSealed)
    if sealed is None:
        raise RuntimeError
    return sealed


def print_return_note(office: Office, cycle_id: str) -> Path:
    """Print the contractor's return note."""
    return put(office, "return-note", return_note(office, cycle_id))


def return_note(office: Office, cycle_id: str) -> bytes:
    """Return the contractor's return note: what it holds, to be filled in by hand, or what it has returned."""
    facts = facts_of(office, cycle_id)
    told, done = facts.record("return_items", ItemsReturned), facts.done.get("return_items")
    back = {number for _at, it in facts.every(ItemsReturned, "return_items") for number in it.items}
    lost = _lost_there(facts)
    listed = [item for item in facts.items if item.is_thing and (item.number in back | lost or _is_elsewhere(item))]
    data: dict[str, Any] = {
        "head": head(facts, f"N-{facts.fiscal_year}-01", on=done.on if done else None),
        "contractor": facts.programme.contractor.name,
        "manager": _manager(facts),
        "returned_at": moment(done.occurred_at) if done else None,
        "bag": "鍵付きカバン等" if told and told.locked_bag else "",
        "items": [
            {"item": choices.on_paper(choices.ITEMS, item.kind), "number": item.number, "received": "1点",
             "returned": "1点" if item.number in back else "紛失" if item.number in lost else ""}
            for item in listed
        ],
        "giver": party(facts, told.giver)["name"] if told else "",
        "receiver": party(facts, told.receiver)["name"] if told else "",
    }  # fmt: skip
    return office.press(facts.programme).make("return_note", data)


def _lost_there(facts: Facts) -> frozenset[str]:
    """Return the numbers of what is lost after the contractor had it: handed over to him, or printed by him."""
    handed = {move.item for _at, move in (*media_out(facts), *notices_out(facts))}
    lost = facts.things_in("lost")
    return frozenset(it.number for it in lost if it.number in handed or it.kind in _PRINTED_THERE)


def print_erasure_report(office: Office, cycle_id: str) -> Path:
    """Print the contractor's erasure report."""
    return put(office, "erasure-report", erasure_report(office, cycle_id))


def erasure_report(office: Office, cycle_id: str) -> bytes:
    """Return the contractor's erasure report: every registered copy with its place, filled in once it is reported."""
    facts = facts_of(office, cycle_id)
    told, done = facts.record("report_erasure", ErasureReported), facts.done.get("report_erasure")
    register, names = registered_copies(facts), names_of(facts)
    erased = {
        it.copy_number: it for _at, report in facts.every(ErasureReported, "report_erasure") for it in report.copies
    }
    numbers = dict.fromkeys(
        [*erased, *(item.number for item in facts.items if not item.is_thing and _is_elsewhere(item))]
    )
    first = told.copies[0] if told and told.copies else None
    data: dict[str, Any] = {
        "head": head(facts, f"Z-{facts.fiscal_year}-01", on=done.on if done else None),
        "contractor": facts.programme.contractor.name,
        "manager": _manager(facts),
        "items": [_erasure_line(number, register.get(number), erased.get(number), names) for number in numbers],
        "subcontracting": "なし" if facts.programme.contractor.subcontracting == "none" else "あり",
        "operator": names.get(first.erased_by, first.erased_by) if first else "",
        "witness": names.get(first.witness, first.witness) if first else "",
    }
    return office.press(facts.programme).make("erasure_report", data)


def _erasure_line(
    number: str, copy: CopyMade | None, erased: CopyErased | None, names: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "number": number,
        "what": choices.on_paper(choices.COPIES, copy.kind) if copy else "",
        "where": copy.place if copy else "",
        "storage": choices.on_paper(choices.STORAGES, copy.lies_on) if copy and copy.lies_on else "",
        "method": choices.on_paper(choices.METHODS, erased.method) if erased else "",
        "tool": erased.tool if erased else "",
        "erased_at": moment(erased.erased_at) if erased else None,
        "by": names.get(erased.erased_by, erased.erased_by) if erased else "",
        "witness": names.get(erased.witness, erased.witness) if erased else "",
    }


def _is_elsewhere(item: ItemFact) -> bool:
    return item.state in {"with_contractor", "with_subcontractor"}


def _print_pull_list(office: Office, cycle_id: str, outcome: Outcome, record: PullListIssued, *, by: str) -> None:
    facts = facts_of(office, cycle_id)
    final = outcome.trigger == "issue_final_pull_list"
    acknowledge = "acknowledge_final_pull_list" if final else "acknowledge_pull_list"
    # Which code belongs to which serial only the register section knows: it is printed where there is but one.
    code = next(iter(record.reasons)) if len(record.reasons) == 1 else ""
    data: dict[str, Any] = {
        "head": head(facts, f"H-{facts.fiscal_year}-{2 if final else 1:02}"),
        "contractor": facts.programme.contractor.name,
        "list_number": "最終" if final else "第1回",
        "stage": "封入封緘後" if final else "封入前",
        "acknowledge_by": moment(facts.due[acknowledge]),
        "rows": [{"serial": f"{serial:07}", "code": code} for serial in expand(record.pulled)],
        "sealed": final and bool(record.pulled),
        "codes": [{"code": code, "meaning": f"差止め {count}件"} for code, count in sorted(record.reasons.items())],
        "made_by": names_of(facts).get(by, ""),
    }
    put(office, f"pull-list-{2 if final else 1}", office.press(facts.programme).make("pull_list", data))


def party(facts: Facts, person_id: str) -> dict[str, str]:
    person = facts.people.get(person_id)
    if person is None:
        return {"affiliation": "（名簿にない者）", "name": person_id}
    affiliation = {
        Side.WARD: facts.programme.sections.owner,
        Side.REGISTER: facts.programme.sections.extraction,
        Side.CONTRACTOR: facts.programme.contractor.name,
    }[person.side]
    return {"affiliation": affiliation, "name": person.name}


def _manager(facts: Facts) -> str:
    notice = facts.record("register_handlers", HandlersRegistered)
    return names_of(facts).get(notice.handling_manager, "") if notice else ""
