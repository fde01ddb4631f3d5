"""The long version of a closing: the record of a person whom 10,000 calls touched."""

import logging
from pathlib import Path

import pytest

from tests.house import House
from tests.promises.test_a_closed_record_names_nobody import close_and_look

CALLS = 10_000

_log = logging.getLogger(__name__)


@pytest.mark.soak
async def test_ten_thousand_entries_speak_of_nobody_any_more(house: House, tmp_path: Path) -> None:
    openings = await close_and_look(house, tmp_path, CALLS)
    _log.warning("%d openings closed", openings)
    assert openings > CALLS
