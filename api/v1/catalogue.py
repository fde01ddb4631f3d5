"""What a client may ask for, in words, and the texts its forms must show."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.deps import Authenticated
from api.routes import LeanRoute
from api.v1.answers import answered, documented
from api.v1.schemas.catalogue import NoticesOut, NoticesQuery, PurposesOut
from policies.decision import codes_for_caller
from policies.documents import PolicyDocument
from policies.explain import in_words, possible_codes
from registry.errors import NotFoundError
from registry.notices import current

router = APIRouter(route_class=LeanRoute, tags=["catalogue"])


@router.get("/v1/purposes", **documented(PurposesOut))
async def list_purposes(call: Authenticated) -> Response:
    """This client's purposes under the policy in force."""
    policy = call.policy
    return answered(
        {
            "policy": policy.version,
            "purposes": [_told(name, policy, call.caller.client) for name in call.own_purposes],
        },
    )


@router.get("/v1/notices/current", **documented(NoticesOut, fails=(404,)))
async def read_notices(call: Authenticated, query: Annotated[NoticesQuery, Query()]) -> Response:
    """The texts shown today for a purpose, with the hash a declaration must quote."""
    found = await current(call.registry, query.purpose)
    shown = [one for one in found if query.language in {None, one.language}]
    if not shown:
        raise NotFoundError("no notice is published for this purpose")
    return answered(
        {
            "notices": [
                {
                    "notice": one.notice,
                    "version": one.version,
                    "language": one.language,
                    "purposes": one.purposes,
                    "content": one.content,
                    "sha256": one.sha256,
                    "valid_from": one.valid_from,
                }
                for one in shown
            ],
        },
    )


def _told(name: str, policy: PolicyDocument, client: str) -> dict[str, object]:
    purpose = policy.purposes[name]
    return {
        "id": name,
        "title": purpose.title.model_dump(),
        "state": purpose.state,
        "dpv": purpose.dpv,
        "basis": [
            {"category": category.value, "article": basis.article.value, "why": basis.why}
            for category, basis in purpose.basis.items()
        ],
        "fields": sorted(purpose.allowed),
        "collects": sorted(purpose.collectable - purpose.allowed),
        "channels": [channel.value for channel in purpose.channels],
        "direct_marketing": purpose.direct_marketing,
        "profiling": purpose.profiling,
        "minimum_age": purpose.minimum_age,
        "notice": purpose.notice,
        "in_words": in_words(policy, purpose, client).model_dump(),
        "can_refuse": [code.value for code in codes_for_caller(possible_codes(policy, purpose))],
        "case_reference": purpose.case_reference,
        "subjects_per_day": policy.subjects_per_day(client, name),
        "aggregates_only": purpose.aggregates_only,
        "significant_decision": purpose.significant_decision,
    }
