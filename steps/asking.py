"""Asking for a look at a year: whatever was done, and wherever, the dashboard's run of that year shows it."""

from sqlalchemy import select
from sqlmodel import col

from adapters import dashboard
from models import tables
from models.database import reading
from states.acts import Recorded
from steps.office import Office

# The deployments that are asked for: the look at one year, at all of them, and the opening of a year.
YEAR, ALL_YEARS, OPENING = "年度業務", "掲示板の更新", "年度の開始"
# What a flow of the year did itself; it looks at the year anyhow before it ends.
_BY_A_FLOW = frozenset({"driver", "inbox", "flow"})


def after_an_act(office: Office, act: Recorded) -> None:
    """Ask for a look at the year of an act, once it is on record."""
    if act.via not in _BY_A_FLOW:
        for_a_look(office, act.cycle_id, act.seq)


def for_a_look(office: Office, cycle_id: str, seq: int, because: str = "") -> bool:
    """Ask for a look at a year as of an entry, or because of something else; tell whether the server took it.

    The key tells the entry from those of every other office and year: Prefect's keys are one space for each flow.
    """
    cycle, ledger = tables.Cycle, tables.Ledger
    with reading(office.engine) as connection:
        year = connection.execute(
            select(col(cycle.fiscal_year), col(cycle.programme)).where(col(cycle.id) == cycle_id)
        ).one()
        hashes = connection.execute(select(col(ledger.hashes)).where(col(ledger.seq) == seq)).scalar_one()
    return dashboard.ask(
        office.home, YEAR, key=f"{office.settings.origin}/{cycle_id}/{seq}/{hashes[:16].hex()}/{because}",
        parameters={"fiscal_year": year.fiscal_year, "programme": year.programme},
        tags=(office.settings.on_the_server(cycle_id),),
    )  # fmt: skip


def for_all(office: Office, deployment: str, because: str) -> bool:
    """Ask for a run that goes through every year, or opens one, once for a reason."""
    return dashboard.ask(office.home, deployment, key=f"{office.settings.origin}/{because}", parameters={})
