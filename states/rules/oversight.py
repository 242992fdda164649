"""Guards over all stages: measures, incidents, four eyes."""

from dataclasses import replace

from models.people import Role
from models.records.base import ActRecord
from models.records.oversight import (
    CountermeasuresDiscussed,
    CycleHeld,
    DeadlineMoved,
    DocumentFiled,
    EntryCorrected,
    IncidentAssessed,
    IncidentPublished,
    IncidentSettled,
    MeasuresClaimed,
    PersonsNotified,
    ReferralRecorded,
    ReminderAcknowledged,
    ReportedToCommission,
    TextRedacted,
)
from models.words import N_, _
from states.facts import Case, Facts, Guard, Shortfall, Verdict
from states.referral import COMPARED
from states.rules.base import claims, claims_of
from states.statute import heads_of


def measures_of(trigger: str) -> Guard:
    """Make the guard that every measure naming this step is claimed with evidence (checklists.yaml, `guards`)."""

    def check(facts: Facts, _record: ActRecord) -> Verdict:
        missing = sorted(set(facts.measures_for(trigger)) - facts.claims)
        return Shortfall(names=" ".join(missing)) if missing else True

    return Guard(
        name="measures_are_claimed",
        claim="Every measure of the checklists that this step needs is claimed with its evidence.",
        check=check,
        owes="claim_measures",
    )


def measures_unless_nothing_went_out(trigger: str) -> Guard:
    """Make the same guard for return, erasure and close: it asks for nothing where nothing went out."""
    strict = measures_of(trigger)

    def check(facts: Facts, record: ActRecord) -> Verdict:
        return not facts.went_out() or strict.check(facts, record)

    return replace(strict, check=check)


@claims_of(MeasuresClaimed)
def claimed_measures_are_on_the_list(facts: Facts, record: MeasuresClaimed) -> Verdict:
    """Every measure claimed stands on the programme's checklists."""
    unknown = sorted(set(record.measures) - facts.measures.keys())
    return Shortfall(names=" ".join(unknown)) if unknown else True


@claims_of(MeasuresClaimed)
def not_applicable_has_its_declaration(facts: Facts, record: MeasuresClaimed) -> Verdict:
    """Only where the checklist allows it a measure is declared not applicable, and the declaration is a file."""
    if not record.not_applicable:
        return True
    applicable = [it for it in record.measures if it in facts.measures and not facts.measures[it].may_not_apply]
    return Shortfall(names=" ".join(applicable)) if applicable else bool(record.evidence_file)


@claims_of(MeasuresClaimed)
def evidence_is_of_the_past_and_still_valid(facts: Facts, record: MeasuresClaimed) -> Verdict:
    """The evidence is not dated in the future, is valid today, and does not end before it begins."""
    happened_on, valid_until = record.happened_on or facts.today, record.valid_until or facts.today
    dates = f"{record.happened_on or ''} – {record.valid_until or ''}"
    return happened_on <= facts.today <= valid_until or Shortfall(names=dates)


@claims_of(MeasuresClaimed)
def evidence_file_is_these_measures_own(facts: Facts, record: MeasuresClaimed) -> Verdict:
    """The file is no evidence of another measure: give each a file of its own, or claim them together."""
    mine = set(record.measures)
    others = [it for it, claim in facts.claimed.items() if it not in mine and claim.evidence_file]
    same = [it for it in others if facts.claimed[it].evidence_file == record.evidence_file]
    return Shortfall(names=" ".join(same)) if same else True


@claims_of(DocumentFiled)
def document_is_dated_before_its_receipt(_facts: Facts, record: DocumentFiled) -> Verdict:
    """The document is dated on or before the day on which it was received."""
    return record.dated_on <= record.received_on or Shortfall(names=f"{record.dated_on} – {record.received_on}")


@claims_of(DocumentFiled)
def file_is_no_other_document(facts: Facts, record: DocumentFiled) -> Verdict:
    """The file was not filed as another document: give each its own file."""
    filed = (it.record for it in facts.past("file_document", DocumentFiled))
    others = sorted({it.document for it in filed if it.sha256 == record.sha256 and it.document != record.document})
    return Shortfall(names=" ".join(f"No. {number}" for number in others)) if others else True


@claims(owes="settle_incident", proves=("W-OP-13", "C-OP-13"))
def no_incident_is_open(facts: Facts) -> Verdict:
    """Every incident is settled."""
    return not facts.incidents or Shortfall(names=" ".join(f"No. {n}" for n in sorted(facts.incidents)))


@claims(owes="record_referral")
def new_referral_is_recorded(facts: Facts) -> Verdict:
    """What differs from the matter that the board approved has its new referral on record."""
    if not facts.differs or "record_referral" in facts.done:
        return True
    return Shortfall(names="、".join(_(COMPARED[key][1]) for key in facts.differs))


@claims_of(ReferralRecorded)
def referral_is_decided(facts: Facts, record: ReferralRecorded) -> Verdict:
    """The board has met already."""
    return record.decided_on <= facts.today


@claims()
def cycle_is_on_hold(facts: Facts) -> Verdict:
    """The cycle is on hold."""
    return facts.on_hold


@claims_of(CycleHeld)
def cycle_is_not_on_hold(facts: Facts, _record: CycleHeld) -> Verdict:
    """The cycle is not on hold already."""
    return not facts.on_hold


@claims_of(IncidentSettled)
def incident_is_open(facts: Facts, record: IncidentSettled) -> Verdict:
    """The incident of that number is open."""
    return record.incident in facts.incidents


@claims_of(IncidentSettled, owes="report_to_commission")
def duties_of_the_law_are_done(facts: Facts, record: IncidentSettled) -> Verdict:
    """What the law asks about the incident is done, or people decided that it need not be reported (法68条)."""
    case = next((case for case in facts.cases if case.number == record.incident), None)
    missing = open_duties(case) if case else ()
    return Shortfall(names="、".join(_(duty) for duty in missing)) if missing else True


@claims_of(IncidentAssessed)
def assessed_incident_is_open(facts: Facts, record: IncidentAssessed) -> Verdict:
    """The incident that is assessed is open."""
    return record.incident in facts.incidents


@claims_of(ReportedToCommission)
def reported_incident_is_open(facts: Facts, record: ReportedToCommission) -> Verdict:
    """The incident that is reported is open."""
    return record.incident in facts.incidents


@claims_of(ReportedToCommission)
def report_lies_after_the_knowing(facts: Facts, record: ReportedToCommission) -> Verdict:
    """The report is dated from the day of knowing to today, and the prompt report comes before the final one."""
    case = next((case for case in facts.cases if case.number == record.incident), None)
    known_on = case.report.known_on if case and case.report else record.reported_on
    in_order = record.report == "prompt" or case is None or "prompt" in case.reported
    return known_on <= record.reported_on <= facts.today and in_order


@claims_of(PersonsNotified)
def notified_incident_is_open(facts: Facts, record: PersonsNotified) -> Verdict:
    """The incident of which persons are notified is open, and a substitute measure has its reason."""
    return record.incident in facts.incidents and (record.how != "substitute" or bool(record.reason))


@claims_of(IncidentPublished)
def publication_is_of_an_open_incident(facts: Facts, record: IncidentPublished) -> Verdict:
    """The incident is open, and not publishing has its reason."""
    return record.incident in facts.incidents and (record.published or bool(record.reason))


@claims_of(CountermeasuresDiscussed)
def discussion_is_of_an_open_incident(facts: Facts, record: CountermeasuresDiscussed) -> Verdict:
    """The discussion is about an open incident or a change of measures, and not in the future."""
    return record.incident in {0, *facts.incidents} and record.discussed_on <= facts.today


def open_duties(case: Case) -> tuple[str, ...]:
    """Return what is still to be done about an incident, in words of the catalogue; nothing where no head applies."""
    heads = heads_of(case.report) if case.report else ()
    if case.reportable is None:
        return (ASSESSMENT,) if heads else ()
    if not case.reportable:
        return ()
    duties = {
        PROMPT: "prompt" in case.reported,
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


@claims_of(DeadlineMoved)
def act_is_still_owed(facts: Facts, record: DeadlineMoved) -> Verdict:
    """The act is on the schedule and not yet done."""
    return record.act in facts.due and record.act not in facts.done


@claims_of(ReminderAcknowledged)
def reminder_reached_the_person(facts: Facts, record: ReminderAcknowledged) -> Verdict:
    """The reminder went out in this year, to whoever acknowledges it; a coordinator may do it on behalf."""
    to, person = facts.reminded(record.reminder), facts.people.get(facts.asked_by)
    return person is not None and bool(to) and (to in {person.id, person.side} or Role.COORDINATOR in person.roles)


@claims_of(EntryCorrected)
def corrected_entry_is_this_years(facts: Facts, record: EntryCorrected) -> Verdict:
    """The entry that is corrected stands in the ledger already, as one of this year's."""
    return facts.history.has_entry(record.corrects) or Shortfall(names=str(record.corrects))


@claims_of(TextRedacted)
def redacted_text_is_there(facts: Facts, record: TextRedacted) -> Verdict:
    """The text stands beside that entry of this year, or of no year, and was not redacted before."""
    return facts.history.has_text(record.entry, record.place) or Shortfall(names=f"{record.entry} {record.place}")


def four_eyes_are_feasible(roles: tuple[Role, ...], second: tuple[Role, ...], facts: Facts) -> bool:
    """Tell whether two different people of the right roles are on the register today."""
    today = facts.today
    first = {p.id for p in facts.people.values() if p.is_valid_on(today) and p.roles & set(roles)}
    other = {p.id for p in facts.people.values() if p.is_valid_on(today) and p.roles & set(second)}
    return any(a != b for a in first for b in other)
