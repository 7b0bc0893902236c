"""Master files for tests."""

from pathlib import Path

from netapp.names import master
from netapp.names.model import Record
from netapp.names.naming import wire_name
from netapp.names.zone import Zone

HEAD = "$TTL 3600\n@ IN SOA ns1 admin 7 7200 3600 1209600 300\n@ NS ns1\nns1 A 10.0.0.1\n"
ORIGIN = wire_name("example.com")

#: One record's text of every type that dnspython knows to write, and what nobody knows.
DATA = {
    "A": ["192.0.2.1"],
    "AAAA": ["2001:db8::1", "::ffff:10.0.0.1"],
    "AFSDB": ["1 afs"],
    "AMTRELAY": ["10 0 1 203.0.113.15", "10 1 3 relay.example.net."],
    "APL": ["1:192.0.2.0/24 !2:2001:db8::/32"],
    "AVC": ["app-name:WOLFGANG"],
    "BRID": ["AQIDBA=="],
    "CAA": ['0 issue "ca.example.net; policy=ev"', '128 tbs "Unknown"'],
    "CDNSKEY": ["257 3 8 AwEAAb4Y"],
    "CDS": ["60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"],
    "CERT": ["65534 65535 PRIVATEOID MxFcby9k/yvedMfQgKzhH5er0Mu/vILz"],
    "CSYNC": ["66 3 A NS AAAA"],
    "DHCID": ["AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="],
    "DLV": ["60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"],
    "DNSKEY": ["256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3"],
    "DS": ["60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"],
    "DSYNC": ["CDS 1 5359 notify.example.net."],
    "EUI48": ["00-00-5e-00-53-2a"],
    "EUI64": ["00-00-5e-ef-10-00-00-2a"],
    "GPOS": ["-22.6882 116.8652 250.0"],
    "HHIT": ["AQIDBA=="],
    "HINFO": ['"PC" "NT 4.0"'],
    "HIP": [
        "2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p rvs",
    ],
    "IPSECKEY": ["10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102u", "10 3 2 gw AQNRU3mG7TVTO2BkR47usntb102u"],
    "ISDN": ['"150862028003217" "004"'],
    "KEY": ["512 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3"],
    "KX": ["10 kx"],
    "L32": ["10 10.1.2.3"],
    "L64": ["10 2001:0db8:1140:1000"],
    "LOC": ["60 9 0.000 N 24 39 0.000 E 10.00m 20m 2000m 20m"],
    "LP": ["10 l64.example.net."],
    "MX": ["10 mail", "20 mail.example.net."],
    "NAPTR": ['100 50 "s" "z3950+I2L+I2C" "!^a$!b!" _z3950._tcp'],
    "NID": ["10 0014:4fff:ff20:ee64"],
    "NINFO": ['"zone" "status"'],
    "NSAP": ["0x47000580005a0000000001e133ffffff00016100"],
    "NSEC3PARAM": ["1 0 0 aabbccdd"],
    "OPENPGPKEY": ["AwEAAbdxyhNuSutc"],
    "PTR": ["host.example.net."],
    "PX": ["65535 foo bar"],
    "RESINFO": ['qnamemin "exterr=15-17"'],
    "RP": ["mbox-dname txt-dname"],
    "RT": ["0 relay"],
    "SMIMEA": ["3 0 1 a9cdf989b504fe5dca90c0d2167b6550570734f7c763e09fdf88904e06157065"],
    "SPF": ['"v=spf1 mx -all"'],
    "SRV": ["0 5 443 web"],
    "SSHFP": ["1 1 aa549bfe898489c02d1715d97d79c57ba2fa76ab"],
    "SVCB": ['16 svc alpn="h2,h3" ipv4hint=192.0.2.1 key667="hello"'],
    "HTTPS": ["0 pool.example.net.", "1 . alpn=h3"],
    "TLSA": ["3 1 1 a9cdf989b504fe5dca90c0d2167b6550570734f7c763e09fdf88904e06157065"],
    "TXT": ['"a b" c', '"\\"quoted\\" \\\\ \\007 \\200"', '""', '";no comment"'],
    "URI": ['10 1 "ftp://ftp.example.com/public"'],
    "WALLET": ['"EXAMPLE" "01234567890abcdef"'],
    "X25": ['"123456789"'],
    "ZONEMD": ["2018031900 1 1 " + "62e6cf51b02e54b9b5f967d547ce4313" * 3],
    "TYPE65400": ["\\# 4 0a000001", "\\# 0"],
    "TYPE731": ["\\# 6 abcd ef 01 23 45"],
}  # fmt: skip


def every_type() -> str:
    """A zone with a record of each of :data:`DATA`, each name with one type."""
    lines = [f"{kind} {kind} {text}" for kind, texts in DATA.items() for text in texts]
    lines += ["cname CNAME a", "dname DNAME dname.example.net.", "child NS ns.child", "ns.child A 10.1.1.1"]
    lines += [
        "generic A \\# 4 0a000002",
        "*.wild A 10.0.0.9",
        "a\\.b\\032c\\000 A 10.0.0.3",
        "\\@ A 10.0.0.4",
    ]
    return HEAD + "\n".join(lines) + "\n"


def put(folder: Path, text: str | bytes, name: str = "example.com.zone") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def zone(folder: Path, text: str | bytes) -> Zone:
    return master.read_zone(put(folder, text)).zone


def records(zone: Zone) -> set[Record]:
    return set(zone.records())


def faults(folder: Path, text: str | bytes, name: str = "example.com.zone") -> list[tuple[str, int, str]]:
    """What is wrong with a file: the file's name, the line and the kind of each."""
    try:
        master.read_zone(put(folder, text, name))
    except master.BrokenZone as error:
        return [(Path(each.where).name, each.line, each.key) for each in error.faults]
    return []
