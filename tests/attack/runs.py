"""What is done as runs of Prefect's flows: what a script, a schedule and the machine start."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import deeds
from playing import YEAR

from flows import erasure, extraction, record, reminding, transfer
from flows.base import quick
from rehearsal import cast
from states.table import BY_TRIGGER
from steps import acting
from steps.office import Office


def warm() -> None:
    """Load what the flows stand on too."""
    deeds.warm()


def _act(trigger: str) -> Callable[[Path], object]:
    """Enter an act as it was written down through a run, and have it confirmed by another at the desk."""

    def do(folder: Path) -> None:
        fields = json.loads((folder / "entered.json").read_bytes())
        row = BY_TRIGGER[trigger]
        by = cast.person_for(row.who)
        record.enter(trigger, YEAR, by, fields=fields, key="attack")
        if row.second:
            here = Office.open()
            decided = {"decision_number": "8-総総-1", "decided_on": here.clock.now().date()}
            second = cast.person_for(row.second, but=by)
            acting.confirm(here, here.cycle_id(YEAR), trigger, by=second, **decided)

    return do


def _quickly(run: Callable[[Path], object]) -> Callable[[Path], object]:
    def do(folder: Path) -> None:
        with quick():
            run(folder)

    return do


DEEDS: Mapping[str, Callable[[Path], object]] = {
    name: _quickly(run)
    for name, run in {
        "conclude_contract": _act("conclude_contract"),
        "take_extract": lambda _folder: extraction.take_extract(YEAR, cast.REGISTRAR, typed={"expect": (1, 1000)}),
        "extract": _act("extract"),
        "seal_package": lambda _folder: transfer.seal_package(YEAR, cast.REGISTRAR),
        "morning": lambda _folder: reminding.morning(),
        "erase_ward_data": lambda _folder: erasure.erase_ward_data(YEAR, cast.COORDINATOR),
    }.items()
}
