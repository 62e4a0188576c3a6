"""Requests of KIP-848, which kafka-python has no classes for, described as it describes all others.

Each file lists the fields of a message by Kafka's names, types and versions.
"""
