"""Everything that was opened or printed, overwritten and removed again."""

import re
from pathlib import Path

from adapters.vault import shred
from models.package import MANIFEST

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
