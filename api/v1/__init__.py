"""Serves the machine API: one file a resource, one use case a route."""

from fastapi import APIRouter, Security

from api.deps import CLIENT_CREDENTIALS
from api.problems import declare
from api.routes import LeanRoute, Shortcuts
from api.v1 import (
    audit,
    catalogue,
    consents,
    disclosures,
    health,
    imports,
    relationships,
    reviews,
    rights,
    subjects,
    tokens,
)

_RESOURCES = (disclosures, subjects, consents, relationships, rights, reviews, catalogue, imports, audit)

router = APIRouter()
router.include_router(tokens.router)
router.include_router(health.router)
for _resource in _RESOURCES:
    router.include_router(_resource.router, dependencies=[Security(CLIENT_CREDENTIALS)])

_routes = [route for resource in _RESOURCES for route in resource.router.routes if isinstance(route, LeanRoute)]
declare(name for route in _routes for name in route.param_convertors)
shortcuts = Shortcuts(_routes)
