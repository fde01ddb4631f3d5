"""Processes of one installation that are called inside, without HTTP, and killed; every answer goes through a pipe.

A child is a fork with connections, keys and files of its own: the registry as `registry serve` opens it. What it wrote
into the pipe was answered, whatever happens to it afterwards.
"""

import asyncio
import fcntl
import os
import random
import signal
import time
from uuid import UUID, uuid4

from api.compose import open_registry
from api.settings import Settings
from policies.vocabulary import Channel, PurposeId
from registry import withdrawals
from registry.disclosure import Disclosed
from tests.faults.service import Answers
from tests.house import SHOP, House

CALLERS = 16
READS = 20
PATIENCE_SECONDS = 60
PIPE_BYTES = 1 << 20


class Called:
    """One such process; `process` and the reading end of its pipe."""

    def __init__(self, settings: Settings, url: str) -> None:
        self.first = b""
        self.pipe, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)  # nobody waits for a reader
        self.process = os.fork()
        if self.process == 0:
            os.close(self.pipe)
            try:
                asyncio.run(_serve(settings, url, writing))
            finally:
                os._exit(1)
        os.close(writing)

    def has_answered(self) -> bool:
        """Waits for the first answer; False = it ended before."""
        self.first = os.read(self.pipe, 1)
        return bool(self.first)

    def kill(self, answers: Answers) -> None:
        """End it as a power cut would, and take what it had answered."""
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        told = self.first
        while part := os.read(self.pipe, 1 << 16):
            told += part
        os.close(self.pipe)
        answers.kills += 1
        for line in told.decode().splitlines():
            kind, subject, index = line.split()
            if kind == "created":
                answers.created.append(subject)
            elif kind == "withdrawn":
                answers.withdrawn.append(subject)
            else:
                answers.reads.append((UUID(subject), int(index)))


def kill_called(settings: Settings, url: str, processes: int, answers: Answers, chance: random.Random) -> None:
    """Open so many processes, and kill them one after another under load."""
    called = [Called(settings, url) for _ in range(processes)]
    assert all(one.has_answered() for one in called), "a process ended at its start"
    chance.shuffle(called)
    for one in called:
        time.sleep(chance.uniform(0, 1.5))
        one.kill(answers)


async def _serve(settings: Settings, url: str, pipe: int) -> None:
    async with open_registry(settings) as registry:
        house = House(registry, settings, url)
        await asyncio.gather(*(_caller(house, pipe) for _ in range(CALLERS)))


async def _caller(house: House, pipe: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        subject = await house.customer(f"called-{uuid4()}", {"city": "Kiel"})
        os.write(pipe, f"created {subject} 0\n".encode())
        for _ in range(READS):
            read = await house.read("shop", "order_fulfilment", ["city"], subject)
            assert isinstance(read, Disclosed)
            os.write(pipe, f"read {subject} {read.index}\n".encode())
        await withdrawals.withdraw_consent(house.registry, SHOP, subject, PurposeId("newsletter"), Channel.ANY)
        os.write(pipe, f"withdrawn {subject} 0\n".encode())
