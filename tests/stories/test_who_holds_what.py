"""A year in which an envelope is missing and letters come back: nobody holds anything at its end that is not listed."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from playing import CYCLE, Played, begun

from models.database import reading
from models.errors import Refused
from papers import erasure, reporting
from papers.control_ledger import lacking, lines_of
from papers.sheet import Sheet
from papers.slips import slips_of
from rehearsal import cast
from states.acts import Outcome
from states.look import Look
from states.rules.conservation import materials
from steps import acting, papers

pytestmark = pytest.mark.xdist_group("who_holds_what")  # its tests follow each other in one year

ENVELOPES, STACK = 4500, "RL-2026-01"


def enter(year: Played, act: str, by: str = cast.COORDINATOR, **fields: Any) -> Outcome:
    return acting.perform(year.office, CYCLE, act, by=by, fields=json.loads(json.dumps(fields, default=str)))


def refusal(act: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(Refused) as refused:
        act()
    return {gap.guard: gap.missing for gap in refused.value.unmet}


def text_of(year: Played, paper: Callable[[Look], Sheet]) -> str:
    with pypdfium2.PdfDocument(papers.print_sheets(year.office, CYCLE, paper)[0]) as printed:
        return "".join("".join(page.get_textpage().get_text_range().split()) for page in printed)


@pytest.fixture(scope="module")
def year(template_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Play until the close: one envelope too few is settled, two letters come back and one is handed to its person."""
    with begun(template_home, tmp_path_factory.mktemp("story") / "year") as played:
        played.play(before="report_enclosing")
        report_one_envelope_too_few(played)
        played.play(before="end_returned_mail")
        receive_two_letters_and_hand_one_over(played)
        played.play(before="destroy_items")
        yield played


def report_one_envelope_too_few(year: Played) -> None:
    """Count one envelope less than there should be: it has happened, so it opens an incident and the line stops."""
    sealed = len(year.serials("printed"))
    outcome = year.do("report_enclosing", envelopes_left=ENVELOPES - sealed - 2)  # the machine tore one
    assert outcome.deviations == ("materials_are_conserved",)
    facts = year.facts()
    said = year.office.see(CYCLE, lambda here: [it.said for it in materials(here.facts) if it.difference])
    assert facts.on_hold
    assert said == [f"封筒 -1: 4,500 − {sealed:,} − 1 ≠ {ENVELOPES - sealed - 2:,}"]
    assert "not_on_hold" in refusal(lambda: year.do("complete_enclosing"))
    (number,) = facts.incidents
    today = facts.today
    talk = {"discussed_on": today, "participants": "両責任者", "decision": "予備の箱を数え直す"}
    enter(year, "assess_incident", cast.APPROVER, incident=number, reportable=False, reason="封筒のみ",
          decision_number="8-総総-901")  # fmt: skip
    enter(year, "discuss_measures", incident=number, **talk)
    enter(year, "settle_incident", cast.APPROVER, incident=number, decision_number="8-総総-902")
    year.claim_again("release_hold")
    enter(year, "release_hold", cast.APPROVER, discussed_on=today, decision_number="8-総総-903")


def receive_two_letters_and_hand_one_over(year: Played) -> None:
    """Keep what comes back only with a day; what went on to its person lies in the stack no more."""
    first, second = year.serials("posted")[:2]
    came = {"reason": "address_unknown", "office": "新宿郵便局", "receiver": cast.COORDINATOR, "slip": "K-2026-06"}
    day = year.facts().due["destroy_items"]
    two = {"serials": f"{first},{second}", "stack": STACK, **came}
    assert (
        "処置の期日" in refusal(lambda: enter(year, "record_returned_mail", **two))["kept_letters_have_stack_and_day"]
    )
    too_late = refusal(lambda: enter(year, "record_returned_mail", **two, keep_until=day + timedelta(days=1)))
    assert str(day) in too_late["kept_letters_have_stack_and_day"]
    enter(year, "record_returned_mail", **two, keep_until=day)
    enter(year, "record_returned_mail", serials=str(second), reason="address_unknown", outcome="handed_over")


def test_the_slip_of_returned_mail_tells_the_post_office_and_how_many_letters(year: Played) -> None:
    """Two letters came in from the post office on one slip; that one of them went on to its person is no movement."""
    with year.office.look(CYCLE) as here:
        slips = [slip for slip in slips_of(here.connection, CYCLE) if slip.row.trigger == "record_returned_mail"]
        lines = [line for line in lines_of(here.connection, CYCLE) if line["moves"]]
    assert [slip.record.slip for slip in slips] == ["K-2026-06"]
    (line,) = [line for line in lines if line["title"] == "返戻の記録"]
    assert (line["who"], line["quantity"], line["slip"]) == ("新宿郵便局", "返戻 2通", "K-2026-06")
    assert STACK in line["content"]
    assert [line["number"] for line in lines if lacking(line)] == []


def test_the_ledger_says_what_differed(year: Played) -> None:
    """The line of the deviation says in figures that an envelope is missing, not only which rule was broken."""
    with year.office.look(CYCLE) as here:
        remarks = [line["remark"] for line in lines_of(here.connection, CYCLE) if line["title"] == "逸脱記録"]
    assert any("封筒 -1: 4,500 −" in remark for remark in remarks)


def test_the_year_does_not_close_while_a_returned_letter_is_neither_destroyed_nor_listed(year: Played) -> None:
    """The close names the stack; destroyed with everything else, it has its slip, and the year ends."""
    others = [item.number for item in year.facts().things_in("with_ward") if item.number != STACK]
    year.do("destroy_items", items=others)
    year.wait_for("close")
    assert STACK in refusal(lambda: year.do("close"))["no_item_is_left"]
    past = {"item": STACK, "until": year.facts().today - timedelta(days=1), "reason": "問合せ対応"}
    assert STACK in refusal(lambda: year.do("close", kept=[past]))["kept_items_are_with_the_ward"]
    listed = past | {"until": year.facts().today + timedelta(days=30)}
    year.do("close", kept=[listed])
    assert {item.number for item in year.facts().items if item.state == "with_ward"} == {STACK}
    report, record = text_of(year, reporting.report), text_of(year, erasure.erasure_record)
    assert "問合せ対応" in report
    assert "返戻1通" in report
    assert "返戻1通" in record
    assert "封筒:納入4,500枚" in report
    assert "差-1枚" in report
    assert "点（" not in report.partition("返却された媒体")[2][:40]


def test_what_was_listed_is_destroyed_after_the_close(year: Played) -> None:
    """The day comes, and the stack ends before a witness, on a slip of its own."""
    enter(year, "destroy_items", items=[STACK], method="裁断", destroyed_on=year.facts().today,
          witness=cast.SECOND_COORDINATOR, slip="K-2026-09")  # fmt: skip
    with reading(year.office.engine) as connection:
        last = [line for line in lines_of(connection, CYCLE) if line["moves"]][-1]
    assert (last["receiver"], last["quantity"], last["slip"]) == ("廃棄（裁断）", "返戻 1通", "K-2026-09")
    assert not [item for item in year.facts().items if item.state.startswith("with_")]
