"""The board: one page a cycle that tells at a glance where the year stands, what is late and what to do; and an index.

Markdown, and two pictures as SVG in data URIs, made from the facts alone: the same facts give the same page, so that a
new version is a change. Ids of staff, acts, dates and counts only; never a name, never a serial (Law 4).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import itemgetter

from sqlalchemy import Connection, Row, func, select
from sqlmodel import col

from models import choices, tables
from models.clock import wareki
from models.people import Side
from models.words import _, bracketed, in_words, listed, year_in_words
from states.calendar import Calendar
from states.events import LETTER_SENT
from states.look import Look
from states.sweep import ABOUT_AN_ACT
from states.table import BY_TRIGGER
from views import commitments, pictures, stages, standing
from views.deadlines import Dated, dated
from views.markdown import Markdown, bold, table, text
from views.stages import Stage
from views.standing import Owed, Standing

INDEX = "tsudoi-index"
_LAST_REMINDERS = 8
_ORDER = {act: number for number, act in enumerate(BY_TRIGGER)}


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page: its stable key, what it is about in a line, and its markdown."""

    key: str
    description: str
    markdown: str


@dataclass(frozen=True, kw_only=True)
class Links:
    """Where the pages of the board stand, and the desk, at which people act; "" where nobody knows it."""

    page_at: str  # with {key}
    desk: str

    def page(self, key: str, title: str) -> Markdown:
        """Return a link to another page."""
        return Markdown(f"[{text(title)}]({self.page_at.format(key=key)})")

    def act(self, cycle_id: str, act: str, title: str) -> Markdown:
        """Return a link to an act at the desk, or its title where no desk is known."""
        return Markdown(f"[{text(title)}]({self.desk}/{cycle_id}/acts/{act})") if self.desk else text(title)


def page(here: Look, stands: Standing, work: Sequence[tuple[str, str]], links: Links) -> Page:
    """Return the page of one cycle as it stands.

    `work` is what the machine does next: titles, each with the words that say when it is done or what it waits for.
    """
    acts = sorted(dated(here), key=lambda act: (act.planned_on, _ORDER[act.act]))
    parts = (
        _headline(stands, here.today),
        _stages(here, stands),
        pictures.image(pictures.progress(stands.state), _("States of the year")),
        _to_do(here.cycle_id, stands, links),
        _blocked(stands),
        _machine(work),
        _before_year_end(here, stands),
        _heading(_("Planned and actual dates"))
        + pictures.image(pictures.timeline(acts, here.today), _("Planned and actual dates")),
        _steps(acts, stands),
        _counts(stands),
        _reminders(here),
        _over_all(here, links),
    )
    body = "\n\n".join(part for part in parts if part)
    return Page(
        key=here.cycle_id,
        description=_line(here.cycle_id, stands, links),
        markdown=body + _foot(last_entry(here.connection, here.cycle_id), links),
    )


def stage_page(here: Look, stands: Standing, stage: Stage, links: Links) -> Page:
    """Return what leads from the run of a stage to what is due in it at the desk, and to the page of its year."""
    due = {act.act for act in (*stage.late, *stage.waiting)}
    of_it = replace(stands, next=tuple(act for act in stands.next if act.act in due))
    board = links.page(here.cycle_id, _("Board of {year}").format(year=f"{stands.year_title} {stands.ceremony}"))
    title = text(f"{stage.title}: {stages.state_words(stage.state)}")
    parts = (f"# {title}", text(stage.words), _to_do(here.cycle_id, of_it, links), board)
    return Page(
        key=f"{here.cycle_id}-{stage.key.replace('_', '-')}",
        description="\n\n".join(filter(None, (bold(title), _ready(here.cycle_id, of_it, links), board))),
        markdown="\n\n".join(filter(None, parts)),
    )


def index(connection: Connection, today: date, calendar: Calendar, links: Links) -> Page:
    """Return the page of all cycles: what is due first on top, what is closed, and owes nothing, at the end.

    It reads dates only, and of no cycle its facts: it is drawn after every act of any.
    """
    owed, rows = _owed_by_cycle(connection), list[tuple[date, list[str | Markdown]]]()
    for cycle in standing.all_cycles(connection):
        acts = owed.get(cycle.id, [])
        first = next((act for act in acts if cycle.state in BY_TRIGGER[act.act].froms), None)
        late = sum(act.due_on < today for act in acts)
        passed = bool(acts) and commitments.any_passed(connection, cycle, today=today, calendar=calendar)
        line = [
            links.page(cycle.id, _of_year(cycle.fiscal_year)),
            _marked(standing.state_title(cycle.state), on_hold=cycle.on_hold, passed=passed),
            *([standing.act_title(first.act), Side(first.owner).label, _day(first.due_on)] if first else [""] * 3),
            bold(str(late)) if late else "0",
        ]
        rows.append((first.due_on if first else date.max, line))
    all_years, head = _("All years"), [_("Fiscal year"), _("State"), _("Next"), _("Owed by"), _("Due"), _("Overdue")]
    body = _("No fiscal year is open.")
    if rows:
        body = table(head, [line for _first, line in sorted(rows, key=itemgetter(0))])
    late = sum(act.due_on < today for acts in owed.values() for act in acts)
    return Page(
        key=INDEX,
        description=_("{count} years, {late} acts overdue").format(count=len(rows), late=late),
        markdown=f"# {all_years}\n\n{body}\n",
    )


def _owed_by_cycle(connection: Connection) -> dict[str, list[Row[tables.Act]]]:
    """Return what is owed in every open cycle and not done, by its day."""
    act, cycle, found = tables.Act, tables.Cycle, dict[str, list[Row[tables.Act]]]()
    is_owed = col(cycle.state) != "closed", col(act.done_on).is_(None), col(act.flag) != "dropped"
    query = select(act).join(cycle, col(cycle.id) == col(act.cycle_id)).where(*is_owed)
    for row in connection.execute(query.order_by(col(act.due_on), col(act.planned_on))):
        found.setdefault(row.cycle_id, []).append(row)
    return found


def _headline(stands: Standing, today: date) -> str:
    """Say in three seconds: state, next step, who, due, days left or late."""
    lines = [f"# {text(f'{stands.year_title} {stands.ceremony}: {_state(stands)}')}"]
    first = _first(stands)
    if first:
        lines.append(
            _heading(_("Next: {title}").format(title=first.title))
            + table(
                [_("Owed by"), _("Due"), _("Overdue acts")],
                [[first.owner_title, _due(first), str(len(stands.overdue))]],
            )
        )
    elif stands.state == "closed":
        lines.append(_heading(_("The year is closed.")))
    if stands.overdue:
        late = [act for act in stands.overdue if not act.follows]
        lines.append(_said(_("Overdue"), listed(_owed_in_words(act) for act in late)))
        if follow := [act.title for act in stands.overdue if act.follows]:
            lines.append(_said(_("Affected"), listed(follow)))
    lines += [_said(_("Commitment passed"), commitment.words_of_a_page) for commitment in stands.passed]
    if stands.on_hold:
        lines.append(_said(_("ON HOLD"), _("only what concerns the incident, return and erasure goes on")))
    if stands.incidents:
        numbers = listed(map(str, stands.incidents))
        lines.append(_said(_("Open incidents"), numbers))
    if stands.state == "closed":
        lines.append(_("As of {wareki} ({iso}).").format(wareki=wareki(today), iso=today))
    return "\n\n".join(lines)


def _stages(here: Look, stands: Standing) -> str:
    """Show every stage with its state and whom it waits for."""
    rows = [
        [stage.title, bold(stages.state_words(stage.state)) if stage.late else stages.state_words(stage.state),
         stage.words_of_a_page]
        for stage in stages.stages(here, stands)
    ]  # fmt: skip
    return _heading(_("Stages")) + table([_("Stage"), _("State"), _("Who owes what")], rows)


def _to_do(cycle_id: str, stands: Standing, links: Links) -> str:
    """List what may be done now, each with its place at the desk."""
    ready = [due_act for due_act in stands.next if not due_act.blocked_by or due_act.waits_for_confirmation]
    if not ready:
        return ""
    rows = [[_due(due_act), due_act.owner_title, _at_the_desk(cycle_id, due_act, links)] for due_act in ready]
    acts = table([_("Due"), _("Owed by"), _("To be done at the desk")], rows)
    notes = [f"- {text(due_act.title)}: {text(due_act.shows_words)}" for due_act in ready if due_act.shows]
    said = _("{title}, if done now, warns for good: {gap}")
    notes += [f"- {text(said.format(title=act.title, gap=gap))}" for act in ready for gap in act.warned_of]
    return "\n\n".join(filter(None, (_heading(_("What may be done now")) + acts, "\n".join(notes))))


def _at_the_desk(cycle_id: str, due_act: Owed, links: Links) -> Markdown:
    if due_act.waits_for_confirmation:
        title = _("{title} (waits for a second person)").format(title=due_act.title)
    elif due_act.by_two:
        title = _("{title} (two people sign it)").format(title=due_act.title)
    else:
        title = due_act.title
    return links.act(cycle_id, due_act.act, title)


def _blocked(stands: Standing) -> str:
    """Name for each act that is next what blocks it, guard by guard."""
    blocked = [due_act for due_act in stands.next if due_act.blocked_by]
    if not blocked:
        return ""
    lines = list[str]()
    for due_act in blocked:
        lines.append(f"- {bold(due_act.title)}{text(_by_whom(due_act))}")
        lines += [f"    - {text(gap)}" for gap in due_act.blocked_by]
    return _heading(_("What blocks it")) + "\n".join(lines)


def _machine(work: Sequence[tuple[str, str]]) -> str:
    """Say what the machine does by itself next, or what it waits for."""
    if not work:
        return ""
    return _heading(_("What the machine does")) + "\n".join(f"- {bold(title)}: {text(words)}" for title, words in work)


def _before_year_end(here: Look, stands: Standing) -> str:
    open_ones = standing.open_before_year_end(here, stands)
    if not open_ones:
        return ""
    lines = [f"- {text(_owed_in_words(due_act))}" for due_act in open_ones]
    return _heading(_("Still open before the end of the year")) + "\n".join(lines)


def _steps(acts: Sequence[Dated], stands: Standing) -> str:
    flags = {due_act.act: due_act for due_act in (*stands.next, *stands.later)}
    rows = [
        [str(number), act.title, act.owner.label, act.rule_words, str(act.planned_on), _moved(act),
         str(act.done_on or ""), _status(act, flags.get(act.act))]
        for number, act in enumerate(acts, start=1)
    ]  # fmt: skip
    head = [
        _("No."), _("Act"), _("Owed by"), _("Deadline rule"), _("First"), _("Promised"), _("Actual"), _("Status"),
    ]  # fmt: skip
    done = sum(act.done_on is not None for act in acts)
    return _heading(_("Steps: {done} of {all} done").format(done=done, all=len(acts))) + table(head, rows)


def _moved(act: Dated) -> str:
    if act.due_on == act.planned_on:
        return str(act.due_on)
    return f"{act.due_on} ({act.moved_reason})" if act.moved_reason else f"{act.due_on}"


def _status(act: Dated, due_act: Owed | None) -> str:
    if act.dropped:
        return _("not needed any more")
    if act.done_on:
        return _("done") + (bracketed(act.lateness) if act.lateness else "")
    return _mark(due_act) if due_act else ""


def _counts(stands: Standing) -> str:
    rows = [[line.label, f"{line.count:,}", line.source] for line in stands.counts.lines]
    said = [f"- {bold(difference)}" for difference in stands.counts.differences] or [_("No count contradicts another.")]
    return _heading(_("Counts")) + table([_("Item"), _("Count"), _("Source")], rows) + "\n\n" + "\n".join(said)


def _reminders(here: Look) -> str:
    """Say how many reminders went and were acknowledged, and show the last of them."""
    reminder, entry, connection = tables.Reminder, tables.Ledger, here.connection
    mine = (col(reminder.cycle_id) == here.cycle_id) & ABOUT_AN_ACT
    counted = connection.execute(select(col(reminder.state), func.count()).where(mine).group_by(reminder.state))
    last = connection.execute(select(reminder).where(mine).order_by(col(reminder.id).desc()).limit(_LAST_REMINDERS))
    acknowledged = connection.execute(
        select(func.count()).where(
            col(entry.cycle_id) == here.cycle_id,
            col(entry.event).in_(("reminder_acknowledged", "reminders_acknowledged")),
        )
    )
    said = "　".join(f"{choices.said(choices.REMINDERS, state)} {count}" for state, count in sorted(counted))
    rows = [
        [str(row.id), standing.act_title(row.act), str(row.due_on), f"{row.rung:+d}", row.to_person,
         choices.said(choices.REMINDERS, row.state)]
        for row in last
    ]  # fmt: skip
    head = [_("No."), _("Act"), _("Due"), _("Rung"), _("To"), _("State")]
    lines = [
        said or _("No reminder has been written."),
        _("acknowledged {count}").format(count=acknowledged.scalar_one()),
    ]
    return _heading(_("Reminders")) + "　".join(lines) + ("\n\n" + table(head, rows) if rows else "")


def _over_all(here: Look, links: Links) -> str:
    """Link the acts that may come at any time."""
    found = [links.act(here.cycle_id, act, standing.act_title(act)) for act in standing.undated_acts(here)]
    return _heading(_("At any time")) + "　".join(found) if found and links.desk else ""


def last_entry(connection: Connection, cycle_id: str) -> int:
    """Return the last entry that a page tells of: that a letter went, as it does every morning, is none."""
    entry = tables.Ledger
    told = col(entry.cycle_id) == cycle_id, col(entry.event) != LETTER_SENT
    return connection.execute(select(func.max(col(entry.seq))).where(*told)).scalar_one()


def _foot(seq: int, links: Links) -> str:
    """End a page with the ledger's last entry that it tells of."""
    said = _("As of ledger entry {seq}.").format(seq=seq)
    all_years = links.page(INDEX, _("All years"))
    return f"\n\n---\n\n{said} {all_years}\n"


def _state(stands: Standing) -> str:
    return _marked(stands.state_title, on_hold=stands.on_hold, passed=bool(stands.passed))


def _marked(title: str, *, on_hold: bool, passed: bool) -> str:
    marks = [*([_("ON HOLD")] if on_hold else []), *([_("Commitment passed")] if passed else [])]
    return title + bracketed(listed(marks)) if marks else title


def _of_year(year: int) -> str:
    """Return a fiscal year by both its names, where they differ."""
    return in_words(ja=f"{year_in_words(year)}（{year}）", en=year_in_words(year))


def _owed_in_words(act: Owed) -> str:
    return act.title + _by_whom(act)


def _by_whom(act: Owed) -> str:
    return bracketed(listed([act.owner_title, str(act.due_on)]))


def _first(stands: Standing) -> Owed | None:
    """Return what comes next: what may be done first, else what is blocked first."""
    return next((due_act for due_act in stands.next if not due_act.blocked_by), next(iter(stands.next), None))


def _line(cycle_id: str, stands: Standing, links: Links) -> str:
    """Say it in a line, with what is ready to be done: this stands above the versions of the page."""
    first = _first(stands)
    said = bold(f"{stands.year_title} {_state(stands)}")
    if first:
        said += f" → {bold(first.title)}{text(bracketed(first.owner_title))} {_due(first)}"
    return "\n\n".join(filter(None, (said, _ready(cycle_id, stands, links))))


def _ready(cycle_id: str, stands: Standing, links: Links) -> str:
    acts = [
        _at_the_desk(cycle_id, due_act, links)
        for due_act in stands.next if not due_act.blocked_by and not due_act.waits_for_confirmation
    ]  # fmt: skip
    return _said(_("At the desk"), Markdown("　".join(acts))) if acts else ""


def _heading(title: str) -> str:
    return f"## {text(title)}\n\n"


def _said(what: str, words: str) -> str:
    return f"{bold(what)}: {text(words)}"


def _due(act: Owed) -> Markdown:
    """Say when an act is due and whether it is late; how many days are left changes every morning and is not said."""
    return Markdown(" ".join(filter(None, (bold(_day(act.due_on)), _mark(act)))))


def _mark(act: Owed) -> Markdown | str:
    if act.days_left > 0:
        return ""
    if act.days_left == 0:
        return _("due today")
    return _("affected") if act.follows else bold(_("overdue"))


def _day(day: date) -> str:
    return f"{wareki(day)} {day}"
