"""What the contractor has reported, beside what the record expects, once both sides have given their figures."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from models.people import Side
from models.serials import count
from models.words import _
from states.facts import Facts
from states.look import Look
from states.rows import Row
from states.rules.custody import rows_sealed
from states.table import BY_TRIGGER
from views.known import unit_of
from views.standing import act_title, in_words_of

Expects = Callable[[Facts], int]
_A_LINE = 80  # characters


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A count of the other side's beside the one of the record."""

    title: str
    unit: str
    reported: int
    expected: int
    is_blind: bool = False  # the other side's: whoever typed it reads it once more, and is not told ours

    @property
    def agrees(self) -> bool:
        """Tell whether both are the same."""
        return self.reported == self.expected


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report on record: of which act, by whom and when, its figures beside the expected, and all that it says."""

    title: str
    seq: int
    by: str
    on: date
    figures: tuple[Figure, ...]
    says: tuple[tuple[str, str], ...]


def _pieces(*states: str, origin: str = "") -> Expects:
    return lambda facts: facts.pieces.count(*states, origin=origin)


def _to_print(facts: Facts) -> int:
    return facts.pieces.count(origin="extract") - facts.pieces.count("pulled", origin="extract")


# Counts of the contractor's: shown beside each other on the page that confirms them, never where he gives them.
OF_THE_CONTRACTOR: Mapping[tuple[str, str], Expects] = {
    ("report_receipt", "received"): rows_sealed,
    ("report_printing", "good"): _to_print,
    ("report_enclosing", "sealed"): _pieces("printed", "enclosed", origin="extract"),
}
# Counts of the ward's own: whoever types another one is asked before it is recorded.
OF_THE_WARD: Mapping[tuple[str, str], Expects] = {
    ("extract", "exported"): lambda facts: json.loads(facts.done["take_extract"].data)["exported"],
    ("complete_printing", "letters_printed"): _pieces("printed", origin="extract"),
    ("complete_enclosing", "letters_enclosed"): _pieces("enclosed", origin="extract"),
    ("inspect_delivery", "delivered"): _pieces("enclosed", "posted", origin="extract"),
    ("enclose_additions", "letters_enclosed"): _pieces("exported", origin="addition"),
    ("approve_posting", "letters"): _pieces("enclosed"),
    ("post", "accepted"): _pieces("enclosed"),
    ("report_posting", "accepted"): _pieces("posted"),
}

# What records the figure that stops a step, since the step itself is not done (Laws 7 and 8).
DIFFERENCE = "record_deviation"
# Of these the ones that the post office counts, and the ward only reads off its slip.
_OF_THE_POST = frozenset({("post", "accepted"), ("report_posting", "accepted")})


def reports(here: Look, row: Row) -> tuple[Report, ...]:
    """Return what the contractor has reported already of what an act confirms."""
    carried = (BY_TRIGGER[act] for act in row.carries if act in here.facts.done and act != "claim_measures")
    return tuple(_report(here.facts, act) for act in carried if act.owner_under(here.programme) is Side.CONTRACTOR)


def _report(facts: Facts, row: Row) -> Report:
    done = facts.done[row.trigger]
    record = row.record.model_validate_json(done.data)
    figures = (
        _figure(row, field, _number(getattr(record, field)), expects(facts))
        for (act, field), expects in OF_THE_CONTRACTOR.items() if act == row.trigger
    )  # fmt: skip
    return Report(
        title=act_title(row.trigger), seq=done.seq, by=_name(facts, done.by), on=done.on, figures=tuple(figures),
        says=tuple((title, words) for title, words in in_words_of(record) if words != "–"),
    )  # fmt: skip


def differing(facts: Facts, act: str, fields: Mapping[str, Any]) -> tuple[Figure, ...]:
    """Return the ward's own counts that were typed otherwise than the record expects."""
    row = BY_TRIGGER[act]
    typed = {
        field: (fields[field], expects(facts)) for (of, field), expects in OF_THE_WARD.items()
        if of == act and isinstance(fields.get(field), int)
    }  # fmt: skip
    found = (_figure(row, field, said, due) for field, (said, due) in typed.items())
    return tuple(figure for figure in found if not figure.agrees)


def count_guards(row: Row) -> frozenset[str]:
    """Return the claims that make of another count an incident; a step has none, and waits until the counts agree."""
    return frozenset(guard.name for guard in row.deviations if guard.incident == "count")


def difference(facts: Facts, row: Row, figures: Iterable[Figure]) -> dict[str, str]:
    """Return the fields of the deviation that says which counts stop a step; none where the act says so itself."""
    if count_guards(row):
        return {}
    said = "、".join(f"{it.title} {it.reported:,} ≠ {it.expected:,}" for it in figures)
    return {"what": "count", "happened_on": str(facts.today), "remark": f"{row.title}: {said}"[:_A_LINE]}


def _name(facts: Facts, who: str) -> str:
    """Return a person's name; what the system answered in its own name has none."""
    return facts.people[who].name if who in facts.people else who


def _number(value: Any) -> int:
    return value if isinstance(value, int) else count(value)


def _figure(row: Row, field: str, reported: int, expected: int) -> Figure:
    title = _(row.record.model_fields[field].title or field)
    blind = (row.trigger, field) in _OF_THE_POST
    return Figure(title=title, unit=unit_of(field), reported=reported, expected=expected, is_blind=blind)
