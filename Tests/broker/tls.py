"""Certificates that are made when they are needed, with the openssl command."""

import ssl
import subprocess
from pathlib import Path


class Certificates:
    """An authority, and certificates that it signs, as files in a directory."""

    def __init__(self, directory):
        self._directory = Path(directory)
        self.authority = str(self._directory / "ca.pem")
        self._make("ca", "/CN=test authority", [
            "-x509", "-addext", "basicConstraints=critical,CA:TRUE"])
        self.certificate, self.key = self.issue("broker")

    def issue(self, name):
        """A certificate for 127.0.0.1 and localhost: the paths of it and of its key."""
        return self._make(name, f"/CN={name}", [
            "-x509", "-CA", self.authority, "-CAkey", str(self._directory / "ca.key"),
            "-addext", "basicConstraints=CA:FALSE",
            "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"])

    def _make(self, name, subject, options):
        key = self._directory / f"{name}.key"
        certificate = self._directory / f"{name}.pem"
        subprocess.run([
            "openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", subject, "-keyout", str(key),
            "-out", str(certificate), *options], check=True, capture_output=True)
        return str(certificate), str(key)

    def server_context(self, requires_client=False):
        """What a broker listens with; a client may have to show a certificate too."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if requires_client:
            context.load_verify_locations(self.authority)
            context.verify_mode = ssl.CERT_REQUIRED
        return context
