"""Root keys in a hardware security module, over PKCS#11: they never leave it.

Each version is an AES key of 256 bits on the token, labelled NAME-1, NAME-2, …; sensitive, not extractable, made by the
token itself. Wrapping is AES-256-GCM inside the token with a random nonce of 96 bits: a version wraps some tens of
keys in its life (epochs and service keys), so that chance cannot repeat one.

Tried against SoftHSM 2. There a wrong context is answered with a general error, like a fault of the device: therefore
a failed unwrapping is followed by a trial with a key made for it, and only if that succeeds is it the key's fault.
"""

import secrets
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote

from registry.errors import KeyProviderError, KeyUnavailableError
from registry.keys.wrapping import KEY_BYTES, NONCE_BYTES

T = TypeVar("T")
_TRIAL = b"trial"


class HsmKeyProvider:
    """Root keys on a PKCS#11 token; one logged-in session a process, opened when it is first needed."""

    def __init__(self, module: Path, token: str, name: str, pin_file: Path) -> None:
        self._module = module
        self._token = token
        self._name = name
        self._pin_file = pin_file
        self._session: Any = None
        self._failed = False
        self._one_at_a_time = threading.Lock()

    @classmethod
    def from_uri(cls, uri: str) -> "HsmKeyProvider":
        """Read a PKCS#11 URI (RFC 7512).

        Args:
            uri: `pkcs11:token=LABEL;object=NAME?module-path=/…/module.so&pin-source=file:/…/pin`. The PIN itself may
                not stand in it, because settings are shown and logged; its file must be closed to others.

        Raises:
            KeyProviderError: when a part is missing, or the PIN stands in the URI.
        """
        path, _, query = uri.removeprefix("pkcs11:").partition("?")
        parts = {key: unquote(value) for key, _, value in (part.partition("=") for part in path.split(";"))}
        asked = {key: values[-1] for key, values in parse_qs(query).items()}
        if "pin-value" in asked:
            raise KeyProviderError("the PIN may not stand in the URI: use pin-source=file:PATH")
        missing = [key for key in ("token", "object") if not parts.get(key)]
        missing += [key for key in ("module-path", "pin-source") if not asked.get(key)]
        if missing:
            raise KeyProviderError(f"the PKCS#11 URI names no {', '.join(missing)}")
        pin_file = Path(asked["pin-source"].removeprefix("file:"))
        return cls(Path(asked["module-path"]), parts["token"], parts["object"], pin_file)

    def versions(self) -> tuple[int, ...]:
        """Numbers of the keys on the token that carry our name."""
        return self._with_token(self._versions)

    def create_version(self) -> int:
        """Let the token make the next key."""
        return self._with_token(self._create)

    def wrap(self, key: bytes, context: bytes) -> tuple[int, bytes]:
        """Nonce (12) + AES-256-GCM ciphertext + tag (16) bytes, made on the token."""

        def work(session: Any) -> tuple[int, bytes]:  # noqa: ANN401 - the library's own type
            held = self._versions(session)
            if not held:
                raise KeyProviderError("the token holds no root key")
            return held[-1], _encrypt(self._key(session, held[-1]), key, context)

        return self._with_token(work)

    def unwrap(self, version: int, wrapped: bytes, context: bytes) -> bytes:
        """Unwrap on the token."""

        def work(session: Any) -> bytes:  # noqa: ANN401 - the library's own type
            import pkcs11

            if version not in self._versions(session):
                raise KeyUnavailableError(f"root version {version} is not held")
            root = self._key(session, version)
            try:
                return _decrypt(root, wrapped, context)
            except (pkcs11.PKCS11Error, ValueError) as error:
                if _decrypt(root, _encrypt(root, _TRIAL, context), context) == _TRIAL:
                    raise KeyUnavailableError("a wrapped key does not open") from error
                raise

        return self._with_token(work)

    def destroy_version(self, version: int) -> None:
        """Destroy the key on the token.

        Raises:
            KeyProviderError: also for the newest version, which wraps from now on.
        """

        def work(session: Any) -> None:  # noqa: ANN401 - the library's own type
            held = self._versions(session)
            if version in held:
                if version == held[-1]:
                    raise KeyProviderError("the newest root version wraps: make another one first")
                self._key(session, version).destroy()

        self._with_token(work)

    def close(self) -> None:
        """Log out."""
        with self._one_at_a_time:
            self._drop()

    def _with_token(self, work: Callable[[Any], T]) -> T:
        import pkcs11

        with self._one_at_a_time:
            try:
                if self._session is None:
                    self._session = self._open()
                return work(self._session)
            except (KeyUnavailableError, KeyProviderError):
                raise
            except (pkcs11.PKCS11Error, RuntimeError, OSError, ValueError) as error:
                self._drop()
                self._failed = True
                raise KeyProviderError(f"the HSM does not answer: {type(error).__name__}") from None

    def _open(self) -> Any:  # noqa: ANN401 - the library's own type
        import pkcs11

        pin = self._pin()
        library = pkcs11.lib(str(self._module))
        if self._failed:  # a token that came back is seen by a library that starts anew
            library.reinitialize()
            self._failed = False
        token = library.get_token(token_label=self._token)
        try:
            return token.open(rw=True, user_pin=pin)
        except pkcs11.UserAlreadyLoggedIn:
            return token.open(rw=True)

    def _pin(self) -> str:
        try:
            mode = stat.S_IMODE(self._pin_file.stat().st_mode)
            if mode & 0o077:
                raise KeyProviderError(f"PIN file is readable by others: mode {mode:04o}, expected 0600")
            return self._pin_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise KeyProviderError(f"PIN file cannot be read: {type(error).__name__}") from None

    def _drop(self) -> None:
        import pkcs11

        session, self._session = self._session, None
        if session is not None:
            try:
                session.close()
            except pkcs11.PKCS11Error:
                self._failed = True

    def _versions(self, session: Any) -> tuple[int, ...]:  # noqa: ANN401 - the library's own type
        import pkcs11

        labels = [
            str(key[pkcs11.Attribute.LABEL])
            for key in session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY})
        ]
        numbers = [label.removeprefix(f"{self._name}-") for label in labels if label.startswith(f"{self._name}-")]
        return tuple(sorted(int(number) for number in numbers if number.isdecimal()))

    def _create(self, session: Any) -> int:  # noqa: ANN401 - the library's own type
        import pkcs11

        version = max(self._versions(session), default=0) + 1
        flag = pkcs11.Attribute
        session.generate_key(
            pkcs11.KeyType.AES,
            KEY_BYTES * 8,
            label=f"{self._name}-{version}",
            store=True,
            template={
                flag.PRIVATE: True,
                flag.SENSITIVE: True,
                flag.EXTRACTABLE: False,
                flag.ENCRYPT: True,
                flag.DECRYPT: True,
                flag.WRAP: False,
                flag.UNWRAP: False,
            },
        )
        return version

    def _key(self, session: Any, version: int) -> Any:  # noqa: ANN401 - the library's own types
        import pkcs11

        return session.get_key(
            object_class=pkcs11.ObjectClass.SECRET_KEY,
            key_type=pkcs11.KeyType.AES,
            label=f"{self._name}-{version}",
        )


def _encrypt(root: Any, key: bytes, context: bytes) -> bytes:  # noqa: ANN401 - the library's own type
    import pkcs11

    nonce = secrets.token_bytes(NONCE_BYTES)
    made = root.encrypt(
        key, mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=pkcs11.GCMParams(nonce, context, tag_bits=128)
    )
    return nonce + bytes(made)


def _decrypt(root: Any, wrapped: bytes, context: bytes) -> bytes:  # noqa: ANN401 - the library's own type
    import pkcs11

    parameters = pkcs11.GCMParams(wrapped[:NONCE_BYTES], context, tag_bits=128)
    return bytes(root.decrypt(wrapped[NONCE_BYTES:], mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=parameters))
