"""対象者抽出: the extract in the inbox is judged and taken; so is the additional one."""

from flows.base import office, stage_flow, stage_task
from models.errors import BadInput
from models.words import _
from steps import arriving, extraction


@stage_task("1 判定して保管する")
def _take(fiscal_year: int, by: str, expect: tuple[int, int] | None, via: str, programme: str) -> str:
    here = office()
    taken = extraction.take_extract(here, here.cycle_id(fiscal_year, programme), None, by=by, expect=expect, via=via)
    return _verdict(taken)


@stage_task("1 追加分を判定して保管する")
def _take_additions(
    fiscal_year: int, by: str, *, none_came: bool, replace: bool | None, via: str, programme: str
) -> str:
    here = office()
    path = None if none_came else arriving.from_inbox(here)
    taken = extraction.take_additions(
        here, here.cycle_id(fiscal_year, programme), path, by=by, replace=replace, via=via
    )
    return _verdict(taken) if isinstance(taken, extraction.Taken) else "accepted"


@stage_flow(
    "対象者抽出",
    "受信箱の抽出ファイルを判定し、保管庫に納める。氏名や住所は画面にも記録にも残らない。",
    "対象者抽出 {fiscal_year}",
)
def take_extract(
    fiscal_year: int, by: str, expect: tuple[int, int] | None = None, via: str = "dashboard", programme: str = ""
) -> str:
    """Judge and take the extract of the inbox; return the verdict."""
    return _take(fiscal_year, by, expect, via, programme)


@stage_flow(
    "追加抽出", "転入届の期間を過ぎてからの追加抽出を納める。なければ「なし」を記録する。", "追加抽出 {fiscal_year}"
)
def take_additions(
    fiscal_year: int,
    by: str,
    *,
    none_came: bool = False,
    replace: bool | None = None,
    via: str = "dashboard",
    programme: str = "",
) -> str:
    """Take the additional extract of the inbox, or record that there was none; return the verdict.

    `replace` says what becomes of letters whose name or address has changed: new ones, or the old ones stay.
    """
    return _take_additions(fiscal_year, by, none_came=none_came, replace=replace, via=via, programme=programme)


def _verdict(taken: extraction.Taken) -> str:
    if taken.judgement.verdict == "refused":
        codes = sorted({finding.code for finding in taken.judgement.findings if finding.verdict == "refused"})
        raise BadInput(
            _("The extract is refused: {codes}").format(codes="、".join(codes)),
            _("See each finding with: tsudoi extract check FILE --year YEAR"),
        )
    return taken.judgement.verdict
