"""Measures which lines and branches of the product the suite runs, in every worker of `script/test`.

SlipCover rewrites each function once and takes its probes out again when they have answered, so that measuring costs a
few percent; a tracer doubles the time of everything that runs under it, libraries included. The plugin is named before
all others (`-p tests.measuring`), because only what is imported after it can be measured. Programs that tests start
are not measured, so the percentage is a lower bound.
"""

import json
import os
from pathlib import Path
from typing import Final

import pytest

MEASURED: Final = ("policies", "audit", "registry", "api")
UNMEASURED: Final = ("api/demo/*", "registry/migrations/versions/*")  # processes of their own; loaded by path


class Probes:
    """What one worker runs of the product, written to a file when it has run its last test."""

    def __init__(self, target: Path) -> None:
        from slipcover import FileMatcher, ImportManager, Slipcover

        self._target = target
        self._seen = Slipcover(branch=True, source=list(MEASURED), omit=list(UNMEASURED))
        ImportManager(self._seen, FileMatcher(sources=list(MEASURED), omit=list(UNMEASURED))).__enter__()

    def write(self) -> None:
        """Write the figures down."""
        self._target.write_text(json.dumps(self._seen.get_coverage()), encoding="utf-8")


def _start() -> Probes | None:
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    folder = os.environ.pop("COVERAGE_FOLDER", None) if worker else None  # taken out: not for what tests start
    return Probes(Path(folder, f"{worker}.json")) if folder else None


_probes = _start()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The last test has run."""
    if _probes is not None:
        _probes.write()
