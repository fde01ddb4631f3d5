"""The command line: prepare, serve, look after clients and staff, check the log.

registry migrate                          bring the database to the newest revision
registry serve                            serve the API and the pages
registry client create CODE               make a client's secret, shown once
registry staff create LOGIN --role ROLE   make a staff account; the password is read from standard input
registry policy check FILE                read a policy document as strictly as activation does
registry policy activate                  put the configured document and its notices in force
registry audit COMMAND                    search, prove, export, verify, retain the log (`api/cli_audit.py`)
"""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import uvicorn
from sqlalchemy.engine import make_url

from api import cli_audit
from api.app import create_app
from api.compose import open_registry, shipped_notices
from api.settings import Settings
from audit.merkle import ProofError
from audit.store import AuditUnavailableError
from policies.documents import PolicyDocumentError, load
from registry import actors
from registry.context import Registry
from registry.errors import RegistryError
from registry.migrations import upgrade
from registry.setup import prepare

REFUSED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code, 0 = done."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (RegistryError, AuditUnavailableError, PolicyDocumentError, ProofError) as error:
        print(f"registry: {error}", file=sys.stderr)
        return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="registry", description="Consent and customer data registry")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("migrate", help="bring the database to the newest revision").set_defaults(run=_migrate)
    commands.add_parser("serve", help="serve the API and the pages").set_defaults(run=_serve)

    client = commands.add_parser("client", help="machine clients").add_subparsers(required=True, metavar="COMMAND")
    create = client.add_parser("create", help="make a secret for a client of the policy")
    create.add_argument("code")
    create.set_defaults(run=_create_client)

    staff = commands.add_parser("staff", help="staff accounts").add_subparsers(required=True, metavar="COMMAND")
    create = staff.add_parser("create", help="make an account; the password is read from standard input")
    create.add_argument("login")
    create.add_argument("--role", choices=[role.value for role in actors.Role], required=True)
    create.set_defaults(run=_create_staff)

    policy = commands.add_parser("policy", help="policy documents").add_subparsers(required=True, metavar="COMMAND")
    check = policy.add_parser("check", help="read a document as strictly as activation does")
    check.add_argument("file", type=Path)
    check.set_defaults(run=_check_policy)
    policy.add_parser("activate", help="put the configured document in force").set_defaults(run=_activate_policy)

    cli_audit.add_to(commands)
    return parser


def _migrate(_options: argparse.Namespace) -> int:
    migrate(Settings())
    return 0


def migrate(settings: Settings) -> None:
    """Bring the database to the newest revision and grant its roles, as the migrating role."""
    roles = None
    if settings.migration_database_url and settings.migration_database_url != settings.database_url:
        serving = make_url(settings.database).username or ""
        roles = (serving, make_url(settings.eraser_database_url or settings.database).username or "")
    upgrade(settings.migration_database, roles=roles)


def _serve(_options: argparse.Namespace) -> int:
    settings = Settings()
    serve(settings)
    return 0


def serve(settings: Settings) -> None:
    """Serve until stopped. Access lines are off: addresses of pages are nobody's business but the audit log's."""
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
    )


def _with_registry(work: Callable[[Registry], Awaitable[int]], *, serving: bool = True) -> int:
    async def run() -> int:
        async with open_registry(Settings(), serving=serving) as registry:
            return await work(registry)

    return asyncio.run(run())


def _create_client(options: argparse.Namespace) -> int:
    async def work(registry: Registry) -> int:
        print(await actors.create_client(registry, options.code))
        return 0

    return _with_registry(work)


def _create_staff(options: argparse.Namespace) -> int:
    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")

    async def work(registry: Registry) -> int:
        print(await actors.create_staff(registry, options.login, actors.Role(options.role), password))
        return 0

    return _with_registry(work)


def _check_policy(options: argparse.Namespace) -> int:
    document = load(options.file)
    print(f"{document.policy.id} {document.version}: {len(document.purposes)} purposes, {len(document.fields)} fields")
    print(f"SHA-256 {document.digest}")
    return 0


def _activate_policy(_options: argparse.Namespace) -> int:
    settings = Settings()

    async def work(registry: Registry) -> int:
        await prepare(registry, actors.SYSTEM, settings.policy_file.read_bytes(), shipped_notices(settings))
        print(f"in force: {registry.policy.version}, SHA-256 {registry.policy.digest}")
        return 0

    return _with_registry(work)


if __name__ == "__main__":
    sys.exit(main())
