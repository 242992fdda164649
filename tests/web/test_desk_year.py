"""The year at the desk: its line of stages, one page a stage, its calendar; who sees which of them."""

import re
from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any

import icalendar
import pytest
from browsing import Browser
from python_calamine import CalamineWorkbook

from models.clock import wareki
from states.door import Door
from states.table import STAGES
from steps import extraction, preparation
from steps.office import Office

YEAR = "/hatachi-2026"
In = Callable[[str], Browser]
PAGES = (
    YEAR, *(f"{YEAR}/stages/{stage}" for stage in STAGES), f"{YEAR}/commitments", f"{YEAR}/calendar",
    f"{YEAR}/incidents", "/people", "/people/sato", "/",
)  # fmt: skip


def words_of(text: str) -> str:
    """Return what a page says, without its marks and its menu."""
    main = text[text.index("<main") :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def test_the_year_says_what_is_late_and_who_owes_it(in_year: In) -> None:
    """The line of stages has its state words, what is late is red with its owner, and each stage leads to its page."""
    text = in_year("sato").open(YEAR)
    assert all(f'href="{YEAR}/stages/{stage}"' in text for stage in STAGES)
    printing = f'<li class="late"><a href="{YEAR}/stages/printing">4 印刷</a> <span class="badge late">期限超過</span>'
    assert printing in text
    assert "受託事業者の「宛名印字見本提出」が5日遅れています" in words_of(text)


def test_first_promised_and_actual_dates_stand_side_by_side(in_year: In) -> None:
    """A late act moves the promise of what hangs on it; the first date stands beside it, and the day it was done."""
    text = words_of(in_year("sato").open(f"{YEAR}/stages/printing"))
    moved = text[text.index("印刷・印字完了確認") :][:400]
    first, promised = date(2026, 11, 18), date(2026, 11, 24)
    assert f"当初の期日 {wareki(first)} 現在の期日 {wareki(promised)} 実施日 –" in moved


def test_a_stage_says_who_did_what_when(in_year: In) -> None:
    """What is done tells its person and its moment, and leads to its entry of the ledger."""
    text = in_year("sato").open(f"{YEAR}/stages/preparation")
    assert re.search(r"令和8年10月1日（木） 10:00 佐藤 みどり", words_of(text))
    assert re.search(r'href="/hatachi-2026/entries/\d+"', text)


def test_what_blocks_an_act_stands_with_the_form_that_meets_it(in_year: In) -> None:
    """Beside an unmet condition is the form of the act that meets it; an act that may not come yet has no button."""
    text = in_year("sato").open(f"{YEAR}/stages/printing")
    assert f'href="{YEAR}/acts/submit_imprint_sample"' in text
    assert f'href="{YEAR}/acts/complete_printing"' not in text


def test_an_undated_act_that_may_come_is_offered(in_year: In) -> None:
    """Acts without a date stand on their stage's page; those with a page of their own lead there."""
    text = in_year("sato").open(f"{YEAR}/stages/oversight")
    assert "期日のない手続" in text
    assert f'href="{YEAR}/acts/record_absence"' in text
    assert 'href="/people"' in text


@pytest.mark.parametrize(("person", "sees"), [("takahashi", True), ("kansa", True), ("watanabe", False)])
def test_the_register_section_sees_its_own_acts_alone(in_year: In, person: str, sees: bool) -> None:  # noqa: FBT001 - a case of the table
    """Staff and the auditor see the whole year; the register section neither year, stages, incidents nor people."""
    browser = in_year(person)
    for path in (YEAR, f"{YEAR}/stages/printing", f"{YEAR}/commitments", f"{YEAR}/incidents", "/people", "/people/ito"):
        browser.open(path, 200 if sees else 404)
    text = browser.open(f"{YEAR}/calendar")
    assert ("宛名印字見本提出" in text) is sees
    assert ("追加抽出" in text) is True


def test_the_auditor_has_no_button_that_changes_anything(in_year: In) -> None:
    """Whoever only reads is offered no act on any page of the year."""
    browser = in_year("kansa")
    for path in PAGES:
        main = browser.open(path).partition("<main")[2]
        assert not re.search(r'href="[^"]*/acts/', main), path
        assert "<form" not in main, path


def test_no_page_names_a_resident(in_year: In, played: Office) -> None:
    """Neither name, number nor address of anybody in the extract stands on any page."""
    people = list(extraction.addressees_of(played, "hatachi-2026", extraction.ADDRESSEES))
    assert people
    browser = in_year("sato")
    shown = "".join(browser.open(path) for path in PAGES)
    shown += browser.client.get(f"{YEAR}/calendar.ics").text
    assert not [one.name for one in people if one.name in shown or one.address in shown]


def test_the_calendar_comes_as_ics_under_names_that_stay(in_year: In) -> None:
    """Every act is a whole day under its own uid; one that is moved is the same event on its new day, by its title."""
    browser = in_year("sato")
    before = _events(browser)
    assert before["hatachi-2026/approve_proof"] == ("校了", date(2026, 11, 18))
    path = f"{YEAR}/acts/move_deadline"
    text = browser.open(f"{path}?act=approve_proof&to=2026-11-25")
    assert '<option value="approve_proof" selected>校了</option>' in text
    assert 'value="2026-11-25"' in text
    fields = {"by": "sato", "act": "approve_proof", "to": "2026-11-25", "reason": "受託者の都合"}
    browser.send(path, **{f"move_deadline.{name}": value for name, value in fields.items()})
    after = _events(browser)
    assert after["hatachi-2026/approve_proof"] == ("校了", date(2026, 11, 25))
    assert before.keys() == after.keys()
    assert not {name for title, _on in after.values() for name in ("佐藤", "高橋", "旭") if name in title}


def test_the_own_calendar_has_own_acts_alone(in_year: In) -> None:
    """With `mine` a coordinator's calendar holds no act of the contractor or the register section."""
    browser = in_year("sato")
    all_of_it, mine = _events(browser), _events(browser, "?mine=1")
    assert mine.keys() < all_of_it.keys()
    assert "hatachi-2026/submit_imprint_sample" not in mine
    assert _events(in_year("watanabe")).keys() == _events(in_year("watanabe"), "?mine=1").keys()


def test_the_calendar_comes_as_excel(in_year: In) -> None:
    """The table has a line for every act with its first day where it moved, and says what is late."""
    answer = in_year("sato").client.get(f"{YEAR}/calendar.xlsx")
    assert answer.headers["content-disposition"] == 'attachment; filename="hatachi-2026.xlsx"'
    rows = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    late = next(row for row in rows if "宛名印字見本提出" in row)
    assert [late[0], late[3], late[5]] == ["2026-11-12", "受託事業者", "期限超過"]
    moved = next(row for row in rows if "校了" in row)
    assert moved[4] == wareki(date(2026, 11, 13))


def test_the_calendar_shows_open_and_closed_days(in_year: In) -> None:
    """A holiday is marked as closed, and today as today."""
    text = in_year("sato").open(f"{YEAR}/calendar")
    holiday = re.search(r'<td class="closed[^"]*">\s*<span class="number">3<', text)
    assert holiday
    assert re.search(r'<td class=" today[^"]*">\s*<span class="number">17<', text)


def test_a_passed_commitment_leads_to_its_decision(in_year: In, played: Office) -> None:
    """A day that the plan passes is red, and its button fills in which day it is and until when it is accepted."""
    browser = in_year("takahashi")
    path = f"{YEAR}/acts/move_deadline"
    browser.open(path)
    fields = {"by": "takahashi", "act": "post", "to": "2027-01-06", "reason": "印刷所の都合"}
    browser.send(path, **{f"move_deadline.{name}": value for name, value in fields.items()})
    link = f'href="{YEAR}/acts/decide_late_plan?commitment=useful_posting&amp;until=2027-01-06"'
    assert link in browser.open(YEAR)
    text = browser.open(f"{YEAR}/commitments")
    assert link in text
    assert "9日過ぎ" in words_of(text)
    form = browser.open(f"{YEAR}/acts/decide_late_plan?commitment=useful_posting&until=2027-01-06")
    assert '<option value="useful_posting" selected>案内状が間に合う差出日</option>' in form
    assert link not in in_year("sato").open(YEAR)


def test_who_has_nothing_to_do_sees_what_comes_next(in_year: In) -> None:
    """The first page of whoever owes nothing now names the next own act and its day."""
    text = words_of(in_year("okada").open("/"))
    assert "現在、行うことはありません" in text
    assert "次に行うもの" in text
    assert "検査" in text


def test_a_page_loads_the_facts_once(in_year: In, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much a page shows, it is of one moment: the facts of the year are loaded once for it."""
    browser, loaded, real = in_year("sato"), list[str](), Door.facts

    def counted(door: Door, connection: Any, cycle_id: str) -> Any:
        loaded.append(cycle_id)
        return real(door, connection, cycle_id)

    monkeypatch.setattr(Door, "facts", counted)
    for path in (*PAGES, f"{YEAR}/calendar.xlsx", f"{YEAR}/calendar.ics"):
        loaded.clear()
        browser.client.get(path).raise_for_status()
        assert loaded == ["hatachi-2026"], path


def test_a_cancelled_year_has_its_pages_still(in_year: In) -> None:
    """What a cancelled year owes no more says so on its stage and stands in no calendar; every page opens."""
    browser, path = in_year("takahashi"), f"{YEAR}/acts/cancel"
    browser.open(path)
    browser.send(
        path, **{"cancel.by": "takahashi", "cancel.reason": "other", "cancel.decision_number": "26総総第900号"}
    )
    pages = {page: browser.open(page) for page in PAGES}
    assert "不要" in pages[f"{YEAR}/stages/printing"]
    assert "宛名印字見本提出" not in pages[f"{YEAR}/calendar"]


def test_years_stand_apart_on_the_first_page(in_year: In, played: Office) -> None:
    """Each open year has a part of its own with its own work, the newest first."""
    preparation.open_year(played, 2027, by="sato")
    text = in_year("sato").open("/")
    newer, older = text.index('href="/hatachi-2027"'), text.index('href="/hatachi-2026"')
    assert newer < older
    assert newer < text.index('href="/hatachi-2027/acts/conclude_contract"') < older
    assert text.index(f'href="{YEAR}/acts/submit_imprint_sample"') > older


def test_an_english_page_has_no_japanese_between_its_words(in_year: In, monkeypatch: pytest.MonkeyPatch) -> None:
    """In English brackets, dots and commas are English, and so are the year, the act that a count is from, a month."""
    monkeypatch.setenv("TSUDOI_LANG", "en")
    browser = in_year("sato")
    for page in (*PAGES, f"{YEAR}/counts", f"{YEAR}/acts/approve_proof", f"{YEAR}/reminders", f"{YEAR}/ledger"):
        found = re.findall("[（）・、　＞]|令和|はたちのつどい|[第月]", words_of(browser.open(page)))
        assert not found, page
    assert "Coming-of-age gathering FY 2026" in browser.open(YEAR)
    assert "<h2>October 2026</h2>" in browser.open(f"{YEAR}/calendar")


def _events(browser: Browser, query: str = "") -> dict[str, tuple[str, date]]:
    calendar = icalendar.Calendar.from_ical(browser.client.get(f"{YEAR}/calendar.ics{query}").content)
    return {
        str(event["UID"]).partition("@")[0]: (str(event["SUMMARY"]), event["DTSTART"].dt)
        for event in calendar.walk("VEVENT")
    }
