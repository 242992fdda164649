"""The extract and the register's lists at the desk: judged and taken from a browser on this machine alone (Law 9).

What is sent stays in memory until it is in the vault: nothing of it lies anywhere between two requests, so that a
server that is killed leaves nothing, and loses nothing that it said was taken.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING

from starlette.responses import Response

from desk.web.asked import REGISTER, STAFF, Asked, Page
from desk.web.own_pages import Own, own_page
from desk.web.pages.acts import told
from desk.web.pages.machine import WORKS
from desk.web.places import PLACES
from models.errors import BadInput
from models.extract import Judgement
from models.records.extraction import AdditionsTaken, ExtractTaken, ProtectedListed
from models.records.printing import LettersHandedOut
from models.words import N_, _
from papers.checking import bars, report_of
from states.acts import Outcome, row_of
from states.facts import LISTS, RECHECKS
from states.look import Look
from states.rules.protection import due_recheck
from steps import acting
from steps.after import words_of_what_is_left
from steps.work import WORK
from views import agenda
from views.standing import act_title

if TYPE_CHECKING:
    from steps.arriving import Ask
    from steps.extraction import ProtectedBy, Taken
    from steps.protection import Told

_SHOWN = 200  # findings; what is more is counted
_ONE_AT_A_TIME = Lock()  # an extract takes several times its size while it is judged


def overview(asked: Asked) -> Response:
    """Show where the extract stands, and what the register section can do about it now."""
    with asked.visitor.office.look(asked.cycle_id) as here:
        facts = here.facts
        report = report_of(here) if "take_extract" in facts.done else None
        tasks = [
            (act, act_title(act), _(TASKS[act].help), facts.done.get(act))
            for act in TASKS
            if facts.state in row_of(act).froms and agenda.may_enter(here, asked.visitor.person, act)
            and (act not in RECHECKS or act == due_recheck(facts))
        ]  # fmt: skip
        machine = [
            (act_title(act), PLACES.get(act, f"machine/{act}" if act in WORKS else f"acts/{act}"))
            for act in (*WORK, *WORKS)
            if act not in TASKS and act != "record_backup" and facts.state in row_of(act).froms
            and agenda.may_enter(here, asked.visitor.person, act)
        ]  # fmt: skip
        shown = {
            "machine": dict.fromkeys(machine),
            "undecided": facts.undecided, "is_signed": "extract" in facts.done, "tasks": tasks,
            "may_sign": agenda.may_enter(here, asked.visitor.person, "extract"),
        }  # fmt: skip
    waiting = acting.waiting(asked.visitor.office, asked.cycle_id, "extract")
    return asked.shown(
        "extract.html", cycle=asked.cycle_id, report=report, months=bars(report.taken.months) if report else (),
        waiting=waiting, is_local=asked.is_local, inbox=asked.office.settings.inbox, **shown,
    )  # fmt: skip


def task(asked: Asked) -> Response:
    """Show the form of one of them, or do what was sent; what went wrong stands above the form."""
    return own_page(asked, TASKS, lambda here: {
        "is_local": asked.is_local, "inbox": asked.office.settings.inbox, "lists": _lists(here),
    })  # fmt: skip


def _lists(here: Look) -> list[tuple[str, datetime, str]]:
    """Return the lists of the register that were taken: by which act, when, and the hash."""
    taken = [(it.act, it.occurred_at, json.loads(it.data)["list_sha256"]) for it in here.facts.history.of(*LISTS)]
    return [(act_title(act), at, sha256) for act, at, sha256 in taken if sha256]


def _take(asked: Asked, cycle_id: str) -> Response:
    """Judge the extract that was sent, and take it into the vault unless only the judgement was asked for."""
    from steps import extraction

    office, sent = asked.visitor.office, asked.sent
    source, expect, ask, protected = _file(asked, "file"), _band(asked), _password(asked), _protected(asked)
    with _ONE_AT_A_TIME:
        if sent.one("do") == "judge":
            found = extraction.judge_first(
                office, cycle_id, source, expect=expect, ask=ask, protected=protected
            )  # fmt: skip
            return _judged(asked, cycle_id, found)
        taken = extraction.take_extract(
            office, cycle_id, source, by=asked.visitor.id, expect=expect, ask=ask, protected=protected
        )
    return _judged(asked, cycle_id, taken.judgement, taken=taken)


def _take_additions(asked: Asked, cycle_id: str) -> Response:
    """Take the additional extract that was sent, or record that there was none."""
    from steps import extraction

    office, sent = asked.visitor.office, asked.sent
    if sent.one("do") == "none":
        outcome = extraction.take_additions(office, cycle_id, None, by=asked.visitor.id)
        assert isinstance(outcome, Outcome)
        return told(asked, cycle_id, [outcome])
    replace = {"replace": True, "keep": False}.get(sent.one("changed"))
    with _ONE_AT_A_TIME:
        taken = extraction.take_additions(
            office, cycle_id, _file(asked, "file"), by=asked.visitor.id, ask=_password(asked), replace=replace,
            protected=_protected(asked),
        )  # fmt: skip
    assert isinstance(taken, extraction.Taken)
    return _judged(asked, cycle_id, taken.judgement, taken=taken)


def _judged(
    asked: Asked, cycle_id: str, judgement: Judgement, *, taken: "Taken | None" = None
) -> Response:  # fmt: skip
    """Say what the judge found, by code, row and column, and what became of the file."""
    facts = asked.visitor.office.facts(cycle_id)
    outcome = taken.outcome if taken else None
    kind = AdditionsTaken if asked.part("act") == "take_additions" else ExtractTaken
    record = facts.record(asked.part("act"), kind) if outcome else None
    return asked.shown(
        "judged.html", cycle=cycle_id, act=asked.part("act"), judgement=judgement, asked_to_take=taken is not None,
        findings=judgement.findings[:_SHOWN], more=max(0, len(judgement.findings) - _SHOWN), outcome=outcome,
        before=taken is not None and taken.before, original=record.original if record else "",
        left=words_of_what_is_left(outcome) if outcome else "", undecided=facts.undecided,
    )  # fmt: skip


def _changes(asked: Asked, cycle_id: str) -> Response:
    from steps import protection

    result = protection.take_changes(
        asked.visitor.office, cycle_id, _file(asked, "file"), by=asked.visitor.id,
        nobody_of_ours=_ticked(asked, "nobody"),
    )  # fmt: skip
    return _told_of_the_list(asked, cycle_id, result)


def _recheck(asked: Asked, cycle_id: str) -> Response:
    from steps import protection

    texts = asked.sent.texts
    pairs = zip(texts.get("pull_reason", ()), texts.get("pull_serials", ()), strict=False)
    others = protection.pulled_by_reason(
        f"{reason}={serials}" for reason, serials in pairs if reason.strip() or serials.strip()
    )
    result = protection.recheck(
        asked.visitor.office, cycle_id, _file(asked, "file"), by=asked.visitor.id,
        nobody_of_ours=_ticked(asked, "nobody"), no_longer_protected=_count(asked, "no_longer"),
        pull_list=_ticked(asked, "pull_list") or bool(others), also_pulled=others,
    )  # fmt: skip
    return _told_of_the_list(asked, cycle_id, result)


def _told_of_the_list(asked: Asked, cycle_id: str, result: "Told") -> Response:
    """Say how many rows came and how many of them are ours, never which."""
    words = _("{rows} rows, {named} persons of this year concerned.")
    notes = [words.format(rows=f"{result.rows:,}", named=f"{result.named:,}")]
    if result.footers:
        notes.append(_("Totals, dates or closing words, not counted: {count} rows.").format(count=result.footers))
    if result.named and result.issued is None:
        notes.append(_("Unless they were pulled at once, issue the pull list next."))
    notes.append(_(_STILL_THERE))
    return told(asked, cycle_id, [it for it in (result.outcome, result.issued) if it], notes=notes)


def _withdraw(asked: Asked, cycle_id: str) -> Response:
    from steps import protection

    outcome = protection.withdraw(
        asked.visitor.office, cycle_id, by=asked.visitor.id, list_sha256=asked.sent.one("list") or "-",
        reason=asked.sent.one("reason"),
    )  # fmt: skip
    again = _("Do the re-check again with the right list. What was pulled before the sealing stays pulled.")
    return told(asked, cycle_id, [outcome], notes=[again])


def _list_protected(asked: Asked, cycle_id: str) -> Response:
    from steps import protection

    into = BytesIO()
    protection.list_protected(asked.visitor.office, cycle_id, into, by=asked.visitor.id)
    record = asked.visitor.office.facts(cycle_id).record("list_protected", ProtectedListed)
    assert record is not None
    return _handed_out(into, f"{record.item}.csv", "text/csv; charset=utf-8")


def _letters(asked: Asked, cycle_id: str) -> Response:
    from steps import printing

    into = BytesIO()
    printing.hand_out_letters(asked.visitor.office, cycle_id, into, by=asked.visitor.id)
    record = asked.visitor.office.facts(cycle_id).record("hand_out_letters", LettersHandedOut)
    assert record is not None
    return _handed_out(into, f"{record.item}.pdf", "application/pdf")


def _handed_out(content: BytesIO, name: str, kind: str) -> Response:
    """Send what left the vault as a file; its name is the number of the copy that is to be destroyed."""
    return Response(
        content.getvalue(), media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'}
    )


def _file(asked: Asked, name: str) -> bytes:
    if name not in asked.sent.files:
        raise BadInput(_("No file was chosen, or it is empty."), _("Choose the file and send it again."))
    return asked.sent.files[name].content


def _password(asked: Asked) -> "Ask":
    return lambda: asked.sent.texts.get("password", [""])[0]


def _protected(asked: Asked) -> "ProtectedBy":
    from steps.extraction import ProtectedBy

    listed = asked.sent.files.get("protected")
    return ProtectedBy(
        listed=listed.content if listed else None, removed=_ticked(asked, "removed"),
        nobody_of_ours=_ticked(asked, "nobody"),
    )  # fmt: skip


def _ticked(asked: Asked, name: str) -> bool:
    return asked.sent.one(name) == "true"


def _count(asked: Asked, name: str) -> int:
    text = asked.sent.one(name) or "0"
    if not text.isdecimal():
        raise BadInput(_("A number was not typed as a number."), _("Type it in digits."))
    return int(text)


def _band(asked: Asked) -> tuple[int, int] | None:
    """Return within which numbers of persons the extract is expected, None where nobody said."""
    if not (asked.sent.one("expect_from") or asked.sent.one("expect_to")):
        return None
    low, high = _count(asked, "expect_from"), _count(asked, "expect_to")
    if low > high:
        raise BadInput(_("The least number expected is greater than the greatest."), _("Type both numbers anew."))
    return low, high


_STILL_THERE = N_("The file lies where it was sent from still: erase it there.")
_RECHECK = Own(
    template="listed.html", does=_recheck,
    help=N_("The register's present list of protected persons is compared with everybody of this year."),
)  # fmt: skip
TASKS: Mapping[str, Own] = {
    "take_extract": Own(
        template="take.html", does=_take, help=N_("The extract is judged and goes into the vault."),
    ),
    "take_changes": Own(
        template="listed.html", does=_changes,
        help=N_("Who moved out, died or came under protection since the extract goes onto the pull list."),
    ),
    **dict.fromkeys(RECHECKS, _RECHECK),
    "take_additions": Own(
        template="take.html", does=_take_additions,
        help=N_("Late move-ins get letters of their own; or there were none."),
    ),
    "list_protected": Own(
        template="hand_out.html", does=_list_protected,
        help=N_("The protected persons as a file, for ward staff who write to them by hand."),
    ),
    "hand_out_letters": Own(
        template="hand_out.html", does=_letters, help=N_("The letters of the additions as a file to be printed."),
    ),
    "withdraw_list": Own(
        template="withdraw.html", does=_withdraw, help=N_("A wrong re-check or change list counts no more."),
    ),
}  # fmt: skip

_READERS = STAFF | REGISTER
PAGES = (
    Page(path="/{cycle}/extract", shows=overview, readers=_READERS, menu=N_("Extract")),
    Page(path="/{cycle}/extract/{act}", shows=task, readers=_READERS, takes_a_form=True, of_residents=True),
)
