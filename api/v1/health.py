"""Says whether this process may serve now: whether the audit log takes entries, which is whether anything is answered.

For a load balancer or a supervisor; it says nothing about anybody and leaves no entry.

Legal: GDPR Art. 32(1)(b); R-AUD-5.
"""

from fastapi import APIRouter, Request, Response

from api.v1.answers import answered, documented
from api.v1.schemas.audit import ReadyOut
from registry.context import Registry

router = APIRouter(tags=["operation"])


@router.get("/readyz", **documented(ReadyOut, always=(503,)))
async def ready(request: Request) -> Response:
    """Ready: the log can be written, durably, its clock and its pins are in order. Else 503, and so is all."""
    registry: Registry = request.app.state.registry
    await registry.log.check_writable()
    return answered({"ready": True})
