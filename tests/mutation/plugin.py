"""Lets pytest collect the tests once and try them on many mutants, each in a fork of its own.

First every test runs once on the code as it is, and what it calls and how long it takes is noted. A mutant is then
tried on the tests that call what was changed, the quickest first, until one fails or their time is used up.
"""

import os
import pickle
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings

from tests.mutation.probe import probe
from tests.mutation.swap import Functions, Place, swap

MOST_EXAMPLES = 40
SECONDS_OF_TESTS = 8.0
SECONDS_OF_PROCESSOR = 40
KILLED, SURVIVED, BROKEN = 0, 1, 2


@dataclass(slots=True)
class Seen:
    """What one test calls, and its seconds of processor time."""

    node: str
    seconds: float
    calls: frozenset[Place]
    failed: bool


@dataclass(slots=True)
class Trial:
    """A plugin that hands the collected tests to `loop` instead of running them."""

    folder: str
    loop: Callable[["Trial", list[pytest.Item]], None]

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Few examples, and no search for the smallest one."""
        for item in items:
            function: Any = getattr(item, "obj", None)
            usual = getattr(function, "_hypothesis_internal_use_settings", None)
            if usual is not None:
                function._hypothesis_internal_use_settings = settings(
                    usual,
                    max_examples=min(MOST_EXAMPLES, usual.max_examples),
                    phases=(Phase.explicit, Phase.generate),
                    database=None,
                    derandomize=True,
                    deadline=None,  # a slow moment of the machine is no mutant noticed
                )

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of pytest's own loop."""
        self.loop(self, session.items)
        return True

    def watch(self, items: Sequence[pytest.Item], functions: Functions) -> list[Seen]:
        """Run every test on the code as it is, in a fork, after the caches of the product were emptied."""

        def run() -> list[Seen]:
            called = probe(functions)
            found = []
            for item in items:
                forget()
                called.clear()
                began = time.process_time()
                failed = not passes(item)
                found.append(Seen(item.nodeid, time.process_time() - began, frozenset(called), failed))
            return found

        seen: list[Seen] = pickle.loads(_in_fork(run))  # noqa: S301 - from our own fork
        return seen


def forget() -> None:
    """Empty what the product keeps between calls."""
    for name, module in list(sys.modules.items()):
        if name.startswith("policies."):
            for one in list(vars(module).values()):
                clear = getattr(one, "cache_clear", None)
                if clear is not None:
                    clear()
            getattr(module, "_kept", {}).clear()


def passes(item: pytest.Item) -> bool:
    """Whether one test passes; nothing is reported."""
    reports = runtestprotocol(item, log=False, nextitem=None)
    return not any(report.failed for report in reports)


def chosen(seen: Sequence[Seen], places: set[Place]) -> list[Seen]:
    """The tests that call one of these places, the quickest first, as far as time goes; at least one.

    Files take turns: a thousand quick tests of one file notice much the same.
    """
    of_file: dict[str, list[Seen]] = {}
    for one in sorted((one for one in seen if not one.failed and one.calls & places), key=lambda one: one.seconds):
        of_file.setdefault(one.node.partition("::")[0], []).append(one)
    kept: list[Seen] = []
    spent = 0.0
    for one in filter(None, chain.from_iterable(zip_longest(*of_file.values()))):
        spent += one.seconds
        if kept and spent > SECONDS_OF_TESTS:
            break
        kept.append(one)
    return kept


def attempt(prepare: Callable[[], bool], run: Callable[[], bool]) -> int:
    """Prepare a mutant and run its tests in a fork: KILLED, SURVIVED, or BROKEN where it could not be prepared."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_OF_PROCESSOR, SECONDS_OF_PROCESSOR + 5))
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        verdict = KILLED
        try:
            verdict = BROKEN if not prepare() else SURVIVED if run() else KILLED
        except BaseException:  # noqa: BLE001 - a mutant that raises anything at all is one that was noticed
            verdict = KILLED
        os._exit(verdict)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else KILLED


def _in_fork(run: Callable[[], object]) -> bytes:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        with os.fdopen(write, "wb") as pipe:
            pickle.dump(run(), pipe)
            pipe.flush()
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer


def under_folder(root: Path) -> str:
    """How the files of the product begin."""
    return f"{root / 'policies'}{os.sep}"


def swapped(functions: Functions, changed: list[CodeType]) -> Callable[[], bool]:
    """What puts a mutant in place in the fork."""

    def prepare() -> bool:
        forget()
        return swap(functions, changed)

    return prepare
