"""The conservation table: every count with its source; a difference is told, never smoothed over (Law 7)."""

from pathlib import Path

import pytest
from lifting import lifted
from playing import CYCLE, Played, begun, copy_of, morning_of
from sqlalchemy import insert, update
from sqlmodel import col

from models import tables
from views.counting import counts

pytestmark = pytest.mark.xdist_group("counting")


posted = morning_of("report_posting")
year = copy_of("posted")


def test_before_the_extract_everything_is_nought(template_home: Path, tmp_path: Path) -> None:
    """A year just opened has no counts, no differences, and nothing settled."""
    with begun(template_home, tmp_path / "year") as year:
        table = year.office.see(CYCLE, counts)
    assert {line.count for line in table.lines} == {0}
    assert (table.holds, table.settled) == (True, False)
    assert "年度途中" in table.sentence_ja


def test_everybody_exported_or_added_is_posted_or_pulled(posted: Played) -> None:
    """After the posting exported and added equal posted and pulled, and the sentence for paper says these numbers."""
    table = posted.office.see(CYCLE, counts)
    by_key = {line.key: line.count for line in table.lines}
    assert by_key["raw_hits"] == 60 == by_key["exported"] + by_key["excluded"]
    assert by_key["exported"] + by_key["added"] == by_key["posted"] + by_key["pulled"] > 40
    assert by_key["received"] == by_key["exported"]
    assert by_key["to_print"] == by_key["to_enclose"] == by_key["to_post"] == by_key["held"] == 0
    assert (table.holds, table.settled) == (True, True)
    assert f"差出 {by_key['posted']}" in table.sentence_ja


def test_every_line_names_its_source_in_both_languages(posted: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line has a source and a title, Japanese by default and English when asked for."""
    lines = posted.office.see(CYCLE, counts).lines
    assert all(line.source for line in lines)
    japanese = [line.label for line in lines]
    monkeypatch.setenv("TSUDOI_LANG", "en")
    english = [line.label for line in lines]
    assert not set(japanese) & set(english)
    assert all(title.isascii() for title in english)


def test_the_json_has_every_line_and_the_verdict(posted: Played) -> None:
    """A script gets every count by its key, and whether the table holds and is settled."""
    table = posted.office.see(CYCLE, counts)
    told = table.as_json()
    assert {line.key: line.count for line in table.lines}.items() <= told.items()
    assert (told["holds"], told["settled"], told["differences"]) == (True, True, [])


def test_a_piece_too_many_is_a_difference(year: Played) -> None:
    """A serial that nobody exported contradicts the extract, and after the posting it is one that ended nowhere."""
    with lifted(year.office.engine) as connection:
        surplus = {"cycle_id": CYCLE, "serial": 9_001, "origin": "extract", "state": "exported"}
        connection.execute(insert(tables.Piece).values(**surplus))
    table = year.office.see(CYCLE, counts)
    assert not table.holds
    assert len(table.differences) == 2
    assert table.sentence_ja.startswith("不一致")


@pytest.mark.parametrize(
    ("act", "old", "new", "told"),
    [
        ("take_extract", '"raw_hits":60', '"raw_hits":61', "抽出"),
        ("report_receipt", '"received":', '"received":9', "受領"),
        ("post", '"accepted":', '"accepted":9', "引受"),
    ],
)
def test_a_record_that_says_another_count_is_a_difference(
    year: Played, act: str, old: str, new: str, told: str
) -> None:
    """A count that was changed in a record contradicts the others and is told by name."""
    record, done = tables.Record, year.facts().done[act]
    assert old in done.data
    with lifted(year.office.engine) as connection:
        connection.execute(
            update(record)
            .where(col(record.act) == act, col(record.status) == "done")
            .values(data=done.data.replace(old, new))
        )
    (difference,) = year.office.see(CYCLE, counts).differences
    assert difference.startswith(told)
