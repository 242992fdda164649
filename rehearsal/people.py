"""The people of a rehearsed year: what they enter and confirm goes the way of `tsudoi act` and `tsudoi confirm`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from adapters.people_keys import FICTIONAL
from rehearsal import cast
from rehearsal.cast import COORDINATOR, REGISTRAR, Scene
from rehearsal.plan import Plan
from rehearsal.printer import Printer
from states.facts import RECHECKS, Facts
from states.rules.oversight import open_duties
from states.table import BY_TRIGGER
from steps import acting, extraction, papers, preparation
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE
from steps.work import WORK
from views.incidents import incidents_of

_MEASURES_BY = {"W": cast.COORDINATOR, "C": cast.MANAGER}
_MANY = 100  # persons from whom on an incident is always to be reported


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
        return papers.facts_of(self.office, self.cycle_id)

    def scene(self) -> Scene:
        """Return what the actors see now."""
        return Scene(office=self.office, facts=self.facts(), printer=self.printer, today=self.today)

    def play(self, act: str) -> None:
        """Do an act as the cast does it, confirmed where it needs a second person."""
        row, scene = BY_TRIGGER[act], self.scene()
        by = cast.person_for(row.who_under(scene.facts.programme))
        self.enter(act, by=by, fields=cast.fields(act, scene))
        if row.second:
            self.confirm(act, by=cast.person_for(row.second, but=by))

    def enter(self, act: str, *, by: str, fields: Mapping[str, Any]) -> None:
        """Enter an act; what needs the register's present list is done from one."""
        if act in RECHECKS:
            cast.recheck(self.office, self.cycle_id, **fields)
            return
        cast.recheck_first(self.office, self.cycle_id, act)
        typed = json.loads(json.dumps(dict(fields), default=str))
        acting.perform(self.office, self.cycle_id, act, by=by, fields=typed, via="rehearsal")

    def confirm(self, act: str, *, by: str) -> None:
        """Confirm what was proposed last of an act."""
        if waiting := acting.waiting(self.office, self.cycle_id, act):
            proposal = waiting[-1].seq
            acting.confirm(self.office, self.cycle_id, act, by=by, proposal=proposal, via="rehearsal")

    def ask_for(self, act: str, **typed: Any) -> None:
        """Let somebody of the register section ask the machine for its work, as the command of the act does."""
        WORK[act].step(self.office, self.cycle_id, by=REGISTRAR, via="rehearsal", **typed)

    def claim_measures(self, act: str, facts: Facts) -> None:
        """Claim what the step needs and is not claimed yet, each side its own."""
        open_measures = sorted(set(facts.measures_for(act)) - facts.claims)
        if not open_measures or facts.state not in BY_TRIGGER[act].froms:
            return
        for side, by in _MEASURES_BY.items():
            if mine := [measure for measure in open_measures if measure.startswith(side)]:
                fields = {"measures": mine, "evidence": f"実施記録「{BY_TRIGGER[act].ja}」"}
                self.enter("claim_measures", by=by, fields=fields)

    def decide_the_held_rows(self) -> None:
        """Decide as the register section would: leave out the sign that the font ignores, else leave out the person."""
        for row, how, substitute in extraction.proposals(self.office, self.cycle_id):
            extraction.decide(
                self.office, self.cycle_id, row=row, how=how, substitute=substitute,
                reason="font" if substitute else "unclear", by=REGISTRAR, via="rehearsal",
            )  # fmt: skip

    def known_on(self, incident: int) -> date:
        """Return the day on which an incident became known."""
        return next(it.known_on for it in self.office.see(self.cycle_id, incidents_of) if it.number == incident)

    def settle(self, incident: int) -> None:
        """Do what the law asks about an incident, talk it over with the contractor, and settle it."""
        facts, approver, on = self.facts(), cast.APPROVER, {"incident": incident}
        decision = f"{facts.fiscal_year}-総総-{{}}{incident:04}"
        case = next((case for case in facts.cases if case.number == incident), None)
        if case and open_duties(case):
            reportable = bool(case.report and case.report.persons > _MANY)
            assessed = {"reportable": reportable, "reason": "規則43条", "decision_number": decision.format(1)}
            self.enter("assess_incident", by=approver, fields=on | assessed)
            for act, fields in _duties(self.today) if reportable else ():
                self.enter(act, by=approver, fields=on | fields)
        talk = {"discussed_on": self.today, "participants": "両責任者", "decision": "手順の再確認"}
        self.enter("discuss_measures", by=COORDINATOR, fields=on | talk)
        self.enter("settle_incident", by=approver, fields=on | {"decision_number": decision.format(2)})

    def release_hold(self) -> None:
        """Let the approver release the hold; each approval is for one act, also on one day."""
        facts = self.facts()
        self.claim_measures("release_hold", facts)
        before = facts.done.get("release_hold")
        decision = f"{facts.fiscal_year}-総総-3{before.seq if before else 0:05}"
        fields = {"discussed_on": self.today, "decision_number": decision}
        self.enter("release_hold", by=cast.APPROVER, fields=fields)


def at_their_desks(plan: Plan) -> People:
    """Install the rehearsal and let its fictional people sit down, the ward's each with a key unlocked."""
    office = preparation.install(rehearsal=True)
    preparation.register_sample_people(office, plan.year, passphrase=SAMPLE_PASSPHRASE, cost=FICTIONAL)
    return People(
        office=cast.at_their_desks(Office.open()), cycle_id=f"{office.settings.programme}-{plan.year}",
        printer=Printer(folder=plan.out / "contractor", keep=plan.keep),
    )  # fmt: skip


def _duties(today: date) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return what the law asks about an incident that is to be reported, in its order."""
    return (
        ("report_to_commission", {"report": "prompt", "reported_on": today}),
        ("report_to_commission", {"report": "final", "reported_on": today}),
        ("notify_persons", {"how": "letter", "notified_on": today, "persons": _MANY}),
        ("publish_incident", {"published": True, "decided_on": today}),
    )
