from twisted.application.service import ServiceMaker

echo = ServiceMaker(
    "netapp echo", "netapp.echo.tap", "Answers by a template, or by an operator.", "netapp-echo"
)
