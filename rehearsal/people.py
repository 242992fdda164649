"""The people of a rehearsed year: what they enter and confirm goes the way of `tsudoi act` and `tsudoi confirm`."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from models.database import reading
from models.records.base import Nothing
from models.records.oversight import LatePlanDecided
from rehearsal import cast
from rehearsal.cast import COORDINATOR, REGISTRAR, Scene
from rehearsal.laws import LawBroken
from rehearsal.printer import Printer
from states import ledger
from states.acts import Outcome
from states.facts import RECHECKS, Facts
from states.rows import Row
from states.rules.oversight import open_duties
from states.rules.protection import due_recheck
from states.statute import MANY
from states.table import BY_TRIGGER
from steps import acting, extraction
from steps.office import Office
from steps.work import WORK
from views import commitments

_MAY_SLIDE = timedelta(days=14)
_MEASURES_BY = {"W": cast.COORDINATOR, "C": cast.MANAGER}


@dataclass(frozen=True, kw_only=True)
class People:
    """Everybody of both sides on a day; what the contractor's people report the ward enters for them."""

    office: Office
    cycle_id: str
    printer: Printer

    @property
    def today(self) -> date:
        """The day."""
        return self.office.clock.now().date()

    def facts(self) -> Facts:
        """Return the facts as they stand."""
        return self.office.facts(self.cycle_id)

    def scene(self) -> Scene:
        """Return what the actors see now."""
        return Scene(office=self.office, facts=self.facts(), printer=self.printer)

    def entries(self) -> list[dict[str, Any]]:
        """Return the entries of the ledger about this year."""
        with reading(self.office.engine) as connection:
            return list(ledger.told(connection, cycle_id=self.cycle_id))

    def play(self, act: str, *, by: str = "", **changes: Any) -> None:
        """Do an act as the cast does it but for what is changed, confirmed where it needs a second person.

        Raises:
            LawBroken: what should have followed an act that was done as it should be, such as a paper, did not.

        """
        row, scene, usual = BY_TRIGGER[act], self.scene(), not by and not changes
        by = by or cast.person_for(row.who_under(scene.facts.programme))
        outcome = self.enter(act, by=by, fields=cast.fields(act, scene) | changes)
        if outcome.waits_for:
            outcome = self.confirm(outcome, by=cast.person_for(row.second_under(scene.facts.programme), but=by))
        if usual and outcome.left:
            raise LawBroken(f"{act}: " + " / ".join(outcome.left))

    def play_form(self, act: str) -> None:
        """Send the form of an act with what it carries, as the cast fills it in; confirmed where two people must.

        Raises:
            LawBroken: what should have followed one of its acts did not.

        """
        row, scene = BY_TRIGGER[act], self.scene()
        if set(row.carries) <= set(RECHECKS):  # the register's present list comes with a pull list
            usual = cast.fields(due_recheck(scene.facts), scene)
            outcomes = [cast.recheck(self.office, self.cycle_id, **usual, pulled=cast.fields(act, scene)["pulled"])]
        else:
            form = cast.form(act, scene, list(self._claims(act, scene.facts, but=_shown_by((*row.carries, act)))))
            outcomes = list(acting.enter(self.office, self.cycle_id, form, via="rehearsal"))
            if outcomes[-1].waits_for:
                second = cast.person_for(row.second_under(scene.facts.programme), but=form[-1].by)
                outcomes.append(self.confirm(outcomes[-1], by=second))
        if left := [words for outcome in outcomes for words in outcome.left]:
            raise LawBroken(f"{act}: " + " / ".join(left))

    def enter(self, act: str, *, by: str, fields: Mapping[str, Any]) -> Outcome:
        """Enter an act; what needs the register's present list is done from one."""
        if act in RECHECKS:
            return cast.recheck(self.office, self.cycle_id, **fields)
        cast.recheck_first(self.office, self.cycle_id, act)
        return acting.perform(self.office, self.cycle_id, act, by=by, fields=cast.typed(fields), via="rehearsal")

    def confirm(self, proposed: Outcome, *, by: str) -> Outcome:
        """Confirm what was proposed."""
        return acting.confirm(
            self.office, self.cycle_id, proposed.trigger, by=by, proposal=proposed.seq, via="rehearsal"
        )

    def ask_for(self, act: str, **typed: Any) -> None:
        """Let somebody of the register section ask the machine for its work, as the command of the act does."""
        WORK[act].step(self.office, self.cycle_id, by=REGISTRAR, via="rehearsal", **typed)

    def claim_measures(self, act: str, facts: Facts) -> None:
        """Claim what the step needs and no record shows; with it what no act will ever show."""
        for by, fields in self._claims(act, facts):
            self.enter("claim_measures", by=by, fields=fields)

    def _claims(
        self, act: str, facts: Facts, *, but: frozenset[str] = frozenset()
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Walk over the claims that a step still needs, each side its own, without what its form shows besides."""
        row = BY_TRIGGER[act]
        asks = next((guard for guard in row.guards if guard.owes == "claim_measures"), None)
        if asks is None or facts.state not in row.froms:
            return
        verdict = self.office.see(self.cycle_id, lambda here: asks.check(here.facts, Nothing()))
        open_measures = set(getattr(verdict, "names", "").split()) - but
        sender = cast.person_for(row.who_under(facts.programme))
        for side, usual in _MEASURES_BY.items():
            mine = sorted(name for name in open_measures | self._of_papers(facts) if name.startswith(side))
            if open_measures.intersection(mine):
                # One person sends a form: the register section claims on its own.
                by = REGISTRAR if sender == REGISTRAR and usual == COORDINATOR else usual
                for kind, together in _by_kind(facts, mine).items():
                    yield by, self._evidence(row, together, kind)

    def _of_papers(self, facts: Facts) -> set[str]:
        """Return what only a paper shows, and no gate asks anew: it is in the papers of the first gate."""
        shown = _shown_by(tuple(BY_TRIGGER)) | facts.claims
        return {it.id for it in facts.measures.values() if it.guards and not it.each_gate and it.id not in shown}

    def _evidence(self, row: Row, measures: list[str], kind: str) -> dict[str, Any]:
        evidence = f"実施記録「{row.ja}」 {measures[0]}"
        fields = {"measures": measures, "evidence": evidence, "happened_on": self.today, "kind": kind}
        paper = f"{evidence} {self.today}".encode()
        return fields | (
            {"result": "異常なし"} if kind == "check" else {"evidence_file": hashlib.sha256(paper).hexdigest()}
        )

    def decide_the_held_rows(self) -> None:
        """Decide as the register section would: leave out the sign that the font ignores, else leave out the person."""
        form = [
            {"row": row, "how": how, "substitute": substitute, "reason": "font" if substitute else "unclear"}
            for row, how, substitute in extraction.proposals(self.office, self.cycle_id)
        ]
        if form:
            extraction.decide_all(self.office, self.cycle_id, form, by=REGISTRAR, via="rehearsal")

    def settle(self, incident: int) -> None:
        """Do what the law asks about an incident, talk it over with the contractor, and settle it."""
        facts, today = self.facts(), self.today
        decision = f"{facts.fiscal_year}-総総-{{}}{incident:04}"
        case = next((case for case in facts.cases if case.number == incident), None)
        acts: list[tuple[str, dict[str, Any]]] = []
        if case and open_duties(case, facts.programme.statute):
            reportable = bool(case.report and case.report.persons > MANY)
            assessed = {"reportable": reportable, "reason": "規則43条", "decision_number": decision.format(1)}
            acts.append(("assess_incident", assessed))
            if reportable:  # what the law asks, in its order
                acts += [
                    ("report_to_commission", {"report": "prompt", "reported_on": today}),
                    ("report_to_commission", {"report": "final", "reported_on": today}),
                    ("notify_persons", {"how": "letter", "notified_on": today, "persons": MANY}),
                    ("publish_incident", {"published": True, "decided_on": today}),
                ]
        talk = {"discussed_on": today, "participants": "両責任者", "decision": "手順の再確認"}
        acts += [("discuss_measures", talk), ("settle_incident", {"decision_number": decision.format(2)})]
        for act, fields in acts:
            by = COORDINATOR if act == "discuss_measures" else cast.APPROVER
            self.enter(act, by=by, fields={"incident": incident, **fields})

    def decide_on_late_plans(self) -> None:
        """Let the approver accept by name what passes a commitment, with two weeks for what may still slide."""
        passed, decided = self.office.see(
            self.cycle_id,
            lambda here: (commitments.passed(here), here.facts.past("decide_late_plan", LatePlanDecided)),
        )
        for nth, late in enumerate((it for it in passed if not it.is_accepted), start=len(decided)):
            fields = {
                "commitment": late.key, "until": late.expected + _MAY_SLIDE, "reason": "実施時期の遅れ",
                "decision_number": f"{late.year}-総総-4{nth:04}",
            }  # fmt: skip
            self.enter("decide_late_plan", by=cast.APPROVER, fields=fields)

    def release_hold(self) -> None:
        """Let the approver release the hold; each approval is for one act, also on one day."""
        facts = self.facts()
        self.claim_measures("release_hold", facts)
        before = facts.done.get("release_hold")
        decision = f"{facts.fiscal_year}-総総-3{before.seq if before else 0:05}"
        fields = {"discussed_on": self.today, "decision_number": decision}
        self.enter("release_hold", by=cast.APPROVER, fields=fields)


def _by_kind(facts: Facts, claimed: list[str]) -> dict[str, list[str]]:
    """Return what is claimed by the kind of its evidence: one for all where they share one, a check before a paper."""
    for kind in ("check", "document"):
        if all(kind in facts.measures[measure].kinds for measure in claimed):
            return {kind: claimed}
    checked = [measure for measure in claimed if "check" in facts.measures[measure].kinds]
    return {"check": checked, "document": [measure for measure in claimed if measure not in checked]}


def _shown_by(acts: Sequence[str]) -> frozenset[str]:
    """Return the measures that the records of these acts may show, the one of an act and those before it."""
    own = (guard for act in acts for guard in BY_TRIGGER[act].claims)
    claims = (claim for guard in own for claim in (guard, *(it for it in guard.shown if it.asks_record or it.owes)))
    return frozenset(measure for claim in claims for measure in claim.proves)
