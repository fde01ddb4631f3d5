"""What a policy document must hold for the registry itself is what the code names."""

from policies.gates.workable import OWN_PURPOSES
from registry import access_logs, consents, portal_login, staff_names
from registry.actors import SYSTEM
from registry.rights import OWN_PURPOSE
from registry.staff_login import CONSOLE


def test_the_registry_works_under_these_purposes_and_clients() -> None:
    """R-15.1-1."""
    assert OWN_PURPOSES.keys() == {
        OWN_PURPOSE,
        portal_login.PURPOSE,
        consents.PROOF_PURPOSE,
        access_logs.PURPOSE,
        staff_names.PURPOSE,
    }
    acting = {code for clients in OWN_PURPOSES.values() for code in clients}
    assert acting == {portal_login.PORTAL, CONSOLE, SYSTEM.client}
