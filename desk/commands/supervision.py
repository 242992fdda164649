"""`tsudoi supervision`: subcontractors, cloud services, inspections and findings of a year as they stand."""

from typer import Typer

from desk.commands.logins import at_the_desk
from desk.console import say, say_json, say_table
from desk.options import AsJson, Programme, Year
from models import choices
from models.choices import said
from models.words import _
from views import supervision
from views.supervision import Supervision, standing_of, words_of_finding

app = Typer()


@app.command("supervision", help=_("Show subcontractors, cloud services, inspections and findings."))
def show(year: Year, programme: Programme = "", as_json: AsJson = False) -> None:
    office = at_the_desk()
    found = office.see(office.cycle_id(year, programme), supervision.supervision)
    if as_json:
        say_json(found.as_json())
        return
    _show_subcontractors(found)
    _show_clouds(found)
    _show_inspections(found)
    _show_findings(found)


def _show_subcontractors(found: Supervision) -> None:
    if not found.subcontractors:
        say(_("No subcontractor is declared."))
        return
    say_table(
        [_("Subcontractor"), _("Work"), _("Standing"), _("Approval"), _("Ledger")],
        [
            [
                it.declared.name, it.declared.work, said(choices.SUBCONTRACTORS, standing_of(it)),
                it.consent.decision_number if it.consent else "",
                ", ".join(str(seq) for seq in (it.declared_seq, it.consent_seq) if seq),
            ]
            for it in found.subcontractors
        ],
        styles=["bold red" if standing_of(it) == "waiting" else "" for it in found.subcontractors],
        title=_("Subcontractors"),
    )  # fmt: skip


def _show_clouds(found: Supervision) -> None:
    if not found.clouds:
        say(_("No use of cloud services is declared yet; none used is declared too."))
        return
    say_table(
        [_("Declared by"), _("Cloud service"), _("Servers"), _("Ledger")],
        [
            [
                said(choices.SIDES, it.record.side),
                it.record.service or _("none"),
                it.record.server_place,
                str(it.seq),
            ]
            for it in found.clouds
        ],
        title=_("Cloud services"),
    )


def _show_inspections(found: Supervision) -> None:
    planned = [
        [str(it.record.planned_on), _("planned"), it.record.subcontractor or _("contractor"),
         said(choices.INSPECTIONS, it.record.kind), "・".join(it.record.inspectors), "", str(it.seq)]
        for it in found.plans
    ]  # fmt: skip
    seen = [
        [str(it.record.inspected_on), _("done"), it.record.subcontractor or _("contractor"),
         said(choices.INSPECTIONS, it.record.kind), "・".join(it.record.inspectors), str(it.record.findings),
         str(it.seq)]
        for it in found.results
    ]  # fmt: skip
    if not planned and not seen:
        say(_("No inspection is planned or done."))
        return
    say_table(
        [_("Date"), "", _("Inspected"), _("Kind"), _("Inspectors"), _("Findings"), _("Ledger")],
        sorted([*planned, *seen]),
        title=_("Inspections"),
    )


def _show_findings(found: Supervision) -> None:
    if not found.findings:
        return
    say_table(
        [_("No."), _("Finding"), _("Due"), _("Standing")],
        [[str(it.number), it.finding.what, str(it.finding.due_on), words_of_finding(it)] for it in found.findings],
        styles=["bold red" if found.is_overdue(it) else "dim" if it.settled else "" for it in found.findings],
        title=_("Findings of the inspections"),
    )
    if any(it.settled is None for it in found.findings):
        say(_("Then: tsudoi act YEAR settle_finding --by PERSON --set finding=N --set settled_on=DATE --set how=…"))
