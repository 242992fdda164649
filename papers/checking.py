"""Checking: one page about the extract for the two checkers, as a PDF to stamp and on the screen (点検票)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from sqlalchemy import Row, select
from sqlmodel import col

from adapters.fonts import default_font
from models import choices, tables
from models.errors import Unknown
from models.extract import CODES
from models.records.extraction import ExtractTaken
from models.serials import count, ranges
from models.words import N_, _, language, translate
from papers import sheet
from papers.sheet import Document, Labelled, Sheet
from states import schedule
from states.look import Look

_ROWS_THAT_FIT, _CODES_THAT_FIT, _SPANS_SHOWN = 8, 6, 5
_BAR = 40  # characters of the longest bar
_GONE = N_("the font it was judged with is not installed any more")


class Excluded(TypedDict):
    """How many were excluded for one reason."""

    reason: str
    count: str


class Month(TypedDict):
    """How many were born in a month; `count` is a number, the bar's height comes from it."""

    label: str
    count: int


class HeldLine(TypedDict):
    """A row that waited for a decision: row, column and code, never the value."""

    row: int
    column: str
    code: str
    decision: str
    by: str


class HeldCode(TypedDict):
    """How many rows waited for one reason and how they were decided; "" is none, `open` those that still wait."""

    column: str
    code: str
    count: str
    exclude: str
    substitute: str
    accept: str
    corrected: str
    open: str


class ExtractReport(Document):
    """`extract_report` 抽出点検票, one page; `checkers` are two names, "" where one still signs by hand.

    The held rows stand in `held` where they fit, else by reason in `held_codes`.
    """

    condition: Sequence[Labelled]
    hits: str
    excluded: Sequence[Excluded]
    waiting: str
    exported: str
    result: str
    comparison: Sequence[Labelled]
    months: Sequence[Month]
    files: Sequence[Labelled]
    sha256: str
    font_sha256: str
    held: Sequence[HeldLine]
    held_codes: Sequence[HeldCode]
    deciders: str
    checkers: tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the two checkers compare: counts, months, how it stands beside last year and the extract before."""

    taken: ExtractTaken
    cutoff: str
    font: str
    licence: str
    rows: Sequence[Row[tables.HeldRow]]
    names: Mapping[str, str]
    lang: str

    def say(self, sentence: str, **counts: int) -> str:
        """Return a sentence of the catalogue in the report's language."""
        return translate(sentence, self.lang).format(**{name: f"{number:,}" for name, number in counts.items()})

    @property
    def result(self) -> str:
        """Return the sum that must hold."""
        return self.say(
            N_("Hits {hits} = exported {exported} + excluded {excluded} + held {held}"),
            hits=self.taken.raw_hits, exported=self.taken.exported, excluded=sum(self.taken.excluded.values()),
            held=self.taken.held,
        )  # fmt: skip

    @property
    def excluded(self) -> list[tuple[str, int]]:
        """Return reason and count of everybody who is not exported."""
        return [(self.reason(key), number) for key, number in self.taken.excluded.items()]

    @property
    def comparison(self) -> list[tuple[str, str]]:
        """Return how it stands beside last year and the extract before, by serial."""
        taken = self.taken
        year, then = self.say(N_("not on record")), taken.last_year
        if then:
            year = f"{then:,}（{taken.exported - then:+,}、{(taken.exported - then) / then:+.1%}）"
        lines = [(self.say(N_("Exported last year")), year)]
        if not taken.before_sha256:
            return [*lines, (self.say(N_("Extract before")), self.say(N_("none: this is the first")))]
        changes = {N_("Added"): taken.added, N_("Removed"): taken.removed, N_("Changed"): taken.changed}
        return [
            *lines,
            (self.say(N_("Extract before")), f"SHA-256 {taken.before_sha256[:8]}…"),
            *((f"　{self.say(kind)}", self._serials(serials)) for kind, serials in changes.items()),
        ]

    def reason(self, key: str) -> str:
        """Return why somebody is not exported."""
        return self.say(choices.EXCLUSIONS[key]) if key in choices.EXCLUSIONS else self.sentence(key)

    def sentence(self, code: str) -> str:
        """Return what a finding code means."""
        return translate(CODES[code].sentence, self.lang) if code in CODES else code

    def _serials(self, text: str) -> str:
        """Return how many, and the first of them by serial."""
        spans = ranges(text)
        shown = "、".join(f"{a}–{b}" if b > a else str(a) for a, b in spans[:_SPANS_SHOWN])
        more = " …" if len(spans) > _SPANS_SHOWN else ""
        persons = self.say(N_("{count} persons"), count=count(text))
        return f"{persons}　{shown}{more}".strip()

    @property
    def by_code(self) -> list[tuple[str, str, Counter[str]]]:
        """Return column and reason of the held rows with how many were decided how, most first."""
        found: dict[tuple[str, str], Counter[str]] = {}
        for row in self.rows:
            found.setdefault((row.column, row.code), Counter())[row.how] += 1
        most_first = sorted(found.items(), key=lambda pair: (-pair[1].total(), pair[0]))
        shown = [(column, self.sentence(code), hows) for (column, code), hows in most_first[:_CODES_THAT_FIT]]
        rest = sum((hows for _key, hows in most_first[_CODES_THAT_FIT:]), Counter[str]())
        return [*shown, ("", self.say(N_("Other reasons")), rest)] if rest else shown

    @property
    def deciders(self) -> str:
        """Return who decided how many rows."""
        counted = Counter(self.names.get(row.decided_by, row.decided_by) for row in self.rows if row.decided_by)
        return "、".join(f"{name}（{number:,}）" for name, number in counted.most_common(4)) or self.say(N_("none"))


def report_of(here: Look, *, lang: str = "") -> Report:
    """Return what is reported about the extract of a cycle, in the reader's language unless another is named.

    Raises:
        Unknown: none is taken yet.

    """
    facts, milestones = here.facts, schedule.milestones(here.programme, here.facts.fiscal_year, here.calendar)
    taken = facts.record("take_extract", ExtractTaken)
    if taken is None:
        raise Unknown(_("No extract is taken yet."), _("Take it first."), act="take_extract")
    font = default_font()
    judged_with = font.sha256 == taken.font_sha256
    return Report(
        taken=taken,
        cutoff=str(milestones.get("cutoff", "")),
        font=font.family if judged_with else translate(_GONE, lang or language()),
        licence=font.licence.partition(". ")[0].removeprefix("This Font Software is licensed under the ")
        if judged_with
        else "",
        rows=stored_rows(here),
        names=sheet.names_of(facts),
        lang=lang or language(),
    )


def extract_report(here: Look) -> Sheet:
    """Return the page that the two checkers stamp."""
    facts, report = here.facts, report_of(here, lang="ja")
    taken, fits = report.taken, len(report.rows) <= _ROWS_THAT_FIT
    data: ExtractReport = {
        "head": sheet.head(facts, f"T-{facts.fiscal_year}-01"),
        "condition": [
            {"label": "生年月日の範囲", "value": f"{taken.window_from} から {taken.window_to} まで"},
            {"label": "実際の生年月日", "value": f"{taken.born_from} から {taken.born_to} まで"},
            {"label": "基準日", "value": report.cutoff},
        ],
        "hits": f"{taken.raw_hits:,}",
        "excluded": [{"reason": reason, "count": f"{number:,}"} for reason, number in report.excluded],
        "waiting": f"{taken.held:,}",
        "exported": f"{taken.exported:,}",
        "result": report.result,
        "comparison": [{"label": label, "value": value} for label, value in report.comparison],
        "months": [{"label": month, "count": number} for month, number in sorted(taken.months.items())],
        "files": [
            {"label": "文字コード", "value": str(taken.encoding)},
            {"label": "書体", "value": "　".join(filter(None, (report.font, report.licence)))},
        ],
        "sha256": taken.extract_sha256,
        "font_sha256": taken.font_sha256,
        "held": [_row(row, report) for row in report.rows] if fits else [],
        "held_codes": [] if fits else [_code(*group) for group in report.by_code],
        "deciders": report.deciders,
        "checkers": ("", ""),
    }
    return Sheet(programme=here.programme, name="extract-report", template="extract_report", data=data)


def stored_rows(here: Look) -> Sequence[Row[tables.HeldRow]]:
    """Return the held rows of the extract with their decisions, in the order of the rows."""
    held = tables.HeldRow
    query = select(held).where(col(held.cycle_id) == here.cycle_id).order_by(col(held.row))
    return here.connection.execute(query).all()


def bars(months: Mapping[str, int]) -> list[tuple[str, str, str]]:
    """Return each birth month with its bar and count, for the screen; an empty month stands out."""
    most = max(1, *months.values()) if months else 1
    return [
        (month, "█" * -(-number * _BAR // most), f"{number:,}" if number else "0 !")
        for month, number in sorted(months.items())
    ]


def _row(row: Row[tables.HeldRow], report: Report) -> HeldLine:
    return {
        "row": row.row,
        "column": row.column,
        "code": report.sentence(row.code),
        "decision": report.say(choices.DECISIONS[row.how]) if row.how else "",
        "by": report.names.get(row.decided_by, ""),
    }


def _code(column: str, reason: str, hows: Counter[str]) -> HeldCode:
    def count(how: str) -> str:
        return f"{hows[how]:,}" if hows[how] else ""

    return {
        "column": column, "code": reason, "count": f"{hows.total():,}", "exclude": count("exclude"),
        "substitute": count("substitute"), "accept": count("accept"), "corrected": count("corrected"),
        "open": count(""),
    }  # fmt: skip
