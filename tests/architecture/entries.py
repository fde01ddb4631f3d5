"""Every route with the audit entry it leaves (promises 1 and 2).

`NOTHING` stands for routes that give out nothing about anybody and change nothing: texts, keys, styles, forms.
`tests/architecture/test_routes.py` finds a route that is not here; `tests/http/v1/test_every_entry.py` calls each of
them and looks for its entry in the log.
"""

from audit.event import EventTag

NOTHING = "nothing"

ENTRIES: dict[str, EventTag | str] = {
    "POST /oauth/token": EventTag.TOKEN_ISSUE,
    "GET /.well-known/jwks.json": NOTHING,
    "GET /v1/purposes": NOTHING,
    "GET /v1/notices/current": NOTHING,
    "PATCH /v1/subjects": EventTag.SUBJECT_UPDATE,
    "POST /v1/subjects/lookup": EventTag.LOOKUP,
    "GET /v1/subjects/{subject_id}": EventTag.DISCLOSE,
    "POST /v1/disclosures": EventTag.DISCLOSE,
    "POST /v1/decisions": EventTag.DECIDE,
    "POST /v1/consents": EventTag.CONSENT_GIVE,
    "GET /v1/subjects/{subject_id}/consents": EventTag.CONSENT_READ,
    "POST /v1/relationships": EventTag.RELATIONSHIP_OPEN,
    "POST /v1/relationships/close": EventTag.RELATIONSHIP_CLOSE,
    "POST /v1/subjects/{subject_id}/events": EventTag.EVENT_ADD,
    "POST /v1/objections": EventTag.OBJECTION,
    "POST /v1/requests": EventTag.REQUEST_RECEIVE,
    "GET /v1/subjects/{subject_id}/requests/{request_id}": EventTag.REQUEST_LIST,
    "GET /v1/subjects/{subject_id}/reviews": EventTag.REQUEST_LIST,
    "GET /v1/conflicts": EventTag.AUDIT_READ,
    "POST /v1/imports": EventTag.IMPORT,
    "GET /v1/audit": EventTag.AUDIT_READ,
    "GET /v1/audit/checkpoint": NOTHING,
    "GET /v1/audit/tiles/{level}/{number}": NOTHING,
    "GET /v1/audit/{index}": EventTag.AUDIT_READ,
    "GET /readyz": NOTHING,
    "GET /console/login": NOTHING,
    "POST /console/login": EventTag.LOGIN,
    "POST /console/logout": EventTag.LOGOUT,
    "GET /console/account": NOTHING,
    "POST /console/account/password": EventTag.STAFF_PASSWORD,
    "POST /console/account/sessions": EventTag.SESSIONS_END,
    "GET /console": EventTag.AUDIT_READ,
    "GET /console/": NOTHING,
    "GET /console/audit/export": EventTag.AUDIT_EXPORT,
    "POST /console/audit/close": EventTag.ACCESS_LOG_CLOSE,
    "GET /console/audit/{index}": EventTag.AUDIT_READ,
    "GET /console/audit/{index}/proof.json": EventTag.AUDIT_READ,
    "POST /console/audit/{index}/opinion": EventTag.NAME_ADVISE,
    "POST /console/audit/{index}/name": EventTag.NAME_RELEASE,
    "GET /console/conflicts": EventTag.AUDIT_READ,
    "GET /console/requests/{subject_id}/{request_id}": EventTag.REQUEST_LIST,
    "POST /console/requests/{subject_id}/{request_id}/decision": EventTag.REQUEST_DECIDE,
    "POST /console/requests/{subject_id}/{request_id}/review/begin": EventTag.REVIEW_BEGIN,
    "POST /console/requests/{subject_id}/{request_id}/review": EventTag.REVIEW_DECIDE,
    "GET /console/console.css": NOTHING,
    "GET /console/{rest:path}": NOTHING,
    "GET /portal": NOTHING,
    "GET /portal/": NOTHING,
    "POST /portal/code": EventTag.CODE_SENT,
    "POST /portal/login": EventTag.LOGIN,
    "POST /portal/logout": NOTHING,
    "GET /portal/me": EventTag.EXPORT,
    "GET /portal/me.json": EventTag.EXPORT,
    "POST /portal/consents/withdraw": EventTag.CONSENT_WITHDRAW,
    "POST /portal/objections": EventTag.REQUEST_RECEIVE,
    "POST /portal/requests": EventTag.REQUEST_RECEIVE,
    "POST /portal/reviews": EventTag.REQUEST_RECEIVE,
    "GET /portal/accesses/{index}": EventTag.ACCESS_LOG_READ,
    "GET /portal/accesses/{index}/proof.json": EventTag.ACCESS_LOG_READ,
    "GET /portal/portal.css": NOTHING,
    "GET /portal/{rest:path}": NOTHING,
    "POST /portal/{rest:path}": NOTHING,
    "POST /console/{rest:path}": NOTHING,
}

# Beside the two sites and the machine API; the operator's counters show nobody's data.
BESIDE = ["GET /docs", "GET /metrics", "GET /openapi.json", "Mount /docs/assets"]
