"""What a movement carries, as papers say it (情報の内容, 数量): 「損紙 2枚、引抜き分 4枚」, never 「4点」."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models import choices
from models.programme import Programme
from models.serials import common, count, minus, union
from states.facts import Facts
from states.rules.oversight import LETTERS

# What lies in a stack, in the order in which it is said, each with its unit.
_INSIDE = {
    "proof_sheets": "宛名印字見本 {n:,}枚",
    "spoiled_sheets": "損紙 {n:,}枚",
    "pulled_pieces": "引抜き分 {n:,}枚",
    "letters": "印字済み {n:,}枚",
    "sealed": "封緘済み {n:,}通",
    "returned_letters": "返戻 {n:,}通",
    "paper": "書類 {n:,}枚",
}
# What is no stack.
_ALONE = {
    "medium": "媒体{n:,}{unit}",
    "password_notice": "パスワード通知書 {n:,}通",
    "extract_original": "電磁的記録 {n:,}件",
    "letters_file": "電磁的記録 {n:,}件",
    "protected_list": "電磁的記録 {n:,}件",
    "electronic_copy": "電磁的記録 {n:,}件",
}
_FLAT = ("DVD", "CD", "BD", "ブルーレイ", "ディスク", "カード")
# The acts that move sealed letters, with the field that counts them.
LETTERS_MOVE = {"inspect_delivery": "delivered", "post": "accepted"}
_NO_DATA = ("", "password_notice")
BY_POST, NOT_CARRIED = "郵便（封緘のまま）", "運搬なし"
UNTOLD, UNKNOWN = "記載なし", "不明"  # an older version did not ask for it; somebody was asked and did not know
TELLING = (
    "take_additions", "submit_imprint_sample", "report_printing", "acknowledge_pull_list", "settle_differences",
    "report_enclosing", "acknowledge_final_pull_list", "enclose_additions", "cancel", "record_movement",
    "record_returned_mail", "end_returned_mail",
)  # fmt: skip


def unit_of(medium: str) -> str:
    """Return the unit of a medium as the programme names it: discs and cards are flat (枚), a USB memory is not."""
    return "枚" if any(word in medium.upper() for word in _FLAT) else "個"


def one_medium(medium: str) -> str:
    """Return 「媒体1枚」, or 「媒体1個」, by the kind of the medium."""
    return _ALONE["medium"].format(n=1, unit=unit_of(medium))


@dataclass(kw_only=True)
class Contents:
    """What lies in each numbered stack of a year, as its acts told it: `take` them one after another."""

    medium: str
    fiscal_year: int
    kinds: Mapping[str, str]
    inside: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    _printed: str = ""
    _sealed: str = ""
    _pulled: str = ""
    _added: str = ""
    _spoiled: str = ""
    _returned: dict[str, str] = field(default_factory=dict[str, str])
    _named: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    @property
    def back(self) -> str:
        """Return the serials of the returned letters that are at the ward."""
        return union(*self._returned.values())

    def take(self, act: str, record: Mapping[str, Any]) -> None:  # noqa: C901, PLR0912 - a case an act
        """Take what an act told, as it is stored; acts that lay nothing down change nothing."""
        said = record.get
        match act:
            case "take_additions":
                self._added = union(self._added, said("serials", ""))
            case "submit_imprint_sample":
                self._lay(said("sample_stack", ""), proof_sheets=count(said("serials", "")))
            case "report_printing":
                self._printed = union(self._printed, said("good", ""))
                self._lay_spoiled(said("spoiled_stack", ""), spoiled_sheets=said("spoiled", ""))
            case "report_enclosing":
                self._sealed = union(self._sealed, said("sealed", ""))
            case "enclose_additions":
                self._sealed = union(self._sealed, minus(self._added, self._pulled))
            case "settle_differences":
                out = minus(said("removed", ""), self._pulled)  # what was pulled is told already
                self._lay_spoiled(said("stack", ""), spoiled_sheets=said("reprinted", ""), sealed=out)
            case "acknowledge_pull_list" | "acknowledge_final_pull_list":
                self._pull(said("pulled", ""), said("stack", ""))
            case "cancel":
                sheets = minus(self._printed, self._sealed, self._pulled)
                letters = minus(self._sealed, self._pulled)
                self._lay(f"{LETTERS}-{self.fiscal_year}-01", letters=count(sheets), sealed=count(letters))
            case "record_returned_mail":
                self._give_back(said("serials", ""), said("stack", "") if said("outcome") == "kept" else None)
            case "end_returned_mail":
                by_serial = sum(map(count, self._returned.values()))
                self._lay(said("stack", ""), returned_letters=sum(said("returned", {}).values()) - by_serial)
            case "record_movement":
                kind = self.kinds.get(said("item", ""), said("kind", ""))
                if said("item") not in self.inside and kind in _INSIDE:
                    self._lay(said("item", ""), **{kind: said("quantity", 1)})
            case _:
                pass

    def numbered(self, items: Iterable[str], *, told: int | None = None, kind: str = "") -> str:
        """Return how many of what unit items are; `told` and `kind` are those of a movement that says them itself."""
        alone, inside, strange = Counter[str](), Counter[str](), list[str]()
        for item in items:
            its_kind = self.kinds.get(item, kind)
            if item in self.inside:
                inside += self.inside[item]
            elif its_kind in _ALONE:
                alone[_ALONE[its_kind]] += told or 1
            elif told and its_kind in _INSIDE:
                inside[its_kind] += told
            else:  # nobody said how many sheets lie in it
                strange.append(
                    f"{choices.on_paper(choices.ITEMS, its_kind)} {f'{told:,}枚' if told else '1束'}".strip()
                )
        unit = unit_of(self.medium)
        said = [words.format(n=alone[words], unit=unit) for words in dict.fromkeys(_ALONE.values()) if alone[words]]
        said += [words.format(n=inside[name]) for name, words in _INSIDE.items() if inside[name]]
        return "、".join((*said, *strange))

    def serials_in(self, items: Iterable[str]) -> str:
        """Return the serials of what lies in these items, by kind; "" for what is not known by serial."""
        within = [*items]
        named = {kind: union(*(self._named.get((item, kind), "") for item in within)) for kind in _INSIDE}
        named["returned_letters"] = union(*(self._returned.get(item, "") for item in within))
        said = (f"{_INSIDE[kind].split()[0]} {serials}" for kind, serials in named.items() if serials)
        return "、".join(said)

    def _pull(self, named: str, stack: str) -> None:
        """Lay down what is pulled and imprinted; what was pulled before lies somewhere already."""
        pulled = minus(named, self._pulled)
        self._pulled = union(self._pulled, pulled)
        sealed = common(pulled, self._sealed)
        sheets = minus(common(pulled, self._printed), sealed)
        known = self._spoiled or f"S-{self.fiscal_year}-01"
        self._lay_named(stack or known, pulled_pieces=sheets, sealed=sealed)

    def _give_back(self, serials: str, stack: str | None) -> None:
        """Lay returned letters into a stack, out of the one in which they lay; None where they went on."""
        for its in [*self._returned]:
            self._returned[its] = minus(self._returned[its], serials)
        if stack is not None:
            self._returned[stack] = union(self._returned.get(stack, ""), serials)
        for its, letters in self._returned.items():
            if its:  # an older version kept them in none
                self.inside[its] = Counter(returned_letters=count(letters))

    def _lay_spoiled(self, stack: str, **sheets: str) -> None:
        if stack and any(sheets.values()):
            self._spoiled = min(filter(None, (self._spoiled, stack)))
        self._lay_named(stack, **sheets)

    def _lay_named(self, stack: str, **sheets: str) -> None:
        """Lay down what is known by serial; a serial lies there as often as its sheet was spoiled."""
        self._lay(stack, **{kind: count(serials) for kind, serials in sheets.items()})
        for kind, serials in sheets.items():
            there = self._named.setdefault((stack, kind), "")
            self._named[stack, kind] = union(there, serials)

    def _lay(self, stack: str, **sheets: int) -> None:
        if stack and any(sheets.values()):
            self.inside.setdefault(stack, Counter()).update(sheets)


def contents(facts: Facts, *, before: int | None = None) -> Contents:
    """Return what lies in the stacks of a cycle now, or before an entry of the ledger was written."""
    made = empty(facts.programme, facts.fiscal_year, {item.number: item.kind for item in facts.items})
    for told in facts.history.of(*TELLING):
        if before is None or told.seq < before:
            made.take(told.act, json.loads(told.data))
    return made


def empty(programme: Programme, fiscal_year: int, kinds: Mapping[str, str]) -> Contents:
    """Return the contents of a year in which nothing has happened."""
    return Contents(medium=programme.consignment.medium, fiscal_year=fiscal_year, kinds=kinds)


def container(*, locked: bool | None, kind: str, number: str) -> str:
    """Return in what something was carried, which nobody knows, or which was not locked."""
    if locked is None:
        return UNKNOWN
    return f"{choices.on_paper(choices.BAGS, kind)}　{number}".strip() if locked else "施錠なし"


def destroyed_by(method: str) -> str:
    """Return where something went that was destroyed."""
    return f"廃棄（{method}）"


def items_of(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the numbers of the items that a movement names."""
    return tuple(filter(None, record.get("items") or (record.get("item") or record.get("sample_stack") or "",)))


def content(act: str, record: Mapping[str, Any], kinds: Mapping[str, str], holds: Sequence[str]) -> list[str]:
    """Return what is moved, a line a kind: its numbers, and which items of personal data (`holds`) it carries."""
    data = f"（{'、'.join(holds)}）"
    if act in LETTERS_MOVE:
        return [f"案内状（封緘済）{data}"]
    if act == "record_returned_mail":
        return [f"返戻の案内状（封緘済）　{record.get('stack', '')}".strip() + data]
    by_kind: dict[str, list[str]] = {}
    kind = "proof_sheets" if act == "submit_imprint_sample" else record.get("kind", "")
    for number in items_of(record) or ("",):
        by_kind.setdefault(kinds.get(number, kind), []).append(number)
    return [
        f"{choices.on_paper(choices.ITEMS, kind)}　{'、'.join(named)}".strip() + ("" if kind in _NO_DATA else data)
        for kind, named in by_kind.items()
    ]


def quantity(act: str, record: Mapping[str, Any], inside: Contents) -> str:
    """Return how many of what unit are moved; never how many persons a medium holds."""
    if act in LETTERS_MOVE:
        return f"{record[LETTERS_MOVE[act]]:,}通"
    if act == "record_returned_mail":
        return _INSIDE["returned_letters"].format(n=count(minus(record["serials"], inside.back)))
    if act == "submit_imprint_sample":
        return _INSIDE["proof_sheets"].format(n=count(record.get("serials", "")))
    return inside.numbered(items_of(record), told=record.get("quantity"), kind=record.get("kind", ""))
