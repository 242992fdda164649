"""Who does what in a rehearsed year: for each act the person who does it, and the record he would bring.

Everybody here is fictional. Records are made from what that person can see: the ward's people from the facts of the
cycle, the contractor's from what the contractor was handed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from adapters.numbers import KEY, NUMBER
from adapters.programmes import template_sha256
from models.clock import stamp
from models.database import reading
from models.fields import fields_of
from models.people import Role
from models.records.enclosing import PullListIssued
from models.records.extraction import ExtractTaken
from models.records.transfer import PackageSealed
from models.serials import compact, count, expand, union
from rehearsal.printer import Printer
from states import schedule
from states.acts import Outcome
from states.facts import RECHECKS, Facts
from states.rules.base import done_today
from states.rules.custody import notice_in_force
from states.rules.erasure import registered_copies
from states.rules.mailing import returned_by_reason
from states.rules.supervision import open_findings
from states.table import BY_TRIGGER
from steps import acting, enclosing, erasure, identity, papers, preparation, protection, roll
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE

COORDINATOR, APPROVER, REGISTRAR, SECOND_REGISTRAR = "sato", "takahashi", "watanabe", "nakamura"
SECOND_COORDINATOR = "suzuki"  # carries the password notice: another person than carried the medium
MANAGER, HANDLER, SECOND_HANDLER = "asahi", "kobayashi", "yoshida"
_CAST = {
    Role.COORDINATOR: (COORDINATOR, SECOND_COORDINATOR), Role.REGISTRAR: (REGISTRAR, SECOND_REGISTRAR),
    Role.APPROVER: (APPROVER,), Role.DEPUTY: (), Role.HANDLING_MANAGER: (MANAGER,), Role.AUDITOR: (),
    Role.HANDLER: (HANDLER, SECOND_HANDLER),
}  # fmt: skip

PULLED_FIRST, PULLED_LAST = 3, 2
RETURNED = 3
OPENED_AS_SAMPLE = 20
SHEETS = 4500
KEPT_UNTIL = "{year}-03-31"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What the actors see on a day."""

    office: Office
    facts: Facts
    printer: Printer
    today: date

    @property
    def year(self) -> int:
        """Return the fiscal year."""
        return self.facts.fiscal_year

    def count(self, *states: str, origin: str = "") -> int:
        """Return how many pieces are in these states."""
        with reading(self.office.engine) as connection:
            return self.office.door.facts(connection, self.facts.cycle_id).pieces.count(*states, origin=origin)

    def serials(self, *states: str, origin: str = "") -> list[int]:
        """Return the serials in these states."""
        with reading(self.office.engine) as connection:
            found = self.office.door.facts(connection, self.facts.cycle_id).pieces.serials(*states, origin=origin)
        return sorted(found)

    def sealed(self) -> PackageSealed:
        """Return what was sealed."""
        record = self.facts.record("seal_package", PackageSealed)
        assert record is not None
        return record


def at_their_desks(office: Office) -> Office:
    """Let the fictional people of the ward sit at their desks, each with a key unlocked; a restart unlocks it again."""
    keys = {
        person.id: identity.unlock(office, person.id, SAMPLE_PASSPHRASE)
        for person in preparation.everybody(office)
        if person.public_key
    }
    office.keyring = identity.Together(keys)
    return office


Fields = Mapping[str, Any]


def _movement(scene: Scene, item: str, occasion: str, slip: str, receiver: str) -> dict[str, Any]:
    return {
        "item": item, "giver": COORDINATOR, "receiver": receiver, "occasion": occasion,
        "slip": f"K-{scene.year}-{slip}", "quantity": 1, "locked_bag": True, "in_person": True,
        "bag_number": "第1号", "condition": "good",
    }  # fmt: skip


def _conclude_contract(scene: Scene) -> Fields:
    ends = schedule.milestones(scene.facts.programme, scene.year, scene.office.calendar)["contract_end"]
    return {
        "contract_number": f"{scene.year}-総総-0101", "begins_on": scene.today, "ends_on": ends,
        "special_provisions_attached": True,
    }  # fmt: skip


def _register_handlers(_scene: Scene) -> Fields:
    return {"handling_manager": MANAGER, "handlers": [HANDLER, SECOND_HANDLER], "subcontracting": "none"}


def _submit_work_plan(scene: Scene) -> Fields:
    due = scene.facts.due
    return {
        "printing_from": due["submit_imprint_sample"], "enclosing_until": due["report_enclosing"],
        "place": "本社工場 印字室・封入室",
    }  # fmt: skip


def _check_extract(scene: Scene) -> Fields:
    taken = scene.facts.record("take_extract", ExtractTaken)
    assert taken is not None
    return {"exported": taken.exported, "excluded": sum(taken.excluded.values()), "window_seen": True}


def _hand_over_medium(scene: Scene) -> Fields:
    sealed = scene.sealed()
    scene.printer.is_handed_the_medium(scene.office.outgoing(scene.facts.cycle_id, sealed.form))
    movement = _movement(scene, sealed.medium, "第1回 媒体手渡し", "01", HANDLER)
    return {**movement, "scanned_on": scene.today, "scan_clean": True}


def _hand_over_password(scene: Scene) -> Fields:
    scene.printer.is_handed_the_notice(scene.office.papers / "password-notice.pdf")
    movement = _movement(scene, notice_in_force(scene.facts), "第2回 パスワード通知書手渡し", "02", MANAGER)
    return {**movement, "giver": SECOND_COORDINATOR}


def _report_receipt(scene: Scene) -> Fields:
    opened = scene.printer.opens_the_package()
    copies = [
        {"copy_number": f"C-{scene.year}-{number:02}", "kind": kind, "place": place, "storage": storage}
        for number, (kind, place, storage) in enumerate(_COPIES, start=1)
    ]
    return {
        "received": opened.persons, "package_sha256": opened.package_sha256, "pattern_on": scene.today,
        "scan_clean": True, "condition_good": True, "copies": copies,
    }  # fmt: skip


_COPIES = (
    ("server", "印字室サーバ", "ssd"),
    ("rip_spool", "印刷機スプール", "memory"),
    ("sealer_log", "封入封緘機ログ", "hdd"),
)
# What erases it, after NIST SP 800-88.
_ERASED_BY = {
    "ssd": ("cryptographic_erase", "暗号鍵の廃棄"),
    "memory": ("spool_cleared", "印刷機の保守機能"),
    "hdd": ("overwrite", "消去ソフト"),
}


def _report_printing(scene: Scene) -> Fields:
    """Report what is not reported yet: a report that is made again names only what was missing in the one before."""
    printed, waiting = scene.printer.prints(), scene.serials("exported", origin="extract")
    good = compact(set(expand(printed.good)).intersection(waiting))
    if "report_printing" in scene.facts.done:
        return {"good": good, "template_sha256": _printed_from(scene)}
    return {
        "good": good, "spoiled": printed.spoiled, "reprinted": printed.reprinted,
        "sheets_left": max(0, SHEETS - count(printed.good) - printed.sheets_spoiled - 1),
        "spoiled_stack": f"S-{scene.year}-01", "blank_reason": "試し刷り", "template_sha256": _printed_from(scene),
    }  # fmt: skip


def _recheck_before_enclosing(scene: Scene) -> Fields:
    """One person came under protection after the extraction (Meguro's story, in small)."""
    return {"newly_protected": compact(scene.serials("exported", "printed", origin="extract")[-1:])}


def recheck(office: Office, cycle_id: str, *, newly_protected: str = "") -> Outcome:
    """Bring the register's present list: everybody known to be protected, and who came under protection since."""
    facts = papers.facts_of(office, cycle_id)
    later = roll.numbers_of(office.vault(cycle_id), union(facts.newly_protected, newly_protected))[KEY]
    everybody = protection.everybody(office, facts)
    listed = everybody.filter(everybody["protected"] | everybody[KEY].is_in(later.implode()))[NUMBER].to_list()
    path = office.settings.inbox / "protected.csv"
    rows = listed or [_of_nobody(everybody[NUMBER].to_list())]
    path.write_text("\r\n".join((NUMBER, *rows)) + "\r\n", encoding="utf-8", newline="")
    told = protection.recheck(office, cycle_id, path, by=REGISTRAR, nobody_of_ours=not listed, via="rehearsal")
    return told.outcome


def recheck_first(office: Office, cycle_id: str, act: str) -> None:
    """Re-check on the day of a pull list, where its own re-check is of a day before."""
    listed = act in {"issue_pull_list", "issue_final_pull_list"}
    if listed and not done_today(papers.facts_of(office, cycle_id), RECHECKS):
        recheck(office, cycle_id)


def _of_nobody(numbers: Sequence[str]) -> str:
    """Return a number of this register's form that nobody of the year has: a list is never without a row."""
    taken, digits = {int(it) for it in numbers}, max(map(len, numbers), default=1)
    return next(f"{it:0{digits}d}" for it in range(10**digits - 1, 0, -1) if it not in taken)


def _issue_pull_list(scene: Scene) -> Fields:
    here = scene.serials("exported", "printed")
    protected = [serial for serial in expand(scene.facts.to_pull) if serial in here]
    others = [serial for serial in scene.serials("printed", origin="extract") if serial not in protected]
    pulled = [*protected, *others[:PULLED_FIRST]]
    return {"pulled": compact(pulled), "reasons": {"r1": len(pulled)} if pulled else {}, "rechecked_on": scene.today}


def _issue_final_pull_list(scene: Scene) -> Fields:
    pulled = scene.serials("enclosed", origin="extract")[:PULLED_LAST]
    return {"pulled": compact(pulled), "reasons": {"r1": len(pulled)}, "rechecked_on": scene.today}


def _acknowledge(act: str) -> Callable[[Scene], Fields]:
    def fields(scene: Scene) -> Fields:
        issued = scene.facts.record(act, PullListIssued)
        assert issued is not None
        return {"pulled": issued.pulled}

    return fields


def _settle_finding(scene: Scene) -> Fields:
    first = open_findings(scene.facts)[0]
    return {"finding": first.number, "settled_on": scene.today, "how": "是正済"}


def _report_enclosing(scene: Scene) -> Fields:
    """Seal, reconcile the log, look for what it could not read, open what a hand was on, and report what is sealed."""
    office, cycle_id, shape = scene.office, scene.facts.cycle_id, scene.facts.programme.enclosing.log
    printed = scene.serials("printed", origin="extract")
    log = scene.printer.seals(printed, fiscal_year=scene.year, shape=shape)
    # The rehearsed sealer writes one log anew each time.
    found, _outcome = enclosing.reconcile(
        office, cycle_id, logs=[log], trays={}, instead=True, by=MANAGER, via="rehearsal"
    )
    if not found.holds:
        told = found.record
        settled = {
            "found": told.missing, "opened": told.touched, "unreadable": told.unreadable, "witness": SECOND_HANDLER,
        }  # fmt: skip
        acting.perform(office, cycle_id, "settle_differences", by=MANAGER, fields=settled, via="rehearsal")
    return {**enclosing.report_fields(office, cycle_id), "envelopes_left": len(printed) // 20}


def _end_returned_mail(scene: Scene) -> Fields:
    """Record by serial what came back, unless that is done, and close the window."""
    office, cycle_id = scene.office, scene.facts.cycle_id
    returned = scene.serials("posted")[:RETURNED]
    if returned and "record_returned_mail" not in scene.facts.done:
        fields = {"serials": compact(returned), "reason": "address_unknown", "outcome": "kept"}
        acting.perform(office, cycle_id, "record_returned_mail", by=COORDINATOR, fields=fields, via="rehearsal")
    with reading(office.engine) as connection:
        return {"returned": returned_by_reason(office.door.facts(connection, cycle_id))}


def _printed_from(scene: Scene) -> str:
    return template_sha256(scene.facts.programme)


def _return_items(scene: Scene) -> Fields:
    out = scene.facts.things_in("with_contractor")
    scene.printer.returns_what_it_was_handed()
    return {
        "items": [item.number for item in out], "giver": MANAGER, "receiver": COORDINATOR, "occasion": "第3回 返却",
        "slip": f"K-{scene.year}-03", "locked_bag": True, "in_person": True, "bag_number": "第2号", "condition": "good",
    }  # fmt: skip


def _report_erasure(scene: Scene) -> Fields:
    scene.printer.erases_everything()
    register = registered_copies(scene.facts)
    copies: list[dict[str, Any]] = []
    for item in scene.facts.copies_in("with_contractor"):
        method, tool = _ERASED_BY[register[item.number].lies_on]
        copies.append({
            "copy_number": item.number, "method": method, "tool": tool, "erased_at": stamp(scene.facts.now),
            "erased_by": HANDLER, "witness": MANAGER,
        })  # fmt: skip
    return {"copies": copies}


def _destroy_items(scene: Scene) -> Fields:
    here = [item.number for item in scene.facts.things_in("with_ward")]
    return {"items": here, "method": "裁断", "destroyed_on": scene.today, "witness": "suzuki"}


def _on_file(**fields: Any) -> Callable[[Scene], Fields]:
    return lambda _scene: fields


def _accepted(scene: Scene) -> Fields:
    return {
        "accepted": scene.count("enclosed"), "office": "新宿郵便局", "posted_on": scene.today,
        "slip": f"差出票 {scene.year}-1",
    }  # fmt: skip


# In the order of the table: what is brought for an act where the examples of its record will not do.
PLAYS: Mapping[str, Callable[[Scene], Fields]] = {
    "conclude_contract": _conclude_contract,
    "register_handlers": _register_handlers,
    "declare_cloud_use": _on_file(server_place="東京都", under_japanese_law=True),
    "submit_work_plan": _submit_work_plan,
    "confirm_contacts": _on_file(confirmed_with=MANAGER, nights_and_holidays_covered=True, business_flow_shared=True),
    "confirm_readiness": lambda s: {
        "dummy_data_tested": True,
        "inspection_planned_on": s.facts.due["inspect_contractor"],
    },
    "deliver_manuscript": lambda s: {"template_sha256": template_sha256(s.facts.programme), "sheets": SHEETS},
    "submit_text_proof": lambda s: {"version": 1, "template_sha256": _printed_from(s)},
    "approve_text": _on_file(version=1),
    "extract": _check_extract,
    "recheck_before_sealing": _on_file(),
    "hand_over_medium": _hand_over_medium,
    "hand_over_password": _hand_over_password,
    "report_receipt": _report_receipt,
    "hand_over": _on_file(),
    "submit_imprint_sample": lambda s: {
        "version": 1,
        "serials": compact(s.printer.prints_a_sample()),
        "sample_stack": f"I-{s.year}-01",
        "template_sha256": _printed_from(s),
    },
    "approve_proof": _on_file(version=1),
    "report_printing": _report_printing,
    "complete_printing": lambda s: {"letters_printed": s.count("printed", origin="extract")},
    "recheck_before_enclosing": _recheck_before_enclosing,
    "issue_pull_list": _issue_pull_list,
    "acknowledge_pull_list": _acknowledge("issue_pull_list"),
    "inspect_contractor": lambda s: {"inspected_on": s.today, "kind": "on_site", "findings": 0},
    "settle_finding": _settle_finding,
    "report_enclosing": _report_enclosing,
    "complete_enclosing": lambda s: {"letters_enclosed": s.count("enclosed", origin="extract")},
    "recheck_before_final_list": _on_file(),
    "issue_final_pull_list": _issue_final_pull_list,
    "acknowledge_final_pull_list": _acknowledge("issue_final_pull_list"),
    "inspect_delivery": lambda s: {
        "delivered": s.count("enclosed", origin="extract"),
        "opened": OPENED_AS_SAMPLE,
        "wrong": 0,
    },
    "enclose_additions": lambda s: {"letters_enclosed": s.count("exported", origin="addition")},
    "approve_posting": lambda s: {"letters": s.count("enclosed")},
    "recheck_before_posting": _on_file(),
    "post": _accepted,
    "report_posting": lambda s: {"accepted": s.count("posted")},
    "return_items": _return_items,
    "return_media": lambda s: {"checked_on": s.today},
    "report_erasure": _report_erasure,
    "confirm_erasure": _on_file(every_place_covered=True),
    "report_completion": lambda s: {"completed_on": s.today},
    "accept_work": lambda s: {"inspected_on": s.today, "number": f"検査 {s.year}-1"},
    "end_returned_mail": _end_returned_mail,
    "destroy_items": _destroy_items,
    "accept_namesakes": lambda s: {"people": erasure.namesakes(s.office, s.facts.cycle_id)},
    "close": lambda s: {"keep_until": KEPT_UNTIL.format(year=s.year + 1 + s.facts.programme.retention.years)},
}


def person_for(roles: Sequence[Role], *, but: str = "") -> str:
    """Return the first of the cast who may do what these roles may, another than the one who has done it."""
    return next((person for role in roles for person in _CAST[role] if person != but), "")


def fields(act: str, scene: Scene) -> dict[str, Any]:
    """Return what is brought for an act: as the cast makes it, else the example of each field that must be given."""
    if act in PLAYS:
        return dict(PLAYS[act](scene))
    return {it.name: it.takes.example for it in fields_of(BY_TRIGGER[act].record) if it.required}
