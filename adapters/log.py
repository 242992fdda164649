"""The log: one JSON line an event, in the data directory, and only fields that are on the list below (Law 4)."""

import logging
import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog

# Ids, counts, hashes, times. What is not here is dropped, so that a careless call cannot write a name.
ALLOWED = frozenset({
    "act", "attempts", "by", "bytes", "command", "count", "cycle", "due_on", "error_type", "event", "exit_status",
    "files", "fiscal_year", "flagged", "found", "level", "looked_at", "page", "persons", "place", "reminder",
    "reminders", "rung", "seconds", "sent", "seq", "sha256", "state", "timestamp", "unmet", "version", "via",
})  # fmt: skip


def only_allowed_fields(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep the fields of the list, and say how many were dropped."""
    dropped = [key for key in event if key not in ALLOWED]
    kept = {key: value for key, value in event.items() if key in ALLOWED}
    return kept | ({"fields_dropped": len(dropped)} if dropped else {})


def open_log(home: Path) -> None:
    """Send the log of this process to the data directory; of one that may not be written to nothing is logged."""
    path = Path(os.devnull)
    if os.access(home, os.W_OK):
        (home / "log").mkdir(parents=True, exist_ok=True, mode=0o700)
        path = home / "log" / "tsudoi.jsonl"
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed_fields,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=path.open("a", encoding="utf-8")),
        cache_logger_on_first_use=False,
    )
