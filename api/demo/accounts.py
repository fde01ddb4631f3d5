"""The demo's staff: one account a role, with passwords and second factors in a file of this machine's user alone.

Real installations never keep these together, or at all: here they lie in `demo-accounts.json` (mode 0600), so that
whoever tries the demo can log in, and a second run finds them again.
"""

import json
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from uuid import UUID

from registry.actors import Role, Staff
from registry.context import Registry
from registry.errors import ForbiddenError, UnknownStaffError
from registry.second_factor import STEP_SECONDS, STEPS_APART, code_at
from registry.staff import account_named, create_staff, enrol_second_factor

ROLES = (Role.DECIDER, Role.DPO, Role.LEGAL, Role.AUTHOR)
FILE = "demo-accounts.json"
KEY_FILE = "demo-decider-key.json"


class DemoError(Exception):
    """Raised when the demo cannot go on; the message says what to do."""


@dataclass(slots=True)
class Account:
    """One account; `last_step` is the newest 30 seconds whose code was given out."""

    staff_id: str
    login: str
    password: str = field(repr=False)
    secret: str = field(repr=False)
    uri: str = field(repr=False)
    last_step: int = 0


class Accounts:
    """All accounts of the demo, by role."""

    def __init__(self, home: Path, accounts: Mapping[Role, Account]) -> None:
        self._path = home / FILE
        self._accounts = accounts
        self.key_file = home / KEY_FILE

    @classmethod
    def read(cls, home: Path) -> "Accounts | None":
        """The accounts of an earlier run; None = there was none."""
        try:
            tree = json.loads((home / FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return cls(home, {Role(role): Account(**account) for role, account in tree.items()})

    def __getitem__(self, role: Role) -> Account:
        return self._accounts[role]

    def staff(self, role: Role) -> Staff:
        """The account as a use case knows it."""
        return Staff(UUID(self[role].staff_id), role)

    def code(self, role: Role) -> str:
        """A code that was not used yet; waits for the next one where it must."""
        account = self[role]
        while account.last_step >= int(time.time()) // STEP_SECONDS + STEPS_APART:
            time.sleep(1)
        account.last_step = max(account.last_step + 1, int(time.time()) // STEP_SECONDS)
        self.save()
        return code_at(bytes.fromhex(account.secret), account.last_step)

    def save(self) -> None:
        """Keep them for the next run."""
        content = json.dumps({role.value: asdict(account) for role, account in self._accounts.items()}, indent=1)
        temporary = self._path.with_suffix(".new")
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(content)
        temporary.replace(self._path)


async def find_or_make(registry: Registry, home: Path) -> Accounts:
    """The accounts of an earlier run, or new ones.

    Raises:
        DemoError: when the registry has a decider who is not the demo's.
    """
    known = Accounts.read(home)
    if known is not None and await _are_there(registry, known):
        return known
    made: dict[Role, Account] = {}
    try:
        for role in sorted(ROLES, key=lambda role: role is Role.DECIDER):
            made[role] = await _make(registry, role)
    except ForbiddenError as error:
        raise DemoError(f"somebody else's installation lies in {home}: choose another folder with --home") from error
    accounts = Accounts(home, made)
    accounts.save()
    accounts.key_file.unlink(missing_ok=True)
    return accounts


async def _make(registry: Registry, role: Role) -> Account:
    login, password = f"{role.value}-{secrets.token_hex(2)}", secrets.token_urlsafe(12)
    staff_id = await create_staff(registry, login, role, password)
    enrolment = await enrol_second_factor(registry, staff_id)
    return Account(str(staff_id), login, password, enrolment.secret.hex(), enrolment.uri)


async def _are_there(registry: Registry, accounts: Accounts) -> bool:
    try:
        found = [await account_named(registry, accounts[role].login) for role in ROLES]
    except UnknownStaffError:
        return False
    return all(str(one.staff_id) == accounts[one.role].staff_id for one in found)
