"""An authority and a certificate of it for 127.0.0.1, made with openssl."""

import subprocess
import tempfile
from pathlib import Path


def make():
    """The authority's certificate, and the server's certificate and key, all in PEM."""
    with tempfile.TemporaryDirectory(prefix="vole-conformance-") as directory:
        place = Path(directory)

        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=place, check=True, capture_output=True)

        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
                "-subj", "/CN=conformance authority")
        openssl("req", *key, "-keyout", "server.key", "-out", "server.csr",
                "-subj", "/CN=localhost")
        (place / "names").write_text(
            "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.pem")
        return tuple((place / name).read_bytes() for name in ("ca.pem", "server.pem", "server.key"))
