"""The host's key: made at the first start, kept in the state directory, readable by nobody else."""

import base64
import hashlib
import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519
from twisted.conch.ssh import keys

from netapp.core import limits, platform
from netapp.core.platform import O_CLOEXEC, O_NONBLOCK, sync_folder
from netapp.core.state import User, acting_as, locked
from netapp.errors import ConfigError

#: Made if it is missing.
MADE: Final = "ssh_host_ed25519_key"
#: Used if an operator has put them there, for clients that know no Ed25519.
ALSO: Final = ("ssh_host_ecdsa_key", "ssh_host_rsa_key")


@dataclass(frozen=True)
class HostKeys:
    """A host's keys by their format; the names of the two mappings are those that conch looks for."""

    publicKeys: Mapping[bytes, Any]
    privateKeys: Mapping[bytes, Any]

    @property
    def algorithms(self) -> list[bytes]:
        """The signatures that these keys make, SHA-1 left out."""
        every = [name for key in self.privateKeys.values() for name in key.supportedSignatureAlgorithms()]
        return [name for name in every if name != b"ssh-rsa"]

    @property
    def fingerprints(self) -> list[str]:
        """As ``ssh-keygen -lf`` and a client that asks show them: ``SHA256:...`` and the kind."""
        return [
            f"{fingerprint(key.blob())} ({key.type().upper().replace('EC', 'ECDSA')})"
            for key in self.publicKeys.values()
        ]


def fingerprint(blob: bytes) -> str:
    """A public key's fingerprint.  :param blob: RFC 4253 section 6.6."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")


def open_host_keys(state: Path) -> HostKeys:
    """The keys of a state directory that is there; one is made if there is none.

    All is done as the user whom the directory belongs to: root may yet become that user.

    :raises ConfigError: a key cannot be read or made, or others can read it.
    """
    with acting_as(_owner(state)):
        with locked(state):
            if not (state / MADE).exists():
                _make(state / MADE)
        there = [_read(state / name) for name in (MADE, *ALSO) if os.path.lexists(state / name)]
    private = {key.sshType(): key for key in there}
    return HostKeys({kind: key.public() for kind, key in private.items()}, private)


def _owner(state: Path) -> User:
    status = state.stat()
    return (status.st_uid, status.st_gid) if platform.user() == 0 and status.st_uid != 0 else None


def _make(path: Path) -> None:
    """Write a new key so that it is there whole, after a crash too, or not at all."""
    key = keys.Key(ed25519.Ed25519PrivateKey.generate())
    text = key.toString("OPENSSH", subtype="v1", comment=b"netapp")
    unfinished = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.rename(unfinished, path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise ConfigError(
            f"the host key {path} cannot be made ({error.strerror}): see that the folder can be written"
        ) from None


def _read(path: Path) -> Any:
    try:
        handle = os.open(path, os.O_RDONLY | O_NONBLOCK | O_CLOEXEC)  # a FIFO holds nobody up
        with open(handle, "rb") as file:
            status = os.fstat(file.fileno())
            octets = file.read(limits.SSH_KEY_FILE) if stat.S_ISREG(status.st_mode) else b""
    except OSError as error:
        raise ConfigError(
            f"the host key {path} cannot be read ({error.strerror}): give it to the user that netapp runs as"
        ) from None
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise ConfigError(f"the host key {path} can be read by others (mode {mode:04o}): chmod 600 {path}")
    try:
        key = keys.Key.fromString(octets)
        if not key.isPublic() and key.type() in ("Ed25519", "EC", "RSA"):
            return key
    except (keys.BadKeyError, keys.EncryptedKeyError, UnsupportedAlgorithm, ValueError, TypeError):
        pass
    raise ConfigError(
        f"the host key {path} is no private key that can be used: put it back from a backup, "
        "or delete it for a new one, whose fingerprint every client will ask about"
    )
