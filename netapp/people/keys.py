"""SSH public keys: OpenSSH's lines to rows."""

import base64
import binascii
import hashlib
import struct
from collections.abc import Sequence
from secrets import token_hex
from typing import Final

from netapp.core import limits
from netapp.core.text import visible
from netapp.people import admin, names
from netapp.people.ground import Ground
from netapp.people.model import Account, Key, Refused
from netapp.people.rows import Rows
from netapp.people.standing import see_standing

#: What OpenSSH and conch both take today.
KINDS: Final = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
)
#: Bits of an RSA key: NIST SP 800-131A revision 2.
RSA_LEAST: Final = 2048


class Keys:
    """The keys of all accounts.  A key alone lets in, also where a second factor is on."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def of(self, account_id: str) -> Sequence[Key]:
        return await self._ground.store.read(lambda rows: rows.keys.of(account_id))

    async def add(self, account_id: str, line: str, *, by: str | None = None) -> Key:
        """Keep a key.

        :param line: of an ``id_*.pub`` file.
        :param by: the id of the session that asks: see :mod:`netapp.people.standing`.
        :raises Refused: it is no key, too weak, there already, or one too many.
        """
        now = self._ground.now()
        key = parse(line, account_id, now)

        def work(rows: Rows) -> None:
            see_standing(rows, account_id, by, now, by_password=True)
            admin.add_key(rows, key)

        await self._ground.change(work)
        self._ground.audit.record("key added", about=account_id, key=fingerprint(key.blob))
        return key

    async def remove(self, account_id: str, key_id: str, *, by: str | None = None) -> None:
        """:raises Refused: there is no such key."""
        now = self._ground.now()

        def work(rows: Rows) -> Key:
            see_standing(rows, account_id, by, now)
            account = rows.accounts.get(account_id)
            key = next((each for each in rows.keys.of(account_id) if each.id == key_id), None)
            if account is None or key is None:
                raise Refused("no key")
            admin.remove_key(rows, account, key)
            return key

        key = await self._ground.change(work)
        self._ground.audit.record("key removed", about=account_id, key=fingerprint(key.blob))

    async def offered(self, name: str | bytes, blob: bytes) -> bool:
        """Whether a signature by this key would let in: the same work for every name."""
        work = self._ground.store.read(lambda rows: self._found(rows, name, blob) is not None)
        return await self._ground.for_strangers("keys cannot be looked up", work)

    async def admit(self, name: str | bytes, blob: bytes, source: str) -> Account | None:
        """The account, after its key's signature was verified; None when it may not come in."""
        now = self._ground.now()

        def work(rows: Rows) -> Account | None:
            found = self._found(rows, name, blob)
            if found is None:
                return None
            account, key = found
            rows.keys.saw(key.id, now)
            rows.accounts.saw(account.id, now)
            return rows.accounts.get(account.id)

        account = await self._ground.for_strangers("a key cannot let in", self._ground.store.write(work))
        if account is not None:  # its owner may now come from there with a password too
            self._ground.throttle.came(source, account.name, now)
            await self._ground.for_strangers("a key cannot let in", self._ground.store_throttle())
        event, reason = ("login", "key") if account is not None else ("refused", "key")
        text = name if isinstance(name, str) else name.decode("utf-8", "replace")
        self._ground.audit.record(event, account=account, name=text, source=source, door="ssh", reason=reason)
        return account

    def _found(self, rows: Rows, name: str | bytes, blob: bytes) -> tuple[Account, Key] | None:
        text = name if isinstance(name, str) else name.decode("utf-8", "replace")
        account = rows.accounts.find(names.mapped_or_none(text) or "")
        key = rows.keys.find(account.id if account is not None else "", base64.b64encode(blob).decode())
        return (account, key) if account is not None and account.active and key is not None else None


def parse(line: str, account_id: str, now: float) -> Key:
    """A key from a line ``ssh-ed25519 AAAA... comment``.  :raises Refused: it is none that is taken.

    Source: RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4.
    """
    words = line.split(None, 2)
    if len(line) > limits.LINE or len(words) < 2 or words[0] not in KINDS:
        raise Refused("key none", kinds=", ".join(KINDS))
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        raise Refused("key none", kinds=", ".join(KINDS)) from None
    _see_strong(words[0], blob)
    comment = visible(words[2].strip()[: limits.LABEL]) if len(words) > 2 else ""
    return Key(token_hex(8), account_id, words[0], base64.b64encode(blob).decode(), comment, now, None)


def fingerprint(blob: str) -> str:
    """As ``ssh-keygen -l`` shows it.  :param blob: in base64."""
    digest = hashlib.sha256(base64.b64decode(blob)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _see_strong(kind: str, blob: bytes) -> None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    if blob[4 : 4 + len(kind)] != kind.encode() or blob[:4] != struct.pack(">I", len(kind)):
        raise Refused("key none", kinds=", ".join(KINDS))
    try:
        key = load_ssh_public_key(f"{kind} ".encode() + base64.b64encode(blob))
    except (ValueError, UnsupportedAlgorithm):
        raise Refused("key none", kinds=", ".join(KINDS)) from None
    if isinstance(key, RSAPublicKey) and key.key_size < RSA_LEAST:
        raise Refused("key weak", least=RSA_LEAST)
