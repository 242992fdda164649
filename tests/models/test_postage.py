"""Postage: which discounts a number of letters earns, what it costs, and which programme nobody could post by."""

from importlib.resources import files
from typing import Any

import pytest
from pydantic import ValidationError

from models.errors import BadSetting
from models.postage import BARCODE, DISCOUNTS, LETTER, WITHIN_AREA, Cost, Missed, area_counts, cost_of, judge, too_few
from models.programme import Mailing, Programme, Tariff

FIRST = (files("deploy") / "programmes" / "hatachi.toml").read_text(encoding="utf-8")
PROGRAMME = Programme.parse(FIRST, name="hatachi.toml")
FREE_TEXT = "大口割引"
AREAS = {"新宿": ("160",), "牛込": ("162",)}
TARIFF = Tariff(yen={LETTER: {25: 84, 50: 94}, WITHIN_AREA: {25: 70}})


def mailing(*discounts: str, **said: Any) -> Mailing:
    return Mailing(**{"discounts": discounts, "weight_g": 25, "tariff": TARIFF} | said)


def programme(*discounts: str, barcode: bool = False, **said: Any) -> Programme:
    changed = {
        "mailing": PROGRAMME.mailing.model_copy(update={"discounts": discounts, "areas": AREAS, **said}),
        "paper": PROGRAMME.paper.model_copy(update={"customer_barcode": barcode}),
    }
    return PROGRAMME.model_copy(update=changed)


@pytest.mark.parametrize(("name", "minimum"), [(BARCODE, 1000), (WITHIN_AREA, 100)])
def test_a_discount_is_earned_from_its_minimum_on(name: str, minimum: int) -> None:
    """One piece fewer earns nothing and names the minimum; what is no discount of the table asks for none."""
    assert DISCOUNTS[name].minimum == minimum
    assert too_few(mailing(name), minimum) == ()
    assert too_few(mailing(name), minimum - 1) == (Missed(name, minimum - 1, minimum),)
    assert too_few(mailing(FREE_TEXT), 0) == ()


def test_within_the_area_each_area_has_its_own_minimum() -> None:
    """An area of a hundred earns the discount though another does not; the rest pays the plain tariff."""
    how, areas = mailing(WITHIN_AREA), {"新宿": 100, "牛込": 99}
    assert too_few(how, 250, areas) == (Missed(f"{WITHIN_AREA} 牛込", 99, 100),)
    assert cost_of(how, 250, areas) == Cost(piece=84, plain=21_000, due=100 * 70 + 150 * 84)
    assert cost_of(how, 250, {"新宿": 99, "牛込": 99}) == Cost(piece=84, plain=21_000, due=21_000)
    assert cost_of(how, 250, {}) == Cost(piece=84, plain=21_000, due=21_000)
    assert cost_of(mailing(BARCODE), 1_000, areas) == Cost(piece=84, plain=84_000, due=81_480)


def test_letters_are_counted_by_the_beginnings_of_their_postal_codes() -> None:
    """With or without a hyphen; what lies in no area of the ward's is counted in none."""
    how = mailing(WITHIN_AREA, areas=AREAS)
    codes = ("160-0022", "1600023", "162-0056", "169-0051", "", "16", "260-0160")
    assert area_counts(how, codes) == {"新宿": 2, "牛込": 1}
    assert area_counts(mailing(), codes) == {}


@pytest.mark.parametrize("areas", [
    {"新宿": ("160",), "牛込": ("160",)}, {"新宿": ("160", "16000")}, {"新宿": ("16",)}, {"新宿": ("160-0022",)},
])  # fmt: skip
def test_areas_that_overlap_or_are_no_postal_codes_are_refused(areas: dict[str, tuple[str, ...]]) -> None:
    """A letter is counted once."""
    with pytest.raises(ValidationError):
        mailing(WITHIN_AREA, areas=areas)


@pytest.mark.parametrize(("grams", "piece"), [(0, None), (1, 84), (25, 84), (26, 94), (50, 94), (51, None)], ids=str)
def test_the_lightest_class_that_holds_a_piece_is_its_price(grams: int, piece: int | None) -> None:
    """A weight that nobody knows, or above the last class, has no price, and neither has a kind that is not there."""
    assert TARIFF.of(LETTER, grams) == piece
    assert TARIFF.of("書留", grams) is None


@pytest.mark.parametrize(
    ("how", "letters", "cost"),
    [
        (mailing(), 10, Cost(piece=84, plain=840, due=840)),
        (mailing(BARCODE), 1001, Cost(piece=84, plain=84_084, due=81_562)),  # 3 % is 2,522.52: whole yen are saved
        (mailing(BARCODE), 999, Cost(piece=84, plain=83_916, due=83_916)),
        (mailing(WITHIN_AREA), 100, Cost(piece=84, plain=8_400, due=7_000)),
        (mailing(WITHIN_AREA), 99, Cost(piece=84, plain=8_316, due=8_316)),
        (mailing(WITHIN_AREA, weight_g=26), 100, Cost(piece=94, plain=9_400, due=None)),
        (mailing(FREE_TEXT), 100, Cost(piece=84, plain=8_400, due=None)),
        (mailing(weight_g=0), 100, None),
        (mailing(tariff=Tariff()), 100, None),
    ],
)
def test_what_a_posting_costs_and_saves(how: Mailing, letters: int, cost: Cost | None) -> None:
    """The difference is against the plain tariff; what no table says is not worked out."""
    assert cost_of(how, letters) == cost


def test_the_difference_is_what_is_saved() -> None:
    """It is plain less due, and nothing where the amount due is not known."""
    assert Cost(piece=84, plain=8_400, due=7_000).saved == 1_400
    assert Cost(piece=84, plain=8_400, due=None).saved == 0


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (programme(FREE_TEXT), FREE_TEXT),
        (programme(BARCODE), "paper.customer_barcode"),
        (programme(BARCODE, WITHIN_AREA, barcode=True), f"「{BARCODE}」と「{WITHIN_AREA}」"),
        (programme(WITHIN_AREA, BARCODE, barcode=True), f"「{BARCODE}」と「{WITHIN_AREA}」"),
        (programme(WITHIN_AREA, areas={}), "mailing.areas"),
        (programme(WITHIN_AREA, kind="通常はがき"), "第一種定形郵便物、第一種定形外郵便物"),
        (programme(BARCODE, kind="第一種定形外郵便物", barcode=True), "第一種定形郵便物、通常はがき"),
    ],
    ids=[
        "unknown",
        "no barcode",
        "both",
        "both, the other way",
        "no areas",
        "a card within the area",
        "a large letter",
    ],
)
def test_discounts_that_cannot_be_had_are_refused(wrong: Programme, words: str) -> None:
    """Unknown, without its barcode, on another kind, or two that exclude each other: the key is named."""
    with pytest.raises(BadSetting, match=r"mailing\.discounts") as refused:
        judge(wrong)
    assert words in refused.value.message
    assert refused.value.message.count("mailing.discounts") == 1


@pytest.mark.parametrize(
    "right", [PROGRAMME, programme(WITHIN_AREA), programme(BARCODE, barcode=True)], ids=["none", "area", "barcode"]
)
def test_discounts_that_can_be_had_are_not(right: Programme) -> None:
    """Each discount under its conditions is accepted."""
    judge(right)


def test_a_stored_programme_keeps_its_free_text() -> None:
    """What a cycle stored before discounts were known is read as it stands, without a tariff, and judged as nothing."""
    begin, end = FIRST.index("# 料金表。"), FIRST.index("[reminders]")
    stored = (FIRST[:begin] + FIRST[end:]).replace("discounts = []", f'discounts = ["{FREE_TEXT}"]')
    said = Programme.parse(stored, name="cycle").mailing
    assert said.discounts == (FREE_TEXT,)
    assert (said.tariff, cost_of(said, 4_000)) == (Tariff(), None)


@pytest.mark.parametrize("yen", ["{ 0 = 110 }", "{ 50 = 0 }", '{ "a" = 110 }', "{ 50 = -1 }"])
def test_a_tariff_of_nonsense_is_refused(yen: str) -> None:
    """Weights and yen are numbers from one on; the key is named."""
    with pytest.raises(BadSetting, match=r"mailing\.tariff\.yen"):
        Programme.parse(FIRST.replace("{ 50 = 110 }", yen), name="hatachi.toml")
