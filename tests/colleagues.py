"""Members of staff for a test: with passwords, second factors, and the codes of the moment."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from registry.actors import Role, Staff
from registry.second_factor import Enrolment, code_at, step_at
from registry.staff import enrol_second_factor
from registry.staff_login import Credentials, login_staff
from tests.house import House

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who can log in."""

    house: House
    staff: Staff
    login: str
    enrolment: Enrolment

    async def code(self, steps_away: int = 0) -> str:
        """The code of now, or of so many steps from now."""
        now = await self.house.registry.database.now()
        return code_at(self.enrolment.secret, step_at(now) + steps_away)

    async def credentials(self, *, password: str = PASSWORD, code: str | None = None, address: str = "") -> Credentials:
        """What they type, right unless a test says otherwise."""
        return Credentials(self.login, password, await self.code() if code is None else code, address)

    async def logs_in(self, **typed: str) -> str:
        """A session's cookie; codes used before may be used again, as if time had passed."""
        await self.house.as_owner("update staff_second_factor set last_step = 0")
        return await login_staff(self.house.registry, await self.credentials(**typed))


async def hire(house: House, role: Role, login: str = "") -> Colleague:
    """Make an account with a second factor."""
    name = login or role.value
    staff_id = await house.account(name, role, PASSWORD)
    return Colleague(house, Staff(staff_id, role), name, await enrol_second_factor(house.registry, staff_id))


async def let_pass(house: House, table: str, columns: tuple[str, ...], span: timedelta) -> None:
    """Let time pass for the instants in some columns."""
    back = (
        f"- {span // timedelta(milliseconds=1)}"
        if house.owner_url.startswith("sqlite")
        else f"- interval '{span.total_seconds()} seconds'"
    )
    await house.as_owner(f"update {table} set {', '.join(f'{name} = {name} {back}' for name in columns)}")  # noqa: S608 - a test's own names


def nobody() -> UUID:
    """An id that nobody has."""
    return UUID(int=1)
