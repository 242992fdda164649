"""What the register section of a rehearsal brings: the extract, its late move-ins, and who stands in them."""

import shutil

import polars as pl

from adapters.register import read_register
from adapters.sample import additional_extract, sample_extract, write_sample
from models.programme import Programme
from rehearsal import cast
from rehearsal.plan import Plan
from steps.residents import needles_in

_ADDITIONS_SHARE = 330  # about twelve late move-ins in four thousand
_ANY_NUMBER = (1, 10_000_000)


def put_extract(plan: Plan, programme: Programme) -> None:
    """Lay the extract into the inbox, unless something lies there: in a person's name where the machine may take it.

    Where other numbers come than the programme expects, somebody has to say so, and takes it.
    """
    if any(plan.inbox.iterdir()):
        return
    fewest, most = programme.extract.expect
    usual = not plan.extract and fewest <= plan.persons <= most
    path = plan.inbox / (f"extract.{cast.REGISTRAR}.csv" if usual else "extract.csv")
    if plan.extract:
        shutil.copyfile(plan.extract, path)
    else:
        write_sample(_fictional(plan)[0], path)


def put_additions(plan: Plan) -> bool:
    """Lay the late move-ins into the inbox in a person's name; tell whether there are any: none are made for others."""
    if not plan.extract:
        write_sample(_fictional(plan)[1], plan.inbox / f"additions.{cast.REGISTRAR}.csv")
    return not plan.extract


def expected(plan: Plan) -> tuple[int, int]:
    """Return the band of persons: of your own extract any number may be rehearsed."""
    return _ANY_NUMBER if plan.extract else (plan.persons * 4 // 5, plan.persons)


def everybody(plan: Plan, programme: Programme) -> set[str]:
    """Return what is sought of everybody who comes in the year, whether or not there is a vault any more."""
    if plan.extract:
        return needles_in(read_register(plan.extract, programme=programme).frame)
    return set[str]().union(*map(needles_in, _fictional(plan)))


def _fictional(plan: Plan) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Draw the fictional extract and its late move-ins."""
    first = sample_extract(fiscal_year=plan.year, persons=plan.persons, seed=plan.seed)
    few = max(1, plan.persons // _ADDITIONS_SHARE)
    return first, additional_extract(fiscal_year=plan.year, persons=few, seed=plan.seed + 1, after=first)
