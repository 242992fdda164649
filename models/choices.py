"""The words of choices, each said once: the screen shows them in the reader's language, paper in Japanese.

A choice that a record takes finds its words by its codes; every other is named where it is shown.
"""

from collections.abc import Collection, Mapping

from models.words import N_, _, translate

Words = Mapping[str, str]

# What records take.
SUBCONTRACTING: Words = {"none": N_("none"), "consented": N_("with consent")}
INSPECTIONS: Words = {"on_site": N_("on site"), "desk": N_("at the desk")}
EVIDENCE: Words = {"": N_("words alone"), "document": N_("document"), "act": N_("act"), "check": N_("check")}
SIDES: Words = {"contractor": N_("contractor"), "ward": N_("ward"), "subcontractor": N_("subcontractor")}
FORMS: Words = {"7z": "7z", "zip": "zip"}
BAGS: Words = {"bag": N_("locked bag"), "container": N_("locked container"), "vehicle": N_("locked vehicle")}
CONDITIONS: Words = {
    "": "", "good": N_("in good condition"), "damaged": N_("with damage"), "seal_broken": N_("seal broken"),
}  # fmt: skip
NOTICE_REPRINTS: Words = {"misprint": N_("misprint"), "damaged": N_("damaged"), "lost": N_("lost")}
STORAGES: Words = {
    "": N_("storage not stated"), "hdd": N_("hard disk"), "ssd": N_("SSD"), "flash": N_("flash memory"),
    "tape": N_("tape"), "optical": N_("optical disc"), "memory": N_("volatile memory"), "paper": N_("paper"),
}  # fmt: skip
METHODS: Words = {
    "overwrite": N_("overwriting"), "spool_cleared": N_("clearing the spool"),
    "cryptographic_erase": N_("cryptographic erase"), "purge": N_("purge"), "degauss": N_("degaussing"),
    "shred": N_("shredding"), "destroy": N_("physical destruction"),
}  # fmt: skip
DECISIONS: Words = {
    "exclude": N_("Excluded"), "accept": N_("As it is"), "substitute": N_("Substituted"),
    "corrected": N_("Awaits correction"),
}  # fmt: skip
RETURN_OUTCOMES: Words = {
    "kept": N_("kept"), "resent": N_("sent again"), "handed_over": N_("handed to the person"),
    "destroyed": N_("destroyed"),
}  # fmt: skip
INTEGRITY: Words = {
    "": "", "report": N_("counted by report"), "output": N_("scanned at output"),
    "input_output": N_("scanned at input and output"),
}  # fmt: skip
INCIDENTS: Words = {
    "loss": N_("loss"), "leak": N_("leak"), "count": N_("counts that differ"), "misdelivery": N_("misdelivery"),
    "deviation": N_("deviation"), "retrieval": N_("request to retrieve a piece"), "other": N_("other"),
}  # fmt: skip
COMMISSION_REPORTS: Words = {"prompt": N_("prompt report"), "final": N_("final report")}
NOTICES_TO_PERSONS: Words = {
    "letter": N_("by letter"), "telephone": N_("by telephone"), "visit": N_("by a visit"),
    "substitute": N_("by a substitute measure"),
}  # fmt: skip
KEY_REASONS: Words = {
    "first": N_("first key"), "replaced": N_("others know the passphrase"), "forgotten": N_("passphrase forgotten"),
}  # fmt: skip
REDACTIONS: Words = {
    "resident_data": N_("a resident's data"), "other_personal_data": N_("another person's data"),
    "secret": N_("a secret"),
}  # fmt: skip
ABSENCES: Words = {
    "business_trip": N_("business trip"), "leave": N_("leave"), "training": N_("training"), "other": N_("other"),
}  # fmt: skip
_RECORDED = (
    SUBCONTRACTING, INSPECTIONS, EVIDENCE, SIDES, FORMS, BAGS, CONDITIONS, NOTICE_REPRINTS, STORAGES, METHODS,
    DECISIONS, RETURN_OUTCOMES, INTEGRITY, INCIDENTS, COMMISSION_REPORTS, NOTICES_TO_PERSONS, KEY_REASONS, REDACTIONS,
    ABSENCES,
)  # fmt: skip

# What is only shown.
EXCLUSIONS: Words = {
    "protected": N_("Under protective measures"), "dead": N_("Died"), "moved_out": N_("Moved out"),
    "duplicate": N_("Twice in the extract"), "decided": N_("Excluded by decision"),
}  # fmt: skip
FLAGS: Words = {
    "due_soon": N_("due soon"), "due_today": N_("due today"), "overdue": N_("overdue"), "escalated": N_("escalated"),
}  # fmt: skip
REMINDERS: Words = {
    "waiting": N_("waiting"), "claimed": N_("being sent"), "sent": N_("sent"), "dropped": N_("not needed any more"),
    "unknown": N_("delivery unknown"),
}  # fmt: skip
MEASURES: Words = {
    "proved": N_("shown by the record"), "claimed": N_("said to be done"), "not_applicable": N_("not applicable"),
    "expired": N_("evidence expired"), "contradicted": N_("contradicted"), "no_occasion": N_("no occasion"),
    "open": N_("not done yet"),
}  # fmt: skip
PROOFS: Words = {"enforced": N_("enforced"), "guard": N_("guarded"), "record": N_("recorded")}
SUBCONTRACTORS: Words = {
    "consented": N_("consented"), "waiting": N_("without the ward's consent"), "withdrawn": N_("withdrawn"),
}  # fmt: skip
DOCUMENTS: Words = {
    "complete": N_("complete"), "acted": N_("done, paper not on file"), "partly": N_("partly"), "owed": N_("owed"),
    "overdue": N_("overdue"), "no_occasion": N_("no occasion"),
}  # fmt: skip
PARTIES: Words = {
    "ward": N_("ward"), "register": N_("register section"), "contractor": N_("contractor"),
    "post_office": N_("post office"),
}  # fmt: skip
ITEMS: Words = {
    "medium": N_("electronic medium (encrypted)"), "password_notice": N_("password notice"),
    "spoiled_sheets": N_("spoiled sheets (imprinted)"), "proof_sheets": N_("imprint samples (imprinted)"),
    "paper": N_("paper with personal data"), "pulled_pieces": N_("pulled pieces (imprinted)"),
    "electronic_copy": N_("copy of the electronic data"), "extract_original": N_("extract file (encrypted)"),
    "returned_letters": N_("returned letters (imprinted)"),
    "protected_list": N_("list of the protected persons"), "letters_file": N_("added letters (file to be printed)"),
    "letters": N_("letters not posted because of the cancelling (imprinted)"),
}  # fmt: skip
COPIES: Words = {
    "server": N_("working data on a server"), "rip_spool": N_("spool of the printing machine"),
    "sealer_log": N_("log of the sealer"), "backup": N_("backup"), "proof": N_("data for proofs"),
    "subcontractor": N_("data at the subcontractor's"),
}  # fmt: skip
ENCRYPTIONS: Words = {
    "7z AES-256, headers encrypted": N_("7z (AES-256, names encrypted too)"),
    "zip AES-256 (WinZip AE-2), names readable": N_("zip (AES-256, WinZip AE-2, names readable)"),
}
RETURN_REASONS: Words = {
    "address_unknown": N_("unknown at the address"), "unknown_address": N_("unknown at the address"),
    "moved": N_("moved without a forwarding address"), "refused": N_("refused by the addressee"),
    "not_collected": N_("not collected in time"), "incomplete_address": N_("incomplete address"),
}  # fmt: skip
DIFFERENCES: Words = {
    "missing": N_("not read"), "doubled": N_("sealed twice"), "alien": N_("not to be enclosed"),
    "though_pulled": N_("sealed although pulled"), "mispaired": N_("codes that do not agree"),
    "touched": N_("touched by an operator"), "unreadable": N_("codes not readable"),
}  # fmt: skip


def said(words: Words, code: str) -> str:
    """Return the word of a choice in the reader's language; a code without one stands for itself."""
    return _(words.get(code, code))


def on_paper(words: Words, code: str) -> str:
    """Return the word of a choice in Japanese, whoever reads the screen."""
    return translate(words.get(code, code), "ja")


def both(words: Words, code: str) -> tuple[str, str]:
    """Return the word of a choice in Japanese and in English, for what carries both."""
    return on_paper(words, code), translate(words.get(code, code), "en")


def words_for(codes: Collection[str]) -> Words:
    """Return the words of a choice that a record takes, known by its codes."""
    known = set(codes)
    return next((words for words in _RECORDED if known <= words.keys()), dict[str, str]())
