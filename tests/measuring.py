"""Keeps coverage cheap: each line is traced where it runs first, not in every repetition of the same test.

Tracing doubles the time of everything that runs under it. A test of the API or the pages that runs on both engines is
measured on SQLite and only run on PostgreSQL, whose own rooms are measured by their own tests; and the programs that
tests start run untraced. So the percentage reported is a lower bound.
"""

import os
from collections.abc import Iterator

import pytest
from coverage import Coverage

_ASKS_CHILDREN_TO_MEASURE = ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")


class MeasuredOnce:
    """A pytest plugin."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Let the second run of a test, on PostgreSQL, go untraced; in a worker, let no child be traced."""
        if "PYTEST_XDIST_WORKER" in os.environ:
            _let_children_be()
        tracing = Coverage.current() if _is_second_run(item) else None
        if tracing is None:
            return (yield)
        tracing.stop()
        try:
            return (yield)
        finally:
            tracing.start()


def _is_second_run(item: pytest.Item) -> bool:
    if not isinstance(item, pytest.Function) or "http" not in item.path.parts:
        return False
    return _parameters(item).get("engine") == "postgresql"


def _parameters(item: pytest.Function) -> dict[str, object]:
    return dict(item.callspec.params) if hasattr(item, "callspec") else {}


def _let_children_be() -> None:
    for name in _ASKS_CHILDREN_TO_MEASURE:
        os.environ.pop(name, None)
