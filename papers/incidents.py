"""What an incident calls for: report to the Commission, notice to the persons, publication; all drafts.

Whether an incident is to be reported is for people to decide; here the heads of the rule and the days are worked out,
and every point that was not read in the rules' text is said so on the paper. What nobody can know yet stays free.
"""

from collections.abc import Sequence
from typing import TypedDict

from sqlalchemy import Row, select
from sqlmodel import col

from models import choices, tables
from models.clock import wareki
from models.letter import Moment
from models.records.transfer import PackageSealed
from papers import sheet
from papers.sheet import Document, Sheet, moment
from states import statute
from states.look import Look
from states.reading import aware
from states.rows import STATES_BY_KEY
from states.table import BY_TRIGGER
from views.incidents import Incident, incidents_of

_HEADS = {
    1: "要配慮個人情報が含まれる（規則43条1号）",
    2: "不正利用により財産的被害が生じるおそれ（規則43条2号）",
    3: "不正の目的をもって行われたおそれ（規則43条3号）",
    4: "本人の数が100人を超える（規則43条4号）",
    5: "条例要配慮個人情報が含まれる（規則43条5号）",
}


class Term(TypedDict):
    """A day of the law's clock."""

    label: str
    day: Moment


class ActBefore(TypedDict):
    """An act that was done shortly before an incident."""

    number: int
    at: Moment
    title: str


class IncidentPaper(Document):
    """`incident_report` 報告書, `incident_notice` 通知, `incident_publication` 公表文: one content for all three."""

    kind: str
    known_on: Moment
    state: str
    items: str
    persons: str
    heads: Sequence[str]
    encryption: str
    perhaps_exempt: bool
    clock: Sequence[Term]
    out: Sequence[str]
    before: Sequence[ActBefore]
    ledger_seq: int
    contact: str
    sender: str
    contractor: str
    version: str
    unverified: Sequence[str]


def incident_papers(here: Look, seq: int) -> tuple[Sheet, ...]:
    """Return the three papers of the incident that the ledger's entry of this number opened."""
    incident = next(incident for incident in incidents_of(here) if incident.ledger_seq == seq)
    data = _data(here, incident)
    return tuple(
        Sheet(
            programme=here.programme, name=f"incident-{incident.number}-{name}", template=f"incident_{name}", data=data
        )
        for name in ("report", "notice", "publication")
    )


def _data(here: Look, incident: Incident) -> IncidentPaper:
    facts = here.facts
    sealed = facts.record("seal_package", PackageSealed)
    clock, report, today = incident.clock, incident.report, wareki(facts.today)
    return {
        "head": sheet.head(facts, f"A-{facts.fiscal_year}-{incident.number:02}"),
        "kind": choices.on_paper(choices.INCIDENTS, incident.kind),
        "known_on": moment(incident.known_on),
        "state": STATES_BY_KEY[facts.state].ja,
        "items": "、".join(facts.programme.consignment.items),
        "persons": f"{report.persons:,} 人（{today} 現在）" if report and report.persons else "",
        "heads": [_HEADS[number] for number in incident.heads],
        "encryption": choices.on_paper(choices.ENCRYPTIONS, sealed.algorithm) if sealed else "",
        "perhaps_exempt": incident.perhaps_exempt,
        "clock": [
            {"label": "知った日（1日目）", "day": moment(clock.known_on)},
            {"label": "速報（3日目）", "day": moment(clock.prompt_from)},
            {"label": "速報（5日目まで）", "day": moment(clock.prompt_by)},
            {"label": f"確報（{clock.days}日目）", "day": moment(clock.final_by)},
        ] if clock else [],
        "out": [
            f"{choices.on_paper(choices.ITEMS, item.kind)}　{item.number}" for item in facts.items_in("with_contractor")
        ],
        "before": [
            {"number": row.ledger_seq, "at": moment(aware(row.occurred_at)), "title": BY_TRIGGER[row.act].ja}
            for row in _last_entries(here, incident.ledger_seq)
        ],
        "ledger_seq": incident.ledger_seq,
        "contact": facts.programme.sections.contact,
        "sender": facts.programme.sections.sender,
        "contractor": facts.programme.contractor.name,
        "version": statute.VERSION,
        "unverified": list(statute.UNVERIFIED),
    }  # fmt: skip


def _last_entries(here: Look, seq: int) -> Sequence[Row[tuple[tables.Record]]]:
    """Return the last acts before the incident: where it happened is usually among them."""
    record = tables.Record
    query = (
        select(record)
        .where(col(record.cycle_id) == here.cycle_id, col(record.ledger_seq) < seq, col(record.status) == "done")
        .order_by(col(record.ledger_seq).desc())
        .limit(5)
    )
    return here.connection.execute(query).all()[::-1]
