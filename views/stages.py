"""The stages of a year as its flow shows them: what is late and who owes it, what waits for whom, what is done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from models import tables
from models.clock import TOKYO, utc
from models.words import _, day_in_words, in_words, listed
from states.look import Look
from states.table import STAGE_OF, STAGES
from views.standing import Owed, Standing

LATE, HELD, WAITING, DONE, TO_COME = "late", "held", "waiting", "done", "to_come"
WORDS = {
    LATE: ("期限超過", "Overdue"),
    HELD: ("一時停止", "On hold"),
    WAITING: ("待ち", "Waiting"),
    DONE: ("済", "Done"),
    TO_COME: ("開始前", "To come"),
}
_NAMED = 3  # so many acts are named in a sentence, the rest is counted


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage of a year: what is late of itself, what may come now, what only follows what is late, what is left.

    `moved` tells that something of it was recorded today.
    """

    key: str
    late: tuple[Owed, ...]
    follows: tuple[Owed, ...]
    waiting: tuple[Owed, ...]
    left: int
    on_hold: bool
    begun: bool
    moved: bool

    @property
    def title(self) -> str:
        """Return its number and name; it begins with an ASCII digit, or the timeline loses it."""
        return title_of(self.key)

    @property
    def called(self) -> str:
        """Return its title, and of what is late the first act and who owes it: what a list of runs shows of it."""
        if not self.late:
            return self.title
        first, more = self.late[0], len(self.late) - 1
        said = _("{stage}: “{act}” ({owner})").format(stage=self.title, act=first.title, owner=first.owner_title)
        return _("{said} and {count} more").format(said=said, count=more) if more else said

    @property
    def state(self) -> str:
        """Return in which of the five states it is: red is what is late of itself, whatever else holds."""
        if self.late:
            return LATE
        if self.on_hold and self.left:
            return HELD
        if self.waiting or (self.begun and self.left):
            return WAITING
        return TO_COME if self.left else DONE

    @property
    def has_something_to_say(self) -> bool:
        """Tell a stage in which something is late, due or new; the others are a line of the page."""
        return bool(self.late or self.follows or self.waiting or self.moved)

    @property
    def words(self) -> str:
        """Say for whom it waits, for what and until when; what is late first, and what only follows apart from it."""
        return self._say(_("{owner}: “{act}” is {days} days late ({due})."))

    @property
    def words_of_a_page(self) -> str:
        """Say the same without counting the days, so that a new day alone makes no new page."""
        return self._say(_("{owner}: “{act}” is late ({due})."))

    def _say(self, late: str) -> str:
        sentences = [
            *(
                late.format(owner=act.owner_title, act=act.title, days=-act.days_left, due=_due(act))
                for act in self.late[:_NAMED]
            ),
            *_more(self.late),
            *(_waiting(act) for act in self.waiting[:_NAMED]),
            *_more(self.waiting),
        ]
        if self.follows:
            titles = listed(act.title for act in self.follows[:_NAMED])
            sentences += [_("Affected: {acts}.").format(acts=titles), *_more(self.follows)]
        return " ".join(sentences)


def title_of(key: str) -> str:
    """Return the number and name of a stage."""
    ja, en = STAGES[key]
    return f"{list(STAGES).index(key) + 1} {in_words(ja=ja, en=en.capitalize())}"


def state_words(state: str) -> str:
    """Return a stage's state as people call it."""
    ja, en = WORDS[state]
    return in_words(ja=ja, en=en)


def stages(here: Look, stands: Standing) -> tuple[Stage, ...]:
    """Return every stage of a year in its order."""
    moved, near = _moved_today(here), {act.act for act in stands.next}
    owed = {key: [act for act in (*stands.next, *stands.later) if STAGE_OF[act.act] == key] for key in STAGES}
    begun = {STAGE_OF[act] for act in here.facts.done}
    return tuple(
        Stage(
            key=key,
            late=tuple(act for act in acts if act.is_late),
            follows=tuple(act for act in acts if act.days_left < 0 and act.follows),
            waiting=tuple(act for act in acts if act.days_left >= 0 and act.act in near),
            left=len(acts),
            on_hold=stands.on_hold,
            begun=key in begun,
            moved=key in moved,
        )
        for key, acts in owed.items()
    )


def worst(states: Iterable[str]) -> str:
    """Return in which state a year is whose stages are in these: the first of the order in which they are named."""
    found = set(states)
    return next((state for state in WORDS if state in found), DONE)


def _moved_today(here: Look) -> set[str]:
    """Return the stages of which something was entered on this day."""
    record, midnight = tables.Record, datetime(here.today.year, here.today.month, here.today.day, tzinfo=TOKYO)
    entered = select(col(record.act)).where(
        col(record.cycle_id) == here.cycle_id, col(record.entered_at) >= utc(midnight)
    )
    return {STAGE_OF[act] for act in here.connection.execute(entered.distinct()).scalars()}


def _waiting(act: Owed) -> str:
    said = _("Waits for {owner}: “{act}” ({due}).")
    return said.format(owner=act.owner_title, act=act.title, due=_due(act))


def _due(act: Owed) -> str:
    if act.due_on == act.planned_on:
        return _("due {day}").format(day=day_in_words(act.due_on))
    said = _("promised {promised}, first due {planned}")
    return said.format(promised=day_in_words(act.due_on), planned=day_in_words(act.planned_on))


def _more(acts: tuple[Owed, ...]) -> list[str]:
    more = len(acts) - _NAMED
    return [_("And {count} more.").format(count=more)] if more > 0 else []
