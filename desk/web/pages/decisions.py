"""後閲: whoever was absent sees what was decided in his place, and one click records that he has."""

from starlette.responses import Response

from desk.web.asked import Asked, Page, numbers
from desk.web.pages.acts import told
from models.errors import BadInput
from models.people import Role
from models.words import N_, _
from steps import acting
from views.people import to_see
from views.standing import title_of_year


def decisions(asked: Asked) -> Response:
    """Show what waits to be seen, or record that it was."""
    visitor, cycle_id = asked.visitor, asked.cycle_id
    if asked.is_sent:
        entries = numbers(asked.sent.all("entries"))
        if not entries:
            raise BadInput(_("No decision was chosen."), _("Tick what you have seen."))
        seen = acting.perform(
            visitor.office, cycle_id, "see_decisions", by=visitor.id, fields={"entries": entries},
            key=f"{cycle_id}/see_decisions/{'-'.join(map(str, entries))}",
        )  # fmt: skip
        return told(asked, cycle_id, [seen])
    with visitor.office.look(cycle_id) as here:
        title = title_of_year(here)
        return asked.shown("decisions.html", cycle=cycle_id, title=title, waiting=to_see(here, visitor.person))


PAGES = (
    Page(
        path="/{cycle}/decisions", shows=decisions, takes_a_form=True, readers=frozenset({Role.APPROVER}),
        menu=N_("Decided in your place"),
    ),
)  # fmt: skip
