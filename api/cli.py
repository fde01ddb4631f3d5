"""The command line: prepare, serve, look after clients and staff, check the log.

registry migrate                          bring the database to the newest revision
registry serve                            serve the API and the pages
registry clients …                        machine clients: `api.cli_staff`
registry staff …                          staff accounts: `api.cli_staff`
registry policy check | diff | record …   read documents, in words: `api.cli_policy`
registry policy explain | coverage        what a purpose may know, and what is expected of it: `api.cli_explain`
registry policy propose | decide …        bring a document into force: `api.cli_activation`
registry keys …                           rotate and retire keys: `api.cli_keys`
registry backup | restore | replay | verify   `api.cli_backup`
registry audit COMMAND                    search, prove, export, verify, retain the log: `api.cli_audit`
"""

import argparse
import sys
from collections.abc import Sequence

import uvicorn
from sqlalchemy.engine import make_url

from api import cli_audit, cli_backup, cli_explain, cli_keys, cli_policy
from api.app import create_app
from api.cli_activation import add_activation
from api.cli_staff import add_clients, add_staff
from api.settings import Settings
from api.terminal import REFUSED, with_registry
from audit.merkle import ProofError
from audit.store import AuditUnavailableError
from policies.documents import PolicyDocumentError
from policies.notices import NoticeError
from registry.errors import RegistryError
from registry.migrations import upgrade


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code, 0 = done."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (RegistryError, AuditUnavailableError, NoticeError, PolicyDocumentError, ProofError) as error:
        print(f"registry: {error}", file=sys.stderr)
        return REFUSED
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
        print(
            f"registry: {error.filename}: {error.strerror}" if error.filename else f"registry: {error}", file=sys.stderr
        )
        return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="registry", description="Consent and customer data registry")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("migrate", help="bring the database to the newest revision").set_defaults(run=_migrate)
    commands.add_parser("serve", help="serve the API and the pages").set_defaults(run=_serve)

    add_clients(commands)
    add_staff(commands)

    policy = commands.add_parser("policy", help="policy documents").add_subparsers(required=True, metavar="COMMAND")
    cli_policy.add_commands(policy)
    cli_explain.mount(policy)
    add_activation(policy)

    cli_audit.add_to(commands)
    cli_keys.mount(commands, with_registry)
    cli_backup.mount(commands, migrate)
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


if __name__ == "__main__":
    sys.exit(main())
