"""The server under test: started, told what to be, and ended."""

import struct
import subprocess

from messages import message, message_class

MESSAGE_LIMIT = 204_800


class ServerUnderTest:
    """A process that speaks the suite's protocol on standard input and output."""

    def __init__(self, path, http_version, credentials=None):
        wanted = message(
            "ServerCompatRequest", protocol=1, http_version=http_version,
            message_receive_limit=MESSAGE_LIMIT)
        if credentials:
            wanted.use_tls = True
            wanted.server_creds.cert, wanted.server_creds.key = credentials
        self.process = subprocess.Popen(
            [path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        text = wanted.SerializeToString()
        self.process.stdin.write(struct.pack(">I", len(text)) + text)
        self.process.stdin.close()
        answer = message_class("ServerCompatResponse")()
        head = self.process.stdout.read(4)
        if len(head) < 4:
            raise SystemExit(f"the server ended with {self.process.wait()}")
        answer.ParseFromString(self.process.stdout.read(struct.unpack(">I", head)[0]))
        self.authority = f"{answer.host}:{answer.port}"
        self.certificate = answer.pem_cert

    def close(self):
        """Ends the server; it has to end by itself then."""
        self.process.terminate()
        code = self.process.wait(timeout=10)
        if code != 0:
            raise AssertionError(f"the server ended with {code}")
