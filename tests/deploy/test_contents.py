"""The offline verifier looks at what the entries say: texts under commitments, signatures of people, the clock."""

import base64
import json
import math
import os
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from exporting import Export
from test_verify_ledger import FILE, run

from adapters.keys import LedgerKey
from deploy import verify_ledger as verifier
from models.notes import TreeHead, signed_note, verifier_key
from states import ledger

AT = "2026-11-0{}T09:00:00+09:00"
KEYS = {name: Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest()) for name in ("sato", "ito", "abe")}


def public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


@dataclass
class Book:
    """A ledger written by the rules of the brief, not by the product: entries, texts, keys of people."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)

    def add(self, event: str, by: str = "sato", *, signed: str = "", day: int = 1, **data: Any) -> int:
        """Append an entry, signed by somebody, and return its number."""
        seq = len(self.entries) + 1
        data = {name: self._committed(value, seq, name) for name, value in data.items()}
        entry = {"at": AT.format(day), "by": by, "cycle": "hatachi-2026", "data": data, "event": event, "via": "desk"}
        if signed:
            words = b"tsudoi/entry/1\n" + verifier.canonical(entry).encode()
            key = KEYS[signed]
            raw = base64.b64encode(key.sign(words)).decode()
            key_id = sha256(bytes.fromhex(public(key))).hexdigest()[:16]
            entry["data"] = {**data, "signature": {"by": signed, "key": key_id, "sig": raw}}
        self.entries.append({**entry, "seq": seq})
        return seq

    def _committed(self, value: Any, seq: int, place: str) -> Any:
        if isinstance(value, dict):
            return {name: self._committed(it, seq, f"{place}.{name}") for name, it in value.items()}
        if not isinstance(value, str) or not value.startswith("text "):
            return value
        salt = os.urandom(16)
        self.texts.append({"place": place, "salt": salt.hex(), "seq": seq, "text": value})
        return {"commitment": sha256(salt + value.encode()).hexdigest()}

    def give_keys(self) -> None:
        for name in ("sato", "ito"):
            self.add("key_given", "system", record={"person": name, "public_key": public(KEYS[name])})

    def export(self, folder: Path, key: LedgerKey) -> verifier.Report:
        """Write it as an export and verify that."""
        (folder / "checkpoints").mkdir(parents=True)
        lines = [verifier.canonical(entry).encode() for entry in self.entries]
        (folder / "ledger.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
        texts = "".join(verifier.canonical(it) + "\n" for it in self.texts)
        (folder / "texts.jsonl").write_text(texts, encoding="utf-8")
        root = verifier.roots_at([verifier.leaf_hash(line) for line in lines], {len(lines)})[len(lines)]
        note = signed_note(TreeHead(origin=key.name, size=len(lines), root=root).text(), key)
        (folder / f"checkpoints/{len(lines):09}.txt").write_text(note, encoding="utf-8")
        return verifier.verify_ledger(str(folder), (), verifier_key(key.name, key.public_key))


@pytest.fixture
def judged(tmp_path: Path, ledger_key: LedgerKey) -> Callable[[Book], verifier.Report]:
    """Give a way to export a book and verify it."""
    return lambda book: book.export(tmp_path / "export", ledger_key)


Judged = Callable[[Book], verifier.Report]


def test_signatures_of_people_are_checked_and_counted(judged: Judged) -> None:
    """Keys come from the ledger itself; what people signed is checked, what they did not sign is counted apart."""
    book = Book()
    book.give_keys()
    proposal = book.add("proof_approved_proposed", signed="sato", record={"remark": "text 校了"})
    book.add(
        "proof_approved", "ito", signed="ito", record={"remark": "text 校了"}, proposal=proposal, proposed_by="sato"
    )
    book.add("deadline_moved", "asahi", signed="sato", entered_by="sato", record={"reason": "text 別の理由"})
    book.add("reminder_acknowledged", "asahi", record={})
    report = judged(book)
    assert report.findings == []
    assert "職員等の記録のうち、本人の署名があるもの 3 件（いずれも検証済み）、ないもの 1 件。" in report.remarks


def bad_signature(book: Book) -> None:
    book.add("cycle_held", signed="sato", record={"reason": "leak"})
    book.entries[-1]["data"]["record"]["reason"] = "loss"


def of_another(book: Book) -> None:
    book.add("cycle_held", "sato", signed="ito", record={})


def typed_by_another(book: Book) -> None:
    book.add("cycle_held", "asahi", signed="sato", entered_by="ito", record={})


def with_another_key(book: Book) -> None:
    book.add("cycle_held", signed="abe", record={})
    book.entries[-1]["data"]["signature"]["by"] = "sato"


def without_key(book: Book) -> None:
    book.add("cycle_held", "abe", signed="abe", record={})


def with_a_replaced_key(book: Book) -> None:
    book.add("key_given", "ito", signed="ito", record={"person": "sato", "public_key": public(KEYS["abe"])})
    book.add("cycle_held", "sato", signed="sato", record={})


def nonsense(book: Book) -> None:
    book.add("cycle_held", "sato", signature="x", record={})


def of_no_proposal(book: Book) -> None:
    book.add("erasure_confirmed", "ito", signed="ito", record={}, proposal=2, proposed_by="sato")


def of_a_later_proposal(book: Book) -> None:
    book.add("erasure_confirmed", "ito", signed="ito", record={}, proposal=4, proposed_by="sato")
    book.add("erasure_confirmed_proposed", "sato", signed="sato", record={})


def of_another_act(book: Book) -> None:
    seq = book.add("proof_approved_proposed", "sato", signed="sato", record={})
    book.add("erasure_confirmed", "ito", signed="ito", record={}, proposal=seq, proposed_by="sato")


def of_other_content(book: Book) -> None:
    seq = book.add("proof_approved_proposed", "sato", signed="sato", record={"version": 1})
    book.add("proof_approved", "ito", signed="ito", record={"version": 2}, proposal=seq, proposed_by="sato")


def of_other_words(book: Book) -> None:
    seq = book.add("proof_approved_proposed", "sato", signed="sato", record={"remark": "text 甲"})
    book.add("proof_approved", "ito", signed="ito", record={"remark": "text 乙"}, proposal=seq, proposed_by="sato")


def of_himself(book: Book) -> None:
    seq = book.add("proof_approved_proposed", "sato", signed="sato", record={})
    book.add("proof_approved", "sato", signed="sato", record={}, proposal=seq, proposed_by="sato")


@pytest.mark.parametrize(
    "done",
    [bad_signature, of_another, typed_by_another, with_another_key, without_key, with_a_replaced_key, nonsense,
     of_no_proposal, of_a_later_proposal, of_another_act, of_other_content, of_other_words, of_himself],
)  # fmt: skip
def test_a_signature_or_confirmation_that_is_not_right_is_named(judged: Judged, done: Callable[[Book], None]) -> None:
    """The ledger holds together, but one entry says what nobody signed, or confirms what was not proposed."""
    book = Book()
    book.give_keys()
    done(book)
    wrong = 3 if done is of_a_later_proposal else len(book.entries)
    [finding] = judged(book).findings
    assert finding.startswith(f"第{wrong}号：")


def test_a_confirmation_without_signature_is_told(judged: Judged) -> None:
    """Since keys were given, four eyes without a signature are named, though they may be of a machine without keys."""
    book = Book()
    book.give_keys()
    book.add("proof_approved_proposed", record={})
    report = judged(book)
    assert report.findings == []
    assert any("署名のないもの：第3号" in remark for remark in report.remarks)


def test_a_ledger_without_signatures_is_told_apart(export: Export) -> None:
    """An older ledger holds as before, and its reader is told that nobody signed."""
    report = export.check()
    assert report.findings == []
    assert "職員等の署名がない管理簿です。" in report.remarks


def redacting(book: Book) -> Book:
    book.add("deadline_moved", record={"reason": "text 山田太郎様の件"})
    book.add("deadline_moved", record={"reason": "text 台風"})
    return book


def test_texts_open_their_commitments(judged: Judged) -> None:
    """Each text that is there opens the commitment at its place."""
    assert judged(redacting(Book())).findings == []


def test_a_redacted_text_is_told_and_everything_else_holds(judged: Judged) -> None:
    """Where an entry names the redaction, the closed commitment is right; how many there are is told."""
    book = redacting(Book())
    book.add("text_redacted", record={"entry": 1, "place": "record.reason", "reason": "resident_data"})
    del book.texts[0]
    report = judged(book)
    assert report.findings == []
    assert "二人の決定により抹消された自由記載：1 か所" in report.remarks


def taken(book: Book) -> None:
    del book.texts[0]


def changed(book: Book) -> None:
    book.texts[0]["text"] = "text 別人の件"


def salted_anew(book: Book) -> None:
    book.texts[0]["salt"] = "0" * 32


def moved(book: Book) -> None:
    book.texts[0]["seq"], book.texts[1]["seq"] = 2, 1


def doubled(book: Book) -> None:
    book.texts.append(book.texts[0])


def invented(book: Book) -> None:
    book.texts.append({"place": "record.remark", "salt": "0" * 32, "seq": 1, "text": "text"})


def put_back(book: Book) -> None:
    book.add("text_redacted", record={"entry": 1, "place": "record.reason", "reason": "resident_data"})


def of_another_kind(book: Book) -> None:
    book.texts[0]["seq"] = "1"


@pytest.mark.parametrize("done", [taken, changed, salted_anew, moved, doubled, invented, put_back, of_another_kind])
def test_a_text_that_does_not_fit_is_named(judged: Judged, done: Callable[[Book], None]) -> None:
    """Texts stand outside the hashed entries, and no change of them goes unseen."""
    book = redacting(Book())
    done(book)
    assert judged(book).findings


def test_every_byte_of_the_texts_is_looked_at(export: Export) -> None:
    """Whichever byte of the exported texts is changed or cut off, a line is named."""
    path = export.folder / "texts.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)))
    whole = path.read_bytes()
    assert export.check().findings == []
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert export.check().findings
    path.write_bytes(whole[:-1])
    assert export.check().findings
    path.unlink()
    assert export.check().findings == (["自由記載のファイル texts.jsonl がありません。"] if whole else [])


def test_a_clock_that_was_set_back_is_told(judged: Judged) -> None:
    """Entries that are earlier than one before them are named; the ledger holds (M5)."""
    book = Book()
    for day in (3, 1, 2, 4):
        book.add("cycle_held", day=day, record={})
    report = judged(book)
    assert report.findings == []
    assert any("第2, 3号" in remark for remark in report.remarks)


# -- what would stop the verifier itself (L1)


@pytest.mark.parametrize("deep", ["[", '{"a":'])
def test_no_depth_stops_it(export: Export, deep: str) -> None:
    """An entry of nested lists or objects of every depth up to ten thousand is named, without a traceback."""
    [first, *rest] = export.lines
    for depth in [*range(90, 110), 300, 400, 480, 900, 990, 1000, 2000, 5000, 10_000]:
        inner = deep * depth + "1" + ("]" if deep == "[" else "}") * depth
        export.put([first.replace(b'"data":{', f'"data":{{"a":{inner},'.encode()), *rest])
        assert any("第1号の記録が書き換えられています" in finding for finding in export.check().findings)


def test_no_depth_stops_a_proof(tmp_path: Path) -> None:
    """A proof of nested lists is no proof."""
    for depth in (400, 990, 10_000, 100_000):
        (tmp_path / "proof").write_text("[" * depth + "]" * depth, encoding="utf-8")
        with pytest.raises(verifier.Unreadable):
            verifier.verify_proof(str(tmp_path / "proof"))


def test_no_number_and_no_year_stops_it(export: Export) -> None:
    """A number beyond every double and the first year of all clocks are named like any other change."""
    first, second, *rest = export.lines
    export.put([re.sub(rb'"at":"[^T]*', b'"at":"0001-01-01', first), second, *rest])
    assert "第1号の記録が書き換えられています（1行目）。" in export.check().findings
    texts = export.folder / "texts.jsonl"
    huge = f'{{"place":"record","salt":"{"0" * 32}","seq":1{"0" * 400},"text":"x"}}\n'
    texts.write_bytes(texts.read_bytes() + huge.encode())
    assert any("どの記録の自由記載とも合いません" in finding for finding in export.check().findings)


def test_no_number_stops_a_proof(export: Export, tmp_path: Path) -> None:
    """A proof whose entry has no finite number is no proof."""
    said = {"kind": "inclusion", "key": export.key, "checkpoint": export.note(23), "number": math.inf, "proof": []}
    (tmp_path / "proof").write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(verifier.Unreadable):
        verifier.verify_proof(str(tmp_path / "proof"))


def test_a_huge_size_costs_no_more_than_the_ledger(export: Export, tmp_path: Path) -> None:
    """A slip typed with too many digits is told at once: what lies beyond the end is not looked for one by one."""
    text = export.note(23).split("\n\n")[0].replace("\n23\n", "\n118000000000000000\n")
    (tmp_path / "slip.txt").write_text(text, encoding="utf-8")
    (export.folder / "leaves.txt").unlink()
    assert any("第23号で終わっています" in finding for finding in export.check(tmp_path / "slip.txt").findings)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFO")
@pytest.mark.parametrize(
    ("name", "status"),
    [("checkpoints/000000099.txt", 1), ("leaves.txt", 2), ("ledger.pub", 2), ("texts.jsonl", 2), ("ledger.jsonl", 2)],
)
def test_a_pipe_is_not_waited_for(export: Export, name: str, status: int) -> None:
    """A FIFO in the place of a file is no file, and nobody waits for somebody to write into it."""
    (export.folder / name).unlink(missing_ok=True)
    os.mkfifo(export.folder / name)
    said: list[int] = []
    asking = threading.Thread(target=lambda: said.append(run(export.folder).returncode), daemon=True)
    asking.start()
    asking.join(60)
    assert said == [status]


def test_nothing_raw_reaches_the_terminal(export: Export) -> None:
    """Names of files and of origins may hold what steers a terminal; it is shown by number."""
    (export.folder / "checkpoints/a\x1b[2J\x9b1m.txt").write_text("x", encoding="utf-8")
    (export.folder / "checkpoints/b\u202e.txt").write_text("x", encoding="utf-8")
    said = run(export.folder)
    assert said.returncode == 1
    assert "a\\u001b[2J\\u009b1m.txt" in said.stdout
    assert not set("\x1b\x9b\u202e") & set(said.stdout + said.stderr)


def test_what_is_verified_is_what_the_product_writes(export: Export) -> None:
    """The export of the product carries texts, and the verifier opens every one of them."""
    lines = (export.folder / "texts.jsonl").read_text(encoding="utf-8").splitlines()
    assert [verifier.canonical(json.loads(line)) for line in lines] == lines
    assert FILE.read_text(encoding="utf-8") == (export.folder / "verify_ledger.py").read_text(encoding="utf-8")
    assert ledger.canonical({"a": 1}) == '{"a":1}'
