"""Late additions through the stages: taken, handed out or sealed, received, enclosed (Law 7)."""

from datetime import timedelta

from models.people import Side
from models.records.base import ActRecord
from models.records.enclosing import AdditionsEnclosed
from models.records.extraction import AdditionsTaken
from models.records.printing import LettersHandedOut
from models.records.transfer import AdditionsReceived, AdditionsSealed
from models.serials import count, expand
from states.effects import AddPieces, Effect, MakeItem, MovePieces
from states.facts import RECHECKS, Facts, Verdict
from states.rows import COORDINATOR, IN_PRODUCTION, MANAGER, REGISTRAR, WHEN_ADDED, Row
from states.rules import custody
from states.rules.base import NOT_POSTED, agree, claims, claims_of, no_serial_of, none_of, recorded
from states.rules.dates import dated_after
from states.rules.extraction import encrypted_file_was_received
from states.rules.printing import is_the_manuscripts
from states.rules.protection import RECHECK_IS_GOOD_FOR
from states.rules.transfer import font_is_the_judged_one, package_was_read_back


@claims_of(AdditionsTaken)
def serials_are_new(facts: Facts, record: AdditionsTaken) -> Verdict:
    """Additional persons get serials that were never used."""
    return facts.pieces.within(record.serials) == 0


@claims_of(AdditionsTaken)
def replaced_serials_are_ours(facts: Facts, record: AdditionsTaken) -> Verdict:
    """What is replaced is not posted and not pulled, and there is a new serial for each."""
    waiting = facts.pieces.within(record.replaced, *NOT_POSTED)
    return waiting == count(record.replaced) <= count(record.serials)


@claims_of(AdditionsTaken)
def additions_add_up(_facts: Facts, record: AdditionsTaken) -> Verdict:
    """Raw hits of the additional extract equal its new serials and the excluded."""
    return record.raw_hits == count(record.serials) + sum(record.excluded.values())


# The additional extract tells it of the additional persons themselves.
_TELLS_WHO_IS_PROTECTED = ("take_additions", *RECHECKS[1:])


@claims()
def contractor_prints_additions(facts: Facts) -> Verdict:
    """The contractor prints the additional letters; where the ward does, they are handed out (`hand_out_letters`)."""
    return facts.programme.consignment.additions_printed_by == "contractor"


@claims()
def ward_prints_additions(facts: Facts) -> Verdict:
    """The ward prints the additional letters; where the contractor does, they leave as a package (`seal_additions`)."""
    return facts.programme.consignment.additions_printed_by == "ward"


@claims()
def additions_are_fresh(facts: Facts) -> Verdict:
    """The additional extract or a re-check of protected persons is of the last 24 hours."""
    checks = (facts.done[act] for act in _TELLS_WHO_IS_PROTECTED if act in facts.done)
    return any(timedelta(0) <= facts.now - check.occurred_at <= RECHECK_IS_GOOD_FOR for check in checks)


@claims()
def no_good_package_of_additions_is_sealed(facts: Facts) -> Verdict:
    """No additions are sealed, or they hold somebody to be pulled and are still here, or medium or notice is lost."""
    return sealed_additions_in_force(facts) is None


@claims()
def additions_have_left(facts: Facts) -> Verdict:
    """Medium and password notice of the additions have been handed over (`record_movement`)."""
    sealed = facts.record("seal_additions", AdditionsSealed)
    if sealed is None:
        return False
    numbers = (sealed.medium, custody.notice_in_force(facts))
    return none_of(number for number in numbers if custody.state_of(facts, number) not in custody.ELSEWHERE)


@claims(owes="report_additions_receipt")
def printed_additions_were_received(facts: Facts) -> Verdict:
    """Where the contractor prints the additional letters, its own count, hash and the state on arrival agree."""
    if facts.programme.consignment.additions_printed_by == "ward" or not _additions_to_send(facts):
        return True
    report = facts.record("report_additions_receipt", AdditionsReceived)
    return report is not None and custody.came_whole(facts, report)


def _additions_to_send(facts: Facts) -> frozenset[int]:
    return facts.pieces.serials(origin="addition") - custody.additions_held_back(facts)


def sealed_additions_in_force(facts: Facts) -> AdditionsSealed | None:
    """Return the package of additions that is good, None where one is to be sealed (again)."""
    sealed = facts.record("seal_additions", AdditionsSealed)
    numbers = (sealed.medium, custody.notice_in_force(facts)) if sealed else ()
    if sealed is None or "lost" in {custody.state_of(facts, number) for number in numbers}:
        return None
    has_left = custody.state_of(facts, sealed.medium) != "with_ward"
    return sealed if has_left or custody.nobody_to_be_pulled_is_sealed.check(facts, sealed) is True else None


@claims_of(AdditionsSealed)
def additions_have_the_approved_template(facts: Facts, record: AdditionsSealed) -> Verdict:
    """The additional letters are sealed with the template that was approved."""
    return is_the_manuscripts(facts, record.template_sha256)


additions_are_taken = recorded(
    "additions_are_taken", "take_additions", "The additional extract is taken, even if it is empty."
)


@claims(owes="acknowledge_final_pull_list")
def additions_to_be_pulled_are_pulled(facts: Facts) -> Verdict:
    """Additional persons to be pulled are pulled before the others are enclosed: nobody prints their letters."""
    return no_serial_of(facts.pieces.serials("exported", origin="addition") & set(expand(facts.to_pull)))


@claims_of(AdditionsEnclosed)
def enclosed_additions_agree(facts: Facts, record: AdditionsEnclosed) -> Verdict:
    """The additional letters enclosed are all that there are."""
    return agree(facts.pieces.count("exported", origin="addition"), record.letters_enclosed)


def file_of_letters_exists(_facts: Facts, record: LettersHandedOut) -> tuple[Effect, ...]:
    """The letters that left the vault to be printed are a copy to be destroyed."""
    return (MakeItem(number=record.item, kind="letters_file", state="with_ward", content="addressees"),)


def pieces_are_added(_facts: Facts, record: AdditionsTaken) -> tuple[Effect, ...]:
    """Late move-ins become new serials; a file that still lies elsewhere is a copy to be destroyed."""
    return (AddPieces(serials=record.serials, origin="addition"), *custody.left_elsewhere(record))


def medium_and_notice_of_additions_exist(facts: Facts, record: AdditionsSealed) -> tuple[Effect, ...]:
    """The second package has a medium, a password notice and a ward copy of its own."""
    return custody.sealed_items(facts, record, "sealed_additions")


def additions_go_through(_facts: Facts, _record: ActRecord) -> tuple[Effect, ...]:
    """Whoever the programme says has printed and enclosed the additional letters."""
    return (
        MovePieces(origin="addition", froms=("exported",), to="printed"),
        MovePieces(origin="addition", froms=("printed",), to="enclosed"),
    )


EXTRACT = (
    Row(
        trigger="take_additions", event="additions_taken", ja="追加抽出", en="Take the additional extract",
        froms=IN_PRODUCTION, who=REGISTRAR, owner=Side.REGISTER, due="R+10bd", after=("extract",), by_machine=True,
        command="extract take --additions",
        record=AdditionsTaken,
        guards=(encrypted_file_was_received, serials_are_new, replaced_serials_are_ours, additions_add_up),
        then=pieces_are_added,
        source="転入届の届出期間14日",
    ),
)  # fmt: skip

LETTERS = (
    Row(
        trigger="hand_out_letters", event="letters_handed_out", ja="追加・差替え分の通知書の引渡し",
        en="Hand out the additional letters to be printed", froms=WHEN_ADDED,
        who=COORDINATOR, owner=Side.WARD, repeats=True, by_machine=True,
        command="extract letters", record=LettersHandedOut,
        guards=(ward_prints_additions, additions_are_taken),
        then=file_of_letters_exists, source="Law 7",
    ),
    Row(
        trigger="seal_additions", event="additions_sealed", ja="追加分の暗号化パッケージ作成",
        en="Seal the encrypted package of additions", froms=WHEN_ADDED, who=REGISTRAR,
        owner=Side.REGISTER, repeats=True, by_machine=True, record=AdditionsSealed,
        guards=(
            contractor_prints_additions, additions_are_taken, no_good_package_of_additions_is_sealed,
            additions_are_fresh, custody.nobody_to_be_pulled_is_sealed, package_was_read_back, font_is_the_judged_one,
            additions_have_the_approved_template,
        ),
        then=medium_and_notice_of_additions_exist, source="W-OP-07, Law 7",
    ),
    Row(
        trigger="report_additions_receipt", event="additions_received", ja="追加分の受領件数・ウイルス検査報告",
        en="Report the receipt of the additions", froms=WHEN_ADDED, who=MANAGER, owner=Side.CONTRACTOR, repeats=True,
        record=AdditionsReceived, guards=(additions_have_left, dated_after("pattern_on")),
        deviations=(
            custody.received_count_agrees, custody.hash_is_the_sealed_one, custody.arrived_clean_and_whole,
            *custody.KEPT_BY_THE_CONTRACTOR,
        ),
        then=custody.copies_are_registered, source="C-OP-07, C-OP-09, C-OP-10, C-SY-05, C-SY-07, Law 7",
    ),
    Row(
        trigger="enclose_additions", event="additions_enclosed", ja="追加・差替え分の印刷・封入",
        en="Print and enclose the additional letters", froms=("enclosed",), who=COORDINATOR, owner=Side.WARD,
        setting="additions_printed_by", due="D-3bd",
        after=("complete_enclosing", "take_additions"), record=AdditionsEnclosed,
        guards=(
            additions_are_taken, printed_additions_were_received, additions_to_be_pulled_are_pulled,
            enclosed_additions_agree,
        ),
        then=additions_go_through, source="Law 7",
    ),
)  # fmt: skip
