"""`tsudoi rehearse`: a whole year on a virtual clock."""

from pathlib import Path

import typer

from desk.commands.cycles import YEAR
from models.errors import BadInput
from models.words import _


def furnish(app: typer.Typer) -> None:
    """Put the command on the desk."""
    app.command("rehearse", help=_("Rehearse a whole year on a virtual clock; touches nothing but DIR."))(rehearse)


def rehearse(
    year: int = YEAR,
    out: Path = typer.Option(..., "--out", help=_("Folder for home, contractor, papers and summary.json.")),
    persons: int = typer.Option(4000, "--persons", min=50, max=1_100_000, help=_("Fictional residents.")),
    extract: Path | None = typer.Option(None, "--extract", help=_("Your own extract instead of a fictional one.")),
    late: list[str] = typer.Option([], "--late", help=_("ACT=DAYS: that act comes so many open days late.")),
    seed: int = typer.Option(1, "--seed", help=_("Seed of the fictional residents.")),
    keep: bool = typer.Option(False, "--keep", help=_("Leave the contractor's opened data and letters.")),
    level: int = typer.Option(
        0,
        "--faults",
        min=0,
        max=3,
        help=_("Mix in faults, drawn from the seed: 1 everyday slips, 2 incidents and holds too, 3 kill -9 too."),
    ),
    watched: bool = typer.Option(False, "--watched", hidden=True),
) -> None:
    from rehearsal import year as rehearsal

    if keep and extract:
        raise BadInput(
            _("--keep is for fictional residents only."), _("Leave out --keep, or rehearse without --extract.")
        )
    plan = rehearsal.Plan(
        year=year, out=out.absolute(), persons=persons, extract=extract.absolute() if extract else None,
        late=rehearsal.late_acts(late), seed=seed, keep=keep, faults=level,
    )  # fmt: skip
    rehearsal.play(plan, watched=watched)
