"""Every command is known with the entry it leaves, and leaves it; a new one without an entry fails here (R-AUD-2)."""

import argparse
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.engine import make_url

from api import cli
from api.settings import CATALOGUE
from audit.event import EventTag
from audit.verify import Code

NOTHING = "nothing"

# NOTHING: what looks at no log and at no customer, or only at files that were handed in.
ENTRIES: dict[str, EventTag | str] = {
    "migrate": NOTHING,
    "serve": NOTHING,
    "backup": EventTag.BACKUP,
    "restore": EventTag.RESTORE,
    "replay": EventTag.RESTORE,
    "verify": NOTHING,
    "client create": EventTag.CLIENT_CREATE,
    "client rotate": EventTag.CLIENT_ROTATE,
    "client revoke": EventTag.CLIENT_REVOKE,
    "client list": NOTHING,
    "clients create": EventTag.CLIENT_CREATE,
    "clients rotate": EventTag.CLIENT_ROTATE,
    "clients revoke": EventTag.CLIENT_REVOKE,
    "clients list": NOTHING,
    "staff create": EventTag.STAFF_CREATE,
    "staff list": NOTHING,
    "staff role": EventTag.STAFF_ROLE,
    "staff disable": EventTag.STAFF_DISABLE,
    "staff unlock": EventTag.STAFF_UNLOCK,
    "staff end-sessions": EventTag.SESSIONS_END,
    "staff reset-second-factor": EventTag.SECOND_FACTOR,
    "staff signing-key": EventTag.SIGNING_KEY_ENROL,
    "policy check": NOTHING,
    "policy diff": NOTHING,
    "policy document": NOTHING,
    "policy record": NOTHING,
    "policy explain": NOTHING,
    "policy explain-purposes": NOTHING,
    "policy coverage": NOTHING,
    "policy versions": NOTHING,
    "policy show": NOTHING,
    "policy reach": EventTag.POLICY_COUNT,
    "policy notices": EventTag.NOTICE_PUBLISH,
    "policy propose": EventTag.POLICY_PROPOSE,
    "policy review": EventTag.POLICY_REVIEW,
    "policy advise": EventTag.POLICY_ADVISE,
    "policy decide": EventTag.POLICY_DECIDE,
    "keys status": NOTHING,
    "keys rotate": EventTag.KEY_REWRAP,
    "keys retire-epoch": EventTag.KEY_DESTROY,
    "keys verify-backup": NOTHING,
    "audit search": EventTag.AUDIT_READ,
    "audit prove": EventTag.AUDIT_READ,
    "audit export": EventTag.AUDIT_EXPORT,
    "audit verify": NOTHING,
    "audit checkpoint": NOTHING,
    "audit reconcile": EventTag.AUDIT_READ,
    "audit retain": EventTag.ACCESS_LOG_RETAIN,
    "audit reopen": EventTag.LOG_REOPEN,
}


def _commands(parser: argparse.ArgumentParser, before: str = "") -> Iterator[str]:
    deeper = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not deeper:
        yield before.strip()
    for action in deeper:
        for name, under in action.choices.items():
            yield from _commands(under, f"{before} {name}")


def test_every_command_is_known_with_its_entry() -> None:
    assert set(_commands(cli._parser())) == ENTRIES.keys()


class Server:
    """The commands of one installation, run one after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def run(self, *arguments: object) -> int:
        return cli.main([str(one) for one in arguments])

    def newest(self) -> dict[str, object]:
        """The body of the newest entry."""
        return self.bodies(1)[-1]

    def bodies(self, count: int) -> list[dict[str, object]]:
        """The bodies of the newest entries, the newest last."""
        with closing(sqlite3.connect(self._path)) as connection:
            statement = 'SELECT body FROM audit_leaf ORDER BY "index" DESC LIMIT ?'
            return [json.loads(body) for (body,) in connection.execute(statement, (count,))][::-1]


@pytest.fixture
def server(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    path = make_url(sqlite_url).database or ""
    monkeypatch.setenv("REGISTRY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("REGISTRY_DATABASE_URL", f"sqlite:///{path}")
    return Server(Path(path))


@pytest.mark.sqlite
def test_every_command_that_looks_or_changes_leaves_its_entry(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a password of some length\n"))
    assert server.run("staff", "create", "dpo", "--role", "dpo") == 0
    assert [body["op"] for body in server.bodies(2)] == [EventTag.STAFF_CREATE, EventTag.SECOND_FACTOR]
    staff = UUID(capsys.readouterr().out.split()[0])
    assert server.run("client", "create", "shop") == 0
    assert server.newest()["op"] == EventTag.CLIENT_CREATE
    assert server.run("policy", "reach", CATALOGUE / "retailer.yaml") == 0
    assert server.newest()["op"] == EventTag.POLICY_COUNT
    for arguments in (
        ("search", "--client", "registry", "--csv", "--limit", 5),
        ("search", "--actor", staff, "--since", "2026-01-01T00:00:00+01:00"),
        ("prove", 0),
        ("reconcile",),
    ):
        assert server.run("audit", *arguments) == 0
        assert (server.newest()["op"], server.newest()["cli"]) == (EventTag.AUDIT_READ, "registry"), arguments
    capsys.readouterr()
    assert server.run("audit", "export", tmp_path / "export", "--with-salts") == 0
    assert server.newest()["op"] == EventTag.AUDIT_EXPORT
    before = server.newest()
    assert server.run("audit", "verify", tmp_path / "export") == 0
    assert server.run("audit", "checkpoint") == 0
    assert server.newest() == before
    (tmp_path / "export" / "checkpoint").write_text("gossip")
    assert server.run("audit", "verify", tmp_path / "export") == Code.UNREADABLE
    assert server.run("audit", "retain", "--dry-run") == 0
    assert server.run("audit", "prove", 10**6) == 1
    assert server.run("audit", "reopen") == 1
    assert "agrees with its newest pin" in capsys.readouterr().err


@pytest.mark.sqlite
def test_a_proof_from_the_command_line_is_one_that_verify_takes(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert server.run("client", "create", "shop") == 0
    capsys.readouterr()
    assert server.run("audit", "prove", 1) == 0
    path = tmp_path / "proof.json"
    path.write_text(capsys.readouterr().out)
    assert server.run("audit", "verify", "--proof", path) == 0
