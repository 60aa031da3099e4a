"""What admins see of admins."""

from __future__ import annotations

from chalice.app import Blueprint

from chalicelib import wiring
from chalicelib.auth.http import AdminSessionList, AuditPage, AuditQuery
from chalicelib.gateway.call import Call, Reply
from chalicelib.wiring import api

bp = Blueprint(__name__)


@api.endpoint(bp, "GET", "/api/admin/sessions", access="admin", answers={200: AdminSessionList})
def admin_sessions(call: Call[None]) -> AdminSessionList:
    """List the sessions of admins."""
    return wiring.admins().sessions(call.principal)


@api.endpoint(bp, "DELETE", "/api/admin/sessions/{id}", access="admin", answers={204: None})
def end_admin_session(call: Call[None]) -> Reply:
    """End an admin's session."""
    wiring.admins().end_session(call.path["id"])
    return Reply(status=204)


@api.endpoint(
    bp, "GET", "/api/admin/audit", access="admin", query=AuditQuery, answers={200: AuditPage}
)  # fmt: skip
def audit(call: Call[None]) -> AuditPage:
    """Read what admins did on a day."""
    return wiring.admins().audit(call.query)
