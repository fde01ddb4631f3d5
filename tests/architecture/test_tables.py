"""The shape of the tables: what lets one person's rows live together and go together (one shard, one transaction)."""

import pytest
from sqlalchemy import Constraint, Index, Table
from sqlmodel import SQLModel

import registry.tables  # noqa: F401 - both fill the metadata

_TABLES = sorted(SQLModel.metadata.tables.values(), key=lambda table: table.name)
_OF_PERSONS = [table for table in _TABLES if "subject_id" in table.columns]
# Reached by something else than the person: look-up by digest, and a queue that is emptied at once.
_REACHED_OTHERWISE = {"lookup", "journal_outbox"}
_SINGLE_UNIQUE_OUTSIDE_PERSONS = {"audit_leaf", "staff"}


@pytest.mark.parametrize("table", _OF_PERSONS, ids=lambda table: table.name)
def test_subject_id_stands_first_in_every_key_of_a_persons_table(table: Table) -> None:
    if table.name not in _REACHED_OTHERWISE:
        assert next(iter(table.primary_key.columns)).name == "subject_id"


@pytest.mark.parametrize("table", _TABLES, ids=lambda table: table.name)
def test_nothing_but_the_lookup_is_unique_across_persons(table: Table) -> None:
    unique: list[Index | Constraint] = [index for index in table.indexes if index.unique]
    unique += [rule for rule in table.constraints if type(rule).__name__ == "UniqueConstraint"]
    if table.name in _SINGLE_UNIQUE_OUTSIDE_PERSONS:
        assert "subject_id" not in table.columns
    elif table.name == "lookup":
        assert [index.name for index in unique] == ["uq_lookup_external_id"]
    else:
        assert unique == []


@pytest.mark.parametrize("table", _TABLES, ids=lambda table: table.name)
def test_no_column_could_hold_a_direct_identifier_in_the_clear(table: Table) -> None:
    """Values are sealed bytes; the subject row has pseudonym and coarse facts alone."""
    forbidden = {"name", "first_name", "last_name", "email", "phone", "street", "value", "birth_date"}
    allowed = {("service_key", "name")}
    found = {(table.name, column.name) for column in table.columns if column.name in forbidden}
    assert found <= allowed
