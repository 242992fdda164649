"""A year in which much goes wrong on paper, and every serial of it ends exactly once, where the final table says."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from playing import CYCLE, YEAR, Played, begun

from models.errors import Refused
from models.serials import compact, expand, piece_code
from papers import reporting
from rehearsal import cast
from steps import acting, enclosing, papers
from views import counting
from views.counting import Counts

SAMPLE = 5


@pytest.fixture(scope="module")
def year(template_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Give a year up to the enclosing: two sheets were spoiled, and three letters pulled before it."""
    with begun(template_home, tmp_path_factory.mktemp("story") / "year") as played:
        played.play(before="report_printing")
        first = played.serials("exported")
        played.do("report_printing", good=compact(first), spoiled=compact(first[:2]), reprinted=compact(first[:2]))
        played.play(before="recheck_before_enclosing")
        played.do("recheck_before_enclosing", newly_protected="")
        played.play(before="issue_pull_list")
        played.do("issue_pull_list", pulled=compact(first[3:6]), reasons={"r1": 3})
        played.play(before="report_enclosing")
        yield played


@pytest.fixture(scope="module")
def table(year: Played) -> Counts:
    """Live through the rest: one missing, one double, two late pulls, one of them protected, and returned mail."""
    seal_with_one_missing_and_one_double(year)
    play_with_one_pull_after_sealing(year)
    post_although_somebody_is_protected_on_the_day(year)
    came = {"reason": "address_unknown", "office": "新宿郵便局", "receiver": cast.COORDINATOR, "slip": "K-2026-06"}
    for serial, outcome in zip(year.serials("posted")[:2], ("kept", "resent"), strict=True):
        kept = {"stack": "RL-2026-01", "keep_until": str(year.now.date())} if outcome == "kept" else {}
        by_coordinator(year, "record_returned_mail", serials=str(serial), outcome=outcome, **came, **kept)
    year.play(before="end_returned_mail")
    year.do("end_returned_mail", returned={"address_unknown": 2})
    return year.office.see(CYCLE, counting.counts)


def seal_with_one_missing_and_one_double(year: Played) -> None:
    """Read a log that lacks one serial and has another twice; both are looked for before the ward confirms."""
    due = year.serials("printed")
    missing, double = due[10], due[20]
    log = year.folder / "log.csv"
    lines = [piece_code(serial, YEAR) for serial in [*due, double] if serial != missing]
    log.write_text(
        "\r\n".join(["案内状コード,封筒コード,区分,読取日時", *(f"{it},{it},,10:00" for it in lines)]), encoding="cp932"
    )
    found, _outcome = enclosing.reconcile(year.office, CYCLE, logs=[log], trays={}, by=cast.MANAGER)
    assert (found.record.missing, found.record.doubled) == (str(missing), str(double))
    enclosing.report(year.office, CYCLE, by=cast.MANAGER)
    refused = refusal(lambda: year.do("complete_enclosing"))
    assert f"missing:{missing} doubled:{double}" in refused["every_difference_is_settled"]
    assert not year.office.see(CYCLE, counting.counts).holds
    settled = {"found": str(missing), "opened": str(double), "witness": cast.HANDLER}
    acting.perform(year.office, CYCLE, "settle_differences", by=cast.MANAGER, fields=settled)
    enclosing.report(year.office, CYCLE, by=cast.MANAGER)
    year.play(before="issue_final_pull_list")


def play_with_one_pull_after_sealing(year: Played) -> None:
    """Pull one sealed piece by the final list; the delivery is inspected and approved without it."""
    year.do("issue_final_pull_list", pulled=str(year.serials("enclosed")[30]), reasons={"r1": 1})
    year.play(before="inspect_delivery")
    year.do("inspect_delivery", opened=SAMPLE)
    year.play(before="recheck_before_posting")


def post_although_somebody_is_protected_on_the_day(year: Played) -> None:
    """Find somebody newly protected on the day of posting: nothing is posted before that piece is out, too."""
    year.wait_for("post")
    late = str(year.serials("enclosed")[7])
    year.do("recheck_before_posting", newly_protected=late)
    assert late in refusal(lambda: year.do("post"))["no_protected_piece_is_left"]
    year.do("issue_final_pull_list", pulled=late, reasons={"r1": 1})
    year.do("acknowledge_final_pull_list")
    assert "≠" in refusal(lambda: year.do("post"))["posting_is_approved"]
    year.do("inspect_delivery", opened=SAMPLE)
    year.do("approve_posting")
    year.do("post")


def by_coordinator(year: Played, act: str, **fields: Any) -> None:
    acting.perform(year.office, CYCLE, act, by=cast.COORDINATOR, fields=fields)


def refusal(act: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(Refused) as refused:
        act()
    return {gap.guard: gap.missing for gap in refused.value.unmet}


def test_every_number_of_the_final_table_is_right(table: Counts) -> None:
    """Exported, printed, spoiled, sealed, pulled by stage, posted and returned are what happened, and they add up."""
    told = table.by_key
    exported = told["exported"]
    assert exported > 40
    assert told["raw_hits"] == 60 == exported + told["excluded"]
    assert told["received"] == told["printed"] == exported
    assert told["spoiled"] == 2
    assert told["pulled_sealing"] == 3
    assert told["enclosed"] == exported - 3
    assert told["pulled_sealed"] == 2
    assert told["pulled"] == 5
    assert told["posted"] == exported - 5
    assert (told["returned"], told["returned_kept"], told["returned_resent"]) == (2, 1, 1)
    assert (told["to_print"], told["to_enclose"], told["to_post"], told["added"]) == (0, 0, 0, 0)
    assert (table.holds, table.settled) == (True, True)


def test_every_serial_ended_exactly_once(table: Counts, year: Played) -> None:
    """Each exported serial is posted or pulled, none is both, and the pulled ones are those of the lists."""
    posted, pulled = set(year.serials("posted")), set(year.serials("pulled"))
    assert posted | pulled == set(range(1, table.by_key["exported"] + 1))
    assert not posted & pulled
    entries = [entry["data"]["record"] for entry in year.entries() if entry["event"].endswith("pull_list_issued")]
    assert pulled == {serial for record in entries for serial in expand(record["pulled"])}


def test_every_line_names_its_act_and_the_entry_of_the_ledger(table: Counts, year: Played) -> None:
    """The number in a line's source is an entry of the ledger about that very act."""
    entries = {entry["seq"]: entry["event"] for entry in year.entries()}
    sources = {line.key: line.source for line in table.lines}
    for key, event in (
        ("raw_hits", "extract_taken"), ("received", "receipt_reported"), ("printed", "printing_reported"),
        ("enclosed", "enclosing_reported"), ("posted", "letters_posted"), ("returned", "mail_returned"),
    ):  # fmt: skip
        numbers = [int(part.partition("号")[0]) for part in sources[key].split("第")[1:] if "号" in part]
        assert event in {entries[number] for number in numbers}, key


def test_what_was_pulled_is_imprinted_and_had_to_come_back(year: Played) -> None:
    """Pulled letters and spoiled sheets lie in a stack that the contractor returned."""
    stacks = [item for item in year.facts().items if item.kind in {"spoiled_sheets", "pulled_pieces"}]
    assert stacks
    assert {item.state for item in stacks} == {"with_ward"}


def test_the_report_shows_the_same_numbers_as_table_and_picture(table: Counts, year: Played) -> None:
    """The printed report has every count, the pulls by stage, and says that they agree."""
    with pypdfium2.PdfDocument(papers.print_sheets(year.office, CYCLE, reporting.report)[0]) as paper:
        text = "".join("".join(page.get_textpage().get_text_range().split()) for page in paper)
    for words in ("うち封緘後（封緘済みを抜取り）2", "損紙（印字済）2", "返戻2", "うち再送1", "−2引抜き", "一致"):
        assert words in text, words
    assert f"差出{table.by_key['posted']}" in text
    assert "不一致" not in text
