"""Which requests the broker answers, in which versions, and how bytes become requests."""

import io
from dataclasses import dataclass

from kafka.protocol.api_header import RequestHeader
from kafka.protocol.metadata import ApiVersionsRequest

API_VERSIONS = ApiVersionsRequest.API_KEY
SASL_HANDSHAKE = 17
SASL_AUTHENTICATE = 36

# The versions that brokers of a time answer: "new" is Kafka 4.1 and later, "old" is Kafka 2.8.
VERSIONS = {
    "new": {
        "Produce": (0, 13), "Fetch": (4, 17), "ListOffsets": (1, 10), "Metadata": (0, 13),
        "OffsetCommit": (2, 10), "OffsetFetch": (1, 10), "FindCoordinator": (0, 6),
        "JoinGroup": (0, 9), "Heartbeat": (0, 4), "LeaveGroup": (0, 5), "SyncGroup": (0, 5),
        "DescribeGroups": (0, 6), "ListGroups": (0, 5), "SaslHandshake": (0, 1),
        "ApiVersions": (0, 4), "CreateTopics": (2, 7), "DeleteTopics": (1, 6),
        "DeleteRecords": (0, 2), "InitProducerId": (0, 5), "OffsetForLeaderEpoch": (2, 4),
        "AddPartitionsToTxn": (0, 3), "AddOffsetsToTxn": (0, 4), "EndTxn": (0, 4),
        "TxnOffsetCommit": (0, 4), "DescribeConfigs": (1, 4), "SaslAuthenticate": (0, 2),
        "DeleteGroups": (0, 2), "OffsetDelete": (0, 0), "DescribeCluster": (0, 2),
        "ConsumerGroupHeartbeat": (0, 1),
    },
    "old": {
        "Produce": (0, 8), "Fetch": (0, 11), "ListOffsets": (0, 5), "Metadata": (0, 9),
        "OffsetCommit": (0, 8), "OffsetFetch": (0, 7), "FindCoordinator": (0, 3),
        "JoinGroup": (0, 7), "Heartbeat": (0, 4), "LeaveGroup": (0, 4), "SyncGroup": (0, 5),
        "DescribeGroups": (0, 5), "ListGroups": (0, 4), "SaslHandshake": (0, 1),
        "ApiVersions": (0, 3), "CreateTopics": (0, 5), "DeleteTopics": (0, 4),
        "DeleteRecords": (0, 1), "InitProducerId": (0, 2), "OffsetForLeaderEpoch": (0, 3),
        "AddPartitionsToTxn": (0, 1), "AddOffsetsToTxn": (0, 1), "EndTxn": (0, 1),
        "TxnOffsetCommit": (0, 3), "DescribeConfigs": (0, 2), "SaslAuthenticate": (0, 2),
        "DeleteGroups": (0, 2), "OffsetDelete": (0, 0), "DescribeCluster": (0, 0),
    },
}


@dataclass
class Api:
    """A kind of request and what answers it."""

    key: int
    name: str
    request: type
    response: type
    answer: object


APIS = {}


def answers(request, response):
    """Makes a coroutine the one that answers a kind of request.

    It gets the session and the request, and returns the response.
    """
    def add(function):
        name = request.__name__.removesuffix("Request")
        APIS[request.API_KEY] = Api(request.API_KEY, name, request, response, function)
        return function

    return add


def encode(response, version, correlation):
    """A response as a frame."""
    response.API_VERSION = version
    response.with_header(correlation_id=correlation)
    return bytes(response.encode(header=True, framed=True))


def decode_header(frame):
    """The header of a request, and where its body begins; raises KeyError for an unknown API."""
    key = int.from_bytes(frame[:2], "big")
    version = int.from_bytes(frame[2:4], "big")
    flexible = APIS[key].request.flexible_version_q(version)
    data = io.BytesIO(frame)
    header = RequestHeader.decode(data, flexible=flexible)
    return header, data.tell()
