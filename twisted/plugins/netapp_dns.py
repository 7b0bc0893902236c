from twisted.application.service import ServiceMaker

dns = ServiceMaker(
    "netapp dns",
    "netapp.dns.tap",
    "Names: an authority for DNS clients and for plain datagrams.",
    "netapp-dns",
)
