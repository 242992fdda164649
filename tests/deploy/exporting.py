"""An export as an auditor gets it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from deploy import verify_ledger as verifier


@dataclass(frozen=True, kw_only=True)
class Export:
    """A folder as an auditor gets it, and what he holds on paper."""

    folder: Path
    key: str

    @property
    def lines(self) -> list[bytes]:
        return (self.folder / "ledger.jsonl").read_bytes().splitlines(keepends=True)

    def put(self, lines: list[bytes]) -> None:
        (self.folder / "ledger.jsonl").write_bytes(b"".join(lines))

    def note(self, size: int) -> str:
        return (self.folder / "checkpoints" / f"{size:09}.txt").read_text(encoding="utf-8")

    def check(self, *papers: Path) -> verifier.Report:
        return verifier.verify_ledger(str(self.folder), [str(paper) for paper in papers], self.key)

    def copy(self, to: Path) -> "Export":
        shutil.copytree(self.folder, to)
        return Export(folder=to, key=self.key)
