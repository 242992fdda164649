"""What lies in the folders of programmes: their files, the templates of their papers, towns and measures."""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml

from models.measures import KINDS, Measure
from models.programme import Programme

_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def programme_files(extra: Path | None) -> list[Path]:
    """Return the programme files of the project and of the installation."""
    own = Path(str(files("deploy") / "programmes"))
    return sorted(path for folder in (own, extra) if folder for path in folder.glob("*.toml"))


def templates_of(programme: Programme) -> Path:
    """Return the folder of a programme's paper templates."""
    return Path(str(files("deploy") / "programmes")) / programme.paper.templates


def template_sha256(programme: Programme) -> str:
    """Return the SHA-256 over the letter's templates: what is approved is this, and nothing else may be printed."""
    digest = hashlib.sha256()
    for name in ("family.typ", "invitation.typ", "letter.typ", "letter_form.typ"):
        path = templates_of(programme) / name
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def towns_file(programme: Programme) -> Path:
    """Return the list of the municipality's postal codes and towns."""
    return Path(str(files("deploy") / "programmes")) / programme.extract.towns


@cache
def measures_of(name: str) -> tuple[Measure, ...]:
    """Return the measures of a measures file of deploy/programmes."""
    text = (files("deploy") / "programmes" / name).read_text(encoding="utf-8")
    items = yaml.load(text, Loader=_YAML)["items"]  # noqa: S506 - it is the safe loader, in C
    return tuple(
        Measure(
            id=item["id"], side=item["side"], category=item["category_ja"], order=item["order"], text=item["text_ja"],
            guards=tuple(item["guards"]), proof=item["proof"], evidence=tuple(item["evidence"]),
            may_not_apply=bool(item["not_applicable_allowed"]), kinds=tuple(item.get("kinds", KINDS)),
            each_gate=bool(item.get("each_gate", False)),
        )
        for item in items
    )  # fmt: skip
