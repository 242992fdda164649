"""Protection and changes: what the register section tells after the extraction, matched to serials in the vault.

A change list becomes the pull list; a list of protected persons becomes the re-check that is due (domain.md 2, the
accident of Meguro). Names and addresses are in neither: the lists hold 宛名番号, the ledger gets serials and counts.
"""

# polars' signatures name numpy, which is not needed and not installed
# pyright: reportUnknownMemberType=false
import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from adapters.numbers import KEY, NUMBER, Form, keyed
from adapters.register import RegisterTable
from models.errors import BadInput
from models.extract import UnreadableExtract, counted
from models.people import SYSTEM
from models.records.enclosing import PullListAcknowledged, PullListIssued
from models.records.extraction import (
    AdditionsTaken,
    ChangesTaken,
    ExtractTaken,
    ListWithdrawn,
    ProtectedListed,
    ProtectionRechecked,
)
from models.serials import compact, count, expand, ranges, union
from models.words import _
from states.acts import ActRequest, Outcome, Recorded
from states.facts import LISTS, RECHECKS, WITHDRAWAL, Facts
from states.rules.protection import due_recheck
from states.table import BY_TRIGGER
from steps import acting, arriving, roll
from steps.acting import by_machine, machines
from steps.judging import CHANGED, PROTECTED, REASON, is_protected
from steps.lists import as_csv, protected_on, read_list
from steps.office import Office
from views.counting import changes_before_sealing

HEADER = ("区分", "通し番号", NUMBER, "氏名", "郵便番号", "住所", "方書")
# What becomes of a letter when the register tells of a change. Whoever moved within the ward is reached by forwarding.
_KINDS = {"died": "died", "moved_out": "moved", "taken_off": "moved", "stays": "staying"}
_DATE = r"^[0-9]{4}(-[0-9]{2}-[0-9]{2}|/[0-9]{2}/[0-9]{2}|[0-9]{4})$"
_NEUTRAL = "r1"  # one code for every reason: a list with two would tell who is protected
_SHOWN = 20
_ANSWERS = {"issue_pull_list": "acknowledge_pull_list", "issue_final_pull_list": "acknowledge_final_pull_list"}


@dataclass(frozen=True, kw_only=True)
class Told:
    """What came of a list: the act, how many rows it had, how many of this year it named, and whether it lies there."""

    outcome: Outcome
    rows: int
    named: int
    strangers: int = 0
    footers: int = 0
    list_sha256: str = ""
    source_left: bool = False
    issued: Outcome | None = None


def take_changes(
    office: Office, cycle_id: str, source: arriving.Source, *, by: str, nobody_of_ours: bool = False, via: str = "desk"
) -> Told:
    """Take a change list: whoever moved out, died or came under protection is to be pulled.

    Raises:
        BadInput: the list cannot be read, or a row says neither what happened nor whether to pull; it names the rows.
            Or nobody of this year stands on it, and no named person says that this is right (`nobody_of_ours`).
        Refused: it is not the time for it.

    """
    office.door.ask_first(cycle_id, "take_changes", by=by, via=via)
    heard = _heard(office, office.facts(cycle_id), source, (NUMBER, REASON, CHANGED, PROTECTED), by=by, via=via)
    kinds = _kinds(heard)
    nobody = heard.concerns_nobody(asked=nobody_of_ours)
    vault = office.vault(cycle_id)
    vault.write(f"changes-{heard.table.sha256[:12]}", roll.minimised(heard.table.frame))
    ours = _ours(office, cycle_id, roll.serials_of(vault, kinds[KEY])).join(kinds, on=KEY)
    by_kind = {kind: compact(ours.filter(pl.col("kind") == kind)["serial"].to_list()) for kind in _PULLED}
    record = ChangesTaken(
        list_sha256=heard.table.sha256,
        rows=heard.table.frame.height,
        staying=ours.filter(pl.col("kind") == "staying").height,
        strangers=kinds.filter(~pl.col(KEY).is_in(ours[KEY].implode())).height,
        nobody_of_ours=nobody,
        footers=heard.footers,
        **by_kind,
    )
    withdrawals = office.see(cycle_id, lambda here: here.facts.past(WITHDRAWAL, ListWithdrawn))
    # The same list is taken once, and once more after it was withdrawn.
    again = sum(withdrawn.record.list_sha256 == heard.table.sha256 for withdrawn in withdrawals)
    key = f"{heard.table.sha256}/{again}" if again else heard.table.sha256
    outcome = by_machine(office, cycle_id, "take_changes", record, by=by, via=via, key=key)
    return Told(
        outcome=outcome, rows=record.rows, named=sum(map(count, by_kind.values())), strangers=record.strangers,
        footers=heard.footers, list_sha256=heard.table.sha256, source_left=not arriving.emptied(office, source),
    )  # fmt: skip


_PULLED = ("newly_protected", "moved", "died")


def recheck(
    office: Office,
    cycle_id: str,
    source: arriving.Source,
    *,
    by: str,
    nobody_of_ours: bool = False,
    no_longer_protected: int = 0,
    pull_list: bool = False,
    also_pulled: Mapping[str, str] = MappingProxyType({}),
    via: str = "desk",
) -> Told:
    """Compare the register's present list of protected persons with this year's serials: the re-check that is due.

    Whoever the extract marked as protected must stand on it, or it is another list; a named person may say of how many
    the protection has ended (`no_longer_protected`), and that nobody of this year is on it (`nobody_of_ours`). With
    `pull_list` the pull list that is due is issued in the same sending: whoever is to be pulled now, and the serials
    that somebody names for other reasons (`also_pulled`, serials by reason code).

    Raises:
        BadInput: the list cannot be read, or is another list; or no pull list belongs to this re-check.
        Refused: no re-check belongs to where the cycle stands, or the pull list cannot be issued.

    """
    facts = office.facts(cycle_id)
    act = due_recheck(facts)
    office.door.ask_first(cycle_id, act, by=by, via=via)
    heard = _heard(office, facts, source, (NUMBER,), by=by, via=via)
    heard.must_name_whoever_was_protected(no_longer=no_longer_protected)
    nobody = heard.concerns_nobody(asked=nobody_of_ours)
    vault = office.vault(cycle_id)
    vault.write(f"recheck-{heard.table.sha256[:12]}", roll.minimised(heard.table.frame))
    ours = _ours(office, cycle_id, roll.serials_of(vault, heard.protected[KEY]))["serial"].to_list()
    new = compact(set(ours) - set(expand(facts.newly_protected)))
    record = ProtectionRechecked(
        newly_protected=new,
        list_sha256=heard.table.sha256,
        listed=heard.table.frame.height,
        nobody_of_ours=nobody,
        no_longer_protected=no_longer_protected,
        footers=heard.footers,
    )
    asks = [machines(cycle_id, act, record, by=by, via=via)]
    if pull_list:
        sent = _pull_list(
            office, cycle_id, by=by, via=via, rechecked_on=facts.today, found=new, also=also_pulled
        )  # fmt: skip
        asks.append(sent)
    outcome, *issued = office.door.perform_all(asks)
    return Told(
        outcome=outcome, rows=record.listed, named=count(new), footers=heard.footers, list_sha256=heard.table.sha256,
        source_left=not arriving.emptied(office, source), issued=issued[0] if issued else None,
    )  # fmt: skip


def _pull_list(
    office: Office,
    cycle_id: str,
    *,
    by: str,
    via: str,
    rechecked_on: date,
    found: str = "",
    also: Mapping[str, str] = MappingProxyType({}),
) -> ActRequest:
    """Return the pull list that is due: whoever changes and re-checks name and is not pulled, and who is named beside.

    `found` is what a re-check of the same sending found.
    """
    with office.look(cycle_id) as here:
        facts, waiting = here.facts, here.facts.pieces.serials("exported", "printed", "enclosed")
    due = waiting.intersection(expand(union(facts.to_pull, found)))
    others = {reason: frozenset(expand(serials)) - due for reason, serials in also.items()}
    reasons = Counter({_NEUTRAL: len(due)}) + Counter({reason: len(serials) for reason, serials in others.items()})
    act = "issue_final_pull_list" if facts.state == "enclosed" else "issue_pull_list"
    record = acting.record_of(PullListIssued, {
        "pulled": compact(due.union(*others.values())), "reasons": dict(reasons), "rechecked_on": rechecked_on,
    })  # fmt: skip
    return ActRequest(
        cycle_id=cycle_id, trigger=act, by=by, record=record, via=via, key=f"{cycle_id}/{act}/{uuid.uuid4().hex}"
    )


def pulled_by_reason(texts: Iterable[str]) -> dict[str, str]:
    """Read what is pulled for other reasons, each written as "c=1-3,7": its reason code and its serials.

    Raises:
        BadInput: one is not written so.

    """
    pulled = dict[str, str]()
    for text in texts:
        reason, sign, serials = text.partition("=")
        if not sign or not reason.strip() or not ranges(serials):
            raise BadInput(_("What is pulled for another reason is written REASON=1-3,7."), _("Write for example c=12"))
        pulled[reason.strip()] = union(pulled.get(reason.strip(), ""), serials)
    return pulled


def acknowledge_an_empty_list(office: Office, act: Recorded) -> None:
    """Answer a pull list on which nobody stands, in the system's own name: there is nothing that anybody could pull."""
    facts = office.facts(act.cycle_id)
    for issue, acknowledge in _ANSWERS.items():
        issued, done = facts.record(issue, PullListIssued), facts.done
        # An empty one that was answered before it was issued again is answered anew.
        answered = acknowledge in done and issue in done and done[acknowledge].seq > done[issue].seq
        if issued is None or issued.pulled or answered or facts.state not in BY_TRIGGER[acknowledge].froms:
            continue
        record = PullListAcknowledged(pulled="")
        by_machine(office, act.cycle_id, acknowledge, record, by=SYSTEM, via="after", key=str(done[issue].seq))


def withdraw(office: Office, cycle_id: str, *, by: str, list_sha256: str, reason: str, via: str = "desk") -> Outcome:
    """Withdraw a wrong list, named by the first digits of its hash: it counts no more and leaves the vault.

    What was pulled for it before the sealing stays pulled; a re-check is then to be done again.

    Raises:
        BadInput: no list of this year begins so, or several do.
        Refused: it is not the time for it, or not for this person.

    """
    with office.look(cycle_id) as here:
        acts = here.facts.history.of(*LISTS)
        taken = dict.fromkeys(json.loads(act.data)["list_sha256"] for act in acts)
        found = [sha256 for sha256 in taken if sha256 and sha256.startswith(list_sha256)]
        if len(found) != 1:
            raise BadInput(
                _("{count} lists of this year have this SHA-256.").format(count=len(found)),
                _("It was shown when the list was taken: name enough of its digits."),
            )
        pulled = compact(here.facts.pieces.serials("pulled").intersection(expand(_pulled_for(here.facts, found[0]))))
    record = acting.record_of(ListWithdrawn, {"list_sha256": found[0], "reason": reason, "pulled": pulled})
    return by_machine(office, cycle_id, WITHDRAWAL, record, by=by, via=via, key=f"{found[0]}/{acts[-1].seq}")


def forget_the_list(office: Office, act: Recorded) -> None:
    """Erase a withdrawn list from the vault."""
    withdrawals = office.see(act.cycle_id, lambda here: here.facts.past(WITHDRAWAL, ListWithdrawn))
    withdrawn = next(past.record for past in withdrawals if past.seq == act.seq)
    for kind in ("recheck", "changes"):
        office.vault(act.cycle_id).erase(f"{kind}-{withdrawn.list_sha256[:12]}")


def _pulled_for(facts: Facts, sha256: str) -> str:
    """Return whom this list named before the sealing: their pieces were pulled at once."""
    rechecks = [
        past.record for past in facts.past(RECHECKS[0], ProtectionRechecked) if past.record.list_sha256 == sha256
    ]
    changes = [change for change in changes_before_sealing(facts) if change.list_sha256 == sha256]
    moved = [serials for change in changes for serials in (change.moved, change.died)]
    return union(*(record.newly_protected for record in (*rechecks, *changes)), *moved)


def issue_pull_list(office: Office, cycle_id: str, *, by: str, via: str = "desk") -> Outcome:
    """Issue the pull list that is due, with exactly the serials that changes and re-checks name and are not pulled.

    Raises:
        BadInput: protected persons were not re-checked yet.
        Refused: it is not the time for it, or they were not re-checked today.

    """
    facts = office.facts(cycle_id)
    done = facts.done
    rechecked = [done[act].on for act in RECHECKS if act in done]
    if not rechecked:
        raise BadInput(
            _("Protected persons were not re-checked yet."),
            _("Re-check them first."),
            act=due_recheck(facts),
        )
    return office.door.perform(_pull_list(office, cycle_id, by=by, via=via, rechecked_on=max(rechecked)))


def list_protected(office: Office, cycle_id: str, into: Path | BytesIO, *, by: str, via: str = "desk") -> Told:
    """Write the protected persons for ward staff, who write to them by hand; readable by its owner only.

    On it are those whom the extract marked and those who came under protection afterwards. The ledger gets their number
    and the file's hash; the file is a copy to be destroyed.

    Raises:
        BadInput: something stands at the path already, or it cannot be written.
        Refused: whoever asks is no registrar, or nothing is extracted yet.

    """
    office.door.ask_first(cycle_id, "list_protected", by=by, via=via)
    facts = office.facts(cycle_id)
    rows = list(_protected_rows(office, facts))
    content = as_csv([HEADER, *rows]).encode("utf-8-sig")
    item = facts.free_number(arriving.PROTECTED_LIST)
    record = ProtectedListed(persons=len(rows), sha256=hashlib.sha256(content).hexdigest(), item=item)
    with arriving.handed_out(into, content):
        outcome = by_machine(office, cycle_id, "list_protected", record, by=by, via=via, key=item)
    return Told(outcome=outcome, rows=len(rows), named=len(rows))


@dataclass(frozen=True, kw_only=True)
class _Heard:
    """A list beside everybody whom the extracts of the year hold, and the ledger that hears of a refusal."""

    office: Office
    facts: Facts
    by: str
    via: str
    table: RegisterTable
    everybody: pl.DataFrame

    @property
    def footers(self) -> int:
        """Return how many rows were told apart from those about persons."""
        return sum(finding.count for finding in self.table.findings if finding.code == "footer")

    @property
    def protected(self) -> pl.DataFrame:
        """Return whom the list names as protected: every row, unless it marks them."""
        return protected_on(self.table, self.facts.programme)

    def must_name_whoever_was_protected(self, *, no_longer: int) -> None:
        """Refuse a re-check list on which somebody is missing whom the extract marked: the positive control.

        Raises:
            BadInput: it is another list; the rows of the extract are named.

        """
        absent = self.everybody.filter(pl.col("protected")).join(self.protected, on=KEY, how="anti")
        absent = absent.unique(KEY, keep="first", maintain_order=True)
        if absent.height == no_longer:
            return
        self.refused("another_list", max(1, absent.height))
        if not absent.height:
            raise BadInput(
                _("Everybody whom the extract marked as protected stands on the list."),
                _("Say of none that the protection has ended."),
            )
        raise BadInput(
            _("This is probably another list: it lacks {count} persons whom the extract marked as protected ({rows}).")
            .format(count=absent.height, rows=_rows(absent)),
            _(
                "Ask the register section for its present list. Where the protection of all {count} of them has ended,"
                " a named person says so."
            ).format(count=absent.height),
        )  # fmt: skip

    def concerns_nobody(self, *, asked: bool) -> bool:
        """Tell whether the list holds nobody of this year, which somebody must have said (`asked`).

        Raises:
            BadInput: nobody said so.

        """
        nobody = self.everybody.join(keyed(self.table.frame), on=KEY, how="semi").is_empty()
        if nobody and not asked:
            self.refused("nobody_of_ours", self.table.frame.height)
            raise BadInput(
                _("Nobody of this year stands on the list ({rows} rows): it is probably another list.").format(
                    rows=self.table.frame.height
                ),
                _("Look whether it is the right one. If it is, a named person says so."),
            )
        return nobody

    def refused(self, code: str, number: int) -> None:
        """Tell the ledger of a list that was refused, in codes and counts."""
        data: Mapping[str, Any] = {"list_sha256": self.table.sha256, "findings": {code: number}}
        self.office.door.note(self.facts.cycle_id, "list_refused", by=self.by, via=self.via, data=data)


def _heard(
    office: Office, facts: Facts, source: arriving.Source, needed: tuple[str, ...], *, by: str, via: str
) -> _Heard:
    """Read a list; of one that is refused the ledger is told."""
    everyone = everybody(office, facts)
    try:
        content = arriving.read_in(source, programme=facts.programme).content
        table = read_list(content, programme=facts.programme, form=Form.of(everyone[NUMBER]), needed=needed)
    except UnreadableExtract as refusal:
        data: Mapping[str, Any] = {"list_sha256": refusal.sha256, "findings": counted(refusal.findings)}
        office.door.note(facts.cycle_id, "list_refused", by=by, via=via, data=data)
        raise
    return _Heard(office=office, facts=facts, by=by, via=via, table=table, everybody=everyone)


def everybody(office: Office, facts: Facts) -> pl.DataFrame:
    """Return everybody whom the extracts of the year hold, exported or not, and who of them was protected already."""
    vault = office.vault(facts.cycle_id)
    frames = [roll.kept(vault, sha256, facts.programme).frame for sha256 in _extracts(facts)]
    rows = [keyed(frame).select("row", NUMBER, KEY, protected=is_protected(frame, facts.programme)) for frame in frames]
    return pl.concat(rows)


def _kinds(heard: _Heard) -> pl.DataFrame:
    """Return the key of each number and what its row says: protection before everything else."""
    programme = heard.facts.programme
    reasons = heard.table.frame[REASON].unique().to_list()
    means = [_KINDS.get(programme.extract.reasons.of(reason)) for reason in reasons]
    kinds = keyed(heard.table.frame).with_columns(
        kind=pl.when(is_protected(heard.table.frame, programme))
        .then(pl.lit("newly_protected"))
        .otherwise(pl.col(REASON).replace_strict(reasons, means, return_dtype=pl.String))
    )
    cell = pl.col(CHANGED).str.strip_chars()
    day = pl.when(cell.str.contains(_DATE)).then(cell.str.replace_all("[-/]", "").str.to_date("%Y%m%d", strict=False))
    wrong = {
        REASON: kinds.filter(pl.col("kind").is_null()),
        CHANGED: kinds.filter(day.is_null() & ((cell != "") | (pl.col("kind") != "newly_protected"))),
    }
    if any(rows.height for rows in wrong.values()):
        places = "; ".join(f"{column}: {_rows(rows)}" for column, rows in wrong.items() if rows.height)
        raise BadInput(
            _("The change list has rows that cannot be understood ({places}).").format(places=places),
            _("Have these rows corrected; {reasons} are known.").format(
                reasons="、".join(word for kind in _KINDS for word in getattr(programme.extract.reasons, kind))
            ),
        )
    return kinds.select(KEY, "kind")


def _rows(rows: pl.DataFrame) -> str:
    shown = ", ".join(map(str, rows["row"].head(_SHOWN).to_list()))
    return shown if rows.height <= _SHOWN else f"{shown} … (+{rows.height - _SHOWN})"


def _ours(office: Office, cycle_id: str, found: pl.DataFrame) -> pl.DataFrame:
    """Return those of the pairs whose serial is a piece of this year."""
    pieces = office.see(cycle_id, lambda here: here.facts.pieces.serials())
    return found.filter(pl.col("serial").is_in(list(pieces)))


def _protected_rows(office: Office, facts: Facts) -> Iterator[tuple[str, ...]]:
    """Walk over the protected: of each extract those it marked, and those whose serials came under protection later."""
    vault = office.vault(facts.cycle_id)
    later = roll.numbers_of(vault, facts.newly_protected)
    for sha256 in _extracts(facts):
        frame = keyed(roll.kept(vault, sha256, facts.programme).frame)
        marked = frame.filter(is_protected(frame, facts.programme)).with_columns(
            kind=pl.lit("抽出時"), serial=pl.lit("")
        )
        since = frame.join(later, on=KEY).with_columns(pl.col("serial").cast(pl.String), kind=pl.lit("抽出後"))
        for found in (marked, since.unique("serial", keep="first", maintain_order=True)):
            yield from found.select("kind", "serial", *HEADER[2:]).iter_rows()


def _extracts(facts: Facts) -> list[str]:
    taken = facts.record("take_extract", ExtractTaken), facts.record("take_additions", AdditionsTaken)
    return [record.extract_sha256 for record in taken if record and record.extract_sha256]
