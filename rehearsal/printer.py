"""The contractor of a rehearsal: works only from what he is handed, a medium and a paper, in a folder of his own.

He types the password as it is printed on the notice, counts what he reads, prints every letter, and erases at the end.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pypdfium2  # pyright: ignore[reportMissingTypeStubs] - it ships none

from adapters.password import ALPHABET, GROUPS
from adapters.vault import shred
from contractor.erasure import erase
from contractor.printing import Printed, print_letters, print_sample
from contractor.transfer import Opened, open_to
from models.errors import BadInput
from models.programme import ScanLog
from models.serials import compact, expand, piece_code
from models.words import _

_GROUP = 5
_SPOILED = 2
_UNREAD, _TOUCHED = 5, 9  # places in the log of the rehearsed sealer


@dataclass(frozen=True, kw_only=True)
class Printer:
    """The simulated contractor and his folder."""

    folder: Path
    keep: bool = False

    @property
    def _work(self) -> Path:
        return self.folder / "opened"

    @property
    def _letters(self) -> Path:
        return self.folder / "letters"

    def is_handed(self, thing: Path, kind: Literal["medium", "notice"]) -> None:
        """Take the medium with the encrypted package as it lies on it, or the password notice, a sheet of paper."""
        folder = self.folder / kind
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for old in folder.iterdir():
            shred(old)
        shutil.copyfile(thing, folder / thing.name)

    def opens_the_package(self) -> Opened:
        """Type the password from the notice and open the package; a folder half-filled by a kill is made anew."""
        erase(self._work)
        package = next((self.folder / "medium").iterdir())
        return open_to(self._work, package, password=self._reads_the_password())

    def prints_a_sample(self) -> list[int]:
        """Print the imprint sample: what the ward named, and what is found hard to print; return the serials in it."""
        return print_sample(self._work, self._letters)[1]

    def prints(self) -> Printed:
        """Print every letter, and two again that the machine spoiled; a killed run goes on where it was."""
        record = Printed.read(self._work)
        if record.missing or not record.good:
            record = print_letters(self._work, self._letters)
        serials = list(expand(record.good))
        spoiled = serials[:: max(1, len(serials) // 2)][:_SPOILED]
        return print_letters(self._work, self._letters, serials=compact(spoiled)) if not record.again else record

    def seals(self, serials: list[int], *, fiscal_year: int, shape: ScanLog) -> Path:
        """Seal the pieces and return the log of the sealer: a code it could not read, a piece that a hand was on."""
        path = self.folder / "sealer" / "scan-log.csv"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lines = [",".join(map(str, (*shape.columns_read(timed=False), shape.time)))]
        for place, serial in enumerate(serials):
            code = "NOREAD" if place == _UNREAD else piece_code(serial, fiscal_year)
            mark = shape.touched[0] if place == _TOUCHED else ""
            codes = [code] * (1 + len(shape.others))
            lines.append(",".join((*codes, mark, f"10:{place // 60 % 60:02}:{place % 60:02}")))
        path.write_text("\r\n".join(lines) + "\r\n", encoding=shape.encoding)
        return path

    def returns_what_it_was_handed(self) -> None:
        """Give back the medium and the notice."""
        if not self.keep:
            erase(self.folder / "medium")
            erase(self.folder / "notice")

    def erases_everything(self) -> None:
        """Erase what was opened and printed, as a real contractor must; a rehearsal may keep it for looking at."""
        if not self.keep:
            erase(self._work)
            erase(self._letters)
            erase(self.folder / "sealer")

    def _reads_the_password(self) -> str:
        """Read the groups off the paper, as a person would, and type them."""
        notice = next((self.folder / "notice").iterdir())
        with pypdfium2.PdfDocument(notice) as paper:
            text = paper[0].get_textpage().get_text_range()
        words = [word for line in text.splitlines() for word in line.replace("-", " ").split()]
        groups = [word for word in words if len(word) == _GROUP and set(word) <= set(ALPHABET)]
        if len(groups) < GROUPS:
            raise BadInput(_("The password cannot be read from the notice."), _("Ask for a new notice."))
        return "-".join(groups[:GROUPS])
