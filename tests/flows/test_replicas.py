"""A server of several replicas: one data directory and one database, and their services in a process of their own."""

import subprocess
from pathlib import Path

import pytest
from serving import TSUDOI, environment

from desk.commands.serve import _print_a_link, _the_only_one
from flows import access
from models.errors import TsudoiError

pytestmark = pytest.mark.xdist_group("prefect")


def test_replicas_hold_a_data_directory_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two replicas run on one data directory and a link is made beside them; whoever is no replica is kept out."""
    access.say_where(access.folder_of(tmp_path), "http://127.0.0.1:4201")
    with _the_only_one(tmp_path, among_replicas=True):
        with _the_only_one(tmp_path, among_replicas=True), pytest.raises(TsudoiError), _the_only_one(tmp_path):
            pass
        _print_a_link(tmp_path)
    assert "http://127.0.0.1:4201/enter" in capsys.readouterr().out
    with _the_only_one(tmp_path), pytest.raises(TsudoiError), _the_only_one(tmp_path, among_replicas=True):
        pass
    with pytest.raises(TsudoiError):
        _print_a_link(tmp_path)


def test_an_office_does_not_go_without_services(tmp_path: Path) -> None:
    """Without services beside flows of its own no schedule would ever begin: refused with the remedy, exit 2."""
    told = subprocess.run(
        [TSUDOI, "serve", "--no-services"], env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert told.returncode == 2
    assert "--server-only --no-services" in told.stderr


def test_a_credential_is_made_where_no_office_is(tmp_path: Path) -> None:
    """The machine of a shared server has no office: a credential is made there all the same, and nothing else."""
    told = subprocess.run(
        [TSUDOI, "serve", "--office", "ward-a"], env=environment(tmp_path), capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith("ward-a:")
    assert {path.name for path in (tmp_path / "home").iterdir()} == {"prefect"}
