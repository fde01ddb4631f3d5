"""What an operator can set: environment variables beginning with REGISTRY_, or a `.env` file.

The defaults serve a first try on one machine: an embedded SQLite file, a local key file and letters as files, all
under `var/`.
"""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from registry.contact_changes import LONGEST_WAIT_DAYS

CATALOGUE = Path(__file__).resolve().parent.parent / "policies" / "catalogues"


class Settings(BaseSettings):
    """All settings of one process; every one is described in docs/settings.md."""

    model_config = SettingsConfigDict(env_prefix="REGISTRY_", env_file=".env", extra="forbid")

    home: Path = Path("var")
    database_url: str = ""
    eraser_database_url: str = ""
    migration_database_url: str = ""
    key_file: Path | None = None
    key_provider: str = ""
    epoch_days: int = 0
    destruction_delay_days: int = 0
    journal_file: Path | None = None
    pins_folder: Path | None = None
    pin_interval_seconds: int = 60
    mail_url: str = ""
    mail_sender: str = "datenschutz@example.com"
    policy_file: Path = CATALOGUE / "retailer.yaml"
    notices_directory: Path = CATALOGUE / "notices"
    issuer: str = "https://registry.example.com"
    audience: str = "consent-registry"
    token_lifetime_seconds: int = 900
    log_origin: str = "registry.example.com/audit"
    new_address_days: int = Field(default=14, ge=0, le=LONGEST_WAIT_DAYS)
    metrics_token: str = Field(default="", repr=False)
    secure_cookies: bool = True
    host: str = "127.0.0.1"
    port: int = 8000

    @property
    def database(self) -> str:
        """The serving role's database URL."""
        return self.database_url or f"sqlite:///{self.home / 'registry.db'}"

    @property
    def migration_database(self) -> str:
        """The migrating role's database URL."""
        return self.migration_database_url or self.database

    @property
    def keys(self) -> Path:
        """The local key file."""
        return self.key_file or self.home / "keys.json"

    @property
    def key_provider_url(self) -> str:
        """The key provider."""
        return self.key_provider or f"file:{self.keys}"

    @property
    def journal(self) -> Path:
        """The journal outside the database."""
        return self.journal_file or self.home / "journal.jsonl"

    @property
    def pins(self) -> Path:
        """The folder of signed checkpoints outside the database."""
        return self.pins_folder or self.journal.with_name("audit-pins")
