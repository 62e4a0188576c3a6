"""SASL: what a client says before anything else (PLAIN, SCRAM-SHA-256, OAUTHBEARER)."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field

from kafka.protocol.sasl import (
    SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest,
    SaslHandshakeResponse)

from . import wire
from .errors import Error
from .wire import answers

_ROUNDS = 4096


@dataclass
class Security:
    """How clients connect: a TLS context or None, and the mechanisms they may log in with."""

    context: object = None
    mechanisms: list = field(default_factory=list)
    # Passwords by user, for PLAIN and SCRAM.
    users: dict = field(default_factory=dict)
    # Users by OAUTHBEARER token; None lets any token in whose payload names a `sub`.
    tokens: dict = None
    # Whether the nonce of the last SCRAM message must be the server's, as since Kafka 4.0.
    strict_nonce: bool = True


@answers(SaslHandshakeRequest, SaslHandshakeResponse)
async def handshake(session, request):
    """After the login, or without one: not in this state."""
    return SaslHandshakeResponse(error_code=Error.ILLEGAL_SASL_STATE, mechanisms=[])


@answers(SaslAuthenticateRequest, SaslAuthenticateResponse)
async def authenticate(session, request):
    """After the login: a client whose token was renewed logs in anew; not offered here."""
    return SaslAuthenticateResponse(
        error_code=Error.ILLEGAL_SASL_STATE, error_message=None, auth_bytes=b"")


class Refused(Exception):
    """The client gave no good reason to be let in."""


class Login:
    """The first messages of a connection, until somebody is logged in."""

    def __init__(self, security):
        self._security = security
        self._mechanism = None
        self._is_framed = True
        self.is_done = False
        self.principal = None

    def answer(self, frame, supported):
        """The answer to a frame, or None for what closes the connection."""
        if self._mechanism and not self._is_framed:
            return self._raw(frame)
        try:
            header, begin = wire.decode_header(frame)
        except KeyError:
            return None
        key, version = header.request_api_key, header.request_api_version
        if key == wire.API_VERSIONS:
            newest = max(one.max_version for one in supported.api_keys if one.api_key == key)
            if version > newest:
                supported.error_code, version = Error.UNSUPPORTED_VERSION, 0
            return wire.encode(supported, version, header.correlation_id)
        if key not in (wire.SASL_HANDSHAKE, wire.SASL_AUTHENTICATE):
            return None
        request = wire.APIS[key].request.decode(frame[begin:], version=version)
        answer = self._handshake if key == wire.SASL_HANDSHAKE else self._authenticate
        return wire.encode(answer(request, version), version, header.correlation_id)

    def _handshake(self, request, version):
        error = Error.NONE
        if request.mechanism not in self._security.mechanisms:
            error = Error.UNSUPPORTED_SASL_MECHANISM
        else:
            self._mechanism = _MECHANISMS[request.mechanism](self._security)
            self._is_framed = version >= 1
        return SaslHandshakeResponse(
            error_code=error, mechanisms=list(self._security.mechanisms))

    def _authenticate(self, request, version):
        try:
            answer = self._step(bytes(request.auth_bytes))
        except Refused as reason:
            return SaslAuthenticateResponse(
                error_code=Error.SASL_AUTHENTICATION_FAILED, error_message=str(reason),
                auth_bytes=b"", session_lifetime_ms=0)
        return SaslAuthenticateResponse(
            error_code=Error.NONE, error_message=None, auth_bytes=answer, session_lifetime_ms=0)

    def _raw(self, frame):
        try:
            answer = self._step(bytes(frame))
        except Refused:
            return None
        return len(answer).to_bytes(4, "big") + answer

    def _step(self, data):
        if self._mechanism is None:
            raise Refused("no mechanism was chosen")
        try:
            answer, user = self._mechanism.step(data)
        except (ValueError, KeyError, UnicodeDecodeError) as error:
            raise Refused(f"Authentication failed: {error!r}") from error
        if user is not None:
            self.is_done = True
            self.principal = f"User:{user}"
        return answer


class Plain:
    """RFC 4616."""

    def __init__(self, security):
        self._users = security.users

    def step(self, data):
        """One message; returns the answer and the user, who is None before the end."""
        _, user, password = data.decode().split("\0")
        if self._users.get(user) != password:
            raise Refused("Authentication failed: Invalid username or password")
        return b"", user


class OAuthBearer:
    """RFC 7628, with unsecured JSON web tokens."""

    def __init__(self, security):
        self._tokens = security.tokens

    def step(self, data):
        fields = dict(part.split("=", 1) for part in data.decode().split("\x01")[1:] if part)
        scheme, _, token = fields["auth"].partition(" ")
        if scheme.lower() != "bearer":
            raise Refused("not a bearer token")
        if self._tokens is not None:
            if token not in self._tokens:
                raise Refused("invalid_token")
            return b"", self._tokens[token]
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return b"", claims["sub"]


class Scram:
    """RFC 5802 with SHA-256."""

    def __init__(self, security):
        self._security = security
        self._first = None

    def step(self, data):
        if self._first is None:
            return self._begin(data.decode()), None
        return self._end(data.decode())

    def _begin(self, message):
        bare = message.split(",", 2)[2]
        fields = dict(part.split("=", 1) for part in bare.split(","))
        self._user = fields["n"].replace("=2C", ",").replace("=3D", "=")
        if self._user not in self._security.users:
            raise Refused("Authentication failed during authentication due to invalid "
                          "credentials with SASL mechanism SCRAM-SHA-256")
        self._salt = secrets.token_bytes(16)
        self._nonce = fields["r"] + secrets.token_hex(8)
        salt = base64.b64encode(self._salt).decode()
        server_first = f"r={self._nonce},s={salt},i={_ROUNDS}"
        self._first = f"{bare},{server_first}"
        return server_first.encode()

    def _end(self, message):
        without_proof, _, proof = message.rpartition(",p=")
        fields = dict(part.split("=", 1) for part in without_proof.split(","))
        # Brokers before 4.0 looked only at the end (KAFKA-18422).
        if self._security.strict_nonce and fields["r"] != self._nonce:
            raise Refused("Authentication failed: Invalid client nonce in the final message")
        password = self._security.users[self._user].encode()
        salted = hashlib.pbkdf2_hmac("sha256", password, self._salt, _ROUNDS)
        client_key = _mac(salted, b"Client Key")
        signed = f"{self._first},{without_proof}".encode()
        signature = _mac(hashlib.sha256(client_key).digest(), signed)
        expected = bytes(a ^ b for a, b in zip(client_key, signature))
        if not hmac.compare_digest(expected, base64.b64decode(proof)):
            raise Refused("Authentication failed during authentication due to invalid "
                          "credentials with SASL mechanism SCRAM-SHA-256")
        verifier = base64.b64encode(_mac(_mac(salted, b"Server Key"), signed))
        return b"v=" + verifier, self._user


def _mac(key, data):
    return hmac.digest(key, data, "sha256")


_MECHANISMS = {"PLAIN": Plain, "OAUTHBEARER": OAuthBearer, "SCRAM-SHA-256": Scram}
