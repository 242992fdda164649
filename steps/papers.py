"""Paper: what is printed after which act, from the facts of the cycle. The words on paper are Japanese."""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlmodel import col

from models import tables
from models.clock import TOKYO, fiscal_year_title, wareki
from models.database import reading
from models.extract import CODES
from models.people import Side
from models.programme import Programme
from models.records.base import ActRecord
from models.records.enclosing import PullListIssued
from models.records.extraction import ExtractTaken
from models.records.mailing import PostingApproved
from models.records.media_return import ItemsReturned
from models.records.preparation import HandlersRegistered
from models.records.transfer import Movement, PackageSealed
from models.serials import expand
from models.words import _
from states import deadlines, schedule
from states.door import Outcome
from states.facts import Facts
from states.table import BY_TRIGGER
from steps.office import Office

if TYPE_CHECKING:
    from adapters.press import Moment, Words

KINDS = {
    "medium": "電磁的媒体（暗号化済）",
    "password_notice": "パスワード通知書",
    "spoiled_sheets": "損紙（宛名印字済）",
    "pulled_pieces": "引抜き分（宛名印字済）",
    "electronic_copy": "電子データの複製",
}
DECISIONS = {"exclude": "除外", "accept": "そのまま", "substitute": "置換え"}
REASONS = {
    "protected": "支援措置対象",
    "dead": "死亡",
    "moved_out": "転出",
    "duplicate": "重複",
    "decided": "決定による除外",
}


def after(office: Office, cycle_id: str, outcome: Outcome, record: ActRecord, *, by: str) -> None:
    """Print what an act calls for: the slip of a movement, the pull list, the checkers' sheet."""
    if outcome.repeated or outcome.waits_for:
        return
    match record:
        case Movement():
            _print_movement(office, cycle_id, outcome, record)
        case ItemsReturned():
            _print_return(office, cycle_id, outcome, record)
        case PullListIssued():
            _print_pull_list(office, cycle_id, outcome, record, by=by)
        case PostingApproved():
            print_posting_paper(office, cycle_id)
        case _:
            return


def put(office: Office, name: str, pdf: bytes) -> Path:
    """Put a PDF where paper is printed from; a kill leaves the old file or the new."""
    office.papers.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = office.papers / f"{name}.pdf"
    waiting = path.with_suffix(".new")
    descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pdf)
    waiting.replace(path)
    return path


def facts_of(office: Office, cycle_id: str) -> Facts:
    """Return the facts of a cycle as they stand."""
    with reading(office.engine) as connection:
        return office.door.facts(connection, cycle_id)


def moment(day: date | datetime) -> "Moment":
    """Return a date or an instant as paper shows it."""
    if isinstance(day, datetime):
        local = day.astimezone(TOKYO)
        return {"iso": local.date().isoformat(), "wareki": wareki(local.date()), "time": f"{local:%H:%M}"}
    return {"iso": day.isoformat(), "wareki": wareki(day)}


def head(facts: Facts, number: str, *, on: date | None = None) -> dict[str, Any]:
    """Return what stands on every document of a cycle."""
    programme = facts.programme
    return {
        "municipality": programme.sections.municipality,
        "section": programme.sections.owner,
        "programme": programme.title_ja,
        "fiscal_year": fiscal_year_title(facts.fiscal_year),
        "number": number,
        "date": moment(on or facts.today),
    }


def letter_words(programme: Programme, fiscal_year: int, today: date, ceremony_on: date) -> "Words":
    """Return the words of the invitation that are not a resident's."""
    paper = programme.paper
    return {
        "municipality": programme.sections.municipality,
        "sender": programme.sections.sender,
        "contact": programme.sections.contact,
        "date": moment(today),
        "ceremony": f"{fiscal_year_title(fiscal_year)} {programme.ceremony_ja}",
        "ceremony_on": moment(ceremony_on),
        "ceremony_at": programme.ceremony_at,
        "place": programme.ceremony_place,
        "inserts": list(paper.inserts),
        "box": {
            "name_width_mm": paper.name_width_mm,
            "name_size_pt": paper.name_size_pt,
            "address_width_mm": paper.address_width_mm,
            "address_size_pt": paper.address_size_pt,
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


def print_package_papers(office: Office, cycle_id: str, groups: Sequence[tuple[str, str]]) -> tuple[Path, Path]:
    """Print the medium's control sheet and the password notice of a sealed package."""
    facts = facts_of(office, cycle_id)
    sealed = facts.record("seal_package", PackageSealed)
    if sealed is None:
        raise RuntimeError
    press, names = office.press(facts.programme), names_of(facts)
    made = facts.done["seal_package"]
    sheet = press.make(
        "control_sheet",
        {
            "head": head(facts, sealed.medium, on=made.on),
            "package": cycle_id,
            "medium": sealed.medium,
            "form": sealed.algorithm,
            "made_at": moment(made.occurred_at),
            "made_by": names.get(made.by, ""),
            "checked_by": "",
            "sha256": sealed.package_sha256,
            "read_back": "適合（再度開き、全項目を照合）",
            "virus_scan": "",
        },
    )
    notice = press.make(
        "password_notice",
        {
            "head": head(facts, sealed.notice, on=made.on),
            "addressee": {"company": facts.programme.contractor.name, "name": _manager(facts)},
            "package": cycle_id,
            "sha256": sealed.package_sha256,
            "groups": [{"text": text, "kana": kana} for text, kana in groups],
            "giver": "",
            "receiver": "",
            "checkpoint": [],
        },
    )
    return put(office, "control-sheet", sheet), put(office, "password-notice", notice)


def print_posting_paper(office: Office, cycle_id: str) -> Path:
    """Print what the poster takes to the post office: the approved number, how it is posted, room for the accepted."""
    facts = facts_of(office, cycle_id)
    go, done = facts.record("approve_posting", PostingApproved), facts.done["approve_posting"]
    if go is None:
        raise RuntimeError
    names, how = names_of(facts), facts.programme.mailing
    side = BY_TRIGGER["post"].owner_under(facts.programme)
    data: dict[str, Any] = {
        "head": head(facts, f"D-{facts.fiscal_year}-01", on=done.on),
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


def print_extract_report(office: Office, cycle_id: str) -> Path:
    """Print the sheet that the two checkers sign: counts, exclusions, months, held rows by number and code."""
    facts = facts_of(office, cycle_id)
    taken = facts.record("take_extract", ExtractTaken)
    if taken is None:
        raise RuntimeError
    dates = schedule.milestones(facts.programme, facts.fiscal_year, office.calendar)
    excluded = sum(taken.excluded.values())
    data: dict[str, Any] = {
        "head": head(facts, f"T-{facts.fiscal_year}-01"),
        "condition": [
            {"label": "生年月日の範囲", "value": f"{taken.window_from} から {taken.window_to} まで"},
            {"label": "基準日", "value": str(dates.get("cutoff", ""))},
        ],
        "hits": f"{taken.raw_hits:,}",
        "excluded": [{"reason": REASONS.get(key, key), "count": f"{n:,}"} for key, n in taken.excluded.items()],
        "exported": f"{taken.exported:,}",
        "result": f"抽出 {taken.raw_hits:,} ＝ 出力 {taken.exported:,} ＋ 除外 {excluded:,} ＋ 要確認 {taken.held:,}",
        "months": [{"label": month, "count": n} for month, n in sorted(taken.months.items())],
        "files": [
            {"label": "文字コード", "value": str(taken.encoding)},
            {"label": "最も早い生年月日", "value": str(taken.born_from)},
            {"label": "最も遅い生年月日", "value": str(taken.born_to)},
        ],
        "sha256": taken.extract_sha256,
        "held": list(_held_rows(office, cycle_id, names_of(facts))),
        "checkers": ("", ""),
    }
    return put(office, "extract-report", office.press(facts.programme).make("extract_report", data))


def _print_movement(office: Office, cycle_id: str, outcome: Outcome, record: Movement) -> None:
    facts = facts_of(office, cycle_id)
    kind = next((item.kind for item in facts.items if item.number == record.item), "")
    _print_slip(
        office,
        facts,
        slip=record.slip,
        movement=BY_TRIGGER[outcome.trigger].ja,
        at=facts.done[outcome.trigger].occurred_at,
        people=(record.giver, record.receiver),
        content=f"{KINDS.get(kind, kind)}　{record.item}",
        quantity=f"媒体{record.quantity}枚" if kind == "medium" else f"{record.quantity}通",
        occasion=record.occasion,
        checks=[("鍵付きカバン等で運搬した", record.locked_bag), ("手渡しで受け渡した", record.in_person)],
        checkpoint=outcome.checkpoint,
    )


def _print_return(office: Office, cycle_id: str, outcome: Outcome, record: ItemsReturned) -> None:
    facts = facts_of(office, cycle_id)
    kinds = {item.number: KINDS.get(item.kind, item.kind) for item in facts.items}
    _print_slip(
        office,
        facts,
        slip=record.slip,
        movement=BY_TRIGGER[outcome.trigger].ja,
        at=facts.done[outcome.trigger].occurred_at,
        people=(record.giver, record.receiver),
        content="、".join(f"{kinds.get(number, '')}　{number}" for number in record.items),
        quantity=f"{len(record.items)}点",
        occasion=record.occasion,
        checks=[
            ("鍵付きカバン等で運搬した", record.locked_bag),
            ("手渡しで受け渡した", False),
        ],  # the second is ticked by hand
        checkpoint=outcome.checkpoint,
    )


def _print_slip(
    office: Office,
    facts: Facts,
    *,
    slip: str,
    movement: str,
    at: datetime,
    people: tuple[str, str],
    content: str,
    quantity: str,
    occasion: str,
    checks: Sequence[tuple[str, bool]],
    checkpoint: str,
) -> None:
    giver, receiver = (_party(facts, person) for person in people)
    data: dict[str, Any] = {
        "head": head(facts, slip),
        "movement": movement,
        "moved_at": moment(at),
        "giver": giver,
        "receiver": receiver,
        "content": content,
        "quantity": quantity,
        "occasion": occasion,
        "bag": "鍵付きカバン等" if checks[0][1] else "",
        "carrier": giver["name"],
        "checks": [{"label": label, "done": done} for label, done in checks],
        "checkpoint": lines_of(checkpoint),
    }
    put(office, f"slip-{slip.lower()}", office.press(facts.programme).make("slip", data))


def _print_pull_list(office: Office, cycle_id: str, outcome: Outcome, record: PullListIssued, *, by: str) -> None:
    facts = facts_of(office, cycle_id)
    final = outcome.trigger == "issue_final_pull_list"
    acknowledge = "acknowledge_final_pull_list" if final else "acknowledge_pull_list"
    codes = [code for code, count in sorted(record.reasons.items()) for _n in range(count)]
    data: dict[str, Any] = {
        "head": head(facts, f"H-{facts.fiscal_year}-{2 if final else 1:02}"),
        "list_number": "最終" if final else "第1回",
        "stage": "封入封緘後" if final else "封入前",
        "acknowledge_by": moment(facts.due[acknowledge]),
        "rows": [
            {"serial": f"{serial:07}", "code": code} for serial, code in zip(expand(record.pulled), codes, strict=True)
        ],
        "sealed": final and bool(record.pulled),
        "codes": [{"code": code, "meaning": "差止め"} for code in sorted(record.reasons)],
        "made_by": names_of(facts).get(by, ""),
    }
    put(office, f"pull-list-{2 if final else 1}", office.press(facts.programme).make("pull_list", data))


def _party(facts: Facts, person_id: str) -> dict[str, str]:
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


def _held_rows(office: Office, cycle_id: str, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    held = tables.HeldRow
    query = select(held).where(col(held.cycle_id) == cycle_id).order_by(col(held.row))
    with reading(office.engine) as connection:
        for row in connection.execute(query):
            yield {
                "row": row.row,
                "column": row.column,
                "code": _(CODES[row.code].sentence),
                "decision": DECISIONS.get(row.how, ""),
                "by": names.get(row.decided_by, ""),
            }
