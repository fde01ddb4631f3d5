"""Column types that mean the same on PostgreSQL and SQLite.

SQLite has neither UUIDs nor time zones: identifiers are kept there as 16 bytes, instants as milliseconds
since 1970 (UTC), so that both engines compare and order alike.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Dialect, LargeBinary, TypeDecorator, Uuid
from sqlalchemy.types import TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_milliseconds(instant: datetime) -> int:
    """Milliseconds since 1970 of an aware instant, rounded down."""
    return (instant - EPOCH) // timedelta(milliseconds=1)


def from_milliseconds(milliseconds: int) -> datetime:
    """The aware instant, UTC."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def whole(instant: datetime) -> datetime:
    """The instant as the database keeps it: aware, UTC, whole milliseconds."""
    return from_milliseconds(to_milliseconds(instant))


class Id(TypeDecorator[UUID]):
    """A UUID: native on PostgreSQL, 16 bytes on SQLite."""

    impl = Uuid
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the engine's own form."""
        return dialect.type_descriptor(LargeBinary(16) if dialect.name == "sqlite" else Uuid())

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:  # noqa: ANN401 - UUID or bytes, by engine
        """To the database."""
        return value.bytes if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> UUID | None:  # noqa: ANN401 - as above
        """From the database."""
        return UUID(bytes=value) if value is not None and dialect.name == "sqlite" else value


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant of millisecond precision."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the engine's own form."""
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401 - datetime or int, by engine
        """To the database."""
        if value is None:
            return None
        milliseconds = to_milliseconds(value)
        return milliseconds if dialect.name == "sqlite" else from_milliseconds(milliseconds)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ANN401 - as above
        """From the database."""
        return from_milliseconds(value) if value is not None and dialect.name == "sqlite" else value
