"""The long version of the changes made to a real log: 10,000 of them, in ten logs, five on each engine."""

import logging
from pathlib import Path

import pytest

from tests.lived_log import lived_log, tamper

CHANGES = 1_000
LOGS = 5

_log = logging.getLogger(__name__)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(LOGS))
def test_a_thousand_changes_are_found_and_located(database_url: str, tmp_path: Path, seed: int) -> None:
    counted = tamper(lived_log(database_url, tmp_path / "home"), tmp_path / "export", CHANGES, seed)
    _log.warning(
        "changes found and located: %d, clean logs passed: %d", counted.total() - counted["none"], counted["none"]
    )
    assert counted.total() == CHANGES + counted["none"]
