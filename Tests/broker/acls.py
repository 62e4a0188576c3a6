"""Who may do what (Kafka: `StandardAuthorizer`)."""

from dataclasses import dataclass

# What a right includes (Kafka: `AclOperation` in the authorizer's documentation).
_IMPLIED = {
    "Describe": ("Read", "Write", "Delete", "Alter"),
    "DescribeConfigs": ("AlterConfigs",),
}


@dataclass
class Acl:
    """A right of a principal: on a resource by name, by prefix with `*` at its end, or on all."""

    principal: str
    operation: str
    # Topic, Group, Cluster or TransactionalId.
    resource: str
    name: str = "*"

    def allows(self, principal, operation, resource, name):
        if self.principal not in ("*", principal) or self.resource != resource:
            return False
        granted = ("All", operation, *_IMPLIED.get(operation, ()))
        if self.operation not in granted:
            return False
        if self.name.endswith("*"):
            return name.startswith(self.name[:-1])
        return self.name == name


class Acls:
    """The rights of a cluster; without any, everything is allowed."""

    def __init__(self):
        self._acls = []
        self.is_on = False
        # Principals that may do everything, e.g. `User:admin`.
        self.super_users = set()

    def add(self, acl):
        self._acls.append(acl)

    def remove(self, **like):
        """Removes the rights all of whose named fields are equal."""
        self._acls = [
            one for one in self._acls
            if not all(getattr(one, name) == value for name, value in like.items())
        ]

    def allow(self, principal, operation, resource, name="kafka-cluster"):
        if not self.is_on or principal in self.super_users:
            return True
        return any(one.allows(principal, operation, resource, name) for one in self._acls)
