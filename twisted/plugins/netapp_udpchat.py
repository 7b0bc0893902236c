from twisted.application.service import ServiceMaker

udpchat = ServiceMaker(
    "netapp udpchat",
    "netapp.udpchat.tap",
    "Talk by datagrams: plain text and IP Messenger.",
    "netapp-udpchat",
)
