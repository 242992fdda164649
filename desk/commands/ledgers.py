"""`tsudoi ledger`: verify, export, prove, import, correct, show."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from typer import Argument, Option, Typer

from desk.commands.acts import tell_outcome
from desk.commands.logins import at_the_desk, office_and_cycle
from desk.console import say, say_json, say_table
from desk.options import AsJson, Programme, Year
from models.errors import BadInput
from models.words import _, in_words
from states.events import event_words
from states.table import BY_TRIGGER
from steps import acting, auditing, history
from steps.bundle import bundle
from views.standing import act_title

app = Typer()
ledger = Typer(name="ledger", help=_("The ledger: verify, export, prove, import, correct, show."), no_args_is_help=True)
app.add_typer(ledger)


@ledger.command(help=_("Check every byte of the ledger, or of an exported one."))
def verify(
    path: Annotated[
        Path | None, Argument(help=_("An exported ledger.jsonl; the installation's own if not named."))
    ] = None,
    checkpoint: Annotated[
        list[Path],
        Option("--checkpoint", help=_("An older checkpoint, such as a printed one: its three lines in a file.")),
    ] = [],
    as_json: AsJson = False,
) -> None:
    office = at_the_desk()
    verified = auditing.verify(office, path, checkpoint)
    if as_json:
        say_json({"holds": True, **asdict(verified)})
        return
    words = _("The ledger holds: {entries} entries, {checkpoints} checkpoints.")
    say(words, entries=verified.entries, checkpoints=verified.checkpoints)
    say(_reach(verified.covered, verified.entries))
    say(_("Root: {root}"), root=verified.root)
    for remark in verified.remarks:
        say(remark, style="yellow")


def _reach(covered: int, entries: int) -> str:
    if not covered:
        return _("There is no checkpoint yet: no paper vouches for any of it.")
    if covered == entries:
        return _("Checkpoints vouch for all of it.")
    words = _("Checkpoints vouch for entries 1 to {covered}; from {next} on no paper does before the next checkpoint.")
    return words.format(covered=covered, next=covered + 1)


@ledger.command(help=_("Write the ledger with its checkpoints and an offline verifier into a folder."))
def export(
    folder: Annotated[Path, Argument(help=_("An empty or new folder."))],
    xlsx: Annotated[bool, Option("--xlsx", help=_("Also the 管理簿 as Excel, for people."))] = False,
    pdf: Annotated[bool, Option("--pdf", help=_("Also the 管理簿 as PDF, for people."))] = False,
) -> None:
    office = at_the_desk()
    entries = auditing.export(office, folder, xlsx=xlsx, pdf=pdf)
    for path in sorted(folder.glob("control-ledger-*")):
        say(path.name)
    say(_("{count} entries are exported."), count=entries)
    say(_("Key for the verifier, to be handed over on paper: {key}"), key=auditing.key_of(office))


@ledger.command(help=_("Prove that one checkpoint only goes on from another, or that it holds an entry."))
def prove(
    start: Annotated[int | None, Option("--from", min=0, help=_("Size of the ledger at the older checkpoint."))] = None,
    end: Annotated[int | None, Option("--to", min=0, help=_("Size of the ledger at the newer checkpoint."))] = None,
    entry: Annotated[
        int | None, Option("--entry", min=1, help=_("Prove that this entry stands in the ledger."))
    ] = None,
    as_json: AsJson = False,
) -> None:
    office = at_the_desk()
    if entry is not None and start is None:
        proof = auditing.prove_inclusion(office, entry, end or 0)
    elif entry is None and start is not None and end is not None:
        proof = auditing.prove_consistency(office, start, end)
    else:
        raise BadInput(
            _("Which proof is asked for?"), _("Give --from SIZE --to SIZE, or --entry NUMBER with or without --to.")
        )
    if as_json:
        say_json(proof)
        return
    if proof["kind"] == "inclusion":
        say(_("Entry {entry} stands in the ledger."), entry=entry)
    else:
        say(_("The ledger of {new} entries only added to the ledger of {old} entries."), old=start, new=end)
    say(_("With --json in a file the auditor can check it: python3 verify_ledger.py --proof FILE"))


@ledger.command("import", help=_("Take last year's 管理簿 in Excel into the ledger, as history."))
def take_in(
    file: Annotated[Path, Argument(help=_("An Excel file with 日時, 取扱者, 情報の内容 and 数量."))],
    year: Annotated[int, Option("--year", help=_("The fiscal year of which it tells."))],
    by: Annotated[str, Option("--by", help=_("Who takes it in."))],
) -> None:
    rows = history.take_history(at_the_desk(), file, year, by=by)
    say(_("{count} rows are in the ledger, each marked as history."), count=rows)


@ledger.command(help=_("Correct an entry by a new one that names it; the old one stays as it is."))
def correct(
    year: Year,
    entry: Annotated[int, Argument(min=1, help=_("Number of the entry that is wrong."))],
    correction: Annotated[str, Option("--correction", help=_("What is right, without personal data."))],
    reason: Annotated[str, Option("--reason", help=_("Why."))],
    by: Annotated[str, Option("--by", help=_("Who corrects it."))],
    programme: Programme = "",
    as_json: AsJson = False,
) -> int:
    office, cycle_id = office_and_cycle(year, programme)
    fields = {"corrects": str(entry), "correction": correction, "reason": reason}
    outcome = acting.perform(office, cycle_id, "correct_entry", by=by, fields=fields)
    return tell_outcome(outcome, year, as_json=as_json)


@ledger.command(help=_("Show the latest entries."))
def show(
    last: Annotated[int, Option("--last", min=1, help=_("How many entries."))] = 20,
    year: Annotated[int | None, Option("--year", help=_("Only this fiscal year."))] = None,
    as_json: AsJson = False,
) -> None:
    office = at_the_desk()
    entries = auditing.latest(office, last, office.cycle_id(year) if year else None)
    if as_json:
        say_json(entries)
        return
    say_table(
        [_("No."), _("When"), _("Event"), _("By"), _("Cycle"), _("Act")],
        [[str(e["seq"]), e["at"], _event(e["event"]), e["by"], e["cycle"] or "", _act(e["data"])] for e in entries],
    )


@app.command("bundle", help=_("Write the audit bundle of a year: one zip, verifiable offline."))
def bundle_up(
    year: Year,
    path: Annotated[Path, Argument(help=_("The zip file to write; it must not be there yet."))],
    programme: Programme = "",
) -> None:
    office, cycle_id = office_and_cycle(year, programme)
    count = bundle(office, cycle_id, path)
    say(_("{count} files are in the bundle. Open index.html in it first."), count=count)


def _event(event: str) -> str:
    ja, en = event_words(event)
    return in_words(ja=ja, en=en)


def _act(data: dict[str, object]) -> str:
    act = str(data.get("act", ""))
    return act_title(act) if act in BY_TRIGGER else ""
