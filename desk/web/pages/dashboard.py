"""The way from the desk to Prefect's dashboard: no credential is typed, and what is started there bears one's name."""

from starlette.responses import Response

from desk.web.asked import AUDITOR, REGISTER, STAFF, Asked, Page
from flows import access
from models.errors import Unknown
from models.words import N_, _


def dashboard(asked: Asked) -> Response:
    """Open the dashboard in the name of who is logged in, by a link that is used up at once."""
    folder = access.folder_of(asked.office.home)
    try:
        return asked.on_to(access.new_link(folder, asked.visitor.id, asked.visitor.token))
    except FileNotFoundError:
        raise Unknown(
            _("No dashboard is served from here."), _("Ask whoever looks after the machine where it is.")
        ) from None


PAGES = (
    Page(
        path="/dashboard", shows=dashboard, readers=STAFF | REGISTER | AUDITOR, menu=N_("Dashboard"), leads_to_acts=True
    ),
)  # fmt: skip
