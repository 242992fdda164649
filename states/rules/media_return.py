"""The media return, and the end of the contractor's work: what went out comes back (W-OP-11, C-OP-11)."""

from typing import get_args

from models import choices
from models.clock import day_of
from models.people import Side
from models.records.media_return import (
    CompletionReported,
    Integrity,
    ItemsReturned,
    MediaReturnConfirmed,
    WorkAccepted,
)
from states.effects import Effect, MoveItem
from states.facts import Facts, Shortfall, Verdict
from states.rows import AFTER_POSTING, COORDINATOR, INSPECTOR, MANAGER, Row
from states.rules.approvals import inspector_did_not_supervise
from states.rules.base import claims, claims_of, none_of, recorded
from states.rules.conservation import integrity_shown
from states.rules.custody import (
    ELSEWHERE,
    WARD_SIDES,
    WENT_APART,
    arrived_in_good_condition,
    bag_is_locked,
    contractors_hands_are_named,
    hands,
    is_under_lock,
)
from states.rules.dates import dated_after, on_an_open_day, report_comes_in_on_an_open_day, within_commitments
from states.rules.measures import measures_unless_nothing_went_out, shown_by
from states.rules.supervision import (
    contractor_reported_his_check,
    contractor_was_inspected,
    every_subcontractor_was_inspected,
    ward_checked_its_own_keeping,
)

completion_is_reported = recorded(
    "completion_is_reported", "report_completion", "The contractor has reported completion."
)


@claims_of(ItemsReturned, proves=("W-OP-07", "C-OP-07", "W-OP-08", "C-OP-08"))
def returned_in_person(_facts: Facts, record: ItemsReturned) -> Verdict:
    """It is not returned by post or messenger but in person."""
    return record.in_person is not False


@claims_of(ItemsReturned, proves=("W-OP-04", "C-OP-04"))
def returning_hands_are_registered(facts: Facts, record: ItemsReturned) -> Verdict:
    """Giver, carrier and receiver of the return are on the register of people, valid today, the receiver the ward's."""
    return hands(facts, record, receivers=WARD_SIDES)


@claims_of(ItemsReturned)
def medium_and_notice_return_on_other_days(facts: Facts, record: ItemsReturned) -> Verdict:
    """Medium and password notice come back on different days."""
    returns = facts.past("return_items", ItemsReturned)
    today = [past.record for past in returns if day_of(past.at) == facts.today]
    kinds = {facts.kind_of(number) for returned in (record, *today) for number in returned.items}
    return not {"medium", "password_notice"} <= kinds


@claims(owes="return_items", proves=("W-OP-11", "C-OP-11"))
def every_item_is_back(facts: Facts) -> Verdict:
    """Every medium, password notice and imprinted sheet that went out is back."""
    return none_of(item.number for item in facts.things_in(*ELSEWHERE))


@claims_of(ItemsReturned)
def returned_items_were_out(facts: Facts, record: ItemsReturned) -> Verdict:
    """Every returned item is a medium, a notice or a stack of sheets that was with the contractor."""
    return none_of(sorted(set(record.items) - {item.number for item in facts.things_in(*ELSEWHERE)}))


@claims_of(MediaReturnConfirmed, proves=("W-OP-10",), tells="storage_place")
def ward_keeps_what_came_back_locked(_facts: Facts, record: MediaReturnConfirmed) -> Verdict:
    """The ward keeps what came back in a place that is locked."""
    return is_under_lock(record.storage_place, locked=record.locked)


@claims_of(CompletionReported)
def integrity_is_not_overclaimed(facts: Facts, record: CompletionReported) -> Verdict:
    """The level of integrity claims no more than the records of the enclosing show."""
    levels, shown = get_args(Integrity), integrity_shown(facts)
    return levels.index(record.integrity) <= levels.index(shown) or Shortfall(
        names=choices.said(choices.INTEGRITY, shown)
    )


def items_come_back(_facts: Facts, record: ItemsReturned) -> tuple[Effect, ...]:
    """Returned items are with the ward again."""
    return tuple(MoveItem(number=number, to="with_ward") for number in record.items)


RETURN = (
    Row(
        trigger="return_items", event="items_returned", ja="媒体・紙・パスワード通知書返却",
        en="Return media, paper and notices", froms=("posted", "cancelled"), who=MANAGER, owner=Side.CONTRACTOR,
        due="D+5bd", after=("post",), repeats=True, under_hold=True, handover=True,
        record=ItemsReturned,
        deviations=(
            returned_items_were_out, bag_is_locked, returned_in_person, arrived_in_good_condition,
            returning_hands_are_registered, contractors_hands_are_named,
        ),
        warnings=(medium_and_notice_return_on_other_days,), then=items_come_back,
        source="W-OP-08, W-OP-11, C-OP-11, 返却書",
    ),
    Row(
        trigger="return_media", event="media_return_confirmed", ja="媒体等返却確認", en="Confirm the media return",
        froms=("posted", "cancelled"), to="media_returned", who=COORDINATOR, owner=Side.WARD, due="D+6bd",
        after=("return_items",), under_hold=True,
        carries=("return_items", "claim_measures"), record=MediaReturnConfirmed,
        guards=(
            every_item_is_back, dated_after("checked_on", "return_items"), on_an_open_day("checked_on"),
            contractor_was_inspected, every_subcontractor_was_inspected, ward_keeps_what_came_back_locked,
            measures_unless_nothing_went_out(
                "return_media", every_item_is_back, contractor_was_inspected, every_subcontractor_was_inspected,
                ward_checked_its_own_keeping, contractor_reported_his_check, *WENT_APART,
                shown_by(bag_is_locked, "return_items", ItemsReturned),
                shown_by(returned_in_person, "return_items", ItemsReturned),
            ),
        ),
        source="W-OP-02, W-OP-03, W-OP-11, Law 7",
    ),
)  # fmt: skip

COMPLETION = (
    Row(
        trigger="report_completion", event="completion_reported", ja="完了届", en="Report completion",
        froms=AFTER_POSTING, who=MANAGER, owner=Side.CONTRACTOR, due="D+12bd", after=("post",), repeats=True,
        record=CompletionReported,
        guards=(
            dated_after("completed_on", "post"), report_comes_in_on_an_open_day, integrity_is_not_overclaimed,
        ),
        deviations=(within_commitments("report_completion"),), source="完了届",
    ),
    Row(
        trigger="accept_work", event="work_accepted", ja="検査", en="Accept the work", froms=AFTER_POSTING,
        who=INSPECTOR, owner=Side.WARD, due="report_completion+10d", after=("report_completion",),
        carries=("report_completion",), record=WorkAccepted, guards=(
            completion_is_reported,
            inspector_did_not_supervise,
            dated_after("inspected_on", "report_completion"),
            on_an_open_day("inspected_on"),
        ), source="検査調書",
    ),
)  # fmt: skip
