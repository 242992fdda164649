"""`tsudoi act`, `tsudoi confirm`, `tsudoi deadline`: acts of the table as people do them."""

import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option, Typer

from desk.commands.logins import office_and_cycle, seen
from desk.console import DONE, HELD, say, say_aside, say_json, say_table
from desk.options import AsJson, Programme, Year, day
from models import choices
from models.clock import TOKYO, stamp
from models.errors import BadInput
from models.fields import fields_of
from models.words import N_, _
from states.acts import CLOCK_WENT_ON, NOT_COMPARED, Outcome, Proposed, form_of, row_of
from states.rows import Row
from states.table import TABLE
from steps import acting, taking_over
from steps.after import words_of_what_is_left
from views import deadlines
from views.standing import Owed, act_title, in_words_of, state_title

_CLAIMS_OF_THE_DOOR = {
    CLOCK_WENT_ON: N_("The clock has not gone back since the last entry"),
    NOT_COMPARED: N_("the words were compared with the residents of every vault; a key is elsewhere"),
}

app = Typer()
deadline = Typer(name="deadline", help=_("Deadlines: move one with a reason."), no_args_is_help=True)
app.add_typer(deadline)


@app.command(
    help=_("Do any act of the table, with what its form may carry before it. Without --by: show what it needs.")
)
def act(
    year: Year,
    acts: Annotated[
        list[str],
        Argument(
            metavar="ACT…",
            help=_("Names of the acts, as docs/states.md lists them; the form's own act last."),
        ),
    ],
    by: Annotated[
        list[str],
        Option("--by", help=_("Who does it: an id of the register; ACT=PERSON for what the contractor reported.")),
    ] = [],
    fields: Annotated[
        list[str],
        Option(
            "--set", help=_("A field of the record: NAME=VALUE; ACT.NAME=VALUE of an act before the last; repeated.")
        ),
    ] = [],
    files: Annotated[
        list[str], Option("--file", help=_("A file of evidence: NAME=PATH, or ACT.NAME=PATH; its hash is recorded."))
    ] = [],
    key: Annotated[str, Option("--key", help=_("The same key twice is one act."))] = "",
    at: Annotated[
        datetime | None,
        Option("--occurred-at", formats=["%Y-%m-%dT%H:%M"], help=_("When it happened, if it is entered afterwards.")),
    ] = None,
    programme: Programme = "",
    as_json: AsJson = False,
) -> int:
    rows = form_of([trigger_of(name) for name in acts])
    if not by:
        _show_form(rows, as_json=as_json)
        return DONE
    form = _typed(acts, by, fields, files, key=key, at=at.replace(tzinfo=TOKYO) if at else None)
    office, cycle_id = office_and_cycle(year, programme)
    if len(form) > 1:
        return _tell_form(acting.enter(office, cycle_id, form), year, as_json=as_json)
    [one] = form
    outcome = acting.perform(
        office, cycle_id, one.trigger, by=one.by, key=one.key, occurred_at=one.occurred_at, fields=one.fields,
        files=one.files,
    )  # fmt: skip
    return tell_outcome(outcome, year, as_json=as_json)


def trigger_of(name: str) -> str:
    """Return the act that is named on a form: one that comes several times bears a label, `claim_measures:2`."""
    return name.partition(":")[0]


def _typed(
    acts: list[str], by: list[str], fields: list[str], files: list[str], *, key: str, at: datetime | None
) -> list[acting.Typed]:
    """Read what was typed of each act; what names none is of the form's own, the last."""
    if len(set(acts)) < len(acts):
        raise BadInput(
            _("The form names an act twice."), _("Tell them apart by a label, such as claim_measures:2, and use it.")
        )
    doers, said, shown = ({name: dict[str, str]() for name in acts} for _part in range(3))
    for text in by:
        name, sign, person = text.rpartition("=")
        _of(doers, name if sign else acts[-1])[""] = person
    for texts, parts in ((fields, said), (files, shown)):
        for name, value in map(_pair, texts):
            act, _dot, field = name.rpartition(".")
            _of(parts, act or acts[-1])[field] = value
    sender = doers[acts[-1]].get("", "")
    return [
        acting.Typed(
            trigger=trigger_of(name), by=doers[name].get("", sender), fields=said[name],
            files={field: Path(path) for field, path in shown[name].items()},
            key=f"{key}/{name}" if key and name != acts[-1] else key, occurred_at=at,
        )
        for name in acts
    ]  # fmt: skip


def _of(parts: dict[str, dict[str, str]], name: str) -> dict[str, str]:
    if name not in parts:
        raise BadInput(
            _("The form has no act called “{act}”.").format(act=name[:40]),
            _("Name the acts first, the form's own last: tsudoi act YEAR ACT ACT --set ACT.NAME=VALUE"),
        )
    return parts[name]


@app.command(help=_("Confirm a proposed act as the second person."))
def confirm(
    year: Year,
    trigger: Annotated[str, Argument(help=_("Name of the proposed act."))],
    by: Annotated[str, Option("--by", help=_("Who confirms: another person than the one who proposed."))],
    entry: Annotated[
        int | None, Option("--entry", help=_("Number of the proposal's ledger entry, as it is shown."))
    ] = None,
    decision: Annotated[str, Option("--decision", help=_("Number of the electronic approval (起案文書番号)."))] = "",
    decided_on: Annotated[datetime | None, day("--decided-on", _("Date of the approval (決裁日)."))] = None,
    programme: Programme = "",
    as_json: AsJson = False,
) -> int:
    row_of(trigger)
    office, cycle_id = office_and_cycle(year, programme)
    waiting = acting.waiting(office, cycle_id, trigger)
    _show_proposals(waiting, trigger)
    if entry is None and waiting and sys.stdin.isatty():
        entry = typer.prompt(_("Entry of the proposal that you confirm"), type=int, err=True)
    outcome = acting.confirm(
        office, cycle_id, trigger, by=by, proposal=entry, decision_number=decision,
        decided_on=decided_on.date() if decided_on else None,
    )  # fmt: skip
    return tell_outcome(outcome, year, as_json=as_json)


def _show_proposals(waiting: list[Proposed], trigger: str) -> None:
    """Show what is proposed, beside the result: who confirms has seen it."""
    said = _("“{act}”, proposed by {person} on {at}: ledger entry {seq}")
    for one in waiting:
        at = stamp(one.occurred_at)
        say_aside(said, act=act_title(trigger), person=one.by, at=at, seq=one.seq, style="bold")
        for title, words in in_words_of(one.record):
            say_aside(f"  {title}: {words}")


@deadline.command(help=_("Move the deadline of an act; the plan stays beside it."))
def move(
    year: Year,
    trigger: Annotated[str, Argument(help=_("Name of the act whose deadline moves."))],
    to: Annotated[datetime, day("--to", _("New due date."))],
    reason: Annotated[str, Option("--reason", help=_("Why."))],
    by: Annotated[str, Option("--by", help=_("Who moves it."))],
    programme: Programme = "",
    as_json: AsJson = False,
) -> int:
    office, cycle_id = office_and_cycle(year, programme)
    fields = {"act": row_of(trigger).trigger, "to": to.date().isoformat(), "reason": reason}
    outcome = acting.perform(office, cycle_id, "move_deadline", by=by, fields=fields)
    return tell_outcome(outcome, year, as_json=as_json)


@deadline.command("show", help=_("Show when each act of a year is owed, by which rule, and what moved it."))
def dates(year: Year, programme: Programme = "", as_json: AsJson = False) -> None:
    acts = seen(year, programme, deadlines.dated)
    if as_json:
        say_json([act.as_json() for act in acts])
        return
    say_table(
        [_("Act"), _("Owed by"), _("First"), _("Promised"), _("Actual"), _("Late"), _("Why"), _("Flag")],
        [
            [act.title, act.owner.label, str(act.planned_on), str(act.due_on), str(act.done_on or ""), act.lateness,
             act.why,
             f"{choices.said(choices.FLAGS, act.flag)} ({act.flagged_at:%m-%d})" if act.flag and act.flagged_at else ""]
            for act in acts
        ],
        styles=["red" if act.late_by and not act.follows else "" for act in acts],
    )  # fmt: skip


def due_words(act: Owed) -> str:
    """Return the day of an act, and the one that it was planned for where it moved."""
    return f"{act.due_on} ← {act.planned_on}" if act.due_on != act.planned_on else str(act.due_on)


@deadline.command("import", help=_("Take last year's schedule in from Excel."))
def import_(
    year: Year,
    file: Annotated[Path, Argument(help=_("The .xlsx with the schedule of last year."))],
    by: Annotated[str, Option("--by", help=_("Who moves it."))],
    dry_run: Annotated[bool, Option("--dry-run", help=_("Only show what would move."))] = False,
    programme: Programme = "",
    as_json: AsJson = False,
) -> None:
    office, cycle_id = office_and_cycle(year, programme)
    shifts = taking_over.import_schedule(office, cycle_id, file, by=by, dry_run=dry_run)
    if as_json:
        say_json([{name: str(value) for name, value in asdict(shifted).items()} for shifted in shifts])
        return
    if not shifts:
        say(_("Every act keeps its day: the rules give what last year's schedule had."))
        return
    say_table(
        [_("Act"), _("Last year"), _("By the rules"), _("As last year")],
        [[act_title(shifted.act), str(shifted.then), str(shifted.planned), str(shifted.to)] for shifted in shifts],
    )
    say(_("Nothing is moved yet.") if dry_run else _("{count} deadlines are moved.").format(count=len(shifts)))


@deadline.command("acts", help=_("List the acts of the table."))
def list_acts() -> None:
    say_table(
        [_("Name of the act"), _("Act"), _("Owed by"), _("Deadline rule")],
        [[row.trigger, act_title(row.trigger), row.owner.label, row.due] for row in TABLE],
    )


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise BadInput(_("Fields are written NAME=VALUE."), _("Write for example --set version=1"))
    return name.strip(), value


def _show_form(rows: list[Row], *, as_json: bool) -> None:
    """Show what each act of a form needs, and what else the form may carry."""
    carried = rows[-1].carries
    if as_json:
        told = [{"act": row.trigger, "fields": [asdict(field) for field in fields_of(row.record)]} for row in rows]
        say_json(told if len(told) > 1 else {**told[0], "carries": list(carried)})
        return
    for row in rows:
        _show_fields(row)
    if carried:
        titles = "、".join(f"{trigger} ({act_title(trigger)})" for trigger in carried)
        say(_("Its form may carry before it, in this order: {acts}"), acts=titles)
        say_aside(_("Send them together: tsudoi act YEAR ACT … {act} --set ACT.NAME=VALUE"), act=rows[-1].trigger)
    say_aside(_("Do it with --by PERSON --set NAME=VALUE …"))


def _show_fields(row: Row) -> None:
    say(f"{row.trigger}: {act_title(row.trigger)}", style="bold")
    say(_("May be done by: {roles}"), roles="・".join(role.label for role in row.who))
    say_table(
        [_("Field"), _("Meaning"), "", _("What it takes")],
        [
            [field.name, field.title, _("required") if field.required else "", field.takes.sentence]
            for field in fields_of(row.record)
        ],
    )
    for guard in row.claims:
        say(f"  ・{_(guard.claim)}")


def _tell_form(outcomes: tuple[Outcome, ...], year: int, *, as_json: bool) -> int:
    """Say what came of each act of a form; return the exit status."""
    if as_json:
        say_json([_as_json(outcome) for outcome in outcomes])
    for outcome in outcomes if not as_json else ():
        _say(outcome, year)
    return max([_beside(outcome, year) for outcome in outcomes])


def tell_outcome(outcome: Outcome, year: int, *, as_json: bool) -> int:
    """Say what came of an act; return the exit status."""
    if as_json:
        say_json(_as_json(outcome))
    else:
        _say(outcome, year)
    return _beside(outcome, year)


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "act": outcome.trigger, "state": outcome.state, "seq": outcome.seq, "repeated": outcome.repeated,
        "waits_for": [role.value for role in outcome.waits_for], "deviations": list(outcome.deviations),
        "warnings": list(outcome.warnings), "left": list(outcome.left),
    }  # fmt: skip


def _say(outcome: Outcome, year: int) -> None:
    title = act_title(outcome.trigger)
    if outcome.waits_for:
        say(_("“{act}” is proposed (ledger entry {seq})."), act=title, seq=outcome.seq)
        roles = "・".join(role.label for role in outcome.waits_for)
        words = _("It waits for another person ({roles}): tsudoi confirm {year} {act} --by PERSON --entry {seq}")
        say(words, roles=roles, year=year, act=outcome.trigger, seq=outcome.seq)
    elif outcome.repeated:
        say(_("“{act}” was done already; nothing changed."), act=title)
    else:
        words = _("“{act}” is done (ledger entry {seq}). The cycle stands at “{state}”.")
        say(words, act=title, seq=outcome.seq, state=state_title(outcome.state))


def _beside(outcome: Outcome, year: int) -> int:
    """Say, beside the result, what did not hold and what is left; return the exit status."""
    for deviation in outcome.deviations:
        words = _("Deviation recorded: {claim}. An incident is open and the cycle is on hold.")
        say_aside(words, claim=_claim(outcome.trigger, deviation), style="bold red")
    for warning in outcome.warnings:
        say_aside(_("Warning: this does not hold: {claim}"), claim=_claim(outcome.trigger, warning), style="yellow")
    tell_what_is_left(outcome, year)
    return HELD if outcome.waits_for else DONE


def tell_what_is_left(outcome: Outcome, year: int) -> None:
    """Say, beside the result, what did not follow an act that is recorded, and how to ask for it again."""
    if outcome.left:
        say_aside(words_of_what_is_left(outcome), style="bold red")
        say_aside(f"→ tsudoi print {year} --after {outcome.trigger}")


def _claim(trigger: str, guard: str) -> str:
    """Return the claim without its full stop: it stands within a sentence."""
    row = row_of(trigger)
    claims = {found.name: found.claim for found in (*row.deviations, *row.warnings)} | _CLAIMS_OF_THE_DOOR
    return _(claims.get(guard, guard)).rstrip("。.")
