"""The rooms of the house stay apart: who imports whom, and that every rule cites its law."""

import ast
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.checkout import ROOT, files

RULES = sorted(path.stem for path in (ROOT / "policies/rules").glob("*.py") if path.stem != "__init__")

# Spelled in pieces, so that this file does not find itself.
INDEX_HOST = re.compile(
    r"py" + r"pi\.org|python" + r"hosted\.org|test\.py" + r"pi|registry\.npm" + r"js", re.IGNORECASE
)
MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:home/\w|Users/\w|root/|wor" + r"k/|opt/py" + r"pi|mnt/)")


def test_the_import_contracts_hold() -> None:
    """In a process of its own: import-linter sets up logging and so silences the product's loggers."""
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, capture_output=True)
    assert run.returncode == 0, run.stdout.decode()


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_cites_its_law(rule: str) -> None:
    module = import_module(f"policies.rules.{rule}")
    assert module.CITES
    assert all(isinstance(cite, str) and cite.strip() for cite in module.CITES)
    assert "\nLegal: " in (module.__doc__ or "")


def test_every_rule_has_its_say_in_the_decision() -> None:
    asked = {
        node.value.id
        for name in ("evaluate", "compiled")
        for node in ast.walk(ast.parse((ROOT / f"policies/{name}.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    assert set(RULES) <= asked


@pytest.mark.parametrize("pattern", [INDEX_HOST, MACHINE_PATH], ids=["index", "path"])
def test_no_file_names_a_package_index_or_a_path_of_one_machine(pattern: re.Pattern[str]) -> None:
    found = [f"{path}: {match.group()}" for path in files() if (match := pattern.search(readable(ROOT / path)))]
    assert not found


def readable(path: Path) -> str:
    """The text of a file; nothing for one that is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize("lock", sorted(path.name for path in (ROOT / "requirements").glob("*.txt")))
def test_every_locked_package_has_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    assert "://" not in text
    packages = [part for part in re.split(r"\n(?=\S)", text) if not part.startswith("#")]
    assert packages
    assert all(re.match(r"[\w.-]+==", package) and "--hash=sha256:" in package for package in packages)
