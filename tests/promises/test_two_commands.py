"""Promise 9: one command runs the main job on a fresh folder, twice; the story itself checks every answer."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.sentinel import files_under, places_of, spellings

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 400


def _demo(home: Path) -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    run = subprocess.run(
        [str(ROOT / "script" / "demo"), "--once", "--home", str(home), "--port", str(port)],
        env={**os.environ, "VENV": sys.prefix},
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_the_story_holds_from_an_empty_folder_and_a_second_time(tmp_path: Path) -> None:
    assert "Imported: 2,357 created" in _demo(tmp_path)
    assert "2,357 customers are there already" in _demo(tmp_path)
    needles = spellings("Unverwechselbar-Sonderfall", "Eigenartweg 77", "+493023125999")
    assert places_of(needles, files_under(tmp_path, leave_out="mail")) == []
