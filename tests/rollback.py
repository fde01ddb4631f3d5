"""Puts a registry's log back to an earlier size, as a restored backup would, behind everybody's back."""

from sqlalchemy import select
from sqlmodel import col

from audit import merkle
from audit.tables import LeafRow
from tests.house import House


async def roll_back(house: House, size: int) -> None:
    """Leave the first `size` entries and nothing that came after them; the head fits them, so nothing inside shows."""
    index = '"index"'
    async with house.registry.database.reading() as session:
        statement = select(col(LeafRow.hash)).where(col(LeafRow.index) < size).order_by(col(LeafRow.index))
        hashes = list((await session.execute(statement)).scalars())
    tree = merkle.CompactRange()
    for one in hashes:
        tree.append(one)
    for table, column in (
        ("audit_leaf", index),
        ("audit_opening", "leaf"),
        ("audit_commitments", "leaf"),
        ("audit_reason", "leaf"),
    ):
        await house.as_owner(f"DELETE FROM {table} WHERE {column} >= {size}")  # noqa: S608 - own words
    await house.as_owner(f"DELETE FROM audit_node WHERE {index} >= {size} >> (8 * level)")  # noqa: S608 - own words
    stack, root = blob(house, tree.to_bytes()), blob(house, tree.root())
    await house.as_owner(f"UPDATE audit_head SET size = {size}, stack = {stack}, root = {root}")  # noqa: S608 - own words


def blob(house: House, content: bytes) -> str:
    """Bytes as a literal of the engine."""
    if house.registry.database.engine == "sqlite":
        return f"x'{content.hex()}'"
    return f"decode('{content.hex()}', 'hex')"
