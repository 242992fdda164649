"""The documents of a year (domain.md 1): who gives each to whom, and the acts of the table that bring it."""

from dataclasses import KW_ONLY, dataclass
from typing import Literal

Party = Literal["ward", "register", "contractor", "post_office", "poster"]


@dataclass(frozen=True)
class Document:
    """One of the year's documents. `acts` bring it, the last of them completes it; `papers` are PDF the ward prints.

    `parts` are acts that bring more of it where there is an occasion; its giver may be whoever posts (`poster`).
    `files` are fields of acts that name its file by hash. A paper on file shows its `measures`. What `shows_residents`
    is filed into the vault alone, and erased with it.
    """

    number: int
    ja: str
    en: str
    giver: Party
    receiver: Party
    _: KW_ONLY
    acts: tuple[str, ...]
    papers: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    only_if_it_happens: bool = False
    files: tuple[tuple[str, str], ...] = ()
    measures: tuple[str, ...] = ()
    shows_residents: bool = False


DOCUMENTS = (
    Document(1, "契約書・特記事項", "Contract with special provisions",
        "ward", "contractor", acts=("conclude_contract",), files=(("conclude_contract", "contract"),),
        measures=("W-OP-01", "C-OP-01")),
    Document(2, "取扱責任者・取扱者届", "Notice of handling manager and handlers",
        "contractor", "ward", acts=("register_handlers",), files=(("register_handlers", "notice"),),
        measures=("W-OP-04", "C-OP-04")),
    Document(3, "再委託有無届・承諾書", "Subcontracting declaration and consent",
        "contractor", "ward", acts=("register_handlers",),
        parts=("declare_subcontractor", "consent_to_subcontracting"),
        files=(
            ("register_handlers", "notice"), ("declare_subcontractor", "notice"),
            ("consent_to_subcontracting", "consent"),
        ),
        measures=("W-OP-03", "C-OP-03")),
    Document(4, "作業計画書・工程表", "Work plan",
        "contractor", "ward", acts=("submit_work_plan",), files=(("submit_work_plan", "plan"),)),
    Document(5, "業務フロー・緊急連絡体制図・事故対応手順", "Business flow, emergency contacts, procedure",
        "ward", "contractor", acts=("confirm_contacts",),
        measures=("W-OP-05", "W-OP-12", "C-OP-05", "C-OP-12")),
    Document(6, "入稿票・校正紙・校了書", "Manuscript, proof and its approval",
        "ward", "contractor", acts=("deliver_manuscript", "submit_text_proof", "approve_text"),
        papers=("specimen-letter",)),
    Document(7, "抽出条件書・抽出件数票・点検票", "Extraction condition, counts and check",
        "register", "ward", acts=("take_extract", "extract"), papers=("extract-report",)),
    Document(8, "管理簿・確認記録票", "Control ledger and slips",
        "ward", "contractor", acts=("hand_over_medium", "hand_over_password", "return_items"),
        papers=("slip-*", "ledger"), measures=("W-OP-08", "C-OP-08")),
    Document(9, "預り証（媒体・パスワード通知書）", "Custody receipts",
        "contractor", "ward", acts=("hand_over_medium", "hand_over_password"), papers=("control-sheet*",),
        measures=("W-OP-07",)),
    Document(10, "受領件数・ウイルス検査報告", "Received count and virus scan",
        "contractor", "ward", acts=("report_receipt",), measures=("C-SY-05",)),
    Document(11, "宛名印字見本・宛名校了", "Imprint sample and its approval",
        "contractor", "ward", acts=("submit_imprint_sample", "approve_proof"), shows_residents=True),
    Document(12, "印字件数報告・損紙処理記録", "Printed counts and spoiled sheets",
        "contractor", "ward", acts=("report_printing",)),
    Document(13, "引抜きリスト・引抜き結果", "Pull lists and their results", "ward", "contractor",
        acts=("issue_pull_list", "acknowledge_pull_list", "issue_final_pull_list", "acknowledge_final_pull_list"),
        papers=("pull-list-*",)),
    Document(14, "封入件数報告", "Enclosed counts",
        "contractor", "ward", acts=("report_enclosing",)),
    Document(15, "納品書・検品票", "Delivery note and inspection",
        "contractor", "ward", acts=("inspect_delivery",)),
    Document(16, "差出票", "Posting slip",
        "poster", "post_office", acts=("post", "report_posting"), files=(("report_posting", "slip_copy"),)),
    Document(17, "返却書", "Return note",
        "contractor", "ward", acts=("return_items",), measures=("W-OP-11", "C-OP-11")),
    Document(18, "消去報告書", "Erasure report",
        "contractor", "ward", acts=("report_erasure",), measures=("C-OP-11",)),
    Document(19, "完了届・検査調書", "Completion report and acceptance",
        "contractor", "ward", acts=("report_completion", "accept_work")),
    Document(20, "返戻記録", "Record of returned mail",
        "ward", "ward", acts=("end_returned_mail",), shows_residents=True),
    Document(21, "事故報告書・変更届", "Incident report, notice of change",
        "contractor", "ward", acts=("report_incident",), papers=("incident-*",), parts=("report_change",),
        only_if_it_happens=True, measures=("W-OP-13", "C-OP-13")),
    Document(22, "受託者の管理簿（写し）", "Copy of the contractor's own control ledger",
        "contractor", "ward", acts=("return_items",), files=(("return_items", "contractors_ledger"),),
        measures=("C-OP-09",)),
)  # fmt: skip
BY_NUMBER = {document.number: document for document in DOCUMENTS}
SLIPS = 8  # 確認記録票: each slip of the year must lie on file, not one of them alone
