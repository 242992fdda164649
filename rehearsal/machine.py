"""The machine of a rehearsed year: its mornings and its work, through the flows that are served and no others."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from rehearsal import faults


class Machine(Protocol):
    """What works by itself in a year: the served flows, or in tests the steps without Prefect."""

    def at_work(self) -> AbstractContextManager[None]:
        """Be ready to work as long as this lasts."""
        ...

    def begin_year(self) -> None:
        """Open the fiscal year, if its day has come."""
        ...

    def morning(self) -> None:
        """Begin an open day: the machine's work, flags and reminders."""
        ...

    def drive(self) -> None:
        """Do what the machine may do now."""
        ...

    def dies(self, doing: Callable[[], None], act: str, place: str, when: str) -> None:
        """Do an act and be killed at a function; come back only if somebody else was killed."""
        ...


class Served:
    """The flows of `tsudoi serve`, run in this process. Prefect is imported once its environment is set."""

    def at_work(self) -> AbstractContextManager[None]:
        """Keep one client of Prefect open."""
        from flows import base

        return base.quick()

    def begin_year(self) -> None:
        """Run 年度の開始."""
        from flows import preparation

        preparation.begin_year()

    def morning(self) -> None:
        """Run 朝の点検."""
        from flows import reminding

        reminding.morning()

    def drive(self) -> None:
        """Run 機械の作業."""
        from flows import driving

        driving.drive()

    def dies(self, doing: Callable[[], None], act: str, place: str, when: str) -> None:  # noqa: ARG002 - it is `doing`
        """Be killed, the whole rehearsal; it is started again by whoever watches over it."""
        faults.die_at(place, when)
        doing()
