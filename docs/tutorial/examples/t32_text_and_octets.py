"""T32: text to octets and back, also where a piece ends inside a character."""

import codecs

from twisted.internet import defer, protocol, stdio, task


class Decoder:  # UTF-8 until it cannot be, then GB18030
    def __init__(self):
        self.name, self.decoder = "utf-8", codecs.getincrementaldecoder("utf-8")()

    def decode(self, octets, final=False):
        try:
            return self.decoder.decode(octets, final)
        except UnicodeDecodeError as error:
            self.name, self.decoder = "gb18030", codecs.getincrementaldecoder("gb18030")("replace")
            return self.decoder.decode(error.object, final)  # and the half that was kept


class Show(protocol.Protocol):
    def __init__(self):
        self.decoder, self.text, self.done = Decoder(), "", defer.Deferred()

    def dataReceived(self, data):
        self.text += (text := self.decoder.decode(data))
        print(f"{data[:20].hex(' ')} -> {text[:20]!r}")

    def connectionLost(self, reason):
        self.done.callback(self.text + self.decoder.decode(b"", final=True))


async def main(reactor):
    stdio.StandardIO(show := Show())
    text = await show.done
    utf8, gbk = text.encode(), text.encode("gbk", "replace")  # ? for what it lacks
    print(f"{show.decoder.name}: {len(text)} characters; octets: UTF-8 {len(utf8)}, GBK {len(gbk)}")


task.react(main)
