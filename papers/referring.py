"""From year to year on paper: the 付議書, both checklists of measures, and the memorandum for the next in charge.

The words on paper are Japanese. What changed is told against the year before, whose programme is the matter the board
approved.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypedDict, cast

from models import choices
from models.clock import wareki
from models.letter import Moment
from models.programme import Programme
from papers import sheet
from papers.movements import UNTOLD
from papers.sheet import Document, Sheet
from states.look import Look
from states.reading import year_before
from states.referral import COMPARED, changed
from states.rows import STATES_BY_KEY
from views.documents import documents
from views.incidents import contacts_of, incidents_of
from views.measures import MeasureStanding, judged_on, standings
from views.standing import standing

_POSTERS = {"ward": "区", "contractor": "受託事業者"}
_SIDES = {
    "ward": "チェックリスト（区が行う対策）",
    "contractor": "チェックリスト（受託事業者に行わせる対策）",
}
_PLACES = {"with_ward": "区", "with_contractor": "受託事業者"}
_SAME_MATTER = "前回の付議の範囲内です。"
_NEW_MATTER = "前回の付議の範囲を超える事項があります。新たな付議が必要です。"
_AHEAD = 12  # acts named in the memorandum


class Change(TypedDict):
    """What differs from the matter the board approved."""

    label: str
    was: str
    now: str


class Referral(Document):
    """`referral` 付議書."""

    business: str
    basis: str
    purpose: str
    reason: str
    contractor: str
    items: str
    medium: str
    work: str
    subcontracting: str
    poster: str
    period: str
    number: str
    changes: Sequence[Change]
    verdict: str


class MeasureLine(TypedDict):
    """A measure with its mark, proof and evidence."""

    order: int
    text: str
    mark: str
    proof: str
    standing: str
    evidence: str


class MeasureGroup(TypedDict):
    """The measures of a category."""

    title: str
    rows: Sequence[MeasureLine]


class Checklist(Document):
    """`checklist` チェックリスト of one side, in the order of the source."""

    title: str
    as_of: str
    groups: Sequence[MeasureGroup]
    changes: str


class NextAct(TypedDict):
    """An act that comes next."""

    title: str
    owner: str
    due: Moment
    blocked: str


class HandoverMemo(Document):
    """`handover_memo` 引継書."""

    state: str
    hold: str
    contractor: str
    next: Sequence[NextAct]
    incidents: Sequence[Mapping[str, str]]
    items: Sequence[Mapping[str, str]]
    measures: str
    documents: str
    contacts: Sequence[Mapping[str, str]]


def referral(here: Look) -> Sheet:
    """Return the 付議書 with this year's values and what changed."""
    facts, programme = here.facts, here.programme
    data: Referral = {
        "head": sheet.head(facts, f"F-{facts.fiscal_year}-01"),
        "business": programme.referral.business,
        "basis": programme.referral.basis,
        "purpose": programme.referral.purpose,
        "reason": programme.referral.reason,
        "contractor": f"{programme.contractor.name}（{programme.contractor.certificate}）",
        "items": "、".join(programme.consignment.items),
        "medium": programme.consignment.medium,
        "work": "、".join(programme.consignment.work),
        "subcontracting": choices.on_paper(choices.SUBCONTRACTING, programme.contractor.subcontracting),
        "poster": _POSTERS[programme.consignment.poster],
        "period": f"{programme.consignment.period}（次年度以降も同様）",
        "number": programme.referral.number,
        "changes": _changes(here),
        "verdict": _NEW_MATTER if facts.differs else _SAME_MATTER,
    }
    return Sheet(programme=programme, name="referral", template="referral", data=data)


def checklists(here: Look) -> tuple[Sheet, ...]:
    """Return both checklists in the order of the source; of a closed year they are dated on its closing day."""
    facts, found, as_of = here.facts, standings(here), judged_on(here.facts)
    changes = "、".join(change["label"] for change in _changes(here)) or "なし"

    def sheet_of(number: int, side: str, title: str) -> Sheet:
        mine = [measure_standing for measure_standing in found if measure_standing.measure.side == side]
        data: Checklist = {
            "head": sheet.head(facts, f"Q-{facts.fiscal_year}-{number:02}", on=as_of),
            "title": title,
            "as_of": wareki(as_of),
            "groups": [
                {
                    "title": group,
                    "rows": [
                        _row(measure_standing)
                        for measure_standing in mine
                        if measure_standing.measure.category == group
                    ],
                }
                for group in dict.fromkeys(measure_standing.measure.category for measure_standing in mine)
            ],
            "changes": changes,
        }
        return Sheet(programme=here.programme, name=f"checklist-{side}", template="checklist", data=data)

    return tuple(sheet_of(number, *side) for number, side in enumerate(_SIDES.items(), start=1))


def handover_memo(here: Look) -> Sheet:
    """Return the 引継書: where the year stands, what comes next, what is open, who is called."""
    facts, stands = here.facts, standing(here)
    open_incidents = [incident for incident in incidents_of(here) if incident.state == "open"]
    data: HandoverMemo = {
        "head": sheet.head(facts, f"J-{facts.fiscal_year}-01"),
        "state": STATES_BY_KEY[facts.state].ja,
        "hold": "一時停止中" if facts.on_hold else "なし",
        "contractor": facts.programme.contractor.name,
        "next": [
            {
                "title": due_act.title,
                "owner": due_act.owner_title,
                "due": sheet.moment(due_act.due_on),
                "blocked": "" if due_act in stands.later else "、".join(due_act.blocked_by[:1]),
            }
            for due_act in (*stands.next, *stands.later)[:_AHEAD]
        ],
        "incidents": [
            {
                "number": f"第{incident.number}号",
                "kind": choices.on_paper(choices.INCIDENTS, incident.kind),
                "duties": "、".join(incident.duties),
            }
            for incident in open_incidents
        ],
        "items": [
            {"number": item.number, "kind": choices.on_paper(choices.ITEMS, item.kind), "place": _PLACES[item.state]}
            for item in facts.items
            if item.state in _PLACES
        ],
        "measures": _named(
            measure_standing.measure.id for measure_standing in standings(here) if not measure_standing.is_kept
        ),
        "documents": _named(
            f"{document.document.number} {document.document.ja}"
            for document in documents(here)
            if document.standing not in {"complete", "no_occasion"}
        ),
        "contacts": [
            {
                "name": contact.called,
                "place": contact.place,
                "mail": contact.mail,
                "phone": contact.phone or UNTOLD,
                "out_of_hours": contact.phone_out_of_hours or UNTOLD,
            }
            for contact in contacts_of(facts)
        ],
    }
    return Sheet(programme=here.programme, name="handover-memo", template="handover_memo", data=data)


PRINTS: Mapping[str, Callable[[Look], Sheet | tuple[Sheet, ...]]] = {
    "referral": referral,
    "checklists": checklists,
    "handover": handover_memo,
}


def _changes(here: Look) -> Sequence[Change]:
    facts = here.facts
    before = year_before(here.connection, facts.programme, facts.fiscal_year)
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
    return choices.on_paper({**_POSTERS, **choices.SUBCONTRACTING}, str(value))


def _row(measure_standing: MeasureStanding) -> MeasureLine:
    numbers = sorted(
        {
            *measure_standing.proved_by,
            *measure_standing.contradicted_by,
            *((measure_standing.claim.ledger_seq,) if measure_standing.claim else ()),
        }
    )
    entries = f"（{'、'.join(f'第{number}号' for number in numbers)}）" if numbers else ""
    return {
        "order": measure_standing.measure.order,
        "text": measure_standing.measure.text,
        "mark": "－" if measure_standing.standing == "not_applicable" else "○",
        "proof": choices.on_paper(choices.PROOFS, measure_standing.measure.proof),
        "standing": choices.on_paper(choices.MEASURES, measure_standing.standing),
        "evidence": f"{measure_standing.claim.evidence if measure_standing.claim else ''}{entries}",
    }


def _named(names: Iterable[str]) -> str:
    return "、".join(names) or "なし"
