"""The files of others that the desk serves are those of their packages, byte for byte."""

import hashlib
import re
from pathlib import Path

STATIC = Path(__file__).parents[2] / "desk" / "web" / "static"


def test_each_file_of_others_is_the_one_whose_licence_lies_beside_it() -> None:
    """The licences name every file that is not ours with its hash, and the file has it."""
    text = (STATIC / "licences.txt").read_text(encoding="utf-8")
    told = dict(re.findall(r"^(\S+): .+\nsha256 ([0-9a-f]{64})$", text, flags=re.MULTILINE))
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in STATIC.iterdir()}
    own = {"desk.css", "desk.js", "licences.txt"}
    assert {name: found[name] for name in found.keys() - own} == told
