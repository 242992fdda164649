"""The ledger as a person reads it: entries found by words, by whom, by what; and one entry whole."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlmodel import col

from models import tables
from models.errors import Unknown
from models.words import _, in_words
from states import ledger
from states.events import BY_EVENT, event_words
from states.look import Look
from states.table import BY_TRIGGER
from views.standing import act_title, in_words_of

PAGE = 100  # entries shown at a time


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry: its number, moment, what it tells, by whom, who typed and who proposed it, and all that it says."""

    seq: int
    at: str
    title: str
    by: str
    typed_by: str
    proposed_by: str
    about: str
    data: Mapping[str, Any]

    @property
    def stored(self) -> str:
        """Return what it says as JSON for people's eyes; the stored bytes are those of the export."""
        return json.dumps(self.data, ensure_ascii=False, indent=1, sort_keys=True)


@dataclass(frozen=True, kw_only=True)
class Found:
    """The entries that a search found, the newest first: those of one page, and how many there are in all."""

    entries: Sequence[Entry]
    count: int
    page: int

    @property
    def pages(self) -> int:
        """Return on how many pages they stand."""
        return max(1, -(-self.count // PAGE))


def entries(here: Look, *, words: str = "", by: str = "", page: int = 1) -> Found:
    """Return the entries of a year in which every word stands, whoever or only one person did it."""
    wanted = words.casefold().split()
    told = [
        _entry(it) for it in ledger.told(here.connection, cycle_id=here.cycle_id)
        if by in {"", it["by"], it["data"].get("entered_by"), it["data"].get("proposed_by")}
    ]  # fmt: skip
    found = [one for one in reversed(told) if all(word in _text(one) for word in wanted)]
    start = (max(1, page) - 1) * PAGE
    return Found(entries=found[start : start + PAGE], count=len(found), page=max(1, page))


def entry(here: Look, seq: int) -> tuple[Entry, list[tuple[str, str]], tuple[int, ...]]:
    """Return one entry of a year, its record field by field, and the numbers of the entries that correct it.

    Raises:
        Unknown: the year has no entry of that number.

    """
    table = tables.Ledger
    query = select(col(table.entry)).where(col(table.cycle_id) == here.cycle_id, col(table.seq) == seq)
    stored = here.connection.execute(query).scalar_one_or_none()
    if stored is None:
        raise Unknown(_("This year has no entry of that number."), _("Look it up in the ledger."))
    [told] = ledger.with_texts(here.connection, [stored])
    corrected_by = tuple(
        past.seq for past in here.facts.history.of("correct_entry") if json.loads(past.data).get("corrects") == seq
    )
    return _entry(told), _record(told), corrected_by


def _entry(told: Mapping[str, Any]) -> Entry:
    data = told["data"]
    ja, en = event_words(told["event"])
    act = str(data.get("act", ""))
    return Entry(
        seq=told["seq"], at=told["at"], title=in_words(ja=ja, en=en), by=told["by"],
        typed_by=data.get("entered_by", ""), proposed_by=data.get("proposed_by", ""),
        about=act_title(act) if act in BY_TRIGGER else "", data=data,
    )  # fmt: skip


def _text(one: Entry) -> str:
    said = json.dumps(one.data, ensure_ascii=False)
    return " ".join((str(one.seq), one.at, one.title, one.by, one.about, said)).casefold()


def _record(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return an act's record in words; what an older version wrote otherwise stands in the stored words alone."""
    row = BY_EVENT.get(told["event"].removesuffix("_proposed"))
    if row is None or "record" not in told["data"]:
        return []
    try:
        return in_words_of(row.record.model_validate_json(json.dumps(told["data"]["record"])))
    except ValidationError:
        return []
