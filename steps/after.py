"""AFTER: what follows an act, whoever did it and however it came. One literal table.

The door calls `follow` once it has committed, for an act that is done and for a key that comes again: no entrance can
forget it. Each effect is made from the record alone, so that one that failed, or that a kill cut off, can be asked for
again; of what may be on paper only once the ledger remembers that it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

import structlog

from adapters import disk
from models.errors import TsudoiError, Unknown, place_of
from models.words import N_, _
from states.acts import Outcome, Recorded, row_of
from states.facts import Facts

_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Effect:
    """Something that follows an act: in words, and the step that does it (module:function, of office and act)."""

    words: str
    does: str


SLIPS = Effect(words=N_("the slips of what was handed over"), does="steps.prints:missing_slips")
SLIP_AGAIN = Effect(words=N_("the slip once more"), does="steps.prints:slip_again")
FORMS = Effect(words=N_("the contractor's forms"), does="steps.prints:forms")
EXTRACT_REPORT = Effect(words=N_("the page for the two checkers"), does="steps.prints:extract_report")
PULL_LIST = Effect(words=N_("the pull list"), does="steps.prints:pull_list")
EMPTY_LIST = Effect(words=N_("the answer to an empty pull list"), does="steps.protection:acknowledge_an_empty_list")
POSTING_PAPER = Effect(words=N_("the paper for the post office"), does="steps.prints:posting_paper")
RETURN_NOTE = Effect(words=N_("the contractor's return note"), does="steps.prints:return_note")
ERASURE_REPORT = Effect(words=N_("the contractor's erasure report"), does="steps.prints:erasure_report")
INCIDENT_PAPERS = Effect(words=N_("the papers of the incident"), does="steps.prints:incident_papers")
PACKAGE_PAPERS = Effect(words=N_("control sheet and password notice"), does="steps.transfer:print_package_papers")
NOTICE = Effect(words=N_("the password notice"), does="steps.transfer:print_notice")
PASSWORD = Effect(words=N_("erasing the password that is needed no more"), does="steps.transfer:forget_the_password")
LIST = Effect(words=N_("erasing the withdrawn list"), does="steps.protection:forget_the_list")
ERASURE_RECORD = Effect(words=N_("the record of the erasure"), does="steps.erasure:print_record")
FREE_PAGES = Effect(words=N_("clearing the free pages of the database"), does="steps.erasure:clear_the_free_pages")
A_LOOK = Effect(words=N_("the look at the year on the dashboard"), does="steps.asking:after_an_act")

AFTER: Mapping[str, tuple[Effect, ...]] = {
    "conclude_contract": (FORMS,),
    "take_extract": (EXTRACT_REPORT,),
    "decide_row": (EXTRACT_REPORT,),
    "withdraw_list": (LIST,),
    "seal_package": (PACKAGE_PAPERS,),
    "seal_additions": (PACKAGE_PAPERS,),
    "reprint_notice": (NOTICE,),
    # From each of these on, the password notice, and then the password itself, may be needed at the ward no more.
    "record_notice_printed": (PASSWORD,),
    "hand_over_password": (PASSWORD,),
    "record_movement": (PASSWORD,),
    "report_receipt": (PASSWORD,),
    "report_additions_receipt": (PASSWORD,),
    "reprint_slip": (SLIP_AGAIN,),
    # A list that was issued before the printing was confirmed can be answered only then.
    "complete_printing": (EMPTY_LIST,),
    "issue_pull_list": (PULL_LIST, EMPTY_LIST),
    "issue_final_pull_list": (PULL_LIST, EMPTY_LIST),
    "approve_posting": (POSTING_PAPER,),
    # After these the contractor's two forms have something new to say: pre-filled first, then as they were reported.
    "post": (RETURN_NOTE, ERASURE_REPORT),
    "cancel": (RETURN_NOTE, ERASURE_REPORT),
    "return_items": (RETURN_NOTE, ERASURE_REPORT),
    "report_erasure": (RETURN_NOTE, ERASURE_REPORT),
    "erase_ward_data": (ERASURE_RECORD,),
    "report_incident": (INCIDENT_PAPERS,),
    "redact_text": (FREE_PAGES,),
}
# Also the slips of an act that was killed before it came to its own.
EVERY_ACT = (SLIPS, A_LOOK)


def follow(office: Any, act: Recorded) -> tuple[str, ...]:
    """Do what follows an act; return in words what of it failed, and why. The act is on record all the same."""
    return tuple(filter(None, (_done(office, act, effect) for effect in (*AFTER.get(act.trigger, ()), *EVERY_ACT))))


def again(office: Any, facts: Facts, trigger: str, *, by: str, via: str = "desk") -> Outcome:
    """Do once more what follows an act that is done; return its outcome as that of a repetition.

    Raises:
        Unknown: it is no act, or is not done.

    """
    done = facts.done.get(row_of(trigger).trigger)
    if done is None:
        raise Unknown(_("“{act}” is not done in this year.").format(act=trigger), _("Name one of those that are done."))
    left = follow(office, Recorded(cycle_id=facts.cycle_id, trigger=trigger, seq=done.seq, by=by, via=via))
    return Outcome(trigger=trigger, state=facts.state, seq=done.seq, repeated=True, left=left)


def words_of_what_is_left(outcome: Outcome) -> str:
    """Say what did not follow an act although it is recorded; "" where nothing is left."""
    if not outcome.left:
        return ""
    words = _("It is recorded, but this did not follow: {left}. When that is mended, have it done once more.")
    return words.format(left="、".join(outcome.left))


def _done(office: Any, act: Recorded, effect: Effect) -> str:
    try:
        resolve_name(effect.does)(office, act)
    except Exception as error:  # noqa: BLE001 - the act is committed: whatever fails after it is told, never raised
        _log.warning("left_after_act", act=act.trigger, seq=act.seq, error_type=type(error).__name__)
        known = error if isinstance(error, TsudoiError) else disk.in_words(error)
        why = known.message if known else f"{type(error).__name__} {place_of(error)}"  # never what it said (Law 4)
        return f"{_(effect.words)} ({why})"
    return ""
