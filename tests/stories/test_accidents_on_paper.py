"""Three accidents that happened elsewhere, lived through here: each is noticed by serial before anything is posted.

Fukuoka: 145 labels were lost and missed only at the delivery. Tokyo 2021: of 836 letters at least 489 had one person's
name and another's address. Miyaki 2021: 600 certificates were paired wrongly at the enclosing machine.
"""

import csv
import io
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playing import CYCLE, YEAR, Played, begun, copied

from adapters.sample import sample_extract, write_sample
from contractor.digests import write_digests
from contractor.transfer import addressees
from models.errors import Refused
from models.records.transfer import PackageSealed
from models.serials import compact, count, expand, piece_code
from rehearsal import cast
from rehearsal.people import People
from steps import acting, enclosing, printing
from steps.reconciling import Reconciliation
from views import counting

LOST, PERSONS = 145, 900
HEADER = "案内状コード,封筒コード,区分,読取日時"


@pytest.fixture(scope="module")
def delivered(template_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Give a year of nine hundred residents whose letters are to be printed."""
    with begun(template_home, tmp_path_factory.mktemp("accidents") / "year") as played:
        write_sample(sample_extract(fiscal_year=YEAR, persons=PERSONS), played.extract)
        played.play(before="report_printing")
        yield played


@pytest.fixture
def year(delivered: Played, tmp_path: Path) -> Iterator[Played]:
    with copied(delivered, tmp_path / "year") as played:
        yield played


def up_to_the_enclosing(year: Played) -> list[int]:
    year.play(before="report_enclosing")
    return year.serials("printed")


def scanned(year: Played, pairs: list[tuple[int, int]]) -> Reconciliation:
    """Read a log whose letters and envelopes have these serials."""
    log = year.folder / "log.csv"
    lines = [f"{piece_code(letter, YEAR)},{piece_code(envelope, YEAR)},,10:00" for letter, envelope in pairs]
    log.write_text("\r\n".join([HEADER, *lines]), encoding="cp932")
    return enclosing.reconcile(year.office, CYCLE, logs=[log], trays={}, by=cast.MANAGER)[0]


def unmet(year: Played, act: str, **changes: object) -> dict[str, str]:
    with pytest.raises(Refused) as refused:
        year.do(act, **changes)
    return {gap.guard: gap.missing for gap in refused.value.unmet}


def test_145_labels_lost_before_printing_are_missed_when_printing_is_confirmed(year: Played) -> None:
    """Fukuoka: what was never printed is named by serial once the contractor reports, days before the delivery."""
    due = year.serials("exported")
    year.do("report_printing", good=compact(due[:-LOST]), spoiled="", reprinted="", spoiled_stack="")
    year.wait_for("complete_printing")
    gaps = unmet(year, "complete_printing", letters_printed=len(due) - LOST)
    assert compact(due[-LOST:][:20]) in gaps["one_good_sheet_of_each"]
    assert f"(+{LOST - 20})" in gaps["one_good_sheet_of_each"]
    assert (year.facts().due["inspect_delivery"] - year.now.date()).days > 4


def test_145_letters_lost_before_sealing_are_missed_on_the_same_day(year: Played) -> None:
    """Fukuoka: letters that never reached the sealer are named by serial when its log is read, and block the step."""
    due = up_to_the_enclosing(year)
    lost = due[200 : 200 + LOST]
    found = scanned(year, [(serial, serial) for serial in due if serial not in lost])
    assert found.record.missing == compact(lost)
    enclosing.report(year.office, CYCLE, by=cast.MANAGER)
    assert compact(lost) in unmet(year, "complete_enclosing")["every_difference_is_settled"]
    table = year.office.see(CYCLE, counting.counts)
    assert [line.serials for line in table.lines if line.key == "enclosed"] == [compact(lost)]


def test_600_pieces_paired_wrongly_are_named_with_both_serials(year: Played) -> None:
    """Miyaki: after a slip of the machine every envelope is the next one's; all are named, none counts as sealed."""
    due = up_to_the_enclosing(year)
    pairs = [(serial, serial) for serial in due[:100]]
    pairs += list(pairwise(due[100:701]))
    pairs += [(serial, serial) for serial in due[701:]]
    found = scanned(year, pairs)
    assert found.record.mispaired == compact(due[100:701])
    assert not set(expand(found.record.sealed)) & set(due[100:701])
    fields = {"sealed": compact(due), "machine_count": len(due)}
    with pytest.raises(Refused) as refused:
        acting.perform(year.office, CYCLE, "report_enclosing", by=cast.MANAGER, fields=fields)
    [gap] = refused.value.unmet
    assert gap.guard == "sealed_serials_were_scanned"
    assert f"[{compact(due[100:701])}]" in gap.missing
    settled = {"opened": compact(due[100:650]), "reprinted": compact(due[650:701]), "witness": cast.HANDLER}
    acting.perform(year.office, CYCLE, "settle_differences", by=cast.MANAGER, fields={**settled, "stack": "S-2026-09"})
    people = People(office=year.office, cycle_id=CYCLE, printer=year.printer)
    for incident in year.facts().incidents:  # so many reprints stop the line
        people.settle(incident)
    people.release_hold()
    enclosing.report(year.office, CYCLE, by=cast.MANAGER)
    year.do("complete_enclosing")
    assert "S-2026-09" in {item.number for item in year.facts().items_in("with_contractor")}
    assert year.office.see(CYCLE, counting.counts).holds


def mixed(year: Played, first: int, rows: int) -> tuple[str, list[int]]:
    """Return what a faulty program printed: from a row on each name stands with the next one's address."""
    people = list(addressees(year.printer.folder / "opened"))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("serial", "氏名", "郵便番号", "住所"))
    for at, person in enumerate(people):
        other = people[at + 1] if first <= at < first + rows else person
        writer.writerow((person.serial, person.name, other.postal_code, other.address))
    return text.getvalue(), [person.serial for person in people[first : first + rows]]


def test_names_with_other_peoples_addresses_are_found_by_serial_before_printing_is_reported(year: Played) -> None:
    """Tokyo: what the contractor's program is about to print is compared row by row, and each mixed row is named."""
    content, wrong = mixed(year, 100, 489)
    listed = year.folder / "print-data.csv"
    listed.write_text(content, encoding="utf-8")
    digests = year.folder / "digests.txt"
    sealed = year.facts().record("seal_package", PackageSealed)
    assert sealed
    write_digests(listed, sealed.package_sha256, digests)
    found, _outcome = printing.compare_imprint(year.office, CYCLE, digests, by=cast.COORDINATOR)
    assert found.wrong == compact(wrong)
    assert (found.missing, found.alien) == ("", "")
    assert found.right == count(f"1-{len(year.serials())}") - 489
    assert compact(wrong) in unmet(year, "report_printing")["compared_rows_agree"]


def test_mixed_letters_are_found_by_opening_a_few(year: Played) -> None:
    """Tokyo: of 836 letters with 489 wrong ones, twenty opened miss them with a chance below one in a million.

    What was found is recorded as a fact, opens an incident, holds the cycle, and nothing is approved after it.
    """
    assert counting.most_wrong(pieces=836, opened=20, wrong=0, confidence=0.999_999) < 489
    year.play(before="inspect_delivery")
    outcome = year.do("inspect_delivery", wrong=11)
    assert outcome.deviations == ("sample_opening_found_nothing_wrong",)
    assert year.facts().incidents
    assert {"not_on_hold", "last_inspection_found_nothing_wrong"} <= set(unmet(year, "approve_posting"))
