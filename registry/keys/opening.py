"""Chooses the key provider by URL."""

from pathlib import Path

from registry.errors import KeyProviderError
from registry.keys.file import FileKeyProvider
from registry.keys.provider import KeyProvider


def open_provider(url: str) -> KeyProvider:
    """The provider that a URL names; nothing is asked of it yet.

    Args:
        url: `file:PATH`, or a PKCS#11 URI (RFC 7512) as `registry.keys.hsm` reads it.

    Raises:
        KeyProviderError: when the scheme is unknown, or the URI is not complete.
    """
    scheme, _, rest = url.partition(":")
    if scheme == "file" and rest:
        return FileKeyProvider(Path(rest.removeprefix("//")))
    if scheme == "pkcs11":
        from registry.keys.hsm import HsmKeyProvider

        return HsmKeyProvider.from_uri(url)
    raise KeyProviderError("a key provider is file:PATH or pkcs11:…")
