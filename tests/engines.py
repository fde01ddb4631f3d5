"""Counts the tests that ran on each database engine, and fails a run in which one for PostgreSQL was skipped.

Its lines come after pytest's own last line, so that nobody has to look for them.
"""

import sqlite3
from collections import Counter
from pathlib import Path
from typing import ClassVar

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of script/test."""
    parser.addoption("--whole-suite", action="store_true", help="a run without tests on PostgreSQL fails")
    parser.addoption("--closing-lines", type=Path, help="write the closing lines to this file, not to the terminal")


def pytest_configure(config: pytest.Config) -> None:
    """Let the report see every test."""
    config.pluginmanager.register(EngineReport(config), EngineReport.NAME)


_ENGINE = "engine"
_SERVER = "postgresql-version"


class EngineReport:
    """A pytest plugin."""

    NAME: ClassVar[str] = "engine-report"

    def __init__(self, config: pytest.Config) -> None:
        self._whole_suite: bool = config.getoption("--whole-suite")
        self._file: Path | None = config.getoption("--closing-lines")
        self._config = config
        self._is_worker = hasattr(config, "workerinput")
        self._on: dict[str, set[str]] = {"sqlite": set(), "postgresql": set()}
        self._ran: set[str] = set()
        self._skipped: set[str] = set()
        self._modules_skipped: set[str] = set()
        self._wanting: dict[str, str] = {}
        self._postgresql_versions: list[str] = []

    @classmethod
    def of(cls, config: pytest.Config) -> "EngineReport":
        """The report of this run."""
        plugin = config.pluginmanager.get_plugin(cls.NAME)
        assert isinstance(plugin, cls)
        return plugin

    def used_postgresql(self, version: str) -> None:
        """Remember a server that tests ran on."""
        if version not in self._postgresql_versions:
            self._postgresql_versions.append(version)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module skipped as a whole hides which engines its tests are for: it counts as skipped."""
        if report.skipped:
            self._modules_skipped.add(report.nodeid)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Let each test's reports say which engines it is for, in whichever process it runs."""
        for item in items:
            item.user_properties += [(_ENGINE, engine) for engine in self._on if item.get_closest_marker(engine)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Let the last report of a test say which server it ran on."""
        if item.get_closest_marker("postgresql"):
            item.user_properties += [(_SERVER, version) for version in self._postgresql_versions]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell tests that ran from tests that were skipped before or in the middle."""
        for name, value in report.user_properties:
            if name == _ENGINE:
                self._on[str(value)].add(report.nodeid)
            elif name == _SERVER:
                self.used_postgresql(str(value))
        if report.skipped and hasattr(report, "wasxfail"):
            self._wanting[report.nodeid] = report.wasxfail.removeprefix("reason: ")
        elif report.skipped:
            self._skipped.add(report.nodeid)
        elif report.when == "call":
            self._ran.add(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run where PostgreSQL was left out."""
        if not self._is_worker and session.exitstatus == pytest.ExitCode.OK and self._left_out():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Say it, after everybody else has spoken; of several processes only the one that sees all reports."""
        if self._is_worker:
            return
        lines = "\n".join(self._lines()) + "\n"
        if self._file is not None:
            self._file.write_text(lines, encoding="utf-8")
        elif not self._config.option.collectonly:
            self._config.get_terminal_writer().write(lines)

    def _left_out(self) -> list[str]:
        skipped = sorted(self._skipped & self._on["postgresql"]) + sorted(self._modules_skipped)
        if self._whole_suite and not self._ran & self._on["postgresql"]:
            skipped.append("every one of them")
        return skipped

    def _lines(self) -> list[str]:
        on_sqlite, on_postgresql = (len(self._ran & self._on[engine]) for engine in ("sqlite", "postgresql"))
        skipped = self._left_out()
        sqlite = f"{on_sqlite} on SQLite {sqlite3.sqlite_version}"
        postgresql = f"{on_postgresql} on PostgreSQL {' and '.join(self._postgresql_versions) or '(not started)'}"
        return [
            f"{len(self._ran)} tests ran: {sqlite}, {postgresql}, the rest on neither",
            f"PostgreSQL tests: {on_postgresql} run, {len(skipped)} skipped",
            *(f"  skipped, and so failed: {name}" for name in skipped),
            *(f"{count} tests did not run: {why}" for why, count in sorted(Counter(self._wanting.values()).items())),
        ]
