"""Commands for staff accounts and machine clients.

registry staff create LOGIN --role ROLE     make an account; prints its second factor, once
registry staff list                         who has an account
registry staff role LOGIN ROLE              another role
registry staff disable LOGIN                no login any more
registry staff reset-second-factor LOGIN    a new second factor, printed once
registry staff unlock LOGIN                 open an account that failed logins closed
registry staff end-sessions LOGIN           end every session
registry staff signing-key FILE --as LOGIN  make a key to sign decisions with; --retire FINGERPRINT ends one
registry clients create|rotate CODE         a secret, printed once
registry clients list
registry clients revoke CODE                end its secret and every token

Accounts of the data protection officer and of deciders are changed by two persons: `--confirmed-by LOGIN`.
"""

import argparse
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from api.terminal import acting, add_person, ask_new_secret, with_registry
from registry import clients, staff
from registry.actors import SYSTEM, Role, Staff
from registry.context import Caller, Registry
from registry.second_factor import Enrolment
from registry.signing import make_key_file
from registry.signing_keys import enrol_key, retire_key

Work = Callable[[Registry, Caller, Staff | None], Awaitable[int]]


def add_staff(commands: Any) -> None:  # noqa: ANN401 - argparse names no type for it
    """Mount `registry staff`."""
    parsers = commands.add_parser("staff", help="staff accounts").add_subparsers(required=True, metavar="COMMAND")
    create = _guarded(parsers, "create", "make an account; the password is asked for", _create)
    create.add_argument("login")
    create.add_argument("--role", choices=[role.value for role in Role], required=True)
    parsers.add_parser("list", help="who has an account").set_defaults(run=_list)
    role = _guarded(parsers, "role", "give an account another role", _role)
    role.add_argument("login")
    role.add_argument("role", choices=[one.value for one in Role])
    _guarded(parsers, "disable", "let nobody log in to an account", _disable).add_argument("login")
    _guarded(parsers, "reset-second-factor", "make a new second factor", _reset).add_argument("login")
    for name, text, run in (
        ("unlock", "open an account that failed logins closed", _unlock),
        ("end-sessions", "end every session of an account", _end_sessions),
    ):
        one = parsers.add_parser(name, help=text)
        one.add_argument("login")
        add_person(one, required=False)
        one.set_defaults(run=run)
    key = parsers.add_parser("signing-key", help="make a key to sign decisions with, or retire one")
    key.add_argument("file", type=Path, nargs="?", help="where the sealed private key goes")
    key.add_argument("--retire", metavar="FINGERPRINT")
    add_person(key)
    key.set_defaults(run=_signing_key)


def add_clients(commands: Any) -> None:  # noqa: ANN401 - as above
    """Mount `registry clients`; `registry client` means the same."""
    parsers = commands.add_parser("clients", aliases=["client"], help="machine clients").add_subparsers(
        required=True, metavar="COMMAND"
    )
    for name, text, run in (
        ("create", "make a secret for a client of the policy", _create_client),
        ("rotate", "replace its secret and void its tokens", _rotate_client),
        ("revoke", "end its secret and void its tokens", _revoke_client),
    ):
        one = parsers.add_parser(name, help=text)
        one.add_argument("code")
        add_person(one, required=False)
        one.set_defaults(run=run)
    parsers.add_parser("list", help="which clients have a secret").set_defaults(run=_list_clients)


def _guarded(parsers: Any, name: str, text: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:  # noqa: ANN401 - as above
    """A command that may need a second person."""
    parser: argparse.ArgumentParser = parsers.add_parser(name, help=text)
    add_person(parser, required=False)
    parser.add_argument("--confirmed-by", metavar="LOGIN", help="the second person, where the role asks for one")
    parser.set_defaults(run=run)
    return parser


def _run(options: argparse.Namespace, work: Work) -> int:
    """Act as who was named, confirmed by whom was named."""
    second_login = getattr(options, "confirmed_by", None)

    async def run(registry: Registry) -> int:
        by = (await acting(registry, options.person)).caller if options.person else SYSTEM
        return await work(registry, by, await acting(registry, second_login) if second_login else None)

    return with_registry(run)


def _create(options: argparse.Namespace) -> int:
    password = ask_new_secret(f"New password of {options.login}")

    async def work(registry: Registry, by: Caller, second: Staff | None) -> int:
        role = Role(options.role)
        staff_id = await staff.create_staff(registry, options.login, role, password, by=by, confirmed_by=second)
        print(staff_id)
        _show(await staff.enrol_second_factor(registry, staff_id, by=by, confirmed_by=second))
        return 0

    return _run(options, work)


def _show(enrolment: Enrolment) -> None:
    print("\nSecond factor, shown this once. For the authenticator app:\n")
    print(f"  {enrolment.uri}\n")
    print("Recovery codes, each works once; keep them on paper:\n")
    for code in enrolment.recovery_codes:
        print(f"  {code}")


def _list(_options: argparse.Namespace) -> int:
    async def work(registry: Registry) -> int:
        for one in await staff.accounts(registry):
            state = "disabled" if one.disabled_at else "" if one.enrolled else "no second factor"
            print(f"{one.login:32} {one.role.value:8} {one.staff_id} {state}".rstrip())
        return 0

    return with_registry(work)


def _role(options: argparse.Namespace) -> int:
    async def work(registry: Registry, by: Caller, second: Staff | None) -> int:
        account = await staff.account_named(registry, options.login)
        await staff.set_role(registry, account.staff_id, Role(options.role), by=by, confirmed_by=second)
        return 0

    return _run(options, work)


def _disable(options: argparse.Namespace) -> int:
    async def work(registry: Registry, by: Caller, second: Staff | None) -> int:
        account = await staff.account_named(registry, options.login)
        await staff.disable(registry, account.staff_id, by=by, confirmed_by=second)
        return 0

    return _run(options, work)


def _reset(options: argparse.Namespace) -> int:
    async def work(registry: Registry, by: Caller, second: Staff | None) -> int:
        account = await staff.account_named(registry, options.login)
        _show(await staff.enrol_second_factor(registry, account.staff_id, by=by, confirmed_by=second))
        return 0

    return _run(options, work)


def _unlock(options: argparse.Namespace) -> int:
    async def work(registry: Registry, by: Caller, _second: Staff | None) -> int:
        account = await staff.account_named(registry, options.login)
        await staff.unlock(registry, account.staff_id, by=by)
        return 0

    return _run(options, work)


def _end_sessions(options: argparse.Namespace) -> int:
    async def work(registry: Registry, by: Caller, _second: Staff | None) -> int:
        account = await staff.account_named(registry, options.login)
        await staff.revoke_sessions(registry, account.staff_id, by=by)
        return 0

    return _run(options, work)


def _signing_key(options: argparse.Namespace) -> int:
    if (options.file is None) == (options.retire is None):
        raise SystemExit("registry: name a file for a new key, or --retire a fingerprint")
    passphrase = ask_new_secret("New passphrase of the key") if options.file else ""

    async def work(registry: Registry) -> int:
        person = await acting(registry, options.person)
        if options.retire:
            await retire_key(registry, person, options.retire)
            return 0
        fingerprint = await enrol_key(registry, person, make_key_file(options.file, passphrase))
        print(fingerprint)
        return 0

    return with_registry(work)


def _create_client(options: argparse.Namespace) -> int:
    async def work(registry: Registry, by: Caller, _second: Staff | None) -> int:
        print(await clients.create_client(registry, options.code, by=by))
        return 0

    return _run(options, work)


def _rotate_client(options: argparse.Namespace) -> int:
    async def work(registry: Registry, by: Caller, _second: Staff | None) -> int:
        print(await clients.rotate_client(registry, options.code, by=by))
        return 0

    return _run(options, work)


def _revoke_client(options: argparse.Namespace) -> int:
    async def work(registry: Registry, by: Caller, _second: Staff | None) -> int:
        await clients.revoke_client(registry, options.code, by=by)
        return 0

    return _run(options, work)


def _list_clients(_options: argparse.Namespace) -> int:
    async def work(registry: Registry) -> int:
        for one in await clients.clients(registry):
            state = "revoked" if one.revoked_at else ""
            print(f"{one.code:24} {','.join(one.purposes) or '-'} {state}".rstrip())
        return 0

    return with_registry(work)
