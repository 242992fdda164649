"""`tsudoi sample` and `tsudoi extract`: a fictional extract; judging, taking and deciding on a real one."""

from pathlib import Path

import typer

from desk.console import DONE, HELD, REFUSED, say, say_aside, say_json
from desk.cycles import FIRST_YEAR, JSON, LAST_YEAR, PROGRAMME, YEAR
from models.errors import BadInput
from models.extract import Judgement
from models.words import _
from steps.office import Office

_YEAR = typer.Option(..., "--year", help=_("Fiscal year, such as 2026."), min=FIRST_YEAR, max=LAST_YEAR)
_BY = typer.Option(..., "--by", help=_("Who does it: an id of the register."))
_EXPECT = typer.Option("", "--expect", help=_("Expected number of persons, MIN-MAX."))
_LAST_YEAR = typer.Option(
    None, "--last-year", min=1, help=_("Number of persons in last year's extract; more than a tenth off is refused.")
)
_FILE = typer.Argument(help=_("The extract, a CSV file."))
_STATUS = {"accepted": DONE, "held": HELD, "refused": REFUSED}
_SHOWN = 200


def furnish(app: typer.Typer) -> None:
    """Put the commands on the desk."""
    app.command("sample", help=_("Write a fictional extract."))(sample)
    extract = typer.Typer(help=_("The register extract: check, take, decide."), no_args_is_help=True)
    extract.command("check", help=_("Read and judge an extract; stores nothing, needs no cycle."))(check)
    extract.command("take", help=_("Judge an extract and take it into the vault; empties the inbox."))(take)
    extract.command("decide", help=_("Decide on a held row, as a named person."))(decide)
    app.add_typer(extract, name="extract")


def sample(
    path: Path = typer.Argument(help=_("Where the fictional extract is written.")),
    year: int = _YEAR,
    persons: int = typer.Option(4000, "--persons", min=1, max=2_000_000, help=_("Number of rows.")),
    seed: int = typer.Option(1, "--seed", help=_("The same seed gives the same file.")),
    encoding: str = typer.Option("utf-8-sig", "--encoding", help=_("utf-8, utf-8-sig, cp932 or utf-16.")),
) -> None:
    from steps.sample import sample_extract, write_sample  # noqa: PLC0415 - polars is not needed for --help

    write_sample(sample_extract(fiscal_year=year, persons=persons, seed=seed), path, encoding=encoding)
    say(_("A fictional extract of {count} rows is written.").format(count=persons))


def check(
    path: Path = _FILE,
    year: int = _YEAR,
    expect: str = _EXPECT,
    last_year: int | None = _LAST_YEAR,
    programme: str = PROGRAMME,
    as_json: bool = JSON,
) -> int:
    from adapters.settings import Settings  # noqa: PLC0415 - only this command works without an installation
    from steps.judging import judge_file  # noqa: PLC0415 - polars is not needed for --help

    known, _text = Office(Settings.load()).programme(programme)
    judgement, _addressees = judge_file(
        path, programme=known, fiscal_year=year, expect=_band(expect), last_year=last_year
    )
    return _show(judgement, as_json=as_json)


def take(
    path: Path | None = typer.Argument(None, help=_("The extract; the one in the inbox if it is not named.")),
    year: int = _YEAR,
    by: str = _BY,
    expect: str = _EXPECT,
    additions: bool = typer.Option(False, "--additions", help=_("This is the additional extract of late move-ins.")),
    none_came: bool = typer.Option(False, "--none", help=_("With --additions: there were none.")),
    programme: str = PROGRAMME,
    as_json: bool = JSON,
) -> int:
    from steps import extraction  # noqa: PLC0415 - polars is not needed for --help

    office = Office.open()
    cycle_id = office.cycle_id(year, programme)
    if additions:
        source = None if none_came else path or extraction.from_inbox(office)
        taken = extraction.take_additions(office, cycle_id, source, by=by)
    else:
        taken = extraction.take_extract(office, cycle_id, path, by=by, expect=_band(expect))
    if not isinstance(taken, extraction.Taken):
        say(_("Recorded: there were no additional persons."))
        return DONE
    status = _show(taken.judgement, as_json=as_json)
    if taken.source_left and taken.outcome:
        say_aside(_("The extract still lies where you took it from: erase it there."), style="yellow")
    return status


def decide(
    year: int = YEAR,
    row: int = typer.Option(..., "--row", min=2, help=_("Row of the extract, as a spreadsheet counts.")),
    how: str = typer.Option(..., "--as", help=_("exclude, accept, substitute, or corrected (by a new extract).")),
    reason: str = typer.Option(..., "--reason", help=_("Reason code, such as font.")),
    substitute: str = typer.Option("", "--with", help=_("For substitute: code points, U+8FBB U+E0102>U+8FBB")),
    by: str = _BY,
    programme: str = PROGRAMME,
    as_json: bool = JSON,
) -> int:
    from steps import extraction  # noqa: PLC0415 - polars is not needed for --help

    if how == "corrected":
        raise BadInput(
            _("A corrected row comes with a new extract."),
            _("Have it corrected in the register, extract again, and take it: tsudoi extract take FILE"),
        )
    office = Office.open()
    taken = extraction.decide(
        office, office.cycle_id(year, programme), row=row, how=how, reason=reason, substitute=substitute, by=by
    )
    if taken is None:
        left = extraction.undecided(office, office.cycle_id(year, programme))
        say(_("Row {row} is decided; {left} rows wait.").format(row=row, left=left))
        return HELD
    return _show(taken.judgement, as_json=as_json)


def _band(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    low, _sign, high = text.partition("-")
    if not (low.isdigit() and high.isdigit() and int(low) <= int(high)):
        raise BadInput(_("--expect is written MIN-MAX, such as 3600-4800."), _("Mend the option."))
    return int(low), int(high)


def _show(judgement: Judgement, *, as_json: bool) -> int:
    if as_json:
        say_json(judgement.report())
        return _STATUS[judgement.verdict]
    for finding in judgement.findings[:_SHOWN]:
        say(str(finding))
    if len(judgement.findings) > _SHOWN:
        say(_("… and {count} more findings (--json shows all).").format(count=len(judgement.findings) - _SHOWN))
    say(_("Rows {persons}, exported {exported}, excluded {excluded}, held {held}").format(**_numbers(judgement)))
    say(_verdicts()[judgement.verdict], style="bold")
    if judgement.verdict == "refused":
        say_aside("→ " + _("Ask the register section for another extract."))
    return _STATUS[judgement.verdict]


def _numbers(judgement: Judgement) -> dict[str, str]:
    report = judgement.report()
    return {
        "persons": f"{report['persons']:,}", "exported": f"{report['exported']:,}", "held": f"{report['held']:,}",
        "excluded": f"{sum(judgement.excluded.values()):,}",
    }  # fmt: skip


def _verdicts() -> dict[str, str]:
    return {
        "accepted": _("Accepted."),
        "held": _("Held: the rows above wait for a decision (tsudoi extract decide)."),
        "refused": _("Refused."),
    }
