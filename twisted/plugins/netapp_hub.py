from twisted.application.service import ServiceMaker

hub = ServiceMaker("netapp", "netapp.hub.tap", "All services of a local network in one process.", "netapp")
