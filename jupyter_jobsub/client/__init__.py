"""The HTTP client behind every surface; standard library only, and quick to import."""

from .api import FINAL, Client
from .errors import Closed, Expired, JobFailed, NotRunning, Unauthorized, Unreachable, UsageError
from .local import LocalEndpoint
from .server import ServerEndpoint, find

__all__ = [
    "FINAL",
    "Client",
    "Closed",
    "Expired",
    "JobFailed",
    "LocalEndpoint",
    "NotRunning",
    "ServerEndpoint",
    "Unauthorized",
    "Unreachable",
    "UsageError",
    "find",
]
