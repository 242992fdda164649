"""Counting: the conservation table of a cycle (Law 7), each line with its source, every difference by serial."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.database import reading
from models.records.extraction import AdditionsTaken, ExtractTaken
from models.records.mailing import Posted
from models.records.printing import PrintingReported
from models.records.transfer import ReceiptReported
from models.serials import count
from models.words import in_words
from states.facts import Facts
from steps.office import Office


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the table: what is counted, how many, and where the number comes from."""

    key: str
    ja: str
    en: str
    count: int
    source: str

    @property
    def label(self) -> str:
        """Return the line's title in the reader's language."""
        return in_words(ja=self.ja, en=self.en)


@dataclass(frozen=True, kw_only=True)
class Counts:
    """The table, the differences that break it, and whether exported and added end as posted or pulled."""

    lines: tuple[Line, ...]
    differences: tuple[str, ...]
    settled: bool

    @property
    def holds(self) -> bool:
        """Tell whether no count contradicts another."""
        return not self.differences

    @property
    def sentence_ja(self) -> str:
        """Return the result in one sentence for paper."""
        if self.differences:
            return "不一致: " + "、".join(self.differences)
        if not self.settled:
            return "これまでの件数に不一致はありません（年度途中）。"
        by_key = {line.key: line.count for line in self.lines}
        return "出力 {exported:,} ＋ 追加 {added:,} ＝ 差出 {posted:,} ＋ 引抜き {pulled:,}".format(**by_key)

    def as_json(self) -> dict[str, int | bool | list[str]]:
        """Return the counts for scripts."""
        numbers: dict[str, int | bool | list[str]] = {line.key: line.count for line in self.lines}
        return numbers | {"holds": self.holds, "settled": self.settled, "differences": list(self.differences)}


def counts(office: Office, cycle_id: str) -> Counts:
    """Count a cycle."""
    with reading(office.engine) as connection:
        return counts_of(office.door.facts(connection, cycle_id))


def counts_of(facts: Facts) -> Counts:
    """Count a cycle from its facts, within their transaction."""
    taken = facts.record("take_extract", ExtractTaken)
    additions = facts.record("take_additions", AdditionsTaken)
    received = facts.record("report_receipt", ReceiptReported)
    printed = facts.record("report_printing", PrintingReported)
    posted = facts.record("post", Posted)
    states = facts.pieces.by_state()
    exported = taken.exported if taken else 0
    added = count(additions.serials) if additions else 0
    lines = (
        Line(key="raw_hits", ja="抽出", en="raw hits", count=taken.raw_hits if taken else 0, source="抽出条件書"),
        Line(key="excluded", ja="除外", en="excluded", count=sum(taken.excluded.values()) if taken else 0,
             source="点検票"),
        Line(key="held", ja="要確認", en="held", count=taken.held if taken else 0, source="点検票"),
        Line(key="exported", ja="出力", en="exported", count=exported, source="点検票"),
        Line(key="received", ja="受領", en="received", count=received.received if received else 0, source="受領報告"),
        Line(key="added", ja="追加", en="added", count=added, source="追加抽出"),
        Line(key="spoiled", ja="損紙（印字済）", en="spoiled sheets", count=count(printed.spoiled) if printed else 0,
             source="印字件数報告"),
        Line(key="to_print", ja="印字待ち", en="to be printed", count=states["exported"], source="通し番号"),
        Line(key="printed", ja="印字済（封入待ち）", en="printed, to be enclosed", count=states["printed"],
             source="通し番号"),
        Line(key="enclosed", ja="封緘済（差出待ち）", en="enclosed, to be posted", count=states["enclosed"],
             source="通し番号"),
        Line(key="pulled", ja="引抜き", en="pulled", count=states["pulled"], source="引抜き結果"),
        Line(key="posted", ja="差出", en="posted", count=states["posted"], source="差出票・通し番号"),
    )  # fmt: skip
    return Counts(
        lines=lines,
        differences=tuple(
            _differences(facts, states, taken=taken, received=received, posted=posted, serials=exported + added)
        ),
        settled="post" in facts.done,
    )


def _differences(
    facts: Facts,
    states: Mapping[str, int],
    *,
    taken: ExtractTaken | None,
    received: ReceiptReported | None,
    posted: Posted | None,
    serials: int,
) -> list[str]:
    found: list[str] = []
    if taken and taken.raw_hits != taken.exported + sum(taken.excluded.values()) + taken.held:
        found.append("抽出 ≠ 出力 + 除外 + 要確認")
    if "extract" in facts.done and sum(states.values()) != serials:
        found.append(f"通し番号 {sum(states.values())} ≠ 出力 + 追加 {serials}")
    if received and taken and received.received > taken.exported:
        found.append(f"受領 {received.received} ≠ 出力 {taken.exported}")
    if posted and posted.accepted != states["posted"]:
        found.append(f"引受 {posted.accepted} ≠ 差出 {states['posted']}")
    if posted and (left := states["exported"] + states["printed"] + states["enclosed"]):
        found.append(f"行方の決まらない通し番号 {left}")
    return found
