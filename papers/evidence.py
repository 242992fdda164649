"""The evidence index (証跡索引) for who knows no JSON: each paper with its hash, where it lies, and what it shows."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from models import choices
from models.clock import fiscal_year_title
from models.measures import MeasureClaim
from models.records.oversight import MeasuresClaimed, PaperFiled
from papers import sheet
from papers.sheet import Document, Sheet
from states.facts import Facts
from states.look import Look
from views.documents import Filed, documents
from views.measures import judged_on, standings

if TYPE_CHECKING:
    from adapters.spreadsheet import Sheet as ExcelSheet

NAME, TITLE = "evidence-index", "証跡索引"
_UNTOLD = "記載なし"
# Title, width in characters in Excel; on paper the template says its own.
COLUMNS = (
    ("書類番号", 9), ("書類・証跡", 34), ("状況", 16), ("日付", 20), ("検証値（SHA-256）", 40), ("原本の所在", 30),
    ("示す対策", 26), ("管理簿の番号", 12),
)  # fmt: skip


class EvidenceLine(NamedTuple):
    """A paper as the index has it, in the order of the columns; one that is not on file has no hash."""

    number: str
    title: str
    standing: str
    day: str
    digest: str
    place: str
    measures: str
    entry: str


class EvidenceIndex(Document):
    """`evidence_index` 証跡索引."""

    columns: Sequence[str]
    rows: Sequence[EvidenceLine]


def index_of(here: Look, size: int) -> tuple[EvidenceLine, ...]:
    """Return the papers and what measures are claimed by, of which the ledger's first `size` entries tell."""
    return (*_documents(here, size), *_claims(here, size))


def evidence_index(here: Look, size: int) -> Sheet:
    """Return the index as paper."""
    facts = here.facts
    data: EvidenceIndex = {
        "head": sheet.head(facts, f"V-{facts.fiscal_year}-01", on=judged_on(facts)),
        "columns": [title for title, _width in COLUMNS],
        "rows": index_of(here, size),
    }
    return Sheet(programme=here.programme, name=NAME, template="evidence_index", data=data)


def evidence_table(here: Look, size: int) -> "ExcelSheet":
    """Return the same as a table of Excel."""
    from adapters.spreadsheet import Column
    from adapters.spreadsheet import Sheet as ExcelSheet

    facts, programme, lines = here.facts, here.programme, index_of(here, size)
    return ExcelSheet(
        name=TITLE,
        above=[f"{TITLE}　{programme.sections.municipality}　{programme.sections.owner}　{programme.title_ja}",
               f"{fiscal_year_title(facts.fiscal_year)}　{len(lines)}件"],
        columns=[Column(title=title, width=width) for title, width in COLUMNS],
        rows=lines,
        marked=frozenset(place for place, line in enumerate(lines) if line.number and not line.digest),
    )  # fmt: skip


def _documents(here: Look, size: int) -> Iterator[EvidenceLine]:
    for filed in documents(here):
        told = [(seq, paper) for seq, paper in filed.papers if seq <= size]
        yield from (_paper(here, filed, seq, paper) for seq, paper in told)
        if not told:
            yield _line(filed, day="", digest="", place="", entry=filed.ledger[-1] if filed.ledger else 0)


def _paper(here: Look, filed: Filed, seq: int, paper: PaperFiled) -> EvidenceLine:
    return _line(
        filed,
        day=sheet.day_alone(paper.dated_on),
        digest=paper.sha256,
        place=_place(here, paper),
        entry=seq,
        slips=paper.slips,
    )


def _line(filed: Filed, *, day: str, digest: str, place: str, entry: int, slips: Sequence[str] = ()) -> EvidenceLine:
    document = filed.document
    shown, missing = "、".join(slips), "、".join(filed.missing)
    title = document.ja + (f"（{shown}）" if shown else "")
    standing = choices.on_paper(choices.DOCUMENTS, filed.standing) + (f"（不足 {missing}）" if missing else "")
    return EvidenceLine(
        number=str(document.number), title=title, standing=standing, day=day, digest=digest, place=place,
        measures="、".join(document.measures), entry=_entry(entry),
    )  # fmt: skip


def _claims(here: Look, size: int) -> Iterator[EvidenceLine]:
    """Yield what measures are claimed by, each once with all that it shows: a file, a check, an act, words."""
    claims = [claim for claim in here.facts.claimed.values() if claim.ledger_seq <= size]
    told = {past.seq: past.record for past in here.facts.past("claim_measures", MeasuresClaimed)}
    stands = {it.measure.id: choices.on_paper(choices.MEASURES, it.standing) for it in standings(here)}
    for source in dict.fromkeys(map(_source, claims)):
        its = [claim for claim in claims if _source(claim) == source]
        yield _claim(here, its, told.get(its[0].ledger_seq), dict.fromkeys(stands[claim.measure] for claim in its))


def _source(claim: MeasureClaim) -> str:
    return claim.evidence_file or str(claim.ledger_seq)


def _claim(
    here: Look, claims: Sequence[MeasureClaim], told: MeasuresClaimed | None, stands: Iterable[str]
) -> EvidenceLine:
    first = claims[0]
    kind = choices.on_paper(choices.EVIDENCE, told.kind) if told else ""
    said = "　".join(filter(None, (first.evidence, told.result if told else "")))
    return EvidenceLine(
        number="", title=f"対策の証跡（{kind}）：{said}" if kind else f"対策の証跡：{said}", standing="、".join(stands),
        day=sheet.day_alone(first.happened_on or first.received_on), digest=first.evidence_file,
        place=_kept(here, first.evidence_file) if first.evidence_file else "",
        measures="、".join(claim.measure for claim in claims), entry=_entry(first.ledger_seq),
    )  # fmt: skip


def _place(here: Look, paper: PaperFiled) -> str:
    """Say where the paper is kept and where its file lies, or that it is erased with the residents' data."""
    file = _in_vault(here.facts) if paper.in_vault else _kept(here, paper.sha256)
    return f"{paper.original}（{file}）" if paper.original else file


def _in_vault(facts: Facts) -> str:
    return "写しは対象者データとともに消去済" if "erase_ward_data" in facts.done else "写しは保管庫（暗号化）"


def _kept(here: Look, digest: str) -> str:
    return "写しは証跡フォルダー（ファイル名は検証値）" if digest in here.kept() else _UNTOLD


def _entry(seq: int) -> str:
    return f"第{seq}号" if seq else ""
