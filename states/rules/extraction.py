"""Extraction: domain.md 2 and 3, the accidents of Oyama, Meguro and Tokyo."""

import json
import re
from collections.abc import Mapping

from models.extract import characters, code_points
from models.people import Role, Side
from models.records import extraction
from models.serials import count
from states.effects import AddPieces, DecideRow, Effect, HoldRows, MakeItem, MovePieces, OweAgain
from states.facts import LISTS, RECHECKS, Facts, Shortfall, Verdict
from states.rows import AFTER_POSTING, IN_PRODUCTION, REGISTRAR, Row
from states.rules.base import agree, claims, claims_of, none_of, recorded
from states.rules.custody import (
    bag_is_locked,
    handed_over_in_person,
    is_under_lock,
    left_elsewhere,
    original,
    ward_copies,
)
from states.rules.measures import measures_of

extract_is_taken = recorded("extract_is_taken", "take_extract", "The extract is taken and judged.")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


@claims_of(extraction.ExtractReceived)
def original_has_a_new_number(facts: Facts, record: extraction.ExtractReceived) -> Verdict:
    """The number of the original is used by no other item of this year."""
    return record.item not in {item.number for item in facts.items} or Shortfall(names=record.item)


@claims_of(extraction.ExtractReceived)
def it_comes_from_the_register_section(facts: Facts, record: extraction.ExtractReceived) -> Verdict:
    """Somebody of the register section hands it over to somebody of the ward; both are on the register today."""
    giver, receiver = facts.people.get(record.giver), facts.people.get(record.receiver)
    return (
        giver is not None
        and receiver is not None
        and giver.id != receiver.id
        and giver.is_valid_on(facts.today)
        and receiver.is_valid_on(facts.today)
        and giver.side is Side.REGISTER
        and receiver.side is not Side.CONTRACTOR
    )


@claims_of(extraction.FileTaken, owes="receive_extract")
def encrypted_file_was_received(facts: Facts, record: extraction.FileTaken) -> Verdict:
    """An extract that came as an encrypted file is the one whose receipt from the register section is recorded."""
    received = facts.record("receive_extract", extraction.ExtractReceived)
    return not record.travelled_sha256 or (received is not None and received.sha256 == record.travelled_sha256)


@claims_of(extraction.ExtractTaken)
def exported_serials_are_counted(_facts: Facts, record: extraction.ExtractTaken) -> Verdict:
    """Everybody exported has a serial, and nobody else."""
    return agree(count(record.serials), record.exported)


@claims_of(extraction.ExtractTaken)
def hits_add_up(_facts: Facts, record: extraction.ExtractTaken) -> Verdict:
    """Raw hits equal exported and excluded and held rows."""
    parts = record.exported + sum(record.excluded.values()) + record.held
    return agree(record.raw_hits, parts)


@claims_of(extraction.ExtractTaken)
def birth_window_is_the_years(facts: Facts, record: extraction.ExtractTaken) -> Verdict:
    """The birth window is the one of this fiscal year, and everybody exported was born in it."""
    window = facts.programme.extract.window(facts.fiscal_year)
    return (record.window_from, record.window_to) == window and window[0] <= record.born_from <= record.born_to <= (
        window[1]
    )


@claims(owes="decide_row")
def no_row_is_held(facts: Facts) -> Verdict:
    """No row of the extract waits for a decision."""
    taken = facts.record("take_extract", extraction.ExtractTaken)
    open_rows = max(facts.undecided, taken.held if taken else 0)
    return open_rows == 0 or Shortfall(names=str(open_rows))


@claims_of(extraction.ExtractChecked)
def checkers_saw_the_same_counts(facts: Facts, record: extraction.ExtractChecked) -> Verdict:
    """The counts that the checkers sign are the counts of the extract."""
    taken = facts.record("take_extract", extraction.ExtractTaken)
    return taken is not None and (record.exported, record.excluded) == (taken.exported, sum(taken.excluded.values()))


@claims_of(extraction.ExtractChecked)
def birth_window_was_compared(_facts: Facts, record: extraction.ExtractChecked) -> Verdict:
    """The checkers compared the birth window with the fiscal year."""
    return record.window_seen


@claims_of(extraction.ExtractChecked, proves=("W-OP-10",), tells="storage_place")
def original_is_kept_locked(_facts: Facts, record: extraction.ExtractChecked) -> Verdict:
    """What the extract came on is kept in a place that is locked."""
    return is_under_lock(record.storage_place, locked=record.locked)


@claims_of(extraction.RowDecided)
def row_is_held(facts: Facts, record: extraction.RowDecided) -> Verdict:
    """The row is held."""
    taken = facts.record("take_extract", extraction.ExtractTaken)
    held = taken is not None and any(held.row == record.row for held in taken.rows)
    return held or Shortfall(names=str(record.row))


@claims_of(extraction.RowDecided)
def substitute_is_named(_facts: Facts, record: extraction.RowDecided) -> Verdict:
    """A substitution names the characters as code points."""
    return bool(record.substitute) == (record.how == "substitute") or Shortfall(names=str(record.row))


@claims_of(extraction.RowDecided)
def substitute_is_listed(facts: Facts, record: extraction.RowDecided) -> Verdict:
    """Each substitute stands in the programme's table of substitutes, or only leaves out a variation selector."""
    table = facts.programme.extract.substitutes
    pairs = (pair for pair in record.substitute.split(",") if pair and not _is_listed(pair, table))
    return none_of(f"{record.row}: {pair}" for pair in pairs)


def _is_listed(pair: str, table: Mapping[str, tuple[str, ...]]) -> bool:
    found, _arrow, instead = pair.partition(">")
    plain, printed = _SELECTORS.sub("", characters(found)), characters(instead)
    return len(plain) == len(printed) and all(
        before == after or code_points(after) in table.get(code_points(before), ())
        for before, after in zip(plain, printed, strict=True)
    )


@claims_of(extraction.ChangesTaken)
def changed_persons_are_ours(facts: Facts, record: extraction.ChangesTaken) -> Verdict:
    """The serials of the change list are serials of this cycle."""
    named = (record.moved, record.died, record.newly_protected)
    return all(facts.pieces.within(serials) == count(serials) for serials in named)


@claims_of(extraction.ListWithdrawn)
def list_was_taken(facts: Facts, record: extraction.ListWithdrawn) -> Verdict:
    """The list is one of this year's re-checks or change lists, and is not withdrawn."""
    return any(json.loads(entry.data)["list_sha256"] == record.list_sha256 for entry in facts.history.of(*LISTS))


def original_exists(_facts: Facts, record: extraction.ExtractReceived) -> tuple[Effect, ...]:
    """The encrypted file that the register section handed over is a copy to be destroyed."""
    return (original(record.item, "encrypted_extract"),)


def row_is_decided(_facts: Facts, record: extraction.RowDecided) -> tuple[Effect, ...]:
    """One held row is decided."""
    return (DecideRow(decision=record),)


def pieces_are_exported(facts: Facts, _record: extraction.ExtractChecked) -> tuple[Effect, ...]:
    """Every exported person becomes a piece under the serial that the extract gave."""
    taken = facts.record("take_extract", extraction.ExtractTaken)
    return (AddPieces(serials=taken.serials, origin="extract"),) if taken else ()


def changed_pieces_stay(facts: Facts, record: extraction.ChangesTaken) -> tuple[Effect, ...]:
    """Before anything has left, everybody whom the change list names is pulled at once; then a pull list is due."""
    if "seal_package" in facts.done:
        return ()
    named = (record.newly_protected, record.moved, record.died)
    return tuple(MovePieces(serials=serials, froms=("exported",), to="pulled") for serials in named)


def rechecks_are_owed_again(facts: Facts, record: extraction.ListWithdrawn) -> tuple[Effect, ...]:
    """A re-check by the wrong list was none."""
    rechecks = {act: facts.record(act, extraction.ProtectionRechecked) for act in RECHECKS}
    return tuple(
        OweAgain(act=act) for act, recheck in rechecks.items() if recheck and recheck.list_sha256 == record.list_sha256
    )


def list_of_protected_exists(_facts: Facts, record: extraction.ProtectedListed) -> tuple[Effect, ...]:
    """The list for ward staff is a copy to be destroyed."""
    return (MakeItem(number=record.item, kind="protected_list", state="with_ward", content="protected_persons"),)


def rows_are_held_and_copies_registered(facts: Facts, record: extraction.ExtractTaken) -> tuple[Effect, ...]:
    """The held rows wait for decisions; what the machine keeps, and a file that lies elsewhere, are copies to erase."""
    before = facts.record("take_extract", extraction.ExtractTaken)
    same = before is not None and before.extract_sha256 == record.extract_sha256
    copies = ward_copies(facts, ("inbox", "vault", "vault_key", "vault_key_backup"))
    return (HoldRows(rows=record.rows, same_extract=same), *left_elsewhere(record), *copies)


ROWS = (
    Row(
        trigger="receive_extract", event="extract_received", ja="抽出ファイル受領", en="Receive the encrypted extract",
        froms=("ready", *IN_PRODUCTION), who=(Role.COORDINATOR, Role.REGISTRAR), owner=Side.WARD, repeats=True,
        handover=True, record=extraction.ExtractReceived,
        guards=(original_has_a_new_number,),
        deviations=(it_comes_from_the_register_section, bag_is_locked, handed_over_in_person),
        then=original_exists, source="W-OP-07, W-OP-08, 確認記録票",
    ),
    Row(
        trigger="take_extract", event="extract_taken", ja="データ抽出", en="Take the extract", froms=("ready",),
        who=REGISTRAR, owner=Side.REGISTER, due="R+1bd", after=("confirm_readiness",), repeats=True, by_machine=True,
        command="extract take",
        record=extraction.ExtractTaken,
        guards=(encrypted_file_was_received, hits_add_up, exported_serials_are_counted, birth_window_is_the_years),
        then=rows_are_held_and_copies_registered,
        source="W-SY-07, 抽出条件書",
    ),
    Row(
        trigger="decide_row", event="row_decided", ja="文字・行の扱いの決定", en="Decide on a held row",
        froms=("ready",), who=REGISTRAR, owner=Side.REGISTER, repeats=True, record=extraction.RowDecided,
        guards=(row_is_held, substitute_is_named, substitute_is_listed),
        then=row_is_decided,
        source="Law 6",
    ),
    Row(
        trigger="extract", event="extract_checked", ja="対象者抽出・点検", en="Check the extract", froms=("ready",),
        to="extracted", who=REGISTRAR, second=(Role.REGISTRAR, Role.COORDINATOR), owner=Side.REGISTER, due="R+4bd",
        after=("take_extract",),
        carries=("claim_measures",), record=extraction.ExtractChecked,
        guards=(
            extract_is_taken, no_row_is_held, checkers_saw_the_same_counts, birth_window_was_compared,
            original_is_kept_locked, measures_of("extract", original_is_kept_locked),
        ),
        then=pieces_are_exported, source="W-OP-10, W-SY-07, 点検票",
    ),
    Row(
        trigger="list_protected", event="protected_listed", ja="支援措置対象者一覧の引渡し",
        en="List the protected persons for ward staff", froms=("ready", "extracted", *IN_PRODUCTION, "posted"),
        who=REGISTRAR, owner=Side.REGISTER, repeats=True, by_machine=True,
        command="extract protected", record=extraction.ProtectedListed,
        guards=(extract_is_taken,), then=list_of_protected_exists, source="支援措置, domain.md 2",
    ),
    Row(
        trigger="take_changes", event="changes_taken", ja="異動連絡の受領", en="Take the changes after extraction",
        froms=("extracted", *IN_PRODUCTION), who=REGISTRAR, owner=Side.REGISTER, repeats=True, by_machine=True,
        under_hold=True, command="extract changes FILE", record=extraction.ChangesTaken,
        guards=(changed_persons_are_ours,), then=changed_pieces_stay, source="支援措置, 引抜きリスト",
    ),
    Row(
        trigger="withdraw_list", event="list_withdrawn", ja="一覧の取下げ", en="Withdraw a wrong list of the register",
        froms=("extracted", *IN_PRODUCTION, *AFTER_POSTING, "cancelled"), who=REGISTRAR, owner=Side.REGISTER,
        repeats=True, under_hold=True, by_machine=True, record=extraction.ListWithdrawn,
        guards=(list_was_taken,), then=rechecks_are_owed_again, source="Law 8, 支援措置",
    ),
)  # fmt: skip
