"""Last year's people and schedule from Excel: taken in whole or not at all, nothing guessed, each doubt by its cell.

Imported people cannot act: their entry ends with the year they come from, until somebody confirms them for the new one.
Of the schedule each act keeps its distance from the day that its rule counts from, as the offices worked it last year.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from adapters import excel
from adapters.excel import Layout, Table
from models.clock import fiscal_year_of
from models.errors import BadInput
from models.people import SYSTEM, Person, Role, Side
from models.plain import is_plain, mail_address, telephone
from models.words import _
from states.acts import Outcome
from states.calendar import Calendar
from states.deadlines import Rule, anchors
from states.facts import Facts
from states.schedule import scheduled
from states.table import TABLE
from steps import acting, identity, preparation
from steps.office import Office

PEOPLE = Layout(
    what="関係者名簿",
    columns={
        "id": ("識別名", "ID", "id", "Id", "識別子", "職員ID"),
        "name": ("氏名", "名前", "担当者名", "氏名(漢字)"),
        "side": ("所属", "所属課", "課", "区分", "所属先"),
        "roles": ("役割", "職務", "役職", "担当"),
        "valid_from": ("有効期間開始", "開始日", "有効開始日", "就任日", "から"),
        "valid_to": ("有効期間終了", "終了日", "有効終了日", "退任日", "まで"),
        "mail": ("メール", "メールアドレス", "電子メール", "Email", "E-mail"),
        "phone": ("電話", "電話番号", "電話(平日)", "連絡先"),
        "phone_out_of_hours": ("夜間・休日の電話", "電話(夜間・休日)", "夜間・休日連絡先", "緊急連絡先", "携帯電話"),
        "substitute": ("代理", "代理者", "代理者の識別名"),
        "number": ("番号", "No", "No.", "項番", "連番"),
        "remark": ("備考", "摘要"),
    },
    required=("id", "name", "side", "roles"),
)
SCHEDULE = Layout(
    what="日程表",
    columns={
        "act": ("事項", "項目", "手続", "作業", "工程", "内容", "行うこと"),
        "on": ("期日", "予定日", "日付", "年月日", "期限", "実施日", "予定", "日程"),
        "owner": ("担当", "担当課", "所属"),
        "number": ("番号", "No", "No.", "項番", "連番"),
        "remark": ("備考", "摘要"),
    },
    required=("act", "on"),
)
_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
_SIDES: Mapping[str, Side] = {
    word: side
    for side in Side
    for word in (side, side.ja, side.en, *{Side.WARD: ("区",), Side.CONTRACTOR: ("受託者", "委託先")}.get(side, ()))
}
_ROLES: Mapping[str, Role] = {word: role for role in Role for word in (role, role.ja, role.en)}


@dataclass(frozen=True, kw_only=True)
class PeopleTaken:
    """Whom an import put on the register to be confirmed, and who was on it already."""

    imported: tuple[Person, ...]
    known: tuple[Person, ...]
    mended: tuple[str, ...] = ()
    proposed: tuple[Outcome, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Shifted:
    """One act whose distance was another last year: its day then, the day the plan has now, and the one it gets."""

    act: str
    then: date
    planned: date
    to: date


def import_people(office: Office, book: Path | bytes, fiscal_year: int, *, by: str = SYSTEM) -> PeopleTaken:
    """Put last year's people on the register, to be confirmed for the year that is prepared.

    Raises:
        BadInput: the columns are not those of a list of people, or cells are wrong; each is named, all at once.
        Unknown: there is no such file, or nobody on the register has the id of `by`.

    """
    if by != SYSTEM:
        identity.person_of(office, by)
    table = excel.read(book, PEOPLE)
    known = {person.id: person for person in preparation.everybody(office)}
    people, wrong = _people(table, fiscal_year, known)
    excel.refuse(wrong, nothing=not people)
    new = tuple(person for person in people if person.id not in known)
    kept = tuple(map(preparation.judged, new))
    proposed = preparation.enter_people(office, kept, by=by)
    return PeopleTaken(
        imported=kept,
        known=tuple(known[person.id] for person in people if person.id in known),
        mended=tuple(person.id for person, was in zip(kept, new, strict=True) if person.mail != was.mail),
        proposed=proposed,
    )


def confirm_people(
    office: Office, ids: tuple[str, ...], fiscal_year: int, *, by: str = SYSTEM
) -> tuple[tuple[Person, ...], tuple[Outcome, ...]]:
    """Confirm people for a fiscal year and its winding-up; return them, and what waits for a second person.

    Raises:
        Unknown: nobody has one of the ids.

    """
    if by != SYSTEM:
        identity.person_of(office, by)
    begins, ends = date(fiscal_year, 4, 1), date(fiscal_year + 1, 3, 31)
    confirmed = tuple(
        person.model_copy(
            update={"valid_from": min(person.valid_from, begins) if person.valid_to >= begins else begins,
                    "valid_to": max(person.valid_to, ends)}
        )
        for person in [identity.person_of(office, person_id) for person_id in ids]
    )  # fmt: skip
    return confirmed, preparation.enter_people(office, confirmed, by=by)


def _people(table: Table, fiscal_year: int, known: Mapping[str, Person]) -> tuple[list[Person], list[str]]:
    """Read everybody; the entry ends with the year before at the latest, so that nobody acts unconfirmed."""
    people: list[Person] = []
    wrong: list[str] = []
    seen: dict[str, int] = {}
    for row, cells in table.rows:
        texts = table.texts(cells)
        days = {key: excel.day(cells[table.places[key]]) for key in ("valid_from", "valid_to") if texts.get(key)}
        found = list(_troubles(table, row, texts, days))
        identity = _identity(texts["id"])
        if identity in seen:
            found.append(
                _("{cell}: the same id as in row {row}").format(cell=table.place("id", row), row=seen[identity])
            )
        if identity in known and _plain(known[identity].name) != _plain(texts["name"]):
            found.append(_("{cell}: on the register this id is another person's").format(cell=table.place("id", row)))
        seen[identity] = row
        wrong += found
        if not found:
            people.append(_person(identity, texts, days, fiscal_year))
    return people, wrong


def _troubles(table: Table, row: int, texts: Mapping[str, str], days: Mapping[str, date | None]) -> tuple[str, ...]:
    """Say what is wrong with a row, cell by cell, never what stands there."""
    checks: tuple[tuple[str, Callable[[], bool], str], ...] = (
        ("id", lambda: not _ID.fullmatch(_identity(texts["id"])),
         _("no id of a-z, 0-9, such as sato")),
        ("name", lambda: not texts["name"], _("empty")),
        ("name", lambda: not is_plain(texts["name"]), _("a line break, or a character that cannot be seen")),
        ("mail", lambda: not _is_usable(mail_address, texts.get("mail", "")),
         _("no mail address such as sato@ward.example")),
        *(
            (key, lambda key=key: not _is_usable(telephone, texts.get(key, "")),
             _("no telephone number such as 03-0000-0101"))
            for key in ("phone", "phone_out_of_hours")
        ),
        ("substitute", lambda: not re.fullmatch(f"({_ID.pattern})?", _identity(texts.get("substitute", ""))),
         _("no id of a-z, 0-9, such as sato")),
        ("side", lambda: _plain(texts["side"]) not in _SIDES,
         _("no side; write one of: {words}").format(words="、".join(side.label for side in Side))),
        ("roles", lambda: not _roles(texts["roles"]),
         _("no role; write one or more of: {words}").format(words="・".join(role.label for role in Role))),
        *(
            (key, lambda key=key: days[key] is None, _("no date; write it whole, such as 2025-04-01 or 令和7年4月1日"))
            for key in days
        ),
    )  # fmt: skip
    found = [f"{table.place(key, row)}: {words}" for key, is_wrong, words in checks if is_wrong()]
    begins, ends = days.get("valid_from"), days.get("valid_to")
    if begins and ends and begins > ends:
        found.append(_("{cell}: ends before it begins").format(cell=table.place("valid_to", row)))
    return tuple(found)


def _person(identity: str, texts: Mapping[str, str], days: Mapping[str, date | None], fiscal_year: int) -> Person:
    last_begins, last_ends = date(fiscal_year - 1, 4, 1), date(fiscal_year, 3, 31)
    ends = min(days.get("valid_to") or last_ends, last_ends)
    return Person(
        id=identity, name=texts["name"], side=_SIDES[_plain(texts["side"])], roles=frozenset(_roles(texts["roles"])),
        valid_from=min(days.get("valid_from") or last_begins, ends), valid_to=ends, mail=texts.get("mail", ""),
        phone=texts.get("phone", ""), phone_out_of_hours=texts.get("phone_out_of_hours", ""),
        substitute=_identity(texts.get("substitute", "")),
    )  # fmt: skip


def _is_usable(taken: Callable[[str], str], text: str) -> bool:
    try:
        taken(text)
    except BadInput:
        return False
    return True


def _identity(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def _roles(text: str) -> tuple[Role, ...]:
    """Return the roles of a cell; none where one of its words is no role."""
    words = [_plain(word) for word in re.split(r"[・、,，/\n]", text) if word.strip()]
    return tuple(_ROLES[word] for word in words) if words and all(word in _ROLES for word in words) else ()


def _plain(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def import_schedule(
    office: Office, cycle_id: str, path: Path, *, by: str, dry_run: bool = False
) -> tuple[Shifted, ...]:
    """Move the deadlines of a year to where last year's schedule had them; return what moves, or with `dry_run` would.

    Raises:
        BadInput: the columns are not those of a schedule, or cells are wrong; each is named, all at once.
        Refused: one of the acts is done already, or it is not for this person to move deadlines.

    """
    facts = office.facts(cycle_id)
    then = _dates(excel.read(path, SCHEDULE), facts.fiscal_year)
    last_year = fiscal_year_of(next(iter(then.values())))
    shifts = tuple(_shifts(office.calendar, facts, then, last_year))
    if not dry_run:
        for shift in shifts:
            fields = {
                "act": shift.act,
                "to": str(shift.to),
                "reason": _("as in the schedule of {year}").format(year=last_year),
            }
            acting.perform(office, cycle_id, "move_deadline", by=by, fields=fields)
    return shifts


def _dates(table: Table, fiscal_year: int) -> dict[str, date]:
    """Return the day of every act that the table names."""
    named = {_plain(word): row.trigger for row in TABLE if row.due for word in (row.ja, row.en, row.trigger)}
    dates: dict[str, date] = {}
    wrong: list[str] = []
    for row, cells in table.rows:
        act, day = named.get(_plain(table.texts(cells)["act"])), excel.day(cells[table.places["on"]])
        if act is None:
            wrong.append(_("{cell}: no act with a deadline has this name").format(cell=table.place("act", row)))
        elif act in dates:
            wrong.append(_("{cell}: this act stands there twice").format(cell=table.place("act", row)))
        if day is None:
            wrong.append(
                f"{table.place('on', row)}: {_('no date; write it whole, such as 2025-04-01 or 令和7年4月1日')}"
            )
        elif fiscal_year_of(day) >= fiscal_year:
            wrong.append(_("{cell}: not of a year before {year}").format(cell=table.place("on", row), year=fiscal_year))
        if act and day:
            dates[act] = day
    years = {fiscal_year_of(day) for day in dates.values()}
    if len(years) > 1 and not wrong:
        raise BadInput(
            _("The schedule holds dates of the fiscal years {years}.").format(years="、".join(map(str, sorted(years)))),
            _("Hand in the schedule of one year alone."),
        )
    excel.refuse(wrong, nothing=not dates)
    return dates


def _shifts(calendar: Calendar, facts: Facts, then: Mapping[str, date], last_year: int) -> list[Shifted]:
    """Compare each act's distance from what its rule counts from; where the file lacks that day the rule stays."""
    before = anchors(facts.programme.anchors, last_year, calendar) | dict(then)
    now = anchors(facts.programme.anchors, facts.fiscal_year, calendar) | dict(facts.due)
    found: list[Shifted] = []
    for deadline in scheduled(facts.programme):
        rule = Rule.parse(deadline.rule)
        if (
            deadline.act not in then
            or deadline.act not in now
            or rule.anchor not in before
            or deadline.act in facts.done
        ):
            continue
        if rule.unit == "d":
            distance = Rule(anchor=rule.anchor, offset=(then[deadline.act] - before[rule.anchor]).days, unit="d")
        else:
            offset = calendar.open_days_between(before[rule.anchor], then[deadline.act])
            distance = Rule(anchor=rule.anchor, offset=offset, unit="bd")
        to = calendar.last_open(distance.counted_from(now[rule.anchor], calendar))
        if to != facts.due[deadline.act]:
            found.append(Shifted(act=deadline.act, then=then[deadline.act], planned=facts.due[deadline.act], to=to))
            now[deadline.act] = to
    return found
