"""Finds the public test vectors that lie beside the checkout; they are other people's files and no part of it.

Where they are missing, the tests that read them are skipped, and the summary says so.
"""

import os
from pathlib import Path

import pytest

from tests.checkout import ROOT

VECTORS = Path(os.environ.get("REGISTRY_TEST_VECTORS", ROOT.parent / "shared" / "vectors"))


def vector_files(folder: str, pattern: str = "**/*.json") -> list[object]:
    """Parameters of a test: one file of `folder` each, or one that is skipped aloud."""
    found = sorted((VECTORS / folder).glob(pattern))
    if not found:
        reason = f"NOT RUN: no public vectors {folder}; set REGISTRY_TEST_VECTORS to the folder that holds them"
        return [pytest.param(Path(folder), id=f"{folder}-{pattern}-missing", marks=pytest.mark.skip(reason=reason))]
    return [pytest.param(path, id=str(path.relative_to(VECTORS / folder))) for path in found]
