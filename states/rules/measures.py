"""The measures of the checklists: what a step asks of them, and how they are claimed."""

import unicodedata
from dataclasses import replace
from datetime import date

from models import choices
from models.people import Role, Side
from models.records.base import ActRecord
from models.records.oversight import DocumentFiled, MeasuresClaimed
from models.records.transfer import Handed
from states.effects import ClaimMeasures, Effect
from states.facts import Facts, Guard, Shortfall, Verdict
from states.rows import LIVE, Row
from states.rules.base import claims_of, none_of

# What is written where there is nothing to write, without punctuation, as NFKC and in small letters.
_NOTHING = frozenset({
    "", "なし", "無し", "無", "ナシ", "特になし", "特に無し", "特段なし", "該当なし", "該当無し", "該当せず", "同上",
    "未定", "未実施", "不明", "口頭", "口頭のみ", "済", "済み", "確認済", "確認済み",
    "none", "nothing", "nil", "null", "na", "no", "tbd", "ditto",
})  # fmt: skip
_GRADES = frozenset("良可適優")  # results of one character
_YEAR_BEGINS = 4, 1  # 会計年度


def measures_of(trigger: str, *shown: Guard) -> Guard:
    """Make the guard that every measure naming this step (measures.yaml, `guards`) is shown by the record or claimed.

    A measure is shown where every claim in `shown` that serves it holds; what the act itself still has to bring may
    show it.
    """

    def check(facts: Facts, record: ActRecord) -> Verdict:
        needed = set(facts.measures_for(trigger)) - facts.serving
        serving = tuple(guard for guard in shown if needed.intersection(guard.proves))
        return none_of(sorted(needed - shown_measures(serving, facts, record)))

    return Guard(
        name="measures_are_claimed",
        claim="Every measure that this step needs is shown by the record, or claimed with evidence made for this step.",
        check=check,
        owes="claim_measures",
        shown=shown,
    )


def shown_measures(shown: tuple[Guard, ...], facts: Facts, record: ActRecord) -> frozenset[str]:
    """Return the measures which every claim that serves them shows; a record that is still to come may show its own."""
    is_to_come = not record.model_fields_set
    missed = {
        measure
        for guard in shown
        if not (is_to_come and guard.asks_record) and not guard.shows(facts, record)
        for measure in guard.proves
    }
    return frozenset(measure for guard in shown for measure in guard.proves) - missed


def record_may_show(facts: Facts, row: Row) -> tuple[tuple[str, str], ...]:
    """Return the measures that the record of a coming act shows if it tells more than it must, each with the field."""
    nothing = row.record.model_construct()
    open_ones = set(facts.measures_for(row.trigger)) - facts.serving
    shown = tuple(claim for guard in row.guards for claim in guard.shown if open_ones.intersection(claim.proves))
    showing = open_ones & shown_measures(shown, facts, nothing)
    told = ((measure, claim.tells) for claim in shown if claim.asks_record and claim.tells for measure in claim.proves)
    return tuple((measure, field) for measure, field in told if measure in showing)


def shown_by(guard: Guard, act: str, kind: type[ActRecord]) -> Guard:
    """Make of a guard of another act the claim that its record holds: the last one, of movements every one."""

    def check(facts: Facts, _record: ActRecord) -> Verdict:
        told = facts.past(act, kind)
        judged = told if issubclass(kind, Handed) else told[-1:]
        return bool(judged) and all(guard.shows(replace(facts, now=past.at), past.record) for past in judged)

    return replace(guard, name=f"{guard.name}/{act}", check=check, asks_record=False, tells="")


def measures_unless_nothing_went_out(trigger: str, *shown: Guard) -> Guard:
    """Make the same guard for return, erasure and close: it asks for nothing where nothing went out."""
    strict = measures_of(trigger, *shown)

    def check(facts: Facts, record: ActRecord) -> Verdict:
        return not facts.went_out() or strict.check(facts, record)

    return replace(strict, check=check)


@claims_of(MeasuresClaimed)
def claimed_measures_are_on_the_list(facts: Facts, record: MeasuresClaimed) -> Verdict:
    """Every measure claimed stands on the programme's checklists."""
    return none_of(sorted(set(record.measures) - facts.measures.keys()))


@claims_of(MeasuresClaimed)
def not_applicable_has_its_declaration(facts: Facts, record: MeasuresClaimed) -> Verdict:
    """Only where the checklist allows it a measure is declared not applicable, and the declaration is a file."""
    if not record.not_applicable:
        return True
    applicable = [
        measure
        for measure in record.measures
        if measure in facts.measures and not facts.measures[measure].may_not_apply
    ]
    return Shortfall(names=" ".join(applicable)) if applicable else bool(record.evidence_file)


@claims_of(MeasuresClaimed)
def evidence_names_what_was_done(_facts: Facts, record: MeasuresClaimed) -> Verdict:
    """The evidence names the document, the act, or the check and its result; 'none' is declared, with its file."""
    return record.not_applicable or _names_something(record.evidence)


def _bare(words: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKC", words).casefold() if sign.isalnum())


def _names_something(words: str) -> bool:
    return _bare(words) not in _NOTHING and len(set(_bare(words))) > 1


@claims_of(MeasuresClaimed)
def evidence_is_of_the_measures_kind(facts: Facts, record: MeasuresClaimed) -> Verdict:
    """Each measure claimed is shown by evidence of this kind; another kind is brought where it names one."""
    named = (facts.measures[measure] for measure in record.measures if measure in facts.measures)
    others = {measure.id: measure.kinds for measure in named if record.kind not in {"", *measure.kinds}}
    kinds = {name: "・".join(choices.said(choices.EVIDENCE, kind) for kind in kinds) for name, kinds in others.items()}
    return none_of((f"{name}: {words}" for name, words in kinds.items()), "、")


@claims_of(MeasuresClaimed)
def evidence_of_its_kind_is_whole(facts: Facts, record: MeasuresClaimed) -> Verdict:
    """A document has its date and its file or its filing's entry; a check its date and result; an act its entry."""
    match record.kind:
        case "document":
            filed = {past.seq for past in facts.past("file_document", DocumentFiled)}
            return bool(record.happened_on) and (bool(record.evidence_file) or record.entry in filed)
        case "check":
            return bool(record.happened_on) and (_names_something(record.result) or record.result in _GRADES)
        case "act":
            return record.entry in {done.seq for act, done in facts.done.items() if act != "claim_measures"}
        case _:
            return True


@claims_of(MeasuresClaimed)
def evidence_is_of_this_year(facts: Facts, record: MeasuresClaimed) -> Verdict:
    """The evidence is of this fiscal year; an older one is a document on file that says until when it is valid."""
    is_document = record.kind == "document" or bool(record.evidence_file and not record.kind)
    still_valid = is_document and record.valid_until is not None
    begins_on = date(facts.fiscal_year, *_YEAR_BEGINS)
    old = record.happened_on is not None and record.happened_on < begins_on
    return still_valid or not old or Shortfall(names=f"{record.happened_on} < {begins_on}")


@claims_of(MeasuresClaimed)
def evidence_is_of_the_past_and_still_valid(facts: Facts, record: MeasuresClaimed) -> Verdict:
    """The evidence is not dated in the future, is valid today, and does not end before it begins."""
    happened_on, valid_until = record.happened_on or facts.today, record.valid_until or facts.today
    dates = f"{record.happened_on or ''} – {record.valid_until or ''}"
    return happened_on <= facts.today <= valid_until or Shortfall(names=dates)


@claims_of(MeasuresClaimed)
def evidence_was_made_since_the_gate_before(facts: Facts, record: MeasuresClaimed) -> Verdict:
    """Where each gate asks anew, the evidence is not older than the gate before, and not the file that served it."""
    day = record.happened_on or facts.today

    def is_of_before(measure: str) -> bool:
        gate, claim = facts.gate_passed(measure), facts.claimed.get(measure)
        if gate is None:
            return False
        served = claim is not None and claim.ledger_seq < gate.seq and claim.evidence_file == record.evidence_file
        return day < gate.on or (served and bool(record.evidence_file))

    return none_of(sorted(filter(is_of_before, record.measures)))


@claims_of(MeasuresClaimed)
def evidence_file_is_these_measures_own(facts: Facts, record: MeasuresClaimed) -> Verdict:
    """The file is no evidence of another measure: give each a file of its own, or claim them together."""
    mine = set(record.measures)
    others = [measure for measure, claim in facts.claimed.items() if measure not in mine and claim.evidence_file]
    return none_of(measure for measure in others if facts.claimed[measure].evidence_file == record.evidence_file)


def measures_count_as_claimed(facts: Facts, record: MeasuresClaimed) -> tuple[Effect, ...]:
    """The claims stand in this cycle only; next year begins with none."""
    return (ClaimMeasures(claim=record, received_on=facts.today),)


ROWS = (
    Row(
        trigger="claim_measures", event="measures_claimed", ja="対策の実施記録", en="Claim measures", froms=LIVE,
        who=(Role.COORDINATOR, Role.REGISTRAR, Role.HANDLING_MANAGER), owner=Side.WARD, repeats=True, under_hold=True,
        record=MeasuresClaimed,
        guards=(
            claimed_measures_are_on_the_list, not_applicable_has_its_declaration, evidence_names_what_was_done,
            evidence_is_of_the_measures_kind, evidence_of_its_kind_is_whole, evidence_is_of_this_year,
            evidence_is_of_the_past_and_still_valid, evidence_was_made_since_the_gate_before,
            evidence_file_is_these_measures_own,
        ),
        then=measures_count_as_claimed, source="チェックリスト",
    ),
)  # fmt: skip
