"""Incidents at the desk: what is to be done next, by whom until when, with the forms filled in; and the hold."""

import re
from collections.abc import Callable

from browsing import Browser

from steps.office import Office

In = Callable[[str], Browser]
YEAR = "/hatachi-2026"


def _act(browser: Browser, act: str, **fields: str) -> str:
    path = f"{YEAR}/acts/{act}"
    browser.open(path)
    return browser.send(path, **{f"{act}.{name}": value for name, value in fields.items()})


def _reported(browser: Browser) -> str:
    return _act(
        browser, "report_incident", by="sato", kind="loss", known_on="2026-11-17", persons="3", property_risk="true"
    )


def test_an_incident_says_what_is_next_by_whom_until_when(in_year: In) -> None:
    """First people decide whether to report; then each duty of the law has its day, its people and its form."""
    coordinator, approver = in_year("sato"), in_year("takahashi")
    _reported(coordinator)
    page = f"{YEAR}/incidents/1"
    decide = f'href="{YEAR}/acts/assess_incident?incident=1"'
    assert decide not in coordinator.open(page)
    assert decide in approver.open(page)
    assert 'value="1"' in approver.open(f"{YEAR}/acts/assess_incident?incident=1")
    _act(approver, "assess_incident", by="takahashi", incident="1", reportable="true", reason="紛失のため",
         decision_number="26総総第900号")  # fmt: skip
    text = coordinator.open(page)
    assert "令和8年11月19日（木） – 令和8年11月21日（土）まで" in re.sub("<[^>]+>", "", text)
    assert "令和8年12月16日（水）まで" in text
    assert f'href="{YEAR}/acts/report_to_commission?incident=1&amp;report=prompt"' in text
    assert f'href="{YEAR}/acts/publish_incident?incident=1"' not in text
    form = coordinator.open(f"{YEAR}/acts/report_to_commission?incident=1&report=final")
    assert '<option value="final" selected>' in form


def test_the_list_says_what_holds_the_year(in_year: In) -> None:
    """The list names each incident with its next step, and what is missing before the year goes on."""
    coordinator, approver = in_year("sato"), in_year("takahashi")
    _reported(coordinator)
    text = coordinator.open(f"{YEAR}/incidents")
    assert "この年度は一時停止中です" in text
    assert f'href="{YEAR}/incidents/1"' in text
    assert f'href="{YEAR}/acts/release_hold"' not in text
    assert f'href="{YEAR}/acts/release_hold"' in approver.open(f"{YEAR}/incidents")
    assert f'href="{YEAR}/incidents/1"' in coordinator.open(YEAR)


def test_a_deviation_is_settled_and_the_year_goes_on(in_year: In, played: Office) -> None:
    """A deviation says how it began; the approver settles it, discusses it, and releases the hold by its page."""
    coordinator, approver = in_year("sato"), in_year("takahashi")
    _act(coordinator, "record_deviation", by="sato", what="other", happened_on="2026-11-17")
    assert "発端：逸脱記録" in coordinator.open(f"{YEAR}/incidents/1")
    _act(approver, "settle_incident", by="takahashi", incident="1", decision_number="26総総第901号")
    assert "終結" in approver.open(f"{YEAR}/incidents/1")
    assert "すべての事故対応が終結している" not in approver.open(f"{YEAR}/incidents")


def test_an_incident_of_another_year_is_none(in_year: In) -> None:
    """A number that this year does not have leads to no page."""
    browser = in_year("sato")
    for number in ("7", "0", "x", "1e1"):
        browser.open(f"{YEAR}/incidents/{number}", 404)


def test_everybody_may_report_and_only_staff_reads(in_year: In) -> None:
    """The register section finds the form of an incident on its first page, and the incidents on none."""
    browser = in_year("watanabe")
    assert f'href="{YEAR}/acts/report_incident"' in browser.open("/")
    browser.open(f"{YEAR}/acts/report_incident")
    browser.open(f"{YEAR}/incidents", 404)
    assert f'href="{YEAR}/acts/report_incident"' not in in_year("kansa").open("/")


def test_what_opened_an_incident_leads_to_it(in_year: In) -> None:
    """The page that tells what was recorded has the way to the incident, for a report as for what did not hold."""
    coordinator = in_year("sato")
    assert f'href="{YEAR}/incidents/1"' in _reported(coordinator)
    told = _act(coordinator, "record_deviation", by="sato", what="other", happened_on="2026-11-17")
    assert f'href="{YEAR}/incidents/2"' in told
    assert f'href="{YEAR}/incidents/1"' not in told


def test_the_next_step_stands_among_the_own_work(in_year: In) -> None:
    """Whoever owes the next step of an incident finds its button on the first page; others read for whom it waits."""
    coordinator, approver = in_year("sato"), in_year("takahashi")
    _reported(coordinator)
    step = f'href="{YEAR}/acts/assess_incident?incident=1"'
    first = approver.open("/")
    assert step in first
    assert "現在、行うことはありません" not in first
    assert step not in coordinator.open("/")
    assert "承認者・代決者: 報告要否の判断" in coordinator.open("/")
    assert "報告要否の判断" not in in_year("watanabe").open("/")
