"""Held rows in one grid: where each is and why, the character as it would be printed, and a named person's decision.

What is shown of a resident is the one character that is asked about, as a picture: to a browser on this machine alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from adapters.fonts import default_font
from adapters.glyphs import Outline, outlines
from desk.web.asked import REGISTER, STAFF, Asked, Page
from desk.web.pages.acts import told
from models import choices
from models.errors import Refused, TsudoiError
from models.extract import Finding
from models.words import _
from states.acts import Outcome
from views import agenda

if TYPE_CHECKING:
    from steps.extraction import HeldRow

_ROWS = 200  # on a page and in a form; what is more comes after these are decided
_HOWS = tuple(choices.DECISIONS)


@dataclass(frozen=True, kw_only=True)
class Character:
    """A character that is asked about: its code points, how it would be printed, and what is proposed instead."""

    points: str
    drawn: Outline | None
    instead: str
    instead_drawn: Outline | None


@dataclass(frozen=True, kw_only=True)
class Line:
    """A held row in the grid, with what stands in its fields."""

    held: "HeldRow"
    why: str
    characters: tuple[Character, ...]
    how: str
    substitute: str
    reason: str


def held(asked: Asked) -> Response:
    """Show the held rows, or record what was decided on them: all of it, or nothing and the row that is in the way."""
    from steps import extraction

    cycle_id, office, trouble = asked.cycle_id, asked.visitor.office, None
    if asked.is_sent:
        try:
            outcome = _decided(asked, cycle_id)
        except TsudoiError as refused:
            trouble = refused
        else:
            left = office.facts(cycle_id).undecided
            return told(asked, cycle_id, [outcome], notes=[_("Rows that wait: {left}.").format(left=left)])
    rows = extraction.held_rows(office, cycle_id) if asked.is_local else []
    waiting = [row for row in rows if row.how in {"", "corrected"}]
    shown = [*waiting, *(row for row in rows if row not in waiting)][:_ROWS]
    with office.look(cycle_id) as here:
        may = agenda.may_enter(here, asked.visitor.person, "decide_row") and bool(waiting)
        names = {person.id: person.name for person in here.facts.people.values()}
    response = asked.shown(
        "held.html", cycle=cycle_id, lines=_lines(asked, shown), waiting=len(waiting), more=len(rows) - len(shown),
        may=may, names=names, hows=[(how, choices.said(choices.DECISIONS, how)) for how in _HOWS], trouble=trouble,
        unmet=trouble.unmet if isinstance(trouble, Refused) else (), is_local=asked.is_local,
        inbox=asked.office.settings.inbox,
    )  # fmt: skip
    response.status_code = 422 if trouble else 200
    return response


def _decided(asked: Asked, cycle_id: str) -> Outcome:
    from steps import extraction

    sent = asked.sent
    form = [
        {
            "row": int(row), "how": how, "reason": sent.one(f"reason.{row}"),
            "substitute": sent.one(f"with.{row}") if how == "substitute" else "",
        }
        for row in sent.all("row") if row.isdecimal() and (how := sent.one(f"how.{row}"))
    ]  # fmt: skip
    if not form:
        raise Refused(_("Nothing is decided: no row has a decision."), (), _("Choose one in the rows you decide."))
    taken = extraction.decide_all(asked.visitor.office, cycle_id, form, by=asked.visitor.id)
    if not isinstance(taken, extraction.Taken):
        return taken
    assert taken.outcome is not None  # what was held is judged again with every decision, and is never refused
    return taken.outcome


def _lines(asked: Asked, rows: Sequence["HeldRow"]) -> list[Line]:
    """Return the rows as they were sent, or with the proposals filled in where that was asked for."""
    fill = "propose" in asked.request.query_params
    proposed = {points: instead for row in rows for points, instead in _pairs(row)}
    drawn = outlines(
        default_font(), frozenset({*proposed.values()} - {""} | {one for row in rows for one in row.characters})
    )  # fmt: skip
    return [_line(asked, row, proposed, drawn, fill=fill) for row in rows]


def _line(
    asked: Asked, row: "HeldRow", proposed: Mapping[str, str], drawn: Mapping[str, Outline], *, fill: bool
) -> Line:  # fmt: skip
    sent = asked.sent
    offered = {points: proposed[points] for points in row.characters if points in proposed and row.proposals}
    if asked.is_sent:
        how, reason = sent.one(f"how.{row.row}"), sent.one(f"reason.{row.row}")
    else:
        how = ("substitute" if row.proposals else "exclude") if fill and not row.how else ""
        reason = row.code
    return Line(
        held=row, why=Finding(code=row.code).sentence, how=how, reason=reason,
        substitute=sent.one(f"with.{row.row}") or ",".join(row.proposals),
        characters=tuple(
            Character(
                points=points, drawn=drawn.get(points), instead=offered.get(points, ""),
                instead_drawn=drawn.get(offered.get(points, "")),
            )
            for points in row.characters
        ),
    )  # fmt: skip


def _pairs(row: "HeldRow") -> list[tuple[str, str]]:
    return [(points, instead) for points, _arrow, instead in (pair.partition(">") for pair in row.proposals)]


PAGES = (
    Page(
        path="/{cycle}/extract/held", shows=held, readers=STAFF | REGISTER, takes_a_form=True, of_residents=True,
    ),
)  # fmt: skip
