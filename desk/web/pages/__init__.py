"""The pages of the desk, one module a page or a few that belong together; each lists its own."""

from desk.web.asked import Page
from desk.web.pages import (
    acts,
    auditing,
    calendar,
    dashboard,
    decisions,
    documents,
    extract,
    forms,
    held,
    incidents,
    login,
    machine,
    papers,
    people,
    proposals,
    reminders,
    work,
    year,
)

ALL_PAGES: tuple[Page, ...] = (
    *login.PAGES, *work.PAGES, *year.PAGES, *calendar.PAGES, *incidents.PAGES, *decisions.PAGES, *people.PAGES,
    *acts.PAGES, *proposals.PAGES, *held.PAGES, *extract.PAGES, *machine.PAGES, *papers.PAGES, *documents.PAGES,
    *forms.PAGES, *reminders.PAGES, *auditing.PAGES, *dashboard.PAGES,
)  # fmt: skip
