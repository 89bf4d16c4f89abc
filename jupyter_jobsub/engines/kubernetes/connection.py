"""The way to one cluster's API server: which it is, TLS, credentials, pace.

The client's package reads the configuration (kubeconfig with credential plugins, or the account of
the Pod that the service runs in); requests go over one aiohttp session, as raw JSON. Credentials
that the server refuses are read anew once, since tokens expire and plugins renew them.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Protocol, TypeVar

import aiohttp
import yaml
from kubernetes.aio import config
from kubernetes.aio.client import Configuration

from ... import __version__
from ...errors import EngineError
from .errors import Refused, Unreachable, failure
from .throttle import Throttle

T = TypeVar("T")

UNARY = aiohttp.ClientTimeout(total=60, sock_connect=10)
STREAM = aiohttp.ClientTimeout(total=None, sock_connect=10)
_ATTEMPTS = 4
_LONGEST_REST = 15.0  # seconds; who asks for more is taken for unreachable in the end
_RENEWAL = 5.0  # seconds in which credentials are read anew at most once
_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_WAY = ("host", "ssl_ca_cert", "cert_file", "key_file", "verify_ssl")
_KEEP_ALIVE = {"TCP_KEEPIDLE": 20, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}


class Where(Protocol):
    """Which cluster and namespace are configured; None is as kubectl has it."""

    @property
    def kubeconfig(self) -> str | None:
        """Files of configuration, as in KUBECONFIG."""

    @property
    def context(self) -> str | None:
        """The name of one of its contexts."""

    @property
    def namespace(self) -> str | None:
        """Where all objects are."""


class Access:
    """One reading of the configuration, with the session that is opened by it."""

    def __init__(self, configuration: Configuration, namespace: str) -> None:
        self.host: str = configuration.host
        self.namespace = namespace
        self._configuration = configuration
        self._way = [getattr(configuration, name) for name in _WAY]
        self.session = _session(configuration)

    async def take_over(self, old: Access) -> None:
        """Go on with another reading's session, and all that is under way there, if the way is the same."""
        unused = old.session
        if self._way == old._way:
            self.session, unused = old.session, self.session
        await unused.close()

    def arguments(self) -> dict[str, Any]:
        """What every request is given."""
        if self._configuration.refresh_api_key_hook:  # a Pod's token is replaced in its file
            self._configuration.refresh_api_key_hook(self._configuration)
        token = self._configuration.api_key.get("BearerToken")
        return {
            "headers": {"Authorization": token} if token else {},
            "proxy": self._configuration.proxy,
            "server_hostname": self._configuration.tls_server_name,
        }


class Connection:
    """Asks the API server, for as long as it says "log in again" or "slow down"."""

    def __init__(self, where: Where, access: Access) -> None:
        self.host = access.host
        self.namespace = access.namespace
        self._where = where
        self._access = access
        # against a loop run wild: what is too much for it at the moment, the server says itself
        self._throttle = Throttle(rate=500, burst=500)
        self._renewing = asyncio.Lock()
        self._read_at = monotonic()

    @classmethod
    async def open(cls, where: Where) -> Connection:
        """Read the configuration.

        Raises
        ------
        EngineError
            If there is none, or it can't be used.
        """
        return cls(where, await _access(where))

    async def close(self) -> None:
        """End all that is under way."""
        await self._access.session.close()

    @asynccontextmanager
    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content: str = "application/json",
        accept: str = "application/json",
        timeout: aiohttp.ClientTimeout = UNARY,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request and give its answer, whose connection doesn't outlive the block.

        Raises
        ------
        Refused, Expired, Unreachable
            If there is no answer that is 2xx.
        """

        async def send(access: Access) -> aiohttp.ClientResponse:
            arguments = access.arguments()
            arguments["headers"] |= {"Accept": accept, "Content-Type": content}
            url = f"{access.host}{path}"
            response = await access.session.request(
                method, url, params=query, json=body, timeout=timeout, **arguments
            )
            if response.ok:
                return response
            async with response:
                raise failure(response.status, response.headers, await response.read())

        response = await self.answered(send)
        try:
            yield response
        finally:
            response.close()

    async def socket(
        self, path: str, query: Sequence[tuple[str, str]], protocols: Sequence[str]
    ) -> aiohttp.ClientWebSocketResponse[bool]:
        """Open a WebSocket, which the caller closes; raises as a request does."""

        async def send(access: Access) -> aiohttp.ClientWebSocketResponse[bool]:
            url = access.host.replace("http", "ws", 1) + path
            try:
                return await access.session.ws_connect(
                    url, params=query, protocols=protocols, heartbeat=20, max_msg_size=0, **access.arguments()
                )
            except aiohttp.WSServerHandshakeError as error:
                raise failure(error.status, error.headers or {}) from error

        return await self.answered(send)

    async def answered(self, send: Callable[[Access], Awaitable[T]]) -> T:
        """Send until the answer is neither 401 nor 429, within bounds."""
        for _ in range(_ATTEMPTS):
            await self._throttle.take()
            access = self._access
            try:
                with reached(self.host):
                    return await send(access)
            except Refused as error:
                if error.status == 401:
                    await self._renew(access, error)
                elif error.status == 429:
                    self._throttle.rest(min(error.retry_after or 1, _LONGEST_REST))
                else:
                    raise
        raise Unreachable(f"The cluster's API server {self.host} asks to slow down.")

    async def _renew(self, refused: Access, error: Refused) -> None:
        """Read the credentials anew, once for all whom they were refused to."""
        async with self._renewing:
            if self._access is not refused:
                return
            if monotonic() - self._read_at < _RENEWAL:
                raise Unreachable(f"The cluster does not accept the credentials: {error}") from error
            self._read_at = monotonic()
            try:
                access = await _access(self._where)
            except EngineError as unread:
                raise Unreachable(str(unread)) from unread
            await access.take_over(refused)
            self._access = access


@contextmanager
def reached(host: str) -> Iterator[None]:
    """Say of whatever goes wrong on the way that the API server wasn't reached."""
    try:
        yield
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError, RuntimeError) as error:
        # a RuntimeError is what aiohttp makes of a connection that is closed in the middle of a read
        words = str(error) or type(error).__name__
        raise Unreachable(f"The cluster's API server {host} does not answer: {words}") from error


async def _access(where: Where) -> Access:
    configuration = Configuration()
    try:
        namespace = await _configure(where, configuration)
        return Access(configuration, where.namespace or namespace or "default")
    except (config.ConfigException, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise EngineError(f"The kubeconfig {_paths(where)} can't be used: {error}") from error
    except yaml.YAMLError as error:
        raise EngineError(f"The kubeconfig {_paths(where)} is not YAML: {error}") from error


async def _configure(where: Where, configuration: Configuration) -> str | None:
    """Fill in the configuration, and give the namespace that goes with it."""
    paths = _paths(where)
    if any(os.path.exists(path) for path in paths.split(os.pathsep)):
        loader = await config.load_kube_config(paths, where.context, configuration, persist_config=False)
        namespace: str | None = loader.current_context["context"].get("namespace")
        return namespace
    if where.kubeconfig is None and "KUBERNETES_SERVICE_HOST" in os.environ:
        config.load_incluster_config(configuration)
        return (_ACCOUNT / "namespace").read_text().strip()
    raise EngineError(
        f"There is no kubeconfig at {paths}. Set c.JobsubService.kubernetes = {{'kubeconfig': ...}} "
        "or KUBECONFIG to one that kubectl works with."
    )


def _paths(where: Where) -> str:
    named = where.kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"
    return os.pathsep.join(os.path.expanduser(path) for path in named.split(os.pathsep) if path)


def _session(configuration: Configuration) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=_trust(configuration), socket_factory=_kept_alive),
        headers={"User-Agent": f"jupyter-jobsub/{__version__}"},
        read_bufsize=2**18,
        trust_env=True,
    )


def _trust(configuration: Configuration) -> ssl.SSLContext:
    trust = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    # Python 3.13 asks for extensions that the certificates of many a cluster lack; kubectl doesn't
    trust.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if configuration.cert_file:
        trust.load_cert_chain(configuration.cert_file, configuration.key_file)
    if not configuration.verify_ssl:
        trust.check_hostname = False
        trust.verify_mode = ssl.CERT_NONE
    return trust


def _kept_alive(address: tuple[Any, ...]) -> socket.socket:
    """Make a socket whose dead peer is noticed within a minute, also while a stream is silent."""
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE.items():
        if option := getattr(socket, name, None):  # not everywhere
            made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made
