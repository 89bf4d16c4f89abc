"""A Jupyter server that forwards to the service, at the address that $JOBSUB_URL gives."""

from __future__ import annotations

import os
import socket
from urllib.parse import parse_qs, urlsplit

from .errors import Unreachable
from .http import ANSWER_LIMIT, Connection
from .local import LocalEndpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Endpoint: TypeAlias = "LocalEndpoint | ServerEndpoint"

CONNECT_TIMEOUT = 20.0


class ServerEndpoint:
    """A Jupyter server's base URL with its token (in the URL, or beside it)."""

    def __init__(self, url: str, token: str = "") -> None:
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            name, port = parts.hostname, parts.port
        except ValueError:
            name = None
        if not name or parts.scheme not in ("http", "https"):
            raise Unreachable(
                f"{url!r} is no http or https address.",
                remedy="set JOBSUB_URL to one such as http://localhost:8888/",
            )
        self._tls = parts.scheme == "https"
        self._name, self._port = name, port or (443 if self._tls else 80)
        self._host = parts.netloc.rpartition("@")[2]
        self.url = f"{parts.scheme}://{self._host}{parts.path}"
        self.prefix = parts.path.rstrip("/")
        token = token or parse_qs(parts.query).get("token", [""])[0]
        self.headers = {"Authorization": f"token {token}"} if token else {}

    def __str__(self) -> str:
        return self.url

    def connect(self) -> Connection:
        """Connect to the server.

        Raises
        ------
        Unreachable
            If nobody answers, or its certificate is not valid.
        """
        try:
            sock = socket.create_connection((self._name, self._port), CONNECT_TIMEOUT)
            if self._tls:
                import ssl

                sock = ssl.create_default_context().wrap_socket(sock, server_hostname=self._name)
            sock.settimeout(ANSWER_LIMIT)
        except OSError as error:
            reason = error.strerror or str(error)
            raise Unreachable(
                f"Can't connect to {self.url}: {reason}.",
                remedy="check this address (JOBSUB_URL), and that the server runs",
            ) from error
        return Connection(sock, self._host)


def find(*, start: bool = True) -> Endpoint:
    """Say where the service is: behind $JOBSUB_URL if that is set, else on this machine."""
    if url := os.environ.get("JOBSUB_URL"):
        return ServerEndpoint(url, os.environ.get("JOBSUB_TOKEN", ""))
    return LocalEndpoint(start=start)
