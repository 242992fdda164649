"""Counting: the conservation table of a cycle (Law 7), each line with its source, every difference by serial."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import comb
from typing import Any

from models import choices
from models.records.enclosing import (
    DeliveryInspected,
    DifferencesSettled,
    EnclosingReported,
    PullListAcknowledged,
)
from models.records.extraction import AdditionsTaken, ChangesTaken, ExtractTaken, ListWithdrawn, ProtectionRechecked
from models.records.mailing import Posted, RetrievalRequested, ReturnedMailClosed
from models.records.printing import ManuscriptDelivered, PrintingReported
from models.records.transfer import AdditionsReceived, PackageSealed, ReceiptReported
from models.serials import common, compact, count, minus, union
from models.words import _, in_words, listed
from states.facts import Facts, Past
from states.look import Look
from states.rules.conservation import Material, materials, open_differences
from states.rules.custody import returned_letters
from states.table import BY_TRIGGER

_SHOWN = 20  # spans of serials named in a difference; the rest is counted


@dataclass(frozen=True)
class Line:
    """A line of the table: what is counted, how many, and from which act and which entry of the ledger.

    `part_of` is the key of the line that it is a part of. `differs_by` is not 0 where the count contradicts another:
    `serials` then names them, as far as they are known.
    """

    key: str
    ja: str
    en: str
    count: int
    source: str
    part_of: str = ""
    differs_by: int = 0
    serials: str = ""

    @property
    def label(self) -> str:
        """Return the line's title in the reader's language."""
        return in_words(ja=self.ja, en=self.en)

    def as_json(self) -> dict[str, str | int]:
        """Return the line for scripts."""
        return {
            "key": self.key, "name": self.label, "count": self.count, "source": self.source, "part_of": self.part_of,
            "differs_by": self.differs_by, "serials": self.serials,
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Counts:
    """The table, the differences that break it by the line they are found at, and whether all has ended.

    All has ended when exported and added are posted or pulled.
    """

    lines: tuple[Line, ...]
    differences_by_line: tuple[tuple[str, str], ...]
    settled: bool
    notes: tuple[str, ...] = ()

    @property
    def differences(self) -> tuple[str, ...]:
        """Return each difference in a sentence."""
        return tuple(sentence for _key, sentence in self.differences_by_line)

    @property
    def holds(self) -> bool:
        """Tell whether no count contradicts another."""
        return not self.differences

    @property
    def by_key(self) -> dict[str, int]:
        """Return every count by the key of its line."""
        return {line.key: line.count for line in self.lines}

    @property
    def sentence_ja(self) -> str:
        """Return the result in one sentence for paper."""
        if self.differences:
            return "不一致: " + "、".join(self.differences)
        if not self.settled:
            return "これまでの件数に不一致はありません（年度途中）。"
        return "出力 {exported:,} ＋ 追加 {added:,} ＝ 差出 {posted:,} ＋ 引抜き {pulled:,}".format(**self.by_key)

    def as_json(self) -> dict[str, Any]:
        """Return the counts for scripts: by key, and line by line with source and differences."""
        return {
            **self.by_key,
            "holds": self.holds,
            "settled": self.settled,
            "differences": list(self.differences),
            "rows": [line.as_json() for line in self.lines],
            "notes": list(self.notes),
        }


def counts(here: Look) -> Counts:
    """Count a cycle."""
    year = _Year(here.facts)
    # The identities of Law 7 are checked each as soon as its acts are done.
    found = [difference for check in _IDENTITIES for difference in check(year)]
    lines = tuple(_with(line, found) for line in (*_extracted(year), *_made(year), *_ended(year), *_waiting(year)))
    return Counts(
        lines=lines,
        differences_by_line=tuple((difference.key, difference.sentence) for difference in found),
        settled="post" in here.facts.done,
        notes=tuple(_notes(year)),
    )


@dataclass(frozen=True, kw_only=True)
class _Difference:
    key: str
    ja: str
    by: int
    serials: str = ""

    @property
    def sentence(self) -> str:
        return f"{self.ja}［{self.serials}］" if self.serials else self.ja


@dataclass(frozen=True)
class _Year:
    """What the records of a cycle say, serials as text."""

    facts: Facts

    @cached_property
    def states(self) -> dict[str, int]:
        return self.facts.pieces.by_state()

    @cached_property
    def taken(self) -> ExtractTaken | None:
        return self.facts.record("take_extract", ExtractTaken)

    @cached_property
    def added(self) -> AdditionsTaken | None:
        return self.facts.record("take_additions", AdditionsTaken)

    @cached_property
    def new(self) -> str:
        return self.added.serials if self.added else ""

    @cached_property
    def exported(self) -> str:
        """Return the serials of the extract once its check is signed."""
        taken = self.taken
        return taken.serials if taken and "extract" in self.facts.done else ""

    @cached_property
    def printings(self) -> tuple[Past[PrintingReported], ...]:
        return self.facts.past("report_printing", PrintingReported)

    @cached_property
    def enclosings(self) -> tuple[Past[EnclosingReported], ...]:
        return self.facts.past("report_enclosing", EnclosingReported)

    @cached_property
    def finished_additions(self) -> str:
        return self.new if "enclose_additions" in self.facts.done else ""

    @cached_property
    def printed(self) -> str:
        return union(*(report.record.good for report in self.printings), self.finished_additions)

    @cached_property
    def enclosed(self) -> str:
        return union(*(report.record.sealed for report in self.enclosings), self.finished_additions)

    @cached_property
    def pulled(self) -> dict[str, str]:
        """Return the pulled serials by the stage they had reached."""
        first = [
            recheck.record.newly_protected for recheck in self.facts.past("recheck_before_sealing", ProtectionRechecked)
        ]
        first += [withdrawal.record.pulled for withdrawal in self.facts.past("withdraw_list", ListWithdrawn)]
        for changes in changes_before_sealing(self.facts):
            first += [changes.newly_protected, changes.moved, changes.died]
        stages = {"transfer": union(*first), "printing": "", "sealing": "", "sealed": ""}
        for act in ("acknowledge_pull_list", "acknowledge_final_pull_list"):
            for pull_list in self.facts.past(act, PullListAcknowledged):
                printed = union(
                    *(p.record.good for p in self.printings if p.seq < pull_list.seq), self.finished_additions
                )
                sealed = union(
                    *(e.record.sealed for e in self.enclosings if e.seq < pull_list.seq), self.finished_additions
                )
                after, before = common(pull_list.record.pulled, sealed), minus(pull_list.record.pulled, sealed)
                parts = {"printing": minus(before, printed), "sealing": common(before, printed), "sealed": after}
                stages |= {stage: union(stages[stage], part) for stage, part in parts.items()}
        return stages

    @cached_property
    def out(self) -> str:
        return union(*self.pulled.values())

    @cached_property
    def returned(self) -> dict[str, str]:
        """Return the serials that came back, by what became of each in the end."""
        letters = returned_letters(self.facts)
        return {
            outcome: compact(serial for serial, letter in letters.items() if letter.outcome == outcome)
            for outcome in choices.RETURN_OUTCOMES
        }

    def source(self, *acts: str) -> str:
        """Return the acts a number comes from, each with its latest entry in the ledger."""
        done = [(BY_TRIGGER[act].title, self.facts.done[act].seq) for act in acts if act in self.facts.done]
        said = (_("{act}, entry {seq}").format(act=act, seq=seq) for act, seq in done)
        return listed(said) or BY_TRIGGER[acts[0]].title


def changes_before_sealing(facts: Facts) -> list[ChangesTaken]:
    """Return the change lists that came before anything was sealed: whom they name was pulled at once."""
    sealed = facts.past("seal_package", PackageSealed)
    return [
        change_list.record
        for change_list in facts.past("take_changes", ChangesTaken)
        if not sealed or change_list.seq < sealed[0].seq
    ]


STAGES = {
    "transfer": ("うち引渡し前", "before the hand-over"),
    "printing": ("うち印字前", "before printing"),
    "sealing": ("うち封緘前", "before sealing"),
    "sealed": ("うち封緘後（封緘済みを抜取り）", "after sealing: sealed pieces taken out"),
}


def _extracted(year: _Year) -> Iterator[Line]:
    taken, source = year.taken, year.source("take_extract")
    excluded = taken.excluded if taken else {}
    yield Line("raw_hits", "抽出", "raw hits", taken.raw_hits if taken else 0, source)
    yield Line("excluded", "除外", "excluded", sum(excluded.values()), source)
    for reason, number in excluded.items():
        ja, en = choices.both(choices.EXCLUSIONS, reason)
        yield Line(f"excluded_{reason}", f"うち{ja}", f"of which {en[:1].lower()}{en[1:]}", number, source, "excluded")
    yield Line("held", "要確認", "held", taken.held if taken else 0, source)
    yield Line("exported", "出力", "exported", taken.exported if taken else 0, year.source("extract"))


def _made(year: _Year) -> Iterator[Line]:
    received = year.facts.record("report_receipt", ReceiptReported)
    replaced, enclosing = year.added.replaced if year.added else "", ("report_enclosing", "enclose_additions")
    printing = year.source("report_printing", "enclose_additions")
    # A serial is spoiled as often as its sheet was.
    spoiled = [report.record.spoiled for report in year.printings]
    spoiled += [settlement.record.reprinted for settlement in year.facts.past("settle_differences", DifferencesSettled)]
    yield Line("received", "受領", "received", received.received if received else 0, year.source("report_receipt"))
    yield Line("added", "追加・差替え（新しい番号）", "added, with new serials", count(year.new),
                year.source("take_additions"))  # fmt: skip
    if replaced:
        yield Line("replaced", "うち差替え", "of which replacements", count(replaced), year.source("take_additions"),
                    "added")  # fmt: skip
    if second := year.facts.record("report_additions_receipt", AdditionsReceived):
        yield Line("received_additions", "受領（追加・差替え）", "received additions", second.received,
                    year.source("report_additions_receipt"))  # fmt: skip
    yield Line("printed", "印字（良品）", "printed well", count(year.printed), printing)
    yield Line("spoiled", "損紙（印字済）", "spoiled sheets", sum(map(count, spoiled)), year.source("report_printing"))
    yield Line("enclosed", "封緘", "enclosed and sealed", count(year.enclosed), year.source(*enclosing))
    first, final = year.source("acknowledge_pull_list"), year.source("acknowledge_final_pull_list")
    pulled = year.source("acknowledge_pull_list", "acknowledge_final_pull_list")
    sources = {"transfer": year.source("recheck_before_sealing"), "sealed": final}
    yield Line("pulled", "引抜き", "pulled", year.states["pulled"], pulled)
    for stage, serials in year.pulled.items():
        if serials:
            yield Line(f"pulled_{stage}", *STAGES[stage], count(serials), sources.get(stage, first), "pulled")


def _ended(year: _Year) -> Iterator[Line]:
    yield Line("posted", "差出", "posted", year.states["posted"], year.source("post"))
    returned = year.source("record_returned_mail")
    yield Line("returned", "返戻", "returned mail", sum(map(count, year.returned.values())), returned)
    for outcome, serials in year.returned.items():
        if serials:
            ja, en = choices.both(choices.RETURN_OUTCOMES, outcome)
            yield Line(f"returned_{outcome}", f"うち{ja}", en, count(serials), returned, "returned")
    requests = year.facts.past("request_retrieval", RetrievalRequested)
    if asked_back := union(*(request.record.serials for request in requests)):
        yield Line("asked_back", "取戻請求", "asked back", count(asked_back), year.source("request_retrieval"))


def _waiting(year: _Year) -> Iterator[Line]:
    """Say what has not ended yet: nothing, once the letters are posted."""
    now = _("where the serials stand now")
    yield Line("to_print", "印字待ち", "to be printed", year.states["exported"], now)
    yield Line("to_enclose", "封入待ち", "to be enclosed", year.states["printed"], now)
    yield Line("to_post", "差出待ち", "to be posted", year.states["enclosed"], now)


def _hits_add_up(year: _Year) -> Iterator[_Difference]:
    if (taken := year.taken) is None:
        return
    if by := taken.raw_hits - taken.exported - sum(taken.excluded.values()) - taken.held:
        yield _Difference(key="raw_hits", ja="抽出 ≠ 出力 ＋ 除外 ＋ 要確認", by=by)


def _serials_are_those_exported(year: _Year) -> Iterator[_Difference]:
    serials, known = count(year.exported) + count(year.new), sum(year.states.values())
    if "extract" in year.facts.done and known != serials:
        names = _both_ways(union(year.exported, year.new), year.facts.pieces.serials())
        words = f"通し番号 {known:,} ≠ 出力 ＋ 追加 {serials:,}"
        yield _Difference(key="exported", ja=words, by=known - serials, serials=names)


def _received_is_what_was_handed_over(year: _Year) -> Iterator[_Difference]:
    received = year.facts.record("report_receipt", ReceiptReported)
    sent = count(year.exported) - count(year.pulled["transfer"])
    if received and received.received != sent:
        words = f"受領 {received.received:,} ≠ 出力 − 引渡し前の引抜き {sent:,}"
        yield _Difference(key="received", ja=words, by=received.received - sent)


def _one_good_sheet_of_each(year: _Year) -> Iterator[_Difference]:
    if "complete_printing" not in year.facts.done:
        return
    due = minus(year.exported, year.pulled["transfer"], year.pulled["printing"])
    yield from _compared(year.printed, union(due, year.finished_additions), key="printed", ja="印字", of="印字すべき")


def _every_good_sheet_is_sealed(year: _Year) -> Iterator[_Difference]:
    for name, serials in open_differences(year.facts).items():
        number = int(serials) if name == "unreadable" else count(serials)
        ja, names = choices.on_paper(choices.DIFFERENCES, name), "" if name == "unreadable" else serials
        yield _Difference(key="enclosed", ja=f"封入照合: {ja} {number:,}", by=number, serials=_short(names))
    if "complete_enclosing" in year.facts.done:
        due = minus(year.printed, year.pulled["sealing"])
        yield from _compared(year.enclosed, due, key="enclosed", ja="封緘", of="封緘すべき")


def _pulled_are_those_acknowledged(year: _Year) -> Iterator[_Difference]:
    if year.states["pulled"] != count(year.out):
        names = _both_ways(year.out, year.facts.pieces.serials("pulled"))
        words = f"引抜き {year.states['pulled']:,} ≠ 引抜き結果 {count(year.out):,}"
        yield _Difference(key="pulled", ja=words, by=year.states["pulled"] - count(year.out), serials=names)


def _posted_is_sealed_and_accepted(year: _Year) -> Iterator[_Difference]:
    posted = year.facts.record("post", Posted)
    if posted is None:
        return
    counted, due = year.states["posted"], minus(year.enclosed, year.pulled["sealed"])
    if posted.accepted != counted:
        yield _Difference(key="posted", ja=f"引受 {posted.accepted:,} ≠ 差出 {counted:,}", by=posted.accepted - counted)
    if counted != count(due):
        names = _both_ways(due, year.facts.pieces.serials("posted"))
        words = f"差出 {counted:,} ≠ 封緘 − 封緘後の引抜き {count(due):,}"
        yield _Difference(key="posted", ja=words, by=counted - count(due), serials=names)
    waiting = ("exported", "printed", "enclosed")
    if left := sum(year.states[state] for state in waiting):
        names = year.facts.pieces.named(*waiting)
        yield _Difference(key="posted", ja=f"行方の決まらない通し番号 {left:,}", by=left, serials=names)


def _returned_were_posted(year: _Year) -> Iterator[_Difference]:
    returned = union(*year.returned.values())
    if strange := count(returned) - year.facts.pieces.within(returned, "posted"):
        yield _Difference(key="returned", ja=f"差し出していない返戻 {strange:,}", by=strange)
    closed = year.facts.record("end_returned_mail", ReturnedMailClosed)
    total = sum(closed.returned.values()) if closed else 0
    if total > count(returned):
        words = f"番号の記録のない返戻 {total - count(returned):,}"
        yield _Difference(key="returned", ja=words, by=total - count(returned))


_IDENTITIES = (
    _hits_add_up,
    _serials_are_those_exported,
    _received_is_what_was_handed_over,
    _one_good_sheet_of_each,
    _every_good_sheet_is_sealed,
    _pulled_are_those_acknowledged,
    _posted_is_sealed_and_accepted,
    _returned_were_posted,
)


def _compared(found: str, due: str, *, key: str, ja: str, of: str) -> Iterator[_Difference]:
    lacking, surplus = minus(due, found), minus(found, due)
    if lacking or surplus:
        words = f"{ja} {count(found):,} ≠ {of}通し番号 {count(due):,}"
        by = count(found) - count(due) or count(lacking)
        yield _Difference(key=key, ja=words, by=by, serials=_short(union(lacking, surplus)))


def _both_ways(due: str, found: Iterable[int]) -> str:
    there = compact(found)
    return _short(union(minus(due, there), minus(there, due)))


def _short(serials: str) -> str:
    spans = serials.split(",")
    return ",".join(spans[:_SHOWN]) + (f" …（ほか {len(spans) - _SHOWN} 区間）" if len(spans) > _SHOWN else "")


def _with(line: Line, found: list[_Difference]) -> Line:
    mine = [difference for difference in found if difference.key == line.key]
    if not mine:
        return line
    by = sum(difference.by for difference in mine) or mine[0].by
    return replace(
        line, differs_by=by, serials=",".join(difference.serials for difference in mine if difference.serials)
    )


def _notes(year: _Year) -> Iterator[str]:
    """Say what is counted but no piece: blank stock with its reason, and what the sampled opening can tell."""
    manuscript = year.facts.record("deliver_manuscript", ManuscriptDelivered)
    if manuscript and year.printings:
        used = sum(count(report.record.good) + count(report.record.spoiled) for report in year.printings)
        last = year.printings[-1].record
        rest = manuscript.sheets - used - last.sheets_left
        reason = last.blank_reason or ("理由の記入なし" if rest else "")
        yield (
            f"用紙: 発注 {manuscript.sheets:,} − 印字 {used:,} − 残 {last.sheets_left:,} ＝ 差 {rest:,}"
            + (f"（{reason}）" if reason else "")
        )
    yield from (_material(it) for it in materials(year.facts) if it.delivered is not None or it.left is not None)
    inspected = year.facts.record("inspect_delivery", DeliveryInspected)
    if inspected:
        yield sample_sentence(inspected, year.facts.programme.enclosing.confidence)


def _material(it: Material) -> str:
    """Say what became of the envelopes or an insert."""
    delivered, left = ("不明" if number is None else f"{number:,}{it.unit}" for number in (it.delivered, it.left))
    difference = "不明" if it.is_unknown else f"{it.difference:+,}{it.unit}" if it.difference else "0"
    return f"{it.name}: 納入 {delivered} − 使用 {it.used:,} − 損 {it.spoiled:,} − 残 {left} ＝ 差 {difference}"


def sample_sentence(inspected: DeliveryInspected, confidence: float) -> str:
    """Say on paper what the sampled opening of a delivery can tell, and how surely."""
    most = most_wrong(pieces=inspected.delivered, opened=inspected.opened, wrong=inspected.wrong, confidence=confidence)
    share = f"{most / inspected.delivered:.1%}" if inspected.delivered else "0%"
    return (
        f"抜取り開封: {inspected.delivered:,} 通のうち {inspected.opened:,} 通を開封し、誤り {inspected.wrong:,} 通"
        f"（信頼度 {confidence:.0%} で、誤りは全体で {most:,} 通（{share}）以下）"
    )


def most_wrong(*, pieces: int, opened: int, wrong: int, confidence: float) -> int:
    """Return how many of the pieces are wrong at most, with this confidence, after so many of those opened were.

    Exact: the largest number under which finding so few is not yet less likely than 1 - confidence (hypergeometric).
    """
    rare = 1 - Fraction(str(confidence))

    def is_rare(bad: int) -> bool:
        few = sum(comb(bad, k) * comb(pieces - bad, opened - k) for k in range(wrong + 1))
        return few * rare.denominator < comb(pieces, opened) * rare.numerator

    return wrong + bisect_left(range(wrong + 1, pieces - (opened - wrong) + 1), 1, key=is_rare)
