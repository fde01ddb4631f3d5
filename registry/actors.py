"""Who acts, and what each role of staff may do.

The matrix below is the whole of it: what a role does not have here, no page, command or use case grants. The data
protection officer reads everything and changes nothing of a customer's; advises on policies and decides none; and
nobody takes that reading away: accounts of the data protection officer and of deciders are changed by two persons
(`registry.staff`).

Legal: GDPR Art. 32(1)(b), Art. 38(3), (6), Art. 39; R-38-1, R-ENC-6.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from registry.context import Caller

SYSTEM = Caller(client="registry", role="system")


class Role(StrEnum):
    """What a member of staff is; the DPO advises and monitors, the decider decides (Art. 38(6))."""

    DPO = "dpo"
    CLERK = "clerk"
    LEGAL = "legal"
    AUTHOR = "author"
    DECIDER = "decider"
    ADMIN = "admin"


class Action(StrEnum):
    """What can be done, as far as it depends on a role."""

    READ_REGISTRY = "read-registry"
    EXPORT_AUDIT = "export-audit"
    CLOSE_ACCESS_LOG = "close-access-log"
    ADVISE_ON_NAME = "advise-on-name"
    RELEASE_NAME = "release-name"
    DECIDE_REQUEST = "decide-request"
    READ_POLICIES = "read-policies"
    PROPOSE_POLICY = "propose-policy"
    REVIEW_POLICY = "review-policy"
    ADVISE_ON_POLICY = "advise-on-policy"
    DECIDE_POLICY = "decide-policy"
    MANAGE_STAFF = "manage-staff"
    MANAGE_CLIENTS = "manage-clients"
    CONFIRM_STAFF = "confirm-staff"


MAY: Mapping[Role, frozenset[Action]] = {
    Role.DPO: frozenset(
        {
            Action.READ_REGISTRY,
            Action.EXPORT_AUDIT,
            Action.ADVISE_ON_NAME,
            Action.READ_POLICIES,
            Action.ADVISE_ON_POLICY,
            Action.CONFIRM_STAFF,
        },
    ),
    Role.CLERK: frozenset({Action.READ_REGISTRY, Action.READ_POLICIES}),
    Role.LEGAL: frozenset({Action.READ_POLICIES, Action.REVIEW_POLICY}),
    Role.AUTHOR: frozenset({Action.READ_POLICIES, Action.PROPOSE_POLICY}),
    Role.DECIDER: frozenset(
        {
            Action.READ_REGISTRY,
            Action.EXPORT_AUDIT,
            Action.CLOSE_ACCESS_LOG,
            Action.RELEASE_NAME,
            Action.DECIDE_REQUEST,
            Action.READ_POLICIES,
            Action.DECIDE_POLICY,
            Action.CONFIRM_STAFF,
        },
    ),
    Role.ADMIN: frozenset({Action.READ_POLICIES, Action.MANAGE_STAFF, Action.MANAGE_CLIENTS}),
}
_OF_THE_SYSTEM = frozenset({Action.READ_POLICIES, Action.MANAGE_STAFF, Action.MANAGE_CLIENTS})


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff who has proved who they are."""

    staff_id: UUID
    role: Role

    def may(self, action: Action) -> bool:
        """Whether the role allows it."""
        return action in MAY[self.role]

    @property
    def caller(self) -> Caller:
        """This person at the command line, as a use case knows them."""
        return Caller(SYSTEM.client, actor=self.staff_id, role=self.role.value)


def may(caller: Caller, action: Action) -> bool:
    """Whether a caller may do what depends on a role; the command line on the server acts as the system."""
    if caller.role == SYSTEM.role:
        return action in _OF_THE_SYSTEM
    return caller.role in set(Role) and action in MAY[Role(caller.role)]
