"""Every test gets a database of its own, on both engines; a run that leaves PostgreSQL out is red."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_a_test_never_sees_what_another_one_wrote(database_url: str, engine: str, turn: str) -> None:
    database = create_async_engine(database_url)
    async with database.begin() as connection:
        await connection.execute(text("create table written_by_a_test (turn varchar)"))
        await connection.execute(text("insert into written_by_a_test values (:turn)"), {"turn": turn})
    async with database.connect() as connection:
        rows = await connection.execute(text("select turn from written_by_a_test"))
        assert rows.scalars().all() == [turn]
    await database.dispose()
    assert database.dialect.name == engine


def run_pytest(tmp_path: Path, source: str, *options: str) -> "subprocess.CompletedProcess[str]":
    (tmp_path / "test_sample.py").write_text(f"import pytest\n{source}", encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.engines", "-p", "no:cacheprovider", *options, tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


RUNS = "@pytest.mark.postgresql\ndef test_runs(): pass\n"
SKIPS = "@pytest.mark.postgresql\ndef test_skips(): pytest.skip()\n"
SKIPS_EARLY = "@pytest.mark.postgresql\n@pytest.mark.skip\ndef test_skips(): pass\n"
SKIPS_ELSEWHERE = "@pytest.mark.sqlite\ndef test_skips(): pytest.skip()\n"
SKIPS_ALL = "pytest.skip('no server', allow_module_level=True)\n"


@pytest.mark.parametrize(
    ("source", "code", "run", "skipped"),
    [
        (RUNS, 0, 1, 0),
        (RUNS + SKIPS_ELSEWHERE, 0, 1, 0),
        (RUNS + SKIPS, 1, 1, 1),
        (RUNS + SKIPS_EARLY, 1, 1, 1),
    ],
    ids=["all run", "another engine skipped", "skipped inside", "skipped by mark"],
)
def test_a_skipped_postgresql_test_fails_the_run(
    tmp_path: Path, source: str, code: int, run: int, skipped: int
) -> None:
    result = run_pytest(tmp_path, source)
    assert result.returncode == code
    assert f"PostgreSQL tests: {run} run, {skipped} skipped" in result.stdout.splitlines()


def test_a_module_skipped_as_a_whole_fails_the_run(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text("def test_runs(): pass\n", encoding="utf-8")
    result = run_pytest(tmp_path, SKIPS_ALL)
    assert result.returncode == 1
    assert "PostgreSQL tests: 0 run, 1 skipped" in result.stdout.splitlines()


def test_a_system_package_that_is_missing_is_named_in_the_closing_lines(tmp_path: Path) -> None:
    source = "@pytest.mark.postgresql\ndef test_hsm(): pytest.xfail('no HSM: apt-get install it')\n"
    result = run_pytest(tmp_path, RUNS + source)
    assert result.returncode == 0
    assert "1 tests did not run: no HSM: apt-get install it" in result.stdout.splitlines()


def test_the_whole_suite_without_postgresql_tests_fails(tmp_path: Path) -> None:
    source = "def test_pure(): pass\n"
    assert run_pytest(tmp_path, source).returncode == 0
    assert run_pytest(tmp_path, source, "--whole-suite").returncode == 1


def test_closing_lines_can_go_to_a_file(tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    result = run_pytest(tmp_path, RUNS, f"--closing-lines={lines}")
    assert "PostgreSQL tests" not in result.stdout
    assert lines.read_text(encoding="utf-8").splitlines()[1] == "PostgreSQL tests: 1 run, 0 skipped"
