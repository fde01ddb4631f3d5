"""Tells a database that is out of reach from a defect of ours: the one is 503 and passes, the other is 500 and stays.

What a statement did when the connection broke is unknown; so is the outcome that the caller is told.

Legal: GDPR Art. 32(1)(b), (c); R-AUD-6.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from asyncpg import InterfaceError as ConnectionMisusedError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from registry.errors import NotReadyError

# SQLSTATE classes: connection exception, transaction rolled back by the server (deadlock), no resources left, operator
# intervention (shutdown, cannot connect now), system error.
_PASSING = frozenset({"08", "40", "53", "57", "58"})


@contextmanager
def told_as_not_ready() -> Iterator[None]:
    """Turn an outage inside the block into NotReadyError, by type alone; everything else passes as it is.

    Raises:
        NotReadyError: when the database did not answer, or answered that it cannot at the moment.
    """
    try:
        yield
    except Exception as error:
        if not is_outage(error):
            raise
        raise NotReadyError(f"the database does not answer: {type(error).__name__}") from None


def is_outage(error: BaseException) -> bool:
    """Whether this says that the database is out of reach, full, shutting down or too busy."""
    if isinstance(error, OSError | PoolTimeoutError | ConnectionMisusedError):
        return True
    if isinstance(error, DBAPIError):
        if error.connection_invalidated or isinstance(error, OperationalError | InterfaceError):
            return True
        return error.orig is not None and is_outage(error.orig)
    state = getattr(error, "sqlstate", None)
    return isinstance(state, str) and state[:2] in _PASSING
