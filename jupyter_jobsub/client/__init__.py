"""The HTTP client behind every surface; standard library only, and quick to import."""

from .api import FINAL, Client
from .errors import Expired, NotRunning, Unauthorized, Unreachable
from .local import LocalEndpoint
from .server import ServerEndpoint, find

__all__ = [
    "FINAL",
    "Client",
    "Expired",
    "LocalEndpoint",
    "NotRunning",
    "ServerEndpoint",
    "Unauthorized",
    "Unreachable",
    "find",
]
