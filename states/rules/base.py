"""How a guard is made: a claim about the facts, about the facts and the record, or simply that an act is done."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import TypeVar

from models.records.base import ActRecord
from models.serials import compact
from states.facts import Facts, Guard, Shortfall, Verdict

R = TypeVar("R", bound=ActRecord)
NOT_POSTED = ("exported", "printed", "enclosed")


def _claim(function: Callable[..., object]) -> str:
    if not function.__doc__:
        raise TypeError(function.__name__)
    return function.__doc__.strip()


def claims(
    *, owes: str = "", proves: tuple[str, ...] = (), paper: int = 0
) -> Callable[[Callable[[Facts], Verdict]], Guard]:
    """Make a guard of the facts alone. `owes` is the act whose absence it tells; `proves` the measures it serves.

    What it tells stands on a document (`paper`, by number): it proves no more than was typed until that is on file.
    """

    def guard(check: Callable[[Facts], Verdict]) -> Guard:
        name, claim = check.__name__, _claim(check)
        return Guard(
            name=name, claim=claim, check=lambda facts, _record: check(facts), owes=owes, proves=proves, paper=paper
        )

    return guard


def claims_of(
    _kind: type[R],
    *,
    owes: str = "",
    proves: tuple[str, ...] = (),
    incident: str = "deviation",
    paper: int = 0,
    tells: str = "",
    asks_record: bool = True,
) -> Callable[[Callable[[Facts, R], Verdict]], Guard]:
    """Make a guard of the facts and the record that the act brings, which is of this kind.

    `incident` is the kind of incident that opens where it is broken by what has happened; `tells` the field without
    which a record shows nothing of it. What the facts can tell as long as nothing is said, too, needs no record to be
    asked (`asks_record`).
    """

    def guard(check: Callable[[Facts, R], Verdict]) -> Guard:
        return Guard(
            name=check.__name__, claim=_claim(check), check=check, owes=owes, proves=proves, asks_record=asks_record,
            incident=incident, paper=paper, tells=tells,
        )  # fmt: skip

    return guard


def recorded(name: str, act: str, claim: str, *, proves: tuple[str, ...] = (), paper: int = 0) -> Guard:
    """Make the plainest guard: the record of another act is on file."""
    return Guard(
        name=name, claim=claim, check=lambda facts, _record: act in facts.done, owes=act, proves=proves, paper=paper
    )


def done_today(facts: Facts, acts: Iterable[str]) -> bool:
    """Tell whether one of these acts was done today."""
    return any(facts.done[act].on == facts.today for act in acts if act in facts.done)


def none_of(names: Iterable[str], separator: str = " ") -> Verdict:
    """Hold where nothing is named, else name it all."""
    named = [*names]
    return Shortfall(names=separator.join(named)) if named else True


def no_serial_of(serials: Iterable[int]) -> Verdict:
    """Hold where there is no serial, else name them as ranges."""
    named = compact(serials)
    return Shortfall(names=named) if named else True


def agree(counted: int, reported: int) -> Verdict:
    """Hold where both numbers are the same, else name them."""
    return counted == reported or Shortfall(names=f"{counted} ≠ {reported}")


def registered(facts: Facts, people: Iterable[str], day: date) -> Verdict:
    """Name who of these is not on the register of people on that day."""
    return each_registered(facts, ((person, day) for person in people))


def each_registered(facts: Facts, people: Iterable[tuple[str, date]]) -> Verdict:
    """Name who of these is not on the register of people, each on a day of his own."""
    strange = [
        person for person, day in people if person not in facts.people or not facts.people[person].is_valid_on(day)
    ]
    return none_of(dict.fromkeys(strange))
