"""The shipped policy goes through the law's steps in the demo too: each by its role, the last one signed.

The people are invented and so are their words; the steps, the signature and the entries in the log are the real ones.
"""

from api.cli_activation import sign
from api.compose import shipped_notices
from api.demo.accounts import Accounts, DemoError
from api.settings import Settings
from registry.activation import NotTaken, Taken, advise, decide, prepare_decision, propose, review
from registry.actors import Role
from registry.context import Registry
from registry.policy_facts import gates_for
from registry.policy_history import source_of, versions
from registry.policy_steps import Standing
from registry.signing import make_key_file
from registry.signing_keys import enrol_key


async def activate(registry: Registry, accounts: Accounts) -> bool:
    """Let people decide what setup put in force; False = people have decided already."""
    in_force = next(one for one in await versions(registry) if one.in_force)
    if in_force.standing is not Standing.FOUNDED:
        return False
    source = await source_of(registry, in_force.digest)
    decider = accounts.staff(Role.DECIDER)
    passphrase = accounts[Role.DECIDER].password
    if not accounts.key_file.exists():
        await enrol_key(registry, decider, make_key_file(accounts.key_file, passphrase))
    gates = await gates_for(registry.database, shipped_notices(Settings()))
    _taken(await propose(registry, accounts.staff(Role.AUTHOR), source, gates))
    _taken(await review(registry, accounts.staff(Role.LEGAL), source, objects=False))
    _taken(await advise(registry, accounts.staff(Role.DPO), source, objects=False))
    wanted = await prepare_decision(registry, decider, source, accepts=True)
    signed = sign(wanted, accounts.key_file, passphrase)
    _taken(await decide(registry, decider, source, signed, gates, accepts=True))
    return True


def _taken(outcome: Taken | NotTaken) -> None:
    if isinstance(outcome, NotTaken):
        raise DemoError(f"the policy did not come into force: {', '.join(outcome.reasons)}")
