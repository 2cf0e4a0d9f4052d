"""Passphrase secrets in the official CLI's format: PBKDF2-HMAC-SHA256 (1,000,000 rounds) and AES-256-GCM."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import threading
from pathlib import Path

from prefect_pulumi.core.errors import PassphraseError, UnsupportedError

ROUNDS = 1_000_000
KEY_BYTES = 32
SALT_BYTES = 8
NONCE_BYTES = 12
PROOF = "pulumi"
"""The word whose encryption stands in the salt text, to recognise a wrong passphrase."""

PROVIDER = "passphrase"
"""The one secrets provider of this engine."""


def other_provider(name: object, where: str) -> UnsupportedError:
    """What is raised for another secrets provider: a URL such as `awskms://...`, or `service` of Pulumi Cloud."""
    return UnsupportedError(
        f"the embedded engine encrypts with a passphrase, not with {name!r}",
        where=where,
        remedy="use the official CLI for this stack (pulumi up), or let it change to a passphrase: "
        f"pulumi stack change-secrets-provider {PROVIDER}",
    )


_DERIVED: dict[tuple[str, bytes], bytes] = {}
_DERIVING = threading.Lock()


class PassphraseManager:
    """Encrypts and decrypts with a key that is derived when it is first needed (about half a second)."""

    def __init__(self, passphrase: str, salt: bytes, proof: str, cache_dir: Path | None) -> None:
        self._passphrase = passphrase
        self._salt = salt
        self._proof = proof
        self._cache_dir = cache_dir
        self._key: bytes | None = None

    @staticmethod
    def create(passphrase: str) -> PassphraseManager:
        """A manager with a new salt."""
        manager = PassphraseManager(passphrase, os.urandom(SALT_BYTES), "", None)
        manager._key = manager._derive()
        manager._proof = manager.encrypt(PROOF)
        return manager

    @staticmethod
    def open(passphrase: str, salt_text: str, *, cache_dir: Path | None = None) -> PassphraseManager:
        """A manager for an existing salt; a wrong passphrase shows at the first use, or at `verify()`.

        `cache_dir`: where the derived key may be kept. Give it only where the passphrase itself lies in clear.
        """
        parts = salt_text.split(":", 2)
        try:
            if len(parts) != 3 or parts[0] != "v1":
                raise ValueError(salt_text)
            salt = base64.b64decode(parts[1], validate=True)
        except ValueError as error:
            raise PassphraseError(
                "the salt is not of a form that this version reads", where="encryptionsalt"
            ) from error
        return PassphraseManager(passphrase, salt, parts[2], cache_dir)

    def with_salt(self, salt_text: str) -> PassphraseManager:
        """A manager of the same passphrase for another salt."""
        return PassphraseManager.open(self._passphrase, salt_text)

    @property
    def salt_text(self) -> str:
        """`encryptionsalt` of the stack file, and `secrets_providers.state.salt` of the checkpoint."""
        return f"v1:{base64.b64encode(self._salt).decode()}:{self._proof}"

    def begin(self) -> None:
        """Starts the derivation in a thread of its own, for callers who have other work to do meanwhile."""
        if self._key is None:
            threading.Thread(target=self._try, name="derive key", daemon=True).start()

    def _try(self) -> None:
        with contextlib.suppress(PassphraseError):  # told where the key is needed
            self._unlocked()

    def verify(self) -> None:
        """Raises `PassphraseError` when the passphrase is wrong."""
        self._unlocked()

    def encrypt(self, text: str) -> str:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(NONCE_BYTES)
        box = AESGCM(self._unlocked()).encrypt(nonce, text.encode(), None)
        return f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(box).decode()}"

    def decrypt(self, text: str) -> str:
        return _decrypt(self._unlocked(), text)

    def _unlocked(self) -> bytes:
        if self._key is None:
            self._key = self._proven()
        return self._key

    def _proven(self) -> bytes:
        key = self._cached() or self._derive()
        try:
            proven = _decrypt(key, self._proof) == PROOF
        except PassphraseError:
            proven = False
        if not proven:
            raise PassphraseError(
                "incorrect passphrase",
                where="PULUMI_CONFIG_PASSPHRASE",
                remedy="give the passphrase that this stack's secrets were encrypted with",
            )
        self._keep(key)
        return key

    def _derive(self) -> bytes:
        with _DERIVING:  # many threads may ask at once, and the derivation is dear
            known = (self._passphrase, self._salt)
            if known not in _DERIVED:
                secret = self._passphrase.encode()
                _DERIVED[known] = hashlib.pbkdf2_hmac("sha256", secret, self._salt, ROUNDS, KEY_BYTES)
            return _DERIVED[known]

    @property
    def _cache_file(self) -> Path | None:
        return self._cache_dir / "derived-key" if self._cache_dir is not None else None

    def _tag(self) -> str:
        return hmac.new(self._salt, self._passphrase.encode(), "sha256").hexdigest()

    def _cached(self) -> bytes | None:
        file = self._cache_file
        try:
            tag, _, key = file.read_text().partition(":") if file is not None else ("", "", "")
            return binascii.unhexlify(key.strip()) if tag == self._tag() else None
        except (OSError, ValueError):
            return None

    def _keep(self, key: bytes) -> None:
        """Without it the next run derives the key again, so a folder that cannot be written is no fault."""
        file = self._cache_file
        if file is None or self._cached() == key or not file.parent.is_dir():
            return
        temporary = file.with_name(f"{file.name}.{os.getpid()}.{threading.get_ident()}")
        with contextlib.suppress(OSError):
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as stream:
                stream.write(f"{self._tag()}:{key.hex()}")
            temporary.replace(file)


def _decrypt(key: bytes, text: str) -> str:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    parts = text.split(":")
    try:
        if len(parts) != 3 or parts[0] != "v1":
            raise ValueError(text)
        nonce, box = (base64.b64decode(part, validate=True) for part in parts[1:])
        return AESGCM(key).decrypt(nonce, box, None).decode()
    except (InvalidTag, ValueError) as error:
        raise PassphraseError(
            "a secret cannot be decrypted: it was encrypted with another passphrase",
            where="PULUMI_CONFIG_PASSPHRASE",
            remedy="give that passphrase, or set the secret again with: infra config set --secret",
        ) from error
