"""A season in a served system: `tsudoi serve` as a process, a mail server, a receiver of webhooks, people at desks.

The clock of the installation goes from morning to morning; the run of each weekday is asked for as its schedule would.
Everybody does what he owes at eight on its day, but the contractor, who is late once. Over a weekend the system is off.
What must arrive is reckoned here, from the words of the ladder and a calendar of the holidays, beside the product.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email.message import Message as Letter
from email.utils import parseaddr
from pathlib import Path

import pytest
from playing import CYCLE, PERSONS, YEAR, Played
from receivers import SECRET, Post, Receiver, free_port, mail_server, receiving
from serving import Serving, until

from adapters.clock import VirtualClock
from adapters.sample import sample_extract, write_sample
from models.clock import TOKYO
from states.table import BY_TRIGGER, TABLE
from steps import driving, preparation
from steps.office import Office

pytestmark = pytest.mark.xdist_group("prefect")

HOLIDAYS = {
    "2026-10-12", "2026-11-03", "2026-11-23", "2026-12-29", "2026-12-30", "2026-12-31", "2027-01-01", "2027-01-11",
}  # fmt: skip
WARD, REGISTER, CONTRACTOR, APPROVER = {"sato", "suzuki"}, {"nakamura", "watanabe"}, {"asahi"}, {"takahashi"}
INSPECTOR = {"okada"}
# Who owes what, and which act he waits for: without it nobody asks him.
OWED: dict[str, tuple[set[str], str]] = {
    "conclude_contract": (WARD, ""),
    "register_handlers": (CONTRACTOR, "conclude_contract"),
    "submit_work_plan": (CONTRACTOR, "conclude_contract"),
    "declare_cloud_use": (CONTRACTOR, "conclude_contract"),
    "confirm_contacts": (WARD, "register_handlers"),
    "confirm_readiness": (WARD, "register_handlers"),
    "deliver_manuscript": (WARD, "confirm_readiness"),
    "submit_text_proof": (CONTRACTOR, "deliver_manuscript"),
    "take_extract": (REGISTER, "confirm_readiness"),
    "approve_text": (WARD, "submit_text_proof"),
    "extract": (REGISTER, "confirm_readiness"),
    "recheck_before_sealing": (REGISTER, "extract"),
    "seal_package": (REGISTER, "extract"),
    "hand_over_medium": (WARD, "extract"),
    "hand_over_password": (WARD, "extract"),
    "report_receipt": (CONTRACTOR, "hand_over_password"),
    "hand_over": (WARD, "report_receipt"),
    "submit_imprint_sample": (CONTRACTOR, "hand_over"),
    "approve_proof": (WARD, "submit_imprint_sample"),
    "take_additions": (REGISTER, "hand_over"),
    "report_printing": (CONTRACTOR, "approve_proof"),
    "complete_printing": (WARD, "report_printing"),
    "recheck_before_enclosing": (REGISTER, "approve_proof"),
    "issue_pull_list": (REGISTER, "approve_proof"),
    "acknowledge_pull_list": (CONTRACTOR, "complete_printing"),
    "report_status": (CONTRACTOR, "hand_over"),
    "inspect_contractor": (WARD, "approve_proof"),
    "report_enclosing": (CONTRACTOR, "complete_printing"),
    "complete_enclosing": (WARD, "report_enclosing"),
    "recheck_before_final_list": (REGISTER, "complete_enclosing"),
    "issue_final_pull_list": (REGISTER, "complete_enclosing"),
    "acknowledge_final_pull_list": (CONTRACTOR, "complete_enclosing"),
    "enclose_additions": (WARD, "complete_enclosing"),
    "inspect_delivery": (WARD, "complete_enclosing"),
    "approve_posting": (WARD, "acknowledge_final_pull_list"),
    "recheck_before_posting": (REGISTER, "complete_enclosing"),
    "post": (WARD, "recheck_before_posting"),
    "report_posting": (WARD, "post"),
    "return_items": (CONTRACTOR, "post"),
    "return_media": (WARD, "return_items"),
    "report_erasure": (CONTRACTOR, "post"),
    "report_completion": (CONTRACTOR, "post"),
    "confirm_erasure": (WARD, "report_erasure"),
    "accept_work": (INSPECTOR, "report_completion"),
    "end_returned_mail": (WARD, "post"),
    "destroy_items": (WARD, "return_media"),
    "erase_ward_data": (REGISTER, "end_returned_mail"),
    "close": (WARD, "erase_ward_data"),
}
A_DAY = timedelta(days=1)


def is_open(day: date) -> bool:
    """Saturdays, Sundays, holidays and the days around New Year are closed."""
    return day.weekday() < 5 and str(day) not in HOLIDAYS


def open_days(day: date, distance: int) -> date:
    """Return the open day so many open days after a day, or before it; 0 is the day, or the last open one before it."""
    step = A_DAY if distance > 0 else -A_DAY
    while not distance and not is_open(day):
        day += step
    for _ in range(abs(distance)):
        day += step
        while not is_open(day):
            day += step
    return day


def ladder(due: date) -> dict[date, int]:
    """Three open days ahead, the day, one, two and three open days after it, then weekly: when a date is spoken of."""
    return {open_days(due, distance): distance for distance in (-3, 0, 1, 2, 3, 8, 13)}


def written_to(owes: set[str], rung: int) -> set[str]:
    """Whoever owes it; two days late also the ward's approver; three days late whoever calls, the coordinators."""
    return owes | (APPROVER if rung >= 2 else set()) | (WARD if rung >= 3 else set())


@dataclass(frozen=True, kw_only=True)
class Season:
    """From which morning to which, who is late with what until when, and on which days the system is off."""

    first: date
    last: date
    late: str
    until: date
    off: set[date]

    def days(self) -> Iterator[date]:
        day = self.first
        while day <= self.last:
            yield day
            day += A_DAY


TWO_WEEKS = Season(
    first=date(2026, 10, 1), last=date(2026, 10, 14), late="register_handlers", until=date(2026, 10, 15),
    off={date(2026, 10, 10), date(2026, 10, 11)},
)  # fmt: skip
WHOLE = Season(
    first=date(2026, 9, 28), last=date(2027, 1, 29), late="report_enclosing", until=date(2026, 11, 27),
    off={date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)},
)  # fmt: skip


@dataclass(frozen=True, order=True, kw_only=True)
class Told:
    """What a letter says: on which morning, about what, to whom, and whether it asks for a call."""

    on: date
    act: str
    to: str
    calls: bool


@dataclass(kw_only=True)
class Desks:
    """The people of both sides at their desks, the clock on the wall, and what came by post and by webhook."""

    year: Played
    post: Post
    hooks: Receiver
    told: list[Told] = field(default_factory=list[Told])
    must: list[Told] = field(default_factory=list[Told])
    before: date | None = None
    announced: set[tuple[str, date, str]] = field(default_factory=set[tuple[str, date, str]])
    asked: int = 0  # how often the contractor was asked: its webhook is told of each, also of an announced day

    def work(self, season: Season, day: date) -> None:
        """Do at eight what is owed by the end of the day, and let the machine do its own in between."""
        self.year.set_clock(datetime(day.year, day.month, day.day, 8, tzinfo=TOKYO))
        while act := self.next_act(season, day):
            self.year.set_clock(self.year.now + timedelta(minutes=1))
            if act == "take_extract":
                self.year.take(self.year.folder / "extract.csv")
                self.decide()
            else:
                self.year.do(act)
            self.leave_the_machine_its_work()

    def next_act(self, season: Season, day: date) -> str:
        facts = self.year.facts()
        for row in TABLE:
            act = row.trigger
            if act not in facts.due or act in facts.done or act in {"seal_package", "erase_ward_data"}:
                continue
            is_late = act == season.late and day < season.until
            if open_days(facts.due[act], 0) <= day and not is_late and not self.year.office.door.missing(CYCLE, act):
                return act
        return ""

    def decide(self) -> None:
        from steps import extraction

        for row, how, substitute in extraction.proposals(self.year.office, CYCLE):
            extraction.decide(
                self.year.office, CYCLE, row=row, how=how, substitute=substitute,
                reason="font" if substitute else "unclear", by="watanabe",
            )  # fmt: skip

    def leave_the_machine_its_work(self) -> None:
        until(lambda: not any(it.may_be_done for it in driving.work(self.year.office)))

    def begin_the_day(self, served: Serving, day: date) -> None:
        """At nine the morning's run comes; then what it sent is compared with what the ladder asks for."""
        self.year.set_clock(datetime(day.year, day.month, day.day, 9, tzinfo=TOKYO))
        state = served.end_of(served.start("朝の点検"))
        assert state["type"] == "COMPLETED", (day, state["message"])
        mornings = [letter for letter in self.post.letters if "朝の点検" in str(letter["Subject"])]
        assert len({to(letter) for letter in self.post.letters}) == len(self.post.letters), "one letter a day"
        self.told += [one for letter in self.post.letters for one in told(letter, day)]
        self.post.letters.clear()
        told_to = WARD if is_open(day) and self.year.facts().state != "closed" else set[str]()
        assert {to(letter) for letter in mornings} == told_to
        assert len(mornings) == len(told_to), "one of each open morning while the year is open"
        if is_open(day):
            self.must += self.asked_for(day)
            self.before = day

    def asked_for(self, day: date) -> list[Told]:
        facts, found = self.year.facts(), list[Told]()
        for act, (owes, waits_for) in OWED.items():
            if act in facts.done or (waits_for and waits_for not in facts.done):
                continue
            spoken_of = {on: rung for on, rung in ladder(facts.due[act]).items() if self.since(day) < on <= day}
            if spoken_of:
                rung = spoken_of[max(spoken_of)]
                callers, due = WARD if rung >= 3 else set[str](), facts.due[act]
                people = {it for it in written_to(owes, rung) if rung or (act, due, it) not in self.announced}
                self.announced |= {(act, due, it) for it in people if rung < 0}
                self.asked += owes == CONTRACTOR
                found += [Told(on=day, act=act, to=it, calls=it in callers) for it in people]
        return found

    def since(self, day: date) -> date:
        """Return the morning before: what an outage has swallowed is made up for, by its latest rung only."""
        return self.before or day - A_DAY


def to(letter: Letter) -> str:
    return parseaddr(str(letter["To"]))[1].partition("@")[0]


def told(letter: Letter, day: date) -> Iterator[Told]:
    """Yield each act that a letter speaks of."""
    acts = {row.ja: act for act, row in BY_TRIGGER.items()}
    [said, *_attached] = (part for part in letter.walk() if part.get_content_type() == "text/plain")
    text = said.get_payload(decode=True)
    assert isinstance(text, bytes)
    for part in text.decode().split("\n\n"):
        if found := re.match(r"[0-9]{4}年度の「(.+?)」の期限は", part):
            yield Told(on=day, act=acts[found[1]], to=to(letter), calls="に電話し" in part)


@contextmanager
def served_office(folder: Path, begins: date) -> Iterator[tuple[Desks, Callable[[], Serving]]]:
    """Give an installation of fictional people whose year nobody has opened, its receivers, and a way to serve it."""
    (folder / "home").mkdir()
    VirtualClock(folder / "home" / "clock").set(datetime(begins.year, begins.month, begins.day, 7, tzinfo=TOKYO))
    office = preparation.install(folder / "home", folder / "inbox", rehearsal=True)
    preparation.register_sample_people(office, YEAR)
    write_sample(sample_extract(fiscal_year=YEAR, persons=PERSONS), folder / "extract.csv")
    port, smtp, started = free_port(), free_port(), list[Serving]()
    with mail_server(Post(), smtp) as post, receiving() as receiver:
        hook = {"url": f"http://127.0.0.1:{receiver.port}/", "secret": SECRET}
        settings = {
            "TSUDOI_MAIL": f"smtp://127.0.0.1:{smtp}", "TSUDOI_WEBHOOKS": json.dumps({"contractor": hook}),
            "TSUDOI_ALLOWED_HOSTS": '["127.0.0.1"]',
        }  # fmt: skip

        def serve() -> Serving:
            started.append(Serving(folder, port, **settings))
            started[-1].wait_until_ready()
            return started[-1]

        try:
            yield Desks(year=Played(folder=folder, office=office), post=post, hooks=receiver), serve
        finally:
            for one in started:
                one.kill()
            office.engine.dispose()


def there_is_a_year(office: Office) -> bool:
    with office.look_around() as looks:
        return bool(looks)


@pytest.mark.parametrize(
    "season", [pytest.param(TWO_WEEKS, id="two weeks"), pytest.param(WHOLE, id="whole", marks=pytest.mark.long)]
)
def test_the_reminders_of_a_served_season_are_those_of_the_ladder(tmp_path: Path, season: Season) -> None:
    """By mail and by webhook comes what the ladder says, to whom it says, on its morning; nothing else, and once.

    By mail nobody is asked on a day that was announced to him and stands in his calendar.
    """
    with served_office(tmp_path, season.first) as (desks, serve):
        served: Serving | None = serve()
        assert served
        until(lambda: there_is_a_year(desks.year.office), or_else=served.out.read_text)
        desks.year.claim_every_measure()
        for day in season.days():
            if day in season.off and served:
                served = served.end()
            if day in season.off:
                continue
            served = served or serve()
            if is_open(day):
                desks.work(season, day)
            if day.weekday() < 5:
                desks.begin_the_day(served, day)
        assert sorted(desks.told) == sorted(desks.must)
        assert {it.calls for it in desks.told} == {True, False}, "there was a call to make"
        hooked = sorted((it["data"]["act"], it["data"]["due_on"], it["data"]["rung"]) for it in desks.hooks.bodies)
        assert len(hooked) == len(set(hooked)) == len(desks.hooks.kept)
        assert len(hooked) == desks.asked
        assert season is not WHOLE or desks.year.facts().state == "closed"
