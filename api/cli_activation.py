"""Commands that bring a policy document into force, each for the person of its step.

registry policy propose FILE --as AUTHOR
registry policy review FILE --as LAWYER [--objects --reasons TEXT]
registry policy advise FILE --as DPO [--objects --reasons TEXT]
registry policy decide FILE --as DECIDER --key KEYFILE [--rejects] [--reasons TEXT]
registry policy versions                every document with its steps
registry policy show VERSION|SHA-256    its exact text
registry policy reach FILE              how many customers it would reach or lose
registry policy notices                 publish the configured notices
"""

import argparse
from pathlib import Path
from typing import Any

from api.compose import shipped_notices
from api.settings import Settings
from api.terminal import REFUSED, acting, add_person, ask_secret, with_registry
from policies.documents import parse
from registry import activation
from registry.activation import NotTaken, Taken, ToSign
from registry.activation_bars import Signed
from registry.actors import SYSTEM
from registry.context import Registry
from registry.notices import publish
from registry.policy_facts import gates_for
from registry.policy_history import source_of, versions
from registry.reach import count_reach
from registry.signing import fingerprint_of, open_key_file


def add_activation(parsers: Any) -> None:  # noqa: ANN401 - argparse names no type for it
    """Mount the steps beside the other commands of `registry policy`."""
    for name, text, run in (
        ("propose", "submit a document, as its author", _propose),
        ("review", "the word of legal review", _review),
        ("advise", "the opinion of the data protection officer", _advise),
        ("decide", "put a document in force, or reject it, as the controller's management", _decide),
    ):
        one = parsers.add_parser(name, help=text)
        one.add_argument("file", type=Path)
        add_person(one)
        one.set_defaults(run=run)
        if name != "propose":
            one.add_argument("--reasons", default="", help="in words; for the record")
        if name in {"review", "advise"}:
            one.add_argument("--objects", action="store_true", help="object, with reasons")
        if name == "decide":
            one.add_argument("--key", type=Path, required=True, help="the decider's sealed signing key")
            one.add_argument("--rejects", action="store_true", help="reject, with reasons")
    parsers.add_parser("versions", help="every document with its steps").set_defaults(run=_versions)
    show = parsers.add_parser("show", help="the exact text of a document")
    show.add_argument("name", metavar="VERSION|SHA-256")
    show.set_defaults(run=_show)
    reach = parsers.add_parser("reach", help="how many customers a document would reach or lose")
    reach.add_argument("file", type=Path)
    reach.set_defaults(run=_reach)
    parsers.add_parser("notices", help="publish the configured notices").set_defaults(run=_notices)


def _propose(options: argparse.Namespace) -> int:
    source = options.file.read_bytes()

    async def work(registry: Registry) -> int:
        gates = await gates_for(registry.database, shipped_notices(Settings()))
        return _told(await activation.propose(registry, await acting(registry, options.person), source, gates))

    return with_registry(work)


def _review(options: argparse.Namespace) -> int:
    source = options.file.read_bytes()

    async def work(registry: Registry) -> int:
        person = await acting(registry, options.person)
        return _told(
            await activation.review(registry, person, source, objects=options.objects, reasons=options.reasons)
        )

    return with_registry(work)


def _advise(options: argparse.Namespace) -> int:
    source = options.file.read_bytes()

    async def work(registry: Registry) -> int:
        person = await acting(registry, options.person)
        return _told(
            await activation.advise(registry, person, source, objects=options.objects, reasons=options.reasons)
        )

    return with_registry(work)


def _decide(options: argparse.Namespace) -> int:
    async def work(registry: Registry) -> int:
        return _told(await _decided(registry, options))

    return with_registry(work)


async def _decided(registry: Registry, options: argparse.Namespace) -> Taken | NotTaken:
    texts = shipped_notices(Settings())
    person, source = await acting(registry, options.person), options.file.read_bytes()
    accepts = not options.rejects
    wanted = await activation.prepare_decision(registry, person, source, accepts=accepts, reasons=options.reasons)
    signed = sign(wanted, options.key, ask_secret("Passphrase of the signing key"))
    gates = await gates_for(registry.database, texts)
    return await activation.decide(
        registry, person, source, signed, gates, accepts=accepts, reasons=options.reasons, texts=texts
    )


def sign(wanted: ToSign, key_file: Path, passphrase: str) -> Signed:
    """Sign a decision with the key in a file.

    Raises:
        KeyUnavailableError: when the key does not open.
    """
    key = open_key_file(key_file, passphrase)
    fingerprint = fingerprint_of(key.public_key().public_bytes_raw())
    return Signed(fingerprint, key.sign(wanted.statement), wanted.at)


def _told(outcome: Taken | NotTaken) -> int:
    if isinstance(outcome, Taken):
        print(f"{outcome.version}: {outcome.standing.value}\nSHA-256 {outcome.digest}")
        return 0
    print("not taken: " + ", ".join(reason.value for reason in outcome.reasons))
    for finding in outcome.findings:
        print(f"  line {finding.line}: {finding.message} ({finding.rule})")
    return REFUSED


def _versions(_options: argparse.Namespace) -> int:
    async def work(registry: Registry) -> int:
        for one in await versions(registry):
            print(f"{one.version}: {one.standing.value}{', in force' if one.in_force else ''}\n  SHA-256 {one.digest}")
            for step in one.steps:
                who = str(step.staff_id) if step.staff_id else "setup, before anybody could be asked"
                said = f" ({step.reasons})" if step.reasons else ""
                print(f"  {step.at:%Y-%m-%d %H:%M} {step.kind.value} {step.result.value}{said} by {who}")
        return 0

    return with_registry(work)


def _show(options: argparse.Namespace) -> int:
    async def work(registry: Registry) -> int:
        print((await source_of(registry, options.name)).decode(), end="")
        return 0

    return with_registry(work)


def _reach(options: argparse.Namespace) -> int:
    new = parse(options.file.read_bytes())

    async def work(registry: Registry) -> int:
        found = await count_reach(registry, SYSTEM, registry.policy, new)
        if not found:
            print("nobody gained or lost")
        for (purpose, field), reach in found.items():
            print(f"{purpose}{f'.{field}' if field else ''}: {reach.gained} gained, {reach.lost} lost")
        return 0

    return with_registry(work)


def _notices(_options: argparse.Namespace) -> int:
    async def work(registry: Registry) -> int:
        print(f"{await publish(registry, SYSTEM, shipped_notices(Settings()))} published")
        return 0

    return with_registry(work)
