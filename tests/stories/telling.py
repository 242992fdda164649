"""How the stories run the real command as a process of its own, and read what it leaves."""

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pypdfium2

from adapters.sample import additional_extract, sample_extract, write_sample
from adapters.scanner import ScanResult, scan
from steps.residents import needles_in

YEAR, CYCLE = 2026, "hatachi-2026"
COMMAND = Path(sys.executable).with_name("tsudoi")
_LOOK_AGAIN = 0.02  # seconds


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A folder with the rehearsal's DIR, a temporary folder of its own, and what it printed."""

    folder: Path
    persons: int

    @property
    def out(self) -> Path:
        return self.folder / "dir"

    @property
    def home(self) -> Path:
        return self.out / "home"

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    def surroundings(self, **more: str) -> dict[str, str]:
        """Return an environment without settings, with every temporary file under the stage."""
        self.temporary.mkdir(parents=True, exist_ok=True)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("TSUDOI_", "PREFECT_"))}
        return {**kept, "TMPDIR": str(self.temporary), "HOME": str(self.temporary), **more}

    def start(self, *options: str) -> "subprocess.Popen[bytes]":
        """Start the rehearsal, or let an interrupted one go on. A Prefect server it leaves keeps no pipe of ours."""
        command = [COMMAND, "rehearse", str(YEAR), "--out", self.out, "--persons", str(self.persons), *options]
        surroundings = self.surroundings()
        with (self.folder / "said").open("ab") as said:
            return subprocess.Popen(command, env=surroundings, stdout=said, stderr=said, stdin=subprocess.DEVNULL)

    def play(self, *options: str) -> None:
        """Rehearse to the end."""
        assert self.start(*options).wait() == 0, self.said()

    def run(self, *arguments: object) -> "subprocess.CompletedProcess[str]":
        """Run another command on the rehearsed installation."""
        return subprocess.run(
            [COMMAND, *map(str, arguments)], env=self.surroundings(TSUDOI_HOME=str(self.home)), cwd=self.folder,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def said(self) -> str:
        return (self.folder / "said").read_text(encoding="utf-8")

    def needles(self) -> set[str]:
        """Return everybody of the extract and the additions, having found them all in the very files they come in."""
        first = sample_extract(fiscal_year=YEAR, persons=self.persons, seed=1)
        late = additional_extract(fiscal_year=YEAR, persons=max(1, self.persons // 330), seed=2, after=first)
        sought: set[str] = set()
        for number, frame in enumerate((first, late)):
            write_sample(frame, path := self.folder / f"sample-{number}.csv")
            needles = {it for it in needles_in(frame) if len(it.strip()) >= 4}
            assert scan([path], needles).found >= frame.height
            path.unlink()
            sought |= needles
        return sought

    def look(self, needles: set[str], *, exclude: tuple[Path, ...] = ()) -> ScanResult:
        """Search everything that the rehearsal could write to."""
        return scan([self.out, self.temporary, self.folder / "said"], needles, exclude=exclude)

    def processes(self) -> list[psutil.Process]:
        """Return every process that works for this stage, however it was left alone."""
        mine: list[psutil.Process] = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("TSUDOI_HOME") == str(self.home):
                    mine.append(process)
        return mine

    def sweep_up(self) -> list[str]:
        """End what a killed rehearsal left running, and return what it was."""
        left, told = self.processes(), list[str]()
        for process in left:
            with suppress(psutil.NoSuchProcess):  # it ended by itself since it was found; a zombie has ended too
                told.append(" ".join(process.cmdline()))
                process.kill()
        psutil.wait_procs(left)
        return told


def text_of(path: Path) -> str:
    """Return the text of every page of a paper."""
    with pypdfium2.PdfDocument(path) as paper:
        return "\n".join(page.get_textpage().get_text_range() for page in paper)


def passes(process: "subprocess.Popen[bytes]") -> bool:
    """Let a moment pass; tell whether the process still runs."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(_LOOK_AGAIN)
    return process.returncode is None
