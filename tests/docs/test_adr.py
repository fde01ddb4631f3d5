"""Every record of a decision is short, complete, and names the tests that hold it."""

import re
from pathlib import Path

import pytest

from tests.checkout import ROOT, files

RECORDS = sorted(path for path in files() if path.parent == Path("docs/adr") and path.suffix == ".md")
SECTIONS = ["Context", "Decision", "Consequences", "Held by"]
ONE_PAGE_LINES = 60
ONE_PAGE_WORDS = 450


def test_records_are_numbered_without_gaps() -> None:
    assert RECORDS
    assert [path.name[:5] for path in RECORDS] == [f"{number:04d}-" for number in range(1, len(RECORDS) + 1)]


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_record_has_its_number_and_its_four_parts_on_one_page(record: Path) -> None:
    text = (ROOT / record).read_text(encoding="utf-8")
    assert text.startswith(f"# {int(record.name[:4])}. ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert len(text.splitlines()) <= ONE_PAGE_LINES
    assert len(text.split()) <= ONE_PAGE_WORDS


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_record_names_tests_that_exist(record: Path) -> None:
    held_by = (ROOT / record).read_text(encoding="utf-8").partition("\n## Held by\n")[2]
    named = re.findall(r"^- `(.+)`$", held_by, re.MULTILINE)
    assert named
    for name in named:
        assert re.fullmatch(r"tests/(\w+/)*test_\w+\.py", name)
        assert re.search(r"^(async )?def test_", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE), name
