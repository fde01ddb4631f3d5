"""A software HSM for tests: SoftHSM 2, found or installed; the closing lines name the command where neither works."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

INSTALL = "apt-get install -y --no-install-recommends softhsm2"
_MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
PIN = "of-the-tests"


@dataclass(frozen=True, slots=True)
class Token:
    """One token and how to reach it."""

    module: Path
    folder: Path
    label: str
    pin_file: Path

    @property
    def uri(self) -> str:
        """The token as a key provider."""
        return f"pkcs11:token={quote(self.label)};object=root?module-path={self.module}&pin-source=file:{self.pin_file}"

    def remove(self) -> Path:
        """Pull the token out; returns where it lies."""
        away = self.folder.with_name("pulled-out")
        shutil.move(self.folder, away)
        self.folder.mkdir()
        return away

    def put_back(self, away: Path) -> None:
        """Put it in again."""
        shutil.rmtree(self.folder)
        shutil.move(away, self.folder)


def find_module() -> Path:
    """The PKCS#11 module, installed by apt where this process may."""
    named = os.environ.get("SOFTHSM2_MODULE")
    for path in (named, *_MODULES) if named else _MODULES:
        if path and Path(path).exists():
            return Path(path)
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        subprocess.run([apt, "update", "-q"], check=False, capture_output=True, timeout=120)
        subprocess.run([apt, *INSTALL.split()[1:]], check=False, capture_output=True, timeout=300)
        for path in _MODULES:
            if Path(path).exists():
                return Path(path)
    pytest.xfail(f"SoftHSM 2 is not installed: {INSTALL}, or set SOFTHSM2_MODULE")


def make_token(home: Path, label: str = "registry tests") -> Token:
    """A fresh token in a folder of its own; this process and those it starts use it from now on."""
    module = find_module()
    folder = home / "tokens"
    folder.mkdir(parents=True)
    configuration = home / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder}\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    tool = shutil.which("softhsm2-util") or str(module.parent.parent.parent / "bin" / "softhsm2-util")
    subprocess.run(
        [tool, "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", f"{PIN}-so"],
        check=True,
        capture_output=True,
        timeout=60,
    )
    pin_file = home / "pin"
    pin_file.touch(mode=0o600)
    pin_file.write_text(PIN)
    _start_anew(module)
    return Token(module, folder, label, pin_file)


def _start_anew(module: Path) -> None:
    """The library reads its configuration when it starts: it may know the tokens of an earlier test."""
    import pkcs11

    pkcs11.lib(str(module)).reinitialize()
