"""What stands over all stages: incidents, holds, deadlines, corrections, referrals, the end of a year."""

from models.clock import day_of, stamp
from models.people import Role, Side
from models.programme import Statute
from models.records import oversight
from models.records.base import ActRecord
from models.words import N_, _, listed
from states.effects import (
    DropActs,
    Effect,
    MakeItem,
    MoveDeadline,
    MovePieces,
    OpenIncident,
    RedactText,
    SetHold,
    SettleIncident,
)
from states.facts import Case, Facts, Shortfall, Verdict
from states.referral import COMPARED
from states.rows import ANYBODY, APPROVERS, BEFORE_RETURN, COORDINATOR, LIVE, MANAGER, REGISTRAR, Row
from states.rules.approvals import APPROVED, unseen
from states.rules.base import claims, claims_of, none_of
from states.rules.dates import dated_after, on_an_open_day
from states.rules.measures import measures_of
from states.rules.supervision import open_findings
from states.statute import heads_of


@claims(owes="settle_incident", proves=("W-OP-13", "C-OP-13"))
def no_incident_is_open(facts: Facts) -> Verdict:
    """Every incident is settled."""
    return none_of(_("No. {number}").format(number=number) for number in sorted(facts.incidents))


@claims(owes="record_referral")
def new_referral_is_recorded(facts: Facts) -> Verdict:
    """What differs from the matter that the board approved has its new referral on record."""
    if not facts.differs or "record_referral" in facts.done:
        return True
    return Shortfall(names=listed(_(COMPARED[key][1]) for key in facts.differs))


@claims_of(oversight.ReferralRecorded)
def referral_is_decided(facts: Facts, record: oversight.ReferralRecorded) -> Verdict:
    """The board has met already."""
    return record.decided_on <= facts.today


@claims()
def cycle_is_on_hold(facts: Facts) -> Verdict:
    """The cycle is on hold."""
    return facts.on_hold


@claims_of(oversight.CycleHeld)
def cycle_is_not_on_hold(facts: Facts, _record: oversight.CycleHeld) -> Verdict:
    """The cycle is not on hold already."""
    return not facts.on_hold


@claims_of(oversight.IncidentSettled)
def incident_is_open(facts: Facts, record: oversight.IncidentSettled) -> Verdict:
    """The incident of that number is open."""
    return record.incident in facts.incidents


@claims_of(oversight.IncidentSettled, owes="report_to_commission")
def duties_of_the_law_are_done(facts: Facts, record: oversight.IncidentSettled) -> Verdict:
    """What the law asks about the incident is done, or people decided that it need not be reported (法68条)."""
    case = next((case for case in facts.cases if case.number == record.incident), None)
    return none_of(map(_, open_duties(case, facts.programme.statute) if case else ()), "、")


@claims_of(oversight.IncidentReported)
def times_of_the_incident_are_in_order(facts: Facts, record: oversight.IncidentReported) -> Verdict:
    """The time of knowing is of the day of knowing, the contractor's notice not before it, neither in the future."""
    known, notified = record.known_at, record.contractor_notified_at
    wrong = [at for at in (known, notified) if at and at > facts.now]
    if known and day_of(known) != record.known_on:
        wrong.append(known)
    if notified and day_of(notified) < record.known_on:  # what the contractor told the ward, the ward knew
        wrong.append(notified)
    return none_of(dict.fromkeys(map(stamp, wrong)))


@claims_of(oversight.ChangeReported, proves=("W-OP-13", "C-OP-13"))
def change_is_told_beforehand(facts: Facts, record: oversight.ChangeReported) -> Verdict:
    """A change of measures is told before it is made, or on its day."""
    return facts.today <= record.effective_on or Shortfall(names=str(record.effective_on))


@claims(owes="discuss_measures", proves=("W-OP-13", "C-OP-13"))
def every_change_is_decided(facts: Facts) -> Verdict:
    """What was reported as a change of measures was talked over since, with a decision."""
    reported = facts.done.get("report_change")
    talks = facts.past("discuss_measures", oversight.CountermeasuresDiscussed)
    return reported is None or any(talk.seq > reported.seq and not talk.record.incident for talk in talks)


@claims_of(oversight.IncidentAssessed)
def assessed_incident_is_open(facts: Facts, record: oversight.IncidentAssessed) -> Verdict:
    """The incident that is assessed is open."""
    return record.incident in facts.incidents


@claims_of(oversight.ReportedToCommission)
def reported_incident_is_open(facts: Facts, record: oversight.ReportedToCommission) -> Verdict:
    """The incident that is reported is open."""
    return record.incident in facts.incidents


@claims_of(oversight.ReportedToCommission)
def report_lies_after_the_knowing(facts: Facts, record: oversight.ReportedToCommission) -> Verdict:
    """The report lies from the day of knowing to today, the final one after a prompt one unless one may be both."""
    case = next((case for case in facts.cases if case.number == record.incident), None)
    known_on = case.report.known_on if case and case.report else record.reported_on
    alone = record.report == "prompt" or facts.programme.statute.full_report_serves_as_both
    in_order = alone or case is None or "prompt" in case.reported
    return known_on <= record.reported_on <= facts.today and in_order


@claims_of(oversight.PersonsNotified)
def notified_incident_is_open(facts: Facts, record: oversight.PersonsNotified) -> Verdict:
    """The incident of which persons are notified is open, and a substitute measure has its reason."""
    return record.incident in facts.incidents and (record.how != "substitute" or bool(record.reason))


@claims_of(oversight.IncidentPublished)
def publication_is_of_an_open_incident(facts: Facts, record: oversight.IncidentPublished) -> Verdict:
    """The incident is open, and not publishing has its reason."""
    return record.incident in facts.incidents and (record.published or bool(record.reason))


@claims_of(oversight.CountermeasuresDiscussed)
def discussion_is_of_an_open_incident(facts: Facts, record: oversight.CountermeasuresDiscussed) -> Verdict:
    """The discussion is about an open incident or a change of measures, and not in the future."""
    return record.incident in {0, *facts.incidents} and record.discussed_on <= facts.today


@claims_of(oversight.CountermeasuresDiscussed)
def notice_of_the_contractor_is_in_order(facts: Facts, record: oversight.CountermeasuresDiscussed) -> Verdict:
    """The contractor's notice is of an incident, not before the day on which it was known, and not in the future."""
    notified = record.contractor_notified_at
    if notified is None:
        return True
    case = next((case for case in facts.cases if case.number == record.incident), None)
    known_on = case.report.known_on if case and case.report else day_of(notified)
    in_order = record.incident > 0 and known_on <= day_of(notified) and notified <= facts.now
    return in_order or Shortfall(names=stamp(notified))


def open_duties(case: Case, statute: Statute) -> tuple[str, ...]:
    """Return what is still to be done about an incident, in words of the catalogue; nothing where no head applies."""
    heads = heads_of(case.report) if case.report else ()
    if case.reportable is None:
        return (ASSESSMENT,) if heads else ()
    if not case.reportable:
        return ()
    prompts = {"prompt", "final"} if statute.full_report_serves_as_both else {"prompt"}
    duties = {
        PROMPT: bool(prompts & case.reported),
        FINAL: "final" in case.reported,
        NOTICE: case.persons_notified,
        PUBLICATION: case.publication_decided,
    }
    return tuple(duty for duty, done in duties.items() if not done)


ASSESSMENT = N_("decision whether to report")
PROMPT = N_("prompt report to the Commission")
FINAL = N_("final report to the Commission")
NOTICE = N_("notice to the persons")
PUBLICATION = N_("decision about publication")


@claims_of(oversight.DeadlineMoved)
def act_is_still_owed(facts: Facts, record: oversight.DeadlineMoved) -> Verdict:
    """The act is on the schedule and not yet done."""
    return record.act in facts.due and record.act not in facts.done


@claims_of(oversight.LatePlanDecided)
def passed_commitment_is_known(facts: Facts, record: oversight.LatePlanDecided) -> Verdict:
    """The commitment is one of the programme's, and the day up to which its passing is accepted lies after it."""
    on = facts.commitments.get(record.commitment)
    if on is None:
        return Shortfall(names=record.commitment)
    return record.until > on or Shortfall(names=f"{record.until} ≤ {on}")


@claims_of(oversight.ReminderAcknowledged)
def reminder_reached_the_person(facts: Facts, record: oversight.ReminderAcknowledged) -> Verdict:
    """The reminder went out in this year, to whoever acknowledges it; a coordinator may do it on behalf."""
    to, person = facts.reminded(record.reminder), facts.people.get(facts.asked_by)
    return person is not None and bool(to) and (to in {person.id, person.side} or Role.COORDINATOR in person.roles)


@claims_of(oversight.EntryCorrected)
def corrected_entry_is_this_years(facts: Facts, record: oversight.EntryCorrected) -> Verdict:
    """The entry that is corrected stands in the ledger already, as one of this year's."""
    return facts.history.has_entry(record.corrects) or Shortfall(names=str(record.corrects))


@claims_of(oversight.TextRedacted)
def redacted_text_is_there(facts: Facts, record: oversight.TextRedacted) -> Verdict:
    """The text stands beside that entry of this year, or of no year, and was not redacted before."""
    return facts.history.has_text(record.entry, record.place) or Shortfall(names=f"{record.entry} {record.place}")


@claims_of(oversight.BackupRecorded, proves=("W-SY-09",), tells="verified")
def backup_is_not_of_the_future(facts: Facts, record: oversight.BackupRecorded) -> Verdict:
    """The copy was made before it is recorded."""
    return record.copied_at <= facts.now or Shortfall(names=stamp(record.copied_at))


def four_eyes_are_feasible(roles: tuple[Role, ...], second: tuple[Role, ...], facts: Facts) -> bool:
    """Tell whether two different people of the right roles are on the register today."""
    today = facts.today
    first = {p.id for p in facts.people.values() if p.is_valid_on(today) and p.roles & set(roles)}
    other = {p.id for p in facts.people.values() if p.is_valid_on(today) and p.roles & set(second)}
    return any(a != b for a in first for b in other)


LETTERS = "LT"  # the letters of a cancelled year, one stack


def cycle_stops(_facts: Facts, _record: ActRecord) -> tuple[Effect, ...]:
    """The cycle is held."""
    return (SetHold(on=True),)


def cycle_goes_on(_facts: Facts, _record: ActRecord) -> tuple[Effect, ...]:
    """The hold ends."""
    return (SetHold(on=False),)


def schedule_ends(facts: Facts, _record: ActRecord) -> tuple[Effect, ...]:
    """A cancelled cycle owes only return, erasure and close, and of these only what it gave cause for.

    No letter of it is posted: every piece is pulled, and what is imprinted already is a stack that must come back.
    """
    letters = _imprinted_letters(facts)
    causes = {
        "return_items": facts.went_out(),
        "return_media": True,
        "report_erasure": facts.went_out(),
        "confirm_erasure": True,
        "end_returned_mail": "post" in facts.done,
        "erase_ward_data": "take_extract" in facts.done,
        "settle_finding": bool(open_findings(facts)),
        "see_decisions": bool(unseen(facts)),
        "destroy_items": bool(letters) or any(item.is_thing for item in facts.items),
        "close": True,
    }
    keep = DropActs(keep=tuple(act for act, caused in causes.items() if caused))
    if "post" in facts.done:
        return (keep, SetHold(on=False))
    return (keep, SetHold(on=False), *letters, MovePieces(to="pulled", froms=("exported", "printed", "enclosed")))


def _imprinted_letters(facts: Facts) -> tuple[MakeItem, ...]:
    """Return the letters of a year that is cancelled: at the ward once delivered there, else at the contractor's."""
    if "post" in facts.done or not facts.pieces.count("printed", "enclosed"):
        return ()
    delivered = "inspect_delivery" in facts.done and facts.programme.consignment.poster == "ward"
    state = "with_ward" if delivered else "with_contractor"
    return (MakeItem(number=f"{LETTERS}-{facts.fiscal_year}-01", kind="letters", state=state, content="imprinted"),)


def incident_opens(_facts: Facts, record: oversight.IncidentReported) -> tuple[Effect, ...]:
    """The incident opens and the cycle is held."""
    return (OpenIncident(kind=record.kind, known_on=record.known_on), SetHold(on=True))


def deviation_opens_an_incident(facts: Facts, _record: oversight.DeviationRecorded) -> tuple[Effect, ...]:
    """A deviation is an incident until somebody settles it."""
    return (OpenIncident(kind="deviation", known_on=facts.today), SetHold(on=True))


def incident_is_settled(_facts: Facts, record: oversight.IncidentSettled) -> tuple[Effect, ...]:
    """The incident ends; the hold stays until it is released."""
    return (SettleIncident(incident=record.incident),)


def deadline_moves(_facts: Facts, record: oversight.DeadlineMoved) -> tuple[Effect, ...]:
    """The act is owed on the new day; the plan stays beside it."""
    return (MoveDeadline(act=record.act, to=record.to, reason=record.reason),)


def text_is_taken_out(_facts: Facts, record: oversight.TextRedacted) -> tuple[Effect, ...]:
    """The text is gone wherever the database had it; its commitment stays and opens for nobody."""
    return (RedactText(entry=record.entry, place=record.place),)


ENTRIES = (
    Row(
        trigger="correct_entry", event="entry_corrected", ja="管理簿の訂正", en="Correct an entry of the ledger",
        froms=LIVE, who=ANYBODY, owner=Side.WARD, repeats=True, under_hold=True, record=oversight.EntryCorrected,
        guards=(corrected_entry_is_this_years,), source="Law 5, 管理簿",
    ),
    Row(
        trigger="redact_text", event="text_redacted", ja="自由記載の抹消", en="Redact a text of the ledger",
        froms=(*LIVE, "closed"), who=COORDINATOR, second=APPROVERS, owner=Side.WARD, repeats=True, under_hold=True,
        handover=True, record=oversight.TextRedacted, guards=(redacted_text_is_there,),
        then=text_is_taken_out, source="Law 4, Law 5",
    ),
    Row(
        trigger="record_backup", event="backup_recorded", ja="控えの取得", en="Record a backup", froms=LIVE,
        who=(*COORDINATOR, *REGISTRAR), owner=Side.WARD, repeats=True, under_hold=True, by_machine=True,
        by_system=True, command="backup DIR", record=oversight.BackupRecorded, guards=(backup_is_not_of_the_future,),
        source="W-SY-09",
    ),
)  # fmt: skip

ROWS = (
    Row(
        trigger="move_deadline", event="deadline_moved", ja="期限の変更", en="Move a deadline", froms=LIVE,
        who=(Role.COORDINATOR, *APPROVERS), owner=Side.WARD, repeats=True, under_hold=True,
        record=oversight.DeadlineMoved, guards=(act_is_still_owed, on_an_open_day("to")), then=deadline_moves,
        source="Law 11",
    ),
    Row(
        trigger="decide_late_plan", event="late_plan_decided", ja="期日を過ぎる計画の決定", en="Decide on a late plan",
        froms=LIVE, who=APPROVERS, owner=Side.WARD, repeats=True, under_hold=True, record=oversight.LatePlanDecided,
        guards=(passed_commitment_is_known,), source="Law 11",
    ),
    Row(
        trigger="acknowledge_reminder", event="reminder_acknowledged", ja="督促の確認", en="Acknowledge a reminder",
        froms=LIVE, who=ANYBODY, owner=Side.WARD, repeats=True, under_hold=True,
        record=oversight.ReminderAcknowledged, guards=(reminder_reached_the_person,),
        source="domain.md 7",
    ),
    Row(
        trigger="record_deviation", event="deviation_recorded", ja="逸脱記録", en="Record a deviation", froms=LIVE,
        who=ANYBODY, owner=Side.WARD, repeats=True, under_hold=True, record=oversight.DeviationRecorded,
        guards=(dated_after("happened_on"),),
        then=deviation_opens_an_incident, source="Law 8",
    ),
    Row(
        trigger="report_incident", event="incident_reported", ja="事故の発生", en="Report an incident", froms=LIVE,
        who=ANYBODY, owner=Side.WARD, repeats=True, under_hold=True, record=oversight.IncidentReported,
        guards=(dated_after("known_on"), times_of_the_incident_are_in_order),
        then=incident_opens, source="W-OP-13, 個人情報保護法68条",
    ),
    Row(
        trigger="settle_incident", event="incident_settled", ja="事故対応の終結", en="Settle an incident", froms=LIVE,
        who=APPROVERS, owner=Side.WARD, repeats=True, under_hold=True, record=oversight.IncidentSettled,
        guards=(incident_is_open, duties_of_the_law_are_done),
        then=incident_is_settled, source="W-OP-13, 個人情報保護法68条",
    ),
    Row(
        trigger="assess_incident", event="incident_assessed", ja="報告要否の判断", en="Decide whether to report",
        froms=LIVE, who=APPROVERS, owner=Side.WARD, repeats=True, under_hold=True, record=oversight.IncidentAssessed,
        guards=(assessed_incident_is_open,), source="個人情報保護法68条1項, 規則43条",
    ),
    Row(
        trigger="report_to_commission", event="commission_informed", ja="個人情報保護委員会への報告",
        en="Report to the Commission", froms=LIVE, who=(*COORDINATOR, *APPROVERS), owner=Side.WARD, repeats=True,
        under_hold=True, record=oversight.ReportedToCommission,
        guards=(reported_incident_is_open, report_lies_after_the_knowing),
        source="個人情報保護法68条1項, 規則44条",
    ),
    Row(
        trigger="notify_persons", event="persons_notified", ja="本人への通知", en="Notify the persons", froms=LIVE,
        who=(*COORDINATOR, *APPROVERS), owner=Side.WARD, repeats=True, under_hold=True,
        record=oversight.PersonsNotified, guards=(notified_incident_is_open, dated_after("notified_on")),
        source="個人情報保護法68条2項, 規則45条",
    ),
    Row(
        trigger="publish_incident", event="publication_decided", ja="公表", en="Publish, or decide not to", froms=LIVE,
        who=APPROVERS, owner=Side.WARD, repeats=True, under_hold=True, record=oversight.IncidentPublished,
        guards=(publication_is_of_an_open_incident, dated_after("decided_on"), on_an_open_day("decided_on")),
        source="domain.md 5",
    ),
    Row(
        trigger="discuss_measures", event="measures_discussed", ja="今後の対応の協議",
        en="Discuss the measures with the contractor", froms=LIVE, who=COORDINATOR, owner=Side.WARD, repeats=True,
        under_hold=True, record=oversight.CountermeasuresDiscussed,
        guards=(discussion_is_of_an_open_incident, notice_of_the_contractor_is_in_order),
        source="W-OP-13, C-OP-13, 個人情報保護法26条1項ただし書",
    ),
    Row(
        trigger="report_change", event="change_reported", ja="変更届", en="Report a change of measures", froms=LIVE,
        who=(*MANAGER, *COORDINATOR), owner=Side.CONTRACTOR, repeats=True, under_hold=True,
        record=oversight.ChangeReported, deviations=(change_is_told_beforehand,), then=cycle_stops,
        source="W-OP-13, C-OP-13, 変更届",
    ),
    Row(
        trigger="record_referral", event="referral_recorded", ja="付議の記録", en="Record the referral", froms=LIVE,
        who=(*COORDINATOR, *APPROVERS), owner=Side.WARD, repeats=True, under_hold=True,
        record=oversight.ReferralRecorded, approval=True,
        guards=(referral_is_decided, on_an_open_day("decided_on"), *APPROVED),
        source="個人情報保護管理運営会議設置要綱第3条第1項第3号",
    ),
    Row(
        trigger="hold", event="cycle_held", ja="一時停止", en="Hold", froms=LIVE,
        who=(Role.COORDINATOR, *APPROVERS), owner=Side.WARD, repeats=True, under_hold=True,
        record=oversight.CycleHeld, guards=(cycle_is_not_on_hold,), then=cycle_stops,
        source="W-OP-13, C-OP-13, domain.md 9",
    ),
    Row(
        trigger="release_hold", event="hold_released", ja="再開", en="Release the hold", froms=LIVE, who=APPROVERS,
        owner=Side.WARD, repeats=True, under_hold=True, record=oversight.HoldReleased,
        guards=(
            cycle_is_on_hold, no_incident_is_open, every_change_is_decided, new_referral_is_recorded,
            dated_after("discussed_on"), measures_of("release_hold", no_incident_is_open, every_change_is_decided),
        ),
        then=cycle_goes_on, source="W-OP-13, C-OP-13",
    ),
    Row(
        trigger="cancel", event="cycle_cancelled", ja="中止", en="Cancel", froms=BEFORE_RETURN, to="cancelled",
        who=APPROVERS, owner=Side.WARD, under_hold=True, record=oversight.CycleCancelled, then=schedule_ends,
        source="domain.md 9",
    ),
)  # fmt: skip
