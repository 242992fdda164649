"""A contract twelve open days late: the year goes on, nothing slides without a word, and what came late stays so."""

from datetime import date, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from direct import YEAR, rehearsed
from playing import CYCLE, begun

from models.clock import TOKYO
from rehearsal.plan import Plan
from states.sweep import NOTICES
from steps import reminding
from views import commitments, deadlines


def test_a_late_contract_passes_its_commitments_and_the_year_closes(template_home: Path, tmp_path: Path) -> None:
    """The letters are in time; the approver accepts what passes by name, and both reports after it open an incident."""
    plan = Plan(
        year=YEAR, out=tmp_path / "year", persons=40, extract=None, late={"conclude_contract": 12}, seed=1, keep=False
    )
    with rehearsed(template_home, plan) as rehearsal:
        rehearsal.run(lambda _today, _facts: None)
        office, cycle_id = rehearsal.office, rehearsal.cycle_id
        told, entries = rehearsal.summary(seconds=0), rehearsal.people.entries()
        passed = {it.key: it for it in office.see(cycle_id, commitments.passed)}
        acts = {it.act: it for it in office.see(cycle_id, deadlines.dated)}
    assert (told["state"], told["personal_data_found"], told["counts_hold"]) == ("closed", 0, True)
    assert passed.keys() == {"contract_end", "approved_period"}
    assert {next(cause.act for cause in it.causes) for it in passed.values()} == {"conclude_contract"}
    assert all(it.done and it.is_accepted and it.on < it.expected for it in passed.values())
    assert acts["post"].done_on == date(2026, 12, 14)
    assert (acts["post"].planned_on, acts["post"].follows) == (date(2026, 11, 30), True)
    assert acts["end_returned_mail"].done_on == acts["end_returned_mail"].planned_on == date(2027, 1, 18)
    broken = {it["data"]["act"]: it["data"]["broken"] for it in entries if it["event"] == "deviation_recorded"}
    assert broken == {act: ["commitments_are_kept"] for act in ("report_erasure", "report_completion")}
    concluded = next(it["seq"] for it in entries if it["event"] == "contract_concluded")
    sent = {it["data"]["act"] for it in entries if it["event"] == "reminder_sent" and it["seq"] < concluded}
    assert sent - {*NOTICES} == {"conclude_contract"}


def test_whatever_act_a_letter_is_about_the_ward_reads_what_nobody_has_decided_on(
    template_home: Path, tmp_path: Path
) -> None:
    """Once the late contract is concluded its letters end; of other acts the ward is told, not the contractor.

    The ward's people read each day that is passed once in a letter; the contractor beside his own act that is a cause.
    """
    with begun(template_home, tmp_path / "year") as year:
        year.wait_for("conclude_contract")
        year.set_clock(datetime(2026, 11, 16, 10, tzinfo=TOKYO))
        year.do("conclude_contract")
        for day in (24, 27, 30):
            year.set_clock(datetime(2026, 11, day, 9, tzinfo=TOKYO))
            reminding.watch(year.office)
        folder = year.office.home / "mail" / "new"
        letters = [message_from_bytes(path.read_bytes(), policy=default) for path in folder.iterdir()]
        undecided = [f"「{it.title}」（" for it in year.office.see(CYCLE, commitments.passed) if not it.is_accepted]
    ceremony, cause, beside = "「はたちのつどい当日」（", "「取扱責任者・取扱者届、再委託有無届」の期限", set[bool]()
    told: dict[str, set[int]] = {}
    for letter in letters:
        body = letter.get_body(("plain",))
        assert body
        text, to = str(body.get_content()), str(letter["To"]).partition("<")[2].partition("@")[0]
        parts = text.split("\n\n")
        if to == "asahi":
            beside |= {cause in part for part in parts if ceremony in part}
            parts = [part for part in parts if "「クラウドサービス利用届」の期限" in part]  # late, and cause of nothing
        assert text.count("」の期限は") > 2, "several late acts stand in one letter"
        told.setdefault(to, set()).update("\n".join(parts).count(it) for it in undecided)
    assert ceremony in undecided
    assert told == {"asahi": {0}, "sato": {1}, "suzuki": {1}, "takahashi": {1}}
    assert beside == {True}
