"""The pages of the desk, one module a page or a few that belong together; each lists its own."""

from desk.web.asked import Page
from desk.web.pages import (
    acts,
    auditing,
    calendar,
    dashboard,
    decisions,
    incidents,
    login,
    people,
    proposals,
    work,
    year,
)

ALL_PAGES: tuple[Page, ...] = (
    *login.PAGES, *work.PAGES, *year.PAGES, *calendar.PAGES, *incidents.PAGES, *decisions.PAGES, *people.PAGES,
    *acts.PAGES, *proposals.PAGES, *auditing.PAGES, *dashboard.PAGES,
)  # fmt: skip
