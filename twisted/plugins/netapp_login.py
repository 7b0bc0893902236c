from twisted.application.service import ServiceMaker

login = ServiceMaker(
    "netapp login", "netapp.login.tap", "People: accounts that every service trusts.", "netapp-login"
)
