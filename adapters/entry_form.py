"""The form of an act in Excel that comes back: written with what is known, and read as people fill one in.

Each line bears its field's name in a hidden column, so that a line that was put in between moves nothing, and within a
table is one of its own; a hidden sheet says of which act and year the form is, and of which fields. What cannot be read
is named by its cell, never by what stands there.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeAlias

from adapters import excel
from models.clock import TOKYO
from models.errors import BadInput
from models.fields import Field, Takes
from models.plain import visible
from models.words import N_, _, speaking

if TYPE_CHECKING:
    from adapters.spreadsheet import Cell

BY = "by"
MARK, MARKS, LISTS = "tsudoi-form-1", "tsudoi", "choices"  # sheets that are hidden
LINES, BLANK_LINES = 12, 4  # of a table, and at least below the lines that stand there
_KEY, _LABEL, _VALUE, _NOTE = range(4)  # columns; the first is hidden
_WIDTHS, _NARROW = (38, 30, 27), (34, 24, 25)  # of columns in narrow characters, the last of every one more
_UPRIGHT = 4  # columns that an upright page takes without small print
_LINE_HEIGHT = 20  # points
_LINE = re.compile(r"(?P<name>[a-z0-9_]+)(?P<of>.*)")
_COUNT = re.compile(r"[0-9]{1,9}")
_UNIT = re.compile(r"(?<=[0-9])\s*(?:枚|通|件|人|名|部|個|箱|本|冊)$")
_ROOM = {"hash": "0" * 64, "serials": "1-500," * 8}  # as much as will be written
_FORMATS = {"day": "yyyy/mm/dd", "moment": "yyyy/mm/dd hh:mm", "number": "#,##0"}
_EXAMPLES = {
    "day": N_("Such as 2026/11/9"),
    "moment": N_("Such as 2026/11/9 10:30"),
    "number": N_("Digits alone"),
    "serials": N_("Such as 1-500,503"),
    "hash": N_("As the machine that read it shows it: 64 digits"),
}


@dataclass(frozen=True, kw_only=True)
class EntryForm:
    """A form as it goes out: of which act and year, what stands above it, its fields, what is known of them.

    `offered` are the codes that can be chosen, each with its words, by the name of a field, else by the way it is typed
    (person, item); `by` are the ids and names of those who may report it. Files are none of its fields: Excel carries
    none.
    """

    act: str
    cycle: str
    title: str
    above: Sequence[str]
    fields: Sequence[Field]
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    offered: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    by: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def reporter(self) -> Field:
        """Return the field that names who reports it."""
        takes = Takes(_("one of"), "", dict(self.by), typed_as="choice")
        return Field(name=BY, title=_("Reported by"), required=True, takes=takes)

    def words(self, one: Field) -> Mapping[str, str]:
        """Return the words that can be chosen for a field, by their codes; none where it is typed."""
        return one.takes.choices or self.offered.get(one.name) or self.offered.get(one.takes.typed_as, {})

    @property
    def edition(self) -> str:
        """Return what tells forms with other fields apart."""
        named = (f"{one.name}:{one.takes.typed_as}:{[inner.name for inner in one.takes.fields]}" for one in self.fields)
        return hashlib.sha256("\n".join(named).encode()).hexdigest()[:12]


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What a form that came back says of itself: its act, its year, and the edition of its fields."""

    act: str
    cycle: str
    edition: str


@dataclass(frozen=True, kw_only=True)
class Read:
    """A form as it was read: who reports, the values of its fields, and what is wrong with a field, by its name."""

    by: str
    values: Mapping[str, Any]
    wrong: Mapping[str, str]


# Writing


def write(form: EntryForm) -> bytes:
    """Return the form as an Excel workbook; its words are Japanese, whoever makes it."""
    from adapters import spreadsheet

    into = BytesIO()
    with speaking("ja"), spreadsheet.opened(into) as book:
        _FormWriter(form, book).write()
    return into.getvalue()


class _FormWriter:
    """Writes one form line by line."""

    def __init__(self, form: EntryForm, book: Any) -> None:
        self.form, self.line = form, 0
        self.page, self.lists, self.marks = (book.add_worksheet(name) for name in (_("To fill in"), LISTS, MARKS))
        self.ranges = dict[tuple[str, ...], str]()
        columns = max([len(_WIDTHS), *(len(one.takes.fields) for one in form.fields)])
        first, second, more = _NARROW if columns > len(_WIDTHS) else _WIDTHS
        self.widths = (first, second, *[more] * (columns - 2))
        cell = {"valign": "vcenter", "text_wrap": True}
        open_ = {**cell, "border": 1, "locked": False, "bg_color": "#FFF9DB", "align": "left"}
        looks = {
            "title": {"bold": True, "font_size": 16, "valign": "vcenter"},
            "above": cell,
            "head": {**cell, "border": 1, "bold": True, "bg_color": "#E8F1FE"},
            "label": {**cell, "border": 1, "bg_color": "#F0F0F0"},
            "note": {**cell, "font_color": "#4D4D4D"},
            "open": {**open_, "num_format": "@"},
            **{kind: {**open_, "num_format": shown} for kind, shown in _FORMATS.items()},
        }
        self.look = {name: book.add_format(look) for name, look in looks.items()}

    def write(self) -> None:
        form, page = self.form, self.page
        page.set_column(_KEY, _KEY, None, None, {"hidden": True})
        for place, width in enumerate(self.widths, start=_LABEL):
            page.set_column(place, place, width)
        page.hide_gridlines(2)
        self._text(form.title, "title")
        for words in (
            *form.above, _("Fill in the coloured cells, save the file and give it back as it is."),
            _("Write into no field a resident's name, address or number."),
        ):  # fmt: skip
            self._text(words)
        self.line += 1
        self._single(form.reporter, next(iter(form.by), ""))
        for one in form.fields:
            self._field(one, form.values.get(one.name, one.default))
        for line, words in enumerate((MARK, form.act, form.cycle, form.edition)):
            self.marks.write_string(line, 0, words)
        self.lists.very_hidden()
        self.marks.very_hidden()
        if len(self.widths) > _UPRIGHT:
            page.set_landscape()
        page.set_paper(9)
        page.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        page.fit_to_pages(1, 0)
        page.print_area(0, _LABEL, self.line - 1, len(self.widths))
        page.set_footer(f"&L{form.title.replace('&', '&&')}&R&P / &N")
        page.protect("", {"insert_rows": True, "format_rows": True, "format_columns": True})

    def _field(self, one: Field, value: Any) -> None:
        kind, several = one.takes.typed_as, one.takes.several
        if kind == "records":
            self._table(one, one.takes.fields, _with_room([*map(dict, value or ())]), key=f"{one.name}[]")
        elif kind == "counts":
            self._counts(one, value or {})
        elif several and kind != "text":
            there = [{one.name: it} for it in value or ()]
            most = len(self.form.words(one)) if kind != "item" else 0
            self._table(one, [one], _with_room(there, most), key=f"{one.name}[1]")
        else:
            self._single(one, ",".join(value) if several and value else value)

    def _single(self, one: Field, value: Any) -> None:
        self._key(one.name)
        self.page.write_string(self.line, _LABEL, _titled(one), self.look["label"])
        self._cell(_VALUE, one, value)
        self.page.write_string(self.line, _NOTE, _note(self.form, one), self.look["note"])
        self._end(_titled(one), str(value or _ROOM.get(one.takes.typed_as, "")), _note(self.form, one))

    def _table(self, one: Field, columns: Sequence[Field], rows: Sequence[Mapping[str, Any]], *, key: str) -> None:
        inner: Sequence[Field] = () if columns[0] is one else columns
        self._head(one, [f"{_titled(it)}\n{_note(self.form, it)}".strip() for it in inner])
        for row in rows:
            self._key(key)
            for place, column in enumerate(columns, start=_LABEL):
                self._cell(place, column, row.get(column.name))
            self._end(*(str(row.get(column.name) or "") for column in columns))
        self.line += 1

    def _counts(self, one: Field, known: Mapping[str, Any]) -> None:
        self._head(one, [_("Item"), _("Count")])
        for code, count in [*known.items()] or [("", None)] * LINES:  # what is named is all that there is
            self._key(f"{one.name}{{}}")
            self._write(_LABEL, "open", code)
            self._write(_VALUE, "number", count)
            self._end(code)
        self.line += 1

    def _head(self, one: Field, titles: Sequence[str]) -> None:
        self.line += 1
        self.page.write_string(self.line, _LABEL, _titled(one), self.look["head"])
        self._end(_titled(one))
        for place, words in enumerate(titles, start=_LABEL):
            self.page.write_string(self.line, place, words, self.look["label"])
        if titles:
            self._end(*titles)

    def _cell(self, place: int, one: Field, value: Any) -> None:
        kind = one.takes.typed_as
        words = self.form.words(one)
        if words:
            how = {"validate": "list", "source": self._list(tuple(visible(it) for it in words.values() if it))}
            # A stack gets its number with the report, and a code may be another one than the usual.
            warned = {"error_type": "warning"} if kind in {"item", "text"} else {}
            self.page.data_validation(self.line, place, self.line, place, how | warned)
            code = {True: "true", False: "false"}[value] if isinstance(value, bool) else value
            value = words.get(str(code), code)
        self._write(place, kind, value)

    def _write(self, place: int, kind: str, value: Any) -> None:
        look = self.look.get(kind, self.look["open"])
        at = _moment(value) if kind in {"day", "moment"} else None
        if value in (None, ""):
            self.page.write_blank(self.line, place, None, look)
        elif at:
            self.page.write_datetime(self.line, place, at, look)
        elif isinstance(value, int):
            self.page.write_number(self.line, place, value, look)
        else:
            self.page.write_string(self.line, place, visible(str(value)), look)

    def _list(self, words: tuple[str, ...]) -> str:
        """Keep a list of words in a column of the hidden sheet, once, and return where."""
        if words not in self.ranges:
            place = len(self.ranges)
            self.lists.write_column(0, place, words)
            column = excel.letter(place)
            self.ranges[words] = f"={LISTS}!${column}$1:${column}${len(words)}"
        return self.ranges[words]

    def _key(self, key: str) -> None:
        self.page.write_string(self.line, _KEY, key)

    def _text(self, words: str, look: str = "above") -> None:
        """Write a line over the whole page."""
        self.page.merge_range(self.line, _LABEL, self.line, len(self.widths), visible(words), self.look[look])
        self._high(_lines(words, sum(self.widths)) + (look == "title"))

    def _end(self, *written: str) -> None:
        """End a line, as high as what stands in its cells from the label on; no program does that for itself."""
        self._high(max(map(_lines, written, self.widths)))

    def _high(self, lines: int) -> None:
        if lines > 1:  # any other line grows with what is typed
            self.page.set_row(self.line, lines * _LINE_HEIGHT)
        self.line += 1


def _lines(text: str, width: int) -> int:
    """Return over how many lines a text goes in a cell; a character of Japanese is as wide as two."""
    widths = (sum(1 + (unicodedata.east_asian_width(it) in "WFA") for it in line) for line in text.split("\n"))
    return sum(max(1, -(-wide // (width - 1))) for wide in widths)


def _with_room(there: Sequence[Mapping[str, Any]], most: int = 0) -> list[Mapping[str, Any]]:
    """Return the lines of a table with blank ones below; where all can be chosen, no more than there are."""
    lines = max(LINES, len(there) + BLANK_LINES)
    return [*there, *[dict[str, Any]()] * ((min(lines, most) if most else lines) - len(there))]


def _titled(one: Field) -> str:
    return f"{one.title}（{_('required')}）" if one.required else one.title


def _note(form: EntryForm, one: Field) -> str:
    if form.words(one) or one.takes.typed_as in {"person", "item"}:
        return _("Choose from the list.")
    return _(_EXAMPLES.get(one.takes.typed_as, ""))


def _moment(value: object) -> datetime | None:
    """Return a day or a moment as Excel takes it: of Japan, without a zone."""
    if isinstance(value, datetime):
        return value.astimezone(TOKYO).replace(tzinfo=None)
    if isinstance(value, date):
        return datetime.combine(value, time.min)
    try:
        return datetime.fromisoformat(str(value)).replace(tzinfo=None)
    except ValueError:
        return None


# Reading

Sheets: TypeAlias = Sequence[Sequence[Sequence["Cell"]]]


def sheets_of(content: bytes) -> Sheets:
    """Return the cells of a form that came back.

    Raises:
        BadInput: it is no workbook, too large, or has formulas.

    """
    from adapters import spreadsheet

    return spreadsheet.read(content, formulas=False)


def marks_of(sheets: Sheets) -> Marks:
    """Return which form it is.

    Raises:
        BadInput: it says nothing of that.

    """
    for sheet in sheets:
        match [str(row[0]) for row in sheet[:4] if row]:
            case [mark, act, cycle, edition] if mark == MARK:
                return Marks(act=act, cycle=cycle, edition=edition)
            case _:
                continue
    raise BadInput(
        _("This Excel file is none of the forms that the desk gives out."),
        _("Take the form anew from the list, fill it in and save it as .xlsx."),
    )


def read(form: EntryForm, sheets: Sheets) -> Read:
    """Read what was filled into a form; `form` is the same one as it would go out today."""
    with speaking("ja"):
        return _FormReader(form).read(sheets)


@dataclass
class _Found:
    """Values by their fields, and what is wrong with a field."""

    values: dict[str, Any] = field(default_factory=dict[str, Any])
    wrong: dict[str, str] = field(default_factory=dict[str, str])


class _FormReader:
    """Reads one form line by line."""

    def __init__(self, form: EntryForm) -> None:
        self.form, self.found = form, _Found()
        self.fields = {one.name: one for one in (form.reporter, *form.fields)}

    def read(self, sheets: Sheets) -> Read:
        table = ""
        for line, cells in enumerate(sheets[0], start=1):
            said = str(cells[_KEY]) if cells else ""
            if not said and any(cells):  # a line that was put into a table is one of its own
                said = table
            key = _LINE.fullmatch(said)
            table = said if key and key["of"] else ""
            if key and (one := self.fields.get(key["name"])):
                self._line(one, key["of"], line, cells)
        return Read(by=self.found.values.pop(BY, ""), values=self.found.values, wrong=self.found.wrong)

    def _line(self, one: Field, rest: str, line: int, cells: Sequence["Cell"]) -> None:
        match rest:
            case "[]":
                row = _Found()
                for place, column in enumerate(one.takes.fields, start=_LABEL):
                    self._take(column, cells, line, place, row)
                if row.values or row.wrong:
                    self.found.values.setdefault(one.name, []).append(row.values)
                if row.wrong:
                    self.found.wrong.setdefault(one.name, "、".join(row.wrong.values()))
            case "{}":
                self._count(one, cells, line)
            case _:
                self._take(one, cells, line, _LABEL if rest else _VALUE, self.found)

    def _take(self, one: Field, cells: Sequence["Cell"], line: int, place: int, into: _Found) -> None:
        """Put what a cell says to the values, or what is wrong with it to the troubles."""
        cell = _at(cells, place)
        if cell == "":
            return
        value = self._value(one, cell)
        if value is None:
            into.wrong[one.name] = _unreadable(line, place, _note(self.form, one) or one.takes.kind)
        elif one.takes.several and one.takes.typed_as == "text":
            into.values[one.name] = [part.strip() for part in str(value).split(",") if part.strip()]
        elif one.takes.several:
            into.values.setdefault(one.name, []).append(value)
        else:
            into.values[one.name] = value

    def _value(self, one: Field, cell: "Cell") -> Any:
        """Return what a cell says, None where it is nothing that the field takes."""
        kind, words = one.takes.typed_as, self.form.words(one)
        if words and kind != "item":
            code = _code(cell, words)
            if kind == "text" and code is None:
                return _text(cell)
            return {"true": True, "false": False}.get(code or "") if kind == "flag" else code
        return _READS.get(kind, _text)(cell)

    def _count(self, one: Field, cells: Sequence["Cell"], line: int) -> None:
        code, cell = _at(cells, _LABEL), _at(cells, _VALUE)
        if cell == "":
            return
        counted = number(cell)
        if counted is None or code == "":
            self.found.wrong[one.name] = _unreadable(line, _VALUE, _("an item and its number"))
        else:
            self.found.values.setdefault(one.name, {})[str(code)] = counted


def _unreadable(line: int, place: int, needs: str) -> str:
    return _("Cell {place} cannot be read: {needs}").format(place=f"{excel.letter(place)}{line}", needs=needs)


def _at(cells: Sequence["Cell"], place: int) -> "Cell":
    cell = cells[place] if place < len(cells) else ""
    return cell.strip() if isinstance(cell, str) else cell


def number(cell: "Cell") -> int | None:
    """Return a number as people type it: of any width, with commas, with a unit behind it."""
    plain = _UNIT.sub("", _narrow(cell)).replace(",", "").replace(" ", "")
    return int(plain) if _COUNT.fullmatch(plain) else None


def _day(cell: "Cell") -> str | None:
    day = excel.day(cell)
    return day.isoformat() if day else None


def _instant(cell: "Cell") -> str | None:
    at = excel.moment(cell)
    return at if "T" in at else None


def _item(cell: "Cell") -> str:
    return _narrow(cell).replace(" ", "").partition("(")[0].upper()


def _serials(cell: "Cell") -> str:
    return re.sub(r"[~〜‐‑–—−ー]", "-", _narrow(cell).replace("、", ","))


def _text(cell: "Cell") -> str | None:
    return cell if isinstance(cell, str) else None


def _narrow(cell: "Cell") -> str:
    return unicodedata.normalize("NFKC", str(cell)).strip()


_READS: Mapping[str, Callable[["Cell"], Any]] = {
    "number": number, "day": _day, "moment": _instant, "item": _item, "serials": _serials,
    "hash": _narrow,
}  # fmt: skip


def _code(cell: "Cell", words: Mapping[str, str]) -> str | None:
    """Return the code whose words stand in a cell, or that stands there itself."""
    said = _bare(str(cell))
    return next((code for code, word in words.items() if said in {_bare(word), _bare(code)}), None)


def _bare(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).casefold()
