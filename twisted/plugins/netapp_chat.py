from twisted.application.service import ServiceMaker

chat = ServiceMaker("netapp chat", "netapp.chat.tap", "Talk: rooms for telnet, nc and IRC.", "netapp-chat")
