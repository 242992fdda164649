"""Settings: TSUDOI_ variables, then one settings file (settings.toml in the data directory), then the defaults here."""

import os
from datetime import date
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from models.errors import BadInput, BadSetting
from models.plain import is_plain, mail_address
from models.words import _

OFFICE = r"[a-z0-9][a-z0-9-]{0,19}"  # what an office may be called


class Hook(BaseModel):
    """A receiver of signed webhooks: where, and the secret that signs (Standard Webhooks, whsec_…)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    secret: SecretStr


class PrefectsOwn(BaseSettings):
    """Where Prefect keeps its things, by its own variables: read to know where residents' data could have got to."""

    model_config = SettingsConfigDict(frozen=True)

    home: Annotated[Path | None, Field(validation_alias="PREFECT_HOME")] = None
    database_url: Annotated[
        str,
        Field(
            repr=False,
            validation_alias=AliasChoices(
                "PREFECT_SERVER_DATABASE_CONNECTION_URL", "PREFECT_API_DATABASE_CONNECTION_URL"
            ),
        ),
    ] = ""


def _sender(text: str) -> str:
    """Take a sender as it is typed, with or without a name before it; a mail server would refuse every letter else."""
    address = parseaddr(text)[1]
    try:
        usable = bool(address) and mail_address(address) == address and is_plain(text)
    except BadInput:
        usable = False
    if not usable:
        raise ValueError
    return text


class Settings(BaseSettings):
    """Where this installation keeps its things and whom it writes through."""

    model_config = SettingsConfigDict(env_prefix="TSUDOI_", env_nested_delimiter="__", frozen=True, extra="forbid")

    home: Annotated[Path, Field(description="data directory")] = Path("var/home")
    inbox: Annotated[Path, Field(description="where extracts are put; emptied after taking")] = Path("var/inbox")
    keys: Annotated[Path | None, Field(description="keys, apart from the vault; on another disk if you can")] = None
    key_backup: Annotated[Path | None, Field(description="second place for the cycle keys")] = None
    database_url: Annotated[str, Field(description="SQLAlchemy URL; SQLite in the data directory by default")] = ""
    database_owner_url: Annotated[
        str, Field(repr=False, description="PostgreSQL: the tables' owner, for `tsudoi init` alone")
    ] = ""
    programmes: Annotated[Path | None, Field(description="folder of further programmes")] = None
    programme: Annotated[str, Field(description="programme used when none is named")] = "hatachi"
    origin: Annotated[str, Field(description="name under which the ledger is signed")] = "tsudoi.invalid/ledger"
    mail: Annotated[
        str, Field(description="smtp://host:587, smtps://host:465, or empty: letters stay in the data directory")
    ] = ""
    mail_from: Annotated[str, AfterValidator(_sender), Field(description="sender of reminders")] = "tsudoi@localhost"
    mail_user: str = ""
    mail_password: Annotated[str, Field(repr=False)] = ""
    webhooks: Annotated[
        dict[str, Hook],
        Field(description="receivers by person of the register, or by side: ward, register, contractor"),
    ] = {}
    allowed_hosts: Annotated[
        frozenset[str], Field(description="hosts, addresses, networks that webhooks may reach")
    ] = frozenset()
    ca_file: Annotated[Path | None, Field(description="certificates that mail server and receivers are checked by")] = (
        None
    )
    papers: Annotated[Path | None, Field(description="where paper is put for printing")] = None
    office: Annotated[
        str,
        Field(
            pattern=rf"^({OFFICE})?$",
            description="this office on a Prefect server that several share; it stands in names, tags and pages",
        ),
    ] = ""
    dashboard: Annotated[
        str, Field(description="address at which people reach the dashboard, where it is not this machine's")
    ] = ""
    desk: Annotated[
        str, Field(description="address at which people reach the desk, where it is not this machine's: https://…")
    ] = ""
    desk_user_header: Annotated[
        str,
        Field(
            pattern=r"^([A-Za-z][A-Za-z0-9-]*)?$",
            description="header in which that proxy passes the register id of whom it let in; empty: none is believed",
        ),
    ] = ""
    closed_days: Annotated[frozenset[date], Field(description="closing days beside those of the law")] = frozenset()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic-settings'
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic-settings'
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read variables first, then the one settings file."""
        home = init_settings().get("home") or os.environ.get("TSUDOI_HOME") or "var/home"
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, Path(home) / "settings.toml")

    @classmethod
    def load(cls, home: Path | None = None, inbox: Path | None = None) -> Self:
        """Read the settings, for another data directory and inbox where they are given.

        Raises:
            BadSetting: a value is wrong; the message names the key.

        """
        given = {key: value for key, value in (("home", home), ("inbox", inbox)) if value is not None}
        try:
            return cls(**given)  # type: ignore[arg-type]  # only paths are given
        except (ValidationError, ValueError) as error:
            keys = [str(e["loc"][0]) for e in error.errors()] if isinstance(error, ValidationError) else []
            raise BadSetting(
                _("These settings are wrong: {keys}").format(keys=", ".join(keys) or "settings.toml"),
                _("Mend TSUDOI_… or settings.toml."),
            ) from None

    def on_the_server(self, key: str) -> str:
        """Return a key as it stands on a Prefect server that several offices may share: the office before it."""
        return f"{self.office}-{key}" if self.office else key

    @property
    def database(self) -> str:
        """Return the URL of the database."""
        return self.database_url or f"sqlite:///{(self.home / 'tsudoi.db').absolute()}"

    @property
    def owner_database(self) -> str:
        """Return the URL with which the tables are made."""
        return self.database_owner_url or self.database

    @property
    def key_folder(self) -> Path:
        """Return where keys are kept."""
        return self.keys or self.home / "keys"
