"""kill -9 of the service under load: nothing answered is without its entry, nothing changed without one (R-AUD-5)."""

import subprocess
import sys
from pathlib import Path

from api.compose import open_registry
from tests.faults.kills import kill_under_load, processes_on
from tests.house import settings_for

ROUNDS = 2


async def test_after_each_kill_the_log_speaks_of_every_answer(engine: str, database_url: str, tmp_path: Path) -> None:
    settings = settings_for(database_url, tmp_path / "home")
    answers = await kill_under_load(settings, processes_on(engine), ROUNDS, seed=1)
    assert len(answers) > ROUNDS
    since: list[str] = []
    for number, note in enumerate(answers.notes):
        (tmp_path / f"since-{number}").write_text(note, encoding="utf-8")
        since += ["--since", str(tmp_path / f"since-{number}")]
    async with open_registry(settings) as registry:
        await registry.log.export(tmp_path / "export")
    assert _verify(tmp_path / "export", since) == 0


def _verify(directory: Path, since: list[str]) -> int:
    command = [sys.executable, "-I", str(directory / "verify.py"), str(directory), *since]
    return subprocess.run(command, check=False, timeout=60).returncode
