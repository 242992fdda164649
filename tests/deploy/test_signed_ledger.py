"""A ledger that people signed at the product's own door: it holds, and whoever also has the ledger's key is found."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from exporting import Export
from keyed import keyed_office

from adapters.keys import LedgerKey
from adapters.people_keys import FICTIONAL, PersonKey
from adapters.programmes import measures_of
from deploy import verify_ledger as verifier
from models.notes import TreeHead, signed_note
from models.people import key_id
from rehearsal import cast
from steps import acting, auditing, identity
from steps.office import Office
from steps.preparation import SAMPLE_PASSPHRASE

CYCLE = "hatachi-2026"
Entries = list[dict[str, Any]]


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Let people act at their desks: a claim, a key given by two, a passphrase changed by its owner; and export it."""
    home = tmp_path_factory.mktemp("signed") / "home"
    keyed_office(home)
    office = cast.at_their_desks(Office.open(home, home.parent / "inbox"))
    mine = [it.id for it in measures_of("hatachi/measures.yaml") if it.id.startswith("W")]
    for evidence in ("点検表", "点検表の写し"):
        acting.perform(office, CYCLE, "claim_measures", by="sato", fields={"measures": mine, "evidence": evidence})
    _shown, proposed = identity.give_key(office, "nakamura", by="sato", cost=FICTIONAL)
    assert proposed
    acting.confirm(office, CYCLE, "give_key", by="takahashi", proposal=proposed.seq)
    before = identity.unlock(office, "ito", SAMPLE_PASSPHRASE)
    identity.change_passphrase(office, before, "horse battery staple correct")
    auditing.export(office, home.parent / "export")
    yield office
    office.engine.dispose()


@pytest.fixture
def export(signed: Office, tmp_path: Path) -> Export:
    """Give a copy that may be changed."""
    return Export(folder=signed.home.parent / "export", key=auditing.key_of(signed)).copy(tmp_path / "export")


@pytest.fixture
def people(signed: Office) -> dict[str, PersonKey]:
    """Give the keys with which people sign."""
    assert isinstance(signed.keyring, identity.Together)
    return signed.keyring.keys


def test_what_the_door_wrote_holds(signed: Office, export: Export) -> None:
    """The offline verifier checks every signature that the door made, and the tables are what the entries tell."""
    report = export.check()
    assert report.findings == []
    assert "職員等の記録のうち、本人の署名があるもの 5 件（いずれも検証済み）、ないもの 0 件。" in report.remarks
    assert report.covered == report.entries
    assert auditing.verify(signed).entries == report.entries
    assert auditing.verify(signed, export.folder / "ledger.jsonl").covered == report.entries


def of(entries: Entries, event: str) -> dict[str, Any]:
    return next(entry for entry in reversed(entries) if entry["event"] == event)


def sign(entry: dict[str, Any], key: PersonKey, *, name: str = "") -> None:
    """Sign an entry anew, in the name of somebody else where one is given."""
    entry["data"].pop("signature", None)
    raw = base64.b64encode(key.sign(verifier.signed_words(entry))).decode()
    entry["data"]["signature"] = {"by": name or key.person, "key": key_id(key.public_key), "sig": raw}


People = dict[str, PersonKey]


def a_changed_record(entries: Entries, _people: People) -> int:
    claim = of(entries, "measures_claimed")
    claim["data"]["record"]["measures"].pop()
    return claim["seq"]


def another_person(entries: Entries, people: People) -> int:
    claim = of(entries, "measures_claimed")
    sign(claim, people["suzuki"])
    return claim["seq"]


def another_in_his_name(entries: Entries, people: People) -> int:
    claim = of(entries, "measures_claimed")
    sign(claim, people["suzuki"], name="sato")
    return claim["seq"]


def another_proposal(entries: Entries, people: People) -> int:
    given = of(entries, "key_given")
    given["data"]["proposal"] = of(entries, "measures_claimed")["seq"]
    sign(given, people["takahashi"])
    return given["seq"]


def another_key_than_proposed(entries: Entries, people: People) -> int:
    given = of(entries, "key_given")
    given["data"]["record"]["public_key"] = people["suzuki"].public_key
    sign(given, people["takahashi"])
    return given["seq"]


def a_key_of_one_person(entries: Entries, people: People) -> int:
    given = of(entries, "key_given")
    del given["data"]["proposal"], given["data"]["proposed_by"]
    sign(given, people["takahashi"])
    return given["seq"]


def a_key_as_while_setting_up(entries: Entries, people: People) -> int:
    given = of(entries, "key_given")
    record = {"person": "sato", "public_key": people["suzuki"].public_key, "reason": "forgotten"}
    given |= {"by": "system", "cycle": None, "data": {"record": record, "setting_up": True}}
    return given["seq"]


def a_key_that_nobody_signed(entries: Entries, _people: People) -> int:
    given = of(entries, "key_given")
    for entry in (given, of(entries, "key_given_proposed")):
        del entry["data"]["signature"]
    return given["seq"]


def a_passphrase_of_somebody_else(entries: Entries, people: People) -> int:
    changed = of(entries, "passphrase_changed")
    del changed["data"]["signature"]
    changed["data"]["record"]["public_key"] = people["suzuki"].public_key
    return changed["seq"]


def a_person_of_ones_own(entries: Entries, _people: People) -> int:
    changed = of(entries, "passphrase_changed")
    person = {"id": "mine", "name": "架空", "roles": ["approver"], "setting_up": True, "side": "ward"}
    changed |= {"event": "person_registered", "by": "system", "data": person}
    return changed["seq"]


@pytest.mark.parametrize(
    "tamper",
    [a_changed_record, another_person, another_in_his_name, another_proposal, another_key_than_proposed,
     a_key_of_one_person, a_key_as_while_setting_up, a_key_that_nobody_signed, a_passphrase_of_somebody_else,
     a_person_of_ones_own],
)  # fmt: skip
def test_who_has_the_ledgers_key_cannot_act_as_people(
    signed: Office, export: Export, people: People, tamper: Callable[[Entries, People], int]
) -> None:
    """History is rewritten with hashes and checkpoints that fit; what people signed does not, and is named."""
    entries: Entries = [json.loads(line) for line in export.lines]
    wrong = tamper(entries, people)
    seal(export, entries, signed.signer)
    findings = export.check().findings
    assert {finding.partition("：")[0] for finding in findings} == {f"第{wrong}号"}, findings


def seal(export: Export, entries: Entries, key: LedgerKey) -> None:
    """Write another history with hashes and checkpoints that fit, as the holder of the ledger's key can."""
    lines = [verifier.canonical(entry).encode() for entry in entries]
    export.put([line + b"\n" for line in lines])
    leaves = [verifier.leaf_hash(line) for line in lines]
    (export.folder / "leaves.txt").write_text("".join(leaf.hex() + "\n" for leaf in leaves), encoding="ascii")
    notes = {int(path.stem): path for path in (export.folder / "checkpoints").iterdir()}
    for size, root in verifier.roots_at(leaves, set(notes)).items():
        if size in notes:
            note = signed_note(TreeHead(origin=key.name, size=size, root=root).text(), key)
            notes[size].write_text(note, encoding="utf-8", newline="\n")
