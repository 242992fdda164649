"""朝の点検: every open morning the machine's work, then flags and reminders, then the board; hourly what did not go."""

from collections.abc import Set as AbstractSet
from dataclasses import asdict
from datetime import date

from prefect.events import emit_event

from flows.base import (
    LATER,
    MARK,
    SOON,
    Unforeseen,
    office,
    on_the_server,
    said,
    said_of_trouble,
    stage_flow,
    stage_task,
    tag_this_run,
)
from flows.year import do_the_work_of_every_year, look_at_every_year, take_back_the_red
from models.errors import TsudoiError
from models.words import _, in_words
from steps import asking, reminding
from steps.reminding import Carried
from views import commitments, standing
from views.standing import Owed


@stage_task("1 期限を点検し、督促を送る")
def _watch() -> int:
    return reminding.watch(office(), morning=True).sent


@stage_task("1 送付待ちの督促を送る")
def _carry() -> Carried:
    return reminding.carry(office())


@stage_flow(
    "督促の送り直し",
    "朝に送れなかった督促を送る。なければ何もしない。メールのサーバーが戻ったときなどは手でも動かせる。",
    within=SOON,
)
def carry() -> str:
    """Send what could not be sent in the morning; the run's name tells whether anything still waits."""
    done = _carry()
    words = _("{sent} letters sent, {waiting} wait, {unknown} unknown.").format(**asdict(done))
    return said(words, name=in_words(ja="送付待ちあり", en="Waiting") if done.waiting else "Completed")


@stage_flow(
    "朝の点検",
    "開庁日の朝、年度ごとに機械の作業と状況の更新、期限の点検、督促を行う。閉庁日には行わない。",
    within=LATER,
)
def morning() -> str:
    """Begin an open day; the run carries the tags and the name that a filter finds.

    The machine works first: nobody is reminded of what it does this morning. What goes wrong with one is said, and
    holds up no other.
    """
    here = office()
    today = here.clock.now().date()
    if not here.calendar.is_open(today):
        return said(_("The office is closed today."))
    trouble, sent = do_the_work_of_every_year(), 0
    try:
        sent = _watch()
    except (TsudoiError, Unforeseen) as error:
        trouble.append(str(error))
    trouble += look_at_every_year()
    made_up_for = [morning.name, carry.name, asking.ALL_YEARS]
    take_back_the_red(made_up_for, tag=on_the_server(MARK))
    with here.look_around() as looks:
        acts = standing.todays_work(looks)
        passed = [commitment for look in looks for commitment in commitments.passed(look)]
    flags = {*(act.flag for act in acts), *(_PASSED for _commitment in passed)}
    _show_flags(acts, flags, today)
    late = sum(act.days_left < 0 for act in acts)
    words = _("{sent} letters sent, {late} acts overdue.").format(sent=sent, late=late)
    words = "\n".join([words, *(f"{commitment.year}　{commitment.words}" for commitment in passed)])
    if trouble:
        return said_of_trouble("\n".join([words, *trouble]))
    return said(words, name=_worst(flags))


_PASSED = "commitment_passed"
_FLAGS = {
    _PASSED: ("動かせない期日の超過", "Commitment passed"),
    "escalated": ("期限超過（要連絡）", "Escalated"),
    "overdue": ("期限超過", "Overdue"),
    "due_today": ("本日期限", "Due today"),
    "due_soon": ("期限間近", "Due soon"),
}


def _worst(flags: AbstractSet[str]) -> str:
    return next((in_words(ja=ja, en=en) for flag, (ja, en) in _FLAGS.items() if flag in flags), "Completed")


def _show_flags(acts: tuple[Owed, ...], flags: AbstractSet[str], today: date) -> None:
    """Tag the run with every flag that is up, and tell automations of each: a courtesy, nothing rests on it."""
    flagged = [act for act in acts if act.flag in _FLAGS]
    # What is escalated is overdue: whoever filters by that finds both.
    up = [flag for flag in _FLAGS if flag in flags or (flag == "overdue" and "escalated" in flags)]
    if up:
        tag_this_run(*(in_words(ja=_FLAGS[flag][0], en=_FLAGS[flag][1]) for flag in up))
    for act in flagged:
        name = f"{act.programme}-{act.year}.{act.act}"
        emit_event(
            event=f"tsudoi.{_FLAGS[act.flag][0]}",
            resource={"prefect.resource.id": f"tsudoi.act.{on_the_server(name)}", "prefect.resource.name": act.title},
            payload={"due_on": str(act.due_on), "owner": act.owner, "on": str(today)},
        )
