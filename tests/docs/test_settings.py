"""The page of settings names every setting with its default, and no other."""

import re
from pathlib import Path

import pytest

from api.settings import Settings
from tests.checkout import ROOT

_ROW = re.compile(r"^\| `REGISTRY_([A-Z_]+)` \| (.+?) \|", re.MULTILINE)


def told() -> dict[str, str]:
    """Defaults by field, as the page tells them."""
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    return {name.lower(): default for name, default in _ROW.findall(page)}


def default_of(name: str) -> str:
    """A default as the page has to tell it; paths of the product relative to it, nothing as a dash."""
    value = Settings.model_fields[name].default
    if value in {None, ""}:
        return "-"
    if isinstance(value, Path) and value.is_absolute():
        value = value.relative_to(ROOT.resolve())
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_told_with_its_default(name: str) -> None:
    assert told().get(name) == default_of(name)


def test_no_setting_is_told_that_does_not_exist() -> None:
    assert told().keys() <= Settings.model_fields.keys()
