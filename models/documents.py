"""The documents of a year (domain.md 1): who gives each to whom, and the acts of the table that bring it."""

from dataclasses import dataclass
from typing import Literal

Party = Literal["ward", "register", "contractor", "post_office", "poster"]


@dataclass(frozen=True, kw_only=True)
class Document:
    """One of the year's documents. `acts` bring it, the last of them completes it; `papers` are PDF the ward prints.

    `parts` are acts that bring more of it where there is an occasion; its giver may be whoever posts (`poster`).
    """

    number: int
    ja: str
    en: str
    giver: Party
    receiver: Party
    acts: tuple[str, ...]
    papers: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    only_if_it_happens: bool = False


DOCUMENTS = (
    Document(
        number=1, ja="契約書・特記事項", en="Contract with special provisions", giver="ward", receiver="contractor",
        acts=("conclude_contract",),
    ),
    Document(
        number=2, ja="取扱責任者・取扱者届", en="Notice of handling manager and handlers", giver="contractor",
        receiver="ward", acts=("register_handlers",),
    ),
    Document(
        number=3, ja="再委託有無届・承諾書", en="Subcontracting declaration and consent", giver="contractor",
        receiver="ward", acts=("register_handlers",), parts=("declare_subcontractor", "consent_to_subcontracting"),
    ),
    Document(
        number=4, ja="作業計画書・工程表", en="Work plan", giver="contractor", receiver="ward",
        acts=("submit_work_plan",),
    ),
    Document(
        number=5, ja="業務フロー・緊急連絡体制図・事故対応手順", en="Business flow, emergency contacts, procedure",
        giver="ward", receiver="contractor", acts=("confirm_contacts",),
    ),
    Document(
        number=6, ja="入稿票・校正紙・校了書", en="Manuscript, proof and its approval", giver="ward",
        receiver="contractor", acts=("deliver_manuscript", "submit_text_proof", "approve_text"),
        papers=("specimen-letter",),
    ),
    Document(
        number=7, ja="抽出条件書・抽出件数票・点検票", en="Extraction condition, counts and check", giver="register",
        receiver="ward", acts=("take_extract", "extract"), papers=("extract-report",),
    ),
    Document(
        number=8, ja="管理簿・確認記録票", en="Control ledger and slips", giver="ward", receiver="contractor",
        acts=("hand_over_medium", "hand_over_password", "return_items"), papers=("slip-*", "ledger"),
    ),
    Document(
        number=9, ja="預り証（媒体・パスワード通知書）", en="Custody receipts", giver="contractor", receiver="ward",
        acts=("hand_over_medium", "hand_over_password"), papers=("control-sheet*",),
    ),
    Document(
        number=10, ja="受領件数・ウイルス検査報告", en="Received count and virus scan", giver="contractor",
        receiver="ward", acts=("report_receipt",),
    ),
    Document(
        number=11, ja="宛名印字見本・宛名校了", en="Imprint sample and its approval", giver="contractor",
        receiver="ward", acts=("submit_imprint_sample", "approve_proof"),
    ),
    Document(
        number=12, ja="印字件数報告・損紙処理記録", en="Printed counts and spoiled sheets", giver="contractor",
        receiver="ward", acts=("report_printing",),
    ),
    Document(
        number=13, ja="引抜きリスト・引抜き結果", en="Pull lists and their results", giver="ward",
        receiver="contractor",
        acts=("issue_pull_list", "acknowledge_pull_list", "issue_final_pull_list", "acknowledge_final_pull_list"),
        papers=("pull-list-*",),
    ),
    Document(
        number=14, ja="封入件数報告", en="Enclosed counts", giver="contractor", receiver="ward",
        acts=("report_enclosing",),
    ),
    Document(
        number=15, ja="納品書・検品票", en="Delivery note and inspection", giver="contractor", receiver="ward",
        acts=("inspect_delivery",),
    ),
    Document(
        number=16, ja="差出票", en="Posting slip", giver="poster", receiver="post_office",
        acts=("post", "report_posting"),
    ),
    Document(
        number=17, ja="返却書", en="Return note", giver="contractor", receiver="ward", acts=("return_items",),
    ),
    Document(
        number=18, ja="消去報告書", en="Erasure report", giver="contractor", receiver="ward",
        acts=("report_erasure",),
    ),
    Document(
        number=19, ja="完了届・検査調書", en="Completion report and acceptance", giver="contractor", receiver="ward",
        acts=("report_completion", "accept_work"),
    ),
    Document(
        number=20, ja="返戻記録", en="Record of returned mail", giver="ward", receiver="ward",
        acts=("end_returned_mail",),
    ),
    Document(
        number=21, ja="事故報告書・変更届", en="Incident report, notice of change", giver="contractor",
        receiver="ward", acts=("report_incident",), papers=("incident-*",), only_if_it_happens=True,
    ),
)  # fmt: skip
