"""A contact uses an address that is on file and may be used for its purpose; about any other nobody was asked.

Whoever may be written to by e-mail may not be while their e-mail address is withheld, because they contest that it is
right, say. Of several e-mail addresses or telephone numbers one is enough. A postal address is made of several fields:
one of them withheld withholds the letter. Push messages and faxes go where the registry keeps no address.

Whether a value was cleared shows only when it is opened, and nothing is opened here: it counts as on file. Of a past
instant it is not known what was on file: a value that was replaced since is gone.

Legal: GDPR Art. 5(1)(b), Art. 18(1), (2); R-18-1.
"""

from collections.abc import Collection, Iterable
from itertools import chain

from policies.decision import Permit, Reason
from policies.documents import PolicyDocument
from policies.facts import AccessRequest, Facts
from policies.vocabulary import Channel, FieldName, Operation, ReasonCode

CITES = ("GDPR Art. 5(1)(b)",)
_NONE_ON_FILE = Reason(ReasonCode.ADDRESS_MISSING, CITES)
KEPT = {
    Channel.EMAIL: "pd:EmailAddress",
    Channel.SMS: "pd:TelephoneNumber",
    Channel.PHONE: "pd:TelephoneNumber",
    Channel.POST: "pd:PhysicalAddress",
}
IN_PARTS = frozenset({Channel.POST})


def is_needed(request: AccessRequest) -> bool:
    """Whether the question is about a contact that uses an address which the registry keeps."""
    return request.operation is Operation.CONTACT and request.channel in KEPT


def fields_of(document: PolicyDocument, channel: Channel | None, names: Iterable[str]) -> tuple[FieldName, ...]:
    """Those of these fields that hold addresses for a channel, as the document's terms say, in their order."""
    term = KEPT.get(channel) if channel is not None else None
    declared = document.fields
    return tuple(FieldName(name) for name in names if name in declared and term == declared[name].dpv)


def check_contact(
    request: AccessRequest, addresses: Collection[FieldName], permit: Permit, facts: Facts
) -> tuple[Reason, ...]:
    """Whether what may be read of somebody is enough to contact them; `addresses` are those asked for."""
    if not is_needed(request):
        return ()
    withheld = [part for part in permit.withheld if part.field in addresses]
    on_file = permit.fields if facts.of_the_past else permit.rows.values()
    reaches = any(name in addresses for name in on_file)
    if reaches and not (withheld and request.channel in IN_PARTS):
        return ()
    return tuple(chain.from_iterable(part.reasons for part in withheld)) or (_NONE_ON_FILE,)
