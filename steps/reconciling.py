"""Reconciling: the scans of the sealer joined with the serials to be sealed, as whole columns (Miyaki, Fukuoka)."""

# polars' signatures name numpy, which is not needed and not installed:
# pyright: reportUnknownMemberType=false

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from adapters.scanlog import Log
from models.errors import BadInput
from models.records.enclosing import EnclosingReconciled
from models.serials import count, ranges
from models.words import _

_SCANS = {
    "line": pl.UInt32, "letter": pl.Int64, "year": pl.Int64, "agree": pl.Boolean, "rerun": pl.Boolean,
    "touched": pl.Boolean, "stamp": pl.UInt64, "log": pl.Int32,
}  # fmt: skip
_PLACES_SHOWN = 50
_MOSTLY = 2  # a log is of another job once more than one in so many of its codes is not ours


@dataclass(frozen=True, kw_only=True)
class Unread:
    """A scan without a serial: which log, which line, and the serials scanned before and after it (0: none)."""

    log: int
    line: int
    after: int
    before: int


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """What the scans say: the record of the act, where the unreadable codes stand, and how many scans are the same."""

    record: EnclosingReconciled
    unread: tuple[Unread, ...]
    repeated: int

    @property
    def holds(self) -> bool:
        """Tell whether scans and serials agree."""
        return not any(self.differences().values())

    @property
    def sealed(self) -> int:
        """Return how many serials are sealed."""
        return count(self.record.sealed)

    def differences(self) -> dict[str, str]:
        """Return the differences by kind: serials, or the number of unreadable codes; "" where there is none."""
        fields = self.record.model_dump()
        return {name: str(fields[name] or "") for name in DIFFERENCES}

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        fields = self.record.model_dump(mode="json")
        return fields | {
            "holds": self.holds,
            "repeated": self.repeated,
            "unread": [asdict(scan) for scan in self.unread],
        }


DIFFERENCES = ("missing", "doubled", "alien", "though_pulled", "mispaired", "touched", "unreadable")


def joined(
    logs: Sequence[Log], *, trays: Mapping[str, str], expected: str, pulled: str, fiscal_year: int
) -> Reconciliation:
    """Join scans with serials. `expected` are the serials to be sealed, `pulled` those that must not be.

    Raises:
        BadInput: a log is of another year or of another job.

    """
    ours = _column(expected)
    scans, repeated = _each_scan_once(logs)
    scans = pl.concat([scans, *_of_trays(trays, log=len(logs))], how="diagonal")
    _refuse_another_job(scans.filter(pl.col("log") <= len(logs)), ours, fiscal_year)
    readable = pl.col("letter").is_not_null() & (pl.col("year").is_null() | (pl.col("year") == fiscal_year))
    unread, scans = scans.filter(~readable), scans.filter(readable)
    apart = scans.filter(~pl.col("agree"))
    if not apart.is_empty():  # a piece that went through again, its codes agreeing, is mended
        mended = scans.filter("agree", "rerun")["letter"]
        apart = apart.filter(~pl.col("letter").is_in(mended.implode()))
    codes = ["letter", *(name for name in apart.columns if name.startswith("other_"))]
    mispaired = pl.concat([apart[name].cast(pl.Int64) for name in codes]).drop_nulls().unique()
    # One row a scanned serial: how often it was scanned, re-runs among them, whether a hand was on it.
    letters = (
        scans.lazy()
        .group_by("letter")
        .agg(scans=pl.len(), reruns=pl.col("rerun").sum(), touched=pl.col("touched").any())
        .with_columns(ours=pl.col("letter").is_in(ours.implode()))
        .collect()
    )
    strange, sealed = letters.filter(~pl.col("ours"))["letter"], letters.filter("ours")["letter"]
    is_pulled = strange.is_in(_column(pulled).implode())
    record = EnclosingReconciled(
        scans=scans.height + unread.height,
        sealed=_spans(sealed.filter(~sealed.is_in(mispaired.implode()))),
        reruns=int(letters["reruns"].sum()),
        missing=_spans(ours.filter(~ours.is_in(letters["letter"].implode()))),
        doubled=_spans(letters.filter(letters["scans"] - letters["reruns"] > 1)["letter"]),
        alien=_spans(strange.filter(~is_pulled)),
        though_pulled=_spans(strange.filter(is_pulled)),
        mispaired=_spans(mispaired),
        touched=_spans(letters.filter("touched")["letter"]),
        unreadable=unread.height,
        logs=tuple(log.sha256 for log in logs),
        trays=len(trays),
    )
    return Reconciliation(record=record, unread=_places(unread, scans), repeated=repeated)


def _column(serials: str) -> pl.Series:
    spans = pl.DataFrame(ranges(serials), schema={"first": pl.Int64, "last": pl.Int64}, orient="row")
    return spans.select(pl.int_ranges("first", pl.col("last") + 1).explode()).to_series().drop_nulls()


def _spans(serials: pl.Series) -> str:
    """Write serials as ranges, as models.serials.compact does, without walking over each."""
    runs = (
        serials.unique().sort().to_frame("serial").lazy()
        .with_columns(run=pl.col("serial") - pl.int_range(pl.len(), dtype=pl.Int64))
        .group_by("run").agg(first=pl.col("serial").min(), last=pl.col("serial").max())
        .sort("first").select("first", "last").collect()
    )  # fmt: skip
    return ",".join(f"{first}-{last}" if last > first else f"{first}" for first, last in runs.iter_rows())


def _each_scan_once(logs: Sequence[Log]) -> tuple[pl.DataFrame, int]:
    """Put the logs one after the other; a scan that another log has too is one scan."""
    frames = [log.scans.with_columns(log=pl.lit(at, dtype=pl.Int32)) for at, log in enumerate(logs, start=1)]
    if not frames:
        return pl.DataFrame(schema=_SCANS), 0
    whole = pl.concat(frames, how="diagonal")
    if len(frames) == 1 or whole["stamp"].null_count():
        return whole, 0
    within = pl.int_range(pl.len()).over("log", "stamp").alias("nth")  # two equal rows of one log are two scans
    once = whole.with_columns(within).unique(["stamp", "nth"], keep="first", maintain_order=True).drop("nth")
    return once, whole.height - once.height


def _of_trays(trays: Mapping[str, str], *, log: int) -> list[pl.DataFrame]:
    """Return the trays counted by hand as scans, each tray a log of its own."""
    return [
        _column(serials)
        .to_frame("letter")
        .with_row_index("line", offset=1)
        .with_columns(agree=True, rerun=False, touched=False, log=log + at, year=None, stamp=None)
        .select(pl.col(name).cast(kind) for name, kind in _SCANS.items())
        for at, serials in enumerate(trays.values(), start=1)
    ]


def _refuse_another_job(scans: pl.DataFrame, ours: pl.Series, fiscal_year: int) -> None:
    """Refuse a log whose codes are mostly of another year, mostly no serials of ours, or no codes at all."""
    for (log,), part in scans.group_by("log", maintain_order=True):
        codes = part.filter(pl.col("letter").is_not_null())
        years = codes.filter(pl.col("year") != fiscal_year)["year"]
        if codes.is_empty():
            raise BadInput(
                _("Scan log {number} has no code of a piece.").format(number=log),
                _("It is the log of another job, or enclosing.log in the programme must name its columns."),
            )
        if years.len() * _MOSTLY > codes.height:
            raise BadInput(
                _("Scan log {number} is of the fiscal year {other}, not of {year}.").format(
                    number=log, other=years.mode().item(0), year=fiscal_year
                ),
                _("Give the log of this year's job."),
            )
        strange = codes.height - int(codes["letter"].is_in(ours.implode()).sum()) - years.len()
        if strange * _MOSTLY > codes.height:
            raise BadInput(
                _("Scan log {number} is of another job: {count} of {scans} codes are no serials to be sealed.").format(
                    number=log, count=strange, scans=codes.height
                ),
                _("Give the log of this job alone."),
            )


def _places(unread: pl.DataFrame, scans: pl.DataFrame) -> tuple[Unread, ...]:
    """Say where the unreadable scans stand: by log, line and neighbours, the first of them."""
    if unread.is_empty():
        return ()
    order, here = ["log", "line"], unread.select("log", "line").head(_PLACES_SHOWN).sort("log", "line")
    known = scans.select("log", "line", "letter").sort(order)
    before, after = known.rename({"letter": "before"}), known.rename({"letter": "after"})
    here = here.join_asof(after, on="line", by="log", strategy="backward", check_sortedness=False)
    here = here.join_asof(before, on="line", by="log", strategy="forward", check_sortedness=False)
    rows = here.select("log", "line", pl.col("after", "before").fill_null(0)).iter_rows(named=True)
    return tuple(Unread(**row) for row in rows)
