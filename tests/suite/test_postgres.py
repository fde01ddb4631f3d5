"""The throw-away PostgreSQL server: real, as strict as production, and gone afterwards."""

import os
import pwd
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import asyncpg
import pytest

from tests.engines import EngineReport
from tests.postgres import UNSAFE_FAST, Postgres, PostgresUnavailableError, find_programs, wheel_programs

pytestmark = pytest.mark.postgresql

ROOT = Path(__file__).parents[2]
SLEEPER = """
import time
from tests.postgres import Postgres
server = Postgres()
print(server._folder, flush=True)
time.sleep(99)
"""


def test_the_server_of_the_run_is_durable(postgres: Postgres) -> None:
    assert postgres.execute("show fsync") == "on"
    assert postgres.execute("show synchronous_commit") == "on"
    assert postgres.execute("show full_page_writes") == "on"


def test_the_wheel_starts_a_server_even_where_debian_has_one(pytestconfig: pytest.Config) -> None:
    programs = wheel_programs()
    announced = subprocess.check_output([programs / "postgres", "--version"], text=True).split()[-1]
    with Postgres(programs) as server:
        EngineReport.of(pytestconfig).used_postgresql(server.version)
        assert server.execute("select version()").startswith(f"PostgreSQL {announced} ")


def test_a_crash_keeps_what_was_committed_and_durability_can_be_switched_off() -> None:
    with Postgres() as server:
        server.execute("create table kept (n int)")
        server.execute("insert into kept values (7)")
        server.stop(immediate=True)
        with pytest.raises(OSError):  # noqa: PT011 - which one depends on the system
            server.execute("select 1")
        server.start(UNSAFE_FAST)
        assert server.execute("select n from kept") == 7
        assert server.execute("show fsync") == "off"
        assert server.execute("show synchronous_commit") == "off"


async def test_a_wrong_password_does_not_get_in(postgres: Postgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(replace(postgres.admin, password="wrong").url("postgresql"))


def test_a_server_that_cannot_start_says_why() -> None:
    with pytest.raises(PostgresUnavailableError, match="no_such_setting"):
        Postgres(settings={"no_such_setting": "1"})


def test_nothing_is_left_of_a_server_whose_tests_were_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", SLEEPER], stdout=subprocess.PIPE, text=True, cwd=ROOT) as tests:
        assert tests.stdout is not None
        folder = Path(tests.stdout.readline().strip())
        assert folder.is_dir()
        tests.kill()
    deadline = time.monotonic() + 30
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()


def test_the_folder_pgbin_goes_first_and_must_have_a_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PGBIN", str(wheel_programs()))
    assert find_programs() == wheel_programs()
    monkeypatch.setenv("PGBIN", str(tmp_path))
    with pytest.raises(PostgresUnavailableError, match="has no initdb"):
        find_programs()


def test_root_without_an_ordinary_user_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody_there(name: str) -> NoReturn:
        raise KeyError(name)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", nobody_there)
    with pytest.raises(PostgresUnavailableError, match="neither a user `postgres` nor `nobody`"):
        Postgres()


def test_a_server_its_user_may_not_reach_is_copied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    original = Postgres._run_as_user

    def forbidden(server: Postgres, command: Sequence[str], folder: Path) -> None:
        if Path(command[0]) == wheel_programs() / "postgres":
            raise PermissionError
        original(server, command, folder)

    monkeypatch.setattr(Postgres, "_run_as_user", forbidden)
    with Postgres(wheel_programs()) as server:
        assert server.execute("select 1") == 1
