"""The posting paper (差出準備票): what the poster takes to the post office."""

from collections.abc import Mapping, Sequence

from models import postage
from models.clock import wareki
from models.letter import Moment
from models.people import Side
from models.programme import Mailing
from models.records.mailing import PostingApproved
from papers.sheet import Document, Labelled, Sheet, head, moment, names_of
from states.look import Look
from states.rules.mailing import letters_by_area
from states.table import BY_TRIGGER


class PostingPaper(Document):
    """`posting_paper` 差出準備票: what the poster takes along; the accepted number is filled in at the counter."""

    poster: str
    post_on: Moment | None
    office: str
    letters: str
    postage: Sequence[Labelled]
    approved_by: Sequence[str]
    approved_at: Moment | None


def posting_paper(here: Look) -> Sheet:
    """Return the approved number, how it is posted, and room for the accepted."""
    facts = here.facts
    done = facts.done["approve_posting"]
    go = PostingApproved.model_validate_json(done.data)
    names, how = names_of(facts), facts.programme.mailing
    areas = letters_by_area(facts) if postage.WITHIN_AREA in how.discounts else None
    side = BY_TRIGGER["post"].owner_under(facts.programme)
    data: PostingPaper = {
        "head": head(facts, f"G-{facts.fiscal_year}-01", on=done.on),
        "poster": facts.programme.contractor.name if side is Side.CONTRACTOR else facts.programme.sections.owner,
        "post_on": moment(facts.due["post"]),
        "office": how.office,
        "letters": f"{go.letters:,}",
        "postage": [
            {"label": "郵便物の種類", "value": how.kind},
            {"label": "料金の支払", "value": how.postage},
            {"label": "カスタマバーコード", "value": "あり" if facts.programme.paper.customer_barcode else "なし"},
            {"label": "割引", "value": _discounts(how, go.letters, areas)},
            *_areas(areas),
            *_cost(how, go.letters, areas),
        ],
        "approved_by": [names.get(person, "") for person in (done.by, done.confirmed_by) if person],
        "approved_at": moment(done.occurred_at),
    }
    return Sheet(programme=here.programme, name="posting-paper", template="posting_paper", data=data)


def _areas(areas: Mapping[str, int] | None) -> tuple[Labelled, ...]:
    """Return how many letters go within each area; the office counts them apart."""
    if areas is None:
        return ()
    listed = "、".join(f"{area} {number:,}通以上" for area, number in areas.items())
    return ({"label": "郵便区ごとの通数", "value": f"{listed}（暗号化時の件数から、以後の引抜きをすべて除いた通数）"},)


def _discounts(how: Mailing, letters: int, areas: Mapping[str, int] | None) -> str:
    """Return the discounts with their conditions, and which of them this number does not earn."""
    missed = {missed.name: missed.minimum for missed in postage.too_few(how, letters, areas)}
    return "、".join(_discount(name, missed) for name in how.discounts) or "なし"


def _discount(name: str, missed: Mapping[str, int]) -> str:
    if name not in postage.DISCOUNTS:
        return f"{name}（条件は差出局に確認）"
    where = "、".join(label.removeprefix(name).strip() for label in missed if label.startswith(name))
    minimum = next((minimum for label, minimum in missed.items() if label.startswith(name)), 0)
    short = f"。{where}{'は' if where else ''}最少の{minimum:,}通に満たないため適用なし" if minimum else ""
    return f"{name}（{postage.DISCOUNTS[name].conditions}{short}）"


def _cost(how: Mailing, letters: int, areas: Mapping[str, int] | None) -> tuple[Labelled, ...]:
    """Return what it costs by the ward's tariff, the difference to the plain one, and whether anybody verified it."""
    cost, tariff = postage.cost_of(how, letters, areas), how.tariff
    if cost is None:
        return ({"label": "郵便料金", "value": "料金表又は重量の記入がないため、算出していません"},)
    since = f"{wareki(tariff.valid_from)}から適用" if tariff.valid_from else "適用日の記入なし"
    seen = "日本郵便の料金表と照合済み" if tariff.verified else "未確認"
    due = (
        "割引の料金の記入がないため、算出していません"
        if cost.due is None
        else f"{cost.due:,}円{'以下' if areas else ''}（差額 {cost.saved:,}円{'以上' if areas else ''}）"
    )
    return (
        {"label": "割引前の料金", "value": f"{cost.plain:,}円（{cost.piece:,}円 × {letters:,}通）"},
        {"label": "割引後の料金", "value": due},
        {"label": "料金表", "value": f"{since}（{seen}）"},
    )
