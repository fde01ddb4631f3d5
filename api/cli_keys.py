"""Commands for those who keep the keys.

registry keys status                      epochs, keys under each, root versions
registry keys rotate [WHAT ...]           root, epoch, data, index, suppression, tokens, log, setup: new keys, online
registry keys retire-epoch --backup DIR   end every older epoch for good; DIR gets the backup that must survive it
registry keys verify-backup DIR           open every key of a backup's keys part

On PostgreSQL they work while the service runs, as the migrating role; on SQLite while it does not.
"""

import argparse
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from tqdm import tqdm

from api.settings import Settings
from registry import actors
from registry.backup import MANIFEST, Part, back_up
from registry.context import Registry
from registry.key_backup import verify_backup
from registry.key_status import KeyStatus, key_status
from registry.keys.signatures import Signature
from registry.reindexing import rotate_index_keys, rotate_suppression_key
from registry.resealing import rotate_data_keys
from registry.retirement import destroy_retired, prepare_retirement
from registry.rotation import Pace, Report, new_root, open_epoch, rewrap_survivors
from registry.service_keys import rotate_signing_key, rotate_token_key

With = Callable[[Callable[[Registry], Awaitable[int]]], int]
KINDS = ("root", "epoch", "data", "index", "suppression", "tokens", "log", "setup")


def mount(commands: Any, with_registry: With) -> None:  # noqa: ANN401 - argparse has no public name for it
    """Add `registry keys …`; `with_registry` runs a piece of work on an open registry."""
    keys = commands.add_parser("keys", help="the key ring").add_subparsers(required=True, metavar="COMMAND")
    status = keys.add_parser("status", help="epochs, keys under each, root versions")
    status.set_defaults(run=lambda _: with_registry(_status))

    rotate = keys.add_parser("rotate", help="replace keys, online")
    rotate.add_argument("what", nargs="*", choices=[*KINDS, []], default=["epoch"])
    rotate.add_argument("--keys-per-second", type=float, default=None)
    rotate.add_argument("--at-once", action="store_true", help="tokens: older keys and their tokens end now")
    rotate.set_defaults(run=lambda options: with_registry(_rotate(options)))

    retire = keys.add_parser("retire-epoch", help="end every older epoch for good")
    retire.add_argument("--backup", type=Path, required=True, help="empty or absent: a backup is made there")
    retire.add_argument("--keys-per-second", type=float, default=None)
    retire.set_defaults(run=lambda options: with_registry(_retire(options)))

    verify = keys.add_parser("verify-backup", help="open every key of a backup's keys part")
    verify.add_argument("directory", type=Path)
    verify.set_defaults(run=lambda options: with_registry(_verify(options)))


async def _status(registry: Registry) -> int:
    _print(await key_status(registry))
    return 0


def _print(status: KeyStatus) -> None:
    for epoch in status.epochs:
        days = f"{epoch.age_days} days old"
        print(f"epoch {epoch.epoch}: {epoch.state}, root version {epoch.root_version}, {epoch.keys} keys, {days}")
    print(f"root versions held: {', '.join(map(str, status.roots)) or 'none'}")
    for version in status.unused_roots:
        print(f"root version {version} is used by nothing and not destroyed: retire again")
    for key in status.signing:
        print(f"{key.name}: version {key.version} signs, {key.age_days} days old, {key.older} older held")
    for kind, behind in sorted(status.digests_behind.items()):
        if behind:
            print(f"{behind} digests of {kind} are behind their newest key: rotate again")
    for kind, count in sorted(status.spelled_before.items()):
        if count:
            print(f"{count} look-ups of {kind} are spelled by an earlier rule")
    print(f"erasures: files {'settled' if status.ends.files else 'PENDING'}, backups unreadable by ", end="")
    print(f"{status.ends.backups_by or 'no date (no plan is set)'}{' OVERDUE' if status.ends.overdue else ''}")


def _rotate(options: argparse.Namespace) -> Callable[[Registry], Awaitable[int]]:
    async def work(registry: Registry) -> int:
        pace = Pace(options.keys_per_second)
        for what in options.what:
            with _progress(what) as report:
                await _rotate_one(registry, what, pace, report, at_once=options.at_once)
            print(f"{what}: rotated")
        return 0

    return work


async def _rotate_one(registry: Registry, what: str, pace: Pace, report: Report, *, at_once: bool) -> None:
    match what:
        case "root":
            await new_root(registry, actors.SYSTEM)
        case "epoch":
            await open_epoch(registry, actors.SYSTEM)
            await rewrap_survivors(registry, actors.SYSTEM, pace, report)
        case "data":
            await rotate_data_keys(registry, actors.SYSTEM, pace, report)
        case "index":
            await rotate_index_keys(registry, actors.SYSTEM, pace, report)
        case "suppression":
            await rotate_suppression_key(registry, actors.SYSTEM, pace, report)
        case "tokens":
            lifetime = timedelta(seconds=Settings().token_lifetime_seconds)
            await rotate_token_key(registry, actors.SYSTEM, lifetime, at_once=at_once)
        case "log":
            await rotate_signing_key(registry, actors.SYSTEM, Signature.AUDIT)
        case _:
            await rotate_signing_key(registry, actors.SYSTEM, Signature.SETUP)


def _retire(options: argparse.Namespace) -> Callable[[Registry], Awaitable[int]]:
    async def work(registry: Registry) -> int:
        with _progress("survivors") as report:
            count = await prepare_retirement(registry, actors.SYSTEM, Pace(options.keys_per_second), report)
        print(f"{count} keys wrapped anew")
        folder: Path = options.backup
        if not (folder / MANIFEST).exists():
            await back_up(registry, actors.SYSTEM, {Part.KEYS: folder})
        verified = await verify_backup(registry.ring.provider, folder)
        print(f"backup of {verified.keys} keys opens")
        destroyed = await destroy_retired(registry, actors.SYSTEM, verified)
        print(f"destroyed root versions: {', '.join(map(str, destroyed)) or 'none'}")
        return 0

    return work


def _verify(options: argparse.Namespace) -> Callable[[Registry], Awaitable[int]]:
    async def work(registry: Registry) -> int:
        verified = await verify_backup(registry.ring.provider, options.directory)
        print(f"{verified.keys} keys open, all under epoch {verified.epoch}")
        return 0

    return work


@contextmanager
def _progress(what: str) -> Iterator[Report]:
    with tqdm(desc=what, unit="", disable=not sys.stderr.isatty()) as bar:

        def report(done: int) -> None:
            bar.update(done)

        yield report
