"""Nobody goes around the vault, the rules or the log: every way there is listed with the modules that may take it.

The tricks below are planted in a module that has none of them, and each must be seen: a test of the architecture that
sees only the plain way in shows nothing.
"""

import tomllib
from collections import defaultdict

import pytest

from tests.architecture.doors import MADE_IN_ONE_PLACE, WAYS, allowed, found
from tests.checkout import ROOT, files

PACKAGES = ("policies", "audit", "registry", "api")
NAMES = [*(way.name for way in WAYS), *MADE_IN_ONE_PLACE, *(f"{name} by another name" for name in MADE_IN_ONE_PLACE)]
INNOCENT = "registry/conflicts.py"

TRICKS = {
    "from registry.vault import open_sealed as o": {"open_sealed", "registry.vault"},
    "from registry import vault": {"registry.vault"},
    "import registry.vault as v": {"registry.vault"},
    "import registry\n\nopened = registry.vault": {"registry.vault"},
    "from registry.disclosure import open_sealed": {"open_sealed"},
    "from registry.disclosure import open_sealed as o": {"open_sealed"},
    "from registry import disclosure\n\nx = disclosure.open_sealed": {"open_sealed"},
    "from registry import disclosure\n\nx = getattr(disclosure, 'open_sealed')": {"open_sealed"},
    "from registry.post import open_letter": {"open_letter"},
    "from registry.vault import _opened": {"_opened", "registry.vault"},
    "import importlib\n\nv = importlib.import_module('registry.vault')": {"importlib", "__import__", "registry.vault"},
    "import importlib\n\nv = importlib.import_module('registry.' + 'vault')": {
        "importlib",
        "__import__",
        "registry.vault",
    },
    "from importlib import import_module as load": {"importlib", "__import__"},
    "v = __import__('registry.' + 'vault')": {"__import__", "registry.vault"},
    "import sys\n\nv = sys.modules.get('registry.' + 'vault')": {"sys.modules", "registry.vault"},
    "from sys import modules": {"sys.modules"},
    "from registry.disclosure import *": {"imports of everything"},
    "from .vault import Sealed": {"relative imports"},
    "from . import vault": {"relative imports", "registry.vault"},
    "import runpy": {"reaching everything"},
    "x = eval('Per' + 'mit')": {"names by text"},
    "x = disclosure.__dict__['open_' + 'sealed']": {"names by text"},
    "def peek(key, row):\n    return key.cipher.decrypt(row.sealed[:12], row.sealed[12:], b'')": {"decrypt", "cipher"},
    "def peek(key, row):\n    return getattr(key.cipher, 'decrypt')(row)": {"decrypt", "cipher"},
    "from cryptography.hazmat.primitives.ciphers.aead import AESGCM": {"cryptography"},
    "from cryptography.hazmat.primitives import ciphers": {"cryptography"},
    "def make(*parts):\n    return Permit(*parts)": {"Permit"},
    "P = Permit\n\n\ndef make(*parts):\n    return P(*parts)": {"Permit"},
    "from policies.decision import Permit as P": {"Permit by another name"},
    "def widen(permit, rows):\n    return permit._replace(rows=rows)": {"_replace"},
    "def make(parts):\n    return Permit._make(parts)": {"Permit", "_make"},
    "def make(parts):\n    return tuple.__new__(Permit, parts)": {"Permit", "__new__"},
    "import policies.decision as d\n\n\ndef make(*parts):\n    return getattr(d, 'Permit')(*parts)": {"Permit"},
    "import policies.decision as d\n\n\ndef make(*parts):\n    return d.Permit(*parts)": {"Permit"},
    "def another(permit, rows):\n    return type(permit)(rows)": {"one of its type"},
    "def another(permit, rows):\n    return permit.__class__(rows)": {"one of its type"},
    "from dataclasses import replace\n\n\ndef lie(f):\n    return replace(f, restrictions=())": {"replace"},
    "import dataclasses\n\n\ndef lie(f):\n    return dataclasses.replace(f)": {"replace"},
    "import copy\n\n\ndef lie(f):\n    return copy.replace(f)": {"replace"},
    "def lie(f):\n    object.__setattr__(f, 'restrictions', ())": {"__setattr__"},
    "from policies.facts import Facts as F": {"Facts by another name"},
    "def lie(*parts):\n    return Facts(*parts)": {"Facts"},
    "def make(v):\n    return object.__new__(Recorded)": {"Recorded", "__new__"},
    "def make(v):\n    return Recorded[Permit](v, 0, b'')": {"Recorded", "Permit"},
    "make = partial(Recorded, index=0)": {"Recorded"},
}
INNOCENCE = [
    "def say(decision: Permit | Deny) -> list[Permit]:\n    return [decision] if isinstance(decision, Permit) else []",
    "def say(decision):\n    match decision:\n        case Permit():\n            return 1",
    "from policies.decision import Permit\n\nOutcomes = list[Permit | Deny]",
    "class Shown:\n    permit: Recorded[Permit]",
]


def test_every_way_is_taken_by_the_modules_that_may_and_no_other() -> None:
    taken = defaultdict(set)
    for path in files():
        if path.suffix == ".py" and path.parts[0] in PACKAGES:
            for name in found((ROOT / path).read_text(encoding="utf-8")):
                taken[name].add(path.as_posix())
    assert {name: taken[name] for name in NAMES} == {name: set(allowed(name)) for name in NAMES}


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_is_seen(trick: str) -> None:
    innocent = (ROOT / INNOCENT).read_text(encoding="utf-8")
    before = set(found(innocent))
    seen = set(found(f"{innocent}\n\n{trick}\n")) - before
    assert seen == TRICKS[trick]
    assert not [name for name in seen if INNOCENT in allowed(name)]


@pytest.mark.parametrize("text", INNOCENCE)
def test_to_say_of_what_type_something_is_makes_none(text: str) -> None:
    assert not list(found(text))


def test_the_contract_on_the_vault_names_nobody_who_does_not_need_it() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (vault,) = [one for one in contracts if one.get("protected_modules") == ["registry.vault"]]
    named = {f"{one.replace('.', '/')}.py" for one in vault["allowed_importers"]}
    assert named == allowed("registry.vault")
