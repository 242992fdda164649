"""Faults of a rehearsal: what goes wrong in a year, drawn from a seed.

A fault only does what a person or a machine could do wrong, at one act. It is made good by what the product itself
offers: a refused act is entered again, an incident is settled by the approver and the hold released, a slip or a notice
is printed again, a count is made again. Whether it was, rehearsal/endings.py reads from the ledger. Level 1 is the
slips of every day, 2 adds what opens an incident or holds the cycle, 3 adds kill -9 at a named moment.
"""

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from inspect import getattr_static
from pathlib import Path
from pkgutil import resolve_name
from random import Random
from typing import Any, Protocol

from adapters import disk
from models.clock import stamp
from models.errors import Refused, TsudoiError
from models.serials import compact, expand
from models.words import N_
from rehearsal import cast, endings
from rehearsal.endings import End, Struck
from rehearsal.laws import Entry, LawBroken
from rehearsal.people import People

HIGHEST = 3
_A_LEVEL = 3  # faults drawn for each level
_LATE_ACTS, _LATE_DAYS = 3, 4  # at most
_FAR_TOO_LATE = 6  # of so many contracts one
_HELD_DAYS = 3  # at most, until the approver releases a hold
_MANY_PERSONS = 200


class Year(Protocol):
    """What a fault may do in a rehearsed year: nothing but what its people can; what is done is said in year.py."""

    @property
    def people(self) -> People: ...
    def do(self, act: str) -> None: ...
    def dies(self, act: str, place: str, when: str) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault as it was drawn: of which kind, at which act, and a number by which its details are chosen."""

    kind: str
    act: str
    detail: int

    def pick(self, choices: tuple[Any, ...]) -> Any:
        """Choose one of the details that its kind leaves open."""
        return choices[self.detail % len(choices)]


Strike = Callable[[Year, Fault], object]
Fields = Mapping[str, Any]
Wrong = Callable[[Fields, Fault], Fields]  # what is entered otherwise than it should be


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of fault: from which level on, at which acts, in which words, how it strikes and how it has to end."""

    level: int
    acts: tuple[str, ...]
    words: str
    ends: Callable[[Struck], End | None]
    strike: Strike


def _play(year: Year, fault: Fault, wrong: Wrong, *, by: str = "") -> None:
    right = cast.fields(fault.act, year.people.scene())
    year.people.play(fault.act, by=by, **wrong(right, fault))


def _refused(wrong: Wrong = lambda _right, _fault: {}, *, by: tuple[str, ...] = ("",)) -> Strike:
    """Return the strike of an act that is entered wrongly, which the door must refuse, and then rightly."""

    def strike(year: Year, fault: Fault) -> None:
        with suppress(Refused):
            _play(year, fault, wrong, by=fault.pick(by))
            raise LawBroken(fault.act)
        year.do(fault.act)

    return strike


def _happened(wrong: Wrong) -> Strike:
    """Return the strike of an act that is entered as it happened, which is not as it should have."""
    return lambda year, fault: _play(year, fault, wrong)


_COUNTS = {
    "extract": "exported", "complete_printing": "letters_printed", "complete_enclosing": "letters_enclosed",
    "inspect_delivery": "delivered", "enclose_additions": "letters_enclosed", "approve_posting": "letters",
    "post": "accepted",
}  # fmt: skip


def _miscounted(right: Fields, fault: Fault) -> Fields:
    number = right[_COUNTS[fault.act]]
    return {_COUNTS[fault.act]: fault.pick((number + 1, number - 1, 10 * number))}


_CARRIED_WRONGLY = ({"locked_bag": False}, {"in_person": False}, {"condition": "seal_broken"}, {"receiver": "nobody"})


def _erased_unfit(right: Fields, fault: Fault) -> Fields:
    first, *others = right["copies"]
    number = first["copy_number"][:-2] + "99"
    wrong = {"method": "shred"}, {"witness": cast.HANDLER}, {"copy_number": number}
    return {"copies": fault.pick((others, *([first | change, *others] for change in wrong)))}


def _one_left_in(right: Fields, _fault: Fault) -> Fields:
    return {"pulled": compact(list(expand(right["pulled"]))[1:])}


def _short_of_sheets(right: Fields, fault: Fault) -> Fields:
    good = compact(list(expand(right["good"]))[: -1 - fault.detail % 3])
    return {"good": good, "spoiled": "", "reprinted": "", "spoiled_stack": ""}


_SLIPS = {"hand_over_medium": "01", "hand_over_password": "02", "return_items": "03"}


def _lost_slip(year: Year, fault: Fault) -> None:
    year.do(fault.act)
    slip = f"K-{year.people.facts().fiscal_year}-{_SLIPS[fault.act]}"
    fields = {"slip": slip, "reason": fault.pick(("紛失", "汚損", "書き損じ"))}
    year.people.enter("reprint_slip", by=cast.COORDINATOR, fields=fields)


def _strange_extract(year: Year, fault: Fault) -> None:
    text = fault.pick(("", "通し番号\r\n1\r\n", "宛名番号,氏名\r\n,\r\n"))
    (year.people.office.settings.inbox / "extract.csv").write_text(text, encoding="utf-8", newline="")
    with suppress(TsudoiError):
        year.do(fault.act)
    if fault.act in year.people.facts().done:
        raise LawBroken(fault.act)
    year.do(fault.act)


def _damaged_notice(year: Year, fault: Fault) -> None:
    year.people.enter("reprint_notice", by=cast.REGISTRAR, fields={"reason": fault.pick(("damaged", "misprint"))})
    year.do(fault.act)


def _lost_item(year: Year, fault: Fault) -> None:
    item = fault.pick(year.people.facts().things_in("with_contractor")).number
    year.people.enter("record_loss", by=cast.MANAGER, fields={"item": item, "noticed_on": year.people.today})


def _incident(year: Year, fault: Fault) -> None:
    now = stamp(year.people.office.clock.now())
    fields = {
        "kind": fault.pick(("leak", "misdelivery", "loss", "other")), "known_on": year.people.today,
        "persons": fault.pick((0, 30, _MANY_PERSONS)), "wrongful": fault.detail % 5 == 0,
        "known_at": now, "contractor_notified_at": fault.pick((None, now)),
    }  # fmt: skip
    year.people.enter("report_incident", by=cast.COORDINATOR, fields=fields)


def _hold(year: Year, fault: Fault) -> None:
    by, reason = fault.pick(
        ((cast.COORDINATOR, "typhoon"), (cast.APPROVER, "paper_short"), (cast.COORDINATOR, "machine_broken"))
    )
    year.people.enter("hold", by=by, fields={"reason": reason})


def _protected_late(year: Year, fault: Fault) -> None:
    inside = year.people.scene().serials("exported", origin="extract")
    fields = {"newly_protected": compact(fault.pick((inside[-1:], inside[:1], inside[3:6])))}
    year.people.enter("recheck_before_sealing", by=cast.REGISTRAR, fields=fields)


def _retrieval(year: Year, fault: Fault) -> None:
    year.do(fault.act)
    gone = year.people.scene().serials("posted")
    fields = {
        "serials": compact(fault.pick((gone[:1], gone[-1:], gone[4:7]))), "reason": "p", "office": "新宿郵便局",
        "requested_on": year.people.today,
    }  # fmt: skip
    year.people.enter("request_retrieval", by=cast.COORDINATOR, fields=fields)


# Where a step may die: the act, and a function with whether it is killed before or after it.
_ANYWHERE = (
    ("states.door:apply", "before"), ("states.ledger:append", "after"), ("states.door:reschedule", "after"),
    ("states.door:Door.perform", "after"), ("steps.after:follow", "before"),
)  # fmt: skip
_MOMENTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "take_extract": (("adapters.vault:Vault.write", "after"), ("steps.arriving:emptied", "before")),
    "seal_package": (("states.door:Door.perform", "before"), ("steps.transfer:print_package_papers", "before")),
    "erase_ward_data": (("steps.erasure:_erase_outgoing", "before"), ("states.door:Door.perform", "before")),
}


def _crash(year: Year, fault: Fault) -> None:
    place, when = fault.pick(_MOMENTS.get(fault.act, _ANYWHERE))
    year.dies(fault.act, place, when)


_HANDOVERS = tuple(_SLIPS)

KINDS: Mapping[str, Kind] = {
    "wrong_count": Kind(
        level=1, acts=tuple(_COUNTS), words=N_("wrong count"), ends=endings.refused, strike=_refused(_miscounted)
    ),
    "refused_handover": Kind(
        level=1, acts=_HANDOVERS, words=N_("hand-over against the rules"),
        ends=endings.refused, strike=_refused(lambda _right, fault: fault.pick(_CARRIED_WRONGLY)),
    ),
    "stranger": Kind(
        level=1, acts=("conclude_contract", "confirm_readiness", "hand_over", "complete_printing", "close"),
        words=N_("an act by somebody who may not"),
        ends=endings.refused, strike=_refused(by=("nobody", "kansa", cast.HANDLER)),
    ),
    "lost_slip": Kind(
        level=1, acts=_HANDOVERS, words=N_("lost slip"), ends=endings.printed_again, strike=_lost_slip
    ),
    "strange_extract": Kind(
        level=1, acts=("take_extract",), words=N_("extract that cannot be used"),
        ends=endings.refused, strike=_strange_extract,
    ),
    "forgotten_pull": Kind(
        level=1, acts=("acknowledge_pull_list", "acknowledge_final_pull_list"), words=N_("piece forgotten in a pull"),
        ends=endings.refused, strike=_refused(_one_left_in),
    ),
    "unfit_erasure": Kind(
        level=1, acts=("report_erasure",), words=N_("erasure report that does not fit"),
        ends=endings.refused, strike=_refused(_erased_unfit),
    ),
    "damaged_notice": Kind(
        level=1, acts=("hand_over_password",), words=N_("damaged password notice"),
        ends=endings.printed_again, strike=_damaged_notice,
    ),
    "lost_sheets": Kind(
        level=2, acts=("report_printing",), words=N_("sheets lost while printing"),
        ends=endings.counted, strike=_happened(_short_of_sheets),
    ),
    "wrong_receipt": Kind(
        level=2, acts=("report_receipt",), words=N_("wrong received count"), ends=endings.settled,
        strike=_happened(lambda right, fault: {"received": right["received"] + fault.pick((-1, 1, -2))}),
    ),
    "lost_notice": Kind(
        level=2, acts=("hand_over_password",), words=N_("lost password notice"), ends=endings.settled,
        strike=lambda year, _fault: year.people.enter(
            "reprint_notice", by=cast.REGISTRAR, fields={"reason": "lost"}
        ),
    ),
    "wrong_sample": Kind(
        level=2, acts=("inspect_delivery",), words=N_("wrong piece in the sample"), ends=endings.settled,
        strike=_happened(lambda _right, fault: {"wrong": fault.pick((1, 2, cast.OPENED_AS_SAMPLE))}),
    ),
    "broken_handover": Kind(
        level=2, acts=_HANDOVERS, words=N_("hand-over that broke a rule and has happened"), ends=endings.settled,
        strike=_happened(lambda _right, fault: {"already_happened": True, **fault.pick(_CARRIED_WRONGLY)}),
    ),
    "lost_item": Kind(
        level=2, acts=("submit_imprint_sample", "report_enclosing", "return_items"),
        words=N_("item lost at the contractor's"), ends=endings.settled, strike=_lost_item,
    ),
    "incident": Kind(
        level=2,
        acts=("submit_work_plan", "extract", "report_receipt", "approve_proof", "complete_enclosing", "report_posting",
              "end_returned_mail"),
        words=N_("reported incident"), ends=endings.settled, strike=_incident,
    ),
    "hold": Kind(
        level=2, acts=("confirm_contacts", "hand_over", "complete_printing", "approve_posting", "accept_work"),
        words=N_("hold by the coordinator"), ends=endings.released, strike=_hold,
    ),
    "protected_late": Kind(
        level=2, acts=("hand_over_medium",), words=N_("person protected after the sealing"),
        ends=endings.sealed_anew, strike=_protected_late,
    ),
    "retrieval": Kind(
        level=2, acts=("post",), words=N_("piece asked back from the post"), ends=endings.settled, strike=_retrieval
    ),
    "crash": Kind(
        level=3,
        acts=("take_extract", "seal_package", "erase_ward_data", "conclude_contract", "hand_over_medium",
              "report_receipt", "issue_pull_list", "post", "return_items", "destroy_items"),
        words=N_("kill -9 in the middle of a step"), ends=endings.restarted, strike=_crash,
    ),
}  # fmt: skip
CRASH = "crash"


def drawn(seed: int, level: int) -> tuple[Fault, ...]:
    """Draw the faults of a year, at most one an act; the same seed and level always give the same.

    Of the highest level two are crashes.
    """
    luck, found = Random(f"{seed}/{level}"), dict[str, Fault]()  # noqa: S311 - it draws a rehearsal, not a secret
    kinds = [name for name, kind in KINDS.items() if kind.level <= level and name != CRASH]
    crashes = [CRASH] * 2 if level >= HIGHEST else []
    for kind in (*crashes, *luck.sample(kinds, min(len(kinds), _A_LEVEL * level))):
        free = [act for act in KINDS[kind].acts if act not in found]
        if free:
            act = luck.choice(free)
            found[act] = Fault(kind=kind, act=act, detail=luck.randrange(1000))
    return tuple(found.values())


def late_acts(seed: int, level: int) -> dict[str, int]:
    """Draw which acts come late, and by how many open days; of the highest level some contracts pass the ceremony."""
    luck = Random(f"late/{seed}/{level}")  # noqa: S311 - as above
    acts = luck.sample(sorted(cast.PLAYS), luck.randint(1, _LATE_ACTS) if level else 0)
    late = {act: luck.randint(1, _LATE_DAYS) for act in acts}
    if level >= HIGHEST and not luck.randrange(_FAR_TOO_LATE):
        late["conclude_contract"] = luck.randint(12, 25)
    return late


def held_days(seed: int, number: int) -> timedelta:
    """Draw for how many days a hold or an incident lasts until the approver ends it."""
    return timedelta(days=Random(f"held/{seed}/{number}").randint(0, _HELD_DAYS))  # noqa: S311 - as above


@dataclass(frozen=True, kw_only=True)
class Mixed:
    """The faults of a rehearsal, and which have struck: on file, so that a killed rehearsal strikes none twice."""

    path: Path
    faults: tuple[Fault, ...]

    def at(self, act: str) -> Fault | None:
        """Return the fault that waits at an act."""
        struck = self._struck()
        return next((fault for fault in self.faults if fault.act == act and fault.act not in struck), None)

    def strike(self, year: Year, fault: Fault) -> None:
        """Let a fault happen, once; it is on file before it happens, and amid which entries of the ledger it did."""
        self._note(fault, on=str(year.people.today), since=year.people.entries()[-1]["seq"])
        try:
            KINDS[fault.kind].strike(year, fault)
        finally:
            self._note(fault, until=year.people.entries()[-1]["seq"])

    def goes_on_after_a_kill(self, entries: Sequence[Entry]) -> None:
        """Take note that the rehearsal went on after it was killed within a fault, and how far the ledger was then."""
        for fault in self.faults:
            struck = self._struck().get(fault.act)
            if struck and "until" not in struck:
                self._note(fault, killed=entries[-1]["seq"])

    def told(self, entries: Sequence[Entry]) -> Iterator[dict[str, Any]]:
        """Walk over every fault with its day and how it ended by the ledger; "" for what did not end or never came."""
        for fault in self.faults:
            noted, end = self._struck().get(fault.act, {}), None
            if noted:
                killed = noted.get("killed", 0)
                end = KINDS[fault.kind].ends(Struck(
                    act=fault.act, entries=entries, since=noted["since"], until=noted.get("until", killed),
                    killed=killed,
                ))  # fmt: skip
            end = end or End(words="", on="")
            yield {
                "kind": fault.kind, "act": fault.act, "on": noted.get("on", ""), "ended": end.words,
                "ended_on": end.on, "because": list(end.because),
            }  # fmt: skip

    def _struck(self) -> dict[str, dict[str, Any]]:
        return json.loads(self.path.read_text(encoding="ascii")) if self.path.exists() else {}

    def _note(self, fault: Fault, **notes: Any) -> None:
        struck = self._struck()
        disk.put(self.path, json.dumps(struck | {fault.act: struck.get(fault.act, {}) | notes}).encode())


def die_at(place: str, when: str, nth: int = 1) -> None:
    """Let the nth call of a function, MODULE:NAME, be the last thing that happens to this process, or the one before.

    It dies as by kill -9: nothing is tidied up.
    """
    path, _dot, name = place.replace(":", ".").rpartition(".")
    owner = resolve_name(path)
    raw = getattr_static(owner, name)
    real, calls = getattr(raw, "__func__", raw), 0  # of a classmethod or a staticmethod what is within

    def last(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments, **options)
        if calls == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, last if real is raw else type(raw)(last))
