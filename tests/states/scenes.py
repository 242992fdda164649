"""A fictional year, act by act: who does what, with which record, in an order that reaches every state.

Twelve persons are exported, one is pulled before sealing, two later, one is added: ten letters are posted.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, select
from sqlmodel import SQLModel, col

from adapters.keys import LedgerKey
from adapters.programmes import measures_of
from models import tables
from models.clock import TOKYO
from models.database import reading
from models.fields import fields_of
from models.people import Role
from models.records.base import ActRecord
from states import ledger
from states.acts import ActRequest, Outcome
from states.calendar import Calendar
from states.door import Door
from states.facts import RECHECKS, Evidence, Facts
from states.machines import Machine
from states.rows import Row
from states.rules.base import done_today
from states.table import BY_TRIGGER, TABLE
from steps.acting import record_of
from steps.office import steps_measures

YEAR, CYCLE = 2026, "hatachi-2026"
OPENED_AT = datetime(YEAR, 9, 1, 9, tzinfo=TOKYO)
HASH = "ab" * 32
MEDIUM, NOTICE, STACK, COPY = "M-2026-01", "P-2026-01", "S-2026-01", "C-2026-01"
PROOFS, BACKUP = "I-2026-01", "B-2026-01"
SAMPLE, RETURNED = "I-2026-02", "RL-2026-01"
LEAFLET = "はたちのつどい案内リーフレット"
KEEP_UNTIL = date(2027, 1, 22)  # the day by which what came back is destroyed

ACTORS = {
    Role.COORDINATOR: "sato",
    Role.REGISTRAR: "watanabe",
    Role.APPROVER: "takahashi",
    Role.DEPUTY: "ito",
    Role.INSPECTOR: "okada",
    Role.HANDLING_MANAGER: "asahi",
    Role.HANDLER: "kobayashi",
    Role.AUDITOR: "kansa",
}
SECONDS = {row.trigger: "takahashi" for row in TABLE if row.second} | {
    "extract": "nakamura",
}  # fmt: skip
IN_ORDER = (
    "claim_measures", "conclude_contract", "register_handlers", "declare_cloud_use",
    "submit_work_plan", "confirm_contacts",
    "confirm_readiness", "deliver_manuscript", "submit_text_proof", "take_extract", "approve_text", "extract",
    "recheck_before_sealing", "seal_package", "hand_over_medium", "hand_over_password", "report_receipt", "hand_over",
    "submit_imprint_sample", "approve_proof", "approve_proof_again", "take_additions", "report_printing",
    "complete_printing", "report_status", "recheck_before_enclosing", "issue_pull_list", "acknowledge_pull_list",
    "inspect_contractor",
    "reconcile_enclosing", "settle_differences", "report_enclosing",
    "complete_enclosing", "recheck_before_final_list", "issue_final_pull_list", "acknowledge_final_pull_list",
    "inspect_delivery",
    "enclose_additions", "approve_posting", "recheck_before_posting", "post", "report_posting",
    "record_returned_mail", "return_items", "return_media", "report_erasure", "report_completion", "confirm_erasure",
    "accept_work", "end_returned_mail", "erase_ward_data", "destroy_items", "close",
)  # fmt: skip
HAYASHI = {
    "person": "hayashi", "name": "林 薫", "side": "ward", "roles": ["coordinator"], "valid_from": "2026-04-01",
    "valid_to": "2027-03-31",
}  # fmt: skip


def fields(now: datetime) -> dict[str, dict[str, Any]]:
    """Return the fields of the record of every act as they are entered on that day."""
    today = now.date()
    carried: dict[str, Any] = {"giver": "sato", "receiver": "asahi", "locked_bag": True, "in_person": True}
    delivered = {"giver": "asahi", "receiver": "sato", "locked_bag": True, "bag": "vehicle"}
    window = {"window_from": date(2006, 4, 2), "window_to": date(2007, 4, 1)}
    known = {
        "claim_measures": {"measures": every_measure(), "evidence": "点検表 2026"},
        "conclude_contract": {
            "contract_number": "26-31", "begins_on": date(2026, 10, 1), "ends_on": date(2026, 12, 25),
            "special_provisions_attached": True, "approved_on": today, "certificate_number": "第00000000号",
            "certificate_until": date(2026, 12, 25),
        },
        "renew_certificate": {"certificate_number": "第00000001号", "certificate_until": date(2027, 12, 25)},
        "register_handlers": {"handling_manager": "asahi", "handlers": ("kobayashi",), "subcontracting": "none"},
        "record_absence": {
            "person": "takahashi", "begins_on": today, "ends_on": today, "reason": "leave", "deputy": "ito",
        },
        "see_decisions": {"entries": (1,)},
        "declare_subcontractor": {"name": "協和製本", "work": "封入", "inspection_clause": True},
        "consent_to_subcontracting": {"name": "協和製本", "decision_number": "8-総総-95", "decided_on": today},
        "declare_cloud_use": {"server_place": "東京都", "under_japanese_law": True},
        "plan_inspection": {"planned_on": date(2026, 11, 19), "inspectors": ("sato",)},
        "settle_finding": {"finding": 1, "settled_on": today, "how": "施錠を確認"},
        "submit_work_plan": {
            "printing_from": date(2026, 11, 16), "enclosing_until": date(2026, 11, 24), "place": "第一工場",
        },
        "confirm_contacts": {
            "confirmed_with": "asahi", "nights_and_holidays_covered": True, "business_flow_shared": True,
        },
        "confirm_readiness": {
            "dummy_data_tested": True, "inspection_planned_on": date(2026, 11, 19), "approved_on": today,
        },
        "deliver_manuscript": {"template_sha256": HASH, "sheets": 20},
        "submit_text_proof": {"version": 1},
        "approve_text": {"version": 1},
        "take_extract": {
            "extract_sha256": HASH, "encoding": "utf-8", "raw_hits": 13, "excluded": {"moved_out": 1}, "exported": 12,
            "held": 0, "born_from": date(2006, 4, 2), "born_to": date(2007, 4, 1), **window, "months": {},
            "font_sha256": HASH, "warnings": {}, "serials": "1-12", "hard": "2",
        },
        "receive_extract": {
            "item": "E-2026-01", "occasion": "抽出ファイル", "slip": "0", "sha256": HASH, "form": "7z", **carried,
            "giver": "watanabe", "receiver": "sato",
        },
        "list_protected": {"persons": 1, "sha256": HASH, "item": "L-2026-01"},
        "hand_out_letters": {"letters": 1, "sha256": HASH, "item": "LF-2026-01"},
        "withdraw_list": {"list_sha256": HASH, "reason": "wrong_list"},
        "take_changes": {"list_sha256": HASH, "rows": 2, "moved": "3", "newly_protected": "4"},
        "decide_row": {"row": 2, "how": "accept", "reason": "seen"},
        "extract": {"exported": 12, "excluded": 1, "window_seen": True},
        "recheck_before_sealing": {"newly_protected": "12"},
        "seal_package": {
            "package_sha256": HASH, "size": 9000, "form": "7z", "algorithm": "AES-256", "members": ("addressees.csv",),
            "read_back": True, "medium": MEDIUM, "notice": NOTICE, "font_sha256": HASH, "held_back": "12",
        },
        "seal_additions": {
            "package_sha256": HASH, "size": 900, "form": "7z", "algorithm": "AES-256", "members": ("addressees.csv",),
            "read_back": True, "medium": "M-2026-02", "notice": "P-2026-02", "font_sha256": HASH, "held_back": "",
        },
        "report_additions_receipt": {
            "received": 1, "package_sha256": HASH, "pattern_on": today, "scan_clean": True, "condition_good": True,
            "copies": ({"copy_number": "C-2026-02", "kind": "server", "place": "第一工場"},),
        },
        "read_back_package": {"package_sha256": HASH, "hash_agrees": True, "opened": True, "rows_agree": True},
        "record_notice_printed": {"notice": NOTICE, "in_sealed_envelope": True},
        "reprint_notice": {"notice": "P-2026-02", "former": NOTICE, "reason": "damaged"},
        "hand_over_medium": {
            "item": MEDIUM, "occasion": "媒体", "slip": "1", "scanned_on": today, "scan_clean": True, **carried,
        },
        "hand_over_password": {"item": NOTICE, "occasion": "通知書", "slip": "2", **carried},
        "report_receipt": {
            "received": 11, "package_sha256": HASH, "pattern_on": today, "scan_clean": True, "condition_good": True,
            "copies": ({"copy_number": COPY, "kind": "server", "place": "第一工場"},),
        },
        "hand_over": {"approved_on": today},
        "submit_imprint_sample": {
            "version": 1, "serials": "1-3", "sample_stack": SAMPLE, "slip": "4", "occasion": "校正", **delivered,
        },
        "approve_proof": {"version": 1},
        "approve_proof_again": {"version": 1},
        "compare_imprint": {"digests_sha256": HASH, "right": 11},
        "take_additions": {"extract_sha256": HASH, "raw_hits": 1, "excluded": {}, "serials": "13"},
        "report_printing": {"good": "1-11", "spoiled": "2", "reprinted": "2", "spoiled_stack": STACK},
        "complete_printing": {"letters_printed": 11},
        "recheck_before_enclosing": {"newly_protected": "5"},
        "issue_pull_list": {"pulled": "5", "reasons": {"a": 1}, "rechecked_on": today},
        "acknowledge_pull_list": {"pulled": "5"},
        "report_status": {
            "status": "工程どおり", "self_checked_on": today, "checked_by": "asahi", "logs_from": date(2026, 10, 1),
            "logs_until": today, "findings": 0,
        },
        "inspect_contractor": {"inspected_on": today, "kind": "on_site", "findings": 0},
        "reconcile_enclosing": {
            "scans": 11, "sealed": "1-4,6-11", "reruns": 1, "touched": "8", "logs": (HASH,), "trays": 0,
        },
        "settle_differences": {"opened": "8", "witness": "yoshida"},
        "report_enclosing": {"sealed": "1-4,6-11", "machine_count": 11, "reruns": 1},
        "complete_enclosing": {"letters_enclosed": 10},
        "recheck_before_final_list": {},
        "issue_final_pull_list": {"pulled": "7", "reasons": {"b": 1}, "rechecked_on": today},
        "acknowledge_final_pull_list": {"pulled": "7"},
        "inspect_delivery": {
            "delivered": 9, "opened": 2, "wrong": 0, "slip": "5", "occasion": "納品", **delivered,
        },
        "enclose_additions": {"letters_enclosed": 1},
        "approve_posting": {"letters": 10},
        "recheck_before_posting": {},
        "post": {
            "accepted": 10, "office": "新宿北郵便局", "posted_on": today, "slip": "77", "giver": "sato",
            "locked_bag": True,
        },
        "report_posting": {"accepted": 10},
        "request_retrieval": {
            "serials": "4", "reason": "p", "office": "新宿北郵便局", "requested_on": today,
        },
        "record_returned_mail": {
            "serials": "3", "reason": "unknown_address", "stack": RETURNED, "keep_until": max(today, KEEP_UNTIL),
            "office": "新宿北郵便局", "receiver": "sato", "slip": "6",
        },
        "return_items": {
            "items": (MEDIUM, NOTICE, STACK), "giver": "asahi", "receiver": "sato", "occasion": "返却", "slip": "3",
            "locked_bag": True,
        },
        "report_erasure": {
            "copies": (
                {"copy_number": COPY, "method": "purge", "tool": "shred", "erased_at": now, "erased_by": "kobayashi",
                 "witness": "yoshida"},
            ),
        },
        "return_media": {"checked_on": today},
        "report_completion": {"completed_on": today, "integrity": "report"},
        "confirm_erasure": {"every_place_covered": True},
        "accept_work": {"inspected_on": today, "number": "検-1"},
        "end_returned_mail": {"returned": {"unknown_address": 1}},
        "erase_ward_data": {
            "scanned_files": 9, "scanned_bytes": 99, "needles": 36, "found": 0, "unread": 0,
            "vault_files_destroyed": 2, "keys_destroyed": 2, "absent": True,
        },
        "destroy_items": {
            "items": (MEDIUM, NOTICE, STACK, SAMPLE, RETURNED), "method": "溶解", "destroyed_on": today,
            "witness": "suzuki", "slip": "7",
        },
        "accept_namesakes": {"people": ["sato"]},
        "erase_ward_copies": {
            "copies": (
                {"copy_number": BACKUP, "method": "overwrite", "tool": "shred", "erased_at": now,
                 "erased_by": "watanabe", "witness": "nakamura"},
            ),
        },
        "consent_to_destruction": {
            "items": (STACK,), "method": "溶解", "place": "製紙工場", "decision_number": "8-総総-912",
            "decided_on": today,
        },
        "report_destruction": {
            "items": (STACK,), "method": "溶解", "place": "製紙工場", "destroyed_on": today,
            "destroyed_by": "kobayashi", "witness": "asahi",
        },
        "record_movement": {"item": PROOFS, "kind": "proof_sheets", "to": "ward", "occasion": "校正", "slip": "9",
                            **carried, "giver": "asahi", "receiver": "sato"},
        "register_copies": {
            "copies": ({"copy_number": "C-2026-09", "kind": "backup", "place": "別棟", "storage": "tape"},),
        },
        "record_loss": {"item": MEDIUM, "noticed_on": today},
        "reprint_slip": {"slip": "1", "reason": "汚損"},
        "close": {"keep_until": "2032-03-31"},
        "acknowledge_reminder": {"reminder": 1},
        "redact_text": {"entry": 13, "place": "record.evidence", "reason": "resident_data"},
        "correct_entry": {"corrects": 1, "correction": "数量は2枚", "reason": "書き間違い"},
        "file_document": {"document": 18, "sha256": HASH, "dated_on": today, "received_on": today},
        "decide_late_plan": {"commitment": "ceremony", "until": date(2027, 1, 20), "reason": "契約の遅れ",
                             "decision_number": "8-総総-905"},
        "move_deadline": {"act": "close", "to": date(2027, 2, 1), "reason": "年度末"},
        "record_deviation": {"what": "unregistered_hand", "happened_on": today},
        "report_incident": {"kind": "loss", "known_on": today},
        "assess_incident": {"incident": 1, "reportable": True, "reason": "100人超", "decision_number": "8-総総-97"},
        "report_to_commission": {"incident": 1, "report": "prompt", "reported_on": today},
        "notify_persons": {"incident": 1, "how": "letter", "notified_on": today, "persons": 200},
        "publish_incident": {"incident": 1, "published": True, "decided_on": today},
        "discuss_measures": {"incident": 1, "discussed_on": today, "participants": "両責任者", "decision": "再教育"},
        "report_change": {"what": "保管場所", "after": "第二工場の金庫", "effective_on": today},
        "settle_incident": {"incident": 1, "decision_number": "8-総総-99"},
        "record_referral": {"number": "資料25", "decided_on": today, "approved_on": today},
        "hold": {"reason": "typhoon"},
        "release_hold": {"discussed_on": today, "decision_number": "8-総総-910"},
        "register_people": {"people": (HAYASHI,)},
        "change_roles": {"people": (HAYASHI | {"person": "suzuki", "name": "鈴木 直樹", "roles": ["approver"]},)},
        "change_people": {"people": (HAYASHI | {"person": "ito", "name": "伊藤 誠", "roles": ["deputy"]},)},
        "give_key": {"person": "suzuki", "public_key": HASH, "reason": "first"},
        "cancel": {"reason": "ceremony_called_off", "decision_number": "8-総総-911"},
    }  # fmt: skip
    return {row.trigger: examples(row) for row in TABLE if row.trigger not in known} | known


def examples(row: Row) -> dict[str, Any]:
    """Return the example of each field of an act that must be given."""
    typed = {it.name: it.takes.example for it in fields_of(row.record) if it.required}
    return record_of(row.record, typed).model_dump(exclude_unset=True)


def every_measure() -> tuple[str, ...]:
    return tuple(measure.id for measure in measures_of("hatachi/measures.yaml"))


@dataclass
class Clock:
    """A clock that stands where it was set last."""

    at: datetime = OPENED_AT

    def now(self) -> datetime:
        return self.at


class Year:
    """The opened year at its door. `do` does an act as it should be done, but for what the caller changes."""

    def __init__(self, engine: Engine, key: LedgerKey, clock: Clock | None = None) -> None:
        self.engine, self.key, self.clock = engine, key, clock or Clock()
        self.door = Door(engine, signer=key, clock=self.clock, calendar=Calendar(), measures=steps_measures)

    def record(self, trigger: str, **changes: Any) -> ActRecord:
        return BY_TRIGGER[trigger].record.model_validate(fields(self.clock.at)[trigger] | changes)

    def ask(
        self, trigger: str, *, by: str = "", key: str = "", at: datetime | None = None, **changes: Any
    ) -> ActRequest:
        row = BY_TRIGGER[trigger]
        if "decision_number" in row.record.model_fields:  # each approval is for one act, of one process
            changes = {"decision_number": f"{os.getpid() % 10000}-総総-{len(self.entries())}"} | changes
        return ActRequest(
            cycle_id=CYCLE,
            trigger=trigger,
            by=by or ACTORS[row.who[0]],
            record=self.record(trigger, **changes),
            key=key or uuid4().hex,
            occurred_at=at,
            evidence=Evidence(by_machine=row.by_machine),
        )

    def propose(self, trigger: str, **changes: Any) -> Outcome:
        return self.door.perform(self.ask(trigger, **changes))

    def confirm(
        self,
        trigger: str,
        *,
        by: str = "",
        evidence: Evidence | None = None,
        via: str = "desk",
        proposal: int | None = None,
    ) -> Outcome:
        """Confirm by a number of the approval system of its own, but for what the caller changes."""
        record = BY_TRIGGER[trigger].record.model_construct()
        decided = Evidence(decision_number=f"8-総総-{len(self.entries())}", decided_on=self.clock.at.date())
        return self.door.confirm(
            ActRequest(
                cycle_id=CYCLE, trigger=trigger, by=by or SECONDS.get(trigger, ACTORS[Role.APPROVER]), record=record,
                key="", via=via, evidence=decided if evidence is None else evidence, proposal=proposal,
            )
        )  # fmt: skip

    def do(self, trigger: str, **changes: Any) -> Outcome:
        """Do an act, confirmed by the second person where it needs one; a pull list is re-checked on its day."""
        if trigger in {"issue_pull_list", "issue_final_pull_list"} and not done_today(self.facts(), RECHECKS):
            self.do("recheck_before_enclosing" if trigger == "issue_pull_list" else "recheck_before_final_list")
        self.claim_again(trigger)
        outcome = self.propose(trigger, **changes)
        return self.confirm(trigger) if outcome.waits_for else outcome

    def claim_again(self, trigger: str) -> None:
        """Claim for a gate what was claimed for the gate before it and is asked for anew."""
        facts = self.facts()
        stale = sorted(facts.claims.intersection(facts.measures_for(trigger)) - facts.serving)
        if stale:
            self.propose("claim_measures", measures=stale)

    def play(self, *, until: str = "", before: str = "") -> None:
        """Do what comes next, each act at ten on the day it is owed, until a state is reached or an act is next."""
        done = self.facts().done
        for trigger in (act for act in IN_ORDER if act not in done):
            if trigger == before or self.state == until:
                self.claim_again(trigger)
                return
            self.wait_for(trigger)
            self.do(trigger)

    def wait_for(self, trigger: str, *, days: int = 0) -> None:
        """Let the clock go on to ten o'clock on the open day by which the act is owed, or that many days after it."""
        due = self.facts().due.get(trigger)
        if due:
            due = Calendar().last_open(due)
            ten = datetime(due.year, due.month, due.day, 10, tzinfo=TOKYO) + timedelta(days=days)
            self.clock.at = max(self.clock.at, ten)

    def later(self, **distance: float) -> None:
        self.clock.at += timedelta(**distance)

    def facts(self) -> Facts:
        with reading(self.engine) as connection:
            return self.door.facts(connection, CYCLE)

    @property
    def state(self) -> str:
        return self.read(select(col(tables.Cycle.state)))[0][0]

    def read(self, query: Any) -> list[Any]:
        with reading(self.engine) as connection:
            return list(connection.execute(query).all())

    def entries(self) -> list[str]:
        with reading(self.engine) as connection:
            return list(ledger.entries(connection))

    def events(self) -> list[str]:
        return [row.event for row in self.read(select(col(tables.Ledger.event)).order_by(col(tables.Ledger.seq)))]

    def everything_but_the_ledger(self) -> dict[str, list[Any]]:
        """Return the contents of every other table."""
        others = [table for name, table in SQLModel.metadata.tables.items() if name != "ledger"]
        return {table.name: sorted(map(str, self.read(select(table)))) for table in others}

    def pieces(self) -> dict[str, int]:
        with reading(self.engine) as connection:
            return {k: n for k, n in self.door.facts(connection, CYCLE).pieces.by_state().items() if n}


def walked(machine: Machine) -> dict[str, list[str]]:
    """Return for every state of a machine the shortest way to it from a beginning, both ends included."""
    ways = {state: [state] for state in machine.initial}
    waiting = list(machine.initial)
    for start in waiting:
        for to in (to for origin, _trigger, to in machine.pairs if origin == start and to not in ways):
            ways[to] = [*ways[start], to]
            waiting.append(to)
    return ways


Act = Callable[[Year], object]
