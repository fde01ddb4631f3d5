"""The rooms of the house stay apart: who imports whom, who alone may make what, and that every rule cites its law."""

import ast
import re
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from tests.checkout import ROOT, files

PACKAGES = ("policies", "audit", "registry", "api")
RULES = sorted(path.stem for path in (ROOT / "policies/rules").glob("*.py") if path.stem != "__init__")

# Spelled in pieces, so that this file does not find itself.
INDEX_HOST = re.compile(
    r"py" + r"pi\.org|python" + r"hosted\.org|test\.py" + r"pi|registry\.npm" + r"js", re.IGNORECASE
)
MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:home/\w|Users/\w|root/|wor" + r"k/|opt/py" + r"pi|mnt/)")


@cache
def sources() -> list[tuple[str, ast.Module]]:
    """The product's modules by path."""
    return [
        (path.as_posix(), ast.parse((ROOT / path).read_text(encoding="utf-8")))
        for path in files()
        if path.suffix == ".py" and path.parts[0] in PACKAGES
    ]


@cache
def nodes() -> list[tuple[str, ast.Call | ast.ImportFrom]]:
    """Every call and every import of names in the product, with the path of its module."""
    return [
        (path, node)
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, (ast.Call, ast.ImportFrom))
    ]


def makers_of(name: str) -> set[str]:
    """The modules that call a class by its name."""
    return {
        path
        for path, node in nodes()
        if isinstance(node, ast.Call) and name in {getattr(node.func, "id", None), getattr(node.func, "attr", None)}
    }


def test_the_import_contracts_hold() -> None:
    """In a process of its own: import-linter sets up logging and so silences the product's loggers."""
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, capture_output=True)
    assert run.returncode == 0, run.stdout.decode()


@pytest.mark.parametrize(
    ("name", "makers"),
    [
        ("Permit", {"policies/evaluate.py"}),
        ("Facts", {"registry/facts.py"}),
        ("Recorded", {"audit/log.py", "audit/sequencer.py"}),
    ],
)
def test_what_opens_data_is_made_in_one_place(name: str, makers: set[str]) -> None:
    found = makers_of(name)
    assert found, f"nobody makes a {name}"
    assert found <= makers


@pytest.mark.parametrize("name", ["Permit", "Facts", "Recorded"])
def test_what_opens_data_goes_by_no_other_name(name: str) -> None:
    renamed = {
        path
        for path, node in nodes()
        if isinstance(node, ast.ImportFrom) and any(part.name == name and part.asname for part in node.names)
    }
    assert not renamed


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
