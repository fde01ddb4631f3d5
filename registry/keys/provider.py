"""What holds the root keys, and how long the registry waits for it.

The provider is asked when a process loads its keys and when keys are rotated, never for a request. It may be slow,
away, or return garbage: each has a name, none of them lets plaintext out or ends the process.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

from registry.errors import KeyProviderError, RegistryError

T = TypeVar("T")
PATIENCE_SECONDS = 10.0


class KeyProvider(Protocol):
    """Holds root keys of 256 bits by version. Calls block; `ask` keeps them off the event loop and limits the wait.

    What a provider promises:

    - **wrap and unwrap with context.** Authenticated encryption of up to 4 KiB; `context` is authenticated and not
      stored. Unwrapping with another context, another version or one changed bit raises `KeyUnavailableError`.
    - **versions.** Numbers from 1, ascending, never used again, not even after a destruction. `wrap` uses the newest.
      What another process made or destroyed counts at the next call.
    - **destroy.** When `destroy_version` has returned, that version is gone from the provider, and `unwrap` with it
      raises. A provider that delays destruction says in its description by how much.
    - **list.** `versions` names all that are held, in ascending order.
    - **time.** A call ends; the caller gives up after `PATIENCE_SECONDS` and treats the provider as away.
    - **errors.** `KeyProviderError` when it cannot be asked (away, locked, wrong PIN, token removed);
      `KeyUnavailableError` when it was asked and the key does not open. No message holds key material or a PIN.
    - **several processes** may use it at once.
    """

    def versions(self) -> tuple[int, ...]:
        """All versions that are held, ascending; empty before the first."""

    def create_version(self) -> int:
        """Make a fresh root key that wraps from now on; returns its version once it is durable."""

    def wrap(self, key: bytes, context: bytes) -> tuple[int, bytes]:
        """Wrap under the newest version; returns (version, wrapped)."""

    def unwrap(self, version: int, wrapped: bytes, context: bytes) -> bytes:
        """Unwrap with that version.

        Raises:
            KeyUnavailableError: when the version is gone, or the wrapped key was changed or is for something else.
        """

    def destroy_version(self, version: int) -> None:
        """Destroy a root key; what hangs under it never opens again. A version that is gone already is no error."""

    def close(self) -> None:
        """Release what is held open."""


async def ask(call: Callable[..., T], *arguments: object, seconds: float | None = None) -> T:
    """Ask a provider without holding up the event loop.

    A call that never ends keeps its thread, which does not keep the process from ending.

    Args:
        call: a method of the provider.
        arguments: what it takes.
        seconds: how long to wait; None = `PATIENCE_SECONDS`.

    Raises:
        KeyProviderError: when it did not answer in time, or failed in a way of its own.
    """
    patience = PATIENCE_SECONDS if seconds is None else seconds
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if answer.done():
            return
        if error is None:
            answer.set_result(result)  # type: ignore[arg-type] # a result of None is one
        elif isinstance(error, RegistryError):
            answer.set_exception(error)
        else:
            answer.set_exception(KeyProviderError(f"the key provider failed: {type(error).__name__}"))

    def run() -> None:
        result: T | None = None
        failure: Exception | None = None
        try:
            result = call(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever the provider's library raises is told by name below
            failure = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name="key-provider", daemon=True).start()
    try:
        return await asyncio.wait_for(answer, patience)
    except TimeoutError as error:
        raise KeyProviderError(f"the key provider did not answer within {patience:g} seconds") from error
