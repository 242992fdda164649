"""The contractor's side, from the encrypted package alone: open it, print the letters, erase everything again.

Nothing here reads the ward's database or vault. A contractor without a variable-data system of its own can use it as it
stands; the counts it makes are its own. What is printed is recorded by serial in the opened folder, until there is one
good sheet of each; from this record the printing report (document 12) is filled in.
"""

import csv
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Self

from adapters import disk
from adapters.barcode import DOUBTS, Towns
from adapters.fonts import FontFile, default_font
from adapters.package import open_package
from adapters.password import check
from adapters.press import UNDRAWN, Addressee, Press, refusal_of
from adapters.vault import shred
from models.errors import BadInput, Damaged, Unknown
from models.package import FILE, HARD, MANIFEST, TOWNS, WORDS, row_digest
from models.serials import compact, count, expand, minus, union
from models.words import _

RECORD = "printing.json"
LETTERS = "letters"
_BATCH = 1000
_PLAIN_IN_SAMPLE = 30


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What the contractor read: its own count and the hash it computed."""

    persons: int
    package_sha256: str


@dataclass(frozen=True, kw_only=True)
class Printed:
    """What was printed so far, by serial: `good` has one good sheet, `missing` none yet.

    A serial that is printed again had a spoiled sheet; `sheets_spoiled` counts those sheets, which all go back to the
    ward. `again` counts the runs of reprinting.
    """

    good: str = ""
    spoiled: str = ""
    reprinted: str = ""
    missing: str = ""
    sheets_spoiled: int = 0
    again: int = 0

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the record of an opened folder; nothing printed yet is an empty one."""
        path = folder / RECORD
        return cls(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else cls()

    def write(self, folder: Path) -> None:
        """Write the record; a kill leaves the old one or the new."""
        disk.put(folder / RECORD, (json.dumps(asdict(self), indent=1) + "\n").encode())

    def after(self, serials: Iterable[int], *, again: bool) -> Self:
        """Return the record once these serials have been printed, for the first time or again."""
        printed = compact(serials)
        if not again:
            return replace(self, good=union(self.good, printed), missing=minus(self.missing, printed))
        return replace(
            self,
            spoiled=union(self.spoiled, printed),
            reprinted=union(self.reprinted, printed),
            sheets_spoiled=self.sheets_spoiled + count(printed),
        )


def open_to(folder: Path, package: Path, *, password: str, sha256: str = "") -> Opened:
    """Open the encrypted package into a folder of the contractor's and count the persons.

    Raises:
        BadInput: the password has a slip, or the folder is not empty.
        Damaged: the package is not what was sealed.

    """
    if folder.exists() and any(folder.iterdir()):
        raise BadInput(
            _("The folder is not empty."), _("Choose an empty folder: what is opened must be erasable as a whole.")
        )
    members = open_package(package, password=check(password), sha256=sha256 or None)
    _compare(members)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, content in members.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_bytes(content)
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    return Opened(persons=sum(1 for _row in addressees(folder)), package_sha256=digest)


def addressees(folder: Path) -> Iterator[Addressee]:
    """Walk over the addressees of an opened package in serial order.

    Raises:
        Unknown: no package was opened into this folder.

    """
    _look_for(folder / FILE)
    with (folder / FILE).open(encoding="utf-8-sig", newline="") as file:
        for serial, name, postal_code, address in islice(csv.reader(file), 1, None):
            yield Addressee(serial=int(serial), name=name, postal_code=postal_code, address=address)


def print_letters(
    folder: Path, into: Path | None = None, *, serials: str = "", font: Path | None = None, workers: int = 2
) -> Printed:
    """Print the letters of an opened package, in serial order, as a few PDF files; return the record of all printing.

    Without `serials` everything not printed yet is printed. A serial that is named and was printed before is printed
    again, and its former sheet is recorded as spoiled.

    Raises:
        BadInput: the font is not the one the ward checked or cannot draw a character, all letters are printed, or a
            named one is not.
        Unknown: no package was opened into this folder, or a serial is not in it.

    """
    press, words, record = _press(folder, font), _words(folder), Printed.read(folder)
    known = [person.serial for person in addressees(folder)]
    wanted, again = _wanted(serials, known, record), bool(serials)
    _refuse_what_would_be_wrong(press, addressees(folder), words)
    record = replace(record, again=record.again + again, missing=minus(compact(known), record.good))
    name = f"again-{record.again:02}" if again else "letters"
    into = into or folder / LETTERS
    into.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(printed: Sequence[Addressee], pdf: bytes) -> None:
        nonlocal record
        disk.put(into / f"{name}-{printed[0].serial:07}-{printed[-1].serial:07}.pdf", pdf)
        record = record.after((person.serial for person in printed), again=again)
        record.write(folder)

    chosen = (person for person in _laid_out(folder) if person.serial in wanted)
    batch = max(1, _BATCH // words["tray"]) * words["tray"]
    press.letters(chosen, into=put, words=words, batch=batch, workers=workers, again=again)
    return record


def print_sample(
    folder: Path, into: Path | None = None, *, serials: str = "", font: Path | None = None
) -> tuple[Path, list[int]]:
    """Print the imprint sample, marked as a specimen: hard rows, some plain ones, and the named.

    Returns the file and the serials in it.

    Raises:
        BadInput: the font is not the one the ward checked or cannot draw a character.
        Unknown: no package was opened into this folder, or a serial is not in it.

    """
    press, words = _press(folder, font), _words(folder)
    _refuse_what_would_be_wrong(press, addressees(folder), words)
    known = [person.serial for person in addressees(folder)]
    asked = expand(words.get(HARD, ""))  # what the ward wants to see, such as rows with replaced characters
    chosen = {*_hard(addressees(folder), press, words), *asked, *(_named(serials, known) if serials else ())}
    plain = [serial for serial in known if serial not in chosen]
    chosen |= set(plain[:: max(1, len(plain) // _PLAIN_IN_SAMPLE)][:_PLAIN_IN_SAMPLE])
    into = into or folder / LETTERS
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = into / "imprint-sample.pdf"
    disk.put(path, press.specimen(words, (person for person in _laid_out(folder) if person.serial in chosen)))
    return path, sorted(chosen)


def barcode_doubts(folder: Path) -> dict[str, str]:
    """Return the serials of letters without a customer barcode (`none`) and of doubtful addresses, by reason.

    Empty where the programme wants no barcodes.
    """
    towns = _towns(folder)
    if towns is None:
        return {}
    found: dict[str, list[int]] = {code: [] for code in ("none", *DOUBTS)}
    for person in addressees(folder):
        for code in towns.doubts(person.postal_code, person.address):
            found[code].append(person.serial)
    return {code: compact(serials) for code, serials in found.items() if serials}


def write_digests(printed: Path, package_sha256: str, into: Path) -> int:
    """Write a check value of each row that a print system is about to print; return how many rows.

    `printed` is a CSV with a header and serial, name, postal code and address, as that system holds them. The ward
    compares the values with its own: a name that stands with another's address is named by its serial. The values hold
    nothing that can be read, and nobody without the hash of the package can make them.

    Raises:
        BadInput: the file is not such a CSV.

    """
    try:
        with printed.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))[1:]
        lines = [f"{int(row[0])},{row_digest(package_sha256, *row[:4])}" for row in rows if row]
    except (OSError, ValueError, TypeError, csv.Error):
        raise BadInput(
            _("The rows to be printed cannot be read."),
            _("Export them as CSV in UTF-8: serial, name, postal code, address, with a header."),
        ) from None
    into.touch(mode=0o600)
    into.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines)


_PRINTED = re.compile(r"(letters|again|imprint-sample).*\.pdf")


def is_ours(folder: Path) -> bool:
    """Tell whether a folder holds an opened package, or letters and nothing else: another is not erased by mistake."""
    return (folder / MANIFEST).is_file() or all(_PRINTED.fullmatch(path.name) for path in folder.iterdir())


def erase(folder: Path) -> int:
    """Overwrite and remove everything under a folder of the contractor's; return how many files.

    The manifest goes last: after a kill the folder is still known for what it is.
    """
    erased = 0
    for path in sorted(folder.rglob("*"), key=lambda path: (path != folder / MANIFEST, path), reverse=True):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            shred(path)
            erased += 1
    if folder.exists():
        folder.rmdir()
    return erased


def _laid_out(folder: Path) -> Iterator[Addressee]:
    """Walk over the addressees, each with its tray and the bars of its customer barcode."""
    tray, towns = _words(folder)["tray"], _towns(folder)
    for place, person in enumerate(addressees(folder)):
        bars = towns.bars(person.postal_code, person.address) if towns else ""
        yield replace(person, tray=place // tray + 1, bars=bars)


def _wanted(serials: str, known: Sequence[int], record: Printed) -> set[int]:
    printed = set(expand(record.good))
    if serials:
        named = _named(serials, known)
        if early := named - printed:
            raise BadInput(
                _("These serials are not printed yet: {serials}").format(serials=compact(early)),
                _("Print all letters first, without --serials."),
            )
        return named
    if known and printed.issuperset(known):
        raise BadInput(
            _("Every letter is printed already; nobody may get two."),
            _("Name the spoiled ones to print them again: --serials 5,9-12"),
        )
    return set(known) - printed


def _named(serials: str, known: Sequence[int]) -> set[int]:
    named = set(expand(serials))
    if strangers := named - set(known):
        raise Unknown(
            _("These serials are not in the package: {serials}").format(serials=compact(strangers)),
            _("Read them from the spoiled sheets again."),
        )
    return named


def _refuse_what_would_be_wrong(press: Press, people: Iterable[Addressee], words: Mapping[str, Any]) -> None:
    """Look at every character before the first letter, with the font that prints.

    Private use characters mean what the font that the ward declared shows: with any other one they are refused.
    """
    refused = UNDRAWN if words.get("font_sha256") else UNDRAWN | {"private_use"}
    found = [it for it in press.findings(people) if it[1].code in refused]
    if found:
        raise refusal_of(found)


def _hard(people: Iterable[Addressee], press: Press, words: Mapping[str, Any]) -> Iterator[int]:
    """Walk over the serials of rows that are hard to print: rare characters, names or addresses of many lines."""
    box, glyphs = words["box"], press.glyphs
    for person in people:
        lines = glyphs.lines(person.name, size_pt=box["name_size_pt"], width_mm=box["name_width_mm"], tail_em=1.6)
        room = {"size_pt": box["address_size_pt"], "width_mm": box["address_width_mm"]}
        rare = _is_rare(person.name) or _is_rare(person.address)
        if rare or lines > 1 or glyphs.lines(person.address, **room) > 2:  # noqa: PLR2004 - two lines are usual
            yield person.serial


def _is_rare(text: str) -> bool:
    try:
        text.encode("shift_jis")
    except UnicodeEncodeError:
        return True
    return False


def _compare(members: dict[str, bytes]) -> None:
    hashes: dict[str, str] = json.loads(members.get(MANIFEST, b"{}")).get("sha256", {})
    found = {name: hashlib.sha256(content).hexdigest() for name, content in members.items() if name != MANIFEST}
    if not hashes or found != hashes:
        raise Damaged(
            _("The files in the package are not those of its manifest."), _("Do not use it; call the other side.")
        )


def _look_for(path: Path) -> None:
    if not path.is_file():
        raise Unknown(
            _("No package was opened into this folder."), _("Open it first: tsudoi contractor open PACKAGE FOLDER")
        )


def _words(folder: Path) -> Any:
    _look_for(folder / WORDS)
    return json.loads((folder / WORDS).read_text(encoding="utf-8"))


def _towns(folder: Path) -> Towns | None:
    """Return the towns that came with the package, where the programme wants customer barcodes."""
    return Towns.read((folder / TOWNS).read_text(encoding="utf-8")) if _words(folder)["customer_barcode"] else None


def _press(folder: Path, font_file: Path | None) -> Press:
    font = FontFile.read(font_file) if font_file else default_font()
    if _words(folder).get("font_sha256", font.sha256) not in ("", font.sha256):
        raise BadInput(
            _("The font {family} is not the one the ward has checked the names with.").format(family=font.family),
            _("Name the font file that you declared: --font FILE"),
        )
    return Press(templates=folder, fonts=(font.path,), family=font.family)
