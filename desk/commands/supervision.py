"""`tsudoi supervision`: subcontractors, cloud services, inspections and findings of a year as they stand."""

from typer import Typer

from desk.commands.logins import seen
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
    found = seen(year, programme, supervision.supervision)
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
            [subcontractor.declared.name, subcontractor.declared.work,
             said(choices.SUBCONTRACTORS, standing_of(subcontractor)),
             subcontractor.consent.decision_number if subcontractor.consent else "",
             ", ".join(str(seq) for seq in (subcontractor.declared_seq, subcontractor.consent_seq) if seq)]
            for subcontractor in found.subcontractors
        ],
        styles=[
            "bold red" if standing_of(subcontractor) == "waiting" else "" for subcontractor in found.subcontractors
        ],
        title=_("Subcontractors"),
    )  # fmt: skip


def _show_clouds(found: Supervision) -> None:
    if not found.clouds:
        say(_("No use of cloud services is declared yet; none used is declared too."))
        return
    say_table(
        [_("Declared by"), _("Cloud service"), _("Servers"), _("Ledger")],
        [
            [said(choices.SIDES, use.record.side), use.record.service or _("none"), use.record.server_place,
             str(use.seq)]
            for use in found.clouds
        ],
        title=_("Cloud services"),
    )  # fmt: skip


def _show_inspections(found: Supervision) -> None:
    rows = [
        [str(day), word, record.subcontractor or _("contractor"), said(choices.INSPECTIONS, record.kind),
         "・".join(record.inspectors), number, str(seq)]
        for record, day, word, number, seq in (
            *((plan.record, plan.record.planned_on, _("planned"), "", plan.seq) for plan in found.plans),
            *((result.record, result.record.inspected_on, _("done"), str(result.record.findings), result.seq)
              for result in found.results),
        )
    ]  # fmt: skip
    if not rows:
        say(_("No inspection is planned or done."))
        return
    headings = [_("Date"), "", _("Inspected"), _("Kind"), _("Inspectors"), _("Findings"), _("Ledger")]
    say_table(headings, sorted(rows), title=_("Inspections"))


def _show_findings(found: Supervision) -> None:
    if not found.findings:
        return
    say_table(
        [_("No."), _("Finding"), _("Due"), _("Standing")],
        [
            [str(finding.number), finding.finding.what, str(finding.finding.due_on), words_of_finding(finding)]
            for finding in found.findings
        ],
        styles=[
            "bold red" if found.is_overdue(finding) else "dim" if finding.settled else "" for finding in found.findings
        ],
        title=_("Findings of the inspections"),
    )
    if any(finding.settled is None for finding in found.findings):
        say(_("Then: tsudoi act YEAR settle_finding --by PERSON --set finding=N --set settled_on=DATE --set how=…"))
