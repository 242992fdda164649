"""How the faults of a rehearsal ended: read from the ledger, never taken for granted.

A fault has ended when people have made it good by what the product offers. What the ledger does not tell has not ended.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from models.serials import expand
from models.words import N_
from rehearsal.laws import OPENS_AN_INCIDENT, Entry
from states.table import BY_TRIGGER


@dataclass(frozen=True, kw_only=True)
class End:
    """How a fault ended, and on which day; `because` names the guards, findings or kinds that it came to."""

    words: str
    on: str
    because: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Struck:
    """A fault that struck at an act: between `since` and `until` the ledger grew by what it did.

    `killed` is how far the ledger was when the rehearsal went on after it was killed; 0 where it was not.
    """

    act: str
    entries: Sequence[Entry]
    since: int
    until: int
    killed: int = 0

    @property
    def during(self) -> list[Entry]:
        """What was entered while it struck."""
        return [entry for entry in self.entries if self.since < entry["seq"] <= self.until]

    def first(self, event: str, after: int) -> Entry | None:
        """Return the first such entry after a number of the ledger."""
        return next((entry for entry in self.entries if entry["seq"] > after and entry["event"] == event), None)

    def done(self, after: int) -> Entry | None:
        """Return the first entry after a number by which its act was done."""
        return self.first(BY_TRIGGER[self.act].event, after)


def refused(struck: Struck) -> End | None:
    """It was refused, at the door or by the judge of extracts, and then the act was done rightly."""
    no = next((entry for entry in struck.during if entry["event"] in {"act_refused", "extract_refused"}), None)
    done = no and struck.done(no["seq"])
    if not no or not done:
        return None
    because = no["data"]["unmet"] if no["event"] == "act_refused" else no["data"]["findings"]
    return _end(N_("refused, then entered rightly"), done, because)


def printed_again(struck: Struck) -> End | None:
    """The slip or the notice was printed again, and the act was done."""
    again = next((entry for entry in struck.during if entry["event"] in {"slip_reprinted", "notice_reprinted"}), None)
    done = struck.done(struck.since)
    if not again or not done:
        return None
    return _end(N_("printed again"), max(again, done, key=itemgetter("seq")), [_record(again)["reason"]])


def settled(struck: Struck) -> End | None:
    """Every incident that it opened was settled, with what the law asks about it, and then the hold was released."""
    incidents = enumerate((entry for entry in struck.entries if entry["event"] in OPENS_AN_INCIDENT), start=1)
    opened = {number: entry for number, entry in incidents if struck.since < entry["seq"] <= struck.until}
    closed = {number: entry for number, entry in _about(struck, "incident_settled") if number in opened}
    if not opened or opened.keys() != closed.keys():
        return None
    release = struck.first("hold_released", max(entry["seq"] for entry in closed.values()))
    if not release:
        return None
    informed = any(number in opened for number, _entry in _about(struck, "commission_informed"))
    words = N_("reported to the Commission, settled, hold released") if informed else N_("settled, hold released")
    return _end(words, release, (why for entry in opened.values() for why in _why(entry)))


def released(struck: Struck) -> End | None:
    """The hold was released."""
    held = next((entry for entry in struck.during if entry["event"] == "cycle_held"), None)
    release = held and struck.first("hold_released", held["seq"])
    return _end(N_("hold released"), release, [_record(held)["reason"]]) if held and release else None


def counted(struck: Struck) -> End | None:
    """The sheets that the report did not name were named by serial in later reports, down to the last."""
    report = next((entry for entry in struck.during if entry["event"] == "printing_reported"), None)
    complete = report and struck.first("printing_completed", report["seq"])
    if not report or not complete:
        return None
    later = [
        entry for entry in struck.entries if entry["event"] == "printing_reported" and report["seq"] < entry["seq"]
    ]
    named = {serial for entry in later for serial in expand(_record(entry)["good"])}
    return _end(N_("named by serial, then reported again"), complete, [str(len(named))]) if named else None


def sealed_anew(struck: Struck) -> End | None:
    """A new package was sealed without whom the old one should not hold, and the medium was handed over."""
    recheck = next((entry for entry in struck.during if entry["event"] == "protection_rechecked_before_sealing"), None)
    sealed = recheck and struck.first("package_sealed", recheck["seq"])
    done = sealed and struck.done(sealed["seq"])
    if not recheck or not sealed or not done:
        return None
    protected = set(expand(_record(recheck)["newly_protected"]))
    if not protected <= set(expand(_record(sealed)["held_back"] or "")):
        return None
    return _end(N_("sealed anew"), done, [str(len(protected))])


def restarted(struck: Struck) -> End | None:
    """It was killed, and the act was done, once: before the kill, or after the restart."""
    done = struck.done(struck.since)
    if not struck.killed or not done:
        return None
    before = done["seq"] <= struck.killed
    words = N_("killed after the act, restarted, went on") if before else N_("killed within the act, restarted, done")
    return _end(words, done)


def _end(words: str, last: Entry, because: Iterable[str] = ()) -> End:
    return End(words=words, on=str(last["at"])[:10], because=tuple(sorted(set(because))))


def _record(entry: Entry) -> Mapping[str, Any]:
    return entry["data"]["record"]


def _about(struck: Struck, event: str) -> Iterable[tuple[int, Entry]]:
    """Walk over the entries about incidents after it struck, each with the number of its incident."""
    return (
        (_record(entry)["incident"], entry)
        for entry in struck.entries
        if entry["event"] == event and entry["seq"] > struck.since
    )


def _why(entry: Entry) -> Sequence[str]:
    """Return what an incident was: the rules that were broken, the kind that was reported, or what happened."""
    if entry["event"] == "deviation_recorded":
        return entry["data"]["broken"]
    return [_record(entry).get("kind") or entry["event"]]
