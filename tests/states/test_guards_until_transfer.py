"""Each guard of preparation, extraction, transfer and the register says yes, no, or what differs, as it claims."""

from datetime import date, timedelta
from typing import Any

import pytest
from assumed import (
    NOW,
    PEOPLE,
    PROGRAMME,
    TODAY,
    TOMORROW,
    YESTERDAY,
    Said,
    all_of,
    consigning,
    did,
    facts,
    items,
    record,
    said,
)
from scenes import HAYASHI

from models.people import Role
from models.programme import Programme
from models.records.base import ActRecord, Nothing
from states.facts import Deputised, Facts, Guard, Told
from states.rules import (
    additions,
    approvals,
    custody,
    erasure,
    extraction,
    media_return,
    people,
    preparation,
    protection,
    supervision,
    transfer,
)

HASH, OTHER = "ab" * 32, "cd" * 32
MEDIUM, NOTICE = "M-2026-01", "P-2026-01"
POSTING = {"post": TODAY}
NOTHING = Nothing()
Case = tuple[Guard, Facts, ActRecord, Said]

NAMED_LATER = did("register_handlers", at=NOW + timedelta(seconds=1))
OTHER_MANAGER = did("register_handlers", handling_manager="kobayashi", handlers=("asahi",))
NAMED_BEFORE = did("register_handlers", at=NOW - timedelta(seconds=1))
NAMES_BOTH, NAMES_ONE = did("register_handlers"), did("register_handlers", handlers=("asahi",))


def absent(person: str, begins: date = TODAY, ends: date = TODAY, deputy: str = "ito") -> Told:
    return did("record_absence", person=person, begins_on=begins, ends_on=ends, deputy=deputy)


def away(person: str = "takahashi", begins: date = TODAY, ends: date = TODAY, deputy: str = "ito") -> ActRecord:
    return record("record_absence", person=person, begins_on=begins, ends_on=ends, deputy=deputy)


def decided(seq: int, of: str = "takahashi") -> Deputised:
    return Deputised(seq=seq, act="approve_posting", by="ito", in_place_of=of, see_by=TOMORROW)


def deciding(**how: Any) -> Programme:
    """Return the programme with other settings of its decisions."""
    return PROGRAMME.model_copy(update={"approval": PROGRAMME.approval.model_copy(update=how)})


APPROVED = {"decision_number": "8-総総-1", "approved_on": TODAY}
SUZUKI_AWAY = f"suzuki: {TODAY} – {TODAY}"
ITO_AWAY, BOTH_DAYS = f"ito: {TODAY} – {TODAY}", f"takahashi: {TODAY} – {TOMORROW}"

INSPECTORS = PEOPLE | {
    name: PEOPLE[name].model_copy(update={"roles": frozenset({Role.INSPECTOR})}) for name in ("sato", "suzuki")
}

APPROVALS: tuple[Case, ...] = (
    *(
        (approvals.approval_is_told, facts(programme=deciding(decisions=how)), record("hand_over", **told), expected)
        for how, told, expected in (
            ("number", APPROVED, True), ("number", {"decision_number": "8-総総-1", "approved_on": None}, "決裁日"),
            ("number", {"approved_on": TODAY}, "起案文書番号"), ("", {"approved_on": None}, True),
            ("confirmation", {"approved_on": None}, True),
        )
    ),
    *(
        (
            approvals.approval_is_dated_in_order, facts(is_open=lambda day: day != YESTERDAY),
            record("hand_over", approved_on=day), expected,
        )
        for day, expected in (
            (None, True), (TODAY, True), (TOMORROW, str(TOMORROW)), (YESTERDAY, str(YESTERDAY)),
            (YESTERDAY - timedelta(days=1), True),
        )
    ),
    *(
        (
            approvals.inspector_did_not_supervise,
            facts(*told, asked_by=who, programme=deciding(inspector=how)), NOTHING, expected,
        )
        for told, who, how, expected in (
            ((), "okada", "separate", True), ((), "sato", "separate", "sato"), ((), "sato", "coordinator", True),
            ((), "", "separate", True), ((), "nobody", "separate", True),
        )
    ),
    # `did` tells acts of sato, who is an inspector by now, as is suzuki.
    *(
        (
            approvals.inspector_did_not_supervise,
            facts(*told, asked_by=who, programme=deciding(inspector="separate"), people=INSPECTORS), NOTHING, expected,
        )
        for told, who, expected in (
            ((did("inspect_delivery"),), "sato", "sato"), ((did("post"),), "sato", True), ((), "sato", True),
            ((did("inspect_delivery"),), "okada", True), ((did("inspect_delivery"),), "suzuki", True),
        )
    ),
    (approvals.absence_ends_after_it_begins, facts(), away(), True),
    (approvals.absence_ends_after_it_begins, facts(), away(ends=TOMORROW), True),
    (approvals.absence_ends_after_it_begins, facts(), away(ends=YESTERDAY), f"{TODAY} – {YESTERDAY}"),
    *(
        (approvals.absent_person_decides, facts(), away(person), expected)
        for person, expected in (
            ("takahashi", True), ("ito", True), ("sato", True), ("okada", False), ("asahi", False), ("left", False),
            ("nobody", False),
        )
    ),
    *(
        (approvals.deputy_may_stand_in, facts(), away(person, deputy=deputy), expected)
        for person, deputy, expected in (
            ("takahashi", "ito", True), ("takahashi", "", True), ("takahashi", "sato", "sato"),
            ("takahashi", "takahashi", "takahashi"), ("takahashi", "nobody", ""), ("sato", "suzuki", True),
            ("sato", "sato", "sato"), ("sato", "ito", "ito"), ("sato", "left", "left"), ("ito", "ito", "ito"),
            ("nobody", "ito", True),
        )
    ),
    (approvals.another_records_the_absence, facts(asked_by="sato"), away(), True),
    (approvals.another_records_the_absence, facts(asked_by="abe"), away(), True),
    (approvals.another_records_the_absence, facts(asked_by="ito"), away(), False),
    (approvals.another_records_the_absence, facts(), away(deputy=""), True),
    *(
        (approvals.absence_is_recorded_once, facts(absent("takahashi", TODAY, TOMORROW)), away(**days), expected)
        for days, expected in (
            ({"begins": TODAY, "ends": TODAY}, True), ({"begins": YESTERDAY, "ends": YESTERDAY}, True),
            ({"begins": YESTERDAY, "ends": TODAY}, BOTH_DAYS), ({"begins": TOMORROW, "ends": TOMORROW}, BOTH_DAYS),
            ({"person": "ito", "begins": TOMORROW, "ends": TOMORROW}, True),
        )
    ),
    (approvals.absence_is_recorded_once, facts(absent("ito", deputy="")), away(deputy=""), True),
    # Corrected under its beginning, the absence ended yesterday.
    (
        approvals.absence_is_recorded_once,
        facts(absent("takahashi", YESTERDAY, TOMORROW), absent("takahashi", YESTERDAY, YESTERDAY)), away(), True,
    ),
    (approvals.deputy_is_there, facts(), away(), True),
    (approvals.deputy_is_there, facts(absent("ito", deputy="")), away(), ITO_AWAY),
    (approvals.deputy_is_there, facts(absent("ito", deputy="")), away(deputy=""), True),
    (approvals.deputy_is_there, facts(absent("ito", deputy="")), away(begins=TOMORROW, ends=TOMORROW), True),
    (approvals.deputy_is_there, facts(absent("takahashi")), away("ito", deputy=""), f"takahashi: {TODAY} – {TODAY}"),
    (approvals.deputy_is_there, facts(absent("suzuki", deputy="")), away("sato", deputy="suzuki"), SUZUKI_AWAY),
    # Others are absent, whose names come before and after, and others decide for them.
    *(
        (approvals.deputy_is_there, facts(absent(other, deputy=for_him)), away(deputy=deputy), True)
        for other, for_him, deputy in (
            ("abe", "", "ito"), ("suzuki", "", "ito"), ("suzuki", "abe", ""), ("suzuki", "watanabe", ""),
        )
    ),
    *(
        (
            approvals.decisions_were_taken_in_his_place,
            facts(absent("takahashi"), *more, asked_by=by, decided=(decided(7), decided(8, "gone"))),
            record("see_decisions", entries=entries), expected,
        )
        for more, by, entries, expected in (
            ((), "takahashi", (7,), True), ((), "takahashi", (7, 8), True), ((), "ito", (7,), "No. 7"),
            ((), "takahashi", (6, 7), "No. 6"), ((did("see_decisions", entries=(7,)),), "takahashi", (7,), "No. 7"),
        )
    ),
    (approvals.every_decision_is_seen, facts(), NOTHING, True),
    (approvals.every_decision_is_seen, facts(absent("takahashi"), decided=(decided(7),)), NOTHING, "No. 7"),
    (
        approvals.every_decision_is_seen,
        facts(absent("takahashi"), did("see_decisions", entries=(7,)), decided=(decided(7),)), NOTHING, True,
    ),
)  # fmt: skip

WITHOUT_CERTIFICATE = PROGRAMME.model_copy(
    update={"contractor": PROGRAMME.contractor.model_copy(update={"certificate": ""})}
)


def certified(until: date | None) -> Told:
    return did("conclude_contract", certificate_until=until)


INSTRUCTED = {"instruction": "個人情報保護法の遵守", "instructed_on": TODAY, "instructed": "asahi"}
PATCHED = f"{TODAY - timedelta(days=90)} – {TODAY}"
# A storage place and what is said of its lock.
KEPT = (
    ("", None, True), ("", True, True), ("金庫", True, True), ("金庫", None, False), ("金庫", False, False),
    ("", False, False),
)  # fmt: skip
PREPARATION: tuple[Case, ...] = (
    (preparation.handlers_are_registered, facts(did("register_handlers")), NOTHING, True),
    (preparation.handlers_are_registered, facts(), NOTHING, False),
    (preparation.work_plan_is_in, facts(did("submit_work_plan")), NOTHING, True),
    (preparation.contacts_are_confirmed, facts(did("confirm_contacts")), NOTHING, True),
    (preparation.special_provisions_are_attached, facts(), record("conclude_contract"), True),
    (
        preparation.special_provisions_are_attached, facts(),
        record("conclude_contract", special_provisions_attached=False), False,
    ),
    *(
        (
            preparation.contract_period_covers_the_posting, facts(due=POSTING),
            record("conclude_contract", begins_on=begins, ends_on=ends), expected,
        )
        for begins, ends, expected in (
            (TODAY, TODAY, True),
            (YESTERDAY, TOMORROW, True),
            (TOMORROW, TOMORROW, str(TODAY)),
            (YESTERDAY, YESTERDAY, str(TODAY)),
        )
    ),
    *(
        (preparation.certificate_is_told_and_valid, facts(),
         record("conclude_contract", certificate_number=number, certificate_until=until), expected)
        for number, until, expected in (
            ("1", TODAY, True), ("1", TOMORROW, True), ("1", YESTERDAY, f"{YESTERDAY} < {TODAY}"),
            ("", TOMORROW, False), ("1", None, False),
        )
    ),
    (preparation.certificate_is_told_and_valid, facts(programme=WITHOUT_CERTIFICATE),
     record("conclude_contract", certificate_number="", certificate_until=None), True),
    *(
        (supervision.certificate_is_in_force, facts(*told), NOTHING, expected)
        for told, expected in (
            ((), True), ((certified(None),), True), ((certified(TODAY),), True), ((certified(TOMORROW),), True),
            ((certified(YESTERDAY),), f"{YESTERDAY} < {TODAY}"),
            ((certified(YESTERDAY), did("renew_certificate", certificate_until=TODAY)), True),
            ((certified(TODAY), did("renew_certificate", certificate_until=YESTERDAY)), f"{YESTERDAY} < {TODAY}"),
        )
    ),
    *(
        (preparation.renewed_certificate_goes_on, facts(*told),
         record("renew_certificate", certificate_until=until), it)
        for told, until, it in (
            ((certified(YESTERDAY),), TODAY, True), ((certified(YESTERDAY),), YESTERDAY, f"≤ {YESTERDAY}"),
            ((certified(TODAY),), TODAY, f"≤ {TODAY}"), ((certified(TODAY),), TOMORROW, True),
            ((certified(TOMORROW),), TODAY, f"≤ {TOMORROW}"),
            ((certified(None),), TODAY, True), ((certified(None),), YESTERDAY, f"{YESTERDAY} < {TODAY}"),
        )
    ),
    (preparation.named_people_are_on_the_register, facts(), record("register_handlers"), True),
    (
        preparation.named_people_are_on_the_register, facts(),
        record("register_handlers", handling_manager="nobody", handlers=("kobayashi", "noone")), "nobody noone",
    ),
    (preparation.subcontracting_has_consent, facts(), record("register_handlers"), True),
    (
        preparation.subcontracting_has_consent, facts(), record("register_handlers", subcontracting="consented"), False,
    ),
    (
        preparation.subcontracting_has_consent, facts(),
        record("register_handlers", subcontracting="consented", consent_number="決-1"), True,
    ),
    *(
        (
            preparation.plan_fits_the_posting, facts(due=POSTING),
            record("submit_work_plan", printing_from=begins, enclosing_until=ends), expected,
        )
        for begins, ends, expected in (
            (TODAY, TODAY, True),
            (YESTERDAY, TODAY, True),
            (YESTERDAY, YESTERDAY, True),
            (TODAY, YESTERDAY, str(TODAY)),
            (TODAY, TOMORROW, str(TODAY)),
        )
    ),
    (preparation.nights_and_holidays_are_covered, facts(), record("confirm_contacts"), True),
    *(
        (preparation.nights_and_holidays_are_covered, facts(), record("confirm_contacts", **{field: False}), False)
        for field in ("nights_and_holidays_covered", "business_flow_shared")
    ),
    *(
        (preparation.instruction_is_told_whole, facts(), record("conclude_contract", **told), expected)
        for told, expected in (
            ({}, True), (INSTRUCTED, True), (INSTRUCTED | {"instructed_on": YESTERDAY}, True),
            (INSTRUCTED | {"instructed_on": TOMORROW}, False), (INSTRUCTED | {"instructed_on": None}, False),
            (INSTRUCTED | {"instruction": ""}, False), (INSTRUCTED | {"instructed": ""}, False),
            (INSTRUCTED | {"instructed": "sato"}, False), (INSTRUCTED | {"instructed": "nobody"}, False),
            *(({field: told}, False) for field, told in INSTRUCTED.items()),
        )
    ),
    *(
        (guard, facts(), record("confirm_readiness", **{field: day}), expected)
        for guard, field in (
            (preparation.wards_patches_are_recent, "ward_patched_on"),
            (preparation.contractors_patches_are_recent, "contractor_patched_on"),
        )
        for day, expected in (
            (None, True), (TODAY, True), (TODAY - timedelta(days=90), True), (TODAY - timedelta(days=91), PATCHED),
            (TODAY.replace(year=TODAY.year - 1), PATCHED), (TOMORROW, PATCHED),
        )
    ),
    (preparation.dummy_data_went_through, facts(), record("confirm_readiness"), True),
    (preparation.dummy_data_went_through, facts(), record("confirm_readiness", dummy_data_tested=False), False),
    (preparation.contractor_has_a_valid_manager, facts(), NOTHING, False),
    (preparation.contractor_has_a_valid_manager, facts(did("register_handlers")), NOTHING, True),
    *(
        (
            preparation.contractor_has_a_valid_manager, facts(did("register_handlers", handling_manager=name)), NOTHING,
            False,
        )
        for name in ("gone", "nobody")
    ),
)  # fmt: skip

TAKEN = did("take_extract")
BORN = {"born_from": date(2006, 4, 2), "born_to": date(2007, 4, 1)}
EXTRACTION: tuple[Case, ...] = (
    (extraction.extract_is_taken, facts(TAKEN), NOTHING, True),
    (extraction.original_has_a_new_number, facts(), record("receive_extract"), True),
    (
        extraction.original_has_a_new_number, facts(items=items(E_2026_01="extract_original with_ward")),
        record("receive_extract"), "E-2026-01",
    ),
    (extraction.it_comes_from_the_register_section, facts(), record("receive_extract"), True),
    (extraction.it_comes_from_the_register_section, facts(), record("receive_extract", giver="abe"), True),
    *(
        (
            extraction.it_comes_from_the_register_section, facts(),
            record("receive_extract", giver=giver, receiver=receiver), False,
        )
        for giver, receiver in (
            ("nobody", "sato"), ("watanabe", "nobody"), ("watanabe", "watanabe"), ("moved", "sato"),
            ("watanabe", "left"), ("sato", "suzuki"), ("watanabe", "asahi"),
        )
    ),
    (extraction.encrypted_file_was_received, facts(), record("take_extract"), True),
    (extraction.encrypted_file_was_received, facts(), record("take_extract", travelled_sha256=HASH), False),
    (
        extraction.encrypted_file_was_received, facts(did("receive_extract")),
        record("take_extract", travelled_sha256=HASH), True,
    ),
    *(
        (
            extraction.encrypted_file_was_received, facts(did("receive_extract")),
            record("take_extract", travelled_sha256=other), False,
        )
        for other in (OTHER, "aa" * 32)
    ),
    (extraction.exported_serials_are_counted, facts(), record("take_extract"), True),
    (extraction.exported_serials_are_counted, facts(), record("take_extract", exported=13), "12 ≠ 13"),
    (extraction.exported_serials_are_counted, facts(), record("take_extract", exported=11), "12 ≠ 11"),
    (extraction.hits_add_up, facts(), record("take_extract", raw_hits=15, held=2), True),
    (extraction.hits_add_up, facts(), record("take_extract", raw_hits=32, held=16, excluded={"moved_out": 4}), True),
    (extraction.hits_add_up, facts(), record("take_extract", raw_hits=12), "12 ≠ 13"),
    (extraction.hits_add_up, facts(), record("take_extract", raw_hits=14), "14 ≠ 13"),
    (extraction.birth_window_is_the_years, facts(), record("take_extract"), True),
    (
        extraction.birth_window_is_the_years, facts(),
        record("take_extract", born_from=date(2006, 5, 5), born_to=date(2006, 5, 5)), True,
    ),
    *(
        (extraction.birth_window_is_the_years, facts(), record("take_extract", **(BORN | wrong)), False)
        for wrong in (
            {"window_from": date(2006, 4, 1)}, {"window_from": date(2006, 4, 3)}, {"window_to": date(2007, 4, 2)},
            {"born_from": date(2006, 4, 1)}, {"born_to": date(2007, 4, 2)},
            {"born_from": date(2006, 5, 5), "born_to": date(2006, 5, 4)},
        )
    ),
    (extraction.no_row_is_held, facts(), NOTHING, True),
    (extraction.no_row_is_held, facts(TAKEN), NOTHING, True),
    (extraction.no_row_is_held, facts(undecided=1), NOTHING, "1"),
    (extraction.no_row_is_held, facts(did("take_extract", held=2), undecided=1), NOTHING, "2"),
    (extraction.checkers_saw_the_same_counts, facts(), record("extract"), False),
    (extraction.checkers_saw_the_same_counts, facts(TAKEN), record("extract"), True),
    *(
        (extraction.checkers_saw_the_same_counts, facts(TAKEN), record("extract", **wrong), False)
        for wrong in ({"exported": 11}, {"exported": 13}, {"excluded": 0}, {"excluded": 2})
    ),
    (extraction.birth_window_was_compared, facts(), record("extract"), True),
    *(
        (guard, facts(), record(act, storage_place=place, locked=locked), expected)
        for guard, act in (
            (extraction.original_is_kept_locked, "extract"), (custody.ward_kept_it_locked, "hand_over_medium"),
            (custody.contractor_keeps_it_locked, "report_receipt"),
            (media_return.ward_keeps_what_came_back_locked, "return_media"),
        )
        for place, locked, expected in KEPT
    ),
    *(
        (custody.readers_are_the_contractors, facts(), record("report_receipt", readers=readers), expected)
        for readers, expected in (
            ((), True), (("asahi", "kobayashi"), True), (("asahi", "gone", "sato", "nobody"), "gone sato nobody"),
        )
    ),
    *(
        (custody.working_copies_are_encrypted, facts(), record("report_receipt", copies_encrypted=told), expected)
        for told, expected in ((None, True), (True, True), (False, False))
    ),
    (custody.contractor_entered_it_in_his_ledger, facts(), NOTHING, False),
    (custody.contractor_entered_it_in_his_ledger, facts(did("report_receipt")), NOTHING, False),
    (custody.contractor_entered_it_in_his_ledger, facts(did("report_receipt", ledger_line="受 1")), NOTHING, True),
    (extraction.birth_window_was_compared, facts(), record("extract", window_seen=False), False),
    (extraction.row_is_held, facts(), record("decide_row"), "2"),
    *(
        (
            extraction.row_is_held,
            facts(did("take_extract", rows=[{"row": row, "column": "氏名", "code": "font"} for row in rows])),
            record("decide_row", row=5), expected,
        )
        for rows, expected in (((5,), True), ((3, 5), True), ((4, 6), "5"), ((), "5"))
    ),
    (extraction.substitute_is_named, facts(), record("decide_row"), True),
    (extraction.substitute_is_named, facts(), record("decide_row", how="substitute"), "2"),
    (extraction.substitute_is_named, facts(), record("decide_row", substitute="U+5D5C>U+5D0E"), "2"),
    (
        extraction.substitute_is_named, facts(), record("decide_row", how="substitute", substitute="U+5D5C>U+5D0E"),
        True,
    ),
    *(
        (extraction.substitute_is_listed, facts(), record("decide_row", how="substitute", substitute=pair), expected)
        for pair, expected in (
            ("U+5D5C>U+5D0E", True), ("U+5D5C>U+5D0F", "2: U+5D5C>U+5D0F"), ("U+845B U+E0100>U+845B", True),
            ("U+5D5C>", "2: U+5D5C>"), ("U+5D0E>U+5D5C", "2: U+5D0E>U+5D5C"),
            ("U+5D5C>U+5D0E U+5D0E", "2: U+5D5C>U+5D0E U+5D0E"), ("U+5D5C>U+5D0E,U+5D5C>U+5CF6", "2: U+5D5C>U+5CF6"),
            ("U+5D5C U+8FBB>U+5D0E U+5CF6", "2: U+5D5C U+8FBB>U+5D0E U+5CF6"),
        )
    ),
    (extraction.substitute_is_listed, facts(), record("decide_row"), True),
    (protection.newly_protected_are_ours, facts(extract={"posted": "4"}), record("recheck_before_posting"), True),
    *(
        (
            protection.newly_protected_are_ours, facts(extract={"exported": "1-12"}),
            record("recheck_before_sealing", newly_protected=named), expected,
        )
        for named, expected in (("12", True), ("12-13", False))
    ),
    (additions.serials_are_new, facts(extract={"exported": "1-12"}), record("take_additions"), True),
    (additions.serials_are_new, facts(extract={"exported": "1-13"}), record("take_additions"), False),
    *(
        (
            additions.replaced_serials_are_ours, facts(extract={"exported": "1-2", state: "3-6"}),
            record("take_additions", serials=serials, replaced=replaced), expected,
        )
        for state, serials, replaced, expected in (
            ("printed", "13", "", True), ("printed", "", "", True), ("printed", "13", "3", True),
            ("enclosed", "13", "3", True), ("printed", "13", "2", True), ("posted", "13", "3", False),
            ("pulled", "13", "3", False), ("posted", "13-14", "2-3", False), ("printed", "13-14", "2-3", True),
            ("printed", "13-15", "2-3", True), ("printed", "13", "2-3", False), ("printed", "", "3", False),
            ("printed", "13", "7", False), ("printed", "13-14", "6-7", False),
        )
    ),
    (additions.additions_add_up, facts(), record("take_additions"), True),
    *(
        (additions.additions_add_up, facts(), record("take_additions", **wrong), expected)
        for wrong, expected in (
            ({"raw_hits": 0}, False), ({"raw_hits": 2}, False), ({"raw_hits": 3, "excluded": {"moved_out": 2}}, True),
            ({"raw_hits": 2, "excluded": {"moved_out": 1}}, True),
        )
    ),
    (extraction.list_was_taken, facts(), record("withdraw_list"), False),
    (extraction.list_was_taken, facts(did("take_changes")), record("withdraw_list"), True),
    *(
        (extraction.list_was_taken, facts(did("take_changes")), record("withdraw_list", list_sha256=another), False)
        for another in ("0" * 64, "f" * 64)
    ),
    (
        extraction.list_was_taken,
        facts(did("recheck_before_posting", list_sha256="0" * 64)),
        record("withdraw_list", list_sha256="0" * 64),
        True,
    ),
    *(
        (
            extraction.changed_persons_are_ours, facts(extract={"exported": "1-12"}),
            record("take_changes", moved=moved, died=died, newly_protected=protected), expected,
        )
        for moved, died, protected, expected in (
            ("3", "5", "4", True), ("13", "", "", False), ("", "13", "", False), ("", "", "13", False),
        )
    ),
    *(
        (
            protection.changes_are_on_the_pull_list, facts(to_pull="3,5-6", extract={state: "1-12"}),
            record("issue_pull_list", pulled=pulled), expected,
        )
        for state, pulled, expected in (
            ("exported", "5", "3,6"), ("printed", "3,5-7", True), ("printed", "3,5", "6"), ("enclosed", "5", "3,6"),
            ("pulled", "", True), ("posted", "", True),
        )
    ),
    *(
        (protection.no_protected_piece_is_sealed, facts(newly_protected="4", extract={state: "1-12"}), NOTHING,
         expected)
        for state, expected in (("printed", "4"), ("exported", True), ("pulled", True))
    ),
    *(
        (protection.no_changed_piece_is_left, facts(to_pull="4", extract={state: "1-12"}), NOTHING, expected)
        for state, expected in (("printed", "4"), ("enclosed", "4"), ("exported", "4"), ("pulled", True))
    ),
    (transfer.font_is_the_judged_one, facts(TAKEN), record("seal_package"), True),
    (
        transfer.font_is_the_judged_one, facts(TAKEN), record("seal_package", font_sha256=OTHER),
        "cdcdcdcdcdcdcdcd ≠ abababababababab",
    ),
    (
        transfer.font_is_the_judged_one, facts(TAKEN), record("seal_package", font_sha256="aa" * 32),
        "aaaaaaaaaaaaaaaa ≠ abababababababab",
    ),
    (transfer.font_is_the_judged_one, facts(), record("seal_package"), "abababababababab ≠ "),
    (transfer.font_is_the_judged_one, facts(), record("seal_package", font_sha256=""), True),
    *(
        (protection.no_protected_piece_is_left, facts(newly_protected="4", extract={state: "1-12"}), NOTHING, expected)
        for state, expected in (
            ("exported", "4"), ("printed", "4"), ("enclosed", "4"), ("posted", "4"), ("pulled", True),
        )
    ),
    (erasure.nothing_personal_is_left, facts(), record("erase_ward_data"), True),
    (erasure.nothing_personal_is_left, facts(), record("erase_ward_data", found=1), "1"),
    (erasure.nothing_personal_is_left, facts(), record("erase_ward_data", absent=False), "0"),
)  # fmt: skip

SEALED = did("seal_package")
ADDED = did("seal_additions")
SECOND_CAME = did("report_additions_receipt")
SECOND_OUT = {"M_2026_02": "medium with_contractor", "P_2026_02": "password_notice with_contractor"}
CLEAN: dict[str, object] = {"scanned_on": TODAY, "scan_clean": True}
FRESH = did("recheck_before_sealing", NOW - timedelta(hours=24))
LONG_AGO = NOW - timedelta(days=9)
MEDIUM_HERE = {"items": items(M_2026_01="medium with_ward", P_2026_01="password_notice with_ward")}
OUT = {"items": items(M_2026_01="medium with_contractor", P_2026_01="password_notice with_subcontractor")}
APART = {"occasion": "別", "slip": "8"}
IN_12_HOURS = "≥ 2026-11-10 22:00"
RECEIVED = {"extract": {"exported": "1-11", "pulled": "12"}}
DECLARED, CONSENTED = did("declare_subcontractor"), did("consent_to_subcontracting")
WITHDRAWN = did("declare_subcontractor", withdrawn=True)
TO_SUBCONTRACTOR: tuple[tuple[tuple[Told, ...], bool], ...] = (
    ((), False), ((DECLARED,), False), ((CONSENTED,), False), ((DECLARED, CONSENTED), True),
    ((CONSENTED, DECLARED), False), ((DECLARED, CONSENTED, DECLARED), False),
    ((DECLARED, CONSENTED, WITHDRAWN), False), ((WITHDRAWN, CONSENTED), False),
    ((did("register_handlers", subcontracting="consented", consent_number="決-1"),), False),
    ((DECLARED, CONSENTED, did("declare_subcontractor", name="別の印刷所")), False),
    ((DECLARED, CONSENTED, did("declare_subcontractor", name="別の印刷所", withdrawn=True)), True),
)  # fmt: skip


def moved(**changes: object) -> ActRecord:
    return record("record_movement", **changes)


TRANSFER: tuple[Case, ...] = (
    *(
        (guard, facts(did(act)), NOTHING, True)
        for guard, act in (
            (transfer.package_is_sealed, "seal_package"), (transfer.medium_is_handed_over, "hand_over_medium"),
            (transfer.password_is_handed_over, "hand_over_password"), (transfer.receipt_is_reported, "report_receipt"),
        )
    ),
    (transfer.protection_is_freshly_rechecked, facts(), NOTHING, False),
    (transfer.protection_is_freshly_rechecked, facts(FRESH), NOTHING, True),
    *(
        (transfer.protection_is_freshly_rechecked, facts(did("recheck_before_sealing", at)), NOTHING, expected)
        for at, expected in (
            (NOW, True), (NOW - timedelta(hours=24, seconds=1), False), (NOW + timedelta(seconds=1), False),
        )
    ),
    (transfer.package_was_read_back, facts(), record("seal_package"), True),
    (transfer.package_was_read_back, facts(), record("seal_package", read_back=False), False),
    (transfer.no_good_package_is_sealed, facts(), NOTHING, True),
    (transfer.no_good_package_is_sealed, facts(SEALED, extract={"pulled": "12"}), NOTHING, False),
    (transfer.no_good_package_is_sealed, facts(SEALED, extract={"pulled": "5,12"}), NOTHING, True),
    (transfer.nobody_protected_is_inside, facts(extract={"pulled": "5"}), NOTHING, True),
    (transfer.nobody_protected_is_inside, facts(SEALED, extract={"pulled": "5,12"}), NOTHING, "5"),
    (transfer.nobody_protected_is_inside, facts(SEALED, extract={"pulled": "5"}), NOTHING, "5"),
    (
        transfer.nobody_protected_is_inside, facts(did("seal_package", held_back=None), extract={"pulled": "5"}),
        NOTHING, True,
    ),
    (custody.package_was_read_back_today, facts(), NOTHING, False),
    (custody.package_was_read_back_today, facts(SEALED), NOTHING, True),
    (custody.package_was_read_back_today, facts(did("seal_package", read_back=False)), NOTHING, False),
    (custody.package_was_read_back_today, facts(did("seal_package", LONG_AGO)), NOTHING, False),
    (
        custody.package_was_read_back_today, facts(did("seal_package", LONG_AGO), did("read_back_package")), NOTHING,
        True,
    ),
    (
        custody.package_was_read_back_today,
        facts(did("seal_package", LONG_AGO), did("read_back_package", LONG_AGO)), NOTHING, False,
    ),
    *(
        (
            custody.package_was_read_back_today,
            facts(did("seal_package", LONG_AGO), did("read_back_package", package_sha256=other)), NOTHING, False,
        )
        for other in (OTHER, "aa" * 32)
    ),
    (
        custody.package_was_read_back_today, facts(did("seal_package"), did("read_back_package", opened=False)),
        NOTHING, False,
    ),
    (
        custody.package_was_read_back_today,
        facts(did("seal_package"), did("read_back_package", LONG_AGO, opened=False)), NOTHING, True,
    ),
    (
        custody.package_was_read_back_today,
        facts(did("seal_package"), did("read_back_package", NOW + timedelta(days=1), opened=False)), NOTHING, True,
    ),
    (custody.package_was_read_back_today, facts(did("seal_package", NOW + timedelta(days=1))), NOTHING, False),
    (custody.read_back_found_nothing_wrong, facts(), record("read_back_package"), True),
    *(
        (custody.read_back_found_nothing_wrong, facts(), record("read_back_package", **{field: False}), False)
        for field in ("hash_agrees", "opened", "rows_agree")
    ),
    (transfer.medium_was_scanned_today, facts(), record("hand_over_medium"), True),
    (transfer.medium_was_scanned_today, facts(), record("hand_over_medium", scan_clean=False), False),
    (transfer.medium_was_scanned_today, facts(), record("hand_over_medium", scanned_on=YESTERDAY), False),
    (transfer.medium_was_scanned_today, facts(), record("hand_over_medium", scanned_on=TOMORROW), False),
    (custody.bag_is_locked, facts(), moved(), True),
    (custody.bag_is_locked, facts(), moved(locked_bag=False), False),
    (custody.handed_over_in_person, facts(), moved(), True),
    (custody.handed_over_in_person, facts(), moved(in_person=False), False),
    *(
        (media_return.returned_in_person, facts(), record("return_items", in_person=how), expected)
        for how, expected in ((None, True), (True, True), (False, False))
    ),
    *(
        (custody.arrived_in_good_condition, facts(), moved(condition=how), expected)
        for how, expected in (("", True), ("good", True), ("damaged", False), ("seal_broken", False))
    ),
    *(
        (
            transfer.both_hands_are_registered, facts(),
            record("hand_over_medium", giver=giver, carrier=carrier, receiver=receiver), expected,
        )
        for giver, carrier, receiver, expected in (
            ("sato", "", "asahi", True), ("sato", "suzuki", "asahi", True), ("nobody", "suzuki", "asahi", False),
            ("sato", "nobody", "asahi", False), ("sato", "", "nobody", False), ("left", "suzuki", "asahi", False),
            ("sato", "left", "asahi", False), ("sato", "", "gone", False), ("sato", "", "suzuki", False),
            ("sato", "", "watanabe", False),
        )
    ),
    # Named in the notice that was in force when it moved.
    *(
        (
            custody.contractors_hands_are_named, facts(*notices), moved(giver=giver, carrier=carrier, receiver=to),
            expected,
        )
        for notices, giver, carrier, to, expected in (
            ((NAMES_BOTH,), "sato", "", "asahi", True), ((NAMES_BOTH,), "kobayashi", "", "sato", True),
            ((NAMES_ONE,), "sato", "", "kobayashi", "kobayashi"), ((NAMES_ONE,), "kobayashi", "", "sato", "kobayashi"),
            ((NAMES_ONE,), "asahi", "kobayashi", "sato", "kobayashi"), ((NAMES_ONE,), "sato", "suzuki", "asahi", True),
            ((NAMES_ONE, NAMES_BOTH), "sato", "", "kobayashi", True),
            ((NAMES_BOTH, NAMES_ONE), "sato", "", "kobayashi", "kobayashi"),
            ((NAMES_ONE, NAMED_LATER), "sato", "", "kobayashi", "kobayashi"),
            ((OTHER_MANAGER, NAMES_ONE), "sato", "", "kobayashi", "kobayashi"),
            ((NAMED_BEFORE,), "sato", "", "asahi", True), ((NAMED_BEFORE,), "sato", "", "kobayashi", True),
            ((), "sato", "", "kobayashi", "kobayashi"), ((), "sato", "", "nobody", True),
        )
    ),
    *(
        (custody.contractors_hands_are_named, facts(NAMES_ONE), record("post", giver=giver), expected)
        for giver, expected in (("asahi", True), ("kobayashi", "kobayashi"), ("sato", True), ("", True))
    ),
    *(
        (
            media_return.returning_hands_are_registered, facts(),
            record("return_items", giver="asahi", receiver=receiver), expected,
        )
        for receiver, expected in (("sato", True), ("watanabe", True), ("kobayashi", False), ("left", False))
    ),
    *(
        (custody.moving_hands_are_registered, facts(), moved(to=to, receiver=receiver), expected)
        for to, receiver, expected in (
            ("ward", "sato", True), ("ward", "kobayashi", False), ("contractor", "kobayashi", True),
            ("contractor", "sato", False), ("subcontractor", "kobayashi", True), ("subcontractor", "sato", False),
        )
    ),
    *(
        (
            custody.giver_holds_it, facts(items=items(I_2026_01=f"proof_sheets {state}")), moved(giver=giver),
            expected,
        )
        for giver, state, expected in (
            ("sato", "with_ward", True), ("watanabe", "with_ward", True), ("asahi", "with_contractor", True),
            ("asahi", "with_subcontractor", True), ("asahi", "with_ward", "I-2026-01"),
            ("sato", "with_contractor", "I-2026-01"), ("sato", "lost", "I-2026-01"), ("nobody", "lost", True),
        )
    ),
    (custody.giver_holds_it, facts(), moved(), True),
    (custody.giver_holds_it, facts(items=items(J_2026_01="paper lost")), moved(), True),
    (
        custody.giver_holds_it,
        facts(items=items(H_2026_01="paper lost", I_2026_01="proof_sheets with_contractor", S_2026_01="paper lost")),
        moved(), True,
    ),
    (transfer.item_is_the_sealed_medium, facts(**MEDIUM_HERE), record("hand_over_medium"), False),
    (transfer.item_is_the_sealed_medium, facts(SEALED, **MEDIUM_HERE), record("hand_over_medium"), True),
    (transfer.item_is_the_sealed_medium, facts(SEALED, **OUT), record("hand_over_medium"), False),
    *(
        (transfer.item_is_the_sealed_medium, facts(SEALED, items=items(**{name: "medium with_ward"})),
         record("hand_over_medium", item=name.replace("_", "-")), False)
        for name in ("M_2026_00", "M_2026_02")
    ),
    (
        transfer.item_is_the_sealed_medium, facts(SEALED, items=items(M_2026_01="medium lost")),
        record("hand_over_medium"), False,
    ),
    (transfer.item_is_the_notice, facts(SEALED, **MEDIUM_HERE), record("hand_over_password"), True),
    (transfer.item_is_the_notice, facts(SEALED, **OUT), record("hand_over_password"), False),
    (
        transfer.item_is_the_notice, facts(SEALED, items=items(P_2026_01="password_notice lost")),
        record("hand_over_password"), False,
    ),
    (transfer.item_is_the_notice, facts(**MEDIUM_HERE), record("hand_over_password"), False),
    *(
        (
            transfer.item_is_the_notice,
            facts(*told, items=items(P_2026_01="password_notice with_ward", P_2026_02="password_notice with_ward")),
            record("hand_over_password", item=number), expected,
        )
        for told, number, expected in (
            ((SEALED, did("reprint_notice")), "P-2026-02", True), ((SEALED, did("reprint_notice")), "P-2026-01", False),
            ((SEALED,), "P-2026-02", False), ((did("seal_package", notice="P-2026-02"),), "P-2026-01", False),
            ((did("seal_package", notice="P-2026-02"), did("reprint_notice", notice="P-2026-01")), "P-2026-02", True),
        )
    ),
    *(
        (
            custody.password_goes_on_another_occasion, facts(did("hand_over_medium", NOW - ago)),
            record("hand_over_password", **said), expected,
        )
        for ago, said, expected in (
            (timedelta(hours=12), {}, True), (timedelta(hours=13), {}, True),
            (timedelta(hours=11, minutes=59), {}, "≥ 2026-11-10 10:01"),
            (timedelta(days=1), {"occasion": "媒体"}, "媒体"), (timedelta(days=1), {"slip": "1"}, "1"),
            (timedelta(days=1), {"slip": "0"}, True), (timedelta(days=1), {"occasion": "五"}, True),
            (-timedelta(hours=13), {}, True), (-timedelta(hours=11), {}, "≥ 2026-11-11 09:00"),
        )
    ),
    (
        custody.password_goes_on_another_occasion,
        facts(did("record_movement", NOW, item=MEDIUM, to="contractor"), **OUT), record("hand_over_password"),
        IN_12_HOURS,
    ),
    (
        custody.password_goes_on_another_occasion,
        facts(did("record_movement", NOW, item=MEDIUM, to="ward"), **OUT), record("hand_over_password"), True,
    ),
    (
        custody.password_goes_on_another_occasion,
        facts(did("record_movement", NOW, item="S-2026-01", to="contractor"), **OUT),
        record("hand_over_password"), True,
    ),
    (
        custody.password_goes_on_another_occasion,
        facts(did("record_movement", NOW, item="L-2026-01", kind="leaflet", to="contractor")),
        record("hand_over_password"), True,
    ),
    (transfer.medium_goes_on_another_occasion, facts(), record("hand_over_medium"), True),
    (
        transfer.medium_goes_on_another_occasion, facts(did("hand_over_password")), record("hand_over_medium"),
        IN_12_HOURS,
    ),
    (
        transfer.medium_goes_on_another_occasion,
        facts(did("record_movement", NOW, item=NOTICE, to="subcontractor"), **OUT), record("hand_over_medium"),
        IN_12_HOURS,
    ),
    *(
        (
            custody.medium_and_notice_move_apart, facts(did(act), **OUT), moved(item=item, to=to, **APART), expected,
        )
        for act, item, to, expected in (
            ("hand_over_medium", NOTICE, "contractor", IN_12_HOURS), ("hand_over_medium", NOTICE, "ward", True),
            ("hand_over_medium", MEDIUM, "contractor", True), ("hand_over_password", MEDIUM, "contractor", IN_12_HOURS),
            ("hand_over_medium", "S-2026-01", "contractor", True),
        )
    ),
    (
        custody.medium_and_notice_move_apart, facts(did("hand_over_medium")),
        moved(item="P-2026-09", kind="password_notice", to="contractor", **APART), IN_12_HOURS,
    ),
    *(
        (additions.contractor_prints_additions, facts(programme=consigning(additions_printed_by=by)), NOTHING, expected)
        for by, expected in (("ward", False), ("contractor", True))
    ),
    *(
        (additions.ward_prints_additions, facts(programme=consigning(additions_printed_by=who)), NOTHING, expected)
        for who, expected in (("ward", True), ("contractor", False))
    ),
    (additions.additions_are_fresh, facts(), NOTHING, False),
    *(
        (additions.additions_are_fresh, facts(did(act, at)), NOTHING, expected)
        for act in ("take_additions", "recheck_before_enclosing", "recheck_before_posting")
        for at, expected in (
            (NOW, True), (NOW - timedelta(hours=24), True), (NOW - timedelta(hours=24, seconds=1), False),
            (NOW + timedelta(seconds=1), False),
        )
    ),
    (
        additions.additions_are_fresh, facts(did("take_additions", LONG_AGO), did("recheck_before_enclosing")), NOTHING,
        True,
    ),
    (additions.additions_are_fresh, facts(did("recheck_before_sealing")), NOTHING, False),
    (additions.no_good_package_of_additions_is_sealed, facts(), NOTHING, True),
    *(
        (
            additions.no_good_package_of_additions_is_sealed,
            facts(
                did("seal_additions", held_back="13"), to_pull=to_pull, added={"exported": "13,14"},
                items=items(M_2026_02=f"medium {medium}", P_2026_02=f"password_notice {notice}"),
            ), NOTHING, expected,
        )
        for medium, notice, to_pull, expected in (
            ("with_ward", "with_ward", "13", False), ("with_ward", "with_ward", "14", True),
            ("with_contractor", "with_ward", "14", False), ("lost", "with_ward", "", True),
            ("with_contractor", "lost", "", True),
        )
    ),
    *(
        (
            additions.no_good_package_of_additions_is_sealed,
            facts(
                ADDED, did("reprint_notice", notice="P-2026-03"),
                items=items(M_2026_02="medium with_ward", P_2026_02="password_notice lost", P_2026_03=f"x {again}"),
            ), NOTHING, expected,
        )
        for again, expected in (("with_ward", False), ("lost", True))
    ),
    *(
        (
            custody.nobody_to_be_pulled_is_sealed,
            facts(to_pull=to_pull, extract={"pulled": "5"}, added={"exported": "13", "pulled": "14"}),
            record("seal_additions", held_back=held_back), expected,
        )
        for to_pull, held_back, expected in (
            ("", "14", True), ("", "", "14"), ("", None, "14"), ("13", "14", "13"), ("13", "13,14", True),
            ("5", "14", True), ("14", "", "14"), ("", "13,14", True),
        )
    ),
    *(
        (
            custody.additions_leave_without_the_protected, facts(*told, to_pull="13", added={"exported": "13"}),
            moved(item=item, to=to), expected,
        )
        for told, item, to, expected in (
            ((), "M-2026-02", "contractor", True), ((ADDED,), "M-2026-02", "contractor", "13"),
            ((ADDED,), "M-2026-02", "subcontractor", "13"), ((ADDED,), "M-2026-02", "ward", True),
            ((ADDED,), MEDIUM, "contractor", True), ((ADDED,), "P-2026-02", "contractor", True),
            ((did("seal_additions", held_back="13"),), "M-2026-02", "contractor", True),
        )
    ),
    *(
        (
            guard, facts(SEALED, did("seal_additions", LONG_AGO), *told), moved(item=item, to=to, **scan), expected,
        )
        for guard, wrong in (
            (custody.additions_were_read_back_today, False), (custody.medium_of_additions_was_scanned_today, False),
        )
        for told, item, to, scan, expected in (
            ((), "M-2026-02", "contractor", {}, wrong), ((), "M-2026-02", "subcontractor", {}, wrong),
            ((), "M-2026-02", "ward", {}, True), ((), MEDIUM, "contractor", {}, True),
            ((did("read_back_package"),), "M-2026-02", "contractor", CLEAN, True),
        )
    ),
    *(
        (guard, facts(SEALED), moved(item="M-2026-02", to="contractor"), True)
        for guard in (custody.additions_were_read_back_today, custody.medium_of_additions_was_scanned_today)
    ),
    *(
        (
            custody.medium_of_additions_was_scanned_today, facts(ADDED),
            moved(item="M-2026-02", to="contractor", **scan), False,
        )
        for scan in (
            CLEAN | {"scan_clean": False}, CLEAN | {"scan_clean": None}, CLEAN | {"scanned_on": YESTERDAY},
            CLEAN | {"scanned_on": TOMORROW},
        )
    ),
    *(
        (
            custody.additions_were_read_back_today, facts(did("seal_additions", at), *told),
            moved(item="M-2026-02", to="contractor"), expected,
        )
        for at, told, expected in (
            (NOW, (), True), (NOW, (did("read_back_package", opened=False),), False),
            (LONG_AGO, (did("read_back_package", package_sha256=OTHER),), False),
        )
    ),
    *(
        (additions.additions_have_left, facts(*told, items=items(**held)), NOTHING, expected)
        for told, held, expected in (
            ((), SECOND_OUT, False), ((SEALED,), SECOND_OUT, False), ((ADDED,), SECOND_OUT, True),
            ((ADDED,), SECOND_OUT | {"M_2026_02": "medium with_subcontractor"}, True),
            ((ADDED,), SECOND_OUT | {"M_2026_02": "medium with_ward"}, "M-2026-02"),
            ((ADDED,), SECOND_OUT | {"P_2026_02": "password_notice lost"}, "P-2026-02"),
            ((ADDED, did("reprint_notice", notice="P-2026-03")), SECOND_OUT, "P-2026-03"),
        )
    ),
    *(
        (
            additions.printed_additions_were_received,
            facts(*told, programme=consigning(additions_printed_by=who), to_pull=to_pull, added=added), NOTHING,
            expected,
        )
        for told, who, to_pull, added, expected in (
            ((), "ward", "", {"exported": "13"}, True), ((), "contractor", "", {"exported": "13"}, False),
            ((), "contractor", "", {}, True), ((), "contractor", "13", {"exported": "13"}, True),
            ((), "contractor", "", {"pulled": "13"}, True), ((ADDED,), "contractor", "", {"exported": "13"}, False),
            ((ADDED, SECOND_CAME), "contractor", "", {"exported": "13"}, True),
            ((SECOND_CAME,), "contractor", "", {"exported": "13"}, False),
            ((ADDED, SECOND_CAME), "contractor", "", {"exported": "13,14"}, False),
            ((did("seal_additions", held_back="14"), SECOND_CAME), "contractor", "", {"exported": "13,14"}, True),
            ((did("seal_additions", held_back="14"), SECOND_CAME), "contractor", "", {"exported": "13", "pulled": "14"},
             True),
            ((ADDED, did("report_additions_receipt", package_sha256=OTHER)), "contractor", "", {"exported": "13"},
             False),
            ((ADDED, did("report_additions_receipt", scan_clean=False)), "contractor", "", {"exported": "13"}, False),
        )
    ),
    (custody.package_was_read_back_today, facts(SEALED, did("seal_additions", LONG_AGO)), NOTHING, False),
    (custody.package_was_read_back_today, facts(did("seal_package", LONG_AGO), ADDED), NOTHING, True),
    (custody.hash_is_the_sealed_one, facts(SEALED, did("seal_additions", package_sha256=OTHER)),
     record("report_additions_receipt", package_sha256=OTHER), True),
    (custody.hash_is_the_sealed_one, facts(SEALED, did("seal_additions", package_sha256=OTHER)),
     record("report_additions_receipt"), False),
    *(
        (transfer.sealed_medium_is_here, facts(*told, items=items(**held)), NOTHING, expected)
        for told, held, expected in (
            ((), {"M_2026_01": "medium with_ward"}, False), ((SEALED,), {"M_2026_01": "medium with_ward"}, True),
            ((SEALED,), {"M_2026_01": "medium with_contractor"}, False), ((SEALED,), {}, False),
            ((SEALED, ADDED), {"M_2026_01": "medium with_contractor", "M_2026_02": "medium with_ward"}, True),
            ((SEALED, ADDED), {"M_2026_01": "medium with_ward", "M_2026_02": "medium with_contractor"}, False),
        )
    ),
    (transfer.another_person_carries_the_notice, facts(did("hand_over_medium")), record("hand_over_password"), False),
    (
        transfer.another_person_carries_the_notice, facts(did("hand_over_medium")),
        record("hand_over_password", giver="suzuki"), True,
    ),
    (media_return.medium_and_notice_return_on_other_days, facts(**OUT), record("return_items"), False),
    *(
        (
            media_return.medium_and_notice_return_on_other_days,
            facts(did("return_items", at, items=(MEDIUM,)), **OUT), record("return_items", items=(NOTICE,)), expected,
        )
        for at, expected in ((NOW, False), (NOW - timedelta(days=1), True), (NOW + timedelta(days=1), True))
    ),
    *(
        (custody.subcontractor_has_consent, facts(*told), moved(to=to), expected)
        for told, to, expected in (
            ((), "ward", True), ((), "contractor", True),
            *((told, "subcontractor", expected) for told, expected in TO_SUBCONTRACTOR),
        )
    ),
    *(
        (
            custody.copies_at_a_subcontractor_have_consent, facts(*told), record("register_copies", holder=holder),
            expected,
        )
        for told, holder, expected in (
            ((), "ward", True), ((), "contractor", True),
            *((told, "subcontractor", expected) for told, expected in TO_SUBCONTRACTOR),
        )
    ),
    (custody.copies_have_numbers_of_their_own, facts(), record("register_copies"), True),
    (
        custody.copies_have_numbers_of_their_own, facts(items=items(C_2026_09="electronic_copy with_ward")),
        record("register_copies"), "C-2026-09",
    ),
    (
        custody.copies_have_numbers_of_their_own, facts(),
        record("register_copies", copies=[{"copy_number": "C-2026-09", "kind": "x", "place": "y"}] * 2), "C-2026-09",
    ),
    *(
        (
            custody.lost_item_was_in_somebodys_hands, facts(items=items(M_2026_01=f"medium {state}")),
            record("record_loss"), expected,
        )
        for state, expected in (
            ("with_ward", True), ("with_contractor", True), ("lost", MEDIUM), ("erased", MEDIUM), ("destroyed", MEDIUM),
        )
    ),
    (transfer.printed_notice_is_in_force, facts(SEALED), record("record_notice_printed"), True),
    (
        transfer.printed_notice_is_in_force, facts(SEALED), record("record_notice_printed", in_sealed_envelope=False),
        False,
    ),
    *(
        (transfer.printed_notice_is_in_force, facts(SEALED), record("record_notice_printed", notice=other), False)
        for other in ("P-2026-02", "P-2026-00")
    ),
    (transfer.password_is_still_needed, facts(), NOTHING, False),
    (transfer.password_is_still_needed, facts(SEALED), NOTHING, True),
    (transfer.password_is_still_needed, facts(SEALED, did("report_receipt")), NOTHING, False),
    (transfer.password_is_still_needed, facts(did("report_receipt"), SEALED), NOTHING, True),
    (transfer.password_is_still_needed, facts(SEALED, did("report_receipt"), ADDED), NOTHING, True),
    (transfer.password_is_still_needed, facts(SEALED, did("report_receipt"), ADDED, SECOND_CAME), NOTHING, False),
    (transfer.password_is_still_needed, facts(SEALED, SECOND_CAME, ADDED), NOTHING, True),
    (transfer.printed_notice_is_in_force, facts(SEALED, ADDED), record("record_notice_printed"), False),
    (transfer.printed_notice_is_in_force, facts(SEALED, ADDED), record("record_notice_printed", notice="P-2026-02"),
     True),
    *(
        (transfer.former_notice_is_not_lost, facts(), record("reprint_notice", reason=reason), expected)
        for reason, expected in (("damaged", True), ("misprint", True), ("lost", False))
    ),
    (custody.slip_is_on_record, facts(did("hand_over_medium")), record("reprint_slip"), True),
    (custody.slip_is_on_record, facts(did("hand_over_medium")), record("reprint_slip", slip="2"), False),
    (custody.slip_is_on_record, facts(did("hand_over_medium")), record("reprint_slip", slip="0"), False),
    (custody.slip_is_on_record, facts(), record("reprint_slip"), False),
    (custody.hash_is_the_sealed_one, facts(SEALED), record("report_receipt"), True),
    (custody.hash_is_the_sealed_one, facts(), record("report_receipt"), False),
    *(
        (custody.hash_is_the_sealed_one, facts(SEALED), record("report_receipt", package_sha256=other), False)
        for other in (OTHER, "aa" * 32)
    ),
    (custody.arrived_clean_and_whole, facts(), record("report_receipt"), True),
    *(
        (custody.arrived_clean_and_whole, facts(), record("report_receipt", **{field: False}), False)
        for field in ("condition_good", "scan_clean")
    ),
    *(
        (custody.received_count_agrees, facts(**RECEIVED), record("report_receipt", received=number), expected)
        for number, expected in ((11, True), (10, False), (12, False))
    ),
    (
        custody.received_count_agrees, facts(extract={"exported": "1-11"}, added={"exported": "12"}),
        record("report_receipt"), True,
    ),
    (transfer.received_equals_exported, facts(**RECEIVED), NOTHING, False),
    (transfer.received_equals_exported, facts(SEALED, did("report_receipt"), **RECEIVED), NOTHING, True),
    (transfer.received_equals_exported, facts(did("report_receipt"), **RECEIVED), NOTHING, False),
    (transfer.received_equals_exported, facts(SEALED, did("report_receipt", received=9), **RECEIVED), NOTHING, False),
    (
        transfer.received_equals_exported, facts(SEALED, did("report_receipt", scan_clean=False), **RECEIVED), NOTHING,
        False,
    ),
    (transfer.nothing_has_left_yet, facts(), record("recheck_before_sealing"), True),
    (transfer.nothing_has_left_yet, facts(did("hand_over_medium")), record("recheck_before_sealing"), False),
    (media_return.every_item_is_back, facts(**MEDIUM_HERE), NOTHING, True),
    (media_return.every_item_is_back, facts(**OUT), NOTHING, f"{MEDIUM} {NOTICE}"),
    (media_return.returned_items_were_out, facts(**OUT), record("return_items", items=(MEDIUM, NOTICE)), True),
    (media_return.returned_items_were_out, facts(**OUT), record("return_items", items=(MEDIUM,)), True),
    (media_return.returned_items_were_out, facts(**OUT), record("return_items"), "S-2026-01"),
)  # fmt: skip

SUZUKI = HAYASHI | {"person": "suzuki", "name": "suzuki", "side": "ward", "roles": ["coordinator"]}
BOTH_ROLES = {"suzuki": PEOPLE["suzuki"].model_copy(update={"roles": frozenset({Role.COORDINATOR, Role.DEPUTY})})}
HAS_A_KEY = PEOPLE | {"suzuki": PEOPLE["suzuki"].model_copy(update={"public_key": HASH})}

REGISTER: tuple[Case, ...] = (
    (people.they_are_new, facts(), record("register_people"), True),
    (people.they_are_new, facts(), record("register_people", people=(SUZUKI,)), "suzuki"),
    (people.they_are_known, facts(), record("change_roles"), True),
    (people.they_are_known, facts(), record("register_people"), "hayashi"),
    (people.roles_stay_as_they_are, facts(), record("change_people", people=(SUZUKI,)), True),
    (people.roles_stay_as_they_are, facts(people=BOTH_ROLES), record("change_people", people=(SUZUKI,)), "suzuki"),
    *(
        (people.roles_stay_as_they_are, facts(), record("change_people", people=(SUZUKI | changed,)), "suzuki")
        for changed in ({"side": "contractor"}, {"side": "register"}, {"roles": ["coordinator", "deputy"]})
    ),
    (people.nobody_enters_himself, facts(asked_by="sato", confirmed_by="takahashi"), record("change_roles"), True),
    (people.nobody_enters_himself, facts(asked_by="suzuki"), record("change_roles"), "suzuki"),
    (people.nobody_enters_himself, facts(confirmed_by="suzuki"), record("change_roles"), "suzuki"),
    *(
        (people.substitutes_are_others, facts(), record("change_people", people=(SUZUKI | {"substitute": to}, *more)),
         expected)
        for to, more, expected in (
            ("", (), True), ("sato", (), True), ("suzuki", (), "suzuki"), ("nobody", (), "nobody"),
            ("hayashi", (), "hayashi"), ("hayashi", (HAYASHI,), True),
        )
    ),
    (people.key_is_for_somebody_registered, facts(), record("give_key"), True),
    (people.key_is_for_somebody_registered, facts(), record("give_key", person="nobody"), False),
    (people.key_is_nobody_elses, facts(people=HAS_A_KEY), record("give_key", public_key=OTHER), True),
    (people.key_is_nobody_elses, facts(people=HAS_A_KEY), record("give_key"), False),
    *(
        (people.reason_fits_the_key, facts(people=known), record("give_key", reason=reason), expected)
        for known, reason, expected in (
            (PEOPLE, "first", True), (HAS_A_KEY, "first", False), (PEOPLE, "replaced", False),
            (HAS_A_KEY, "replaced", True), (HAS_A_KEY, "forgotten", True),
        )
    ),
    *(
        (people.somebody_else_confirms_the_key, facts(confirmed_by=second), record("give_key"), expected)
        for second, expected in (("sato", True), ("suzuki", False), ("takahashi", True))
    ),
    *(
        (
            erasure.namesakes_are_accepted, facts(did("accept_namesakes")),
            record("erase_ward_data", namesakes=found), expected,
        )
        for found, expected in (((), True), (("sato",), True), (("sato", "suzuki"), "suzuki"))
    ),
    (erasure.namesakes_are_on_the_register, facts(), record("accept_namesakes"), True),
    (erasure.namesakes_are_on_the_register, facts(), record("accept_namesakes", people=("sato", "nobody")), "1"),
)  # fmt: skip

CASES = (*APPROVALS, *PREPARATION, *EXTRACTION, *TRANSFER, *REGISTER)


@pytest.mark.parametrize(("guard", "seen", "brought", "expected"), CASES, ids=all_of(CASES))
def test_a_guard_says_what_its_claim_says(guard: Guard, seen: Facts, brought: ActRecord, expected: Said) -> None:
    """Each guard holds where its claim holds, and where it does not it says no or names what differs."""
    verdict = said(guard.check(seen, brought))
    assert verdict is expected if isinstance(expected, bool) else verdict == expected
