"""The pages of the desk, one module a page or a few that belong together; each lists its own."""

from desk.web.asked import Page
from desk.web.pages import acts, documents, extract, held, login, machine, papers, proposals, work

ALL_PAGES: tuple[Page, ...] = (
    *login.PAGES, *work.PAGES, *acts.PAGES, *proposals.PAGES, *held.PAGES, *extract.PAGES,
    *machine.PAGES, *papers.PAGES, *documents.PAGES,
)  # fmt: skip
