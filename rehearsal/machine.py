"""The machine of a rehearsed year: its mornings and its work, through the flows that are served and no others.

Prefect is imported once its environment is set.
"""

from contextlib import AbstractContextManager

from rehearsal.faults import Year, die_at


class Machine:
    """What works by itself in a year: the flows of `tsudoi serve`, run in this process."""

    def at_work(self) -> AbstractContextManager[None]:
        """Be ready to work as long as this lasts: keep one client of Prefect open."""
        from flows import base

        return base.quick()

    def begin_year(self) -> None:
        """Open the fiscal year, if its day has come: 年度の開始."""
        from flows import year

        year.begin_year()

    def morning(self) -> None:
        """Begin an open day with the machine's work, flags and reminders: 朝の点検."""
        from flows import reminding

        reminding.morning()

    def looks_at(self, fiscal_year: int) -> str:
        """Look at the year and do what the machine may do now: 年度業務. Return what its stages said."""
        from flows import year

        return year.year(fiscal_year, return_state=True).message or ""

    def dies(self, year: Year, act: str, place: str, when: str) -> None:
        """Do an act and be killed at a function, the whole rehearsal; who watches over it starts it again."""
        die_at(place, when)
        year.do(act)
