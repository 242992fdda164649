"""From year to year on paper: the 付議書, both checklists of measures, and the memorandum for the next in charge.

The words on paper are Japanese. What changed is told against the year before, whose programme is the matter the board
approved.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from models import choices
from models.clock import wareki
from models.database import reading
from models.programme import Programme
from models.words import speaking
from states.opening import year_before
from states.referral import COMPARED, changed
from states.rows import STATES
from steps import papers
from steps.documents import documents
from steps.incidents import contacts_of, incidents_of
from steps.office import Office
from views.measures import Standing, judged_on, standings
from views.standing import standing

_POSTERS = {"ward": "区", "contractor": "受託事業者"}
_SIDES = {
    "ward": "チェックリスト（区が行う対策）",
    "contractor": "チェックリスト（受託事業者に行わせる対策）",
}
_ALWAYS = {"enforced": "ソフトウェアが常に強制"}
_PLACES = {"with_ward": "区", "with_contractor": "受託事業者"}
_STATES = {state.key: state.ja for state in STATES}
_SAME_MATTER = "前回の付議の範囲内です。"
_NEW_MATTER = "前回の付議の範囲を超える事項があります。新たな付議が必要です。"
_AHEAD = 12  # acts named in the memorandum


@speaking("ja")
def print_referral(office: Office, cycle_id: str) -> tuple[Path, ...]:
    """Print the 付議書 with this year's values and what changed."""
    facts = papers.facts_of(office, cycle_id)
    it, changes = facts.programme, _changes(office, cycle_id)
    data: dict[str, Any] = {
        "head": papers.head(facts, f"F-{facts.fiscal_year}-01"),
        "business": it.referral.business,
        "basis": it.referral.basis,
        "purpose": it.referral.purpose,
        "reason": it.referral.reason,
        "contractor": f"{it.contractor.name}（{it.contractor.certificate}）",
        "items": "、".join(it.consignment.items),
        "medium": it.consignment.medium,
        "work": "、".join(it.consignment.work),
        "subcontracting": choices.on_paper(choices.SUBCONTRACTING, it.contractor.subcontracting),
        "poster": _POSTERS[it.consignment.poster],
        "period": f"{it.consignment.period}（次年度以降も同様）",
        "number": it.referral.number,
        "changes": changes,
        "verdict": _NEW_MATTER if facts.differs else _SAME_MATTER,
    }
    return (papers.put(office, "referral", office.press(it).make("referral", data)),)


@speaking("ja")
def print_checklists(office: Office, cycle_id: str) -> tuple[Path, ...]:
    """Print both checklists."""
    return tuple(papers.put(office, f"checklist-{side}", pdf) for side, pdf in checklists(office, cycle_id))


@speaking("ja")
def checklists(office: Office, cycle_id: str) -> tuple[tuple[str, bytes], ...]:
    """Return both checklists as PDF in the order of the source, each measure with its mark, proof and evidence.

    Of a closed year they are dated on its closing day.
    """
    facts, found = papers.facts_of(office, cycle_id), office.see(cycle_id, standings)
    told = "、".join(change["label"] for change in _changes(office, cycle_id)) or "なし"
    as_of = judged_on(facts)
    made: list[tuple[str, bytes]] = []
    for number, (side, title) in enumerate(_SIDES.items(), start=1):
        mine = [it for it in found if it.measure.side == side]
        data: dict[str, Any] = {
            "head": papers.head(facts, f"Q-{facts.fiscal_year}-{number:02}", on=as_of),
            "title": title,
            "as_of": wareki(as_of),
            "groups": [
                {"title": group, "rows": [_row(it) for it in mine if it.measure.category == group]}
                for group in dict.fromkeys(it.measure.category for it in mine)
            ],
            "changes": told,
        }
        made.append((side, office.press(facts.programme).make("checklist", data)))
    return tuple(made)


@speaking("ja")
def print_handover_memo(office: Office, cycle_id: str) -> tuple[Path, ...]:
    """Print the 引継書: where the year stands, what comes next, what is open, who is called."""
    facts, stands = papers.facts_of(office, cycle_id), office.see(cycle_id, standing)
    open_incidents = [it for it in incidents_of(office, cycle_id) if it.state == "open"]
    data: dict[str, Any] = {
        "head": papers.head(facts, f"J-{facts.fiscal_year}-01"),
        "state": _STATES[facts.state],
        "hold": "一時停止中" if facts.on_hold else "なし",
        "contractor": facts.programme.contractor.name,
        "next": [
            {
                "title": owed.title,
                "owner": owed.owner_title,
                "due": papers.moment(owed.due_on),
                "blocked": "" if owed in stands.later else "、".join(owed.blocked_by[:1]),
            }
            for owed in (*stands.next, *stands.later)[:_AHEAD]
        ],
        "incidents": [
            {
                "number": f"第{it.number}号",
                "kind": choices.on_paper(choices.INCIDENTS, it.kind),
                "duties": "、".join(it.duties),
            }
            for it in open_incidents
        ],
        "items": [
            {"number": it.number, "kind": choices.on_paper(choices.ITEMS, it.kind), "place": _PLACES[it.state]}
            for it in facts.items
            if it.state in _PLACES
        ],
        "measures": _named(it.measure.id for it in office.see(cycle_id, standings) if not it.is_kept),
        "documents": _named(
            f"{it.document.number} {it.document.ja}"
            for it in documents(office, cycle_id)
            if it.standing not in {"complete", "no_occasion"}
        ),
        "contacts": [{"name": it.name, "place": it.place, "mail": it.mail} for it in contacts_of(facts)],
    }
    return (papers.put(office, "handover-memo", office.press(facts.programme).make("handover_memo", data)),)


PRINTS: Mapping[str, Callable[[Office, str], tuple[Path, ...]]] = {
    "referral": print_referral,
    "checklists": print_checklists,
    "handover": print_handover_memo,
}


def _changes(office: Office, cycle_id: str) -> Sequence[dict[str, str]]:
    facts = papers.facts_of(office, cycle_id)
    with reading(office.engine) as connection:
        before = year_before(connection, facts.programme, facts.fiscal_year)
    if before is None:
        return ()
    return tuple(
        {"label": COMPARED[key][0], "was": _said(key, before), "now": _said(key, facts.programme)}
        for key in changed(facts.programme, before)
    )


def _said(key: str, programme: Programme) -> str:
    value = COMPARED[key][2](programme)
    if isinstance(value, tuple):
        return "、".join(map(str, cast("tuple[object, ...]", value)))
    return choices.on_paper(_POSTERS | choices.SUBCONTRACTING, str(value))


def _row(it: Standing) -> dict[str, Any]:
    numbers = sorted({*it.proved_by, *it.contradicted_by, *((it.claim.ledger_seq,) if it.claim else ())})
    entries = f"（{'、'.join(f'第{number}号' for number in numbers)}）" if numbers else ""
    return {
        "order": it.measure.order,
        "text": it.measure.text,
        "mark": "－" if it.standing == "not_applicable" else "○",
        "proof": choices.on_paper(choices.PROOFS, it.measure.proof),
        "standing": choices.on_paper(choices.MEASURES, it.standing),
        "evidence": f"{it.claim.evidence if it.claim else ''}{entries}" or _ALWAYS.get(it.measure.proof, ""),
    }


def _named(names: Iterable[str]) -> str:
    return "、".join(names) or "なし"
