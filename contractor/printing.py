"""The letters of an opened package, printed tray by tray, and a record by serial of what was printed.

A contractor without a variable-data system of its own can use it as it stands. What is printed is recorded in the
opened folder until there is one good sheet of each; from this record the printing report (document 12) is filled in.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from adapters import disk
from adapters.barcode import DOUBTS, BarcodeTowns
from adapters.fonts import FontFile, default_font
from adapters.press import UNDRAWN, Addressee, Press, refusal_of
from contractor.transfer import addressees, look_for
from models.errors import BadInput, Unknown
from models.package import HARD, TOWNS, WORDS
from models.serials import compact, count, expand, minus, union
from models.words import _

RECORD = "printing.json"
LETTERS = "letters"
_BATCH = 1000
_WORKERS = 2
_PLAIN_IN_SAMPLE = 30


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


def print_letters(folder: Path, into: Path | None = None, *, serials: str = "", font: Path | None = None) -> Printed:
    """Print the letters of an opened package, in serial order, as a few PDF files; return the record of all printing.

    Without `serials` everything not printed yet is printed. A serial that is named and was printed before is printed
    again, and its former sheet is recorded as spoiled.

    Raises:
        BadInput: the font is not the one the ward checked or cannot draw a character, all letters are printed, or a
            named one is not.
        Unknown: no package was opened into this folder, or a serial is not in it.

    """
    words, record = _words(folder), Printed.read(folder)
    known = [person.serial for person in addressees(folder)]
    wanted, again = _wanted(serials, known, record), bool(serials)
    press = _press(folder, font, words)
    record = replace(record, again=record.again + again, missing=minus(compact(known), record.good))
    name = f"again-{record.again:02}" if again else "letters"
    into = _room_for_letters(folder, into)

    def put(printed: Sequence[Addressee], pdf: bytes) -> None:
        nonlocal record
        disk.put(into / f"{name}-{printed[0].serial:07}-{printed[-1].serial:07}.pdf", pdf)
        record = record.after((person.serial for person in printed), again=again)
        record.write(folder)

    chosen = (person for person in _laid_out(folder) if person.serial in wanted)
    batch = max(1, _BATCH // words["tray"]) * words["tray"]
    press.letters(chosen, into=put, words=words, batch=batch, workers=_WORKERS, again=again)
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
    words = _words(folder)
    press = _press(folder, font, words)
    known = [person.serial for person in addressees(folder)]
    asked = expand(words.get(HARD, ""))  # what the ward wants to see, such as rows with replaced characters
    chosen = {*_hard(addressees(folder), press, words), *asked, *_named(serials, known)}
    plain = [serial for serial in known if serial not in chosen]
    chosen |= set(plain[:: max(1, len(plain) // _PLAIN_IN_SAMPLE)][:_PLAIN_IN_SAMPLE])
    path = _room_for_letters(folder, into) / "imprint-sample.pdf"
    disk.put(path, press.specimen(words, (person for person in _laid_out(folder) if person.serial in chosen)))
    return path, sorted(chosen)


def barcode_doubts(folder: Path) -> dict[str, str]:
    """Return the serials of letters without a customer barcode (`none`) and of doubtful addresses, by reason.

    Empty where the programme wants no barcodes.
    """
    found: dict[str, list[int]] = {code: [] for code in ("none", *DOUBTS)}
    if towns := _towns(folder):
        for person in addressees(folder):
            for code in towns.barcode(person.postal_code, person.address).doubtful:
                found[code].append(person.serial)
    return {code: compact(serials) for code, serials in found.items() if serials}


def _room_for_letters(folder: Path, into: Path | None) -> Path:
    into = into or folder / LETTERS
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    return into


def _laid_out(folder: Path) -> Iterator[Addressee]:
    """Walk over the addressees, each with its tray and the bars of its customer barcode."""
    tray, towns = _words(folder)["tray"], _towns(folder)
    for place, person in enumerate(addressees(folder)):
        bars = towns.barcode(person.postal_code, person.address).bars if towns else ""
        yield replace(person, tray=place // tray + 1, bars=bars)


def _wanted(serials: str, known: Sequence[int], record: Printed) -> set[int]:
    printed, named = set(expand(record.good)), _named(serials, known)
    if early := named - printed:
        raise BadInput(
            _("These serials are not printed yet: {serials}").format(serials=compact(early)),
            _("Print all letters first, without --serials."),
        )
    if serials:
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
    with suppress(UnicodeEncodeError):
        text.encode("shift_jis")
        return False
    return True


def _words(folder: Path) -> Any:
    look_for(folder / WORDS)
    return json.loads((folder / WORDS).read_text(encoding="utf-8"))


def _towns(folder: Path) -> BarcodeTowns | None:
    """Return the towns that came with the package, where the programme wants customer barcodes."""
    wanted = _words(folder)["customer_barcode"]
    return BarcodeTowns.read((folder / TOWNS).read_text(encoding="utf-8")) if wanted else None


def _press(folder: Path, font_file: Path | None, words: Mapping[str, Any]) -> Press:
    """Return the press with the font that the ward declared, once it is seen to draw every character of the package."""
    font = FontFile.read(font_file) if font_file else default_font()
    if words.get("font_sha256", font.sha256) not in ("", font.sha256):
        raise BadInput(
            _("The font {family} is not the one the ward has checked the names with.").format(family=font.family),
            _("Name the font file that you declared: --font FILE"),
        )
    press = Press(templates=folder, fonts=(font.path,), family=font.family)
    # Private use characters mean what the declared font shows: with any other one they are refused.
    refused = UNDRAWN if words.get("font_sha256") else UNDRAWN | {"private_use"}
    if found := [finding for finding in press.findings(addressees(folder)) if finding[1].code in refused]:
        raise refusal_of(found)
    return press
