"""May we? The decision of a read without the read: nothing is opened, and it is recorded like one.

1. Refuse what needs no look at anybody.
2. Gather, decide and record as `disclosure` does, with the same facts, rules and freshness.

Legal: GDPR Art. 5(1)(b), Art. 5(2); § 7 UWG.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from audit.event import EventTag
from policies.decision import Deny, Permit
from policies.evaluate import evaluate, evaluate_gate
from policies.facts import AccessRequest
from registry.context import Caller, Registry
from registry.disclosure import FRESH_SECONDS, entry_of, gather
from registry.errors import NotReadyError
from registry.facts import facts_from

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision about one person; `index` is the entry that says so."""

    subject_id: UUID
    decision: Permit | Deny
    index: int


async def decide(
    registry: Registry, caller: Caller, request: AccessRequest, subject_ids: Sequence[UUID]
) -> list[Decided]:
    """Decide one question about 1 to 1,000 people, in their order; repeats are decided once.

    Raises:
        AuditUnavailableError: when the outcome could not be recorded; nothing is told then.
        NotReadyError: when the database or the policy is out of reach.
    """
    ids = list(dict.fromkeys(subject_ids))
    for _ in range(_TRIES):
        began = time.monotonic()
        policy = registry.policy
        decisions: list[Permit | Deny]
        refused = evaluate_gate(request, policy)  # 1
        if refused is not None:
            entry = entry_of(caller, request, policy, EventTag.DECIDE, [refused])
            decisions = [refused] * len(ids)
        else:
            gathered = await gather(registry, caller, request, ids, policy)  # 2
            decisions = [evaluate(request, policy, facts_from(gathered[id_])) for id_ in ids]
            entry = entry_of(caller, request, policy, EventTag.DECIDE, decisions)
        recorded = await registry.log.append(entry, decisions)
        if time.monotonic() - began <= FRESH_SECONDS:
            return [Decided(id_, decision, recorded.index) for id_, decision in zip(ids, recorded.value, strict=True)]
    raise NotReadyError("recording takes longer than a decision stays fresh")
