"""Each guard of printing, enclosing, mailing, erasure and oversight says yes, no, or what differs, as it claims."""

from dataclasses import FrozenInstanceError, replace
from dataclasses import fields as fields_of
from datetime import UTC, date, datetime, timedelta
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
    claim,
    consigning,
    did,
    facts,
    items,
    measure,
    record,
    said,
)
from scenes import LEAFLET, RETURNED

from models import choices
from models.clock import stamp
from models.documents import BY_NUMBER
from models.people import SYSTEM, Person, Role, Side
from models.postage import BARCODE, WITHIN_AREA
from models.programme import Printing, Programme, Statute
from models.records.base import ActRecord, Nothing
from models.records.erasure import CopyErased
from models.records.media_return import ItemsReturned
from models.records.oversight import IncidentReported
from models.records.supervision import InspectionFinding
from models.records.transfer import ReceiptReported
from models.words import translate
from states.events import event_words
from states.facts import RECHECKS, Facts, Guard, Told
from states.facts import Case as Incident
from states.machines import PIECE, Machine
from states.rows import STATES, Row, State
from states.rules import (
    additions,
    conservation,
    custody,
    documents,
    enclosing,
    erasure,
    mailing,
    measures,
    media_return,
    oversight,
    printing,
    protection,
    supervision,
)
from states.rules.dates import (
    dated_after,
    done_on_an_open_day,
    on_an_open_day,
    report_comes_in_on_an_open_day,
    within_commitments,
)
from states.table import BY_TRIGGER

SCENES, OTHER = "ab" * 32, "cd" * 32
LEVELS = [*choices.INTEGRITY]
NOTHING = Nothing()
Case = tuple[Guard, Facts, ActRecord, Said]

MANUSCRIPT, PROOF, TEXT = did("deliver_manuscript"), did("submit_text_proof"), did("approve_text")
SAMPLE, GO = did("submit_imprint_sample"), did("approve_proof")
TO_PRINT = {"exported": "1-11", "pulled": "12"}
SPOILED = {"good": "1-11", "spoiled": "2", "reprinted": "", "spoiled_stack": "S-2026-01"}


def without_a_ceiling() -> Programme:
    return PROGRAMME.model_copy(update={"printing": Printing()})


PRINTING: tuple[Case, ...] = (
    *(
        (guard, facts(did(act)), NOTHING, True)
        for guard, act in (
            (printing.manuscript_is_delivered, "deliver_manuscript"), (printing.text_proof_is_in, "submit_text_proof"),
            (printing.imprint_sample_is_in, "submit_imprint_sample"),
            (printing.printing_is_reported, "report_printing"),
        )
    ),
    (printing.approved_text_is_the_latest, facts(), record("approve_text"), False),
    *(
        (printing.approved_text_is_the_latest, facts(did("submit_text_proof", version=2)),
         record("approve_text", version=version), expected)
        for version, expected in ((1, False), (2, True), (3, False))
    ),
    *(
        (
            additions.additions_have_the_approved_template, facts(MANUSCRIPT),
            record("seal_additions", template_sha256=sha), expected,
        )
        for sha, expected in (("ab" * 32, True), (OTHER, "cdcdcdcdcdcd ≠ abababababab"))
    ),
    *(
        (printing.proof_shows_the_manuscript, facts(*told), record("submit_text_proof", template_sha256=sha), expected)
        for told, sha, expected in (
            ((), OTHER, True), ((MANUSCRIPT,), "", True), ((MANUSCRIPT,), "ab" * 32, True),
            ((MANUSCRIPT,), OTHER, "cdcdcdcdcdcd ≠ abababababab"),
        )
    ),
    *(
        (printing.text_is_approved, facts(*told), NOTHING, expected)
        for told, expected in (
            ((MANUSCRIPT, PROOF, TEXT), True), ((MANUSCRIPT, TEXT), False),
            ((MANUSCRIPT, PROOF), False), ((MANUSCRIPT, TEXT, PROOF), False), ((PROOF, MANUSCRIPT, TEXT), False),
            ((MANUSCRIPT, PROOF, TEXT, MANUSCRIPT), False),
            ((MANUSCRIPT, did("submit_text_proof", version=2), TEXT), False),
            ((MANUSCRIPT, PROOF, did("approve_text", version=2)), False),
        )
    ),
    *(
        (printing.imprint_is_approved, facts(*told), NOTHING, expected)
        for told, expected in (
            ((MANUSCRIPT, TEXT, SAMPLE, GO), True), ((MANUSCRIPT, SAMPLE, TEXT, GO), True), ((), False),
            ((MANUSCRIPT, TEXT, GO), False),
            ((MANUSCRIPT, TEXT, GO, SAMPLE), False), ((MANUSCRIPT, SAMPLE, GO, TEXT), False),
            ((TEXT, SAMPLE, MANUSCRIPT, GO), False), ((MANUSCRIPT, TEXT, SAMPLE), False),
            ((MANUSCRIPT, TEXT, did("submit_imprint_sample", version=2), GO), False),
            ((MANUSCRIPT, TEXT, SAMPLE, did("approve_proof", version=2)), False),
            ((MANUSCRIPT, TEXT, SAMPLE, GO, SAMPLE, did("approve_proof_again")), True),
            ((MANUSCRIPT, TEXT, SAMPLE, GO, SAMPLE), False),
            ((MANUSCRIPT, TEXT, SAMPLE, GO, did("approve_proof_again", version=2)), False),
            ((MANUSCRIPT, TEXT, SAMPLE, did("approve_proof_again", version=2), GO), True),
        )
    ),
    *(
        (printing.sample_serials_are_ours, facts(extract=TO_PRINT), record("submit_imprint_sample", serials=named),
         expected)
        for named, expected in (("1-3", True), ("11-12", False), ("12", False), ("", False), ("4", True))
    ),
    (printing.sample_holds_every_hard_row, facts(extract=TO_PRINT), record("submit_imprint_sample"), True),
    *(
        (printing.sample_holds_every_hard_row, facts(did("take_extract", hard=hard), extract=TO_PRINT),
         record("submit_imprint_sample", serials="1-3"), expected)
        for hard, expected in (("2", True), ("2,5-6", "5-6"), ("12", True), ("9", "9"))
    ),
    *(
        (printing.dummies_stand_for_the_protected_only, facts(newly_protected="4"),
         record("submit_imprint_sample", dummies=dummies), expected)
        for dummies, expected in (("", True), ("4", True), ("4-5", "5"), ("3", "3"))
    ),
    (printing.sample_shows_the_manuscript, facts(MANUSCRIPT), record("submit_imprint_sample"), True),
    (
        printing.sample_shows_the_manuscript, facts(MANUSCRIPT),
        record("submit_imprint_sample", template_sha256="aa" * 32), "aaaaaaaaaaaa ≠ abababababab",
    ),
    *(
        (printing.sample_follows_the_manuscript, facts(*told), NOTHING, expected)
        for told, expected in (
            ((MANUSCRIPT, SAMPLE), True), ((SAMPLE, MANUSCRIPT), False), ((MANUSCRIPT,), False), ((SAMPLE,), True),
            ((), False),
        )
    ),
    (printing.approved_sample_is_the_latest, facts(), record("approve_proof"), False),
    *(
        (printing.approved_sample_is_the_latest, facts(did("submit_imprint_sample", version=2)),
         record("approve_proof", version=version), expected)
        for version, expected in ((1, False), (2, True), (3, False))
    ),
    *(
        (printing.printed_serials_were_to_print, facts(extract=TO_PRINT), record("report_printing", good=good),
         expected)
        for good, expected in (("1-11", True), ("1-12", False), ("12", False))
    ),
    *(
        (printing.spoiled_sheets_are_kept, facts(extract=TO_PRINT), record("report_printing", **changes), expected)
        for changes, expected in (
            ({}, True), ({"spoiled": "", "spoiled_stack": ""}, True), ({"spoiled": "13"}, False),
            ({"spoiled": ""}, False), ({"spoiled_stack": ""}, False), ({"spoiled": "12"}, True),
        )
    ),
    *(
        (printing.pulled_pieces_are_not_spoiled, facts(extract=TO_PRINT), record("report_printing", spoiled=named), it)
        for named, it in (("11", True), ("12", "12"), ("11-12", "12"), ("", True))
    ),
    *(
        (conservation.reprints_stay_below_the_ceiling, facts(*told, extract={"exported": all_of_them}, **said),
         record("report_printing", spoiled=named), it)
        for all_of_them, told, said, named, it in (
            ("1-100", (), {}, "1-9", True), ("1-100", (), {}, "1-10", True), ("1-100", (), {}, "1-11", "11 > 10 / 100"),
            ("1-100", (did("report_printing", spoiled="1-6"),), {}, "7-12", "12 > 10 / 100"),
            ("1-1000", (), {}, "1-50", True), ("1-1000", (), {}, "1-51", "51 > 50 / 1,000"),
            ("1-100", (did("report_printing", spoiled="1-10"),), {}, "11", "11 > 10 / 100"),
            ("1-100", (did("report_printing", spoiled="1-20"),), {}, "", True),
            ("1-100", (did("settle_differences", reprinted="1-10"),), {}, "11", "11 > 10 / 100"),
            ("1-100", (), {"programme": without_a_ceiling()}, "1-100", True),
        )
    ),
    *(
        (conservation.reprints_stay_below_the_ceiling, facts(did("report_printing", spoiled="1-9"),
         extract={"printed": "1-100"}), record("settle_differences", reprinted=named), it)
        for named, it in (("10", True), ("10-11", "11 > 10 / 100"), ("", True))
    ),
    *(
        (conservation.inserts_are_the_programmes, facts(), record(act, **{field: named}), it)
        for act, field in (
            ("deliver_manuscript", "inserts"), ("report_enclosing", "inserts_left"),
            ("report_enclosing", "inserts_spoiled"),
        )
        for named, it in (({}, True), ({LEAFLET: 1}, True), ({LEAFLET: 1, "地図": 1}, LEAFLET))
    ),
    (printing.printed_from_the_approved_template, facts(MANUSCRIPT), record("report_printing"), True),
    (
        printing.printed_from_the_approved_template, facts(MANUSCRIPT),
        record("report_printing", template_sha256=OTHER), "cdcdcdcdcdcd ≠ abababababab",
    ),
    *(
        (printing.spoiled_sheets_are_printed_again, facts(*told), record("report_printing", **changes), expected)
        for told, changes, expected in (
            ((), {}, True), ((), SPOILED, "2"), ((), SPOILED | {"good": "1,3-11"}, True),
            ((), SPOILED | {"good": "1,3-11", "reprinted": "2"}, True),
            ((), SPOILED | {"reprinted": "2-3"}, "3"),
            ((did("report_printing", **(SPOILED | {"good": "1,3-11"})),),
             {"good": "2", "spoiled": "", "reprinted": "2"}, True),
            ((did("report_printing", **(SPOILED | {"good": "1,3-11"})),),
             {"good": "2", "spoiled": "", "reprinted": ""}, "2"),
            ((did("report_printing"),), {"good": "2", "spoiled": "", "reprinted": ""}, True),
        )
    ),
    *(
        (printing.compared_rows_agree, facts(*(did("compare_imprint", **found) for found in told)), NOTHING, expected)
        for told, expected in (
            ((), True), (({},), True), (({"wrong": "3"},), "wrong:3"), (({"missing": "4-5"},), "missing:4-5"),
            (({"alien": "13"},), "alien:13"),
            (({"wrong": "3", "missing": "4-5", "alien": "13"},), "wrong:3 missing:4-5 alien:13"),
            (({"wrong": "3"}, {}), True), (({}, {"wrong": "3"}), "wrong:3"),
            (({"wrong": "3"}, {"missing": "4"}), "missing:4"), (({"right": 0},), True),
        )
    ),
    (printing.one_good_sheet_of_each, facts(extract={"printed": "1-11"}, added={"exported": "13"}), NOTHING, True),
    (printing.one_good_sheet_of_each, facts(extract={"printed": "1-9", "exported": "10-11"}), NOTHING, "10-11"),
    *(
        (printing.printed_count_agrees, facts(extract={"printed": "1-11"}, added={"printed": "13"}),
         record("complete_printing", letters_printed=number), expected)
        for number, expected in ((11, True), (10, "11 ≠ 10"), (12, "11 ≠ 12"))
    ),
)  # fmt: skip

LISTED, LAST_LISTED = did("issue_pull_list"), did("issue_final_pull_list")
FOUND = {
    "missing": "1", "doubled": "2", "alien": "13", "though_pulled": "5", "mispaired": "3", "touched": "4",
    "unreadable": 2, "sealed": "6-11",
}  # fmt: skip
SCANNED = did("reconcile_enclosing", **FOUND)
NAMED = "missing:1 doubled:2 alien:13 though_pulled:5 mispaired:3 touched:4 unreadable:2"
NONE = {"opened": "", "found": "", "reprinted": "", "removed": "", "witness": "asahi"}


def settled(**changes: Any) -> Told:
    return did("settle_differences", **(NONE | changes))


def sample(**changes: Any) -> ActRecord:
    return record("inspect_delivery", **changes)


def sealing(**changes: Any) -> ActRecord:
    counted = {"envelopes_left": 2, "inserts_left": {LEAFLET: 2}}
    return record("report_enclosing", **(counted | changes))


def delivering(**changes: Any) -> Told:
    return did("deliver_manuscript", **({"envelopes": 12, "inserts": {LEAFLET: 12}} | changes))


def scanning(**changes: Any) -> Programme:
    log = PROGRAMME.enclosing.log.model_copy(update=changes)
    return PROGRAMME.model_copy(update={"enclosing": PROGRAMME.enclosing.model_copy(update={"log": log})})


ONE_SEALED = did("report_enclosing", sealed="1-4", envelopes_spoiled=1, inserts_spoiled={LEAFLET: 1})
MATERIALS: tuple[Case, ...] = (
    *(
        (enclosing.materials_are_conserved, facts(delivering(**delivered), *told), sealing(**said), it)
        for delivered, told, said, it in (
            ({}, (), {}, True),
            ({}, (), {"envelopes_left": 1}, "封筒 -1: 12 − 10 − 0 ≠ 1"),
            ({}, (), {"envelopes_left": 3}, "封筒 +1: 12 − 10 − 0 ≠ 3"),
            ({}, (), {"envelopes_left": 1, "envelopes_spoiled": 1}, True),
            ({}, (), {"inserts_left": {LEAFLET: 1}}, f"{LEAFLET} -1: 12 − 10 − 0 ≠ 1"),
            ({}, (), {"inserts_left": {LEAFLET: 1}, "inserts_spoiled": {LEAFLET: 1}}, True),
            ({"inserts": {LEAFLET: 9}}, (), {"inserts_left": {LEAFLET: 0}}, f"{LEAFLET} +1: 9 − 10 − 0 ≠ 0"),
            ({"inserts": {LEAFLET: 9}}, (), {"inserts_left": {}}, f"{LEAFLET} -1: 9 − 10 − 0"),
            ({"envelopes": None, "inserts": {}}, (), {}, True),
            ({}, (), {"envelopes_left": None, "inserts_left": {}}, True),
            ({}, (ONE_SEALED,), {"sealed": "6-11", "envelopes_left": 1, "inserts_left": {LEAFLET: 1}}, True),
            ({}, (ONE_SEALED,), {"sealed": "6-11", "inserts_left": {LEAFLET: 1}}, "封筒 +1: 12 − 10 − 1 ≠ 2"),
        )
    ),
    *(
        (enclosing.materials_are_counted, facts(delivering(**delivered)), sealing(**said), it)
        for delivered, said, it in (
            ({}, {}, True), ({"envelopes": None}, {}, "封筒"), ({}, {"envelopes_left": None}, "封筒"),
            ({"inserts": {}}, {}, LEAFLET), ({}, {"inserts_left": {}}, LEAFLET),
            ({"envelopes": None, "inserts": {}}, {}, f"封筒、{LEAFLET}"),
        )
    ),
    (enclosing.materials_are_counted, facts(), sealing(), f"封筒、{LEAFLET}"),
    *(
        (media_return.integrity_is_not_overclaimed, facts(*told, **said),
         record("report_completion", integrity=level), it)
        for told, said, shown in (
            ((), {}, ""),
            ((did("report_enclosing"),), {}, "report"),
            ((did("reconcile_enclosing", touched=""), did("report_enclosing")), {}, "output"),
            ((did("reconcile_enclosing", touched=""), did("report_enclosing")),
             {"programme": scanning(at_output="封筒コード")}, "input_output"),
            ((did("reconcile_enclosing", touched="", trays=1), did("report_enclosing")), {}, "report"),
            ((did("reconcile_enclosing", touched="", logs=()), did("report_enclosing")), {}, "report"),
            ((did("reconcile_enclosing"), did("report_enclosing")), {}, "report"),
            ((did("reconcile_enclosing"), did("settle_differences"), did("report_enclosing")), {}, "output"),
            ((did("reconcile_enclosing", touched="", sealed="1-4"), did("report_enclosing")), {}, "report"),
        )
        for level, it in (
            (level, True if LEVELS.index(level) <= LEVELS.index(shown) else choices.on_paper(choices.INTEGRITY, shown))
            for level in LEVELS
        )
    ),
)  # fmt: skip

LAST_PULL = did("acknowledge_final_pull_list", pulled="10,14")
ENCLOSING: tuple[Case, ...] = (
    *(
        (guard, facts(did(act)), NOTHING, True)
        for guard, act in (
            (enclosing.enclosing_is_reported, "report_enclosing"), (additions.additions_are_taken, "take_additions"),
            (mailing.additions_are_enclosed, "enclose_additions"),
            (mailing.delivery_is_inspected, "inspect_delivery"),
            (enclosing.enclosing_recheck_is_done, "recheck_before_enclosing"),
        )
    ),
    *(
        (enclosing.pulled_serials_are_ours, facts(extract={state: "5"}), record("issue_pull_list", pulled=pulled), ours)
        for state, pulled, ours in (
            ("exported", "5", True), ("printed", "5", True), ("enclosed", "5", True), ("posted", "5", False),
            ("pulled", "5", False), ("printed", "5-6", False), ("printed", "6", False), ("printed", "", True),
        )
    ),
    *(
        (enclosing.reasons_add_up, facts(), record("issue_pull_list", pulled=pulled, reasons=reasons), expected)
        for pulled, reasons, expected in (
            ("5", {"a": 1}, True), ("5-7", {"a": 1, "b": 2}, True), ("", {}, True), ("5", {}, False),
            ("5", {"a": 2}, False),
        )
    ),
    *(
        (
            enclosing.pull_list_was_rechecked_today, facts(did(act, NOW + later)),
            record("issue_pull_list", rechecked_on=day), expected,
        )
        for act, later, day, expected in (
            *((act, timedelta(), TODAY, True) for act in RECHECKS),
            ("recheck_before_enclosing", timedelta(), YESTERDAY, False),
            ("recheck_before_enclosing", timedelta(), TOMORROW, False),
            ("recheck_before_enclosing", timedelta(days=-1), TODAY, False),  # a day that is only typed
            ("take_changes", timedelta(), TODAY, False),
        )
    ),
    *(
        (
            enclosing.system_answers_empty_lists_alone, facts(asked_by=by),
            record("acknowledge_pull_list", pulled=pulled), expected,
        )
        for by, pulled, expected in (
            (SYSTEM, "", True), (SYSTEM, "5", "5"), ("asahi", "5", True), ("yoshida", "5", True),
        )
    ),
    *(
        (guard, facts(*told), record(act, pulled=pulled), expected)
        for guard, issued, act in (
            (enclosing.every_pull_is_acknowledged, did("issue_pull_list", pulled="5-6", reasons={"a": 2}),
             "acknowledge_pull_list"),
            (enclosing.every_final_pull_is_acknowledged, did("issue_final_pull_list", pulled="5-6", reasons={"a": 2}),
             "acknowledge_final_pull_list"),
        )
        for told, pulled, expected in (
            ((), "5-6", False), ((issued,), "5-6", True), ((issued,), "6", "5"), ((issued,), "5-7", "7"),
            ((issued,), "6-7", "5,7"),
        )
    ),
    *(
        (guard, facts(*told), NOTHING, expected)
        for guard, issue, answer in (
            (protection.pull_list_is_acknowledged, "issue_pull_list", "acknowledge_pull_list"),
            (protection.final_pull_list_is_acknowledged, "issue_final_pull_list", "acknowledge_final_pull_list"),
        )
        for told, expected in (
            ((), False), ((did(issue),), False), ((did(answer),), False), ((did(issue), did(answer)), True),
            ((did(issue, pulled="9"), did(answer)), False), ((did(issue, pulled="1"), did(answer)), False),
        )
    ),
    *(
        (enclosing.sealed_serials_were_printed, facts(extract={state: "1-4,6-11"}), record("report_enclosing"),
         expected)
        for state, expected in (("printed", True), ("exported", False), ("pulled", False), ("enclosed", False))
    ),
    *(
        (enclosing.sealed_serials_were_printed, facts(extract={"printed": "1-3,6-11"}), record("report_enclosing"), it)
        for it in (False,)
    ),
    (enclosing.sealed_serials_were_scanned, facts(), record("report_enclosing"), True),
    (enclosing.sealed_serials_were_scanned, facts(SCANNED), record("report_enclosing", sealed="6-11"), True),
    (enclosing.sealed_serials_were_scanned, facts(SCANNED), record("report_enclosing", sealed="1,6-11"), "1"),
    (enclosing.sealed_serials_were_scanned, facts(SCANNED), record("report_enclosing", sealed="6-10"), True),
    (
        enclosing.sealed_serials_were_scanned, facts(SCANNED, settled(found="1")),
        record("report_enclosing", sealed="6-11"), True,
    ),
    (
        enclosing.sealed_serials_were_scanned, facts(SCANNED, settled(found="1")),
        record("report_enclosing", sealed="1,6-11"), True,
    ),
    (
        enclosing.sealed_serials_were_scanned, facts(settled(found="1"), SCANNED),
        record("report_enclosing", sealed="1,6-11"), "1",
    ),
    (enclosing.enclosing_is_reconciled, facts(), NOTHING, True),
    (enclosing.every_difference_is_settled, facts(), NOTHING, True),
    (enclosing.every_difference_is_settled, facts(SCANNED), NOTHING, NAMED),
    (
        enclosing.every_difference_is_settled,
        facts(SCANNED, settled(opened="4", found="1", reprinted="2-3", removed="5,13", unreadable=2)), NOTHING, True,
    ),
    (
        enclosing.every_difference_is_settled, facts(SCANNED, settled(found="1"), settled(unreadable=1)), NOTHING,
        "doubled:2 alien:13 though_pulled:5 mispaired:3 touched:4 unreadable:1",
    ),
    (enclosing.every_difference_is_settled, facts(settled(found="1"), SCANNED), NOTHING, NAMED),
    (
        enclosing.every_difference_is_settled,
        facts(did("reconcile_enclosing", touched="", unreadable=2), settled(unreadable=2)), NOTHING, True,
    ),
    (
        enclosing.every_difference_is_settled,
        facts(did("reconcile_enclosing", touched="", unreadable=2), settled(unreadable=3)), NOTHING, True,
    ),
    (
        enclosing.every_difference_is_settled,
        facts(did("reconcile_enclosing", touched="", unreadable=1), settled(unreadable=2)), NOTHING, True,
    ),
    *(
        (enclosing.settled_serials_are_open, facts(SCANNED), record("settle_differences", **(NONE | told)), expected)
        for told, expected in (
            ({"opened": "1-4"}, True), ({"found": "1"}, True), ({"reprinted": "2-3"}, True),
            ({"removed": "5,13"}, True),
            ({"opened": "5"}, "5"), ({"found": "6"}, "6"), ({"reprinted": "13"}, "13"), ({"removed": "1"}, "1"),
            ({"removed": "12"}, "12"), ({"opened": "6", "removed": "6"}, "6"),
            ({"opened": "2", "removed": "13", "found": "7"}, "7"),
        )
    ),
    (enclosing.settled_serials_are_open, facts(), record("settle_differences"), "8"),
    (
        enclosing.settled_serials_are_open, facts(did("reconcile_enclosing", alien="8", touched="8")),
        record("settle_differences"), "8",
    ),
    (
        enclosing.settled_serials_are_open,
        facts(did("reconcile_enclosing", alien="5", though_pulled="5", touched="")),
        record("settle_differences", **(NONE | {"removed": "5"})), True,
    ),
    *(
        (enclosing.witness_is_on_the_register, facts(), record("settle_differences", witness=name), expected)
        for name, expected in (("asahi", True), ("gone", "gone"), ("nobody", "nobody"))
    ),
    *(
        (enclosing.machine_count_agrees, facts(), record("report_enclosing", machine_count=number), expected)
        for number, expected in ((11, True), (10, "10 ≠ 11"), (12, "12 ≠ 11"))
    ),
    (enclosing.machine_count_agrees, facts(), record("report_enclosing", machine_count=12, reruns=2), True),
    (enclosing.every_printed_letter_is_sealed, facts(extract={"enclosed": "1"}, added={"printed": "13"}),
     NOTHING, True),
    (enclosing.every_printed_letter_is_sealed, facts(extract={"printed": "4", "exported": "6"}), NOTHING, "4,6"),
    *(
        (guard, facts(extract={"enclosed": "1-9"}, added={"enclosed": "13"}), record(act, **{field: number}), expected)
        for guard, act, field in (
            (enclosing.enclosed_count_agrees, "complete_enclosing", "letters_enclosed"),
            (enclosing.delivered_equals_enclosed, "inspect_delivery", "delivered"),
        )
        for number, expected in ((9, True), (8, "9 ≠ 8"), (10, "9 ≠ 10"))
    ),
    *(
        (additions.enclosed_additions_agree, facts(extract={"exported": "1"}, added={"exported": "13-14"}),
         record("enclose_additions", letters_enclosed=number), expected)
        for number, expected in ((2, True), (1, "2 ≠ 1"), (3, "2 ≠ 3"))
    ),
    *(
        (
            additions.additions_to_be_pulled_are_pulled,
            facts(to_pull=to_pull, extract={"exported": "1"}, added={"exported": "13-14", "pulled": "15"}), NOTHING,
            expected,
        )
        for to_pull, expected in (("", True), ("1", True), ("15", True), ("13", "13"), ("1,13-15", "13-14"))
    ),
    *(
        (enclosing.pieces_were_opened, facts(), sample(**told), expected)
        for told, expected in (
            ({}, True), ({"opened": 0, "wrong": 0}, False), ({"opened": 1, "wrong": 0}, True),
            ({"opened": 9, "wrong": 9}, True), ({"opened": 10}, False), ({"opened": 2, "wrong": 3}, False),
            ({"opened": 2, "opened_serials": "1-2"}, True), ({"opened": 2, "opened_serials": "1"}, False),
            ({"opened": 2, "opened_serials": "1-3"}, False),
        )
    ),
    (enclosing.sample_opening_found_nothing_wrong, facts(), sample(), True),
    (enclosing.sample_opening_found_nothing_wrong, facts(), sample(wrong=1), "1/2"),
    (mailing.last_inspection_found_nothing_wrong, facts(), NOTHING, False),
    (mailing.last_inspection_found_nothing_wrong, facts(did("inspect_delivery")), NOTHING, True),
    (mailing.last_inspection_found_nothing_wrong, facts(did("inspect_delivery", wrong=1)), NOTHING, False),
    (mailing.last_inspection_counted_every_letter, facts(extract={"enclosed": "1-10"}), NOTHING, False),
    *(
        (mailing.last_inspection_counted_every_letter,
         facts(*told, extract={"enclosed": enclosed, "pulled": "10-12"}, added={"enclosed": "13", "pulled": "14"}),
         NOTHING, expected)
        for told, enclosed, expected in (
            ((did("inspect_delivery", delivered=9),), "1-9", True),
            ((did("inspect_delivery", delivered=8),), "1-9", "9 ≠ 8"),
            ((did("inspect_delivery", delivered=10),), "1-9", "9 ≠ 10"),
            ((LAST_PULL, did("inspect_delivery", delivered=9)), "1-9", True),  # pulled before it was counted
            ((did("inspect_delivery", delivered=10), LAST_PULL), "1-9", True),  # and after
            ((did("inspect_delivery", delivered=9), LAST_PULL), "1-9", "10 ≠ 9"),
            ((did("inspect_delivery", delivered=8), did("inspect_delivery", delivered=9)), "1-9", True),
        )
    ),
    (mailing.replaced_pieces_are_pulled, facts(), NOTHING, True),
    *(
        (mailing.replaced_pieces_are_pulled, facts(did("take_additions", replaced="3-4"), extract={state: "4"}),
         NOTHING, expected)
        for state, expected in (
            ("exported", "3-4"), ("printed", "3-4"), ("enclosed", "3-4"), ("pulled", True), ("posted", True),
        )
    ),
)  # fmt: skip

POSTED = {"posted": "1-10"}
BACK = did("record_returned_mail")
IN_STACK = items(RL_2026_01="returned_letters with_ward")
STACK_IS_GONE, AFTER = items(RL_2026_01="returned_letters destroyed"), TOMORROW + timedelta(days=1)
AT_ONCE = f"{TODAY} – {TODAY}"


def posting_with(*discounts: str) -> Programme:
    """Return the programme with these discounts."""
    return PROGRAMME.model_copy(update={"mailing": PROGRAMME.mailing.model_copy(update={"discounts": discounts})})


MAILING: tuple[Case, ...] = (
    *(
        (guard, facts(programme=posting_with(*discounts)), record(act, **{field: letters}), expected)
        for guard, act, field in (
            (mailing.approved_number_earns_its_discounts, "approve_posting", "letters"),
            (mailing.posted_number_earns_its_discounts, "post", "accepted"),
        )
        for discounts, letters, expected in (
            ((), 1, True), ((BARCODE,), 1000, True), ((BARCODE,), 999, f"{BARCODE}: 999 < 1,000"),
            ((WITHIN_AREA,), 100, True), ((WITHIN_AREA,), 99, f"{WITHIN_AREA}: 99 < 100"), (("大口割引",), 1, True),
            ((BARCODE, WITHIN_AREA), 99, f"{BARCODE}: 99 < 1,000、{WITHIN_AREA}: 99 < 100"),
        )
    ),
    *(
        (mailing.approved_number_earns_its_discounts,
         facts(did("seal_package", areas=areas, held_back=held_back), programme=posting_with(WITHIN_AREA),
               extract={"enclosed": "10-250", "pulled": pulled}),
         record("approve_posting", letters=letters), expected)
        for areas, held_back, pulled, letters, expected in (
            ({}, "", "", 99, f"{WITHIN_AREA}: 99 < 100"), ({"新宿": 100}, "", "", 99, True),
            ({"新宿": 99}, "", "", 250, f"{WITHIN_AREA} 新宿: 99 < 100"),
            ({"新宿": 101}, "", "1", 250, True), ({"新宿": 101}, "", "1,2", 250, f"{WITHIN_AREA} 新宿: 99 < 100"),
            ({"新宿": 101}, "2", "1,2", 250, True),  # who was held back is counted nowhere
            ({"新宿": 100, "牛込": 1}, "", "1,2", 250, f"{WITHIN_AREA} 新宿: 98 < 100、{WITHIN_AREA} 牛込: 0 < 100"),
        )
    ),
    (mailing.every_serial_is_enclosed_or_pulled, facts(extract={"enclosed": "1", "pulled": "2"}), NOTHING, True),
    *(
        (mailing.every_serial_is_enclosed_or_pulled, facts(extract={state: "3"}), NOTHING, "3")
        for state in ("exported", "printed")
    ),
    *(
        (guard, facts(extract={state: "1-10"}), record(act, **{field: number}), expected)
        for guard, act, field, state in (
            (mailing.approved_count_agrees, "approve_posting", "letters", "enclosed"),
            (mailing.accepted_number_equals_enclosed, "post", "accepted", "enclosed"),
            (mailing.slip_copy_agrees, "report_posting", "accepted", "posted"),
        )
        for number, expected in ((10, True), (9, "10 ≠ 9"), (11, "10 ≠ 11"))
    ),
    *(
        (mailing.slip_copy_agrees, facts(did("post", accepted=9), extract={"posted": "1-10"}),
         record("report_posting", accepted=number), expected)
        for number, expected in ((10, True), (9, True), (8, "10 ≠ 8"))
    ),
    (mailing.posting_is_approved, facts(extract={"enclosed": "1-10"}), NOTHING, False),
    *(
        (mailing.posting_is_approved, facts(did("approve_posting"), extract={"enclosed": enclosed}), NOTHING, expected)
        for enclosed, expected in (("1-10", True), ("1-9", "9 ≠ 10"), ("1-11", "11 ≠ 10"))
    ),
    (mailing.protection_was_rechecked_today, facts(), NOTHING, False),
    *(
        (mailing.protection_was_rechecked_today, facts(did(act, NOW + later)), NOTHING, expected)
        for act, later, expected in (
            ("recheck_before_posting", timedelta(), True), ("recheck_before_posting", timedelta(days=-1), False),
            ("recheck_before_posting", timedelta(days=1), False), ("recheck_before_final_list", timedelta(), True),
            ("recheck_before_final_list", timedelta(days=-1), False), ("recheck_before_enclosing", timedelta(), False),
        )
    ),
    *(
        (mailing.posted_today, facts(), record("post", posted_on=day), expected)
        for day, expected in ((TODAY, True), (YESTERDAY, True), (TOMORROW, False))
    ),
    *(
        (mailing.returned_mail_was_posted, facts(extract=POSTED), record("record_returned_mail", serials=named), it)
        for named, it in (("3", True), ("10-11", False), ("11", False), ("", True))
    ),
    *(
        (mailing.kept_letters_have_stack_and_day, facts(items=there, due=due),
         record("record_returned_mail", **told), it)
        for there, due, told, it in (
            ((), {}, {"keep_until": TODAY}, True), ((), {}, {"keep_until": YESTERDAY}, f"{YESTERDAY}: {TODAY} –"),
            ((), {}, {"keep_until": None}, "処置の期日（廃棄・再送・本人への引渡し）"),
            ((), {}, {"stack": ""}, "返戻の束の番号"),
            ((), {}, {"stack": "", "keep_until": None}, "返戻の束の番号 処置の期日（廃棄・再送・本人への引渡し）"),
            ((), {"destroy_items": TOMORROW}, {"keep_until": TOMORROW}, True),
            ((), {"destroy_items": TODAY}, {"keep_until": TOMORROW}, f"{TOMORROW}: {AT_ONCE}"),
            ((), {"destroy_items": YESTERDAY}, {"keep_until": TOMORROW}, True),
            (items(RL_2026_01="returned_letters with_ward"), {}, {}, True),
            (items(RL_2026_01="returned_letters destroyed"), {}, {}, RETURNED),
            (items(RL_2026_01="medium with_ward"), {}, {}, RETURNED),
            ((), {"destroy_items": TOMORROW}, {"keep_until": TODAY}, True),
            ((), {"destroy_items": TOMORROW}, {"keep_until": AFTER}, f"{AFTER}: {TODAY} – {TOMORROW}"),
            (items(RL_2026_01="spoiled_sheets with_ward"), {}, {}, RETURNED),
            *(((), {}, {"outcome": how, "stack": "", "keep_until": None}, True) for how in ("resent", "handed_over")),
        )
    ),
    *(
        (mailing.uncounted_letters_have_stack_and_day, facts(*told), record("end_returned_mail", **said), it)
        for told, said, it in (
            ((), {"returned": {}}, True), ((BACK,), {}, True), ((BACK,), {"returned": {}}, True),
            ((), {}, "返戻の束の番号 処置の期日（廃棄・再送・本人への引渡し）"),
            ((), {"stack": RETURNED}, "処置の期日（廃棄・再送・本人への引渡し）"),
            ((), {"stack": RETURNED, "keep_until": TODAY}, True),
        )
    ),
    (
        mailing.uncounted_letters_have_stack_and_day, facts(items=IN_STACK),
        record("end_returned_mail", stack=RETURNED, keep_until=TODAY), RETURNED,
    ),
    *(
        (mailing.destroyed_letters_lay_in_a_stack, facts(*told, items=there),
         record("record_returned_mail", outcome=outcome), it)
        for told, there, outcome, it in (
            ((), (), "kept", True), ((), (), "destroyed", "3"), ((BACK,), IN_STACK, "destroyed", RETURNED),
            ((BACK,), STACK_IS_GONE, "destroyed", True),
            ((did("record_returned_mail", serials="3-4"),), STACK_IS_GONE, "destroyed", True),
            *(((BACK, did("record_returned_mail", outcome=went)), STACK_IS_GONE, "destroyed", RETURNED)
              for went in ("handed_over", "resent")),
        )
    ),
    *(
        (mailing.receipt_from_the_post_is_told, facts(*told), record("record_returned_mail", **said), it)
        for told, said, it in (
            ((), {}, True), ((), {"office": ""}, "郵便局"), ((), {"receiver": ""}, "受け取った人"),
            ((), {"slip": ""}, "確認記録票の番号"),
            ((), {"office": "", "receiver": "", "slip": ""}, "郵便局 受け取った人 確認記録票の番号"),
            ((BACK,), {"receiver": ""}, True), ((BACK,), {"serials": "3-4", "receiver": ""}, "受け取った人"),
            *(((did("record_returned_mail", outcome=went),), {"receiver": ""}, "受け取った人")
              for went in ("resent", "handed_over")),
        )
    ),
    *(
        (mailing.ward_receives_returned_mail, facts(), record("record_returned_mail", receiver=who), it)
        for who, it in (("sato", True), ("watanabe", True), ("", True), ("asahi", "asahi"), ("left", "left"),
                        ("nobody", "nobody"))
    ),
    *(
        (mailing.retrieved_pieces_were_posted, facts(extract=POSTED), record("request_retrieval", serials=named), it)
        for named, it in (("4", True), ("4-5", True), ("10-11", False), ("11", False), ("", False))
    ),
    *(
        (mailing.returned_counts_agree, facts(*told), record("end_returned_mail", returned=returned), expected)
        for told, returned, expected in (
            ((), {"moved": 4}, True), ((BACK,), {"unknown_address": 1}, True),
            ((BACK,), {"unknown_address": 1, "moved": 0}, True),
            ((BACK,), {"unknown_address": 2}, "unknown_address:1 ≠ unknown_address:2"),
            ((BACK,), {}, "unknown_address:1 ≠ 0"),
            ((BACK,), {"moved": 1}, "unknown_address:1 ≠ moved:1"),
            ((BACK, did("record_returned_mail", reason="moved")), {"moved": 1}, True),
            ((BACK, did("record_returned_mail", serials="4-5", reason="moved")), {"moved": 2, "unknown_address": 1},
             True),
            ((did("record_returned_mail", serials="4-5", reason="moved"), BACK), {"moved": 3},
             "moved:2 unknown_address:1 ≠ moved:3"),
        )
    ),
    *(
        (mailing.contractor_posts_only_if_referred, facts(programme=consigning(poster=poster, work=work)), NOTHING, it)
        for poster, work, it in (
            ("ward", ("印刷",), True), ("contractor", ("印刷",), False), ("contractor", ("印刷", "差出"), True),
        )
    ),
)  # fmt: skip

HERE = items(M_2026_01="medium with_ward", P_2026_01="password_notice with_ward")
COPIES = items(C_2026_01="electronic_copy with_contractor", C_2026_02="electronic_copy with_subcontractor",
               B_2026_01="electronic_copy with_ward", C_2026_03="electronic_copy erased")  # fmt: skip
THINGS = items(M_2026_01="medium with_ward", S_2026_01="paper with_contractor", S_2026_02="paper with_subcontractor")
LATER, EARLIER, DAY_BEFORE = NOW + timedelta(minutes=1), NOW - timedelta(minutes=1), NOW - timedelta(days=1)
TWO = [{"copy_number": number, "kind": "server", "place": "x"} for number in ("C-2026-01", "C-2026-02")]


def erased(number: str = "C-2026-01", **changes: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "copy_number": number, "method": "overwrite", "tool": "t", "erased_at": NOW, "erased_by": "kobayashi",
        "witness": "asahi",
    }  # fmt: skip
    return said | changes


def copied(storage: str, act: str = "report_receipt", kind: str = "server") -> Told:
    copies = [{"copy_number": "C-2026-01", "kind": kind, "place": "x", "storage": storage}]
    return did(act, copies=copies)


def kept(item: str, until: date = TOMORROW) -> dict[str, Any]:
    return {"item": item, "until": until, "reason": "問合せ対応"}


def destruction(**changes: Any) -> ActRecord:
    return record("report_destruction", **changes)


ERASURE: tuple[Case, ...] = (
    (media_return.completion_is_reported, facts(did("report_completion")), NOTHING, True),
    *(
        (erasure.every_copy_is_covered, facts(items=COPIES),
         record("report_erasure", copies=[erased(number) for number in numbers]), expected)
        for numbers, expected in (
            (("C-2026-01", "C-2026-02"), True), (("C-2026-01",), "C-2026-02 が報告にない"),
            (("C-2026-01", "C-2026-02", "C-2026-09"), "C-2026-09 は登録された複製ではない"),
            (("C-2026-01", "C-2026-02", "B-2026-01"), "B-2026-01 は登録された複製ではない"),
            ((), "C-2026-01 C-2026-02 が報告にない"),
            (("C-2026-01", "C-2026-02", "C-2026-02"), "C-2026-02 が重複している"),
            (("C-2026-01", "C-2026-09", "C-2026-09", "C-2026-08"),
             "C-2026-02 が報告にない / C-2026-08 C-2026-09 は登録された複製ではない / C-2026-09 が重複している"),
        )
    ),
    *(
        (guard, facts(copied(storage)), record(act, copies=[erased(method=method)]), True)
        for guard, act in (
            (erasure.methods_fit_the_storage, "report_erasure"),
            (erasure.ward_methods_fit_the_storage, "erase_ward_copies"),
        )
        for storage, method in (("hdd", "overwrite"), ("ssd", "destroy"), ("", "purge"), ("memory", "spool_cleared"),
                                ("", "spool_cleared"))
    ),
    (erasure.methods_fit_the_storage, facts(), record("report_erasure", copies=[erased()]), True),
    *(
        (erasure.nobody_witnesses_himself, facts(),
         record("report_erasure", copies=[erased(), erased(erased_by=by)]), expected)
        for by, expected in (("kobayashi", True), ("asahi", "C-2026-01"), ("yoshida", True), ("abe", True))
    ),
    *(
        (erasure.who_erased_is_registered, facts(), record("report_erasure", copies=[erased(**it) for it in told]),
         expected)
        for told, expected in (
            (({},), True), (({"erased_by": "nobody"},), "nobody"), (({"witness": "nobody"},), "nobody"),
            (({}, {"erased_by": "left"}), "left"), (({"erased_by": "left", "erased_at": DAY_BEFORE},), True),
            (({"erased_by": "nobody"}, {"witness": "left"}, {"erased_by": "nobody"}), "nobody left"),
        )
    ),
    *(
        (erasure.destruction_was_witnessed, facts(asked_by=by), record("destroy_items", **told), expected)
        for by, told, expected in (
            ("sato", {}, True), ("suzuki", {}, False), ("abe", {}, True), ("sato", {"witness": "nobody"}, "nobody"),
            ("sato", {"witness": "left"}, "left"), ("sato", {"witness": "left", "destroyed_on": YESTERDAY}, True),
        )
    ),
    *(
        (erasure.who_destroyed_elsewhere_is_registered, facts(), destruction(**told), expected)
        for told, expected in (
            ({}, True), ({"destroyed_by": "nobody"}, "nobody"), ({"witness": "left"}, "left"),
            ({"witness": "left", "destroyed_on": YESTERDAY}, True),
            ({"destroyed_by": "left", "witness": "nobody"}, "left nobody"),
        )
    ),
    *(
        (erasure.nothing_was_erased_in_the_future, facts(),
         record("report_erasure", copies=[erased(), erased(erased_at=at)]), expected)
        for at, expected in ((NOW, True), (EARLIER, True), (LATER, "C-2026-01"))
    ),
    *(
        (erasure.erased_copies_are_the_wards, facts(items=COPIES),
         record("erase_ward_copies", copies=[erased(number)]), expected)
        for number, expected in (("B-2026-01", True), ("C-2026-01", "C-2026-01"), ("C-2026-03", "C-2026-03"))
    ),
    *(
        (erasure.storage_of_each_copy_is_stated, facts(*told), record("report_erasure", copies=[erased()]), expected)
        for told, expected in (
            ((), True), ((copied("hdd"),), True), ((copied(""),), "C-2026-01"), ((copied("", kind="ssd"),), True),
            ((copied(""), copied("tape", "register_copies")), True),
            ((copied("", "report_additions_receipt"),), "C-2026-01"),
        )
    ),
    *(
        (erasure.nothing_was_erased_before_it_was_there, facts(*(did(act, at, copies=TWO) for act, at in told)),
         record("report_erasure", copies=[erased(number, erased_at=at) for number, at in copies.items()]), expected)
        for told, copies, expected in (
            ((), {"C-2026-01": NOW}, True), ((("report_receipt", EARLIER),), {"C-2026-01": NOW}, True),
            ((("report_receipt", NOW),), {"C-2026-01": NOW}, True),
            ((("report_receipt", NOW),), {"C-2026-01": LATER}, True),
            ((("report_receipt", NOW),), {"C-2026-01": EARLIER}, "C-2026-01"),
            ((("register_copies", NOW),), {"C-2026-01": EARLIER}, "C-2026-01"),
            ((("register_copies", NOW),), {"C-2026-01": NOW, "C-2026-02": EARLIER}, "C-2026-02"),
            ((("report_receipt", NOW),), {"C-2026-02": EARLIER, "C-2026-01": EARLIER}, "C-2026-02 C-2026-01"),
            ((("report_receipt", NOW),), {"C-2026-09": EARLIER}, True),
            ((("report_receipt", EARLIER), ("register_copies", LATER)), {"C-2026-01": NOW}, True),
            ((("register_copies", EARLIER), ("report_receipt", LATER)), {"C-2026-01": NOW}, True),
            ((("register_copies", EARLIER), ("register_copies", LATER)), {"C-2026-01": NOW}, True),
            ((("register_copies", LATER), ("report_receipt", NOW)), {"C-2026-01": EARLIER}, "C-2026-01"),
            ((("report_additions_receipt", NOW),), {"C-2026-01": EARLIER}, "C-2026-01"),
        )
    ),
    (erasure.no_copy_is_left, facts(items=COPIES), NOTHING, "C-2026-01 C-2026-02"),
    (erasure.no_copy_is_left, facts(items=COPIES[2:]), NOTHING, True),
    (erasure.checker_covered_every_place, facts(), record("confirm_erasure"), True),
    (erasure.checker_covered_every_place, facts(), record("confirm_erasure", every_place_covered=False), False),
    (erasure.destroyed_items_are_with_the_ward, facts(items=THINGS),
     record("destroy_items", items=("M-2026-01",)), True),
    (erasure.destroyed_items_are_with_the_ward, facts(items=HERE), record("destroy_items", items=("M-2026-01",)), True),
    (
        erasure.destroyed_items_are_with_the_ward, facts(items=THINGS),
        record("destroy_items", items=("S-2026-01", "M-2026-01")), "S-2026-01",
    ),
    *(
        (erasure.destruction_has_prior_consent, facts(*told), destruction(), expected)
        for told, expected in (
            ((), "S-2026-01"), ((did("consent_to_destruction"),), True),
            ((did("consent_to_destruction", decided_on=YESTERDAY),), True),
            ((did("consent_to_destruction", decided_on=TOMORROW),), "S-2026-01"),
            ((did("consent_to_destruction", items=("S-2026-02",)),), "S-2026-01"),
            ((did("consent_to_destruction"), did("consent_to_destruction", items=("S-2026-02",))), True),
        )
    ),
    *(
        (erasure.destroyed_items_were_elsewhere, facts(items=THINGS), destruction(items=(number,)), expected)
        for number, expected in (("S-2026-01", True), ("S-2026-02", True), ("M-2026-01", "M-2026-01"))
    ),
    *(
        (erasure.nobody_witnesses_his_own_destruction, facts(), destruction(**told), expected)
        for told, expected in (
            ({}, True), ({"destroyed_by": "asahi"}, False), ({"destroyed_by": "abe"}, True),
            ({"destroyed_on": TOMORROW}, False), ({"destroyed_on": YESTERDAY}, True),
        )
    ),
    (erasure.no_item_is_left, facts(items=COPIES[3:]), record("close"), True),
    *(
        (erasure.no_item_is_left, facts(items=THINGS), record("close", kept=[kept(number) for number in numbers]), it)
        for numbers, it in (
            (("M-2026-01",), "S-2026-01 S-2026-02"), (("M-2026-01", "S-2026-01", "S-2026-02"), True),
        )
    ),
    *(
        (erasure.kept_items_are_with_the_ward, facts(items=THINGS), record("close", kept=told), it)
        for told, it in (
            ((), True), ((kept("M-2026-01"),), True), ((kept("M-2026-01", until=TODAY),), True),
            ((kept("M-2026-01", until=YESTERDAY),), "M-2026-01"), ((kept("S-2026-01"),), "S-2026-01"),
            ((kept("M-2026-01"), kept("M-2026-01")), "M-2026-01"), ((kept("M-2026-09"),), "M-2026-09"),
        )
    ),
    *(
        (erasure.every_returned_letter_is_an_item, facts(*told, items=there), NOTHING, it)
        for told, there, it in (
            ((), (), True), ((BACK,), IN_STACK, True), ((BACK,), (), "3"),
            ((did("record_returned_mail", stack="", keep_until=None),), (), "3"),
            ((did("record_returned_mail", stack="", keep_until=None), BACK), IN_STACK, True),
            *(((did("record_returned_mail", outcome=went),), (), True) for went in ("handed_over", "resent")),
        )
    ),
    *(
        (erasure.destruction_has_its_slip, facts(), record("destroy_items", slip=slip), it)
        for slip, it in (("7", True), ("", False))
    ),
    *(
        (erasure.returned_letters_end_by_their_day, facts(*told), record("destroy_items", items=(RETURNED,)), it)
        for told, it in (
            ((), True), ((did("record_returned_mail", keep_until=TODAY),), True),
            ((did("record_returned_mail", keep_until=YESTERDAY),), f"{RETURNED}: {YESTERDAY}"),
            ((did("record_returned_mail", keep_until=YESTERDAY), did("record_returned_mail", keep_until=TODAY)),
             f"{RETURNED}: {YESTERDAY}"),
            ((did("end_returned_mail", stack=RETURNED, keep_until=YESTERDAY),), f"{RETURNED}: {YESTERDAY}"),
            ((did("record_returned_mail", keep_until=TOMORROW),), True),
            ((did("record_returned_mail", keep_until=None),), True),
            *(((did("record_returned_mail", keep_until=TODAY),
                did("record_returned_mail", serials="4", stack=other, keep_until=YESTERDAY)), True)
              for other in ("RL-2026-00", "RL-2026-02")),
        )
    ),
    (
        erasure.no_item_is_left, facts(items=(*THINGS, *COPIES[3:])), record("close"),
        "M-2026-01 S-2026-01 S-2026-02",
    ),
    *(
        (guard, facts(*map(did, acts)), NOTHING, expected)
        for guard, acts, expected in (
            (erasure.work_is_accepted_if_anything_was_done, (), False),
            (erasure.work_is_accepted_if_anything_was_done, ("accept_work",), True),
            (erasure.work_is_accepted_if_anything_was_done, ("cancel",), True),
            (erasure.returned_mail_window_is_closed, (), True),
            (erasure.returned_mail_window_is_closed, ("post",), False),
            (erasure.returned_mail_window_is_closed, ("post", "end_returned_mail"), True),
            (erasure.ward_holds_no_data, (), True),
            (erasure.ward_holds_no_data, ("take_extract",), False),
            (erasure.ward_holds_no_data, ("take_extract", "erase_ward_data"), True),
        )
    ),
)  # fmt: skip

MEASURES = {
    "W-OP-01": measure("W-OP-01", guards=("close", "post")),
    "W-OP-02": measure("W-OP-02", guards=("post",), may_not_apply=True, kinds=("document", "check")),
    "W-SY-01": measure("W-SY-01", guards=("post",), proof="enforced"),
}
ANEW = {"W-OP-01": measure("W-OP-01", guards=("hand_over", "post"), each_gate=True)}
FILE = "ef" * 32
POST_MEASURES, CLOSE_MEASURES = measures.measures_of("post"), measures.measures_unless_nothing_went_out("close")


SERVED = {"C-OP-07": measure("C-OP-07", guards=("post",))}
CARRIED = {"W-OP-08": measure("W-OP-08", guards=("post",), each_gate=True)}
SHOWN_AT_THE_POST = measures.measures_of(
    "post", measures.shown_by(custody.working_copies_are_encrypted, "report_receipt", ReceiptReported)
)
SHOWN_BY_EVERY_RETURN = measures.measures_of(
    "post", measures.shown_by(custody.bag_is_locked, "return_items", ItemsReturned)
)
SHOWN_BY_ITSELF = measures.measures_of("post", mailing.letters_go_in_a_locked_container)


def case(**told: Any) -> Incident:
    report = IncidentReported(kind="loss", known_on=told.pop("known_on", YESTERDAY), persons=told.pop("persons", 101))
    return Incident(number=1, report=report, **told)


DONE_ALL = {"reported": frozenset({"prompt", "final"}), "persons_notified": True, "publication_decided": True}
OPEN = {"incidents": frozenset({1})}
ONE_FOR_BOTH = PROGRAMME.model_copy(update={"statute": Statute(full_report_serves_as_both=True)})
MINUTE, DAY_AGO = timedelta(minutes=1), NOW - timedelta(days=1)
MIDNIGHT = DAY_AGO.replace(hour=0)  # the first moment of yesterday
KNOWN_TODAY = replace(case(known_on=TODAY), number=2)


def paper(document: int, **changes: Any) -> dict[str, Any]:
    return {"document": document, "sha256": FILE, "dated_on": TODAY, **changes}


HANDED = (did("hand_over_medium"), did("hand_over_password"), did("return_items"))  # on slips 1, 2 and 3

COPIED = {"files": 1, "size": 1, "sha256": FILE}

OVERSIGHT: tuple[Case, ...] = (
    *(
        (oversight.backup_is_not_of_the_future, facts(), record("record_backup", copied_at=at, **COPIED), expected)
        for at, expected in ((NOW - MINUTE, True), (NOW, True), (NOW + MINUTE, stamp(NOW + MINUTE)))
    ),
    *(
        (oversight.change_is_told_beforehand, facts(), record("report_change", effective_on=day), expected)
        for day, expected in ((TODAY, True), (TOMORROW, True), (YESTERDAY, str(YESTERDAY)))
    ),
    *(
        (oversight.backup_is_not_of_the_future, facts(), record("record_backup", copied_at=at), expected)
        for at, expected in ((NOW, True), (NOW - MINUTE, True), (NOW + MINUTE, stamp(NOW + MINUTE)))
    ),
    *(
        (oversight.every_change_is_decided, facts(*told), NOTHING, expected)
        for told, expected in (
            ((), True), ((did("report_change"),), False),
            ((did("discuss_measures", incident=0), did("report_change")), False),
            ((did("report_change"), did("discuss_measures", incident=1)), False),
            ((did("report_change"), did("discuss_measures", incident=0)), True),
            ((did("report_change"), did("discuss_measures", incident=0), did("report_change")), False),
        )
    ),
    *(
        (SHOWN_AT_THE_POST, facts(*told, measures=SERVED), brought, expected)
        for told, brought, expected in (
            ((did("report_receipt"),), record("post"), "C-OP-07"),
            ((did("report_receipt", copies_encrypted=False),), record("post"), "C-OP-07"),
            ((did("report_receipt", copies_encrypted=True),), record("post"), True),
            ((did("report_receipt", copies_encrypted=True), did("report_receipt")), record("post"), "C-OP-07"),
            ((did("report_receipt"), did("report_receipt", copies_encrypted=True)), record("post"), True),
            ((), NOTHING, "C-OP-07"),
        )
    ),
    *(
        (SHOWN_BY_EVERY_RETURN, facts(*told, measures=CARRIED), NOTHING, expected)
        for told, expected in (
            ((), "W-OP-08"), ((did("return_items"),), True),
            ((did("return_items", locked_bag=False, already_happened=True), did("return_items")), "W-OP-08"),
        )
    ),
    *(
        (SHOWN_BY_ITSELF, facts(measures=CARRIED), brought, expected)
        for brought, expected in (
            (record("post"), True), (record("post", locked_bag=False), "W-OP-08"), (NOTHING, True),
        )
    ),
    (POST_MEASURES, facts(measures=MEASURES), NOTHING, "W-OP-01 W-OP-02"),
    (POST_MEASURES, facts(measures=MEASURES, claimed={it: claim(it) for it in MEASURES}), NOTHING, True),
    (
        POST_MEASURES,
        facts(measures=MEASURES, claimed={"W-OP-01": claim("W-OP-01"), "W-OP-02": claim("W-OP-02", "", YESTERDAY)}),
        NOTHING, "W-OP-02",
    ),
    *(
        (POST_MEASURES, facts(*map(did, acts), measures=ANEW, claimed={"W-OP-01": claim("W-OP-01", seq=seq)}),
         NOTHING, expected)
        for acts, seq, expected in (
            ((), 1, True), (("hand_over",), 2, True), (("hand_over",), 1, "W-OP-01"),
            (("approve_text", "hand_over", "approve_proof"), 2, "W-OP-01"),
            (("approve_text", "hand_over", "approve_proof"), 3, True),
            (("hand_over", "post"), 2, "W-OP-01"), (("hand_over", "post"), 3, True),
        )
    ),
    (
        POST_MEASURES,
        facts(did("hand_over"), measures={**ANEW, "W-OP-01": measure("W-OP-01", guards=("hand_over", "post"))},
              claimed={"W-OP-01": claim("W-OP-01")}),
        NOTHING, True,
    ),
    (CLOSE_MEASURES, facts(measures=MEASURES), NOTHING, True),
    *(
        (CLOSE_MEASURES, facts(did(act), measures=MEASURES), NOTHING, "W-OP-01")
        for act in ("hand_over_medium", "hand_over_password", "record_movement")
    ),
    (CLOSE_MEASURES, facts(did("hand_over_medium"), claimed={"W-OP-01": claim("W-OP-01")}), NOTHING, True),
    *(
        (measures.claimed_measures_are_on_the_list, facts(measures=MEASURES),
         record("claim_measures", measures=named), expected)
        for named, expected in ((("W-OP-01",), True), (("W-OP-01", "W-OP-99"), "W-OP-99"), (("W-OP-00",), "W-OP-00"))
    ),
    *(
        (measures.not_applicable_has_its_declaration, facts(measures=MEASURES),
         record("claim_measures", measures=named, **told), expected)
        for named, told, expected in (
            (("W-OP-01",), {}, True), (("W-OP-01",), {"not_applicable": True, "evidence_file": FILE}, "W-OP-01"),
            (("W-OP-02",), {"not_applicable": True}, False),
            (("W-OP-02",), {"not_applicable": True, "evidence_file": FILE}, True),
            (("W-OP-99",), {"not_applicable": True, "evidence_file": FILE}, True),
        )
    ),
    *(
        (measures.evidence_names_what_was_done, facts(), record("claim_measures", evidence=words, **told), expected)
        for words, told, expected in (
            ("点検表", {}, True), ("26-13", {}, True), ("口頭", {}, False), ("口頭で説明", {}, True), ("x1", {}, True),
            ("なし", {}, False), ("（なし。）", {}, False), ("ﾅｼ", {}, False), ("特に無し", {}, False),
            ("None", {}, False), ("n/a", {}, False), ("\uff2e\uff4f\uff4e\uff45", {}, False), ("届", {}, False),
            ("x", {}, False), ("-", {}, False), ("ーーー", {}, False), ("……", {}, False), ("xxxx", {}, False),
            ("該当なし", {"not_applicable": True}, True),
        )
    ),
    *(
        (measures.evidence_is_of_the_measures_kind, facts(measures=MEASURES),
         record("claim_measures", measures=named, kind=kind), expected)
        for named, kind, expected in (
            (("W-OP-01", "W-OP-02"), "", True), (("W-OP-01",), "act", True), (("W-OP-02",), "check", True),
            (("W-OP-01", "W-OP-02"), "act", "W-OP-02: 書類・点検"), (("W-OP-99",), "act", True),
        )
    ),
    *(
        (measures.evidence_of_its_kind_is_whole,
         facts(did("file_document"), did("approve_text"), did("claim_measures")),
         record("claim_measures", **told), expected)
        for told, expected in (
            ({}, True), ({"kind": "document"}, False), ({"kind": "document", "evidence_file": FILE}, False),
            ({"kind": "document", "happened_on": TODAY}, False),
            ({"kind": "document", "evidence_file": FILE, "happened_on": TODAY}, True),
            ({"kind": "document", "entry": 1, "happened_on": TODAY}, True), ({"kind": "document", "entry": 1}, False),
            ({"kind": "document", "entry": 2, "happened_on": TODAY}, False),
            ({"kind": "check", "happened_on": TODAY}, False), ({"kind": "check", "result": "異常なし"}, False),
            ({"kind": "check", "happened_on": TODAY, "result": "なし"}, False),
            ({"kind": "check", "happened_on": TODAY, "result": "x"}, False),
            ({"kind": "check", "happened_on": TODAY, "result": "良"}, True),
            ({"kind": "act"}, False), ({"kind": "act", "entry": 1}, True), ({"kind": "act", "entry": 2}, True),
            ({"kind": "act", "entry": 3}, False), ({"kind": "act", "entry": 4}, False),
        )
    ),
    *(
        (measures.evidence_is_of_this_year, facts(), record("claim_measures", **told), expected)
        for told, expected in (
            ({}, True), ({"happened_on": date(2026, 4, 1)}, True), ({"happened_on": date(2026, 4, 2)}, True),
            ({"happened_on": date(2026, 3, 31)}, "2026-03-31 < 2026-04-01"),
            ({"happened_on": date(2026, 3, 31), "valid_until": TODAY}, "2026-03-31 < 2026-04-01"),
            ({"happened_on": date(2026, 3, 31), "evidence_file": FILE}, "2026-03-31 < 2026-04-01"),
            ({"happened_on": date(2026, 3, 31), "evidence_file": FILE, "valid_until": TODAY}, True),
            ({"happened_on": date(2026, 3, 31), "valid_until": TODAY, "kind": "document", "entry": 1}, True),
            (
                {"happened_on": date(2026, 3, 31), "valid_until": TODAY, "kind": "check", "evidence_file": FILE},
                "2026-03-31 < 2026-04-01",
            ),
        )
    ),
    *(
        (measures.evidence_is_of_the_past_and_still_valid, facts(),
         record("claim_measures", happened_on=on, valid_until=until), expected)
        for on, until, expected in (
            (None, None, True), (TODAY, TODAY, True), (YESTERDAY, TOMORROW, True), (TOMORROW, None, f"{TOMORROW} – "),
            (None, YESTERDAY, f" – {YESTERDAY}"), (TOMORROW, TOMORROW, f"{TOMORROW} – {TOMORROW}"),
            (YESTERDAY, YESTERDAY, f"{YESTERDAY} – {YESTERDAY}"),
        )
    ),
    *(
        (measures.evidence_was_made_since_the_gate_before,
         facts(*told, measures=anew, claimed={"W-OP-01": claim("W-OP-01", FILE, seq=seq)}),
         record("claim_measures", measures=("W-OP-01", "W-OP-02"), **said), expected)
        for told, anew, seq, said, expected in (
            ((), ANEW, 1, {"happened_on": YESTERDAY, "evidence_file": FILE}, True),
            ((did("hand_over"),), ANEW, 0, {}, True), ((did("hand_over"),), ANEW, 0, {"happened_on": TODAY}, True),
            ((did("hand_over"),), ANEW, 0, {"happened_on": YESTERDAY}, "W-OP-01"),
            ((did("hand_over"),), MEASURES, 0, {"happened_on": YESTERDAY, "evidence_file": FILE}, True),
            ((did("hand_over"),), ANEW, 0, {"evidence_file": FILE}, "W-OP-01"),
            ((did("hand_over"),), ANEW, 0, {"evidence_file": OTHER}, True),
            ((did("hand_over"),), ANEW, 0, {"evidence_file": "ff" * 32}, True),
            ((did("approve_text"), did("hand_over")), ANEW, 3, {"evidence_file": FILE}, True),
            ((did("hand_over", NOW - timedelta(days=9)),), ANEW, 0, {"happened_on": YESTERDAY}, True),
        )
    ),
    (
        measures.evidence_was_made_since_the_gate_before, facts(did("hand_over"), measures=ANEW),
        record("claim_measures", measures=("W-OP-01",), evidence_file=FILE), True,
    ),
    *(
        (measures.evidence_file_is_these_measures_own, facts(claimed=claimed),
         record("claim_measures", measures=("W-OP-01",), evidence_file=file), expected)
        for claimed, file, expected in (
            ({}, FILE, True), ({"W-OP-02": claim("W-OP-02", FILE)}, FILE, "W-OP-02"),
            ({"W-OP-01": claim("W-OP-01", FILE)}, FILE, True), ({"W-OP-02": claim("W-OP-02")}, "", True),
            ({"W-OP-02": claim("W-OP-02", OTHER)}, FILE, True), ({"W-OP-02": claim("W-OP-02", "ff" * 32)}, FILE, True),
        )
    ),
    *(
        (documents.document_is_dated_before_its_receipt, facts(),
         record("file_document", dated_on=dated, received_on=received), expected)
        for dated, received, expected in (
            (TODAY, TODAY, True), (YESTERDAY, TODAY, True), (TODAY, TOMORROW, True),
            (TODAY, YESTERDAY, f"{TODAY} – {YESTERDAY}"), (TOMORROW, TODAY, f"{TOMORROW} – {TODAY}"),
        )
    ),
    *(
        (documents.file_is_no_other_document,
         facts(*(did("file_document", document=document, sha256=sha) for document, sha in filed)),
         record("file_document", document=8, sha256=FILE), expected)
        for filed, expected in (
            ((), True), (((8, FILE),), True), (((7, OTHER),), True), (((7, "ff" * 32),), True), (((7, FILE),), "No. 7"),
            (((9, FILE),), "No. 9"), (((9, FILE), (8, FILE), (7, FILE), (9, FILE)), "No. 7 No. 9"),
            (((7, FILE), (7, OTHER)), "No. 7"),
        )
    ),
    (documents.file_is_no_other_document, facts(), record("file_document", more=[paper(17, sha256=OTHER)]), True),
    (documents.file_is_no_other_document, facts(), record("file_document", more=[paper(17, sha256=SCENES)]),
     "No. 17 No. 18"),
    (documents.file_is_no_other_document, facts(did("file_document", more=[paper(17, sha256=OTHER)])),
     record("file_document", sha256=OTHER), "No. 17"),
    (documents.document_is_dated_before_its_receipt, facts(),
     record("file_document", more=[paper(17, dated_on=TOMORROW)]), f"{TOMORROW} – {TODAY}"),
    *(
        (documents.papers_that_show_residents_are_in_the_vault, facts(),
         record("file_document", document=first, in_vault=first_is_in, more=[paper(20, in_vault=second_is_in)]), it)
        for first, first_is_in, second_is_in, it in (
            (11, True, True, True), (11, False, True, "No. 11"), (11, False, False, "No. 11 No. 20"),
            (10, False, True, True), (12, True, False, "No. 20"),
        )
    ),
    *(
        (documents.slips_shown_are_on_record, facts(did("hand_over_medium")),
         record("file_document", document=number, slips=slips), it)
        for number, slips, it in (
            (8, (), True), (8, ("1",), True), (8, ("1", "2"), "2"), (9, ("1",), "1"), (9, (), True), (7, ("1",), "1"),
        )
    ),
    *(
        (documents.documents_are_on_file, facts(*told), NOTHING, it)
        for told, it in (
            ((), True), ((did("report_erasure"),), "No. 18"),
            ((did("report_erasure"), did("file_document", document=18)), True),
            ((did("file_document", document=17, more=[paper(18)]), did("report_erasure")), True),
            ((did("conclude_contract"),), "No. 1"), ((did("conclude_contract", contract=FILE),), True),
            ((did("deliver_manuscript"),), True),  # the proof of it is not there yet
            ((*HANDED, did("file_document", document=8, slips=("1", "2"))), "No. 8 (3) No. 9 No. 17 No. 22"),
            ((*HANDED, did("file_document", document=8, slips=("1",))), "No. 8 (2, 3) No. 9 No. 17 No. 22"),
            ((*HANDED, did("file_document", document=8, slips=("1", "2", "3"))), "No. 9 No. 17 No. 22"),
            ((*HANDED, did("conclude_contract")), "No. 1 No. 8 (1, 2, 3) No. 9 No. 17 No. 22"),
            (
                (*HANDED, did("conclude_contract", contract=FILE), did("file_document", document=17)),
                "No. 8 (1, 2, 3) No. 9 No. 22",
            ),
            # Who subcontracts is not named yet.
            ((did("register_handlers", subcontracting="consented", consent_number="決-1"),), "No. 2"),
        )
    ),
    *(
        (
            oversight.redacted_text_is_there, facts(did("claim_measures")),
            record("redact_text", entry=number, place=f"record.{field}"), it,
        )
        for number, field, it in (
            (1, "evidence", True), (2, "evidence", "2 record.evidence"), (1, "reason", "1 record.reason"),
        )
    ),
    *(
        (oversight.corrected_entry_is_this_years, facts(*map(did, acts)), record("correct_entry", corrects=number), it)
        for acts, number, it in (
            ((), 1, "1"), (("hold",), 1, True), (("hold",), 2, "2"), (("hold", "release_hold"), 2, True),
            (("hold", "release_hold"), 3, "3"),
        )
    ),
    *(
        (within_commitments(act), facts(commitments={"contract_end": end, "ceremony": YESTERDAY}), NOTHING, expected)
        for act, end, expected in (
            ("report_erasure", TOMORROW, True), ("report_erasure", TODAY, True),
            ("report_erasure", YESTERDAY, str(YESTERDAY)), ("end_returned_mail", YESTERDAY, True),
            ("post", TOMORROW, str(YESTERDAY)),  # bound by the ceremony alone
        )
    ),
    (within_commitments("report_erasure"), facts(), NOTHING, True),
    (within_commitments("report_erasure"), facts(commitments={"approved_period": YESTERDAY, "contract_end": YESTERDAY}),
     NOTHING, f"{YESTERDAY} {YESTERDAY}"),
    *(
        (oversight.passed_commitment_is_known, facts(commitments={"contract_end": TODAY}),
         record("decide_late_plan", commitment=key, until=until), expected)
        for key, until, expected in (
            ("contract_end", TOMORROW, True), ("contract_end", TODAY, f"{TODAY} ≤ {TODAY}"),
            ("contract_end", YESTERDAY, f"{YESTERDAY} ≤ {TODAY}"), ("ceremony", TOMORROW, "ceremony"),
        )
    ),
    (oversight.passed_commitment_is_known, facts(), record("decide_late_plan"), "ceremony"),
    (oversight.no_incident_is_open, facts(), NOTHING, True),
    (oversight.no_incident_is_open, facts(incidents=frozenset({4, 2})), NOTHING, "第2号 第4号"),
    (oversight.new_referral_is_recorded, facts(), NOTHING, True),
    (oversight.new_referral_is_recorded, facts(did("record_referral"), differs=("poster",)), NOTHING, True),
    *(
        (oversight.referral_is_decided, facts(), record("record_referral", decided_on=day), expected)
        for day, expected in ((TODAY, True), (YESTERDAY, True), (TOMORROW, False))
    ),
    *(
        (guard, facts(on_hold=held), record("hold"), held is wanted)
        for guard, wanted in ((oversight.cycle_is_on_hold, True), (oversight.cycle_is_not_on_hold, False))
        for held in (True, False)
    ),
    *(
        (guard, facts(incidents=numbers), record(act), expected)
        for guard, act in (
            (oversight.incident_is_open, "settle_incident"), (oversight.assessed_incident_is_open, "assess_incident"),
            (oversight.reported_incident_is_open, "report_to_commission"),
            (oversight.notified_incident_is_open, "notify_persons"),
            (oversight.publication_is_of_an_open_incident, "publish_incident"),
            (oversight.discussion_is_of_an_open_incident, "discuss_measures"),
        )
        for numbers, expected in ((frozenset({1, 3}), True), (frozenset({3}), False), (frozenset[int](), False))
    ),
    *(
        (oversight.report_lies_after_the_knowing, facts(cases=cases),
         record("report_to_commission", report=which, reported_on=day), expected)
        for cases, which, day, expected in (
            ((), "prompt", TODAY, True), ((), "final", YESTERDAY, True), ((), "prompt", TOMORROW, False),
            ((case(),), "prompt", YESTERDAY, True), ((case(),), "prompt", TODAY, True),
            ((case(),), "prompt", YESTERDAY - timedelta(days=1), False), ((case(),), "final", TODAY, False),
            ((case(reported=frozenset({"prompt"})),), "final", TODAY, True),
            ((Incident(number=1, report=None),), "prompt", date(2026, 4, 1), True),
            ((Incident(number=2, report=case().report), case(known_on=TODAY)), "prompt", YESTERDAY, False),
            ((Incident(number=0, report=case().report), case(known_on=TODAY)), "prompt", YESTERDAY, False),
        )
    ),
    *(
        (oversight.report_lies_after_the_knowing, facts(cases=(case(),), programme=ONE_FOR_BOTH),
         record("report_to_commission", report=which, reported_on=day), expected)
        for which, day, expected in (
            ("final", TODAY, True), ("prompt", TODAY, True), ("final", TOMORROW, False),
            ("final", YESTERDAY - timedelta(days=1), False),
        )
    ),
    *(
        (oversight.times_of_the_incident_are_in_order, facts(),
         record("report_incident", known_on=YESTERDAY, known_at=known, contractor_notified_at=notified), expected)
        for known, notified, expected in (
            (None, None, True), (DAY_AGO, None, True), (None, DAY_AGO, True), (DAY_AGO, NOW, True), (None, NOW, True),
            (NOW, None, stamp(NOW)), (MIDNIGHT, None, True), (MIDNIGHT - MINUTE, None, stamp(MIDNIGHT - MINUTE)),
            (None, MIDNIGHT, True), (None, MIDNIGHT - MINUTE, stamp(MIDNIGHT - MINUTE)),
            (None, NOW + MINUTE, stamp(NOW + MINUTE)), (NOW, NOW, stamp(NOW)),
            (MIDNIGHT - MINUTE, NOW + MINUTE, f"{stamp(NOW + MINUTE)} {stamp(MIDNIGHT - MINUTE)}"),
        )
    ),
    (oversight.times_of_the_incident_are_in_order, facts(), record("report_incident", known_at=NOW + MINUTE),
     stamp(NOW + MINUTE)),
    *(
        (oversight.notified_incident_is_open, facts(**OPEN), record("notify_persons", **told), expected)
        for told, expected in (
            ({"how": "substitute"}, False), ({"how": "substitute", "reason": "転居先不明"}, True),
            ({"how": "visit"}, True),
        )
    ),
    *(
        (oversight.publication_is_of_an_open_incident, facts(**OPEN), record("publish_incident", **told), expected)
        for told, expected in (
            ({"published": False}, False), ({"published": False, "reason": "軽微"}, True), ({"published": True}, True),
        )
    ),
    *(
        (oversight.discussion_is_of_an_open_incident, facts(**OPEN), record("discuss_measures", **told), expected)
        for told, expected in (
            ({"incident": 0}, True), ({"incident": 2}, False), ({"discussed_on": YESTERDAY}, True),
            ({"discussed_on": TOMORROW}, False),
        )
    ),
    *(
        (oversight.notice_of_the_contractor_is_in_order, facts(cases=cases),
         record("discuss_measures", incident=number, contractor_notified_at=notified), expected)
        for cases, number, notified, expected in (
            ((case(),), 1, None, True), ((case(),), 1, NOW, True), ((case(),), 1, NOW - timedelta(days=1), True),
            ((case(),), 1, NOW - timedelta(days=2), stamp(NOW - timedelta(days=2))),
            ((case(),), 1, NOW + timedelta(seconds=1), stamp(NOW + timedelta(seconds=1))),
            ((case(),), 0, NOW, stamp(NOW)), ((case(),), 0, None, True),
            ((Incident(number=1, report=None),), 1, NOW, True), ((KNOWN_TODAY, case()), 1, DAY_AGO, True),
            ((case(), KNOWN_TODAY), 2, DAY_AGO, stamp(DAY_AGO)), ((case(), KNOWN_TODAY), 2, NOW, True),
        )
    ),
    (oversight.duties_of_the_law_are_done, facts(), record("settle_incident"), True),
    (oversight.duties_of_the_law_are_done, facts(cases=(case(persons=100),)), record("settle_incident"), True),
    (oversight.duties_of_the_law_are_done, facts(cases=(Incident(number=1, report=None),)), record("settle_incident"),
     True),
    (oversight.duties_of_the_law_are_done, facts(cases=(case(reportable=False),)), record("settle_incident"), True),
    (oversight.duties_of_the_law_are_done, facts(cases=(case(reportable=True, **DONE_ALL),)), record("settle_incident"),
     True),
    *(
        (oversight.duties_of_the_law_are_done,
         facts(cases=(Incident(number=number, report=case().report), case(reportable=False))),
         record("settle_incident"),
         True)
        for number in (0, 2)
    ),
    *(
        (oversight.act_is_still_owed, facts(*told, due=due), record("move_deadline"), expected)
        for told, due, expected in (
            ((), {"close": TODAY}, True), ((), {}, False), ((did("close"),), {"close": TODAY}, False),
            ((did("close"),), {}, False),
        )
    ),
    *(
        (oversight.reminder_reached_the_person, facts(asked_by=by, reminded=to), record("acknowledge_reminder"), it)
        for by, to, it in (
            ("asahi", "asahi", True), ("asahi", "contractor", True), ("sato", "asahi", True),
            ("kobayashi", "asahi", False),
            ("asahi", "", False), ("sato", "", False), ("nobody", "nobody", False),
        )
    ),
)  # fmt: skip

BEFORE = YESTERDAY - timedelta(days=1)
SINCE_YESTERDAY, AT_ONCE = f"{YESTERDAY} – {TODAY}", f"{TODAY} – {TODAY}"
BACK_THEN, NEXT_DAY = NOW - timedelta(days=1), NOW + timedelta(days=1)
AT_NIGHT = datetime(2026, 11, 9, 15, tzinfo=UTC)  # midnight in Tokyo: there it is today
RETURNED = dated_after("checked_on", "return_items", "report_receipt")


def erased_once(at: datetime) -> ActRecord:
    return CopyErased.model_validate(erased(erased_at=at))


CONTRACT_DAY = next(it for it in BY_TRIGGER["conclude_contract"].guards if it.name == "date_is_an_open_day")

DATES: tuple[Case, ...] = (
    *(
        (RETURNED, facts(*(did(act, at) for act, at in told)), record("return_media", checked_on=day), expected)
        for told, day, expected in (
            ((), TODAY, True), ((), BEFORE, True), ((), TOMORROW, f"{TOMORROW}:  – {TODAY}"),
            ((("return_items", NOW),), TODAY, True),
            ((("return_items", NOW),), YESTERDAY, f"{YESTERDAY}: {AT_ONCE}"),
            ((("return_items", AT_NIGHT),), YESTERDAY, f"{YESTERDAY}: {AT_ONCE}"),
            ((("return_items", BACK_THEN),), YESTERDAY, True), ((("return_items", BACK_THEN),), TODAY, True),
            ((("return_items", BACK_THEN),), BEFORE, f"{BEFORE}: {SINCE_YESTERDAY}"),
            ((("return_items", BACK_THEN),), TOMORROW, f"{TOMORROW}: {SINCE_YESTERDAY}"),
            ((("report_receipt", BACK_THEN),), BEFORE, f"{BEFORE}: {SINCE_YESTERDAY}"),
            ((("report_receipt", BACK_THEN), ("return_items", NOW)), YESTERDAY, f"{YESTERDAY}: {AT_ONCE}"),
            ((("report_receipt", NOW), ("return_items", BACK_THEN)), YESTERDAY, f"{YESTERDAY}: {AT_ONCE}"),
            ((("report_completion", NOW),), YESTERDAY, True),
        )
    ),
    *(
        (dated_after("erased_at", "report_receipt"), facts(did("report_receipt")), erased_once(at), expected)
        for at, expected in (
            (NOW, True), (AT_NIGHT, True), (AT_NIGHT - timedelta(seconds=1), f"{YESTERDAY}: {AT_ONCE}"),
            (NEXT_DAY, f"{TOMORROW}: {AT_ONCE}"),
        )
    ),
    (dated_after("happened_on", "close"), facts(did("close")), record("claim_measures", happened_on=None), True),
    *(
        (on_an_open_day("checked_on"), facts(is_open=lambda it: it != YESTERDAY),
         record("return_media", checked_on=day), expected)
        for day, expected in ((TODAY, True), (BEFORE, True), (YESTERDAY, str(YESTERDAY)))
    ),
    *(
        (on_an_open_day("erased_at"), facts(is_open=lambda it: it != YESTERDAY), erased_once(at), expected)
        for at, expected in ((AT_NIGHT, True), (AT_NIGHT - timedelta(seconds=1), str(YESTERDAY)))
    ),
    *(
        (CONTRACT_DAY, facts(is_open=lambda it: it != TODAY), record("conclude_contract", concluded_on=day), expected)
        for day, expected in ((None, str(TODAY)), (TODAY, str(TODAY)), (YESTERDAY, True))
    ),
    (on_an_open_day("happened_on"), facts(is_open=lambda _day: False), record("claim_measures", happened_on=None),
     True),
    (done_on_an_open_day, facts(is_open=lambda it: it == TODAY), NOTHING, True),
    (done_on_an_open_day, facts(is_open=lambda it: it != TODAY), NOTHING, str(TODAY)),
    (report_comes_in_on_an_open_day, facts(is_open=lambda it: it == TODAY), NOTHING, True),
    (report_comes_in_on_an_open_day, facts(is_open=lambda it: it != TODAY), NOTHING, str(TODAY)),
)  # fmt: skip

PLANNED, ONLY_TODAY = f"{TODAY} – {TOMORROW}", f"{TODAY} – {TODAY}"
NAME, OTHER_NAME = "協和製本", "乙社"
BOTH = f"{NAME}、{OTHER_NAME}"
DECLARED, CONSENTED = did("declare_subcontractor"), did("consent_to_subcontracting")
WITHDRAWN = did("declare_subcontractor", withdrawn=True)
DECLARED_TOO = did("declare_subcontractor", name=OTHER_NAME)
CONSENTED_TOO = did("consent_to_subcontracting", name=OTHER_NAME)
WITHOUT_CLAUSE = did("declare_subcontractor", inspection_clause=False)
WITHOUT_CLAUSE_TOO = did("declare_subcontractor", name=OTHER_NAME, inspection_clause=False)
SUBCONTRACTS = did("register_handlers", subcontracting="consented", consent_number="決-1")
CONTRACT = did("conclude_contract", BACK_THEN)
WENT_OUT, INSPECTED = did("hand_over_medium"), did("inspect_contractor")
INSPECTED_HIM = did("inspect_contractor", subcontractor=NAME)
CLOUD, CLOUD_OF_WARD = did("declare_cloud_use"), did("declare_cloud_use", side="ward")
CONSENTING = PROGRAMME.model_copy(
    update={"contractor": PROGRAMME.contractor.model_copy(update={"subcontracting": "consented"})}
)


def found(*due: date, on: date = TODAY) -> dict[str, Any]:
    things = [{"what": f"施錠{number}", "due_on": day} for number, day in enumerate(due, start=1)]
    return {"inspected_on": on, "findings": len(due), "found": things}


def righted(finding: int) -> Told:
    return did("settle_finding", finding=finding)


FOUND_TWO = did("inspect_contractor", **found(AFTER, TOMORROW, on=YESTERDAY))
FOUND_MORE = did("inspect_contractor", **found(TOMORROW))

RECEIVED = did("report_receipt")
NIGHT = {"phone_out_of_hours": "090-0000-0100"}


def reached(*ids: str, **changes: Any) -> dict[str, Person]:
    """Return the people of the cases, these with a telephone for nights."""
    told = {name: (NIGHT if name in ids else {}) | changes.get(name, {}) for name in PEOPLE}
    return {name: person.model_copy(update=told[name]) for name, person in PEOPLE.items()}


SUPERVISION: tuple[Case, ...] = (
    *(
        (supervision.nights_have_a_number, facts(people=people), NOTHING, expected)
        for people, expected in (
            (PEOPLE, "承認者 担当者 取扱責任者"),
            (reached("takahashi", "suzuki", "asahi"), True),
            (reached("takahashi", "suzuki", "gone"), "取扱責任者"),
            (reached("sato", "asahi", "ito"), "承認者"),
            (reached("sato", "asahi", "ito", takahashi={"substitute": "ito"}), True),
            (reached("takahashi", "asahi", sato={"substitute": "left"}), "担当者"),
        )
    ),
    *(
        (guard, facts(*told), NOTHING, expected)
        for guard, told, expected in (
            (supervision.flow_is_acknowledged, (), False),
            (supervision.flow_is_acknowledged, (did("confirm_contacts"),), False),
            (supervision.flow_is_acknowledged, (did("confirm_contacts", flow_version="1"),), False),
            (supervision.flow_is_acknowledged, (did("confirm_contacts", flow_acknowledged_on=TODAY),), False),
            (supervision.flow_is_acknowledged,
             (did("confirm_contacts", flow_version="1", flow_acknowledged_on=TODAY),), True),
            (supervision.procedure_has_its_version, (), False),
            (supervision.procedure_has_its_version, (did("confirm_contacts"),), False),
            (supervision.procedure_has_its_version, (did("confirm_contacts", procedure_version="1"),), True),
            (supervision.contractor_reported_his_check, (), False),
            (supervision.contractor_reported_his_check, (did("report_status"),), True),
            (supervision.ward_checked_its_own_keeping, (), False),
            (supervision.ward_checked_its_own_keeping, (did("inspect_contractor"),), False),
            (supervision.ward_checked_its_own_keeping,
             (did("inspect_contractor", own_keeping_checked_on=TODAY), did("inspect_contractor")), True),
            (supervision.wards_logs_are_analysed, (did("inspect_contractor"),), False),
            (supervision.wards_logs_are_analysed, (did("inspect_contractor", logs_until=YESTERDAY),), True),
            (supervision.wards_logs_are_analysed,
             (did("hand_over_medium"), did("inspect_contractor", logs_until=YESTERDAY)), False),
            (supervision.wards_logs_are_analysed,
             (did("hand_over_medium"), did("inspect_contractor", logs_until=TODAY)), True),
            (supervision.wards_logs_are_analysed,
             (did("hand_over_medium", DAY_AGO), did("inspect_contractor", logs_until=TODAY)), True),
        )
    ),
    *(
        (supervision.self_check_was_made_by_the_contractor, facts(),
         record("report_status", checked_by=by, self_checked_on=day), expected)
        for by, day, expected in (
            ("asahi", TODAY, True), ("kobayashi", TODAY, True), ("gone", YESTERDAY, True), ("gone", TODAY, "gone"),
            ("sato", TODAY, "sato"), ("nobody", TODAY, "nobody"),
        )
    ),
    *(
        (supervision.logs_reach_from_the_receipt, facts(*told),
         record("report_status", logs_from=begin, logs_until=end), expected)
        for told, begin, end, expected in (
            ((RECEIVED,), TODAY, TODAY, True), ((RECEIVED,), YESTERDAY, TODAY, True),
            ((did("report_receipt", DAY_AGO),), YESTERDAY, TODAY, True),
            ((did("report_receipt", DAY_AGO),), YESTERDAY, YESTERDAY, True),
            ((RECEIVED,), TOMORROW, TOMORROW, f"{TODAY} – {TODAY}"),
            ((RECEIVED,), TODAY, YESTERDAY, f"{TODAY} – {TODAY}"), ((RECEIVED,), TODAY, TOMORROW, f"{TODAY} – {TODAY}"),
            ((), TODAY, TODAY, True), ((), TODAY, YESTERDAY, f"{YESTERDAY} – {TODAY}"),
        )
    ),
    *(
        (guard, facts(), record("inspect_contractor", **{field: day}), expected)
        for guard, field in (
            (supervision.logs_are_of_the_past, "logs_until"),
        )
        for day, expected in ((None, True), (TODAY, True), (YESTERDAY, True), (TOMORROW, False))
    ),
    *(
        (supervision.own_check_has_happened, facts(*told), record("inspect_contractor", own_keeping_checked_on=day), it)
        for told, day, it in (
            ((), None, True), ((), TODAY, True), ((), YESTERDAY, True), ((), TOMORROW, f" – {TODAY}"),
            ((did("conclude_contract"),), TODAY, True), ((did("conclude_contract"),), YESTERDAY, f"{TODAY} – {TODAY}"),
            ((did("conclude_contract", NOW - timedelta(days=9)),), YESTERDAY, True),
        )
    ),
    *(
        (guard, facts(), record("report_status", findings=1, found=[{"what": "施錠", "due_on": day}]), expected)
        for guard, day, expected in (
            (supervision.findings_are_all_named, TODAY, True),
            (supervision.findings_are_due_after_the_inspection, TODAY, True),
            (supervision.findings_are_due_after_the_inspection, YESTERDAY, "施錠"),
        )
    ),
    (supervision.findings_are_all_named, facts(), record("report_status", findings=1), "1 ≠ 0"),
    *(
        (supervision.inspection_is_planned_in_the_period,
         facts(*(did("plan_inspection", planned_on=day) for day in plans), due={"post": TOMORROW}),
         record("confirm_readiness", inspection_planned_on=here), expected)
        for plans, here, expected in (
            ((), TODAY, True), ((), TOMORROW, True), ((), YESTERDAY, PLANNED), ((), AFTER, PLANNED),
            ((), None, PLANNED), ((TODAY,), None, True), ((TOMORROW,), None, True), ((YESTERDAY,), None, PLANNED),
            ((AFTER,), None, PLANNED), ((AFTER,), TODAY, True), ((TODAY,), AFTER, True),
            ((TODAY, AFTER), None, True), ((AFTER, TODAY), YESTERDAY, True), ((YESTERDAY, AFTER), None, PLANNED),
        )
    ),
    *(
        (supervision.inspection_is_planned_in_the_period,
         facts(*told, did("plan_inspection", planned_on=YESTERDAY), due={"post": last}),
         record("confirm_readiness", inspection_planned_on=here), expected)
        for told, last, here, expected in (
            ((INSPECTED,), TOMORROW, None, True), ((INSPECTED_HIM,), TOMORROW, None, PLANNED),
            ((INSPECTED_HIM, INSPECTED), TOMORROW, YESTERDAY, True), ((), YESTERDAY, AFTER, True),
            ((), YESTERDAY, YESTERDAY, f"{TODAY} –"), ((), TODAY, TODAY, True), ((), TODAY, TOMORROW, ONLY_TODAY),
        )
    ),
    *(
        (supervision.every_subcontractor_has_consent, facts(*told), NOTHING, expected)
        for told, expected in (
            ((), True), ((DECLARED,), NAME), ((DECLARED, CONSENTED), True), ((CONSENTED, DECLARED), NAME),
            ((DECLARED, CONSENTED, DECLARED), NAME), ((DECLARED, CONSENTED, DECLARED, CONSENTED), True),
            ((WITHDRAWN,), True), ((DECLARED, WITHDRAWN), True), ((DECLARED, CONSENTED, WITHDRAWN), True),
            ((WITHDRAWN, DECLARED), NAME), ((DECLARED, DECLARED_TOO), BOTH), ((DECLARED, DECLARED_TOO, DECLARED), BOTH),
            ((DECLARED_TOO, DECLARED), f"{OTHER_NAME}、{NAME}"), ((DECLARED, DECLARED_TOO, CONSENTED_TOO), NAME),
            ((DECLARED, DECLARED_TOO, CONSENTED), OTHER_NAME), ((DECLARED, CONSENTED_TOO), NAME),
            ((DECLARED, CONSENTED, DECLARED_TOO, CONSENTED_TOO), True),
        )
    ),
    *(
        (supervision.subcontractors_are_named, facts(*told), NOTHING, expected)
        for told, expected in (
            ((), True), ((did("register_handlers"),), True), ((did("register_handlers"), DECLARED), True),
            ((SUBCONTRACTS,), False), ((SUBCONTRACTS, DECLARED), True),
        )
    ),
    *(
        (supervision.consent_is_to_a_declared_one, facts(*told), record("consent_to_subcontracting", name=name), it)
        for told, name, it in (
            ((), NAME, "–"), ((DECLARED,), NAME, True), ((WITHDRAWN,), NAME, "–"), ((DECLARED, WITHDRAWN), NAME, "–"),
            ((WITHDRAWN, DECLARED), NAME, True), ((DECLARED_TOO,), NAME, OTHER_NAME),
            ((DECLARED, DECLARED_TOO), OTHER_NAME, True), ((DECLARED, DECLARED_TOO), "協和", BOTH),
            ((DECLARED, DECLARED_TOO), "丙社", BOTH), ((WITHDRAWN, DECLARED_TOO), NAME, OTHER_NAME),
        )
    ),
    *(
        (supervision.subcontract_allows_inspections, facts(*told), record("consent_to_subcontracting", name=name), it)
        for told, name, it in (
            ((), NAME, True), ((DECLARED,), NAME, True), ((WITHOUT_CLAUSE,), NAME, False),
            ((WITHOUT_CLAUSE, DECLARED), NAME, True), ((DECLARED, WITHOUT_CLAUSE), NAME, False),
            ((WITHOUT_CLAUSE, DECLARED_TOO), OTHER_NAME, True), ((WITHOUT_CLAUSE, DECLARED_TOO), NAME, False),
            ((DECLARED, WITHOUT_CLAUSE_TOO), NAME, True), ((DECLARED, WITHOUT_CLAUSE_TOO), OTHER_NAME, False),
        )
    ),
    *(
        (supervision.subcontracting_was_referred, facts(*told, programme=programme),
         record("consent_to_subcontracting"), expected)
        for told, programme, expected in (
            ((), PROGRAMME, False), ((did("record_referral"),), PROGRAMME, True), ((), CONSENTING, True),
            ((did("record_referral"),), CONSENTING, True),
        )
    ),
    *(
        (supervision.cloud_follows_the_guideline, facts(),
         record("declare_cloud_use", service=service, guideline_followed=followed, statement=file), expected)
        for service, followed, file, expected in (
            ("", False, "", True), ("保管", False, "", False), ("保管", True, "", False), ("保管", False, FILE, False),
            ("保管", True, FILE, True),
        )
    ),
    *(
        (supervision.servers_stand_in_a_prefecture, facts(), record("declare_cloud_use", server_place=place), expected)
        for place, expected in (
            ("東京都", True), ("北海道", True), ("沖縄県", True), ("カリフォルニア", False), ("", False),
            ("東京", False), ("東京都、大阪府", False),
        )
    ),
    *(
        (supervision.servers_stand_under_japanese_law, facts(),
         record("declare_cloud_use", under_japanese_law=it), it)
        for it in (True, False)
    ),
    *(
        (supervision.cloud_use_is_declared, facts(*told), NOTHING, expected)
        for told, expected in (
            ((), False), ((CLOUD,), True), ((CLOUD_OF_WARD,), False), ((CLOUD, CLOUD_OF_WARD), True),
            ((CLOUD_OF_WARD, CLOUD), True),
        )
    ),
    *(
        (supervision.planned_day_is_in_the_period, facts(due=due), record("plan_inspection", planned_on=day), expected)
        for due, day, expected in (
            ({"close": TOMORROW}, TODAY, True), ({"close": TOMORROW}, TOMORROW, True),
            ({"close": TOMORROW}, YESTERDAY, PLANNED), ({"close": TOMORROW}, AFTER, PLANNED),
            ({"post": TODAY}, AFTER, True), ({}, TODAY, True), ({}, YESTERDAY, f"{TODAY} –"),
            ({"close": YESTERDAY}, AFTER, True), ({"close": YESTERDAY}, TODAY, True),
            ({"close": YESTERDAY}, YESTERDAY, f"{TODAY} –"), ({"close": TODAY}, TOMORROW, ONLY_TODAY),
        )
    ),
    *(
        (guard, facts(), record(act, kind=kind, reason=reason), expected)
        for guard, act in (
            (supervision.planned_desk_check_has_its_reason, "plan_inspection"),
            (supervision.desk_check_has_its_reason, "inspect_contractor"),
        )
        for kind, reason, expected in (
            ("on_site", "", True), ("on_site", "積雪", True), ("desk", "", False), ("desk", "積雪", True),
        )
    ),
    *(
        (guard, facts(), record(act, **{field: day, "inspectors": names}), expected)
        for guard, act, field in (
            (supervision.planned_inspectors_are_registered, "plan_inspection", "planned_on"),
            (supervision.inspectors_are_registered, "inspect_contractor", "inspected_on"),
        )
        for day, names, expected in (
            (TODAY, ("sato",), True), (TODAY, ("left",), "left"), (YESTERDAY, ("left",), True),
            (TODAY, ("sato", "nobody", "suzuki", "left"), "nobody left"), (date(2026, 4, 1), ("sato",), True),
            (date(2026, 3, 31), ("sato",), "sato"), (date(2027, 3, 31), ("sato",), True),
            (date(2027, 4, 1), ("sato",), "sato"),
        )
    ),
    (supervision.inspectors_are_registered, facts(), record("inspect_contractor"), True),
    *(
        (supervision.findings_are_all_named, facts(),
         record("inspect_contractor", **(found(*due) | {"findings": number})), expected)
        for due, number, expected in (
            ((), 0, True), ((TODAY,), 1, True), ((TODAY,), 2, "2 ≠ 1"), ((TODAY,), 0, "0 ≠ 1"), ((), 1, "1 ≠ 0"),
            ((TODAY, TODAY), 2, True),
        )
    ),
    *(
        (supervision.findings_are_due_after_the_inspection, facts(), record("inspect_contractor", **found(*due)), it)
        for due, it in (
            ((), True), ((TODAY,), True), ((TOMORROW,), True), ((YESTERDAY,), "施錠1"),
            ((TODAY, YESTERDAY, TOMORROW), "施錠2"), ((YESTERDAY, TODAY, YESTERDAY), "施錠1、施錠3"),
        )
    ),
    (supervision.findings_are_due_after_the_inspection, facts(is_open=lambda it: it != TOMORROW),
     record("inspect_contractor", **found(TODAY, TOMORROW)), "施錠2"),
    *(
        (supervision.inspection_has_happened, facts(*told), record("inspect_contractor", inspected_on=day), expected)
        for told, day, expected in (
            ((), TODAY, True), ((), BEFORE, True), ((), TOMORROW, f"{TOMORROW} – {TODAY}"), ((CONTRACT,), TODAY, True),
            ((CONTRACT,), YESTERDAY, True), ((CONTRACT,), BEFORE, SINCE_YESTERDAY),
            ((CONTRACT,), TOMORROW, SINCE_YESTERDAY),
        )
    ),
    *(
        (supervision.inspected_subcontractor_is_declared, facts(*told),
         record("inspect_contractor", subcontractor=name), expected)
        for told, name, expected in (
            ((), "", True), ((), NAME, "–"), ((DECLARED,), "", True), ((DECLARED,), NAME, True),
            ((DECLARED_TOO,), NAME, OTHER_NAME), ((DECLARED, DECLARED_TOO), OTHER_NAME, True),
            ((DECLARED, DECLARED_TOO), "協和", BOTH),
        )
    ),
    *(
        (supervision.finding_is_open, facts(*told), record("settle_finding", finding=number), expected)
        for told, number, expected in (
            ((), 1, "–"), ((INSPECTED,), 1, "–"), ((FOUND_TWO,), 1, True), ((FOUND_TWO,), 2, True),
            ((FOUND_TWO,), 3, "No. 1 No. 2"), ((FOUND_TWO, righted(1)), 1, "No. 2"), ((FOUND_TWO, righted(1)), 2, True),
            ((FOUND_TWO, righted(2)), 3, "No. 1"), ((FOUND_TWO, righted(1), righted(2)), 2, "–"),
            ((FOUND_TWO, INSPECTED, FOUND_MORE), 3, True), ((FOUND_TWO, FOUND_MORE), 4, "No. 1 No. 2 No. 3"),
        )
    ),
    *(
        (supervision.finding_was_seen_since, facts(*told),
         record("settle_finding", finding=number, settled_on=day), expected)
        for told, number, day, expected in (
            ((), 1, BEFORE, True), ((), 1, TODAY, True), ((), 1, TOMORROW, f"{TOMORROW} – {TODAY}"),
            ((FOUND_TWO,), 1, YESTERDAY, True), ((FOUND_TWO,), 2, TODAY, True),
            ((FOUND_TWO,), 1, BEFORE, SINCE_YESTERDAY), ((FOUND_TWO,), 2, BEFORE, SINCE_YESTERDAY),
            ((FOUND_TWO,), 2, TOMORROW, SINCE_YESTERDAY), ((FOUND_TWO, FOUND_MORE), 3, TODAY, True),
            ((FOUND_TWO, FOUND_MORE), 3, YESTERDAY, AT_ONCE), ((FOUND_TWO, FOUND_MORE), 2, YESTERDAY, True),
        )
    ),
    *(
        (supervision.every_finding_is_put_right, facts(*told), NOTHING, expected)
        for told, expected in (
            ((), True), ((INSPECTED,), True), ((FOUND_TWO,), "No. 1 No. 2"), ((FOUND_TWO, righted(1)), "No. 2"),
            ((FOUND_TWO, righted(2)), "No. 1"), ((FOUND_TWO, righted(2), righted(1)), True),
            ((FOUND_TWO, righted(2), FOUND_MORE), "No. 1 No. 3"),
        )
    ),
    *(
        (supervision.contractor_was_inspected, facts(*told), NOTHING, expected)
        for told, expected in (
            ((), True), ((INSPECTED_HIM,), True), ((WENT_OUT,), False), ((WENT_OUT, INSPECTED), True),
            ((WENT_OUT, INSPECTED_HIM), False), ((WENT_OUT, INSPECTED, INSPECTED_HIM), True),
            ((WENT_OUT, INSPECTED_HIM, INSPECTED), True), ((WENT_OUT, did("cancel")), True),
        )
    ),
    *(
        (supervision.every_subcontractor_was_inspected, facts(*told), NOTHING, expected)
        for told, expected in (
            ((), True), ((WENT_OUT,), True), ((DECLARED, CONSENTED), True), ((WENT_OUT, DECLARED), True),
            ((WENT_OUT, DECLARED, CONSENTED), NAME), ((WENT_OUT, DECLARED, CONSENTED, WITHDRAWN), True),
            ((WENT_OUT, DECLARED, CONSENTED, INSPECTED), NAME), ((WENT_OUT, DECLARED, CONSENTED, INSPECTED_HIM), True),
            ((WENT_OUT, DECLARED, CONSENTED, INSPECTED_HIM, INSPECTED), True),
            ((WENT_OUT, DECLARED, CONSENTED, DECLARED_TOO, CONSENTED_TOO), BOTH),
            ((WENT_OUT, DECLARED, CONSENTED, DECLARED_TOO, CONSENTED_TOO, INSPECTED_HIM), OTHER_NAME),
        )
    ),
)  # fmt: skip

UNTOLD = {"giver": "", "receiver": "", "slip": "", "locked_bag": None}
DUMMIES = {"serials": "1-3", "dummies": "1-3", "sample_stack": ""}
BY_CONTRACTOR = facts(programme=consigning(poster="contractor"))
HANDED: tuple[Case, ...] = (
    *(
        (custody.hands_and_slip_are_told, facts(), sample(**changed), expected)
        for changed, expected in (
            ({}, True), ({"occasion": ""}, True), ({"giver": ""}, "渡した人"), ({"receiver": ""}, "受け取った人"),
            ({"slip": ""}, "確認記録票の番号"), (UNTOLD, "渡した人 受け取った人 確認記録票の番号"),
        )
    ),
    # A second look at what was delivered moves nothing, unless it tells hands again; the first one does.
    *(
        (claim_of_hands, facts(did("inspect_delivery", **before)), sample(**UNTOLD), expected)
        for claim_of_hands, untold in (
            (custody.hands_and_slip_are_told, "渡した人 受け取った人 確認記録票の番号"), (custody.bag_is_locked, False),
        )
        for before, expected in (({}, True), (UNTOLD, untold))
    ),
    (custody.hands_and_slip_are_told, facts(did("inspect_delivery")), sample(slip=""), "確認記録票の番号"),
    *(
        (custody.hands_and_slip_are_told, facts(), record("submit_imprint_sample", **changed), expected)
        for changed, expected in (
            ({}, True), ({"sample_stack": ""}, "印字見本の束の番号"), ({"giver": ""}, "渡した人"),
            (UNTOLD | DUMMIES, True), (UNTOLD | DUMMIES | {"dummies": "1-2"},
             "渡した人 受け取った人 確認記録票の番号 印字見本の束の番号"),
            (UNTOLD | DUMMIES | {"sample_stack": "I-2026-01"}, "渡した人 受け取った人 確認記録票の番号"),
        )
    ),
    *(
        (custody.bag_is_locked, facts(), brought, expected)
        for brought, expected in (
            (sample(), True), (sample(locked_bag=False), False), (sample(locked_bag=None), False),
            (record("submit_imprint_sample", locked_bag=False), False),
            (record("submit_imprint_sample", **(UNTOLD | DUMMIES)), True),
        )
    ),
    *(
        (custody.contractor_gives_to_the_ward, facts(), record(act, **changed), expected)
        for act in ("inspect_delivery", "submit_imprint_sample")
        for changed, expected in (
            ({}, True), ({"receiver": "watanabe"}, True), ({"carrier": "kobayashi"}, True), (UNTOLD, True),
            ({"giver": "sato"}, "sato"), ({"receiver": "kobayashi"}, "kobayashi"), ({"carrier": "suzuki"}, "suzuki"),
            ({"giver": "gone"}, "gone"), ({"receiver": "left"}, "left"), ({"carrier": "gone"}, "gone"),
            ({"giver": "nobody", "receiver": "stranger"}, "nobody stranger"),
        )
    ),
    *(
        (custody.arrived_in_good_condition, facts(), sample(condition=condition), expected)
        for condition, expected in (("", True), ("good", True), ("damaged", False), ("seal_broken", False))
    ),
    *(
        (mailing.giver_and_container_are_told, facts(), record("post", **changed), expected)
        for changed, expected in (
            ({}, True), ({"locked_bag": False}, True), ({"giver": ""}, "渡した人"),
            ({"locked_bag": None}, "鍵付きカバン等での運搬"),
            ({"giver": "", "locked_bag": None}, "渡した人 鍵付きカバン等での運搬"),
        )
    ),
    *(
        (mailing.letters_go_in_a_locked_container, facts(), record("post", locked_bag=locked), locked is True)
        for locked in (True, False, None)
    ),
    *(
        (mailing.poster_brings_the_letters, whose, record("post", **changed), expected)
        for whose, changed, expected in (
            (facts(), {}, True), (facts(), {"giver": ""}, True), (facts(), {"giver": "watanabe"}, True),
            (facts(), {"giver": "asahi"}, "asahi"), (facts(), {"giver": "left"}, "left"),
            (facts(), {"carrier": "suzuki"}, True), (facts(), {"carrier": "kobayashi"}, "kobayashi"),
            (facts(), {"giver": "nobody"}, "nobody"), (BY_CONTRACTOR, {"giver": "asahi"}, True),
            (BY_CONTRACTOR, {"giver": "sato"}, "sato"), (BY_CONTRACTOR, {"giver": "asahi", "carrier": "gone"}, "gone"),
        )
    ),
)  # fmt: skip

CASES = (*HANDED, *PRINTING, *MATERIALS, *ENCLOSING, *MAILING, *ERASURE, *OVERSIGHT, *DATES, *SUPERVISION)


@pytest.mark.parametrize(("guard", "seen", "brought", "expected"), CASES, ids=all_of(CASES))
def test_a_guard_says_what_its_claim_says(guard: Guard, seen: Facts, brought: ActRecord, expected: Said) -> None:
    """Each guard holds where its claim holds, and where it does not it says no or names what differs."""
    verdict = said(guard.check(seen, brought))
    assert verdict is expected if isinstance(expected, bool) else verdict == expected


@pytest.mark.parametrize(("storage", "methods"), erasure.METHODS.items())
def test_a_method_that_does_not_reach_is_named_with_those_that_do(storage: str, methods: tuple[str, ...]) -> None:
    """A refused method is told with the copy, what it lies on, and every method that would do."""
    wrong = next(method for method in choices.METHODS if method not in methods)
    verdict = said(
        erasure.methods_fit_the_storage.check(
            facts(copied(storage)), record("report_erasure", copies=[erased(method=wrong)])
        )
    )
    assert isinstance(verdict, str)
    assert verdict.startswith("C-2026-01")
    for title in (choices.STORAGES[storage], *(choices.METHODS[it] for it in (wrong, *methods))):
        assert translate(title, "ja") in verdict


@pytest.mark.parametrize(
    ("told", "duties"),
    [
        ({}, {oversight.ASSESSMENT}),
        ({"reportable": True}, {oversight.PROMPT, oversight.FINAL, oversight.NOTICE, oversight.PUBLICATION}),
        *(
            ({"reportable": True, **DONE_ALL, field: empty}, duties)
            for field, empty, duties in (
                ("reported", frozenset({"final"}), {oversight.PROMPT}),
                ("reported", frozenset({"prompt"}), {oversight.FINAL}),
                ("persons_notified", False, {oversight.NOTICE}),
                ("publication_decided", False, {oversight.PUBLICATION}),
            )
        ),
    ],
)
def test_what_the_law_still_asks_is_named(told: dict[str, Any], duties: set[str]) -> None:
    """An incident of more than a hundred persons is not settled before each duty is done; each open one is named."""
    verdict = said(oversight.duties_of_the_law_are_done.check(facts(cases=(case(**told),)), record("settle_incident")))
    open_ones = oversight.open_duties(case(**told), PROGRAMME.statute)
    assert verdict == "、".join(translate(duty, "ja") for duty in open_ones)
    assert set(open_ones) == duties


@pytest.mark.parametrize(
    ("reported", "duties"),
    [
        ((), {oversight.PROMPT, oversight.FINAL}),
        (("prompt",), {oversight.FINAL}),
        (("final",), set[str]()),
        (("prompt", "final"), set[str]()),
    ],
)
def test_one_full_report_is_both_where_the_ward_reads_the_law_so(reported: tuple[str, ...], duties: set[str]) -> None:
    """With the setting a final report alone fulfils both duties; a prompt one alone still leaves the final one open."""
    told = case(**DONE_ALL | {"reported": frozenset(reported)}, reportable=True)
    assert set(oversight.open_duties(told, ONE_FOR_BOTH.statute)) == duties
    verdict = oversight.duties_of_the_law_are_done.check(
        facts(cases=(told,), programme=ONE_FOR_BOTH), record("settle_incident")
    )
    assert bool(verdict) is (not duties)


def test_what_differs_from_the_referral_is_named_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A year that differs from what the board approved names each point, in the reader's language."""
    check, seen = oversight.new_referral_is_recorded.check, facts(differs=("poster", "medium"))
    assert said(check(seen, NOTHING)) == f"{translate('who posts', 'ja')}、{translate('medium', 'ja')}"
    monkeypatch.setenv("TSUDOI_LANG", "en")
    assert said(check(seen, NOTHING)) == "who posts, medium"


@pytest.mark.parametrize(
    ("first", "second", "feasible"),
    [
        ((Role.COORDINATOR,), (Role.APPROVER,), True),
        ((Role.APPROVER,), (Role.APPROVER,), False),
        ((Role.COORDINATOR,), (Role.COORDINATOR,), True),
        ((Role.AUDITOR,), (Role.APPROVER,), False),
        ((Role.APPROVER,), (Role.AUDITOR,), False),
        ((Role.HANDLING_MANAGER,), (Role.HANDLING_MANAGER,), False),
        ((Role.APPROVER,), (Role.COORDINATOR,), True),
    ],
)
def test_four_eyes_need_two_people_of_today(
    first: tuple[Role, ...], second: tuple[Role, ...], *, feasible: bool
) -> None:
    """Two roles are two pairs of eyes only where two different people who are valid today have them."""
    assert oversight.four_eyes_are_feasible(first, second, facts()) is feasible
    tomorrow = facts(now=NOW + timedelta(days=365))
    assert not oversight.four_eyes_are_feasible(first, second, tomorrow)


@pytest.mark.parametrize("scanned", [True, False])
def test_scans_are_asked_for_where_the_programme_asks(*, scanned: bool) -> None:
    """A programme that matches by scan waits for the reconciliation; one that trusts reports does not."""
    programme = facts().programme
    asking = programme.model_copy(update={"enclosing": programme.enclosing.model_copy(update={"match": "scans"})})
    seen = facts(*((SCANNED,) if scanned else ()), programme=asking)
    assert enclosing.enclosing_is_reconciled.check(seen, NOTHING) is scanned


@pytest.mark.parametrize(
    ("act", "poster", "who", "owner"),
    [
        ("post", "ward", (Role.COORDINATOR,), Side.WARD),
        ("post", "contractor", (Role.HANDLING_MANAGER,), Side.CONTRACTOR),
        ("extract", "contractor", (Role.REGISTRAR,), Side.REGISTER),
        ("close", "contractor", (Role.COORDINATOR,), Side.WARD),
    ],
)
def test_the_programme_gives_an_act_to_the_contractor(
    act: str, poster: str, who: tuple[Role, ...], owner: Side
) -> None:
    """Only an act that names a setting changes hands, and only where that setting says contractor."""
    row, programme = BY_TRIGGER[act], consigning(poster=poster)
    assert (row.who_under(programme), row.owner_under(programme)) == (who, owner)


@pytest.mark.parametrize(
    ("event", "ja", "en"),
    [
        ("letters_posted", "差出", "Post"),
        ("posting_approved_proposed", "差出承認（起案）", "Approve the posting (proposed)"),
        ("reminder_sent", "督促・通知の送付", "Reminder or notice sent"),
        ("nothing_known", "nothing_known", "nothing_known"),
    ],
)
def test_an_event_has_its_words(event: str, ja: str, en: str) -> None:
    """An entry of the ledger is called as its act is, a proposal is told as one, the unknown by its name."""
    assert event_words(event) == (ja, en)


def test_only_what_a_record_is_asked_for_is_judged_with_one() -> None:
    """A guard of the record says that it asks for one, so that nobody judges it before there is a record."""
    assert mailing.accepted_number_equals_enclosed.asks_record
    assert RETURNED.asks_record
    assert on_an_open_day("checked_on").asks_record
    assert not mailing.posting_is_approved.asks_record
    assert not erasure.no_item_is_left.asks_record


@pytest.mark.parametrize(
    ("asked", "claimed", "expected"),
    [
        (("W-OP-01", "C-OP-01"), (), (("W-OP-01", "instruction"),)),
        (("W-OP-01",), ("W-OP-01",), ()),
        (("C-OP-01",), (), ()),
        (("C-OP-01",), ("W-OP-01",), ()),
        ((), ("W-OP-01",), ()),
        ((), (), ()),
    ],
)
def test_a_coming_record_may_show_what_the_step_still_asks(
    asked: tuple[str, ...], claimed: tuple[str, ...], expected: tuple[tuple[str, str], ...]
) -> None:
    """Of the measures that a step asks for and nobody has claimed, those are told that a field of its record shows."""
    year = facts(
        measures={name: measure(name, guards=("conclude_contract",)) for name in asked},
        claimed={name: claim(name) for name in claimed},
    )
    assert measures.record_may_show(year, BY_TRIGGER["conclude_contract"]) == expected


@pytest.mark.parametrize(
    ("told", "more", "settled_now", "expected"),
    [
        ((), (), 0, None),
        ((), (AFTER, TOMORROW), 0, TOMORROW),
        ((FOUND_TWO,), (), 0, TOMORROW),
        ((FOUND_TWO,), (TODAY,), 0, TODAY),
        ((FOUND_TWO,), (), 1, TOMORROW),
        ((FOUND_TWO,), (), 2, AFTER),
        ((FOUND_TWO, righted(2)), (), 0, AFTER),
        ((FOUND_TWO, righted(2)), (), 1, None),
    ],
)
def test_the_earliest_finding_is_owed_first(
    told: tuple[Told, ...], more: tuple[date, ...], settled_now: int, expected: date | None
) -> None:
    """What is owed next is the earliest that is open or just found, but for what was just put right."""
    findings = [InspectionFinding(what="施錠", due_on=day) for day in more]
    assert supervision.next_due(facts(*told), findings, settled_now) == expected


def test_without_more_every_open_finding_is_owed() -> None:
    """Where nothing is just found or put right, the earliest of all that are open is owed."""
    due_first = did("inspect_contractor", **found(TOMORROW, AFTER))
    assert supervision.next_due(facts(due_first)) == TOMORROW


def test_a_subcontractor_and_a_finding_name_their_entries() -> None:
    """The entry of the declaration, of the consent to it, and of the inspection are told with what they brought."""
    told = (DECLARED, DECLARED_TOO, CONSENTED, CONSENTED_TOO, DECLARED, INSPECTED_HIM, FOUND_TWO, righted(2))
    assert [
        (it.declared.name, it.declared_seq, it.consent is not None, it.consent_seq)
        for it in supervision.subcontractors(facts(*told))
    ] == [(NAME, 5, False, 0), (OTHER_NAME, 2, True, 4)]
    at_his = did("inspect_contractor", subcontractor=NAME, **found(TOMORROW))
    assert [
        (it.number, it.found_at, it.seq, it.settled is not None) for it in supervision.findings(facts(*told, at_his))
    ] == [(1, "", 7, False), (2, "", 7, True), (3, NAME, 9, False)]
    his_own = did("report_status", findings=1, found=[{"what": "施錠", "due_on": TOMORROW}])
    found_by_himself = supervision.findings(facts(*told, his_own, at_his))
    assert [(it.number, it.found_at, it.seq) for it in found_by_himself[2:]] == [(3, "", 9), (4, NAME, 10)]
    found_by_himself_later = supervision.findings(facts(*told, at_his, his_own))
    assert [(it.number, it.found_at, it.seq) for it in found_by_himself_later[2:]] == [(3, NAME, 9), (4, "", 10)]


@pytest.mark.parametrize(
    "rule",
    [
        STATES[0], BY_TRIGGER["post"], PIECE,
        supervision.subcontractors(facts(DECLARED))[0], supervision.findings(facts(FOUND_TWO))[0],
    ],
)  # fmt: skip
def test_a_rule_is_not_changed_while_it_is_in_use(
    rule: State | Row | Machine | supervision.Subcontractor | supervision.FoundAt,
) -> None:
    """None of what the rules are made of, or tell, can be changed, and each is written with the names of its parts."""
    name = fields_of(rule)[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(rule, name, "other")
    with pytest.raises(TypeError):
        type(rule)(*(None for _part in fields_of(rule)))  # type: ignore[misc]  # that it cannot be written so is the claim


def test_a_discount_that_is_not_earned_stops_no_posting() -> None:
    """Too few letters for a discount are a warning of the approval and of the posting: the plain tariff is open."""
    for act, warns in (
        ("approve_posting", mailing.approved_number_earns_its_discounts),
        ("post", mailing.posted_number_earns_its_discounts),
    ):
        row = BY_TRIGGER[act]
        assert warns in row.warnings
        assert warns not in (*row.guards, *row.deviations)


def test_papers_are_told_in_the_order_in_which_they_came() -> None:
    """A paper that was filed before the act which brings another comes before it."""
    told = (did("file_document", document=1, sha256=OTHER), did("conclude_contract", contract=SCENES))
    papers = documents.papers_of(facts(*told), BY_NUMBER[1])
    assert [(seq, paper.sha256) for seq, paper in papers] == [(1, OTHER), (2, SCENES)]


def test_a_material_whose_delivery_nobody_counted_is_told_with_none() -> None:
    """What nobody counted stands as 0 among the numbers that a difference is made of."""
    assert conservation.Material("封筒", "枚", None, 5, 1, None).said == "封筒 +0: 0 − 5 − 1"


def test_a_commitment_is_asked_of_the_act_alone() -> None:
    """Whether a commitment has passed is asked when the act is done, as everything that is asked of a record."""
    assert within_commitments("post").asks_record
