"""What a form knows before anybody types, and what the desk asks before a slip of the finger becomes a fact."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from browsing import Browser, at_the_desk
from keyed import entries, events
from playing import Played

from adapters.clock import VirtualClock
from adapters.sample import sample_extract, write_sample
from models.clock import TOKYO
from models.people import Side
from models.records.oversight import DeviationRecorded
from rehearsal import cast
from rehearsal.people import People
from rehearsal.printer import Printer
from steps import acting, identity, preparation
from steps.identity import Together
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE
from steps.work import WORK

CYCLE, PERSONS = "hatachi-2026", 60
UNTIL_THE_RECEIPT = (
    "conclude_contract", "register_handlers", "declare_cloud_use", "submit_work_plan", "confirm_contacts",
    "confirm_readiness", "deliver_manuscript", "submit_text_proof", "approve_text", "take_extract", "extract",
    "recheck_before_sealing", "seal_package", "hand_over_medium", "hand_over_password",
)  # fmt: skip
RECEIPT = {
    "by": "asahi", "pattern_on": "2026-11-11", "scan_clean": "true", "condition_good": "true",
    "copies.0.copy_number": "C-2026-01", "copies.0.kind": "server", "copies.0.place": "印字室サーバ",
    "copies.0.storage": "ssd", "copies.1.copy_number": "C-2026-02",
}  # fmt: skip
OTHER_HASH = "a" * 64


@pytest.fixture
def year(keyed: Office, tmp_path: Path) -> Iterator[People]:
    """Give the people of a year, whose keys are unlocked where they act without the desk."""
    office = cast.at_their_desks(Office.open(tmp_path / "home", tmp_path / "inbox"))
    office.settings.inbox.mkdir(exist_ok=True)
    yield People(office=office, cycle_id=CYCLE, printer=Printer(folder=tmp_path / "contractor"))
    office.engine.dispose()


@pytest.fixture
def desk_of(keyed: Office) -> Iterator[Callable[[str], Browser]]:
    """Give a browser of a person at the desk."""
    with at_the_desk(keyed) as logged_in:
        yield logged_in


def play(year: People, *acts: str) -> None:
    """Let the cast do acts, each on the day by which it is owed."""
    clock = year.office.clock
    assert isinstance(clock, VirtualClock)
    for act in acts:
        due = year.facts().due.get(act, year.today)
        at = datetime(due.year, due.month, due.day, 10, tzinfo=TOKYO)
        clock.set(max(clock.now(), at))
        match act:
            case "take_extract":
                write_sample(sample_extract(fiscal_year=2026, persons=PERSONS), year.office.settings.inbox / "e.csv")
                WORK[act].step(year.office, CYCLE, by=cast.REGISTRAR, via="rehearsal", expect=(1, PERSONS))
                year.decide_the_held_rows()
            case "seal_package":
                year.ask_for(act)
            case _:
                year.claim_measures(act, year.facts())
                year.play(act)


def value_of(text: str, field: str) -> str:
    """Return what stands in a field of a page."""
    found = re.search(rf'name="{re.escape(field)}"[^>]*value="([^"]*)"', text)
    return found[1] if found else ""


def hidden(text: str) -> dict[str, str]:
    """Return the hidden fields of a page's form."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text))


def receipt(**fields: str) -> dict[str, str]:
    return {f"report_receipt.{name}": value for name, value in {**RECEIPT, **fields}.items()}


def test_two_sided_counts_stay_blind(year: People, desk_of: Callable[[str], Browser]) -> None:
    """The sender's count stands nowhere before the receiver gave his own and confirmed it; then both stand together."""
    play(year, *UNTIL_THE_RECEIPT)
    sent = year.office.see(CYCLE, lambda here: here.facts.pieces.count("exported", origin="extract"))
    sealed = year.office.see(CYCLE, lambda here: here.facts.done["seal_package"].data)
    digest = re.search(r'"package_sha256":"([0-9a-f]{64})"', sealed)
    assert digest
    person = desk_of("sato")
    form = person.open(f"/{CYCLE}/acts/report_receipt")
    assert f"C-{2026}-01" in form  # numbers are known
    assert digest[1][:8] not in form
    asked = person.send(f"/{CYCLE}/acts/report_receipt", **receipt(received=str(sent - 1), package_sha256=digest[1]))
    assert "もう一度数えて" in asked
    for page in (form, re.sub(r"<input[^>]*>", "", asked)):
        assert not re.search(rf">[^<]*\b{sent}\b[^<]*<", page)
    assert "receipt_reported" not in events(year.office)
    again = person.send(f"/{CYCLE}/acts/report_receipt", **hidden(asked), again="yes")
    assert value_of(again, "report_receipt.received") == str(sent - 1)
    assert "receipt_reported" not in events(year.office)
    as_certutil = " ".join(re.findall("..", digest[1].upper()))
    person.send(f"/{CYCLE}/acts/report_receipt", **receipt(received=str(sent), package_sha256=as_certutil))
    assert events(year.office).count("receipt_reported") == 1
    assert "deviation_recorded" not in events(year.office)
    confirming = person.open(f"/{CYCLE}/acts/hand_over")
    assert re.findall(r'<td class="number">([0-9,]+)</td>', confirming) == [str(sent), str(sent)]


def test_what_is_confirmed_is_recorded_as_it_was_typed(year: People, desk_of: Callable[[str], Browser]) -> None:
    """A count that differs and is said to be so is a fact: it is recorded, and an incident opens."""
    play(year, *UNTIL_THE_RECEIPT)
    person = desk_of("sato")
    person.open(f"/{CYCLE}/acts/report_receipt")
    asked = person.send(f"/{CYCLE}/acts/report_receipt", **receipt(received="7", package_sha256=OTHER_HASH))
    text = person.send(f"/{CYCLE}/acts/report_receipt", **hidden(asked), sure="yes")
    assert "receipt_reported" in events(year.office)
    assert "deviation_recorded" in events(year.office)
    assert 'class="notice bad"' in text


def test_a_count_of_the_wards_own_is_asked_about_in_figures(year: People, desk_of: Callable[[str], Browser]) -> None:
    """Whoever typed another number than the record expects is told both, and nothing is recorded before he says so."""
    play(year, *UNTIL_THE_RECEIPT[: UNTIL_THE_RECEIPT.index("extract")])
    exported = year.office.see(CYCLE, lambda here: json.loads(here.facts.done["take_extract"].data)["exported"])
    person = desk_of("watanabe")
    form = person.open(f"/{CYCLE}/acts/extract")
    assert value_of(form, "extract.exported") == str(exported)
    fields = {
        "extract.by": "watanabe", "extract.excluded": value_of(form, "extract.excluded"),
        "extract.window_seen": "true", "extract.storage_place": "金庫", "extract.locked": "true",
    }  # fmt: skip
    asked = person.send(f"/{CYCLE}/acts/extract", **fields, **{"extract.exported": str(exported - 1)})
    assert f"{exported} 人 のはずです。{exported - 1} 人 で記録しますか" in asked
    assert "extract_checked_proposed" not in events(year.office)


def test_a_count_that_stops_a_step_is_recorded_as_a_difference(year: People, desk_of: Callable[[str], Browser]) -> None:
    """Who says that it is so records a deviation with both figures, which holds the year; the step is not done."""
    play(year, *UNTIL_THE_RECEIPT[: UNTIL_THE_RECEIPT.index("extract")])
    person = desk_of("watanabe")
    form = person.open(f"/{CYCLE}/acts/extract")
    exported = int(value_of(form, "extract.exported"))
    fields = {"extract.by": "watanabe", "extract.excluded": value_of(form, "extract.excluded"), "key": "k"}
    asked = person.send(f"/{CYCLE}/acts/extract", **fields, **{"extract.exported": str(exported - 1)})
    assert asked.count('name="sure"') == 1  # nothing offers to record the step itself
    once = {name: text for name, text in hidden(asked).items() if name.startswith(("record_deviation", "key"))}
    for words in ("一時停止", "既に行われています"):
        assert words in person.send(f"/{CYCLE}/acts/record_deviation", **once, sure="yes")
    told = year.office.see(CYCLE, lambda here: here.facts.past("record_deviation", DeviationRecorded))
    assert [it.record.what for it in told] == ["count"]
    assert told[0].record.remark.endswith(f" {exported - 1} ≠ {exported}")
    assert (year.facts().state, year.facts().on_hold) == ("ready", True)
    assert "事故" in desk_of("sato").open(f"/{CYCLE}/incidents/1")


def test_a_posting_whose_number_is_confirmed_is_recorded_as_it_was(
    played: Office, in_year: Callable[[str], Browser], tmp_path: Path
) -> None:
    """The post office took one less: asked once and blindly, then a fact that opens an incident.

    While something else is missing for the posting, the confirmation of the number lets nothing pass.
    """
    ward = [person.id for person in preparation.everybody(played) if person.side is not Side.CONTRACTOR]
    keys = {person: identity.unlock(played, person, SAMPLE_PASSPHRASE) for person in ward}
    year = Played(folder=tmp_path / "played", office=played.of(Together(keys, typist="suzuki")))
    year.play(before="approve_posting")
    person, act, enclosed = in_year("sato"), f"/{CYCLE}/acts/post", len(year.serials("enclosed"))

    def typed() -> dict[str, str]:
        fields = {
            "by": "sato", "accepted": str(enclosed - 1), "office": "新宿郵便局", "posted_on": str(year.now.date()),
            "slip": "1", "giver": "sato", "locked_bag": "true",
        }  # fmt: skip
        return {f"post.{name}": text for name, text in fields.items()}

    asked = person.send(act, **typed())
    assert "差出承認" in person.send(act, 422, **hidden(asked), sure="yes")
    year.play(before="post")
    person = in_year("sato")
    asked = person.send(act, **typed())
    assert "記録の数と一致しません" in asked
    assert not re.search(rf"(?<!\d){enclosed}(?!\d)", asked)
    person.send(act, **hidden(asked), sure="yes")
    facts = year.facts()
    assert (facts.state, facts.on_hold, len(facts.incidents)) == ("posted", True, 1)
    [entry] = entries(year.office, "deviation_recorded")
    assert entry["data"]["broken"] == ["accepted_number_equals_enclosed"]


def test_a_ticked_measure_is_never_lost(year: People, desk_of: Callable[[str], Browser]) -> None:
    """What was ticked on a form that has changed since it was opened is refused with the form, not left out of it."""
    person = desk_of("sato")
    person.open(f"/{CYCLE}/acts/conclude_contract")
    gone = {"claim_measures.ward-check.measures": "W-OP-06", "claim_measures.ward-check.evidence": "点検表"}
    text = person.send(f"/{CYCLE}/acts/conclude_contract", 422, **gone, **{"conclude_contract.by": "sato"})
    assert "開き直して" in text


def test_the_desk_proposes_what_last_year_said(year: People, desk_of: Callable[[str], Browser]) -> None:
    """Words and numbers of last year's record stand in the form, and say so; its day and its ticks do not."""
    preparation.open_year(year.office, 2025)
    before = {
        "contract_number": "2025-総総-0101", "begins_on": "2025-10-01", "ends_on": "2026-12-28",
        "special_provisions_attached": True, "concluded_on": "2026-09-01", "decision_number": "2025-総総-0111",
        "approved_on": "2026-09-01", "instruction": "情報セキュリティポリシーの遵守", "instructed": "asahi",
        "instructed_on": "2026-09-01", "certificate_number": "第00000000号（架空）", "certificate_until": "2027-12-31",
    }  # fmt: skip
    acting.perform(year.office, "hatachi-2025", "conclude_contract", by="sato", fields=before, via="rehearsal")
    form = desk_of("sato").open(f"/{CYCLE}/acts/conclude_contract")
    assert value_of(form, "conclude_contract.instruction") == "情報セキュリティポリシーの遵守"
    assert value_of(form, "conclude_contract.certificate_until") == "2027-12-31"
    assert "昨年度の記録から記入済み" in form
    assert value_of(form, "conclude_contract.contract_number") == ""
    assert "checked" not in form


def test_what_is_wrong_in_a_carried_act_stands_at_its_field(year: People, desk_of: Callable[[str], Browser]) -> None:
    """A form that carries acts says of each of them which field is missing, and records none of them."""
    play(year, "conclude_contract")
    person = desk_of("sato")
    person.open(f"/{CYCLE}/acts/submit_work_plan")
    text = person.send(
        f"/{CYCLE}/acts/submit_work_plan", 422,
        **{"with.register_handlers": "true", "register_handlers.by": "asahi", "submit_work_plan.by": "asahi",
           "submit_work_plan.printing_from": "2026-11-12", "submit_work_plan.enclosing_until": "2026-11-20",
           "submit_work_plan.place": "本社工場"},
    )  # fmt: skip
    assert 'id="f-register_handlers-handlers-wrong"' in text or "f-register_handlers-handling_manager-wrong" in text
    assert "work_plan_submitted" not in events(year.office)
