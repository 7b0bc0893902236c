"""What there is to know of attributes and classes, and how values of each kind are compared.

Sources: RFC 4512 section 4 (descriptions), 4517 section 4.2 (matching), 4518 (preparation of
strings), 4519, 2798, 2307 (posixGroup as the later draft has it, auxiliary), 4530, 5020.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

# What a server does beside its operations, by OID.
START_TLS: Final = "1.3.6.1.4.1.1466.20037"  # RFC 4511 section 4.14
PASSWORD_MODIFY: Final = "1.3.6.1.4.1.4203.1.11.1"  # noqa: S105  (RFC 3062)
WHO_AM_I: Final = "1.3.6.1.4.1.4203.1.11.3"  # RFC 4532
PAGED: Final = "1.2.840.113556.1.4.319"  # RFC 2696
MANAGE_DSA_IT: Final = "2.16.840.1.113730.3.4.2"  # RFC 3296: there are no referrals to tell apart

#: How values are compared: letters folded, exactly, as numbers, names, identifiers, times.
Kind = Literal["fold", "exact", "integer", "name", "identifier", "uuid", "time"]

_RULES: Final[dict[Kind, str]] = {
    "fold": "EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15",
    "exact": "EQUALITY caseExactIA5Match SUBSTR caseExactIA5SubstringsMatch"
    " SYNTAX 1.3.6.1.4.1.1466.115.121.1.26",
    "integer": "EQUALITY integerMatch ORDERING integerOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27",
    "name": "EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12",
    "identifier": "EQUALITY objectIdentifierMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.38",
    "uuid": "EQUALITY uuidMatch SYNTAX 1.3.6.1.1.16.1",
    "time": "EQUALITY generalizedTimeMatch ORDERING generalizedTimeOrderingMatch"
    " SYNTAX 1.3.6.1.4.1.1466.115.121.1.24",
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute type."""

    oid: str
    names: tuple[str, ...]  # the first is the one we write
    kind: Kind = "fold"
    operational: bool = False
    single: bool = False

    @property
    def name(self) -> str:
        return self.names[0]

    def description(self) -> str:
        """Source: RFC 4512 section 4.1.2."""
        text = f"( {self.oid} NAME {_quoted(self.names)} {_RULES[self.kind]}"
        text += " SINGLE-VALUE" if self.single else ""
        text += " NO-USER-MODIFICATION USAGE directoryOperation" if self.operational else ""
        return text + " )"


def _own(oid: str, *names: str, kind: Kind = "fold", single: bool = False) -> Attribute:
    return Attribute(oid, names, kind, operational=True, single=single)


ATTRIBUTES: Final = (
    Attribute("2.5.4.0", ("objectClass",), "identifier"),
    Attribute("2.5.4.3", ("cn", "commonName")),
    Attribute("2.5.4.4", ("sn", "surname")),
    Attribute("2.5.4.10", ("o", "organizationName")),
    Attribute("2.5.4.11", ("ou", "organizationalUnitName")),
    Attribute("2.5.4.31", ("member",), "name"),
    Attribute("0.9.2342.19200300.100.1.1", ("uid", "userid")),
    Attribute("0.9.2342.19200300.100.1.3", ("mail", "rfc822Mailbox")),
    Attribute("0.9.2342.19200300.100.1.25", ("dc", "domainComponent"), single=True),
    Attribute("2.16.840.1.113730.3.1.241", ("displayName",), single=True),
    Attribute("1.3.6.1.1.1.1.0", ("uidNumber",), "integer", single=True),
    Attribute("1.3.6.1.1.1.1.1", ("gidNumber",), "integer", single=True),
    Attribute("1.3.6.1.1.1.1.3", ("homeDirectory",), "exact", single=True),
    Attribute("1.3.6.1.1.1.1.4", ("loginShell",), "exact", single=True),
    Attribute("1.3.6.1.1.1.1.12", ("memberUid",), "exact"),
    Attribute("1.2.840.113556.1.2.102", ("memberOf",), "name"),
    _own("1.3.6.1.1.16.4", "entryUUID", kind="uuid", single=True),
    _own("1.3.6.1.1.20", "entryDN", kind="name", single=True),
    _own("2.5.18.1", "createTimestamp", kind="time", single=True),
    _own("2.5.18.10", "subschemaSubentry", kind="name", single=True),
    _own("1.3.6.1.4.1.1466.101.120.5", "namingContexts", kind="name"),
    _own("1.3.6.1.4.1.1466.101.120.7", "supportedExtension", kind="identifier"),
    _own("1.3.6.1.4.1.1466.101.120.13", "supportedControl", kind="identifier"),
    _own("1.3.6.1.4.1.4203.1.3.5", "supportedFeatures", kind="identifier"),
    _own("1.3.6.1.4.1.1466.101.120.14", "supportedSASLMechanisms"),
    _own("1.3.6.1.4.1.1466.101.120.15", "supportedLDAPVersion", kind="integer"),
    _own("1.3.6.1.1.4", "vendorName", single=True),
    _own("1.3.6.1.1.5", "vendorVersion", single=True),
    _own("2.5.21.5", "attributeTypes", kind="identifier"),
    _own("2.5.21.6", "objectClasses", kind="identifier"),
)

_CLASSES: Final = (
    "( 2.5.6.0 NAME 'top' ABSTRACT MUST objectClass )",
    "( 2.5.6.4 NAME 'organization' SUP top STRUCTURAL MUST o )",
    "( 2.5.6.5 NAME 'organizationalUnit' SUP top STRUCTURAL MUST ou )",
    "( 0.9.2342.19200300.100.4.13 NAME 'domain' SUP top STRUCTURAL MUST dc )",
    "( 2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST ( sn $ cn ) )",
    "( 2.5.6.7 NAME 'organizationalPerson' SUP person STRUCTURAL )",
    "( 2.16.840.1.113730.3.2.2 NAME 'inetOrgPerson' SUP organizationalPerson STRUCTURAL"
    " MAY ( uid $ displayName $ mail $ memberOf ) )",
    "( 2.5.6.9 NAME 'groupOfNames' SUP top STRUCTURAL MUST ( member $ cn ) )",
    "( 1.3.6.1.1.1.2.0 NAME 'posixAccount' SUP top AUXILIARY"
    " MUST ( cn $ uid $ uidNumber $ gidNumber $ homeDirectory ) MAY loginShell )",
    "( 1.3.6.1.1.1.2.2 NAME 'posixGroup' SUP top AUXILIARY MUST gidNumber MAY ( cn $ memberUid ) )",
    "( 2.5.20.1 NAME 'subschema' AUXILIARY MAY ( attributeTypes $ objectClasses ) )",
)


def class_descriptions() -> Iterable[str]:
    """Source: RFC 4512 section 4.1.1."""
    return _CLASSES


def _quoted(names: tuple[str, ...]) -> str:
    return f"'{names[0]}'" if len(names) == 1 else "( " + " ".join(f"'{name}'" for name in names) + " )"


_BY_NAME: Final = {
    name.lower(): attribute for attribute in ATTRIBUTES for name in (*attribute.names, attribute.oid)
}
_CLASS_OIDS: Final = {
    found[1]: found[2].lower() for text in _CLASSES if (found := re.match(r"\( (\S+) NAME '(\w+)'", text))
}


def class_name(text: str) -> str:
    """A class's name, or its OID, as it is compared."""
    return _CLASS_OIDS.get(text, text.lower())


def attribute(description: str) -> Attribute | None:
    """The type of an attribute description, in any case or as an OID; None for those not known.

    A description with options, such as ``cn;lang-zh``, is of no type here.
    """
    return _BY_NAME.get(description.lower())


def canonical(description: str) -> str:
    """A type's name as it is compared; one that is not known stays as it is."""
    known = attribute(description)
    return known.name.lower() if known is not None else description.lower()


def folded(value: str) -> str:
    """A string as caseIgnoreMatch compares it.  Source: RFC 4518 section 2, appendix B."""
    if value.isascii():
        return " ".join(value.lower().split())
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold()).split())
