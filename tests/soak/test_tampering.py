"""The long version of the changes made to a real log: 10,000 of them."""

from pathlib import Path

import pytest

from tests.lived_log import lived_log, tamper

CHANGES = 10_000


@pytest.mark.soak
@pytest.mark.sqlite
def test_ten_thousand_changes_are_found_and_located(sqlite_url: str, tmp_path: Path) -> None:
    counted = tamper(lived_log(sqlite_url, tmp_path / "home"), tmp_path / "export", CHANGES, seed=2)
    assert counted.total() == CHANGES + counted["none"]
