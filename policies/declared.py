"""The policy document as one frozen value: everything the controller decided, with the line where it stands.

Legal: GDPR Art. 5(1)(b), Art. 6, Art. 24, Art. 30.
"""

from collections.abc import Iterator, Mapping

from pydantic import Field

from policies.findings import Path, line_of
from policies.forms import Identifier, Part
from policies.holdings import FieldPart, RetentionClass
from policies.parties import Client, ConsoleRole, Head, Recipient
from policies.purposes import Purpose
from policies.score_models import ScoreModel, made_of, scores_from


class PolicyDocument(Part):
    """The whole document; only `policies.documents.parse` makes one that is referentially complete and lawful."""

    policy: Head
    retention: Mapping[Identifier, RetentionClass]
    fields: Mapping[Identifier, FieldPart]
    recipients: Mapping[Identifier, Recipient]
    purposes: Mapping[Identifier, Purpose]
    clients: Mapping[Identifier, Client]
    roles: Mapping[Identifier, ConsoleRole] = Field(default_factory=dict)
    score_models: Mapping[Identifier, ScoreModel] = Field(default_factory=dict)
    digest: str = ""
    lines: Mapping[Path, int] = Field(default_factory=dict, repr=False, exclude=True)

    @property
    def version(self) -> str:
        """The version that decisions and audit entries quote."""
        return self.policy.version

    def line(self, *path: str) -> int:
        """The 1-based line on which a part stands, or the one around it; 0 = nowhere."""
        return line_of(path, self.lines)

    def in_force(self) -> Iterator[tuple[str, Purpose]]:
        """The purposes under which anything is decided, with their ids."""
        return ((name, purpose) for name, purpose in self.purposes.items() if purpose.in_force)

    def made_of(self, field: str, *, received: bool = True) -> frozenset[str]:
        """Everything a field is worked out from or was asked for with (R-9-2); `received` as `score_models.made_of`."""
        return made_of(self.fields, self.score_models, field, received=received)

    def scores_from(self, field: str) -> frozenset[str]:
        """The estimates that are worked out from a field, directly or by way of others (R-22-5)."""
        return scores_from(self.fields, self.score_models, field)

    def subjects_per_day(self, client: str, purpose: str) -> int | None:
        """How many different people the client may read a day for the purpose; None = no limit is declared."""
        own = self.clients[client].budget.get(purpose) if client in self.clients else None
        budget = own or (self.purposes[purpose].budget if purpose in self.purposes else None)
        return budget.subjects_per_day if budget else None
