"""Who does what in a rehearsed year: for each act the person who does it, and the record he would bring.

Everybody here is fictional. Records are made from what that person can see: the ward's people from the facts of the
cycle, the contractor's from what the contractor was handed.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from adapters.numbers import KEY, NUMBER
from adapters.programmes import template_sha256
from models.clock import stamp
from models.documents import BY_NUMBER, SLIPS, Document
from models.fields import EXAMPLE_DAY, fields_of
from models.people import Role
from models.serials import common, compact, count, expand, union
from rehearsal.printer import Printer
from states import schedule
from states.acts import Outcome
from states.facts import RECHECKS, Facts
from states.rules.approvals import unseen
from states.rules.base import done_today
from states.rules.conservation import integrity_shown
from states.rules.custody import notice_in_force, slips_of_movements
from states.rules.documents import outstanding
from states.rules.erasure import registered_copies
from states.rules.mailing import returned_by_reason
from states.rules.supervision import open_findings
from states.table import BY_TRIGGER
from steps import acting, documents, enclosing, erasure, identity, preparation, protection, roll
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE

T = TypeVar("T")

COORDINATOR, APPROVER, REGISTRAR, SECOND_REGISTRAR = "sato", "takahashi", "watanabe", "nakamura"
SECOND_COORDINATOR = "suzuki"  # carries the password notice: another person than carried the medium
INSPECTOR = "okada"
MANAGER, HANDLER, SECOND_HANDLER = "asahi", "kobayashi", "yoshida"
_CAST = {
    Role.COORDINATOR: (COORDINATOR, SECOND_COORDINATOR), Role.REGISTRAR: (REGISTRAR, SECOND_REGISTRAR),
    Role.APPROVER: (APPROVER,), Role.DEPUTY: (), Role.INSPECTOR: (INSPECTOR,), Role.HANDLING_MANAGER: (MANAGER,),
    Role.AUDITOR: (), Role.HANDLER: (HANDLER, SECOND_HANDLER),
}  # fmt: skip

PULLED_FIRST, PULLED_LAST = 3, 2
RETURNED = 3
OPENED_AS_SAMPLE = 20
SHEETS = 4500
RETURNED_MAIL = 20  # its record is filed on the day on which its window ends, with what came before


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What the actors see on a day."""

    office: Office
    facts: Facts
    printer: Printer
    form: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])  # what stands on it

    @property
    def year(self) -> int:
        """Return the fiscal year."""
        return self.facts.fiscal_year

    def ask(self, question: Callable[[Facts], T]) -> T:
        """Return what the facts answer as they stand, also of what is only read on demand: history and pieces."""
        return self.office.see(self.facts.cycle_id, lambda here: question(here.facts))

    def serials(self, *states: str, origin: str = "") -> list[int]:
        """Return the serials in these states, in their order."""
        return sorted(self.ask(lambda facts: facts.pieces.serials(*states, origin=origin)))

    def on_form(self, act: str, name: str) -> Any:
        """Return what stands already in a field of the form that is filled in, "" where nothing does."""
        return self.form.get(act, {}).get(name, "")

    def brought(self, act: str) -> dict[str, Any]:
        """Return what was brought for an act that is done."""
        return json.loads(self.facts.done[act].data)


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


def _approved(scene: Scene, nth: int) -> Fields:
    """Return the approval of an act that the office decides; each approval is of one act."""
    return {"decision_number": f"{scene.year}-総総-{nth:04}", "approved_on": scene.facts.today}


def _conclude_contract(scene: Scene) -> Fields:
    ends = schedule.milestones(scene.facts.programme, scene.year, scene.office.calendar)["contract_end"]
    ends = max(ends, scene.facts.due["post"])  # who concludes it that late lets it reach to the posting
    return {
        "contract_number": f"{scene.year}-総総-0101", "begins_on": scene.facts.today, "ends_on": ends,
        "special_provisions_attached": True, "contract": _scan(scene, "契約書・特記事項"),
        "instruction": "個人情報保護法、情報セキュリティポリシーの遵守", "instructed_on": scene.facts.today,
        "instructed": MANAGER, "certificate_number": "第00000000号（架空）", "certificate_until": ends,
        "concluded_on": scene.facts.today, **_approved(scene, 111),
    }  # fmt: skip


def _scan(scene: Scene, title: str) -> str:
    """Keep the paper that an act brings, and return its hash."""
    return acting.keep(scene.office, _words_of(scene, title))


def _words_of(scene: Scene, title: str) -> bytes:
    return f"{title}　{scene.year}年度（架空）\n".encode()


def _file_what_came(scene: Scene, *also: Document) -> None:
    """File at once what came on paper since the contract and no act has brought, the stamped slips among it.

    What can show residents has no place once the ward's own data are erased; it stays on paper, under lock.
    """
    owed = [
        paper
        for paper in (*scene.ask(outstanding), *also)
        if not (paper.shows_residents and "erase_ward_data" in scene.facts.done)
    ]
    slips = scene.ask(slips_of_movements)
    if not owed:
        return
    with TemporaryDirectory(dir=scene.office.home.parent) as folder:  # beside the rehearsal's own, never elsewhere
        for document in owed:
            shown = " ".join(slips) if document.number == SLIPS else ""
            (Path(folder) / f"{document.number:02} {shown}.txt").write_bytes(_words_of(scene, document.ja))
        documents.file(
            scene.office, scene.facts.cycle_id, Path(folder), by=COORDINATOR, dated_on=scene.facts.today,
            via="rehearsal", original="総務課 書庫",
        )  # fmt: skip


def _close(scene: Scene) -> Fields:
    """Close the year with the slips on file that were stamped since the window for returned mail ended."""
    _file_what_came(scene)
    return {"keep_until": f"{scene.year + 1 + scene.facts.programme.retention.years}-03-31"}


def _check_extract(scene: Scene) -> Fields:
    taken = scene.brought("take_extract")
    return {
        "exported": taken["exported"], "excluded": sum(taken["excluded"].values()), "window_seen": True,
        "storage_place": "戸籍住民課 金庫", "locked": True,
    }  # fmt: skip


def _carried(scene: Scene, nth: int, what: str, *, giver: str, receiver: str, bag: int = 1) -> Fields:
    return {
        "giver": giver, "receiver": receiver, "occasion": f"第{nth}回 {what}", "slip": f"K-{scene.year}-{nth:02}",
        "locked_bag": True, "in_person": True, "bag_number": f"第{bag}号", "condition": "good",
    }  # fmt: skip


def _brought(scene: Scene, nth: int, what: str, *, giver: str, bag: str = "bag") -> Fields:
    """Return how the contractor brings something to the ward."""
    carried = _carried(scene, nth, what, giver=giver, receiver=COORDINATOR, bag=nth)
    return {name: value for name, value in carried.items() if name != "in_person"} | {"bag": bag}


def _hand_over_medium(scene: Scene) -> Fields:
    sealed = scene.brought("seal_package")
    scene.printer.is_handed(scene.office.outgoing(scene.facts.cycle_id, sealed["form"]), "medium")
    return {
        **_carried(scene, 1, "媒体手渡し", giver=COORDINATOR, receiver=HANDLER),
        "item": sealed["medium"], "quantity": 1, "scanned_on": scene.facts.today, "scan_clean": True,
        "storage_place": "総務課 金庫", "locked": True,
    }  # fmt: skip


def _hand_over_password(scene: Scene) -> Fields:
    scene.printer.is_handed(scene.office.papers / "password-notice.pdf", "notice")
    return {
        **_carried(scene, 2, "パスワード通知書手渡し", giver=SECOND_COORDINATOR, receiver=MANAGER),
        "item": notice_in_force(scene.facts), "quantity": 1,
    }  # fmt: skip


def _report_receipt(scene: Scene) -> Fields:
    opened = scene.printer.opens_the_package()
    copies = [
        {"copy_number": f"C-{scene.year}-{number:02}", "kind": kind, "place": place, "storage": storage}
        for number, (kind, place, storage) in enumerate(_COPIES, start=1)
    ]
    return {
        "received": opened.persons, "package_sha256": opened.package_sha256, "pattern_on": scene.facts.today,
        "scan_clean": True, "condition_good": True, "copies": copies,
        "storage_place": "本社工場 媒体保管庫", "locked": True,
        "readers": [MANAGER, HANDLER], "copies_encrypted": True, "ledger_line": f"受 {scene.year}-1",
    }  # fmt: skip


_COPIES = (
    ("server", "印字室サーバ", "ssd"),
    ("rip_spool", "印刷機スプール", "memory"),
    ("sealer_log", "封入封緘機ログ", "hdd"),
)
# What erases it, after NIST SP 800-88.
_ERASED_BY = {
    "ssd": {"method": "cryptographic_erase", "tool": "暗号鍵の廃棄"},
    "memory": {"method": "spool_cleared", "tool": "印刷機の保守機能"},
    "hdd": {"method": "overwrite", "tool": "消去ソフト"},
}


def _report_printing(scene: Scene) -> Fields:
    """Report what is not reported yet: a report that is made again names only what was missing in the one before."""
    printed, waiting = scene.printer.prints(), compact(scene.serials("exported", origin="extract"))
    fields = {"good": common(printed.good, waiting), "template_sha256": template_sha256(scene.facts.programme)}
    if "report_printing" in scene.facts.done:
        return fields
    return fields | {
        "spoiled": printed.spoiled, "reprinted": printed.reprinted,
        "sheets_left": max(0, SHEETS - count(printed.good) - printed.sheets_spoiled - 1),
        "spoiled_stack": f"S-{scene.year}-01", "blank_reason": "試し刷り",
    }  # fmt: skip


def recheck(office: Office, cycle_id: str, *, newly_protected: str = "", pulled: str | None = None) -> Outcome:
    """Bring the register's present list: everybody known to be protected, and who came under protection since.

    With `pulled`, serials or none, the pull list that is due is issued with it.
    """
    facts = office.facts(cycle_id)
    later = roll.numbers_of(office.vault(cycle_id), union(facts.newly_protected, newly_protected))[KEY]
    everybody = protection.everybody(office, facts)
    is_listed = everybody["protected"] | everybody[KEY].is_in(later.implode())
    listed = everybody[NUMBER].filter(is_listed).to_list()
    path = office.settings.inbox / "protected.csv"
    rows = listed or [_of_nobody(everybody[NUMBER].to_list())]
    path.write_text("\r\n".join((NUMBER, *rows)) + "\r\n", encoding="utf-8", newline="")
    result = protection.recheck(
        office, cycle_id, path, by=REGISTRAR, nobody_of_ours=not listed, pull_list=pulled is not None,
        also_pulled={"r1": pulled} if pulled else {}, via="rehearsal",
    )  # fmt: skip
    return result.issued or result.outcome


def recheck_first(office: Office, cycle_id: str, act: str) -> None:
    """Re-check on the day of a pull list, where its own re-check is of a day before."""
    listed = act in {"issue_pull_list", "issue_final_pull_list"}
    if listed and not done_today(office.facts(cycle_id), RECHECKS):
        recheck(office, cycle_id)


def _of_nobody(numbers: Sequence[str]) -> str:
    """Return a number of this register's form that nobody of the year has: a list is never without a row."""
    taken, digits = set(map(int, numbers)), max(map(len, numbers), default=1)
    return next(f"{number:0{digits}d}" for number in range(10**digits - 1, 0, -1) if number not in taken)


def _issue_pull_list(scene: Scene) -> Fields:
    here = scene.serials("exported", "printed")
    protected = [serial for serial in expand(scene.facts.to_pull) if serial in here]
    others = [serial for serial in scene.serials("printed", origin="extract") if serial not in protected]
    pulled = [*protected, *others[:PULLED_FIRST]]
    reasons = {"r1": len(pulled)} if pulled else {}
    return {"pulled": compact(pulled), "reasons": reasons, "rechecked_on": scene.facts.today}


def _issue_final_pull_list(scene: Scene) -> Fields:
    pulled = scene.serials("enclosed", origin="extract")[:PULLED_LAST]
    return {"pulled": compact(pulled), "reasons": {"r1": len(pulled)}, "rechecked_on": scene.facts.today}


def _differences(scene: Scene) -> Fields:
    """Seal, reconcile the log, look for what it could not read, and open what a hand was on."""
    office, cycle_id, shape = scene.office, scene.facts.cycle_id, scene.facts.programme.enclosing.log
    log = scene.printer.seals(scene.serials("printed", origin="extract"), fiscal_year=scene.year, shape=shape)
    # The rehearsed sealer writes one log anew each time.
    reconciled, _outcome = enclosing.reconcile(
        office, cycle_id, logs=[log], trays={}, instead=True, by=MANAGER, via="rehearsal"
    )
    if reconciled.holds:
        return {}
    record = reconciled.record
    return {
        "found": record.missing, "opened": record.touched, "unreadable": record.unreadable, "witness": SECOND_HANDLER,
    }  # fmt: skip


def _report_enclosing(scene: Scene) -> Fields:
    """Report what is sealed, once every difference is settled: on the same form, or by an entry before it."""
    office, cycle_id = scene.office, scene.facts.cycle_id
    if "settle_differences" not in scene.form and (settled := _differences(scene)):
        acting.perform(office, cycle_id, "settle_differences", by=MANAGER, fields=settled, via="rehearsal")
    said = enclosing.report_fields(office, cycle_id)
    settled_now = (str(scene.on_form("settle_differences", name)) for name in ("found", "opened"))
    sealed = union(str(said["sealed"]), *settled_now)
    return {
        "sealed": sealed, "machine_count": count(sealed) + int(said["reruns"]), "reruns": said["reruns"],
        **_left_over(scene, sealed),
    }  # fmt: skip


def _left_over(scene: Scene, sealed: str) -> Fields:
    """Count what is left of what was delivered, after what was sealed and one envelope that the machine tore.

    A year that was begun in an older version counts nothing.
    """
    delivered, torn = scene.brought("deliver_manuscript"), 1
    if "envelopes" not in delivered:
        return {}
    used = count(sealed) + len(scene.serials("enclosed", origin="extract"))
    return {
        "envelopes_left": delivered["envelopes"] - used - torn,
        "envelopes_spoiled": 0 if "report_enclosing" in scene.facts.done else torn,
        "inserts_left": {
            insert.name: delivered["inserts"][insert.name] - used * insert.count
            for insert in scene.facts.programme.paper.inserts
        },
    }


def _returned_mail(scene: Scene) -> Fields:
    """Record by serial what came back, unless that is done."""
    returned = scene.serials("posted")[:RETURNED]
    if not returned or "record_returned_mail" in scene.facts.done:
        return {}
    return {
        "serials": compact(returned), "reason": "address_unknown", "outcome": "kept",
        "stack": f"RL-{scene.year}-01", "keep_until": max(scene.facts.due["destroy_items"], scene.facts.today),
        "office": "新宿郵便局", "receiver": COORDINATOR, "slip": f"K-{scene.year}-06",
    }  # fmt: skip


def _end_returned_mail(scene: Scene) -> Fields:
    """Close the window, with what came back on the same form, or by an entry before it; file the year's papers."""
    _file_what_came(scene, BY_NUMBER[RETURNED_MAIL])
    if "record_returned_mail" not in scene.form and (fields := _returned_mail(scene)):
        acting.perform(
            scene.office, scene.facts.cycle_id, "record_returned_mail", by=COORDINATOR, fields=fields, via="rehearsal"
        )
    if now := scene.on_form("record_returned_mail", "serials"):
        return {"returned": {scene.on_form("record_returned_mail", "reason"): count(now)}}
    return {"returned": scene.ask(returned_by_reason)}


def _return_items(scene: Scene) -> Fields:
    scene.printer.returns_what_it_was_handed()
    out = [item.number for item in scene.facts.things_in("with_contractor")]
    carried = _carried(scene, 3, "返却", giver=MANAGER, receiver=COORDINATOR, bag=2)
    return {**carried, "items": out, "contractors_ledger": _scan(scene, "受託者の管理簿（写し）")}


def _report_erasure(scene: Scene) -> Fields:
    scene.printer.erases_everything()
    register = scene.ask(registered_copies)
    by = {"erased_at": stamp(scene.facts.now), "erased_by": HANDLER, "witness": MANAGER}
    copies = [
        {"copy_number": item.number, **_ERASED_BY[register[item.number].lies_on], **by}
        for item in scene.facts.copies_in("with_contractor")
    ]
    return {"copies": copies}


def _on_file(**fields: Any) -> Callable[[Scene], Fields]:
    return lambda _scene: fields


# In the order of the table: what is brought for an act where the examples of its record will not do.
PLAYS: Mapping[str, Callable[[Scene], Fields]] = {
    "conclude_contract": _conclude_contract,
    "renew_certificate": lambda scene: {
        "certificate_number": "第00000001号（架空）", "certificate": _scan(scene, "認証の登録証"),
        "certificate_until": scene.facts.today.replace(year=scene.year + 2),
    },
    "register_handlers": lambda scene: {
        "handling_manager": MANAGER, "handlers": [HANDLER, SECOND_HANDLER], "subcontracting": "none",
        "notice": _scan(scene, "取扱責任者・取扱者届、再委託有無届"),
    },
    "declare_cloud_use": _on_file(server_place="東京都", under_japanese_law=True),
    "submit_work_plan": lambda scene: {
        "printing_from": scene.facts.due["submit_imprint_sample"],
        "enclosing_until": scene.facts.due["report_enclosing"], "place": "本社工場 印字室・封入室",
        "plan": _scan(scene, "作業計画書・工程表"),
    },
    "confirm_contacts": lambda scene: {
        "confirmed_with": MANAGER, "nights_and_holidays_covered": True, "business_flow_shared": True,
        "flow_version": f"{scene.year} 第1版", "flow_acknowledged_on": scene.facts.today,
        "procedure_version": f"{scene.year} 第1版",
    },
    "confirm_readiness": lambda scene: {
        "dummy_data_tested": True, "inspection_planned_on": scene.facts.due["inspect_contractor"],
        **_approved(scene, 112),
        "ward_patched_on": scene.facts.today, "contractor_patched_on": scene.facts.today,
    },
    "deliver_manuscript": lambda scene: {
        "template_sha256": template_sha256(scene.facts.programme), "sheets": SHEETS, "envelopes": SHEETS,
        "inserts": {insert.name: SHEETS * insert.count for insert in scene.facts.programme.paper.inserts},
    },
    "submit_text_proof": lambda scene: {"version": 1, "template_sha256": template_sha256(scene.facts.programme)},
    "approve_text": _on_file(version=1),
    "extract": _check_extract,
    "recheck_before_sealing": _on_file(),
    "hand_over_medium": _hand_over_medium,
    "hand_over_password": _hand_over_password,
    "report_receipt": _report_receipt,
    "hand_over": lambda scene: _approved(scene, 113),
    "submit_imprint_sample": lambda scene: {
        **_brought(scene, 4, "宛名印字見本", giver=HANDLER), "version": 1,
        "serials": compact(scene.printer.prints_a_sample()), "sample_stack": f"I-{scene.year}-01",
        "template_sha256": template_sha256(scene.facts.programme),
    },
    "approve_proof": _on_file(version=1),
    "report_printing": _report_printing,
    "complete_printing": lambda scene: {
        "letters_printed": len(scene.serials("printed", origin="extract"))
        + count(scene.on_form("report_printing", "good")),
    },
    # One person came under protection after the extraction (Meguro's story, in small).
    "recheck_before_enclosing": lambda scene: {
        "newly_protected": compact(scene.serials("exported", "printed", origin="extract")[-1:]),
    },
    "issue_pull_list": _issue_pull_list,
    "acknowledge_pull_list": lambda scene: {"pulled": scene.brought("issue_pull_list")["pulled"]},
    "report_status": lambda scene: {
        "status": "工程どおり", "self_checked_on": scene.facts.today, "checked_by": MANAGER,
        "logs_from": scene.facts.done["report_receipt"].on, "logs_until": scene.facts.today, "findings": 0,
    },
    "inspect_contractor": lambda scene: {
        "inspected_on": scene.facts.today, "kind": "on_site", "findings": 0,
        "own_keeping_checked_on": scene.facts.today, "logs_until": scene.facts.today,
    },
    "settle_finding": lambda scene: {
        "finding": scene.ask(open_findings)[0].number,
        "settled_on": scene.facts.today, "how": "是正済",
    },
    "report_enclosing": _report_enclosing,
    "complete_enclosing": lambda scene: {
        "letters_enclosed": len(scene.serials("enclosed", origin="extract"))
        + count(scene.on_form("report_enclosing", "sealed")),
    },
    "recheck_before_final_list": _on_file(),
    "issue_final_pull_list": _issue_final_pull_list,
    "acknowledge_final_pull_list": lambda scene: {"pulled": scene.brought("issue_final_pull_list")["pulled"]},
    "inspect_delivery": lambda scene: {
        **_brought(scene, 5, "納品", giver=HANDLER, bag="vehicle"),
        "delivered": len(scene.serials("enclosed", origin="extract"))
        - count(scene.on_form("acknowledge_final_pull_list", "pulled")),
        "opened": OPENED_AS_SAMPLE, "wrong": 0,
    },
    "enclose_additions": lambda scene: {"letters_enclosed": len(scene.serials("exported", origin="addition"))},
    "approve_posting": lambda scene: {"letters": len(scene.serials("enclosed"))},
    "recheck_before_posting": _on_file(),
    "post": lambda scene: {
        "accepted": len(scene.serials("enclosed")), "office": "新宿郵便局", "posted_on": scene.facts.today,
        "slip": f"差出票 {scene.year}-1", "locked_bag": True, "bag": "container", "bag_number": "第1号",
        "giver": HANDLER if scene.facts.programme.consignment.poster == "contractor" else COORDINATOR,
    },
    "report_posting": lambda scene: {
        "accepted": len(scene.serials("posted")), "slip_copy": _scan(scene, "差出票（写し）"),
    },
    "return_items": _return_items,
    "return_media": lambda scene: {
        "checked_on": scene.facts.today, "storage_place": "総務課 金庫", "locked": True,
    },
    "report_erasure": _report_erasure,
    "confirm_erasure": _on_file(every_place_covered=True),
    "report_completion": lambda scene: {
        "completed_on": scene.facts.today,
        "integrity": scene.ask(integrity_shown),
    },
    "accept_work": lambda scene: {"inspected_on": scene.facts.today, "number": f"検査 {scene.year}-1"},
    "end_returned_mail": _end_returned_mail,
    "destroy_items": lambda scene: {
        "items": [item.number for item in scene.facts.things_in("with_ward")], "method": "裁断",
        "destroyed_on": scene.facts.today, "witness": SECOND_COORDINATOR, "slip": f"K-{scene.year}-07",
    },
    "see_decisions": lambda scene: {"entries": [decided.seq for decided in scene.ask(unseen)]},
    "record_referral": lambda scene: {
        "number": "資料25", "decided_on": scene.facts.today, **_approved(scene, 114),
    },
    "accept_namesakes": lambda scene: {"people": erasure.namesakes(scene.office, scene.facts.cycle_id)},
    "close": _close,
}  # fmt: skip


# What stands on a form only where there is something to tell.
AS_NEEDED = {"settle_differences": _differences, "record_returned_mail": _returned_mail}
# What is done while a form is filled in: it has a file and a command of its own.
ALONG = frozenset({"reconcile_enclosing"})
Claims = Sequence[tuple[str, Fields]]


def form(act: str, scene: Scene, claims: Claims) -> list[acting.Typed]:
    """Return what is entered at once: of what the act's form carries whatever is still to be done, and the act."""
    entered = list[acting.Typed]()
    for name in (*BY_TRIGGER[act].carries, act):
        who = BY_TRIGGER[name].who_under(scene.facts.programme)
        if name == "claim_measures":
            brought = claims
        elif name in AS_NEEDED:
            brought = [(person_for(who), AS_NEEDED[name](scene))]
        else:
            brought = [(person_for(who), fields(name, scene))] if name == act or is_to_do(name, scene.facts) else []
        for by, said in brought:
            scene = replace(scene, form={**scene.form, name: said})
            if said or name == act:
                entered.append(acting.Typed(trigger=name, by=by, fields=typed(said)))
    return entered


def is_to_do(act: str, facts: Facts) -> bool:
    """Tell whether an act is owed and not done."""
    return act in facts.due and act not in facts.done


def typed(said: Fields) -> dict[str, Any]:
    """Return fields as they come from a keyboard."""
    return json.loads(json.dumps(dict(said), default=str))


def person_for(roles: Sequence[Role], *, but: str = "") -> str:
    """Return the first of the cast who may do what these roles may, another than the one who has done it."""
    return next((person for role in roles for person in _CAST[role] if person != but), "")


def fields(act: str, scene: Scene) -> dict[str, Any]:
    """Return what is brought for an act: as the cast makes it, else an example of today for each field it needs."""
    if act in PLAYS:
        return dict(PLAYS[act](scene))
    today, needed = str(scene.facts.today), (field for field in fields_of(BY_TRIGGER[act].record) if field.required)
    return {field.name: field.takes.example.replace(EXAMPLE_DAY, today) for field in needed}
