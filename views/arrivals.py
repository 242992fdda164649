"""What came from the contractor: the acts that its people entered themselves, so that the ward is told of them."""

import json
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from models import tables
from models.clock import utc, wareki
from models.people import Side
from models.words import _
from states.look import Look
from views.reminders import reminders_of
from views.standing import act_title


def came(here: Look, since: datetime, until: datetime) -> tuple[str, ...]:
    """Return in words what the contractor's people entered between two moments; what the ward typed for them it knows.

    Of an answer to a reminder it says about which act it is, and the day that was promised.
    """
    record, entry = tables.Record, tables.Ledger
    query = (
        select(col(record.act), col(record.by), col(record.data), col(entry.entry))
        .join(entry, col(entry.seq) == col(record.ledger_seq))
        .where(
            col(record.cycle_id) == here.cycle_id, col(record.entered_at) > utc(since),
            col(record.entered_at) <= utc(until),
        )
        .order_by(col(record.ledger_seq))
    )  # fmt: skip
    people = here.facts.people
    return tuple(
        _("“{act}” ({year}), from {person}").format(
            act=_title(here, row.act, json.loads(row.data)), year=here.facts.fiscal_year, person=people[row.by].name
        )
        for row in here.connection.execute(query)
        if row.by in people
        and people[row.by].side is Side.CONTRACTOR
        and "entered_by" not in json.loads(row.entry)["data"]
    )


def _title(here: Look, act: str, record: dict[str, object]) -> str:
    if act != "acknowledge_reminder":
        return act_title(act)
    about = next((act_title(row.act) for row in reminders_of(here) if row.id == record["reminder"]), "")
    promised = record.get("promised_on")
    day = _("promised for {day}").format(day=wareki(datetime.fromisoformat(str(promised)))) if promised else ""
    return " ".join(filter(None, (act_title(act), about, day)))
