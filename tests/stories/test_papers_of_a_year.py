"""Papers that are missing or lapse: a certificate that ends within the contract, and a slip that nobody finds."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playing import CYCLE, YEAR, Played, begun

from models.errors import Refused
from rehearsal import cast
from states.acts import Outcome
from steps import acting, documents
from views.documents import Filed
from views.documents import documents as documents_of


@pytest.fixture
def year(template_home: Path, tmp_path: Path) -> Iterator[Played]:
    with begun(template_home, tmp_path / "year") as played:
        played.claim_every_measure()
        yield played


@pytest.fixture
def lapsing(year: Played) -> Played:
    """Give the year on the day on which the medium is to leave, which is the last of the certificate."""
    year.wait_for("conclude_contract")
    year.do("conclude_contract", certificate_until=year.facts().due["hand_over_medium"])
    year.play(before="renew_certificate")
    year.do("recheck_before_sealing")
    year.do("seal_package")
    return year


def missing(year: Played, act: str) -> set[str]:
    return {gap.guard for gap in year.office.door.missing(CYCLE, act)}


def test_a_certificate_of_yesterday_concludes_no_contract(year: Played) -> None:
    """Neither does one of which nobody told number or last day."""
    year.wait_for("conclude_contract")
    yesterday = year.now.date() - timedelta(days=1)
    for told in ({"certificate_until": yesterday}, {"certificate_until": None}, {"certificate_number": ""}):
        with pytest.raises(Refused) as refused:
            year.do("conclude_contract", **told)
        assert {gap.guard for gap in refused.value.unmet} == {"certificate_is_told_and_valid"}


def test_a_certificate_that_lapses_within_the_contract_is_owed_anew_and_stops_the_medium(lapsing: Played) -> None:
    """Its renewal is owed by its last day; on that day the medium may leave, on the next only once it is renewed."""
    year = lapsing
    assert year.facts().due["renew_certificate"] == year.facts().due["hand_over_medium"] == year.now.date()
    assert "certificate_is_in_force" not in missing(year, "hand_over_medium")
    year.set_clock(year.now + timedelta(days=1))
    assert "certificate_is_in_force" in missing(year, "hand_over_medium")
    with pytest.raises(Refused):
        year.do("hand_over_medium")
    year.do("renew_certificate")
    assert "certificate_is_in_force" not in missing(year, "hand_over_medium")


def test_a_medium_that_went_out_under_a_lapsed_certificate_is_a_deviation(lapsing: Played) -> None:
    """What has happened is recorded and opens an incident (Law 8)."""
    lapsing.set_clock(lapsing.now + timedelta(days=1))
    outcome = lapsing.do("hand_over_medium", already_happened=True)
    assert "certificate_is_in_force" in outcome.deviations
    assert lapsing.facts().on_hold


def slips(year: Played) -> Filed:
    return next(it for it in year.office.see(CYCLE, documents_of) if it.document.number == 8)


def close_without_a_slip(year: Played, lost: str, folder: Path) -> Outcome:
    """Play the year to its close, with every paper filed but for one slip, which is reported lost."""
    year.play(before="end_returned_mail")
    fields = {"slip": lost, "reason": "紛失"}
    acting.perform(year.office, CYCLE, "reprint_slip", by=cast.COORDINATOR, fields=fields)
    names = {"08 K-2026-01 K-2026-02 K-2026-04 K-2026-05.txt", *(f"{n:02}.txt" for n in (*range(5, 8), *range(9, 21)))}
    folder.mkdir()
    for name in names:
        (folder / name).write_text(name, encoding="utf-8")
    documents.file(year.office, CYCLE, folder, by=cast.COORDINATOR, dated_on=year.now.date())
    acting.perform(year.office, CYCLE, "end_returned_mail", by=cast.COORDINATOR, fields={"returned": {}})
    year.play(before="close")
    destroyed = folder / "08 K-2026-07.txt"
    destroyed.write_text("廃棄の票", encoding="utf-8")
    documents.file(year.office, CYCLE, destroyed, number=8, slips=("K-2026-07",), by=cast.COORDINATOR,
                   dated_on=year.now.date())  # fmt: skip
    return acting.perform(year.office, CYCLE, "close", by=cast.COORDINATOR, fields={"keep_until": f"{YEAR + 6}-03-31"})


def test_a_slip_that_is_lost_is_told_and_its_document_stays_open(year: Played, tmp_path: Path) -> None:
    """The slip is printed again and the record says so; without its scan document 8 is 手続済・書類未着 for good.

    The close warns of it by number and is not refused; when the slip turns up after the closing, it is filed.
    """
    lost = "K-2026-03"
    outcome = close_without_a_slip(year, lost, tmp_path / "scans")
    assert outcome.warnings == ("documents_are_on_file",)
    closing = next(entry for entry in year.entries() if entry["event"] == "year_closed")
    assert closing["data"]["warnings"] == ["documents_are_on_file"]
    assert (slips(year).standing, slips(year).missing) == ("acted", (lost,))
    assert {it.standing for it in year.office.see(CYCLE, documents_of) if it.document.number not in {8, 21}} == {
        "complete"
    }
    found = tmp_path / "found.txt"
    found.write_text("見つかった票", encoding="utf-8")
    documents.file(
        year.office, CYCLE, found, number=8, slips=[lost], by=cast.COORDINATOR, dated_on=year.now.date()
    )  # fmt: skip
    assert slips(year).standing == "complete"
