"""What one form carries: several acts in one sending, all of them or none, each with an entry of its own."""

import json
from dataclasses import replace
from typing import Any

import pytest
from scenes import Year
from sqlalchemy import select
from sqlmodel import col

from models import tables
from models.database import reading
from models.errors import BadInput, Refused
from models.people import SYSTEM
from states.acts import ActRequest, Outcome, Recorded
from states.facts import RECHECKS, Evidence
from states.replay import compared, replayed
from states.rows import Row
from states.table import BY_TRIGGER, TABLE

CARRYING = [row for row in TABLE if row.carries]


def told(year: Year, since: int) -> list[dict[str, Any]]:
    return [json.loads(entry) for entry in year.entries()[since:]]


def refused(year: Year, *asks: ActRequest) -> Refused:
    with pytest.raises(Refused) as caught:
        year.door.perform_all(asks)
    return caught.value


def notices(year: Year, **changes: Any) -> list[ActRequest]:
    """Return what the contractor hands in at the beginning, as one form."""
    acts = ("register_handlers", "declare_cloud_use", "submit_work_plan")
    return [year.ask(act, key=f"{act}/1", **(changes if act == "submit_work_plan" else {})) for act in acts]


def printed(year: Year) -> list[ActRequest]:
    """Return the report of the printing with its confirmation, and what was done for this gate."""
    claim = year.ask("claim_measures", measures=sorted(year.facts().measures_for("complete_printing")))
    return [year.ask("report_printing"), claim, year.ask("complete_printing")]


def with_an_empty_list(year: Year) -> None:
    """Issue a pull list on which nobody stands."""
    year.play(before="recheck_before_enclosing")
    year.do("recheck_before_enclosing", newly_protected="")
    year.do("issue_pull_list", pulled="", reasons={})


# all of them


def test_each_act_of_a_form_has_an_entry_of_its_own(year: Year) -> None:
    """They follow one another, and each after the first says with which entry it was entered."""
    year.play(before="register_handlers")
    before = len(year.entries())
    outcomes = year.door.perform_all(notices(year))
    entries = told(year, before)
    assert [entry["event"] for entry in entries] == ["handlers_registered", "cloud_use_declared", "work_plan_submitted"]
    assert [entry["data"].get("entered_with") for entry in entries] == [None, before + 1, before + 1]
    assert [outcome.seq for outcome in outcomes] == [entry["seq"] for entry in entries]
    assert {"register_handlers", "declare_cloud_use", "submit_work_plan"} <= year.facts().done.keys()


def test_an_act_sees_what_the_form_did_before_it(year: Year) -> None:
    """The confirmation is judged by the report that stands on the same form, and the state moves once."""
    year.play(before="report_printing")
    report, claim, confirmation = year.door.perform_all(printed(year))
    assert [report.state, claim.state, confirmation.state] == ["proof_approved", "proof_approved", "printed"]
    assert year.state == "printed"


def test_a_form_may_carry_several_records_of_one_act(sqlite_year: Year) -> None:
    """Two claims, of the ward and of the contractor, and the act that asks for them."""
    claims = [
        sqlite_year.ask("claim_measures", by=by, measures=[measure]) for by, measure in
        (("sato", "W-OP-01"), ("asahi", "C-OP-01"))
    ]  # fmt: skip
    outcomes = sqlite_year.door.perform_all([*claims, sqlite_year.ask("conclude_contract")])
    assert [outcome.trigger for outcome in outcomes] == ["claim_measures", "claim_measures", "conclude_contract"]
    assert sqlite_year.state == "contracted"


def test_a_proposal_waits_though_the_rest_of_its_form_is_done(year: Year) -> None:
    """What needs a second person is proposed by the form, and confirmed by an entry that another person makes."""
    year.play(before="report_erasure")
    year.claim_again("confirm_erasure")
    [report, proposal] = year.door.perform_all([year.ask("report_erasure"), year.ask("confirm_erasure")])
    assert (report.waits_for, bool(proposal.waits_for), year.state) == ((), True, "media_returned")
    year.confirm("confirm_erasure")
    assert year.state == "erased"
    assert "entered_with" not in told(year, -1)[0]["data"]


def test_what_follows_an_act_follows_each_after_the_commit(sqlite_year: Year) -> None:
    """Every act of the form is on record before the first of them has its paper."""
    followed = list[tuple[str, int]]()

    def follow(act: Recorded) -> tuple[str, ...]:
        followed.append((act.trigger, len(sqlite_year.entries())))
        return (f"paper of {act.trigger}",)

    sqlite_year.play(before="register_handlers")
    sqlite_year.door.follow = follow
    outcomes = sqlite_year.door.perform_all(notices(sqlite_year))
    size = len(sqlite_year.entries())
    assert followed == [(outcome.trigger, size) for outcome in outcomes]
    assert [outcome.left for outcome in outcomes] == [(f"paper of {act}",) for act, _size in followed]


def test_a_form_sent_twice_is_a_no_op(year: Year) -> None:
    """Each act has a key of its own: what is there already is not done again."""
    year.play(before="register_handlers")
    first = year.door.perform_all(notices(year))
    before = year.everything_but_the_ledger(), year.entries()
    again = year.door.perform_all(notices(year))
    assert all(outcome.repeated for outcome in again)
    assert [outcome.seq for outcome in again] == [outcome.seq for outcome in first]
    assert (year.everything_but_the_ledger(), year.entries()) == before


def test_a_replay_minds_no_form(sqlite_year: Year) -> None:
    """The tables hold what the entries tell, whichever of them were entered together."""
    sqlite_year.play(before="report_printing")
    sqlite_year.door.perform_all(printed(sqlite_year))
    with reading(sqlite_year.engine) as connection:
        assert list(compared(connection, replayed(connection))) == []


# or none


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_a_form_with_an_act_that_is_refused_does_nothing(year: Year, wrong: int) -> None:
    """Nothing but the ledger has changed, and it tells the one refusal."""
    year.play(before="register_handlers")
    asks = notices(year)
    asks[wrong] = year.ask(asks[wrong].trigger, by="kobayashi")
    before = year.everything_but_the_ledger(), len(year.entries())
    refusal = refused(year, *asks)
    assert [gap.guard for gap in refusal.unmet] == ["role_may_do_it"]
    assert year.everything_but_the_ledger() == before[0]
    [entry] = told(year, before[1])
    assert (entry["event"], entry["data"]["act"]) == ("act_refused", asks[wrong].trigger)


def test_what_was_refused_is_entered_as_if_it_had_never_been_sent(year: Year) -> None:
    """The keys of a form that was taken back are free, its checkpoint and its deviation are gone."""
    year.play(before="submit_imprint_sample")
    sample, approval = year.ask("submit_imprint_sample", key="s"), year.ask("approve_proof", key="p")
    broken = year.ask("submit_imprint_sample", key="s", locked_bag=False, already_happened=True)
    before = year.everything_but_the_ledger()
    refusal = refused(year, broken, approval)  # the deviation holds the year: the approval is refused
    assert "not_on_hold" in {gap.guard for gap in refusal.unmet}
    assert year.everything_but_the_ledger() == before
    outcomes = year.door.perform_all([sample, approval])
    assert not any(outcome.repeated for outcome in outcomes)


def test_one_person_sends_a_form(sqlite_year: Year) -> None:
    """Another person of the ward acts by a form of his own; what the contractor's people told stands in their names."""
    sqlite_year.play(before="confirm_contacts")
    contacts, ready = sqlite_year.ask("confirm_contacts", by="suzuki"), sqlite_year.ask("confirm_readiness")
    assert [gap.guard for gap in refused(sqlite_year, contacts, ready).unmet] == ["one_person_sends_it"]
    sqlite_year.door.perform_all([sqlite_year.ask("confirm_contacts"), ready])
    assert sqlite_year.state == "ready"


@pytest.mark.parametrize(
    "acts",
    [
        ("conclude_contract", "claim_measures"),
        ("submit_work_plan", "register_handlers"),
        ("declare_cloud_use", "register_handlers", "submit_work_plan"),
        ("hold", "conclude_contract"),
    ],
)
def test_a_form_carries_what_its_row_says_in_that_order(sqlite_year: Year, acts: tuple[str, ...]) -> None:
    """Any other form is no form: nothing is told of it."""
    before = sqlite_year.entries()
    with pytest.raises(BadInput) as wrong:
        sqlite_year.door.perform_all([sqlite_year.ask(act) for act in acts])
    assert all(act in str(wrong.value) for act in BY_TRIGGER[acts[-1]].carries)
    assert sqlite_year.entries() == before


def test_a_form_is_of_one_cycle(sqlite_year: Year) -> None:
    """Acts of two years, or of two programmes of a year, are no one form: nothing is told of it in either."""
    before = sqlite_year.entries()
    claim, contract = sqlite_year.ask("claim_measures"), sqlite_year.ask("conclude_contract")
    for other in ("hatachi-2027", "keiro-2026"):
        with pytest.raises(BadInput, match="年度"):
            sqlite_year.door.perform_all([replace(claim, cycle_id=other), contract])
    assert sqlite_year.entries() == before


@pytest.mark.parametrize("row", CARRYING, ids=lambda row: row.trigger)
def test_what_a_form_carries_can_be_entered_on_it(row: Row) -> None:
    """A carried act is one of the table that belongs to a state of the form, and is no form's own act twice over."""
    for act in row.carries:
        carried = BY_TRIGGER[act]
        assert act != row.trigger
        assert set(carried.froms) & set(row.froms)
        assert not carried.by_machine or act in RECHECKS
        assert not carried.second, "whose confirmation is awaited settles nothing for the act after it"


# in the system's own name


def answered(year: Year, pulled: str, *, by: str = SYSTEM, machine: bool = True) -> Outcome:
    ask = year.ask("acknowledge_pull_list", pulled=pulled, by=by)
    return year.door.perform(
        ActRequest(
            cycle_id=ask.cycle_id, trigger=ask.trigger, by=by, record=ask.record, key=ask.key, via="system",
            evidence=Evidence(by_machine=machine),
        )
    )  # fmt: skip


def test_the_system_answers_an_empty_list_in_its_own_name(year: Year) -> None:
    """The entry says so, and the contractor owes no answer."""
    with_an_empty_list(year)
    answered(year, "")
    assert told(year, -1)[0]["by"] == SYSTEM
    assert year.facts().done["acknowledge_pull_list"].by == SYSTEM


def test_the_system_answers_no_list_with_a_serial(sqlite_year: Year) -> None:
    """Whether a piece is pulled the contractor's people know alone."""
    sqlite_year.play(before="acknowledge_pull_list")
    with pytest.raises(Refused) as caught:
        answered(sqlite_year, "5")
    assert [gap.guard for gap in caught.value.unmet] == ["system_answers_empty_lists_alone"]


def test_nobody_types_in_the_systems_name(sqlite_year: Year) -> None:
    """Its name given at the desk is that of nobody on the register, here and wherever the row does not let it act."""
    with_an_empty_list(sqlite_year)
    with pytest.raises(Refused) as caught:
        answered(sqlite_year, "", machine=False)
    assert [gap.guard for gap in caught.value.unmet] == ["person_is_registered"]
    with pytest.raises(Refused) as caught:
        sqlite_year.do("recheck_before_enclosing", by=SYSTEM)
    assert [gap.guard for gap in caught.value.unmet] == ["person_is_registered"]
    records = sqlite_year.read(select(col(tables.Record.by)))
    assert SYSTEM not in {by for [by] in records}
