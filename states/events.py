"""How people call what the ledger says: the events of acts, and those that are no act of the table."""

from states.table import TABLE

LETTER_SENT = "reminder_sent"
BY_EVENT = {row.event: row for row in TABLE}
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
    LETTER_SENT: ("督促・通知の送付", "Reminder or notice sent"),
    "reminder_lost": ("督促・通知の送達不明", "Delivery of a reminder or notice unknown"),
    "extract_refused": ("抽出ファイルの拒否", "Extract refused"),
    "list_refused": ("異動連絡・支援措置一覧の拒否", "List of the register refused"),
    "history_imported": ("過年度の管理簿", "Past control ledger"),
    "paper_printed": ("票の印刷", "Paper printed"),
    "paper_shown": ("票の画面表示", "Paper shown on the screen"),
    "guards_restored": ("データベースの防護の復元", "Guards of the database restored"),
}


def event_words(event: str) -> tuple[str, str]:
    """Return how people call a ledger event, in Japanese and in English."""
    row = BY_EVENT.get(event.removesuffix("_proposed"))
    if row is None:
        return OTHER_EVENTS.get(event, (event, event))
    return (f"{row.ja}（起案）", f"{row.en} (proposed)") if event.endswith("_proposed") else (row.ja, row.en)
