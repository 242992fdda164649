"""The ledger tells of every change of a byte, and an older checkpoint tells of a rewritten one."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from measuring import peak_of
from scenes import CYCLE, OPENED_AT, Year
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from deploy import verify_ledger as verifier
from models import tables
from models.database import reading, writing
from models.errors import Damaged
from models.notes import TreeHead, open_note, signed_note
from models.records.base import FreeText
from states import ledger, merkle

Tamper = Callable[[sqlite3.Connection], object]


@pytest.fixture
def handed_over(sqlite_year: Year) -> Year:
    """Give a year in which two hand-overs have made two checkpoints, the second at the end of the ledger."""
    sqlite_year.play(before="report_receipt")
    return sqlite_year


def verify(year: Year, notes: list[tuple[int, str]] | None = None) -> ledger.Verified:
    with reading(year.engine) as connection:
        notes = ledger.checkpoints(connection) if notes is None else notes
        return ledger.verify(connection, notes, name=year.key.name, public_key=year.key.public_key)


def file_of(year: Year) -> Path:
    assert year.engine.url.database
    return Path(year.engine.url.database)


def attack(year: Year, tamper: Tamper) -> None:
    """Change the file as somebody would who has it: the triggers are dropped first."""
    year.engine.dispose()
    with sqlite3.connect(file_of(year)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        tamper(connection)
    connection.close()


def texts(connection: sqlite3.Connection) -> list[str]:
    return [entry for (entry,) in connection.execute("SELECT entry FROM ledger ORDER BY seq")]


def put(connection: sqlite3.Connection, seq: int, entry: str) -> None:
    connection.execute("UPDATE ledger SET entry = ? WHERE seq = ?", (entry, seq))


def test_entries_are_canonical_json_as_stored(year: Year) -> None:
    """Each stored entry is RFC 8785 of what it says, says its own number, and the columns beside it agree."""
    year.play(before="report_receipt")
    rows = year.read(select(tables.Ledger).order_by(col(tables.Ledger.seq)))
    for number, row in enumerate(rows, start=1):
        said = json.loads(row.entry)
        assert rfc8785.dumps(said).decode() == row.entry
        assert (said["seq"], row.seq, said["event"], said["cycle"]) == (number, number, row.event, row.cycle_id)
        assert set(said) == {"at", "by", "cycle", "data", "event", "seq", "via"}
        assert said["at"].endswith("+09:00")


def test_a_ledger_that_is_as_written_holds(year: Year) -> None:
    """An untouched ledger verifies against its checkpoints, and its root is the one of the stored tree."""
    year.play(before="report_receipt")
    found = verify(year)
    assert (found.entries, found.checkpoints) == (len(year.entries()), 3)
    with reading(year.engine) as connection:
        assert ledger.root(connection, found.entries).hex() == found.root
        [_opening, (size, note), _later] = ledger.checkpoints(connection)
        signed = TreeHead.parse(open_note(note, name=year.key.name, public_key=year.key.public_key))
        assert (signed.size, signed.root) == (size, ledger.root(connection, size))


def test_the_entries_of_one_cycle_are_walked_alone(sqlite_year: Year) -> None:
    """The people's register belongs to no cycle; a cycle's own history begins with its opening."""
    with reading(sqlite_year.engine) as connection:
        events = [json.loads(entry)["event"] for entry in ledger.entries(connection, cycle_id=CYCLE)]
    assert events == ["cycle_opened"]
    assert sqlite_year.events() == ["person_registered"] * 11 + ["cycle_opened"]


def test_every_change_of_a_byte_is_found_and_named(handed_over: Year) -> None:
    """Whichever byte of whichever stored entry is changed, the verification fails and names the entry."""
    attack(handed_over, say("SELECT 1"))
    with closing(sqlite3.connect(file_of(handed_over), isolation_level=None)) as file:
        for seq, entry in enumerate(handed_over.entries(), start=1):
            for at in range(seq % 11, len(entry), 11):
                put(file, seq, entry[:at] + chr(ord(entry[at]) ^ 1) + entry[at + 1 :])
                with pytest.raises(Damaged, match=f"第{seq}号"):
                    verify(handed_over)
            put(file, seq, entry)
    verify(handed_over)


def notes_of(year: Year) -> list[tuple[int, str]]:
    with reading(year.engine) as connection:
        return ledger.checkpoints(connection)


def swap(connection: sqlite3.Connection) -> None:
    entries = texts(connection)
    put(connection, 12, entries[12])
    put(connection, 13, entries[11])


def swap_and_renumber(connection: sqlite3.Connection) -> None:
    entries = texts(connection)
    put(connection, 12, entries[12].replace('"seq":13', '"seq":12'))
    put(connection, 13, entries[11].replace('"seq":12', '"seq":13'))


def remove_and_close_up(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM ledger WHERE seq = 12")
    for seq in range(13, connection.execute("SELECT MAX(seq) FROM ledger").fetchone()[0] + 1):
        entry = texts(connection)[seq - 2]
        connection.execute("UPDATE ledger SET seq = ?, entry = ? WHERE seq = ?",
                           (seq - 1, entry.replace(f'"seq":{seq}', f'"seq":{seq - 1}'), seq))  # fmt: skip


def say(statement: str) -> Tamper:
    return lambda connection: connection.execute(statement)


LAST = "(SELECT MAX(seq) FROM ledger)"


@pytest.mark.parametrize(
    "tamper",
    [
        say("UPDATE ledger SET entry = replace(entry, 'sato', 'ito') WHERE event = 'contract_concluded'"),
        say("UPDATE ledger SET entry = entry || ' ' WHERE seq = 3"),
        say("DELETE FROM ledger WHERE seq = 12"),
        say(f"DELETE FROM ledger WHERE seq = {LAST}"),
        say("DELETE FROM ledger"),
        swap,
        swap_and_renumber,
        remove_and_close_up,
        say(f"INSERT INTO ledger SELECT seq + 1, cycle_id, event, entry, hashes FROM ledger WHERE seq = {LAST}"),
        say("UPDATE ledger SET hashes = substr(hashes, 1, 31) || x'00' WHERE seq = 9"),
        say("UPDATE ledger SET hashes = hashes || x'00' WHERE seq = 10"),
        say("UPDATE ledger SET event = 'cycle_closed' WHERE seq = 14"),
        say("UPDATE ledger SET cycle_id = 'hatachi-2025' WHERE seq = 14"),
        say("UPDATE ledger SET cycle_id = NULL WHERE seq = 14"),
        say("UPDATE ledger SET cycle_id = 'hatachi-2026' WHERE seq = 2"),
        say("UPDATE checkpoint SET note = replace(note, '=', 'A')"),
        say("UPDATE checkpoint SET note = (SELECT MAX(note) FROM checkpoint)"),
        say("UPDATE checkpoint SET size = size - 1"),
    ],
    ids=["changed", "blank", "removed", "cut", "emptied", "swapped", "renumbered", "closed",
         "doubled", "leaf", "tree", "event", "year", "no_year", "given_a_year", "note", "note_2", "size"],
)  # fmt: skip
def test_what_was_done_to_the_file_is_found(handed_over: Year, tamper: Tamper) -> None:
    """Without the triggers an attacker can write, but not so that the ledger holds."""
    verify(handed_over)
    attack(handed_over, tamper)
    with pytest.raises(Damaged):
        verify(handed_over)


def add_between(connection: sqlite3.Connection) -> None:
    for seq in range(connection.execute("SELECT MAX(seq) FROM ledger").fetchone()[0], 5, -1):
        entry = texts(connection)[seq - 1].replace(f'"seq":{seq}', f'"seq":{seq + 1}')
        connection.execute("UPDATE ledger SET seq = ?, entry = ? WHERE seq = ?", (seq + 1, entry, seq))
    copied = texts(connection)[4].replace('"seq":5', '"seq":6')
    connection.execute("INSERT INTO ledger SELECT 6, cycle_id, event, ?, hashes FROM ledger WHERE seq = 5", (copied,))


def test_an_added_entry_is_found(handed_over: Year) -> None:
    """An entry put between others, the rest renumbered, is named."""
    attack(handed_over, add_between)
    with pytest.raises(Damaged, match="第6号"):
        verify(handed_over)


def rewrite(year: Year) -> Tamper:
    """Return how somebody with the signing key would rewrite history so that it looks whole."""

    def tamper(connection: sqlite3.Connection) -> None:
        lines = [entry.replace("2026-10-01", "2026-10-02") for entry in texts(connection)]
        hashes: list[bytes] = []
        for leaf, line in enumerate(lines):
            hashes += merkle.stored_hashes(leaf, [merkle.leaf_hash(line.encode())], hashes.__getitem__)
            connection.execute("UPDATE ledger SET entry = ?, hashes = ? WHERE seq = ?", (line, hashes[leaf], leaf + 1))
        for (size,) in connection.execute("SELECT size FROM checkpoint").fetchall():
            root = merkle.root(size, lambda n: hashes[n])
            note = signed_note(TreeHead(origin=year.key.name, size=size, root=root).text(), year.key)
            connection.execute("UPDATE checkpoint SET note = ? WHERE size = ?", (note, size))

    return tamper


def test_an_older_checkpoint_finds_a_ledger_rewritten_and_signed_again(handed_over: Year) -> None:
    """Whoever has the key can make a whole new ledger, but not one that fits the printed checkpoint."""
    printed = notes_of(handed_over)
    attack(handed_over, rewrite(handed_over))
    assert "2026-10-02" in "".join(handed_over.entries())
    verify(handed_over)
    for note in printed:
        with pytest.raises(Damaged):
            verify(handed_over, [note])


def test_a_checkpoint_of_another_key_or_of_the_future_does_not_hold(handed_over: Year, tmp_path: Path) -> None:
    """A note is compared with the key's name and key, and with a ledger that is long enough."""
    from adapters.keys import LedgerKey

    other = LedgerKey.create(tmp_path / "other.pem", name=handed_over.key.name)
    [note] = notes_of(handed_over)[-1:]
    with reading(handed_over.engine) as connection, pytest.raises(Damaged):
        ledger.verify(connection, [note], name=other.name, public_key=other.public_key)
    attack(handed_over, say(f"DELETE FROM ledger WHERE seq = {LAST}"))
    with pytest.raises(Damaged, match=f"第{note[0] - 1}号で終わって"):
        verify(handed_over)


def test_the_same_size_is_signed_once(year: Year) -> None:
    """A second checkpoint at one size is the first."""
    for _twice in range(2):
        with writing(year.engine) as connection:
            ledger.checkpoint(connection, signer=year.key, at=year.clock.at, reason="x")
    assert len(notes_of(year)) == 1


def test_a_hand_over_gives_back_its_checkpoint(sqlite_year: Year) -> None:
    """The slip shows the note that was made in the transaction of the movement, over its own entry."""
    sqlite_year.play(before="hand_over_medium")
    outcome = sqlite_year.do("hand_over_medium")
    assert notes_of(sqlite_year)[1:] == [(outcome.seq, outcome.checkpoint)]


def test_a_year_has_a_checkpoint_at_every_hand_over(sqlite_year: Year) -> None:
    """Both hand-overs, what the contractor brings, the posting, the return and the close are signed."""
    sqlite_year.play()
    reasons = [row[0] for row in sqlite_year.read(text("SELECT reason FROM checkpoint ORDER BY size"))]
    assert reasons == [
        "cycle_opened", "medium_handed_over", "password_handed_over", "imprint_sample_submitted", "delivery_inspected",
        "letters_posted", "mail_returned", "items_returned", "items_destroyed", "year_closed",
    ]  # fmt: skip
    found: Any = verify(sqlite_year)
    assert found.checkpoints == 10


SAID = st.dictionaries(
    st.text(max_size=5), st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=5)
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(batches=st.lists(st.lists(SAID, max_size=9), max_size=5))
def test_a_batch_is_what_its_entries_would_be_one_by_one(
    sqlite_year: Year, engines: Callable[[str], Engine], batches: list[list[dict[str, Any]]]
) -> None:
    """Many entries in one statement are stored as if each had been appended alone, in whatever cuts they come."""
    rows = [
        appended(sqlite_year.engine, [[entry_of(said) for said in batch] for batch in batches]),
        appended(sqlite_year.engine, [[entry_of(said)] for batch in batches for said in batch]),
    ]
    assert rows[0] == rows[1]


def entry_of(said: dict[str, Any]) -> ledger.Entry:
    return ledger.Entry(at=OPENED_AT, event="measures_claimed", by="sato", via="desk", cycle_id=CYCLE, data=said)


def appended(engine: Engine, batches: list[list[ledger.Entry]]) -> list[Any]:
    """Return every stored row after these batches; nothing is kept."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin() as transaction:
        for batch in batches:
            before = ledger.size(connection)
            assert ledger.append_all(connection, batch) == before + len(batch)
        rows = list(connection.execute(select(tables.Ledger).order_by(col(tables.Ledger.seq))).all())
        transaction.rollback()
    return rows


def test_what_a_long_ledger_holds_is_proved_between_any_two_sizes(sqlite_year: Year) -> None:
    """Proofs from the database hold for the offline verifier: between sizes, and for an entry."""
    with writing(sqlite_year.engine) as connection:
        ledger.append_all(connection, [entry_of({"n": n}) for n in range(40)])
        size = ledger.size(connection)
        roots = {n: ledger.root(connection, n) for n in range(size + 1)}
        for old, new in ((1, size), (7, 8), (12, 40), (32, size), (size, size)):
            proof = ledger.consistency_proof(connection, old, new)
            assert verifier.consistency_holds(old, new, roots[old], roots[new], proof)
        for seq, (text_of, _leaf) in enumerate(ledger.leaves(connection), start=1):
            leaf = verifier.leaf_hash(text_of.encode())
            proof = ledger.inclusion_proof(connection, seq, size)
            assert verifier.inclusion_holds(leaf, seq - 1, size, roots[size], proof)


def test_verifying_holds_no_more_than_a_block(sqlite_year: Year) -> None:
    """Four times the entries take no more memory."""
    peaks: list[int] = []
    for count in (4_500, 13_500):
        with writing(sqlite_year.engine) as connection:
            ledger.append_all(connection, [entry_of({"n": n}) for n in range(count)])
        peaks.append(peak_of(lambda: verify(sqlite_year)))
    assert peaks[1] < 1.5 * peaks[0]


WORDS = FreeText("番号の書き間違い")


def test_free_text_stands_beside_the_ledger_under_a_commitment(year: Year) -> None:
    """However deep a text lies in an entry, the entry holds a salted hash of it, and a reader gets the text back."""
    said = {"record": {"reason": WORDS, "found": [{"what": WORDS}], "slip": "1", "remark": FreeText("")}}
    with writing(year.engine) as connection:
        seq = ledger.append(connection, entry_of(said))
        [*_others, stored] = ledger.entries(connection)
        [*_others, told] = ledger.told(connection)
    opened = year.read(select(tables.LedgerText).where(col(tables.LedgerText.seq) == seq))
    opened.sort(key=lambda row: row.place)
    assert [row.place for row in opened] == ["record.found.0.what", "record.reason"]
    assert WORDS not in stored
    assert {row.text for row in opened} == {WORDS}
    record = json.loads(stored)["data"]["record"]
    for row, kept in zip(opened, (record["found"][0]["what"], record["reason"]), strict=True):
        assert kept == {"commitment": sha256(bytes.fromhex(row.salt) + row.text.encode()).hexdigest()}
    assert len({row.salt for row in opened}) == 2
    assert told["data"] == said


def test_what_a_person_says_in_an_act_is_in_no_entry(sqlite_year: Year) -> None:
    """Every line of every record of a year stands beside the ledger: not one of them is in a stored entry."""
    sqlite_year.play()
    texts = {row.text for row in sqlite_year.read(select(tables.LedgerText))}
    assert {"点検表 2026", "第一工場"} <= texts
    stored = "".join(sqlite_year.entries())
    assert not [it for it in texts if len(it) > 1 and f'"{it}"' in stored]


def test_committed_entry_is_appended_as_it_was_committed(sqlite_year: Year) -> None:
    """What the door signs is what the ledger stores: committing again changes nothing."""
    entry = ledger.committed(entry_of({"record": {"reason": WORDS}}))
    assert ledger.committed(entry) == entry
    with writing(sqlite_year.engine) as connection:
        ledger.append(connection, entry)
        [*_others, stored] = ledger.entries(connection)
        [*_others, told] = ledger.told(connection)
    assert json.loads(stored)["data"] == entry.data
    assert told["data"]["record"]["reason"] == WORDS


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ledgertext",
        "UPDATE ledgertext SET text = 'x'",
        "UPDATE ledgertext SET text = NULL",
        "UPDATE ledgertext SET text = NULL, salt = NULL",
        "UPDATE ledgertext SET place = 'data', text = NULL, salt = NULL",
        "INSERT INTO ledgertext (seq, place, salt, text) VALUES (1, 'x', NULL, NULL)",
    ],
)
def test_a_text_is_not_changed_by_raw_sql(year: Year, statement: str) -> None:
    """Without an entry that names it no text is changed, erased or redacted, on SQLite and on PostgreSQL."""
    year.do("claim_measures")
    before = year.read(select(tables.LedgerText))
    assert before
    with pytest.raises(DBAPIError), writing(year.engine) as connection:
        connection.execute(text(statement))
    assert year.read(select(tables.LedgerText)) == before
