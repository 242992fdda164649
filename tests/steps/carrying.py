"""Seals, hands over and reports the receipt, each act under one key, as often as it is started: FOLDER READY.

It says that it has begun by making the file READY, so that whoever kills it need not count the imports.
"""

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.clock import VirtualClock
from adapters.package import open_package
from models.clock import TOKYO
from models.package import FILE
from models.records.transfer import PackageSealed
from rehearsal import cast
from rehearsal.cast import Scene
from rehearsal.printer import Printer
from states.table import BY_TRIGGER
from steps import acting, transfer
from steps.office import Office
from steps.transfer import PASSWORD

CYCLE = "hatachi-2026"
TIMES = {
    "seal_package": datetime(2026, 11, 9, 11, tzinfo=TOKYO),
    "hand_over_medium": datetime(2026, 11, 9, 15, tzinfo=TOKYO),
    "hand_over_password": datetime(2026, 11, 10, 10, tzinfo=TOKYO),
    "report_receipt": datetime(2026, 11, 11, 10, tzinfo=TOKYO),
}


def carry(office: Office, folder: Path) -> None:
    for act, at in TIMES.items():
        VirtualClock(office.home / "clock").set(max(office.clock.now(), at))
        if act == "seal_package":
            transfer.seal_package(office, CYCLE, by=cast.REGISTRAR)
        else:
            by, fields = cast.person_for(BY_TRIGGER[act].who), _fields(office, act, folder)
            acting.perform(office, CYCLE, act, by=by, fields=fields, key=f"one/{act}")


def _fields(office: Office, act: str, folder: Path) -> Mapping[str, Any]:
    facts = office.facts(CYCLE)
    if act in facts.done:  # the same act once more, as it was entered
        return json.loads(facts.done[act].data)
    if act == "report_receipt":
        return _receipt(office)
    scene = Scene(office=office, facts=facts, printer=Printer(folder=folder / "contractor"))
    return json.loads(json.dumps(cast.fields(act, scene), default=str))


def _receipt(office: Office) -> Mapping[str, Any]:
    """Count as the contractor does, in memory."""
    sealed = office.facts(CYCLE).record("seal_package", PackageSealed)
    assert sealed
    password = office.vault(CYCLE).read(PASSWORD).decode()
    members = open_package(office.outgoing(CYCLE, sealed.form), password=password, sha256=sealed.package_sha256)
    return {
        "received": len(members[FILE].splitlines()) - 1, "package_sha256": sealed.package_sha256,
        "pattern_on": "2026-11-11", "scan_clean": True, "condition_good": True, "copies": [],
    }  # fmt: skip


if __name__ == "__main__":
    here = Path(sys.argv[1])
    opened = Office.open(here / "home", here / "inbox")
    Path(sys.argv[2]).touch()
    carry(opened, here)
