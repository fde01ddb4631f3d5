"""The commands for keys and backups, as an operator types them (R-AUD-2, R-DEL-4)."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from api import cli
from api.settings import Settings
from api.terminal import REFUSED
from tests.house import House, open_house, settings_for


@pytest.fixture
def settings(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings as the environment tells them, with a customer on file."""
    settings = settings_for(database_url, tmp_path / "home")
    for name, value in settings.model_dump(exclude_defaults=True).items():
        monkeypatch.setenv(f"REGISTRY_{name.upper()}", str(value))

    async def fill() -> None:
        async with open_house(settings) as registry:
            await House(registry, settings, database_url).customer()

    asyncio.run(fill())
    return settings


def test_keys_are_rotated_retired_and_told(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in ("root", "epoch", "data", "index", "suppression", "tokens", "log", "setup"):
        assert cli.main(["keys", "rotate", kind]) == 0
    assert cli.main(["keys", "retire-epoch", "--backup", str(tmp_path / "safe")]) == 0
    assert cli.main(["keys", "verify-backup", str(tmp_path / "safe")]) == 0
    assert cli.main(["verify"]) == 0
    capsys.readouterr()
    assert cli.main(["keys", "status"]) == 0
    told = capsys.readouterr().out
    assert "epoch 3: active, root version 3" in told
    assert "root versions held: 3" in told
    assert "token-signing: version 2 signs, 0 days old, 1 older held" in told
    assert "annegret" not in told.lower()


@pytest.mark.postgresql
def test_who_does_not_own_the_tables_is_told_whose_turn_it_is(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(postgresql_url, tmp_path / "home").model_copy(update={"migration_database_url": ""})
    for name, value in settings.model_dump(exclude_defaults=True).items():
        monkeypatch.setenv(f"REGISTRY_{name.upper()}", str(value))
    assert cli.main(["keys", "rotate", "epoch"]) == REFUSED
    assert "REGISTRY_MIGRATION_DATABASE_URL" in capsys.readouterr().err


def test_an_old_backup_does_not_let_an_epoch_go(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["backup", "--data", str(tmp_path / "data"), "--keys", str(tmp_path / "keys")]) == 0
    assert cli.main(["keys", "retire-epoch", "--backup", str(tmp_path / "keys")]) == REFUSED
    assert "older" in capsys.readouterr().err
    assert cli.main(["restore", "--data", str(tmp_path / "data"), "--keys", str(tmp_path / "keys")]) == REFUSED
    assert "not empty" in capsys.readouterr().err


@pytest.mark.sqlite
def test_a_backup_comes_back(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_for(sqlite_url, tmp_path / "home")
    monkeypatch.setenv("REGISTRY_HOME", str(settings.home))
    monkeypatch.setenv("REGISTRY_DATABASE_URL", settings.database_url)

    async def fill() -> None:
        async with open_house(settings) as registry:
            await House(registry, settings, sqlite_url).customer()

    asyncio.run(fill())
    parts = ["--data", str(tmp_path / "data"), "--keys", str(tmp_path / "keys")]
    assert cli.main(["backup", *parts]) == 0
    path = Path(str(make_url(settings.database_url).database))
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    assert cli.main(["restore", *parts]) == 0
    assert cli.main(["replay"]) == 0
    assert cli.main(["verify"]) == 0
