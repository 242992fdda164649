"""The database's own guards: one sentence each, from which the triggers of SQLite and of PostgreSQL are both made.

They hold for whoever writes SQL, not for the application alone: history only grows, a row neither changes its key nor
begins again, a state goes the way of the rules table, and what an act changes changes directly behind the entry of the
ledger that tells it. What fits the last entry and is false all the same only `tsudoi ledger verify` notices.
`adapters.schema` makes them after every migration, compares them at every start, and restores them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, text

Rules = Iterable[tuple[str, str, str, str]]


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What must hold of a row when it is written: a condition over NEW and OLD, and the words where it does not."""

    name: str
    table: str
    on: str
    must: str
    words: str
    only: str = ""

    @property
    def is_a_ban(self) -> bool:
        """Tell what is never allowed, whatever the row."""
        return self.must == "FALSE"


# What no statement changes once it is written.
FIXED = {
    "cycle": ("id", "programme", "fiscal_year", "programme_sha256", "programme_text", "opened_at", "differs"),
    "piece": ("cycle_id", "serial", "origin"),
    "item": ("cycle_id", "number", "kind", "content"),
    "incident": ("id", "cycle_id", "kind", "known_on", "ledger_seq"),
    "reminder": ("id", "cycle_id", "act", "rung", "due_on", "to_person", "channel", "message_id", "created_at"),
    "record": ("id", "cycle_id", "act", "key", "by", "via", "entered_at"),
    "act": ("cycle_id", "act", "owner", "rule", "planned_on"),
    "heldrow": ("cycle_id", "row", "column", "code"),
    "claim": (
        "cycle_id", "measure", "evidence_file", "happened_on", "received_on", "valid_until", "not_applicable", "by",
        "ledger_seq",
    ),
    "staff": ("id",),
    "ledgertext": ("seq", "place"),
}  # fmt: skip
KEYS = {
    "cycle": ("id",), "piece": ("cycle_id", "serial"), "item": ("cycle_id", "number"), "incident": ("id",),
    "reminder": ("id",), "record": ("id",), "act": ("cycle_id", "act"), "heldrow": ("cycle_id", "row"),
    "claim": ("cycle_id", "measure"), "staff": ("id",), "checkpoint": ("size",),
    "ledgertext": ("seq", "place"),
}  # fmt: skip
ALSO_UNIQUE = {"reminder": "key", "record": "key"}
STATES = {"cycle": "state", "piece": "state", "item": "state", "incident": "state", "reminder": "state",
          "record": "status"}  # fmt: skip
# The free text of an act, and the columns that hold a copy of it: they change behind a redaction alone.
TEXTS = {"record": "data", "claim": "evidence"}
GROW_ONLY = ("ledger", "checkpoint")
ENDS_IN_A_STATE = (*STATES, "staff")


def told(condition: str) -> str:
    """Return the condition that the ledger's last entry tells it."""
    last = "SELECT 1 FROM {ledger} told WHERE told.seq = (SELECT MAX(seq) FROM {ledger})"
    return f"EXISTS ({last} AND ({condition}))"


def names(what: str) -> str:
    """Return the condition that the last entry holds a text."""
    return f"{{find}}(told.entry, {what}) > 0"


def rule(condition: str) -> str:
    """Return the condition that the rules table has such a row."""
    return f"EXISTS (SELECT 1 FROM {{rule}} r WHERE {condition})"


_REDACTED = "told.event = 'text_redacted' AND told.cycle_id = NEW.cycle_id"
_AN_ACT = rule("r.machine = 'event' AND r.from_state = told.event")
_OF_THE_CYCLE = f"told.cycle_id = NEW.cycle_id AND {_AN_ACT}"


_ABOUT_PEOPLE = (
    "('person_registered', 'person_changed', 'people_registered', 'roles_changed', 'people_changed', 'key_given',"
    " 'passphrase_changed')"
)


def _state_guards(table: str, column: str) -> list[Guard]:
    machine = f"r.machine = '{table}'"
    return [
        Guard(
            name=f"{table}_begins_as_the_rules_say", table=table, on="INSERT",
            must=rule(f"{machine} AND r.from_state = '' AND r.to_state = NEW.{column}"),
            words="this is not a state to begin with",
        ),
        Guard(
            name=f"{table}_{column}_follows_the_rules", table=table, on="UPDATE",
            must=f"NEW.{column} = OLD.{column} OR "
            + rule(f"{machine} AND r.from_state = OLD.{column} AND r.to_state = NEW.{column}"),
            words="this change of state is not in the table",
        ),
    ]  # fmt: skip


def _kept_as_it_is(table: str) -> Guard:
    unchanged = " AND ".join(f'NEW."{column}" {{same}} OLD."{column}"' for column in FIXED[table])
    return Guard(
        name=f"{table}_keeps_what_names_it", table=table, on="UPDATE",
        must=f"{{same_rowid}}{unchanged}", words="what names a row, and what it was told with, stays",
    )  # fmt: skip


def _begins_once(table: str) -> Guard:
    """INSERT OR REPLACE erases without asking the triggers before delete, by the key or by the number of the row."""
    same = " AND ".join(f'it."{key}" = NEW."{key}"' for key in KEYS[table])
    also = f' OR it."{ALSO_UNIQUE[table]}" = NEW."{ALSO_UNIQUE[table]}"' if table in ALSO_UNIQUE else ""
    return Guard(
        name=f"{table}_begins_once", table=table, on="INSERT",
        must=f"NOT EXISTS (SELECT 1 FROM {table} it WHERE it.rowid = NEW.rowid OR ({same}){also})",
        words="what is there does not begin again", only="sqlite",
    )  # fmt: skip


# Number, event and cycle beside an entry are the ones it says (as states/ledger.py looks for them when it verifies).
_ENTRY_AGREES = (
    "NEW.seq = COALESCE((SELECT MAX(seq) FROM {ledger}), 0) + 1"
    """ AND substr(NEW.entry, 1, 7) = '{{"at":"' AND substr(NEW.entry, length(NEW.entry), 1) = '}}'"""
    """ AND {find}(NEW.entry, '"event":"' || NEW.event || '","seq":' || NEW.seq || ',"via":"') > 0"""
    """ AND {find}(NEW.entry, ',"cycle":' || COALESCE('"' || NEW.cycle_id || '"', 'null') || ',"data":{{') > 0"""
    " AND length(NEW.hashes) >= 32 AND length(NEW.hashes) % 32 = 0{leaf_agrees}"
)
# The three lines of a checkpoint of this size, an empty line and a signature: whose it is `ledger verify` finds.
_CHECKPOINT_AGREES = (
    "NEW.size = (SELECT MAX(seq) FROM {ledger})"
    " AND NEW.note LIKE '%' || {newline} || NEW.size || {newline} || '%=' || {newline}"
    " || {newline} || '— %' || {newline}"
)
_ONLY_ITS_TEXT = (
    "(NEW.status = OLD.status AND NEW.confirmed_by = OLD.confirmed_by AND NEW.ledger_seq = OLD.ledger_seq"
    " AND NEW.occurred_at = OLD.occurred_at) OR NEW.status <> OLD.status AND "
)
_REMINDER_KEY = "NEW.key = OLD.key OR (NEW.state = 'dropped' AND NEW.key = OLD.key || '/' || OLD.id)"

GUARDS: tuple[Guard, ...] = (
    # what can only grow
    Guard(name="ledger_goes_on_by_one", table="ledger", on="INSERT", must=_ENTRY_AGREES,
          words="the ledger goes on by one, with an entry that says the same as its columns"),
    Guard(name="checkpoint_is_of_now", table="checkpoint", on="INSERT", must=_CHECKPOINT_AGREES,
          words="a checkpoint signs the ledger as it stands, once"),
    _begins_once("checkpoint"),
    *(
        Guard(name=f"{table}_is_never_{done}", table=table, on=on, must="FALSE", words=f"the {table} can only grow")
        for table in GROW_ONLY
        for on, done in (("UPDATE", "changed"), ("DELETE", "erased"))
    ),
    # what has a state goes the way of the rules, keeps its name, and does not begin again
    *(guard for table, column in STATES.items() for guard in _state_guards(table, column)),
    *(_kept_as_it_is(table) for table in FIXED),
    *(_begins_once(table) for table in FIXED),
    *(
        Guard(name=f"{table}_is_never_erased", table=table, on="DELETE", must="FALSE",
              words="what has a state is not erased but ends in one")
        for table in ENDS_IN_A_STATE
    ),
    # what an act changes changes directly behind its entry
    Guard(name="cycle_is_told", table="cycle", on="INSERT",
          must=told("told.event = 'cycle_opened' AND told.cycle_id = NEW.id"), words="the ledger tells it first"),
    Guard(name="cycle_moves_as_told", table="cycle", on="UPDATE",
          must="NEW.state = OLD.state OR " + told(
              "told.cycle_id = NEW.id AND EXISTS (SELECT 1 FROM {rule} r JOIN {rule} e ON e.machine = 'event'"
              " AND e.from_state = told.event AND e.trigger = r.trigger WHERE r.machine = 'cycle'"
              " AND r.from_state = OLD.state AND r.to_state = NEW.state)"),
          words="the ledger tells the act first"),
    Guard(name="cycle_is_held_as_told", table="cycle", on="UPDATE",
          must="NEW.on_hold = OLD.on_hold OR " + told("told.cycle_id = NEW.id AND " + rule(
              "r.machine = 'hold' AND r.from_state = told.event"
              " AND r.to_state = CASE WHEN NEW.on_hold THEN 'held' ELSE 'released' END")),
          words="the ledger tells the hold first"),
    *(
        Guard(name=f"{table}_{on.lower()}_is_told", table=table, on=on, must=told(_OF_THE_CYCLE),
              words="the ledger tells the act first")
        for table in ("piece", "item") for on in ("INSERT", "UPDATE")
    ),
    Guard(name="incident_is_told", table="incident", on="INSERT",
          must=told(f"told.seq = NEW.ledger_seq AND {_OF_THE_CYCLE}"), words="the ledger tells the act first"),
    Guard(name="incident_ends_as_told", table="incident", on="UPDATE",
          must="NEW.state = OLD.state OR " + told("told.event = 'incident_settled' AND told.cycle_id = NEW.cycle_id"),
          words="the ledger tells the act first"),
    *(
        Guard(name=f"record_{on.lower()}_is_told", table="record", on=on,
              must=(_ONLY_ITS_TEXT if on == "UPDATE" else "") + told(
                  "told.cycle_id = NEW.cycle_id AND EXISTS (SELECT 1 FROM {rule} r WHERE r.machine = 'event'"
                  " AND r.trigger = NEW.act AND told.event = " + event + ")" + more),
              words="the ledger tells the act first")
        for on, event, more in (
            ("INSERT", "r.from_state || CASE NEW.status WHEN 'pending' THEN '_proposed' ELSE '' END",
             " AND told.seq = NEW.ledger_seq AND " + names("""'by":"' || NEW."by" || '"'""")),
            ("UPDATE", "r.from_state || CASE NEW.status WHEN 'dropped' THEN '_proposed' ELSE '' END",
             " AND NEW.ledger_seq = CASE NEW.status WHEN 'done' THEN told.seq"
             " ELSE OLD.ledger_seq END AND (NEW.status <> 'done' OR " + names("""'"by":"' || NEW.confirmed_by || '"'""")
             + ")"),
        )
    ),
    Guard(name="claim_is_told", table="claim", on="INSERT",
          must=told("told.seq = NEW.ledger_seq AND told.event = 'measures_claimed'"
                    " AND told.cycle_id = NEW.cycle_id AND " + names("""'"' || NEW.measure || '"'""")),
          words="the ledger tells the claim first"),
    *(
        Guard(name=f"{table}_text_is_only_redacted", table=table, on="UPDATE",
              must=f"NEW.{column} = OLD.{column} OR " + told(_REDACTED), words="a text is only redacted")
        for table, column in TEXTS.items()
    ),
    # The entry that redacts names the text; only the words go, and what opened the commitment.
    Guard(name="ledgertext_is_only_redacted", table="ledgertext", on="UPDATE",
          must="NEW.salt IS NULL AND NEW.text IS NULL AND EXISTS (SELECT 1 FROM {ledger} told"
               """ WHERE told.event = 'text_redacted' AND {find}(told.entry, '"record":{{"entry":' || OLD.seq"""
               """ || ',"place":"' || OLD.place || '",') > 0)""",
          words="a text is only redacted"),
    Guard(name="ledgertext_is_of_an_entry", table="ledgertext", on="INSERT",
          must="NEW.salt IS NOT NULL AND NEW.text IS NOT NULL AND EXISTS (SELECT 1 FROM {ledger} told"
               """ WHERE told.seq = NEW.seq AND {find}(told.entry, '{{"commitment":"') > 0)""",
          words="a text is written with its entry, once"),
    Guard(name="ledgertext_is_never_erased", table="ledgertext", on="DELETE", must="FALSE",
          words="the ledgertext can only grow"),
    Guard(name="claim_goes_as_told", table="claim", on="DELETE",
          must=told("told.event = 'measures_claimed' AND told.cycle_id = OLD.cycle_id AND "
                    + names("""'"' || OLD.measure || '"'""")),
          words="the ledger tells the claim first"),
    *(
        Guard(name=f"heldrow_{done}_as_told", table="heldrow", on=on,
              must=told(f"told.cycle_id = {row}.cycle_id AND {condition}"), words="the ledger tells the act first")
        for on, done, row, condition in (
            ("INSERT", "is_held", "NEW", "told.event = 'extract_taken'"),
            ("DELETE", "goes", "OLD", "told.event = 'extract_taken'"),
            ("UPDATE", "is_decided", "NEW",
             "told.event = 'row_decided' AND " + names("""'"row":' || NEW."row" || ','""")),
        )
    ),
    Guard(name="act_is_planned_as_told", table="act", on="INSERT",
          must=told("(told.event = 'cycle_opened' AND told.cycle_id = NEW.cycle_id)"
                    f" OR (NEW.rule = '' AND {_OF_THE_CYCLE})"),
          words="the ledger tells it first"),
    Guard(name="act_goes_as_told", table="act", on="DELETE",
          must="OLD.rule = '' AND " + told(f"told.cycle_id = OLD.cycle_id AND {_AN_ACT}"),
          words="what is planned is not erased"),
    Guard(name="act_is_done_as_told", table="act", on="UPDATE",
          must="(NEW.done_on {same} OLD.done_on AND NEW.done_seq {same} OLD.done_seq) OR (NEW.done_on IS NOT NULL AND "
               + told(f"told.seq = NEW.done_seq AND {_OF_THE_CYCLE}") + ") OR (NEW.done_on IS NULL AND "
               + told("told.event = 'list_withdrawn' AND told.cycle_id = NEW.cycle_id") + ")",
          words="the ledger tells the act first"),
    Guard(name="act_is_moved_as_told", table="act", on="UPDATE",
          must="(NEW.moved_to {same} OLD.moved_to AND NEW.moved_reason = OLD.moved_reason) OR "
               + told("told.event = 'deadline_moved' AND told.cycle_id = NEW.cycle_id") + " OR "
               + "(NEW.moved_to {same} OLD.moved_to AND " + told(_REDACTED) + ")",
          words="the ledger tells the new day first"),
    Guard(name="reminder_keeps_its_key", table="reminder", on="UPDATE", must=_REMINDER_KEY,
          words="what names a row stays"),
    Guard(name="reminder_goes_as_told", table="reminder", on="UPDATE",
          must="NEW.state = OLD.state OR NEW.state NOT IN ('sent', 'unknown') OR "
               + told("told.cycle_id = NEW.cycle_id AND told.event = CASE NEW.state WHEN 'sent' THEN 'reminder_sent'"
                      " ELSE 'reminder_lost' END AND " + names("""'"number":' || NEW.id || ','""")),
          words="the ledger tells the letter first"),
    *(
        Guard(name=f"staff_{on.lower()}_is_told", table="staff", on=on,
              must=told(f"told.event IN {_ABOUT_PEOPLE} AND (" + names("""'"id":"' || NEW.id || '"'""") + " OR "
                        + names("""'"person":"' || NEW.id || '"'""") + ")"),
              words="the ledger tells it first")
        for on in ("INSERT", "UPDATE")
    ),
    # what all this goes by
    *(
        Guard(name=f"rule_is_never_{done}", table="rule", on=on, must="FALSE", words="the rules are those of the code")
        for on, done in (("INSERT", "added"), ("UPDATE", "changed"), ("DELETE", "erased"))
    ),
)  # fmt: skip

# How each database says it.
_SQLITE = {
    "ledger": "ledger", "rule": "rule", "find": "instr", "same": "IS", "same_rowid": "NEW.rowid IS OLD.rowid AND ",
    "newline": "char(10)", "leaf_agrees": "",
}  # fmt: skip
_POSTGRESQL = {
    "ledger": "public.ledger", "rule": "public.rule", "find": "strpos", "same": "IS NOT DISTINCT FROM",
    "same_rowid": "", "newline": "chr(10)",
    # The leaf's hash of RFC 6962; SQLite has no SHA-256.
    "leaf_agrees": " AND substr(NEW.hashes, 1, 32) = sha256('\\x00'::bytea || convert_to(NEW.entry, 'UTF8'))",
}  # fmt: skip
# A function of its own search path: whoever calls cannot put a temporary table before the one that is meant.
_FUNCTION = "tsudoi_{name}"
_SEARCH_PATH = "search_path=pg_catalog, public, pg_temp"
_BODY = """
BEGIN
  IF ({must}) IS NOT TRUE THEN
    RAISE EXCEPTION 'tsudoi: {words}';
  END IF;
  RETURN {row};
END
"""
_BAN = """
BEGIN
  RAISE EXCEPTION 'tsudoi: {words}';
END
"""
# pg_trigger.tgtype: for each row 1, before 2, insert 4, delete 8, update 16, truncate 32. A ban is
# for each statement, whether or not it meets a row.
_FIRES = {"INSERT": 1 + 2 + 4, "UPDATE": 1 + 2 + 16, "DELETE": 1 + 2 + 8}
_BANS = {"INSERT": 2 + 4, "UPDATE": 2 + 16, "DELETE": 2 + 8 + 32}

_SQLITE_FOUND = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
_POSTGRESQL_FOUND = """
SELECT t.tgname, c.relname, t.tgtype, t.tgenabled, t.tgqual IS NULL AND t.tgattr = '', p.proname, p.prosrc,
       n.nspname, p.proconfig
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace AND s.nspname = 'public'
JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE NOT t.tgisinternal
"""
_RULES = "SELECT machine, from_state, trigger, to_state FROM rule"


def differing(connection: Connection, rules: Rules) -> list[str]:
    """Return the names of the triggers, and the rules, that are not those of this code: gone, changed or strange."""
    expected, found = _expected(connection), _found(connection)
    wrong = {name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)}
    stored = {tuple(row) for row in connection.exec_driver_sql(_RULES)}
    return [*sorted(wrong), *(["rule"] if stored != set(rules) else [])]


def lift(connection: Connection) -> None:
    """Take every trigger away, in the caller's transaction, which puts them back: a migration's, or a repair's."""
    if connection.dialect.name == "sqlite":
        for name, _sql in connection.exec_driver_sql(_SQLITE_FOUND).all():
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        return
    for name, table, *_rest in connection.exec_driver_sql(_POSTGRESQL_FOUND).all():
        connection.exec_driver_sql(f'DROP TRIGGER "{name}" ON public."{table}"')
    query = "SELECT proname FROM pg_catalog.pg_proc WHERE proname LIKE 'tsudoi\\_%%'"
    for name in connection.exec_driver_sql(query).scalars().all():
        connection.exec_driver_sql(f'DROP FUNCTION public."{name}"()')


def put_back(connection: Connection, rules: Rules) -> None:
    """Make triggers and rules those of this code, whatever is there, in the caller's transaction."""
    lift(connection)
    connection.exec_driver_sql("DELETE FROM rule")
    connection.execute(
        text("INSERT INTO rule (machine, from_state, trigger, to_state) VALUES (:machine, :start, :trigger, :to)"),
        [dict(zip(("machine", "start", "trigger", "to"), row, strict=True)) for row in rules],
    )
    for guard in _of(connection):
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(_sqlite(guard))
        else:
            for statement in _postgresql(guard):
                connection.exec_driver_sql(statement.replace("%", "%%"))


def _of(connection: Connection) -> list[Guard]:
    return [guard for guard in GUARDS if guard.only in {"", connection.dialect.name}]


def _sqlite(guard: Guard) -> str:
    must = guard.must.format(**_SQLITE)
    return (
        f"CREATE TRIGGER {guard.name} BEFORE {guard.on} ON {guard.table} WHEN ({must}) IS NOT TRUE"
        f" BEGIN SELECT RAISE(ABORT, 'tsudoi: {guard.words}'); END"
    )


def _postgresql(guard: Guard) -> tuple[str, str]:
    name = _FUNCTION.format(name=guard.name)
    fires = f"{guard.on} ON public.{guard.table} FOR EACH ROW"
    if guard.is_a_ban:
        what = "DELETE OR TRUNCATE" if guard.on == "DELETE" else guard.on
        fires = f"{what} ON public.{guard.table} FOR EACH STATEMENT"
    path = _SEARCH_PATH.replace("=", " = ")
    return (
        f"CREATE FUNCTION public.{name}() RETURNS trigger LANGUAGE plpgsql SET {path} AS $${_body(guard)}$$",
        f"CREATE TRIGGER {guard.name} BEFORE {fires} EXECUTE FUNCTION public.{name}()",
    )


def _body(guard: Guard) -> str:
    if guard.is_a_ban:
        return _BAN.format(words=guard.words)
    row = "OLD" if guard.on == "DELETE" else "NEW"
    return _BODY.format(must=guard.must.format(**_POSTGRESQL), words=guard.words, row=row)


def _expected(connection: Connection) -> dict[str, object]:
    if connection.dialect.name == "sqlite":
        return {guard.name: _sqlite(guard) for guard in _of(connection)}
    return {
        guard.name: (
            guard.table,
            (_BANS if guard.is_a_ban else _FIRES)[guard.on],
            "O", True, _FUNCTION.format(name=guard.name), _body(guard), "public", [_SEARCH_PATH],
        )
        for guard in _of(connection)
    }  # fmt: skip


def _found(connection: Connection) -> dict[str, object]:
    if connection.dialect.name == "sqlite":
        return {row[0]: row[1] for row in connection.exec_driver_sql(_SQLITE_FOUND)}
    return {name: tuple(rest) for name, *rest in connection.exec_driver_sql(_POSTGRESQL_FOUND)}
