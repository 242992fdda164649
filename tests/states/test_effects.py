"""What an act changes beside the state, case by case: exactly these effects and no other."""

from datetime import timedelta

import pytest
from assumed import TODAY, TOMORROW, YESTERDAY, consigning, did, facts, items, record
from scenes import HASH, MEDIUM, NOTICE, PROOFS, RETURNED, SAMPLE, STACK, YEAR

from models.records.base import ActRecord, Nothing
from states.effects import (
    AddPieces,
    DropActs,
    Effect,
    Effects,
    HoldRows,
    MakeItem,
    MoveItem,
    MovePieces,
    OpenIncident,
    OweAct,
    OweAgain,
    SetHold,
)
from states.facts import Facts, ItemFact
from states.machines import INCIDENT, ITEM, PIECE, RECORD, REMINDER
from states.rules import (
    additions,
    custody,
    enclosing,
    extraction,
    mailing,
    oversight,
    preparation,
    printing,
    supervision,
    transfer,
)
from states.table import BY_TRIGGER, HOLDING, RELEASING, TABLE, all_rules, cycle_machine

Case = tuple[Effects, Facts, ActRecord, tuple[Effect, ...]]

NOTHING = Nothing()

# A year that is cancelled
TAKEN, DELIVERED, POSTED = did("take_extract"), did("inspect_delivery"), did("post")
HANDED = did("hand_over_medium")
PRINTED, SEALED = {"printed": "1-11"}, {"enclosed": "1-11"}
CONTRACTOR_POSTS, WARD_POSTS = consigning(poster="contractor"), consigning(poster="ward")
GOES_ON, STOPS = SetHold(on=False), SetHold(on=True)
NONE_IS_POSTED = MovePieces(to="pulled", froms=("exported", "printed", "enclosed"))


def letters(state: str) -> MakeItem:
    return MakeItem(number=f"LT-{YEAR}-01", kind="letters", state=state, content="imprinted")


def owed(*acts: str) -> DropActs:
    return DropActs(keep=acts)


CANCELLED: tuple[Case, ...] = tuple(
    (oversight.schedule_ends, year, NOTHING, expected) for year, expected in (
        (facts(), (owed("return_media", "confirm_erasure", "close"), GOES_ON, NONE_IS_POSTED)),
        (
            facts(TAKEN, HANDED, items=items(M_2026_01="medium with_contractor")),
            (
                owed(
                    "return_items", "return_media", "report_erasure", "confirm_erasure", "erase_ward_data",
                    "destroy_items", "close",
                ),
                GOES_ON, NONE_IS_POSTED,
            ),
        ),
        (
            facts(extract=PRINTED),
            (
                owed("return_media", "confirm_erasure", "destroy_items", "close"),
                GOES_ON, letters("with_contractor"), NONE_IS_POSTED,
            ),
        ),
        (
            facts(POSTED, extract=SEALED),
            (owed("return_media", "confirm_erasure", "end_returned_mail", "close"), GOES_ON),
        ),
        *(
            (
                facts(*told, extract=SEALED, programme=programme),
                (
                    owed("return_media", "confirm_erasure", "destroy_items", "close"),
                    GOES_ON, letters(state), NONE_IS_POSTED,
                ),
            )
            for told, programme, state in (
                ((), WARD_POSTS, "with_contractor"),
                ((DELIVERED,), WARD_POSTS, "with_ward"),
                ((DELIVERED,), CONTRACTOR_POSTS, "with_contractor"),
            )
        ),
    )
)  # fmt: skip

# Holds and incidents
HELD: tuple[Case, ...] = (
    (oversight.cycle_stops, facts(), NOTHING, (STOPS,)),
    (oversight.cycle_goes_on, facts(), NOTHING, (GOES_ON,)),
    (
        oversight.incident_opens, facts(), record("report_incident", kind="leak", known_on=YESTERDAY),
        (OpenIncident(kind="leak", known_on=YESTERDAY), STOPS),
    ),
    (
        oversight.deviation_opens_an_incident, facts(), record("record_deviation"),
        (OpenIncident(kind="deviation", known_on=TODAY), STOPS),
    ),
    (
        custody.item_is_lost, facts(), record("record_loss", noticed_on=YESTERDAY),
        (MoveItem(number=MEDIUM, to="lost"), OpenIncident(kind="loss", known_on=TODAY), STOPS),
    ),
    (
        mailing.retrieval_is_an_incident, facts(), record("request_retrieval", requested_on=YESTERDAY),
        (OpenIncident(kind="retrieval", known_on=YESTERDAY), STOPS),
    ),
)  # fmt: skip

# Returned letters
RETURNED_STACK = MakeItem(number=RETURNED, kind="returned_letters", state="with_ward", content="imprinted")
IN_STACK = items(RL_2026_01="returned_letters with_ward")
BACK, TWO_BACK = did("record_returned_mail"), did("record_returned_mail", serials="3-4")
WENT_ON = (MoveItem(number=RETURNED, to="released"),)
RETURNED_MAIL: tuple[Case, ...] = (
    *(
        (mailing.returned_letters_are_items, facts(*told, items=there), record("record_returned_mail", **said), it)
        for told, there, said, it in (
            ((), (), {}, (RETURNED_STACK,)),
            ((BACK,), IN_STACK, {"serials": "4"}, ()),
            ((), (), {"stack": "", "keep_until": None}, ()),
            ((), (), {"keep_until": None}, ()),
            ((), (), {"outcome": "resent"}, ()),
            ((BACK,), IN_STACK, {"outcome": "resent"}, WENT_ON),
            ((TWO_BACK,), IN_STACK, {"outcome": "handed_over"}, ()),
            ((TWO_BACK,), IN_STACK, {"serials": "3-4", "outcome": "handed_over"}, WENT_ON),
            ((TWO_BACK, did("record_returned_mail", outcome="resent")), IN_STACK,
             {"serials": "4", "outcome": "handed_over"}, WENT_ON),
            ((TWO_BACK, did("record_returned_mail", outcome="resent")), IN_STACK,
             {"serials": "3-4", "outcome": "handed_over"}, WENT_ON),
            ((BACK,), items(RL_2026_01="returned_letters destroyed"), {"outcome": "destroyed"}, ()),
        )
    ),
    (mailing.uncounted_letters_are_items, facts(), record("end_returned_mail"), ()),
    (
        mailing.uncounted_letters_are_items, facts(), record("end_returned_mail", stack=RETURNED, keep_until=TODAY),
        (RETURNED_STACK,),
    ),
)  # fmt: skip


# Rows, copies and serials
def ward_copy(place: int, content: str) -> MakeItem:
    return MakeItem(number=f"WC-{YEAR}-{place:02}", kind="electronic_copy", state="with_ward", content=content)


COPIES = (
    ward_copy(1, "inbox"), ward_copy(2, "vault"), ward_copy(3, "vault_key"), ward_copy(4, "vault_key_backup"),
)  # fmt: skip
MEDIUM_MADE = MakeItem(number=MEDIUM, kind="medium", state="with_ward", content="encrypted_package")
NOTICE_MADE = MakeItem(number=NOTICE, kind="password_notice", state="with_ward", content="password")
NEW_NOTICE = NOTICE_MADE._replace(number="P-2026-02")
CHANGES = record("take_changes", newly_protected="4", moved="3", died="2")
EXTRACTED: tuple[Case, ...] = (
    *(
        (
            extraction.rows_are_held_and_copies_registered, facts(*told), record("take_extract"),
            (HoldRows(rows=(), same_extract=same), *COPIES),
        )
        for told, same in (
            ((), False),
            ((TAKEN,), True),
            ((did("take_extract", extract_sha256="0" + HASH[1:]),), False),
            ((did("take_extract", extract_sha256="f" + HASH[1:]),), False),
        )
    ),
    (extraction.pieces_are_exported, facts(), NOTHING, ()),
    (extraction.pieces_are_exported, facts(TAKEN), NOTHING, (AddPieces(serials="1-12", origin="extract"),)),
    (
        extraction.changed_pieces_stay, facts(), CHANGES,
        tuple(MovePieces(serials=serials, froms=("exported",), to="pulled") for serials in ("4", "3", "2")),
    ),
    (extraction.changed_pieces_stay, facts(did("seal_package")), CHANGES, ()),
    # A list that is withdrawn makes its own re-check owed again, and none by a list before or after it.
    (
        extraction.rechecks_are_owed_again,
        facts(*(
            did(act, list_sha256=told) for act, told in
            zip(extraction.RECHECKS, ("00" * 32, HASH, "ff" * 32), strict=False)
        )),
        record("withdraw_list", list_sha256=HASH), (OweAgain(act=extraction.RECHECKS[1]),),
    ),
    # A package's copy has the number of its kind, whichever others are there.
    (
        transfer.medium_and_notice_exist, facts(), record("seal_package"),
        (ward_copy(5, "sealed_package"), MEDIUM_MADE, NOTICE_MADE),
    ),
    (
        additions.medium_and_notice_of_additions_exist, facts(), record("seal_additions"),
        (ward_copy(6, "sealed_additions"), MEDIUM_MADE._replace(number="M-2026-02"), NEW_NOTICE),
    ),
)  # fmt: skip


# Paper and the password notice
def stack(number: str, kind: str) -> MakeItem:
    return MakeItem(number=number, kind=kind, state="with_contractor", content="imprinted")


OTHER_STACK, FIRST_STACK = f"S-{YEAR}-09", f"S-{YEAR}-01"
SPOILED = items(
    M_2026_01="medium with_contractor", T_2026_01="proof_sheets with_contractor",
    S_2026_07="spoiled_sheets with_contractor",
)  # fmt: skip
NO_SPOILED = SPOILED[:2]
SAMPLE_THERE = (ItemFact(number=SAMPLE, kind="proof_sheets", state="with_contractor"),)
NO_HANDS = {"giver": "", "receiver": "", "slip": "", "locked_bag": None}
PROOFS_MADE = MakeItem(number=PROOFS, kind="proof_sheets", state="with_ward", content="proof_sheets")
COPY_MADE = {"copy_number": "C-2026-09", "kind": "backup", "place": "別棟"}
GOOD = MovePieces(serials="1-11", froms=("exported",), to="printed")
PULLED = MovePieces(serials="5", froms=("exported", "printed", "enclosed"), to="pulled")
ON_PAPER: tuple[Case, ...] = (
    (printing.letters_are_printed, facts(), record("report_printing"), (GOOD, stack(STACK, "spoiled_sheets"))),
    (
        printing.letters_are_printed, facts(),
        record("report_printing", spoiled="", reprinted="", spoiled_stack=STACK), (GOOD,),
    ),
    *(
        (
            enclosing.pieces_are_pulled, facts(items=there, extract=where),
            record("acknowledge_pull_list", stack=named), (PULLED, *expected),
        )
        for there, where, named, expected in (
            ((), {"exported": "5"}, "", ()),
            ((), PRINTED, "", (stack(FIRST_STACK, "pulled_pieces"),)),
            (NO_SPOILED, SEALED, "", (stack(FIRST_STACK, "pulled_pieces"),)),
            (SPOILED, PRINTED, "", ()),
            (SPOILED, PRINTED, OTHER_STACK, (stack(OTHER_STACK, "pulled_pieces"),)),
            ((), PRINTED, OTHER_STACK, (stack(OTHER_STACK, "pulled_pieces"),)),
        )
    ),
    *(
        (printing.sample_is_an_item, facts(items=there), record("submit_imprint_sample", **said), expected)
        for there, said, expected in (
            ((), {}, (stack(SAMPLE, "proof_sheets")._replace(state="with_ward"),)),
            (SAMPLE_THERE, {}, (MoveItem(number=SAMPLE, to="with_ward"),)),
            ((), NO_HANDS, (stack(SAMPLE, "proof_sheets"),)), (SAMPLE_THERE, NO_HANDS, ()),
            ((), {"sample_stack": ""}, ()), ((), NO_HANDS | {"sample_stack": ""}, ()),
        )
    ),
    *(
        (custody.item_changes_hands, facts(items=there), record("record_movement", to=to), expected)
        for there, to, expected in (
            (items(I_2026_01="proof_sheets with_contractor"), "ward", (MoveItem(number=PROOFS, to="with_ward"),)),
            ((), "ward", (PROOFS_MADE,)), ((), "contractor", (PROOFS_MADE._replace(state="with_contractor"),)),
        )
    ),
    *(
        (
            custody.named_copies_are_registered, facts(),
            record("register_copies", holder="ward", copies=[COPY_MADE | {"storage": storage}]),
            (MakeItem(number="C-2026-09", kind=kind, state="with_ward", content="backup"),),
        )
        for storage, kind in (
            ("paper", "paper"), ("hdd", "electronic_copy"), ("tape", "electronic_copy"), ("", "electronic_copy"),
        )
    ),
    *(
        (
            transfer.new_notice_exists, facts(), record("reprint_notice", reason=reason),
            (NEW_NOTICE, *((MoveItem(number=NOTICE, to="lost"),) if reason == "lost" else ())),
        )
        for reason in ("damaged", "lost", "misprint")
    ),
)  # fmt: skip

# What an inspection found
FOUND = {"findings": 1, "found": [{"what": "施錠", "due_on": TOMORROW}]}
TO_SETTLE = OweAct(act="settle_finding", due_on=TOMORROW)
OWED: tuple[Case, ...] = (
    (supervision.findings_are_owed, facts(), record("inspect_contractor"), ()),
    (supervision.findings_are_owed, facts(), record("inspect_contractor", **FOUND), (TO_SETTLE,)),
    (supervision.findings_are_owed, facts(), record("report_status", **FOUND), (TO_SETTLE,)),
    *(
        (
            supervision.other_findings_stay_owed, facts(did("inspect_contractor", **FOUND)),
            record("settle_finding", finding=settled), left,
        )
        for settled, left in ((1, ()), (2, (TO_SETTLE,)))
    ),
)  # fmt: skip

ENDS, LATER = {"begins_on": TODAY, "ends_on": TOMORROW}, TOMORROW + timedelta(days=1)
TO_RENEW = OweAct(act="renew_certificate", due_on=TODAY)
RENEWED: tuple[Case, ...] = (
    *(
        (preparation.renewal_is_owed, facts(), record("conclude_contract", **ENDS, certificate_until=until), owed)
        for until, owed in ((TODAY, (TO_RENEW,)), (TOMORROW, ()), (LATER, ()), (None, ()))
    ),
    *(
        (
            preparation.next_renewal_is_owed, facts(did("conclude_contract", **ENDS)),
            record("renew_certificate", certificate_until=until), owed,
        )
        for until, owed in ((TODAY, (TO_RENEW,)), (TOMORROW, ()), (LATER, ()))
    ),
)  # fmt: skip

CASES = (*RENEWED, *CANCELLED, *HELD, *RETURNED_MAIL, *EXTRACTED, *ON_PAPER, *OWED)


@pytest.mark.parametrize(
    ("then", "year", "brought", "expected"), CASES, ids=[f"{case[0].__name__}-{n}" for n, case in enumerate(CASES)]
)
def test_an_act_changes_this_and_nothing_more(
    then: Effects, year: Facts, brought: ActRecord, expected: tuple[Effect, ...]
) -> None:
    """The effects of an act are what it claims, in their order, and no others."""
    assert then(year, brought) == expected


def test_the_database_gets_every_rule_and_no_other() -> None:
    """The rules table holds beginnings and pairs of each machine, the event of each act, and who holds and releases."""
    rules = all_rules()
    told: dict[str, set[tuple[str, ...]]] = {}
    for what, *rule in rules:
        told.setdefault(what, set()).add(tuple(rule))
    assert told.pop("event") == {(row.event, row.trigger, "") for row in TABLE}
    assert told.pop("hold") == {
        *((BY_TRIGGER[act].event, act, "held") for act in HOLDING),
        *((BY_TRIGGER[act].event, act, "released") for act in RELEASING),
    }
    assert told == {
        machine.name: {*(("", "begin", state) for state in machine.initial), *machine.pairs}
        for machine in (cycle_machine(), PIECE, ITEM, INCIDENT, REMINDER, RECORD)
    }
