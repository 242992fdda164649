"""`tsudoi sample` and `tsudoi extract`: a fictional extract; judging, taking and deciding on a real one."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option, Typer

from adapters.settings import Settings
from desk.commands.acts import tell_what_is_left
from desk.commands.barcodes import reason_of
from desk.commands.logins import office_and_cycle
from desk.console import DONE, HELD, REFUSED, say, say_aside, say_json, say_table
from desk.options import AsJson, By, Programme, Year, YearOption
from models import choices
from models.errors import BadInput
from models.extract import Finding, Judgement
from models.words import N_, _
from states.acts import Outcome
from steps import papers
from steps.office import Office
from views.standing import act_title

if TYPE_CHECKING:
    from steps.arriving import Ask
    from steps.protection import Told

app = Typer()
extract = Typer(name="extract", help=_("The register extract: check, take, decide."), no_args_is_help=True)
app.add_typer(extract)

_Expect = Annotated[str, Option("--expect", help=_("Expected number of persons, MIN-MAX."))]
_LastYear = Annotated[
    int | None,
    Option("--last-year", min=1, help=_("Number of persons in last year's extract; more than a tenth off is refused.")),
]
_File = Annotated[Path, Argument(help=_("The extract, a CSV file."))]
_List = Annotated[Path, Argument(help=_("The register's list, a CSV file with 宛名番号."))]
_Stdin = Annotated[
    bool, Option("--password-stdin", help=_("Read the password of an encrypted extract from standard input."))
]
_Nobody = Annotated[
    bool, Option("--nobody-of-ours", help=_("Nobody of this year stands on the list, and I say that this is right."))
]
_Protected = Annotated[
    Path | None, Option("--protected", help=_("The list of protected persons, where the extract does not mark them."))
]
_Removed = Annotated[
    bool, Option("--protected-removed", help=_("The register section took the protected persons out, and I say so."))
]
_NewFile = Annotated[Path, Option("--out", help=_("A new file; only you will be able to read it."))]
_VERDICTS = {
    "accepted": (DONE, N_("Accepted.")),
    "held": (HELD, N_("Held: the rows above wait for a decision (tsudoi extract decide).")),
    "refused": (REFUSED, N_("Refused.")),
}
_STILL_THERE = N_("The extract still lies where you took it from: erase it there.")
_SHOWN = 200


@app.command(help=_("Write a fictional extract."))
def sample(
    path: Annotated[Path, Argument(help=_("Where the fictional extract is written."))],
    year: YearOption,
    persons: Annotated[int, Option("--persons", min=1, max=2_000_000, help=_("Number of rows."))] = 4000,
    seed: Annotated[int, Option("--seed", help=_("The same seed gives the same file."))] = 1,
    encoding: Annotated[str, Option("--encoding", help=_("utf-8, utf-8-sig, cp932 or utf-16."))] = "utf-8-sig",
) -> None:
    from adapters.sample import sample_extract, write_sample

    write_sample(sample_extract(fiscal_year=year, persons=persons, seed=seed), path, encoding=encoding)
    say(_("A fictional extract of {count} rows is written."), count=persons)


@extract.command(help=_("Read and judge an extract; stores nothing, needs no cycle."))
def check(
    path: _File,
    year: YearOption,
    expect: _Expect = "",
    last_year: _LastYear = None,
    from_stdin: _Stdin = False,
    listed: _Protected = None,
    removed: _Removed = False,
    nobody_of_ours: _Nobody = False,
    programme: Programme = "",
    as_json: AsJson = False,
) -> int:
    from steps import extraction

    known, _text = Office(Settings.load()).programme(programme)
    judgement = extraction.check(
        path, programme=known, fiscal_year=year, ask=_password(from_stdin), expect=_band(expect), last_year=last_year,
        protected=extraction.ProtectedBy(listed=listed, removed=removed, nobody_of_ours=nobody_of_ours),
    )  # fmt: skip
    return _show(judgement, as_json=as_json)


@extract.command(help=_("Judge an extract and take it into the vault; empties the inbox."))
def take(
    year: YearOption,
    by: By,
    path: Annotated[Path | None, Argument(help=_("The extract; the one in the inbox if it is not named."))] = None,
    expect: _Expect = "",
    additions: Annotated[
        bool, Option("--additions", help=_("This is the additional extract of late move-ins."))
    ] = False,
    none_came: Annotated[bool, Option("--none", help=_("With --additions: there were none."))] = False,
    replace: Annotated[
        bool | None,
        Option(
            "--replace/--keep", help=_("With --additions: what becomes of letters whose name or address has changed.")
        ),
    ] = None,
    from_stdin: _Stdin = False,
    listed: _Protected = None,
    removed: _Removed = False,
    nobody_of_ours: _Nobody = False,
    programme: Programme = "",
    as_json: AsJson = False,
) -> int:
    from papers.checking import report_of
    from steps import arriving, extraction

    office, cycle_id = office_and_cycle(year, programme)
    ask = _password(from_stdin)
    protected = extraction.ProtectedBy(listed=listed, removed=removed, nobody_of_ours=nobody_of_ours)
    if additions:
        source = None if none_came else path or arriving.from_inbox(office, beside=listed)
        taken = extraction.take_additions(
            office, cycle_id, source, by=by, ask=ask, replace=replace, protected=protected
        )
    else:
        taken = extraction.take_extract(
            office, cycle_id, path, by=by, expect=_band(expect), ask=ask, protected=protected
        )
    if not isinstance(taken, extraction.Taken):
        say(_("Recorded: there were no additional persons."))
        tell_what_is_left(taken, year)
        return DONE
    status = _show(taken.judgement, as_json=as_json)
    if taken.before and not as_json:
        say(_("This extract was taken already; nothing was judged anew."))
    if taken.outcome:
        tell_what_is_left(taken.outcome, year)
    if taken.outcome and not additions and not as_json:
        for label, value in office.see(cycle_id, report_of).comparison:
            say(f"{label}: {value}")
    if taken.source_left and taken.outcome:
        say_aside(_(_STILL_THERE), style="yellow")
    return status


@extract.command(help=_("Decide on a held row, as a named person."))
def decide(
    year: Year,
    rows: Annotated[
        list[int],
        Option("--row", min=2, help=_("Row of the extract, as a spreadsheet counts; several are decided alike.")),
    ],
    how: Annotated[str, Option("--as", help=_("exclude, accept, substitute, or corrected (by a new extract)."))],
    reason: Annotated[str, Option("--reason", help=_("Reason code, such as font."))],
    by: By,
    substitute: Annotated[str, Option("--with", help=_("For substitute: code points, U+8FBB U+E0102>U+8FBB,…"))] = "",
    programme: Programme = "",
    as_json: AsJson = False,
) -> int:
    from steps import extraction

    office, cycle_id = office_and_cycle(year, programme)
    form = [{"row": row, "how": how, "reason": reason, "substitute": substitute} for row in dict.fromkeys(rows)]
    taken = extraction.decide_all(office, cycle_id, form, by=by)
    named = ", ".join(map(str, rows))
    if isinstance(taken, extraction.Taken):
        if taken.outcome:
            tell_what_is_left(taken.outcome, year)
        return _show(taken.judgement, as_json=as_json)
    if how == "corrected":
        say(_("Row {row} waits for a corrected extract; nothing goes on before one is taken."), row=named)
        say_aside("→ " + _("Have it corrected in the register, extract again: tsudoi extract take FILE --year YEAR"))
    say(_("Decided: row {row}. Rows that wait: {left}."), row=named, left=office.facts(cycle_id).undecided)
    tell_what_is_left(taken, year)
    return HELD


@extract.command(help=_("List the held rows, with decisions and proposals."))
def held(year: Year, programme: Programme = "", as_json: AsJson = False) -> int:
    from steps import extraction

    office, cycle_id = office_and_cycle(year, programme)
    rows = extraction.held_rows(office, cycle_id)
    if as_json:
        # A character in doubt is shown by the desk alone, to a browser on its own machine: output may be kept anywhere.
        say_json([{name: it for name, it in asdict(row).items() if name != "characters"} for row in rows])
    else:
        headings = [_("Row"), _("Column"), _("Code"), _("Decision"), _("Decided by"), _("Proposal")]
        say_table(headings, [
            [str(row.row), row.column, row.code, choices.said(choices.DECISIONS, row.how), row.decided_by,
             ", ".join(row.proposals)]
            for row in rows
        ])  # fmt: skip
        for code in sorted({row.code for row in rows}):
            say_aside(f"{code}: {Finding(code=code).sentence}")
    return HELD if any(row.how in {"", "corrected"} for row in rows) else DONE


@extract.command(help=_("Show and print the page for the two checkers."))
def report(year: Year, programme: Programme = "") -> None:
    from papers import checking

    office, cycle_id = office_and_cycle(year, programme)
    page = office.see(cycle_id, checking.report_of)
    taken = page.taken
    counts = [(_("Raw hits"), taken.raw_hits), *((f"　{reason}", number) for reason, number in page.excluded)]
    counts += [(f"　{_('Held rows')}", taken.held), (_("Exported"), taken.exported)]
    say_table([_("Item"), _("Count")], [[label, f"{number:,}"] for label, number in counts])
    say(page.result)
    say_table([_("Compared"), ""], [list(pair) for pair in page.comparison])
    say_table([_("Birth month"), "", ""], [list(line) for line in checking.bars(taken.months)])
    say_table(
        [_("File"), ""],
        [[_("Encoding"), taken.encoding], ["SHA-256", taken.extract_sha256],
         [_("Font"), f"{page.font}　{page.licence}"], ["　SHA-256", taken.font_sha256]],
    )  # fmt: skip
    if page.by_code:
        headings = [_("Column"), _("Reason"), _("Count"), _("Waiting")]
        say_table(headings, [[column, reason, f"{hows.total():,}", f"{hows[''] + hows['corrected']:,}"]
                             for column, reason, hows in page.by_code])  # fmt: skip
    [path] = papers.print_sheets(office, cycle_id, checking.extract_report)
    say(_("Printed: {path}"), path=path)


@extract.command(help=_("List letters with no or a doubtful customer barcode, by serial and row."))
def barcodes(year: Year, programme: Programme = "", as_json: AsJson = False) -> None:
    from steps import printing

    office, cycle_id = office_and_cycle(year, programme)
    found = printing.barcode_doubts(office, cycle_id)
    if as_json:
        say_json({"wanted": found is not None, "doubtful": [asdict(letter) for letter in found or ()]})
    elif found is None:
        say(_("The programme wants no customer barcodes (paper.customer_barcode)."))
    else:
        additional = _("{row} of the additional extract")
        say_table([_("Serial"), _("Row"), _("Reason")], [
            [str(letter.serial), (additional if letter.additional else "{row}").format(row=letter.row),
             reason_of(letter.code)]
            for letter in found
        ])  # fmt: skip


@extract.command(help=_("Take the register's list of changes after the extraction."))
def changes(
    path: _List,
    year: YearOption,
    by: By,
    nobody_of_ours: _Nobody = False,
    programme: Programme = "",
    as_json: AsJson = False,
) -> None:
    from steps import protection

    office, cycle_id = office_and_cycle(year, programme)
    result = protection.take_changes(office, cycle_id, path, by=by, nobody_of_ours=nobody_of_ours)
    _tell(result, year, as_json=as_json)


@extract.command(help=_("Compare the register's present list of protected persons: the re-check."))
def recheck(
    path: _List,
    year: YearOption,
    by: By,
    nobody_of_ours: _Nobody = False,
    no_longer_protected: Annotated[
        int,
        Option(
            "--no-longer-protected", min=0, help=_("How many whom the extract marked are under protection no more.")
        ),
    ] = 0,
    pull_list: Annotated[
        bool, Option("--pull-list", help=_("Issue the pull list that is due with it: both are recorded, or none."))
    ] = False,
    pull: Annotated[
        list[str],
        Option("--pull", help=_("With --pull-list, serials that are pulled for another reason: REASON=1-3,7.")),
    ] = [],
    programme: Programme = "",
    as_json: AsJson = False,
) -> None:
    from steps import protection

    office, cycle_id = office_and_cycle(year, programme)
    result = protection.recheck(
        office, cycle_id, path, by=by, nobody_of_ours=nobody_of_ours, no_longer_protected=no_longer_protected,
        pull_list=pull_list or bool(pull), also_pulled=protection.pulled_by_reason(pull),
    )  # fmt: skip
    _tell(result, year, as_json=as_json)


@extract.command(help=_("Withdraw a wrong re-check or change list."))
def withdraw(
    year: Year,
    listed: Annotated[str, Option("--list", help=_("The first digits of the list's SHA-256."))],
    reason: Annotated[str, Option("--reason", help=_("Reason code, such as wrong_list."))],
    by: By,
    programme: Programme = "",
) -> None:
    from steps import protection

    office, cycle_id = office_and_cycle(year, programme)
    outcome = protection.withdraw(office, cycle_id, by=by, list_sha256=listed, reason=reason)
    say(_("The list is withdrawn (ledger entry {seq}); what it named counts no more."), seq=outcome.seq)
    tell_what_is_left(outcome, year)
    say_aside("→ " + _("Do the re-check again with the right list. What was pulled before the sealing stays pulled."))


@extract.command(help=_("Issue the pull list that is due, from changes and re-checks."))
def pull_list(year: Year, by: By, programme: Programme = "") -> None:
    from steps import protection

    office, cycle_id = office_and_cycle(year, programme)
    outcome = protection.issue_pull_list(office, cycle_id, by=by)
    say(_("“{act}” is done (ledger entry {seq})."), act=act_title(outcome.trigger), seq=outcome.seq)
    tell_what_is_left(outcome, year)


@extract.command(help=_("Write the protected persons for ward staff; registrars only."))
def protected(year: Year, by: By, out: _NewFile, programme: Programme = "") -> None:
    from steps import protection

    office, cycle_id = office_and_cycle(year, programme)
    result = protection.list_protected(office, cycle_id, out, by=by)
    say(_("Protected persons on the list: {count}."), count=result.named)
    _tell_of_the_copy(result.outcome, year)


@extract.command(help=_("Write the additional letters into a file to be printed."))
def letters(year: Year, by: By, out: _NewFile, programme: Programme = "") -> None:
    from steps import printing

    office, cycle_id = office_and_cycle(year, programme)
    outcome = printing.hand_out_letters(office, cycle_id, out, by=by)
    say(_("The letters lie in the file (ledger entry {seq}): print them."), seq=outcome.seq)
    _tell_of_the_copy(outcome, year)


def _tell_of_the_copy(outcome: Outcome, year: int) -> None:
    """Say what becomes of a file that left the vault."""
    words = _("The file is in the custody of the ward: destroy it and record that before the year is closed.")
    say_aside(words, style="yellow")
    tell_what_is_left(outcome, year)


def _tell(result: "Told", year: int, *, as_json: bool) -> None:
    """Say how many rows came and how many of them are ours, never which."""
    for outcome in (result.outcome, result.issued) if result.issued else (result.outcome,):
        tell_what_is_left(outcome, year)
    if as_json:
        say_json({
            "rows": result.rows, "named": result.named, "strangers": result.strangers, "footers": result.footers,
            "list_sha256": result.list_sha256, "act": result.outcome.trigger, "repeated": result.outcome.repeated,
            "issued": result.issued.trigger if result.issued else "",
        })  # fmt: skip
        return
    words = _("“{act}” is recorded: {rows} rows, {named} persons of this year concerned.")
    say(words, act=act_title(result.outcome.trigger), rows=result.rows, named=result.named)
    words = _("SHA-256 of the list: {digits}… A wrong list is withdrawn: tsudoi extract withdraw YEAR --list SHA-256")
    say_aside(words, digits=result.list_sha256[:12])
    if result.footers:
        say_aside(_("Totals, dates or closing words, not counted: {count} rows."), count=result.footers)
    if result.issued:
        say(_("“{act}” is done (ledger entry {seq})."), act=act_title(result.issued.trigger), seq=result.issued.seq)
    elif result.named:
        words = _("Unless they were pulled at once, issue the pull list: tsudoi extract pull-list YEAR --by PERSON")
        say_aside(f"→ {words}")
    if result.source_left:
        say_aside(_(_STILL_THERE), style="yellow")


def _password(from_stdin: bool) -> "Ask":
    """Return how the password of an encrypted extract is asked for: at the terminal, or one line of standard input."""
    from steps.arriving import no_password

    if from_stdin:
        return lambda: sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        words = _("Run the command at a terminal, where it asks for the password; a script gives --password-stdin.")
        return lambda: no_password(words)
    return lambda: typer.prompt(_("Password of the encrypted extract"), hide_input=True, err=True)


def _band(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    low, _sign, high = text.partition("-")
    if not (low.isdigit() and high.isdigit() and int(low) <= int(high)):
        raise BadInput(_("--expect is written MIN-MAX, such as 3600-4800."), _("Mend the option."))
    return int(low), int(high)


def _show(judgement: Judgement, *, as_json: bool) -> int:
    report, (status, verdict) = judgement.report(), _VERDICTS[judgement.verdict]
    if as_json:
        say_json(report)
        return status
    for finding in judgement.findings[:_SHOWN]:
        say(str(finding))
    if len(judgement.findings) > _SHOWN:
        say(_("… and {count} more findings (--json shows all)."), count=len(judgement.findings) - _SHOWN)
    counts = {name: f"{report[name]:,}" for name in ("persons", "exported", "held")}
    excluded = f"{sum(judgement.excluded.values()):,}"
    say(_("Rows {persons}, exported {exported}, excluded {excluded}, held {held}"), excluded=excluded, **counts)
    say(_(verdict), style="bold")
    if judgement.verdict == "refused":
        say_aside("→ " + _("Ask the register section for another extract."))
    return status
