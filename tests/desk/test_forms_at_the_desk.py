"""One form of several acts at the desk: what it needs, whose fields are whose, and what came of each."""

import json
import shlex
from datetime import datetime
from pathlib import Path

import pytest
from speaking import Said, Tsudoi

from adapters.clock import VirtualClock
from models.clock import TOKYO
from models.errors import BadInput
from steps.protection import pulled_by_reason

CONTRACT = (
    "--by sato --set contract_number=8-1 --set begins_on=2026-10-01 --set ends_on=2026-12-25 "
    "--set special_provisions_attached=true --set certificate_number=1 --set certificate_until=2027-03-31 "
    "--set decision_number=8-総総-101 --set approved_on=2026-09-01"
)
CLAIMS = (
    "--set claim_measures.measures=W-OP-01 --set claim_measures.evidence=点検表 --by claim_measures:c=asahi "
    "--set claim_measures:c.measures=C-OP-01 --set claim_measures:c.evidence=誓約書"
)
WHOLE = f"claim_measures claim_measures:c conclude_contract {CONTRACT} {CLAIMS}"


def _sent(tsudoi: Tsudoi, home: Path, form: str, *more: str) -> Said:
    VirtualClock(home / "clock").set(datetime(2026, 10, 1, 10, tzinfo=TOKYO))
    return tsudoi("act", 2026, *shlex.split(form), *more)


def _nothing_is_recorded(tsudoi: Tsudoi) -> bool:
    return json.loads(tsudoi("cycle", "show", 2026, "--json").out)["state"] == "planned"


def test_a_form_of_several_acts_is_sent_at_once(tsudoi: Tsudoi, home: Path) -> None:
    """Each act has the fields that name it, the last those that name none; each is told with its entry."""
    said = _sent(tsudoi, home, WHOLE, "--json")
    outcomes = json.loads(said.out)
    assert said.status == 0
    assert [outcome["act"] for outcome in outcomes] == ["claim_measures", "claim_measures", "conclude_contract"]
    entries = json.loads(tsudoi("ledger", "show", "--last", 3, "--json").out)
    assert [entry["seq"] for entry in entries] == [outcome["seq"] for outcome in outcomes]
    assert [entry["by"] for entry in entries] == ["sato", "asahi", "sato"]
    assert [entry["data"].get("entered_with") for entry in entries] == [None, entries[0]["seq"], entries[0]["seq"]]


def test_a_form_is_told_in_words(tsudoi: Tsudoi, home: Path) -> None:
    """A line for each act; sent again under the same key it changes nothing."""
    assert _sent(tsudoi, home, WHOLE, "--key", "k").out.count("「") == 6
    again = _sent(tsudoi, home, WHOLE, "--key", "k")
    assert (again.status, again.out.count("既に行われています")) == (0, 3)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (WHOLE.replace("--set claim_measures:c.evidence=誓約書", ""), "「対策の実施記録」: "),  # a field of which act
        (WHOLE.replace("claim_measures:c", "claim_measures"), "二度"),
        (WHOLE.replace("claim_measures.evidence", "claim_measure.evidence"), "claim_measure"),
        (f"hold conclude_contract {CONTRACT}", "契約締結"),
        (f"conclude_contract claim_measures {CONTRACT}", "対策の実施記録"),
    ],
)
def test_a_form_that_cannot_be_read_does_nothing(tsudoi: Tsudoi, home: Path, form: str, words: str) -> None:
    """The message names the act or the field that is wrong; no act of the form is recorded."""
    said = _sent(tsudoi, home, form)
    assert said.status == 2
    assert words in said.out + said.err
    assert _nothing_is_recorded(tsudoi)


def test_a_form_with_a_refused_act_does_nothing(tsudoi: Tsudoi, home: Path) -> None:
    """The refusal says which act it was, and that nothing of the form is recorded."""
    said = _sent(tsudoi, home, WHOLE.replace("special_provisions_attached=true", "special_provisions_attached=false"))
    assert said.status == 2
    assert "契約締結" in said.err
    assert "一件も記録されていません" in said.err
    assert _nothing_is_recorded(tsudoi)


def test_what_the_machine_brings_is_on_no_typed_form(tsudoi: Tsudoi, home: Path) -> None:
    """The table lets a pull list carry its re-check, whose list comes by the command that reads it."""
    said = _sent(tsudoi, home, "recheck_before_enclosing issue_pull_list --by watanabe --set rechecked_on=2026-11-18")
    assert said.status == 2
    assert "extract recheck" in said.err


def test_without_a_person_a_form_shows_what_it_needs(tsudoi: Tsudoi) -> None:
    """The fields of each act that is named, and what else may stand on the form."""
    said = tsudoi("act", 2026, "confirm_contacts", "confirm_readiness")
    assert all(words in said.out for words in ("confirm_contacts: ", "confirm_readiness: ", "claim_measures ("))
    alone = json.loads(tsudoi("act", 2026, "confirm_readiness", "--json").out)
    assert alone["carries"] == ["confirm_contacts", "claim_measures"]
    both = json.loads(tsudoi("act", 2026, "confirm_contacts", "confirm_readiness", "--json").out)
    assert [act["act"] for act in both] == ["confirm_contacts", "confirm_readiness"]


def test_serials_by_reason_are_read() -> None:
    """A reason may come twice; what has no reason, or names no serial, is refused."""
    assert pulled_by_reason(["c=1-3", "d=9", "c=5"]) == {"c": "1-3,5", "d": "9"}
    for wrong in ("12", "=12", "c="):
        with pytest.raises(BadInput):
            pulled_by_reason([wrong])
