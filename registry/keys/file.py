"""Root keys in a local file: the default, for one machine.

JSON, version to 64 hex digits, mode 0600, outside the repository and apart from every backup of the database. The file
is read at each call, because other processes share it; it is replaced as a whole, never changed in place.

Destroying a version overwrites the old file's bytes before it is unlinked. Whether the medium forgets them (flash,
snapshots, copies) is the medium's matter: who must be sure keeps the file on an encrypted volume, or uses an HSM.
"""

import fcntl
import json
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from registry.errors import KeyProviderError, KeyUnavailableError
from registry.keys.wrapping import KEY_BYTES, unwrap_key, wrap_key

_MODE = 0o600


class FileKeyProvider:
    """Root keys in a JSON file: {"1": "<64 hex digits>"}."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def versions(self) -> tuple[int, ...]:
        """All versions in the file; none when there is no file yet."""
        return tuple(sorted(self._read()))

    def create_version(self) -> int:
        """Add a root key, making the file with mode 0600 if there is none."""
        with self._alone():
            roots = self._read()
            version = max(roots, default=0) + 1
            self._replace({**roots, version: secrets.token_bytes(KEY_BYTES)})
        return version

    def wrap(self, key: bytes, context: bytes) -> tuple[int, bytes]:
        """Wrap under the newest root: AES-256-GCM-SIV."""
        roots = self._read()
        if not roots:
            raise KeyProviderError("the key file holds no root key")
        version = max(roots)
        return version, wrap_key(roots[version], key, context)

    def unwrap(self, version: int, wrapped: bytes, context: bytes) -> bytes:
        """Unwrap with the root of that version."""
        roots = self._read()
        if not roots:
            raise KeyProviderError("there is no key file")
        root = roots.get(version)
        if not root:
            raise KeyUnavailableError(f"root version {version} is not held")
        return unwrap_key(root, wrapped, context)

    def destroy_version(self, version: int) -> None:
        """Write the file without that key, then overwrite the old file and unlink it.

        Raises:
            KeyProviderError: also for the newest version, which wraps from now on.
        """
        with self._alone():
            roots = self._read()
            if version in roots:
                if version == max(roots):
                    raise KeyProviderError("the newest root version wraps: make another one first")
                self._replace({held: root for held, root in roots.items() if held != version})

    def close(self) -> None:
        """Nothing is held open."""

    def _read(self) -> dict[int, bytes]:
        try:
            mode = stat.S_IMODE(self._path.stat().st_mode)
            if mode & 0o077:
                raise KeyProviderError(f"key file is readable by others: mode {mode:04o}, expected 0600")
            roots = {int(version): bytes.fromhex(key) for version, key in json.loads(self._path.read_text()).items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise KeyProviderError(f"key file cannot be read: {type(error).__name__}") from error
        if not roots or any(len(key) != KEY_BYTES for key in roots.values()):
            raise KeyProviderError("key file holds no usable root key")
        return roots

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time changes the file."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(self._path.with_name(self._path.name + ".lock"), os.O_RDWR | os.O_CREAT, _MODE)
        except OSError as error:
            raise KeyProviderError(f"key file cannot be locked: {type(error).__name__}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._shred_replaced()
            yield
        finally:
            os.close(lock)

    def _replace(self, roots: Mapping[int, bytes]) -> None:
        """Put a new file in the old one's place, then make the old one's bytes unreadable.

        The old file keeps a second name until it is overwritten: a crash leaves one whole file, or both.
        """
        content = json.dumps({str(version): key.hex() for version, key in sorted(roots.items())}).encode()
        temporary = self._path.with_name(f".{self._path.name}.new")
        try:
            temporary.unlink(missing_ok=True)
            _write(temporary, content, os.O_EXCL)
            if self._path.exists():
                os.link(self._path, self._replaced)
            temporary.replace(self._path)
            _flush_directory(self._path.parent)
        except OSError as error:
            raise KeyProviderError(f"key file cannot be written: {type(error).__name__}") from error
        self._shred_replaced()

    @property
    def _replaced(self) -> Path:
        return self._path.with_name(f".{self._path.name}.replaced")

    def _shred_replaced(self) -> None:
        """Overwrite and unlink the file that was replaced, now or before a crash; never the one in use."""
        try:
            if not self._replaced.exists():
                return
            if not (self._path.exists() and self._replaced.samefile(self._path)):
                _write(self._replaced, secrets.token_bytes(self._replaced.stat().st_size), 0)
            self._replaced.unlink()
            _flush_directory(self._path.parent)
        except OSError as error:
            raise KeyProviderError(f"key file cannot be written: {type(error).__name__}") from error


def _write(path: Path, content: bytes, flags: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | flags, _MODE), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_directory(directory: Path) -> None:
    opened = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
