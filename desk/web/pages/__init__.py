"""The pages of the desk, one module a page or a few that belong together; each lists its own."""

from desk.web.asked import Page
from desk.web.pages import acts, forms, login, proposals, reminders, work

ALL_PAGES: tuple[Page, ...] = (*login.PAGES, *work.PAGES, *acts.PAGES, *proposals.PAGES, *forms.PAGES, *reminders.PAGES)
