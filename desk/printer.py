"""The contractor of a rehearsal: works only from what he is handed, a medium and a paper, in a folder of his own.

He types the password as it is printed on the notice, counts what he reads, prints every letter, and erases at the end.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pypdfium2

from adapters.password import ALPHABET, GROUPS
from adapters.vault import shred
from models.errors import BadInput
from models.programme import ScanLog
from models.serials import piece_code
from models.words import _
from steps import contractor
from steps.contractor import Opened

_GROUP = 5
_LONG_NAME = 25
_SAMPLE = 30
_UNREAD, _TOUCHED = 5, 9  # places in the log of the rehearsed sealer


@dataclass(frozen=True, kw_only=True)
class Printer:
    """The simulated contractor and his folder."""

    folder: Path
    keep: bool = False

    @property
    def _work(self) -> Path:
        return self.folder / "work"

    @property
    def _letters(self) -> Path:
        return self.folder / "letters"

    def is_handed_the_medium(self, package: Path) -> None:
        """Take the medium: the encrypted package as it lies on it."""
        self._hand(package, "medium")

    def is_handed_the_notice(self, notice: Path) -> None:
        """Take the password notice: a sheet of paper."""
        self._hand(notice, "notice")

    def opens_the_package(self) -> Opened:
        """Type the password from the notice and open the package; a folder half-filled by a kill is made anew."""
        contractor.erase(self._work)
        package = next((self.folder / "medium").iterdir())
        return contractor.open_to(self._work, package, password=self._reads_the_password())

    def prints_a_sample(self) -> list[int]:
        """Print the imprint sample: every row that is hard to print, and a few plain ones."""
        people = list(contractor.addressees(self._work))
        hard = [person.serial for person in people if _is_hard(person.name) or _is_hard(person.address)]
        plain = [person.serial for person in people if person.serial not in set(hard)][:_SAMPLE]
        serials = sorted({*hard, *plain})
        contractor.print_sample(self._work, self._letters, frozenset(serials))
        return serials

    def prints(self) -> list[int]:
        """Print every letter; return the serials printed."""
        contractor.print_letters(self._work, self._letters)
        return [person.serial for person in contractor.addressees(self._work)]

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
            contractor.erase(self.folder / "medium")
            contractor.erase(self.folder / "notice")

    def erases_everything(self) -> None:
        """Erase what was opened and printed, as a real contractor must; a rehearsal may keep it for looking at."""
        if not self.keep:
            contractor.erase(self._work)
            contractor.erase(self._letters)
            contractor.erase(self.folder / "sealer")

    def _hand(self, thing: Path, place: str) -> None:
        folder = self.folder / place
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for old in folder.iterdir():
            shred(old)
        shutil.copyfile(thing, folder / thing.name)

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


def _is_hard(text: str) -> bool:
    try:
        text.encode("shift_jis")
    except UnicodeEncodeError:
        return True
    return len(text) > _LONG_NAME
