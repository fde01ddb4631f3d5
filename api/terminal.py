"""What commands share: an open registry to work on, secrets typed by hand, and who is at the keyboard.

Secrets come from the terminal without being shown, or line by line from standard input; never from arguments, which
other processes can read.
"""

import argparse
import getpass
import sys
from collections.abc import Awaitable, Callable

import uvloop

from api.compose import open_registry
from api.settings import Settings
from registry.actors import Staff
from registry.context import Registry
from registry.staff_login import Credentials, authenticate_staff

REFUSED = 1
COMMAND_LINE = "registry"


def with_registry(work: Callable[[Registry], Awaitable[int]]) -> int:
    """Run a command's work on the registry of the settings; returns its exit code."""

    async def run() -> int:
        async with open_registry(Settings()) as registry:
            return await work(registry)

    return uvloop.run(run())


def ask_secret(prompt: str) -> str:
    """A password, code or passphrase."""
    if sys.stdin.isatty():
        return getpass.getpass(f"{prompt}: ")
    return sys.stdin.readline().rstrip("\n")


def ask_new_secret(prompt: str) -> str:
    """A new password or passphrase; typed twice where it is typed by hand.

    Raises:
        SystemExit: when the two differ.
    """
    given = ask_secret(prompt)
    if sys.stdin.isatty() and getpass.getpass(f"{prompt}, once more: ") != given:
        raise SystemExit("registry: the two differ")
    return given


def add_person(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Let a command ask who acts."""
    text = "login of the person who acts; password and code are asked for (standard input: one line each)"
    parser.add_argument("--as", dest="person", metavar="LOGIN", required=required, help=text)


async def acting(registry: Registry, login: str) -> Staff:
    """Who acts, once they have proved it; recorded.

    Password and code are asked for with the registry open: a code that waited for a start could be over.

    Raises:
        AuthenticationError: when they have not.
    """
    given = Credentials(login, ask_secret(f"Password of {login}"), ask_secret(f"Code of {login}"))
    return await authenticate_staff(registry, given, COMMAND_LINE)
