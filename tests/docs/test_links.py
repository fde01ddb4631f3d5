"""What the pages point to is there: links, headings, and every file of the product they name."""

import re
import unicodedata
from functools import cache
from pathlib import Path

import pytest

from tests.checkout import ROOT, files

PAGES = [path for path in files() if path.suffix == ".md"]
ROOMS = "api|audit|benchmarks|docs|policies|registry|requirements|script|tests"

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_NAMED = re.compile(rf"`((?:{ROOMS})/[\w./-]+)`")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


@cache
def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return _FENCE.sub("", (ROOT / page).read_text(encoding="utf-8"))


@cache
def anchors(page: Path) -> frozenset[str]:
    """The names of a page's headings, as they stand in links."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return frozenset(_anchor(heading) for heading in headings)


def _anchor(heading: str) -> str:
    kept = (
        character for character in heading.lower() if character in " -_" or unicodedata.category(character)[0] in "LN"
    )
    return "".join(kept).replace(" ", "-")


def test_there_are_pages() -> None:
    assert {Path("README.md"), Path("docs/architecture.md")} <= set(PAGES)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.resolve().relative_to(ROOT.resolve())), link


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_file_a_page_names_exists(page: Path) -> None:
    assert [name for name in _NAMED.findall(prose(page)) if not (ROOT / name).exists()] == []
