"""The checklist of measures at a step: each sentence, what shows it already, and what is to be claimed with it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from models import choices
from models.measures import Measure
from models.records.base import REDACTED, Nothing
from models.records.oversight import MeasuresClaimed
from models.words import _, in_words, listed
from states.look import Look
from states.reading import HistoryOf
from states.rows import Row
from states.rules.measures import record_may_show
from states.table import BY_TRIGGER, TABLE
from views import known, measures
from views.standing import act_title

Stands = Literal["shown", "with this form", "to be claimed", "later", "not asked"]


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One measure at a step: how it stands, and in words what shows it or when it is asked for."""

    measure: Measure
    stands: Stands
    words: str
    last_year: str = ""
    is_ticked: bool = False


@dataclass(frozen=True, kw_only=True)
class Group:
    """Measures of one side that one kind of evidence may show: claimed by one tick each and one evidence."""

    side: str
    kind: str
    measures: tuple[str, ...]


def checklist(here: Look, row: Row, carried: Iterable[str] = ()) -> tuple[Listed, ...]:
    """Return every measure of the programme as it stands at a step; `carried` are the acts that come on its form."""
    open_ones = to_be_claimed(here, row, carried)
    asked = set(here.facts.measures_for(row.trigger))
    tells = {name: str(row.record.model_fields[field].title) for name, field in record_may_show(here.facts, row)}
    before = last_year(here)
    lines = (_line(it, open_ones, asked, tells) for it in measures.standings(here))
    return tuple(
        replace(line, last_year=before[line.measure.id].evidence if line.measure.id in before else "") for line in lines
    )


def last_year(here: Look) -> dict[str, MeasuresClaimed]:
    """Return by which evidence each measure was claimed in the year before; what was redacted is not proposed."""
    cycle_id = known.cycle_before(here)
    told = HistoryOf(connection=here.connection, cycle_id=cycle_id).of("claim_measures") if cycle_id else ()
    claims = (MeasuresClaimed.model_validate_json(it.data) for it in told)
    return {name: claim for claim in claims if claim.evidence != REDACTED for name in claim.measures}


def to_be_claimed(here: Look, row: Row, carried: Iterable[str] = ()) -> frozenset[str]:
    """Return the measures that a step asks for and no record shows, nor can one that comes with its form."""
    asks = next((guard for guard in row.claims if guard.owes == "claim_measures"), None)
    if asks is None:
        return frozenset()
    missed = frozenset(getattr(asks.check(here.facts, Nothing()), "names", "").split())
    missed -= _shown_by(row, frozenset(carried))
    return missed and missed | _of_papers(here)


def may_be_claimed(here: Look, row: Row) -> frozenset[str]:
    """Return the measures that a step's own record shows if it tells enough: where it does not, they are claimed."""
    return frozenset(name for name, _field in record_may_show(here.facts, row))


def _of_papers(here: Look) -> frozenset[str]:
    """Return what no act of a year shows and no step asks anew: with the first evidence of a year it is asked for."""
    ever = frozenset(it for row in TABLE for guard in row.claims for one in (guard, *guard.shown) for it in one.proves)
    asked = (it for it in here.facts.measures.values() if it.guards and not it.each_gate and it.proof != "enforced")
    return frozenset(it.id for it in asked) - ever - here.facts.claims


def groups(here: Look, claimed: Iterable[str]) -> tuple[Group, ...]:
    """Return what is claimed by side and kind of evidence: one group of a side where one kind serves all of it."""
    known = here.facts.measures
    sides: dict[str, list[str]] = {}
    for name in (name for name in known if name in set(claimed)):
        sides.setdefault(known[name].side, []).append(name)
    return tuple(group for side, names in sides.items() for group in _by_kind(side, [known[name] for name in names]))


def _by_kind(side: str, these: Sequence[Measure]) -> list[Group]:
    """Part the measures of a side: all together where they share a kind, else what a check shows from the rest."""
    shared = next((kind for kind in ("check", "document") if all(kind in it.kinds for it in these)), "")
    checked = tuple(it.id for it in these if "check" in it.kinds)
    rest = tuple(it.id for it in these if "check" not in it.kinds)
    parted = {shared: (*checked, *rest)} if shared else {"check": checked, "document": rest}
    return [Group(side=side, kind=kind, measures=names) for kind, names in parted.items() if names]


def _shown_by(row: Row, carried: frozenset[str]) -> frozenset[str]:
    """Return the measures that acts may show which come with a form, by their own claims or by what the row asks."""
    own = (guard for act in carried for guard in BY_TRIGGER[act].claims)
    asked = (claim for guard in row.claims for claim in guard.shown if claim.owes in carried)
    return frozenset(measure for claim in (*own, *asked) for measure in claim.proves)


def _line(
    stands: measures.MeasureStanding, open_ones: frozenset[str], asked: set[str], tells: dict[str, str]
) -> Listed:
    measure = stands.measure
    if measure.id in tells and not stands.is_kept:
        words = _("Shown by this form once “{field}” is filled in").format(field=_(tells[measure.id]))
        return Listed(measure=measure, stands="with this form", words=words)
    if measure.id in open_ones:
        kinds = listed((choices.said(choices.EVIDENCE, kind) for kind in measure.kinds), "・")
        words = _("Evidence: {kinds}").format(kinds=kinds)
        later = listed(act_title(gate) for gate in measure.guards)
        if measure.id not in asked:
            words += in_words(ja=" ・ ", en=" · ") + _("Asked for at: {acts}").format(acts=later)
        return Listed(measure=measure, stands="to be claimed", words=words)
    if stands.proved_by or stands.claim:
        entries = stands.proved_by or ((stands.claim.ledger_seq,) if stands.claim else ())
        words = _("Shown by ledger entry {entries}").format(entries=listed(map(str, entries)))
        return Listed(measure=measure, stands="shown", words=words)
    if measure.id in asked:
        return Listed(measure=measure, stands="with this form", words=_("Shown by the acts of this form"))
    later = listed(act_title(guard) for guard in measure.guards)
    if measure.proof == "enforced":
        return Listed(measure=measure, stands="not asked", words=_("Kept by the machine itself"))
    return Listed(measure=measure, stands="later", words=_("Asked for at: {acts}").format(acts=later or "–"))
