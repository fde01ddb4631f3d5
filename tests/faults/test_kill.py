"""kill -9 of the service under load: nothing answered is without its entry, nothing changed without one (R-AUD-5)."""

import subprocess
import sys
from pathlib import Path

from api.compose import open_registry
from tests.faults.kills import kill_under_load
from tests.faults.service import Service
from tests.house import settings_for

ROUNDS = 2


async def test_after_each_kill_the_log_speaks_of_every_answer(database_url: str, tmp_path: Path) -> None:
    service = Service(settings_for(database_url, tmp_path / "home"))
    answers = await kill_under_load(service, ROUNDS, seed=1)
    assert len(answers) > ROUNDS
    async with open_registry(service.settings) as registry:
        await registry.log.export(tmp_path / "export")
    assert _verify(tmp_path / "export") == 0


def _verify(directory: Path) -> int:
    command = [sys.executable, "-I", str(directory / "verify.py"), str(directory)]
    return subprocess.run(command, check=False, timeout=60).returncode
