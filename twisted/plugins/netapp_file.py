from twisted.application.service import ServiceMaker

file = ServiceMaker(
    "netapp file", "netapp.file.tap", "Files: bare names, frames and HTTP on one port.", "netapp-file"
)
