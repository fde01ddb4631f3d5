"""Promise 7: whatever is changed in a real log, an outsider finds it and where, and nothing that was not (R-AUD-4)."""

from pathlib import Path

import pytest

from tests.lived_log import lived_log, tamper

CHANGES = 300
KINDS = 13


@pytest.mark.sqlite
@pytest.mark.gdpr("5(2)")
def test_every_change_of_a_real_log_is_found_and_located(sqlite_url: str, tmp_path: Path) -> None:
    counted = tamper(lived_log(sqlite_url, tmp_path / "home"), tmp_path / "export", CHANGES, seed=1)
    assert counted.total() == CHANGES + counted["none"]
    assert len(counted) == KINDS + 1
