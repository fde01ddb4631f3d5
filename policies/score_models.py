"""Registered score models: which procedure may write which estimate, from what, and what hangs on it for people.

An estimate that no registered model wrote can be explained to nobody. `made_of` follows what is worked out from what,
through other estimates too: what somebody may not read, what is restricted or special, is so in what was made of it.
`scores_from` follows it the other way: whoever corrects or clears a value has to know which estimates it spoils.

Legal: GDPR Art. 4(4), Art. 5(1)(b), (d), Art. 9(1), Art. 13(2)(f), Art. 15(1)(h), Art. 18, Art. 22; C-634/21,
C-203/22; R-9-2, R-22-1, R-22-5.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from policies.forms import Identifier, Part, Text, Version, Words
from policies.holdings import FieldPart
from policies.vocabulary import Category


class ScoreModel(Part):
    """One procedure that makes estimates (R-22-1).

    `field` is the estimate it writes, `inputs` the fields or whole categories it works with. `method` is the procedure
    and the principles really applied, in words for the person concerned (C-203/22). `effect` is what a decision drawn
    from the estimate does to people; `decision_mode` whether a human takes it. `owner` is the login of the member of
    staff who answers for the model: they never review what it did.
    """

    title: Words
    field: Identifier
    purpose: Identifier
    version: Version
    inputs: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    method: Words
    effect: Literal["none", "significant", "legal"]
    decision_mode: Literal["assistive", "automated"]
    owner: Text

    @property
    def weighty(self) -> bool:
        """Whether decisions drawn from it have legal or similarly significant effects (Art. 22(1))."""
        return self.effect != "none"


def inputs_of(fields: Mapping[str, FieldPart], model: ScoreModel) -> frozenset[str]:
    """The fields a model works with; a category stands for all of its fields but the estimate itself."""
    named: set[str] = set()
    for one in model.inputs:
        if one in fields or one not in set(Category):
            named.add(one)
        else:
            named |= {name for name, field in fields.items() if field.category == one and name != model.field}
    return frozenset(named)


def made_of(
    fields: Mapping[str, FieldPart], models: Mapping[str, ScoreModel], name: str, *, received: bool = True
) -> frozenset[str]:
    """Everything a field is made of, directly or by way of others; itself only where it is a loop.

    That is what it says it is derived from, and what the models that write it work with. Without `received`, an
    estimate that somebody else supplies is made of nothing of ours: the inputs of its model were sent to ask for it,
    and the answer is made of what the supplier knows. Who may read the answer need not know the question; but an
    answer to a wrong, contested or special question is so too.
    """
    found: set[str] = set()
    ahead = [name]
    while ahead:
        inputs = _inputs_of_field(fields, models, ahead.pop(), received=received) - found
        found |= inputs
        ahead.extend(inputs)
    return frozenset(found)


def _inputs_of_field(
    fields: Mapping[str, FieldPart], models: Mapping[str, ScoreModel], name: str, *, received: bool
) -> frozenset[str]:
    field = fields.get(name)
    inputs = frozenset(field.derived_from) if field else frozenset()
    if field and field.obtained_from is not None and not received:
        return inputs
    return inputs.union(*(inputs_of(fields, model) for model in models.values() if model.field == name))


def scores_from(fields: Mapping[str, FieldPart], models: Mapping[str, ScoreModel], name: str) -> frozenset[str]:
    """The estimates that are worked out from a field, directly or by way of other estimates."""
    made_of: dict[str, set[str]] = {one: set(field.derived_from) for one, field in fields.items() if field.scored}
    for model in models.values():
        made_of.setdefault(model.field, set()).update(inputs_of(fields, model))
    found: set[str] = set()
    ahead = [name]
    while ahead:
        spoiled = ahead.pop()
        further = {score for score, inputs in made_of.items() if spoiled in inputs} - found
        found |= further
        ahead.extend(further)
    return frozenset(found)
