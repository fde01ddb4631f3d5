"""A process that has loaded the product once and makes services out of itself: a start costs no imports.

Reads one line of settings (JSON, environment variables) for each service, and answers with its process id. Every
service is a process of its own, with connections, keys and files of its own. They end with this one.
"""

import json
import os
import signal
import sys
from collections.abc import Mapping

import httptools
import uvloop

from api import cli

LOADED = (httptools, uvloop)
"""What uvicorn would load when it starts."""


def main() -> None:
    """Make services until nobody asks for more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead leave at once
    children: list[int] = []
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _serve(json.loads(line))
        children.append(child)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
    for child in children:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _serve(settings: Mapping[str, str]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.environ.update(settings)
    try:
        os._exit(cli.main(["serve"]))
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
