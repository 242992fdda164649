"""THE RULES. One row, one sentence: from where, by which act, to where, by whom, under which guards, with what record.

The engine, the rules table of the database, the forms and docs/states.md come from here; no rule is hidden elsewhere.
`to` None leaves the state as it is. `guards` refuse. `deviations` refuse an act that is still to happen; of one that
has happened they make a deviation that opens an incident (Law 8). `warnings` only warn: the act is done and the ledger
says what did not hold. `due` is the default deadline rule and `after` what it hangs on; a programme may set another.
`second` names who must confirm: a different person (four eyes). `setting` is the key of the programme that may give
an act of the ward to the contractor. `by_lapsed`: while fewer than two people who may do it are on the register today,
those whose entries ended within a year may, so that a register whose people have all left can be filled again.
"""

from dataclasses import dataclass

from models.people import Role, Side
from models.programme import Programme
from models.records import (
    enclosing,
    erasure,
    extraction,
    mailing,
    media_return,
    oversight,
    people,
    preparation,
    printing,
    supervision,
    transfer,
)
from models.records.base import ActRecord
from states import effects as then
from states.effects import Effects
from states.facts import Guard
from states.rules import enclosing as g_enclosing
from states.rules import erasure as g_erasure
from states.rules import extraction as g_extraction
from states.rules import mailing as g_mailing
from states.rules import oversight as g_oversight
from states.rules import people as g_people
from states.rules import preparation as g_preparation
from states.rules import printing as g_printing
from states.rules import supervision as g_supervision
from states.rules import transfer as g_transfer
from states.rules.dates import dated_after, on_an_open_day, report_comes_in_on_an_open_day
from states.rules.oversight import measures_of


@dataclass(frozen=True, kw_only=True)
class State:
    """A state of the cycle and how people call it."""

    key: str
    ja: str
    en: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One act of the table. One that nobody does any more stays, with no `froms` and no `due`: ledgers tell of it."""

    trigger: str
    event: str
    ja: str
    en: str
    froms: tuple[str, ...]
    to: str | None = None
    who: tuple[Role, ...]
    second: tuple[Role, ...] = ()
    owner: Side
    record: type[ActRecord]
    guards: tuple[Guard, ...] = ()
    deviations: tuple[Guard, ...] = ()
    warnings: tuple[Guard, ...] = ()
    then: Effects = then.nothing_more
    setting: str = ""
    due: str = ""
    after: tuple[str, ...] = ()
    under_hold: bool = False
    repeats: bool = False
    by_machine: bool = False
    command: str = ""
    handover: bool = False
    by_lapsed: bool = False
    source: str = ""

    @property
    def claims(self) -> tuple[Guard, ...]:
        """Return every claim that is judged: what refuses, what makes a deviation, what only warns."""
        return (*self.guards, *self.deviations, *self.warnings)

    @property
    def is_movement(self) -> bool:
        """Tell what moves things: it may be entered after it happened, and is recorded then in any state (Law 8)."""
        return "already_happened" in self.record.model_fields

    def who_under(self, programme: Programme) -> tuple[Role, ...]:
        """Return who may do it under a programme."""
        return MANAGER if self._is_the_contractors(programme) else self.who

    def owner_under(self, programme: Programme) -> Side:
        """Return who owes it under a programme."""
        return Side.CONTRACTOR if self._is_the_contractors(programme) else self.owner

    def _is_the_contractors(self, programme: Programme) -> bool:
        return bool(self.setting) and getattr(programme.consignment, self.setting) == "contractor"


STATES = (
    State(key="planned", ja="契約準備中", en="preparing the contract"),
    State(key="contracted", ja="契約締結済", en="contracted"),
    State(key="ready", ja="着手可", en="ready to begin"),
    State(key="extracted", ja="抽出・点検済", en="extracted and checked"),
    State(key="transferred", ja="引渡し済", en="transferred"),
    State(key="proof_approved", ja="校了済", en="proof approved"),
    State(key="printed", ja="印刷・印字済", en="printed"),
    State(key="enclosed", ja="封入封緘済", en="enclosed and sealed"),
    State(key="posted", ja="差出済", en="posted"),
    State(key="media_returned", ja="返却済", en="media returned"),
    State(key="erased", ja="消去確認済", en="erasure confirmed"),
    State(key="closed", ja="完結", en="closed"),
    State(key="cancelled", ja="中止", en="cancelled"),
)
INITIAL, FINAL = "planned", ("closed",)

# Groups of states and roles that several rows share.
LIVE = tuple(state.key for state in STATES if state.key != "closed")
BEFORE_RETURN = ("planned", "contracted", "ready", "extracted", "transferred", "proof_approved", "printed", "enclosed",
                 "posted")  # fmt: skip
PREPRESS = ("ready", "extracted", "transferred", "proof_approved")
WHEN_ADDED = ("proof_approved", "printed", "enclosed")
WHILE_SEALED = ("extracted", *WHEN_ADDED)
IN_PRODUCTION = ("transferred", "proof_approved", "printed", "enclosed")
AFTER_POSTING = ("posted", "media_returned", "erased")
EVER_AFTER = (*AFTER_POSTING, "closed")
ANY_STATE = tuple(state.key for state in STATES)
COORDINATOR, REGISTRAR = (Role.COORDINATOR,), (Role.REGISTRAR,)
APPROVERS = (Role.APPROVER, Role.DEPUTY)
MANAGER = (Role.HANDLING_MANAGER,)
KEEPERS = (Role.COORDINATOR, *APPROVERS)  # of the register of people
ANYBODY = tuple(role for role in Role if role is not Role.AUDITOR)
_RECHECK = "extract recheck FILE"

TABLE = (
    # contract and readiness
    Row(
        trigger="conclude_contract", event="contract_concluded", ja="契約締結", en="Conclude the contract",
        froms=("planned",), to="contracted", who=COORDINATOR, owner=Side.WARD, due="C",
        record=preparation.ContractConcluded,
        guards=(
            g_preparation.special_provisions_are_attached,
            g_preparation.contract_period_covers_the_posting,
            measures_of("conclude_contract"),
        ),
        source="W-OP-01, 契約書・特記事項",
    ),
    Row(
        trigger="register_handlers", event="handlers_registered", ja="取扱責任者・取扱者届、再委託有無届",
        en="Register handling manager and handlers", froms=("contracted",), who=MANAGER, owner=Side.CONTRACTOR,
        due="C+5bd", after=("conclude_contract",), repeats=True, record=preparation.HandlersRegistered,
        guards=(g_preparation.named_people_are_on_the_register, g_preparation.subcontracting_has_consent),
        source="W-OP-03, W-OP-04",
    ),
    Row(
        trigger="declare_subcontractor", event="subcontractor_declared", ja="再委託先届", en="Declare a subcontractor",
        froms=("contracted", *PREPRESS, "printed", "enclosed"), who=MANAGER, owner=Side.CONTRACTOR, repeats=True,
        under_hold=True, record=supervision.SubcontractorDeclared, source="W-OP-03, C-OP-03, 再委託有無届",
    ),
    Row(
        trigger="consent_to_subcontracting", event="subcontracting_consented", ja="再委託の承諾",
        en="Consent to a subcontractor", froms=("contracted", *PREPRESS, "printed", "enclosed"), who=APPROVERS,
        owner=Side.WARD, repeats=True, under_hold=True, record=supervision.SubcontractingConsented,
        guards=(
            g_supervision.consent_is_to_a_declared_one,
            g_supervision.subcontract_allows_inspections,
            g_supervision.subcontracting_was_referred,
            dated_after("decided_on"),
            on_an_open_day("decided_on"),
        ),
        source="W-OP-03, C-OP-03, 再委託承諾書",
    ),
    Row(
        trigger="declare_cloud_use", event="cloud_use_declared", ja="クラウドサービス利用届",
        en="Declare the use of cloud services", froms=("contracted", *PREPRESS, "printed", "enclosed"),
        who=(*MANAGER, *COORDINATOR), owner=Side.CONTRACTOR, due="C+5bd", after=("conclude_contract",), repeats=True,
        record=supervision.CloudUseDeclared,
        guards=(g_supervision.cloud_follows_the_guideline, g_supervision.servers_stand_under_japanese_law),
        source="W-OP-01, C-OP-01, W-SY-11, C-SY-11",
    ),
    Row(
        trigger="plan_inspection", event="inspection_planned", ja="立入り調査計画", en="Plan an inspection",
        froms=("contracted", *PREPRESS, "printed", "enclosed", "posted"), who=COORDINATOR, owner=Side.WARD,
        repeats=True, under_hold=True, record=supervision.InspectionPlanned,
        guards=(
            g_supervision.planned_day_is_in_the_period,
            g_supervision.planned_inspectors_are_registered,
            g_supervision.planned_desk_check_has_its_reason,
        ),
        source="W-OP-02, C-OP-02",
    ),
    Row(
        trigger="submit_work_plan", event="work_plan_submitted", ja="作業計画書・工程表提出", en="Submit the work plan",
        froms=("contracted",), who=MANAGER, owner=Side.CONTRACTOR, due="C+5bd", after=("conclude_contract",),
        repeats=True, record=preparation.WorkPlanSubmitted, guards=(g_preparation.plan_fits_the_posting,),
        source="仕様書",
    ),
    Row(
        trigger="confirm_contacts", event="contacts_confirmed", ja="緊急連絡体制・業務フロー確認",
        en="Confirm emergency contacts and business flow", froms=("contracted",), who=COORDINATOR, owner=Side.WARD,
        due="C+8bd", after=("register_handlers",), repeats=True, record=preparation.ContactsConfirmed,
        guards=(g_preparation.handlers_are_registered, g_preparation.nights_and_holidays_are_covered),
        source="W-OP-05, W-OP-12",
    ),
    Row(
        trigger="confirm_readiness", event="readiness_confirmed", ja="着手前確認", en="Confirm readiness",
        froms=("contracted",), to="ready", who=COORDINATOR, owner=Side.WARD, due="C+10bd",
        after=("confirm_contacts", "submit_work_plan"), record=preparation.ReadinessConfirmed,
        guards=(
            g_preparation.handlers_are_registered,
            g_preparation.contractor_has_a_valid_manager,
            g_preparation.work_plan_is_in,
            g_preparation.contacts_are_confirmed,
            g_preparation.dummy_data_went_through,
            g_supervision.inspection_is_planned_in_the_period,
            g_supervision.cloud_use_is_declared,
            g_supervision.subcontractors_are_named,
            g_supervision.every_subcontractor_has_consent,
            measures_of("confirm_readiness"),
        ),
        source="W-OP-02, W-OP-06",
    ),
    # the fixed text runs beside the data
    Row(
        trigger="deliver_manuscript", event="manuscript_delivered", ja="案内状・封筒入稿", en="Deliver the manuscript",
        froms=PREPRESS, who=COORDINATOR, owner=Side.WARD, due="D-25bd", after=("confirm_readiness",), repeats=True,
        record=printing.ManuscriptDelivered, source="仕様書",
    ),
    Row(
        trigger="submit_text_proof", event="text_proof_submitted", ja="初校", en="Submit the proof of the fixed text",
        froms=PREPRESS, who=MANAGER, owner=Side.CONTRACTOR, due="D-20bd", after=("deliver_manuscript",), repeats=True,
        record=printing.TextProofSubmitted,
        guards=(g_printing.manuscript_is_delivered, g_printing.proof_shows_the_manuscript), source="仕様書",
    ),
    Row(
        trigger="approve_text", event="text_approved", ja="本文校了", en="Approve the fixed text", froms=PREPRESS,
        who=APPROVERS, owner=Side.WARD, due="D-16bd", after=("submit_text_proof",), repeats=True,
        record=printing.TextApproved,
        guards=(g_printing.text_proof_is_in, g_printing.approved_text_is_the_latest), source="仕様書",
    ),
    # extraction
    Row(
        trigger="receive_extract", event="extract_received", ja="抽出ファイル受領", en="Receive the encrypted extract",
        froms=("ready", *IN_PRODUCTION), who=(Role.COORDINATOR, Role.REGISTRAR), owner=Side.WARD, repeats=True,
        handover=True, record=extraction.ExtractReceived,
        guards=(g_extraction.original_has_a_new_number,),
        deviations=(
            g_extraction.it_comes_from_the_register_section,
            g_transfer.bag_is_locked,
            g_transfer.handed_over_in_person,
        ),
        then=then.original_exists, source="W-OP-07, W-OP-08, 確認記録票",
    ),
    Row(
        trigger="take_extract", event="extract_taken", ja="データ抽出", en="Take the extract", froms=("ready",),
        who=REGISTRAR, owner=Side.REGISTER, due="R+1bd", after=("confirm_readiness",), repeats=True, by_machine=True,
        command="extract take",
        record=extraction.ExtractTaken,
        guards=(
            g_extraction.encrypted_file_was_received,
            g_extraction.hits_add_up,
            g_extraction.exported_serials_are_counted,
            g_extraction.birth_window_is_the_years,
        ),
        then=then.rows_are_held_and_copies_registered,
        source="W-SY-07, 抽出条件書",
    ),
    Row(
        trigger="decide_row", event="row_decided", ja="文字・行の扱いの決定", en="Decide on a held row",
        froms=("ready",), who=REGISTRAR, owner=Side.REGISTER, repeats=True, record=extraction.RowDecided,
        guards=(
            g_extraction.row_is_held,
            g_extraction.substitute_is_named,
            g_extraction.substitute_is_listed,
        ),
        then=then.row_is_decided,
        source="Law 6",
    ),
    Row(
        trigger="extract", event="extract_checked", ja="対象者抽出・点検", en="Check the extract", froms=("ready",),
        to="extracted", who=REGISTRAR, second=(Role.REGISTRAR, Role.COORDINATOR), owner=Side.REGISTER, due="R+4bd",
        after=("take_extract",), record=extraction.ExtractChecked,
        guards=(
            g_extraction.extract_is_taken,
            g_extraction.no_row_is_held,
            g_extraction.checkers_saw_the_same_counts,
            g_extraction.birth_window_was_compared,
            measures_of("extract"),
        ),
        then=then.pieces_are_exported, source="W-OP-10, W-SY-07, 点検票",
    ),
    Row(
        trigger="list_protected", event="protected_listed", ja="支援措置対象者一覧の引渡し",
        en="List the protected persons for ward staff", froms=("ready", "extracted", *IN_PRODUCTION, "posted"),
        who=REGISTRAR, owner=Side.REGISTER, repeats=True, by_machine=True,
        command="extract protected", record=extraction.ProtectedListed,
        guards=(g_extraction.extract_is_taken,), then=then.list_of_protected_exists, source="支援措置, domain.md 2",
    ),
    Row(
        trigger="take_changes", event="changes_taken", ja="異動連絡の受領", en="Take the changes after extraction",
        froms=("extracted", *IN_PRODUCTION), who=REGISTRAR, owner=Side.REGISTER, repeats=True, by_machine=True,
        under_hold=True, command="extract changes FILE", record=extraction.ChangesTaken,
        guards=(g_extraction.changed_persons_are_ours,), then=then.changed_pieces_stay, source="支援措置, 引抜きリスト",
    ),
    Row(
        trigger="withdraw_list", event="list_withdrawn", ja="一覧の取下げ", en="Withdraw a wrong list of the register",
        froms=("extracted", *IN_PRODUCTION, *AFTER_POSTING, "cancelled"), who=REGISTRAR, owner=Side.REGISTER,
        repeats=True, under_hold=True, by_machine=True, record=extraction.ListWithdrawn,
        guards=(g_extraction.list_was_taken,), then=then.rechecks_are_owed_again, source="Law 8, 支援措置",
    ),
    # transfer
    Row(
        trigger="recheck_before_sealing", event="protection_rechecked_before_sealing",
        ja="支援措置再確認（媒体作成直前）", en="Re-check protected persons before sealing", froms=("extracted",),
        who=REGISTRAR, owner=Side.REGISTER, due="D-14bd", after=("extract",), repeats=True,
        under_hold=True, by_machine=True, command=_RECHECK, record=extraction.ProtectionRechecked,
        guards=(g_extraction.newly_protected_are_ours, g_transfer.nothing_has_left_yet),
        then=then.protected_pieces_stay, source="支援措置, domain.md 2",
    ),
    Row(
        trigger="seal_package", event="package_sealed", ja="暗号化パッケージ作成", en="Seal the encrypted package",
        froms=("extracted",), who=REGISTRAR, owner=Side.REGISTER, due="D-14bd", after=("extract",), by_machine=True,
        repeats=True, record=transfer.PackageSealed,
        guards=(
            g_transfer.no_good_package_is_sealed,
            g_transfer.nothing_has_left_yet,
            g_transfer.protection_is_freshly_rechecked,
            g_transfer.package_was_read_back,
            g_extraction.font_is_the_judged_one,
        ),
        then=then.medium_and_notice_exist, source="W-OP-07",
    ),
    Row(
        trigger="read_back_package", event="package_read_back", ja="読戻し試験", en="Read the package back",
        froms=WHILE_SEALED, who=(Role.REGISTRAR, Role.COORDINATOR), owner=Side.REGISTER, repeats=True,
        by_machine=True, record=transfer.PackageReadBack,
        guards=(g_transfer.package_is_sealed, g_transfer.sealed_medium_is_here), source="W-OP-07",
    ),
    Row(
        trigger="record_notice_printed", event="notice_printed", ja="パスワード通知書の印刷・封入",
        en="Record that the password notice is printed and in its envelope", froms=WHILE_SEALED,
        who=(Role.REGISTRAR, Role.COORDINATOR), owner=Side.REGISTER, repeats=True, under_hold=True,
        record=transfer.NoticePrinted, guards=(g_transfer.printed_notice_is_in_force,), source="W-OP-07",
    ),
    Row(
        trigger="reprint_notice", event="notice_reprinted", ja="パスワード通知書の再発行",
        en="Reprint the password notice", froms=WHILE_SEALED, who=(Role.REGISTRAR, Role.COORDINATOR),
        owner=Side.REGISTER, repeats=True, under_hold=True, by_machine=True, record=transfer.NoticeReprinted,
        guards=(g_transfer.password_is_still_needed,), deviations=(g_transfer.former_notice_is_not_lost,),
        then=then.new_notice_exists, source="W-OP-07",
    ),
    Row(
        trigger="hand_over_medium", event="medium_handed_over", ja="媒体手渡し", en="Hand over the medium",
        froms=("extracted",), who=COORDINATOR, owner=Side.WARD, due="D-14bd", after=("seal_package",), handover=True,
        record=transfer.MediumHandedOver,
        deviations=(
            g_transfer.package_is_sealed,
            g_transfer.item_is_the_sealed_medium,
            g_transfer.giver_holds_it,
            g_transfer.protection_is_freshly_rechecked,
            g_transfer.nobody_protected_is_inside,
            g_transfer.package_was_read_back_today,
            g_transfer.medium_was_scanned_today,
            g_transfer.medium_goes_on_another_occasion,
            g_transfer.bag_is_locked,
            g_transfer.handed_over_in_person,
            g_transfer.arrived_in_good_condition,
            g_transfer.both_hands_are_registered,
            g_supervision.every_subcontractor_has_consent,
        ),
        then=then.item_goes_out, source="W-OP-07, W-OP-08, W-OP-09",
    ),
    Row(
        trigger="hand_over_password", event="password_handed_over", ja="パスワード通知書手渡し（別機会）",
        en="Hand over the password notice", froms=("extracted",), who=COORDINATOR, owner=Side.WARD, due="D-13bd",
        after=("hand_over_medium",), repeats=True, handover=True, record=transfer.PasswordHandedOver,
        deviations=(
            g_transfer.medium_is_handed_over,
            g_transfer.item_is_the_notice,
            g_transfer.giver_holds_it,
            g_transfer.password_goes_on_another_occasion,
            g_transfer.bag_is_locked,
            g_transfer.handed_over_in_person,
            g_transfer.arrived_in_good_condition,
            g_transfer.both_hands_are_registered,
        ),
        warnings=(g_transfer.another_person_carries_the_notice,),
        then=then.item_goes_out, source="W-OP-07, W-OP-08, W-OP-09",
    ),
    Row(
        trigger="report_receipt", event="receipt_reported", ja="受領件数・ウイルス検査報告", en="Report the receipt",
        froms=("extracted",), who=MANAGER, owner=Side.CONTRACTOR, due="D-12bd", after=("hand_over_password",),
        repeats=True, record=transfer.ReceiptReported,
        guards=(g_transfer.medium_is_handed_over, g_transfer.password_is_handed_over, dated_after("pattern_on")),
        deviations=(
            g_transfer.received_count_agrees,
            g_transfer.hash_is_the_sealed_one,
            g_transfer.arrived_clean_and_whole,
        ),
        then=then.copies_are_registered, source="C-OP-07, C-OP-09, C-SY-05",
    ),
    Row(
        trigger="hand_over", event="data_handed_over", ja="引渡し・受領確認", en="Confirm hand-over and receipt",
        froms=("extracted",), to="transferred", who=COORDINATOR, owner=Side.WARD, due="D-12bd",
        after=("report_receipt",), record=oversight.Confirmed,
        guards=(
            g_transfer.medium_is_handed_over,
            g_transfer.password_is_handed_over,
            g_transfer.receipt_is_reported,
            g_transfer.received_equals_exported,
            g_supervision.every_subcontractor_has_consent,
            measures_of("hand_over"),
        ),
        source="W-OP-09, Law 7",
    ),
    # printing
    Row(
        trigger="submit_imprint_sample", event="imprint_sample_submitted", ja="宛名印字見本提出",
        en="Submit the imprint sample", froms=("transferred", "proof_approved"), who=MANAGER, owner=Side.CONTRACTOR,
        due="D-11bd", after=("hand_over",), repeats=True, record=printing.ImprintSampleSubmitted,
        guards=(
            g_printing.sample_serials_are_ours,
            g_printing.sample_holds_every_hard_row,
            g_printing.dummies_stand_for_the_protected_only,
            g_printing.sample_shows_the_manuscript,
        ),
        then=then.sample_is_an_item, source="仕様書",
    ),
    Row(
        trigger="approve_proof", event="proof_approved", ja="校了", en="Approve the imprint sample",
        froms=("transferred",), to="proof_approved", who=COORDINATOR, second=APPROVERS, owner=Side.WARD,
        due="D-10bd", after=("submit_imprint_sample", "approve_text"), record=printing.ProofApproved,
        guards=(
            g_printing.text_is_approved,
            g_printing.imprint_sample_is_in,
            g_printing.sample_follows_the_manuscript,
            g_printing.approved_sample_is_the_latest,
        ),
        source="校了書",
    ),
    Row(
        trigger="approve_proof_again", event="proof_approved_again", ja="再校了",
        en="Approve the imprint sample again after a change", froms=("proof_approved",), who=COORDINATOR,
        second=APPROVERS, owner=Side.WARD, repeats=True, record=printing.ProofApproved,
        guards=(
            g_printing.text_is_approved,
            g_printing.imprint_sample_is_in,
            g_printing.sample_follows_the_manuscript,
            g_printing.approved_sample_is_the_latest,
        ),
        source="校了書",
    ),
    Row(
        trigger="take_additions", event="additions_taken", ja="追加抽出", en="Take the additional extract",
        froms=IN_PRODUCTION, who=REGISTRAR, owner=Side.REGISTER, due="R+10bd", after=("extract",), by_machine=True,
        command="extract take --additions",
        record=extraction.AdditionsTaken,
        guards=(
            g_extraction.encrypted_file_was_received,
            g_extraction.serials_are_new,
            g_extraction.replaced_serials_are_ours,
            g_extraction.additions_add_up,
        ),
        then=then.pieces_are_added,
        source="転入届の届出期間14日",
    ),
    Row(
        trigger="compare_imprint", event="imprint_compared", ja="印字データ照合",
        en="Compare the rows to be printed with those sent", froms=("transferred", "proof_approved"), who=COORDINATOR,
        owner=Side.WARD, repeats=True, under_hold=True, by_machine=True,
        command="enclosing imprint", record=printing.ImprintCompared, guards=(),
        source="domain.md 2",
    ),
    Row(
        trigger="report_printing", event="printing_reported", ja="印刷・印字完了報告", en="Report printing",
        froms=("proof_approved",), who=MANAGER, owner=Side.CONTRACTOR, due="D-8bd", after=("approve_proof",),
        repeats=True, record=printing.PrintingReported,
        guards=(
            g_printing.text_is_approved,
            g_printing.imprint_is_approved,
            g_printing.compared_rows_agree,
            g_printing.printed_from_the_approved_template,
            g_printing.printed_serials_were_to_print,
            g_printing.spoiled_sheets_are_kept,
            g_printing.spoiled_sheets_are_printed_again,
        ),
        then=then.letters_are_printed, source="C-OP-05, 印字件数報告",
    ),
    Row(
        trigger="complete_printing", event="printing_completed", ja="印刷・印字完了確認", en="Confirm printing",
        froms=("proof_approved",), to="printed", who=COORDINATOR, owner=Side.WARD, due="D-7bd",
        after=("report_printing",), record=printing.PrintingCompleted,
        guards=(
            g_printing.printing_is_reported,
            g_printing.one_good_sheet_of_each,
            g_printing.printed_count_agrees,
            measures_of("complete_printing"),
        ),
        source="W-OP-02, Law 7",
    ),
    # pulls and enclosing
    Row(
        trigger="recheck_before_enclosing", event="protection_rechecked_before_enclosing",
        ja="支援措置再確認（封入前）", en="Re-check protected persons before enclosing",
        froms=("proof_approved", "printed"), who=REGISTRAR, owner=Side.REGISTER, due="D-7bd",
        after=("approve_proof",), repeats=True, under_hold=True, by_machine=True, command=_RECHECK,
        record=extraction.ProtectionRechecked, guards=(g_extraction.newly_protected_are_ours,),
        source="支援措置, domain.md 2",
    ),
    Row(
        trigger="issue_pull_list", event="pull_list_issued", ja="引抜きリスト第1回", en="Issue the first pull list",
        froms=("proof_approved", "printed"), who=REGISTRAR, owner=Side.REGISTER, due="D-7bd",
        after=("complete_printing",), repeats=True, under_hold=True, record=enclosing.PullListIssued,
        guards=(
            g_enclosing.pulled_serials_are_ours,
            g_enclosing.reasons_add_up,
            g_enclosing.pull_list_was_rechecked_today,
            g_extraction.changes_are_on_the_pull_list,
        ),
        source="引抜きリスト",
    ),
    Row(
        trigger="acknowledge_pull_list", event="pull_list_acknowledged", ja="引抜き結果（第1回）",
        en="Acknowledge the first pull list", froms=("printed",), who=MANAGER, owner=Side.CONTRACTOR, due="D-6bd",
        after=("issue_pull_list",), repeats=True, under_hold=True, record=enclosing.PullListAcknowledged,
        guards=(g_enclosing.every_pull_is_acknowledged,), then=then.pieces_are_pulled, source="引抜き結果",
    ),
    Row(
        trigger="inspect_contractor", event="contractor_inspected", ja="立入り調査", en="Inspect the contractor",
        froms=("contracted", *PREPRESS, "printed", "enclosed", "posted"), who=COORDINATOR, owner=Side.WARD, due="D-6bd",
        after=("approve_proof",), repeats=True, record=supervision.ContractorInspected,
        guards=(
            g_supervision.inspection_has_happened,
            g_supervision.inspectors_are_registered,
            g_supervision.desk_check_has_its_reason,
            g_supervision.inspected_subcontractor_is_declared,
            g_supervision.findings_are_all_named,
            g_supervision.findings_are_due_after_the_inspection,
        ),
        then=then.findings_are_owed, source="W-OP-02, C-OP-02",
    ),
    Row(
        trigger="settle_finding", event="finding_settled", ja="指摘事項の是正確認",
        en="Confirm that a finding is put right", froms=LIVE, who=COORDINATOR, owner=Side.CONTRACTOR, repeats=True,
        under_hold=True, record=supervision.FindingSettled,
        guards=(g_supervision.finding_is_open, g_supervision.finding_was_seen_since),
        then=then.other_findings_stay_owed, source="W-OP-02, C-OP-02",
    ),
    Row(
        trigger="reconcile_enclosing", event="enclosing_reconciled", ja="封入照合",
        en="Reconcile the scans of the sealer with the serials", froms=("printed",), who=(*COORDINATOR, *MANAGER),
        owner=Side.CONTRACTOR, repeats=True, by_machine=True,
        command="enclosing reconcile", record=enclosing.EnclosingReconciled,
        guards=(g_enclosing.pull_list_is_acknowledged,), source="封入照合, Law 7",
    ),
    Row(
        trigger="settle_differences", event="differences_settled", ja="照合差異の処置",
        en="Settle differences of the enclosing by what was found", froms=("printed",), who=MANAGER,
        owner=Side.CONTRACTOR, repeats=True, under_hold=True, record=enclosing.DifferencesSettled,
        guards=(g_enclosing.settled_serials_are_open, g_enclosing.witness_is_on_the_register),
        then=then.replaced_sheets_are_kept, source="封入照合, Law 7",
    ),
    Row(
        trigger="report_enclosing", event="enclosing_reported", ja="封入封緘完了報告", en="Report enclosing",
        froms=("printed",), who=MANAGER, owner=Side.CONTRACTOR, due="D-5bd",
        after=("complete_printing", "acknowledge_pull_list"), repeats=True, record=enclosing.EnclosingReported,
        guards=(
            g_enclosing.enclosing_recheck_is_done,
            g_enclosing.pull_list_is_acknowledged,
            g_extraction.no_protected_piece_is_sealed,
            g_enclosing.sealed_serials_were_printed,
            g_enclosing.sealed_serials_were_scanned,
            g_enclosing.machine_count_agrees,
        ),
        then=then.letters_are_enclosed, source="C-OP-05, 封入件数報告",
    ),
    Row(
        trigger="complete_enclosing", event="enclosing_completed", ja="封入封緘完了確認", en="Confirm enclosing",
        froms=("printed",), to="enclosed", who=COORDINATOR, owner=Side.WARD, due="D-4bd",
        after=("report_enclosing",), record=enclosing.EnclosingCompleted,
        guards=(
            g_enclosing.enclosing_is_reported,
            g_enclosing.enclosing_is_reconciled,
            g_enclosing.every_difference_is_settled,
            g_enclosing.every_printed_letter_is_sealed,
            g_enclosing.enclosed_count_agrees,
            measures_of("complete_enclosing"),
        ),
        source="W-OP-02, Law 7",
    ),
    Row(
        trigger="recheck_before_final_list", event="protection_rechecked_before_final_list",
        ja="支援措置再確認（引抜きリスト最終前）", en="Re-check protected persons before the final pull list",
        froms=("enclosed",), who=REGISTRAR, owner=Side.REGISTER, due="D-4bd", after=("complete_enclosing",),
        repeats=True, under_hold=True, by_machine=True, command=_RECHECK, record=extraction.ProtectionRechecked,
        guards=(g_extraction.newly_protected_are_ours,), source="支援措置, domain.md 2",
    ),
    Row(
        trigger="issue_final_pull_list", event="final_pull_list_issued", ja="引抜きリスト最終",
        en="Issue the final pull list", froms=("enclosed",), who=REGISTRAR, owner=Side.REGISTER, due="D-4bd",
        after=("complete_enclosing",), repeats=True, under_hold=True, record=enclosing.PullListIssued,
        guards=(
            g_enclosing.pulled_serials_are_ours,
            g_enclosing.reasons_add_up,
            g_enclosing.pull_list_was_rechecked_today,
            g_extraction.changes_are_on_the_pull_list,
        ),
        source="引抜きリスト",
    ),
    Row(
        trigger="acknowledge_final_pull_list", event="final_pull_list_acknowledged", ja="引抜き結果（最終）",
        en="Acknowledge the final pull list", froms=("enclosed",), who=MANAGER, owner=Side.CONTRACTOR, due="D-3bd",
        after=("issue_final_pull_list",), repeats=True, under_hold=True, record=enclosing.PullListAcknowledged,
        guards=(g_enclosing.every_final_pull_is_acknowledged,), then=then.pieces_are_pulled, source="引抜き結果",
    ),
    Row(
        trigger="inspect_delivery", event="delivery_inspected", ja="検品・件数突合", en="Inspect the delivery",
        froms=("enclosed",), who=COORDINATOR, owner=Side.WARD, due="D-3bd",
        after=("acknowledge_final_pull_list",), repeats=True, record=enclosing.DeliveryInspected,
        guards=(g_enclosing.delivered_equals_enclosed, g_enclosing.pieces_were_opened),
        deviations=(g_enclosing.sample_opening_found_nothing_wrong,), source="検品票",
    ),
    Row(
        trigger="hand_out_letters", event="letters_handed_out", ja="追加・差替え分の通知書の引渡し",
        en="Hand out the additional letters to be printed", froms=WHEN_ADDED,
        who=COORDINATOR, owner=Side.WARD, repeats=True, by_machine=True,
        command="extract letters", record=printing.LettersHandedOut,
        guards=(g_transfer.ward_prints_additions, g_enclosing.additions_are_taken),
        then=then.file_of_letters_exists, source="Law 7",
    ),
    Row(
        trigger="seal_additions", event="additions_sealed", ja="追加分の暗号化パッケージ作成",
        en="Seal the encrypted package of additions", froms=WHEN_ADDED, who=REGISTRAR,
        owner=Side.REGISTER, repeats=True, by_machine=True, record=transfer.AdditionsSealed,
        guards=(
            g_transfer.contractor_prints_additions,
            g_enclosing.additions_are_taken,
            g_transfer.no_good_package_of_additions_is_sealed,
            g_transfer.additions_are_fresh,
            g_transfer.nobody_to_be_pulled_is_sealed,
            g_transfer.package_was_read_back,
            g_extraction.font_is_the_judged_one,
            g_printing.additions_have_the_approved_template,
        ),
        then=then.medium_and_notice_of_additions_exist, source="W-OP-07, Law 7",
    ),
    Row(
        trigger="report_additions_receipt", event="additions_received", ja="追加分の受領件数・ウイルス検査報告",
        en="Report the receipt of the additions", froms=WHEN_ADDED, who=MANAGER, owner=Side.CONTRACTOR, repeats=True,
        record=transfer.AdditionsReceived, guards=(g_transfer.additions_have_left, dated_after("pattern_on")),
        deviations=(
            g_transfer.received_count_agrees,
            g_transfer.hash_is_the_sealed_one,
            g_transfer.arrived_clean_and_whole,
        ),
        then=then.copies_are_registered, source="C-OP-07, C-OP-09, C-SY-05, Law 7",
    ),
    Row(
        trigger="enclose_additions", event="additions_enclosed", ja="追加・差替え分の印刷・封入",
        en="Print and enclose the additional letters", froms=("enclosed",), who=COORDINATOR, owner=Side.WARD,
        setting="additions_printed_by", due="D-3bd",
        after=("complete_enclosing", "take_additions"), record=enclosing.AdditionsEnclosed,
        guards=(
            g_enclosing.additions_are_taken,
            g_transfer.printed_additions_were_received,
            g_enclosing.additions_to_be_pulled_are_pulled,
            g_enclosing.enclosed_additions_agree,
        ),
        then=then.additions_go_through, source="Law 7",
    ),
    # go and posting
    Row(
        trigger="approve_posting", event="posting_approved", ja="差出承認", en="Approve the posting",
        froms=("enclosed",), who=COORDINATOR, second=APPROVERS, owner=Side.WARD, due="D-1bd",
        after=("inspect_delivery", "enclose_additions"), repeats=True, record=mailing.PostingApproved,
        guards=(
            g_mailing.contractor_posts_only_if_referred,
            g_enclosing.delivery_is_inspected,
            g_enclosing.last_inspection_found_nothing_wrong,
            g_enclosing.final_pull_list_is_acknowledged,
            g_enclosing.additions_are_enclosed,
            g_enclosing.replaced_pieces_are_pulled,
            g_mailing.every_serial_is_enclosed_or_pulled,
            g_mailing.approved_count_agrees,
        ),
        source="承認記録, Law 7",
    ),
    Row(
        trigger="recheck_before_posting", event="protection_rechecked_before_posting", ja="支援措置再確認（差出当日）",
        en="Re-check protected persons on the day of posting", froms=("enclosed",), who=REGISTRAR,
        owner=Side.REGISTER, due="D", after=("approve_posting",), repeats=True,
        under_hold=True, by_machine=True, command=_RECHECK, record=extraction.ProtectionRechecked,
        guards=(g_extraction.newly_protected_are_ours,), source="支援措置, domain.md 2",
    ),
    Row(
        trigger="post", event="letters_posted", ja="差出", en="Post", froms=("enclosed",), to="posted",
        who=COORDINATOR, owner=Side.WARD, setting="poster", due="D", after=("approve_posting",), handover=True,
        record=mailing.Posted,
        guards=(
            g_mailing.posting_is_approved,
            g_mailing.protection_was_rechecked_today,
            g_extraction.no_protected_piece_is_left,
            g_extraction.no_changed_piece_is_left,
            g_enclosing.final_pull_list_is_acknowledged,
            g_mailing.every_serial_is_enclosed_or_pulled,
            g_mailing.accepted_number_equals_enclosed,
            g_mailing.posted_today,
            measures_of("post"),
        ),
        then=then.letters_are_posted, source="差出票, Law 7",
    ),
    Row(
        trigger="report_posting", event="posting_reported", ja="差出報告", en="Report the posting", froms=("posted",),
        who=COORDINATOR, owner=Side.WARD, setting="poster", due="D+1bd", after=("post",), repeats=True,
        record=mailing.PostingReported, guards=(g_mailing.slip_copy_agrees,), source="差出票写し",
    ),
    Row(
        trigger="request_retrieval", event="retrieval_requested", ja="取戻請求",
        en="Ask the post office for a posted piece back", froms=AFTER_POSTING, who=COORDINATOR, owner=Side.WARD,
        repeats=True, under_hold=True, record=mailing.RetrievalRequested,
        guards=(g_mailing.retrieved_pieces_were_posted,), then=then.retrieval_is_an_incident, source="郵便法34条",
    ),
    Row(
        trigger="record_returned_mail", event="mail_returned", ja="返戻の記録", en="Record returned mail",
        froms=EVER_AFTER, who=COORDINATOR, owner=Side.WARD, repeats=True, under_hold=True,
        record=mailing.MailReturned, guards=(g_mailing.returned_mail_was_posted,), source="返戻記録",
    ),
    # return and erasure
    Row(
        trigger="return_items", event="items_returned", ja="媒体・紙・パスワード通知書返却",
        en="Return media, paper and notices", froms=("posted", "cancelled"), who=MANAGER, owner=Side.CONTRACTOR,
        due="D+5bd", after=("post",), repeats=True, under_hold=True, handover=True,
        record=media_return.ItemsReturned,
        deviations=(
            g_transfer.returned_items_were_out,
            g_transfer.bag_is_locked,
            g_transfer.returned_in_person,
            g_transfer.arrived_in_good_condition,
            g_transfer.returning_hands_are_registered,
        ),
        warnings=(g_transfer.medium_and_notice_return_on_other_days,), then=then.items_come_back,
        source="W-OP-08, W-OP-11, C-OP-11, 返却書",
    ),
    Row(
        trigger="return_media", event="media_return_confirmed", ja="媒体等返却確認", en="Confirm the media return",
        froms=("posted", "cancelled"), to="media_returned", who=COORDINATOR, owner=Side.WARD, due="D+6bd",
        after=("return_items",), under_hold=True, record=media_return.MediaReturnConfirmed,
        guards=(
            g_transfer.every_item_is_back,
            dated_after("checked_on", "return_items"),
            on_an_open_day("checked_on"),
            g_supervision.contractor_was_inspected,
            g_supervision.every_subcontractor_was_inspected,
            g_oversight.measures_unless_nothing_went_out("return_media"),
        ),
        source="W-OP-02, W-OP-03, W-OP-11, Law 7",
    ),
    Row(
        trigger="report_erasure", event="erasure_reported", ja="データ消去・消去報告書", en="Report the erasure",
        froms=("posted", "media_returned", "cancelled"), who=MANAGER, owner=Side.CONTRACTOR, due="D+10bd",
        after=("post",), repeats=True, under_hold=True, record=erasure.ErasureReported,
        guards=(
            g_erasure.every_copy_is_covered,
            g_erasure.methods_fit_the_storage,
            g_erasure.nobody_witnesses_himself,
            g_erasure.who_erased_is_registered,
            g_erasure.nothing_was_erased_in_the_future,
            g_erasure.nothing_was_erased_before_it_was_there,
            report_comes_in_on_an_open_day,
        ),
        warnings=(g_erasure.storage_of_each_copy_is_stated,),
        then=then.copies_are_erased, source="C-OP-11, 消去報告書, NIST SP 800-88",
    ),
    Row(
        trigger="confirm_erasure", event="erasure_confirmed", ja="消去確認", en="Confirm the erasure",
        froms=("media_returned",), to="erased", who=COORDINATOR, second=APPROVERS, owner=Side.WARD, due="D+12bd",
        after=("report_erasure", "return_media"), under_hold=True, record=erasure.ErasureConfirmed,
        guards=(
            g_erasure.no_copy_is_left,
            g_erasure.checker_covered_every_place,
            g_oversight.measures_unless_nothing_went_out("confirm_erasure"),
        ),
        source="W-OP-11, 確認記録",
    ),
    Row(
        trigger="report_completion", event="completion_reported", ja="完了届", en="Report completion",
        froms=AFTER_POSTING, who=MANAGER, owner=Side.CONTRACTOR, due="D+12bd", after=("post",), repeats=True,
        record=media_return.CompletionReported,
        guards=(dated_after("completed_on", "post"), report_comes_in_on_an_open_day), source="完了届",
    ),
    Row(
        trigger="accept_work", event="work_accepted", ja="検査", en="Accept the work", froms=AFTER_POSTING,
        who=COORDINATOR, owner=Side.WARD, due="report_completion+10d", after=("report_completion",),
        record=media_return.WorkAccepted, guards=(
            g_erasure.completion_is_reported,
            dated_after("inspected_on", "report_completion"),
            on_an_open_day("inspected_on"),
        ), source="検査調書",
    ),
    Row(
        trigger="end_returned_mail", event="returned_mail_closed", ja="返戻の受付終了",
        en="Close the returned-mail window", froms=AFTER_POSTING, who=COORDINATOR, owner=Side.WARD, due="S+5bd",
        record=mailing.ReturnedMailClosed, guards=(g_mailing.returned_counts_agree,), source="返戻記録",
    ),
    Row(
        trigger="accept_namesakes", event="namesakes_accepted", ja="同姓同名の確認",
        en="Accept names of ours that residents have too", froms=("erased",), who=COORDINATOR, second=APPROVERS,
        owner=Side.WARD, repeats=True, under_hold=True, record=erasure.NamesakesAccepted,
        guards=(g_erasure.namesakes_are_on_the_register,), source="W-OP-11, Law 4",
    ),
    Row(
        trigger="erase_ward_data", event="ward_data_erased", ja="区保有データの廃棄", en="Erase the ward's own data",
        froms=("erased",), who=(Role.REGISTRAR, Role.COORDINATOR), owner=Side.REGISTER, due="S+9bd",
        after=("end_returned_mail",), by_machine=True, under_hold=True, record=erasure.WardDataErased,
        guards=(
            g_extraction.nothing_personal_is_left,
            g_erasure.namesakes_are_accepted,
            g_erasure.returned_mail_window_is_closed,
        ),
        then=then.ward_copies_are_erased, source="W-OP-11, データ廃棄記録",
    ),
    Row(
        trigger="erase_ward_copies", event="ward_copies_erased", ja="区の複製の消去", en="Erase copies of the ward's",
        froms=LIVE, who=(Role.REGISTRAR, Role.COORDINATOR), owner=Side.WARD, repeats=True, under_hold=True,
        record=erasure.WardCopiesErased,
        guards=(
            g_erasure.erased_copies_are_the_wards,
            g_erasure.ward_methods_fit_the_storage,
            g_erasure.nobody_witnesses_himself,
            g_erasure.who_erased_is_registered,
            g_erasure.nothing_was_erased_in_the_future,
        ),
        then=then.named_copies_are_erased, source="W-OP-11, NIST SP 800-88",
    ),
    Row(
        trigger="consent_to_destruction", event="destruction_consented", ja="廃棄の承諾",
        en="Consent to destruction elsewhere", froms=LIVE, who=APPROVERS, owner=Side.WARD, repeats=True,
        under_hold=True, record=erasure.DestructionConsented,
        guards=(dated_after("decided_on"), on_an_open_day("decided_on")), source="Law 7, 特記事項",
    ),
    Row(
        trigger="report_destruction", event="items_destroyed_elsewhere", ja="廃棄報告（受託者・承諾済）",
        en="Report a destruction elsewhere", froms=LIVE, who=MANAGER, owner=Side.CONTRACTOR, repeats=True,
        under_hold=True, record=erasure.ItemsDestroyedElsewhere,
        deviations=(
            g_erasure.destruction_has_prior_consent,
            g_erasure.destroyed_items_were_elsewhere,
            g_erasure.who_destroyed_elsewhere_is_registered,
            g_erasure.nobody_witnesses_his_own_destruction,
        ),
        then=then.items_are_destroyed_elsewhere, source="Law 7, 特記事項",
    ),
    Row(
        trigger="destroy_items", event="items_destroyed", ja="返却物の廃棄", en="Destroy what came back",
        froms=("media_returned", "erased"), who=COORDINATOR, owner=Side.WARD, due="S+9bd", after=("return_media",),
        repeats=True, under_hold=True, record=erasure.ItemsDestroyed,
        guards=(
            g_erasure.destroyed_items_are_with_the_ward,
            g_erasure.destruction_was_witnessed,
            dated_after("destroyed_on", "return_media"),
            on_an_open_day("destroyed_on"),
        ),
        then=then.items_are_destroyed, source="Law 7",
    ),
    Row(
        trigger="close", event="year_closed", ja="年度業務完結", en="Close the year", froms=("erased",), to="closed",
        who=COORDINATOR, owner=Side.WARD, due="S+10bd", after=("erase_ward_data", "destroy_items"), handover=True,
        record=erasure.YearClosed,
        guards=(
            g_erasure.ward_holds_no_data,
            g_erasure.no_item_is_left,
            g_erasure.work_is_accepted_if_anything_was_done,
            g_erasure.returned_mail_window_is_closed,
            g_oversight.no_incident_is_open,
            g_supervision.every_finding_is_put_right,
            g_oversight.measures_unless_nothing_went_out("close"),
        ),
        then=then.year_ends, source="完結報告",
    ),
    # custody over all stages
    Row(
        trigger="record_movement", event="item_moved", ja="受渡しの記録", en="Record a movement", froms=LIVE,
        who=ANYBODY, owner=Side.WARD, repeats=True, under_hold=True, handover=True, record=transfer.ItemMoved,
        deviations=(
            g_transfer.giver_holds_it,
            g_transfer.medium_and_notice_move_apart,
            g_transfer.additions_leave_without_the_protected,
            g_transfer.additions_were_read_back_today,
            g_transfer.medium_of_additions_was_scanned_today,
            g_transfer.bag_is_locked,
            g_transfer.handed_over_in_person,
            g_transfer.arrived_in_good_condition,
            g_transfer.moving_hands_are_registered,
            g_transfer.subcontractor_has_consent,
        ),
        then=then.item_changes_hands, source="W-OP-08, W-OP-09, 管理簿",
    ),
    Row(
        trigger="register_copies", event="copies_registered", ja="複製の登録", en="Register copies", froms=LIVE,
        who=ANYBODY, owner=Side.CONTRACTOR, repeats=True, under_hold=True, record=transfer.CopiesRegistered,
        guards=(g_transfer.copies_have_numbers_of_their_own,),
        deviations=(g_transfer.copies_at_a_subcontractor_have_consent,),
        then=then.named_copies_are_registered, source="C-OP-11, 複写の禁止",
    ),
    Row(
        trigger="record_loss", event="item_lost", ja="紛失の記録", en="Record a loss", froms=LIVE, who=ANYBODY,
        owner=Side.WARD, repeats=True, under_hold=True, record=transfer.ItemLost,
        guards=(g_transfer.lost_item_was_in_somebodys_hands, dated_after("noticed_on")),
        then=then.item_is_lost, source="W-OP-13, Law 8",
    ),
    Row(
        trigger="reprint_slip", event="slip_reprinted", ja="確認記録票の再発行", en="Reprint a slip", froms=LIVE,
        who=ANYBODY, owner=Side.WARD, repeats=True, under_hold=True, record=transfer.SlipReprinted,
        guards=(g_transfer.slip_is_on_record,), source="W-OP-09",
    ),
    Row(
        trigger="correct_entry", event="entry_corrected", ja="管理簿の訂正", en="Correct an entry of the ledger",
        froms=LIVE, who=ANYBODY, owner=Side.WARD, repeats=True, under_hold=True, record=oversight.EntryCorrected,
        guards=(g_oversight.corrected_entry_is_this_years,), source="Law 5, 管理簿",
    ),
    Row(
        trigger="redact_text", event="text_redacted", ja="自由記載の抹消", en="Redact a text of the ledger",
        froms=(*LIVE, "closed"), who=COORDINATOR, second=APPROVERS, owner=Side.WARD, repeats=True, under_hold=True,
        handover=True, record=oversight.TextRedacted, guards=(g_oversight.redacted_text_is_there,),
        then=then.text_is_taken_out, source="Law 4, Law 5",
    ),
    # over all stages
    Row(
        trigger="claim_measures", event="measures_claimed", ja="対策の実施記録", en="Claim measures", froms=LIVE,
        who=(Role.COORDINATOR, Role.REGISTRAR, Role.HANDLING_MANAGER), owner=Side.WARD, repeats=True, under_hold=True,
        record=oversight.MeasuresClaimed,
        guards=(
            g_oversight.claimed_measures_are_on_the_list,
            g_oversight.not_applicable_has_its_declaration,
            g_oversight.evidence_is_of_the_past_and_still_valid,
            g_oversight.evidence_file_is_these_measures_own,
        ),
        then=then.measures_count_as_claimed, source="チェックリスト",
    ),
    Row(
        trigger="file_document", event="document_filed", ja="書類の受領", en="File a document", froms=(*LIVE, "closed"),
        who=(*COORDINATOR, *REGISTRAR, *MANAGER), owner=Side.WARD, repeats=True, under_hold=True,
        record=oversight.DocumentFiled,
        guards=(
            g_oversight.document_is_dated_before_its_receipt,
            g_oversight.file_is_no_other_document,
            dated_after("received_on"),
            on_an_open_day("received_on"),
        ),
        source="domain.md 1",
    ),
    Row(
        trigger="move_deadline", event="deadline_moved", ja="期限の変更", en="Move a deadline", froms=LIVE,
        who=(Role.COORDINATOR, *APPROVERS), owner=Side.WARD, repeats=True, under_hold=True,
        record=oversight.DeadlineMoved, guards=(g_oversight.act_is_still_owed,), then=then.deadline_moves,
        source="Law 11",
    ),
    Row(
        trigger="acknowledge_reminder", event="reminder_acknowledged", ja="督促の確認", en="Acknowledge a reminder",
        froms=LIVE, who=ANYBODY, owner=Side.WARD, repeats=True, under_hold=True,
        record=oversight.ReminderAcknowledged, guards=(g_oversight.reminder_reached_the_person,),
        source="domain.md 7",
    ),
    Row(
        trigger="record_deviation", event="deviation_recorded", ja="逸脱記録", en="Record a deviation", froms=LIVE,
        who=ANYBODY, owner=Side.WARD, repeats=True, under_hold=True, record=oversight.DeviationRecorded,
        guards=(dated_after("happened_on"),),
        then=then.deviation_opens_an_incident, source="Law 8",
    ),
    Row(
        trigger="report_incident", event="incident_reported", ja="事故の発生", en="Report an incident", froms=LIVE,
        who=ANYBODY, owner=Side.WARD, repeats=True, under_hold=True, record=oversight.IncidentReported,
        guards=(dated_after("known_on"),),
        then=then.incident_opens, source="W-OP-13, 個人情報保護法68条",
    ),
    Row(
        trigger="settle_incident", event="incident_settled", ja="事故対応の終結", en="Settle an incident", froms=LIVE,
        who=APPROVERS, owner=Side.WARD, repeats=True, under_hold=True, record=oversight.IncidentSettled,
        guards=(g_oversight.incident_is_open, g_oversight.duties_of_the_law_are_done),
        then=then.incident_is_settled, source="W-OP-13, 個人情報保護法68条",
    ),
    Row(
        trigger="assess_incident", event="incident_assessed", ja="報告要否の判断", en="Decide whether to report",
        froms=LIVE, who=APPROVERS, owner=Side.WARD, repeats=True, under_hold=True, record=oversight.IncidentAssessed,
        guards=(g_oversight.assessed_incident_is_open,), source="個人情報保護法68条1項, 規則43条",
    ),
    Row(
        trigger="report_to_commission", event="commission_informed", ja="個人情報保護委員会への報告",
        en="Report to the Commission", froms=LIVE, who=(*COORDINATOR, *APPROVERS), owner=Side.WARD, repeats=True,
        under_hold=True, record=oversight.ReportedToCommission,
        guards=(g_oversight.reported_incident_is_open, g_oversight.report_lies_after_the_knowing),
        source="個人情報保護法68条1項, 規則44条",
    ),
    Row(
        trigger="notify_persons", event="persons_notified", ja="本人への通知", en="Notify the persons", froms=LIVE,
        who=(*COORDINATOR, *APPROVERS), owner=Side.WARD, repeats=True, under_hold=True,
        record=oversight.PersonsNotified, guards=(g_oversight.notified_incident_is_open, dated_after("notified_on")),
        source="個人情報保護法68条2項, 規則45条",
    ),
    Row(
        trigger="publish_incident", event="publication_decided", ja="公表", en="Publish, or decide not to", froms=LIVE,
        who=APPROVERS, owner=Side.WARD, repeats=True, under_hold=True, record=oversight.IncidentPublished,
        guards=(g_oversight.publication_is_of_an_open_incident, dated_after("decided_on")), source="domain.md 5",
    ),
    Row(
        trigger="discuss_measures", event="measures_discussed", ja="今後の対応の協議",
        en="Discuss the measures with the contractor", froms=LIVE, who=COORDINATOR, owner=Side.WARD, repeats=True,
        under_hold=True, record=oversight.CountermeasuresDiscussed,
        guards=(g_oversight.discussion_is_of_an_open_incident,), source="W-OP-13, C-OP-13",
    ),
    Row(
        trigger="record_referral", event="referral_recorded", ja="付議の記録", en="Record the referral", froms=LIVE,
        who=(*COORDINATOR, *APPROVERS), owner=Side.WARD, repeats=True, under_hold=True,
        record=oversight.ReferralRecorded, guards=(g_oversight.referral_is_decided,),
        source="個人情報保護管理運営会議設置要綱第3条第1項第3号",
    ),
    Row(
        trigger="hold", event="cycle_held", ja="一時停止", en="Hold", froms=LIVE,
        who=(Role.COORDINATOR, *APPROVERS), owner=Side.WARD, repeats=True, under_hold=True,
        record=oversight.CycleHeld, guards=(g_oversight.cycle_is_not_on_hold,), then=then.cycle_stops,
        source="W-OP-13, C-OP-13, domain.md 9",
    ),
    Row(
        trigger="release_hold", event="hold_released", ja="再開", en="Release the hold", froms=LIVE, who=APPROVERS,
        owner=Side.WARD, repeats=True, under_hold=True, record=oversight.HoldReleased,
        guards=(
            g_oversight.cycle_is_on_hold,
            g_oversight.no_incident_is_open,
            g_oversight.new_referral_is_recorded,
            measures_of("release_hold"),
        ),
        then=then.cycle_goes_on, source="W-OP-13, C-OP-13",
    ),
    Row(
        trigger="cancel", event="cycle_cancelled", ja="中止", en="Cancel", froms=BEFORE_RETURN, to="cancelled",
        who=APPROVERS, owner=Side.WARD, under_hold=True, record=oversight.CycleCancelled, then=then.schedule_ends,
        source="domain.md 9",
    ),
    # the register of people
    Row(
        trigger="register_people", event="people_registered", ja="名簿への登録", en="Put people on the register",
        froms=ANY_STATE, who=KEEPERS, second=KEEPERS, owner=Side.WARD, repeats=True, under_hold=True,
        record=people.PeopleEntered, guards=(g_people.they_are_new,), by_lapsed=True,
        then=then.register_says_so, source="domain.md 8",
    ),
    Row(
        trigger="change_roles", event="roles_changed", ja="役割の変更", en="Change roles", froms=ANY_STATE, who=KEEPERS,
        second=KEEPERS, owner=Side.WARD, repeats=True, under_hold=True, record=people.PeopleEntered,
        guards=(g_people.they_are_known, g_people.nobody_enters_himself), then=then.register_says_so, by_lapsed=True,
        source="domain.md 8",
    ),
    Row(
        trigger="change_people", event="people_changed", ja="名簿の変更（役割を除く。）",
        en="Change entries of the register, but for roles", froms=ANY_STATE, who=KEEPERS, second=KEEPERS,
        owner=Side.WARD, repeats=True, under_hold=True, record=people.PeopleEntered,
        guards=(g_people.they_are_known, g_people.roles_stay_as_they_are), then=then.register_says_so, by_lapsed=True,
        source="domain.md 8",
    ),
    Row(
        trigger="give_key", event="key_given", ja="本人鍵の登録", en="Give a person a key", froms=ANY_STATE,
        who=KEEPERS, second=KEEPERS, owner=Side.WARD, repeats=True, under_hold=True, record=people.KeyGiven,
        guards=(
            g_people.key_is_for_somebody_registered,
            g_people.key_is_nobody_elses,
            g_people.reason_fits_the_key,
            g_people.somebody_else_confirms_the_key,
        ),
        then=then.key_is_in_force, by_lapsed=True, source="domain.md 8",
    ),
)  # fmt: skip

BY_TRIGGER = {row.trigger: row for row in TABLE}
_BY_EVENT = {row.event: row for row in TABLE}
# What the ledger says that is no act of the table.
OTHER_EVENTS = {
    "cycle_opened": ("年度の開始", "Fiscal year opened"),
    "person_registered": ("名簿への登録", "Person registered"),
    "person_changed": ("名簿の変更", "Register of people changed"),
    "passphrase_changed": ("合言葉の変更", "Passphrase changed"),
    "passphrase_failed": ("合言葉の誤り", "Wrong passphrase"),
    "person_locked": ("合言葉の誤りによる一時停止", "Locked after wrong passphrases"),
    "proposal_replaced": ("起案の差替え", "Proposal replaced by a newer one"),
    "act_refused": ("拒否（条件不足）", "Refused"),
    "act_flagged": ("期限の表示", "Deadline flagged"),
    "reminder_sent": ("督促の送付", "Reminder sent"),
    "reminder_lost": ("督促の送達不明", "Delivery of a reminder unknown"),
    "extract_refused": ("抽出ファイルの拒否", "Extract refused"),
    "list_refused": ("異動連絡・支援措置一覧の拒否", "List of the register refused"),
    "history_imported": ("過年度の管理簿", "Past control ledger"),
    "paper_printed": ("票の印刷", "Paper printed"),
    "guards_restored": ("データベースの防護の復元", "Guards of the database restored"),
}


def event_words(event: str) -> tuple[str, str]:
    """Return how people call a ledger event, in Japanese and in English."""
    row = _BY_EVENT.get(event.removesuffix("_proposed"))
    if row is None:
        return OTHER_EVENTS.get(event, (event, event))
    return (f"{row.ja}（起案）", f"{row.en} (proposed)") if event.endswith("_proposed") else (row.ja, row.en)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One of the smaller machines: its pairs are checked by the database like those of the cycle."""

    name: str
    initial: tuple[str, ...]
    final: tuple[str, ...]
    pairs: tuple[tuple[str, str, str], ...]

    @property
    def states(self) -> tuple[str, ...]:
        """Return every state, in the order of the pairs."""
        named = [*self.initial, *(state for start, _trigger, to in self.pairs for state in (start, to))]
        return tuple(dict.fromkeys(named))


PIECE = Machine(
    name="piece",
    initial=("exported",),
    final=("posted", "pulled"),
    pairs=(
        ("exported", "print", "printed"),
        ("printed", "enclose", "enclosed"),
        ("enclosed", "post", "posted"),
        ("exported", "pull", "pulled"),
        ("printed", "pull", "pulled"),
        ("enclosed", "pull", "pulled"),
    ),
)
ITEM = Machine(
    name="item",
    initial=("with_ward", "with_contractor", "with_subcontractor"),
    final=("erased", "destroyed"),
    pairs=(
        ("with_ward", "hand_over", "with_contractor"),
        ("with_ward", "hand_on", "with_subcontractor"),
        ("with_contractor", "pass_on", "with_subcontractor"),
        ("with_subcontractor", "give_back", "with_contractor"),
        ("with_contractor", "return", "with_ward"),
        ("with_subcontractor", "return", "with_ward"),
        ("with_ward", "erase", "erased"),
        ("with_contractor", "erase", "erased"),
        ("with_subcontractor", "erase", "erased"),
        ("with_ward", "destroy", "destroyed"),
        ("with_contractor", "destroy", "destroyed"),
        ("with_subcontractor", "destroy", "destroyed"),
        ("with_ward", "lose", "lost"),
        ("with_contractor", "lose", "lost"),
        ("with_subcontractor", "lose", "lost"),
        ("lost", "find_at_ward", "with_ward"),
        ("lost", "find_at_contractor", "with_contractor"),
        ("lost", "find_at_subcontractor", "with_subcontractor"),
    ),
)
INCIDENT = Machine(name="incident", initial=("open",), final=("settled",), pairs=(("open", "settle", "settled"),))
REMINDER = Machine(
    name="reminder",
    initial=("waiting",),
    final=("sent", "dropped", "unknown"),
    pairs=(
        ("waiting", "claim", "claimed"),
        ("claimed", "send", "sent"),
        ("claimed", "put_back", "waiting"),
        ("claimed", "lose_sight", "unknown"),
        ("waiting", "drop", "dropped"),
    ),
)

# A record's `status`, which the database guards as it does a state.
RECORD = Machine(
    name="record",
    initial=("pending", "done"),
    final=("dropped", "superseded"),
    pairs=(
        ("pending", "confirm", "done"),
        ("pending", "propose_again", "dropped"),
        ("done", "do_again", "superseded"),
    ),
)
# The acts whose effects hold the cycle, and those that let it go on: no other lets the database change the hold.
HOLDING = ("hold", "report_incident", "record_loss", "request_retrieval", "record_deviation")
RELEASING = ("release_hold", "cancel")


def cycle_machine() -> Machine:
    """Return the cycle's own pairs in the form of the smaller machines."""
    pairs = tuple((start, row.trigger, row.to) for row in TABLE if row.to for start in row.froms)
    return Machine(name="cycle", initial=(INITIAL,), final=FINAL, pairs=pairs)


def all_machines() -> tuple[Machine, ...]:
    """Return every machine of the project; the database's rules table is filled from these."""
    return (cycle_machine(), PIECE, ITEM, INCIDENT, REMINDER, RECORD)


def all_rules() -> frozenset[tuple[str, str, str, str]]:
    """Return the rules table of the database: machine, from, trigger and to.

    Beside the pairs and beginnings of the machines: which act an event of the ledger tells, and which events change
    the hold.
    """
    beginnings = {(it.name, "", "begin", state) for it in all_machines() for state in it.initial}
    pairs = {(it.name, *pair) for it in all_machines() for pair in it.pairs}
    events = {("event", row.event, row.trigger, "") for row in TABLE}
    holds = {("hold", BY_TRIGGER[act].event, act, "held") for act in HOLDING}
    releases = {("hold", BY_TRIGGER[act].event, act, "released") for act in RELEASING}
    return frozenset(beginnings | pairs | events | holds | releases)
