"""Which cluster, and as whom: read from a kubeconfig, or of the Pod that the service runs in.

The client's package reads it, with plugins that give credentials; what goes over the session that
it makes is plain JSON.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import yaml
from kubernetes.aio import config
from kubernetes.aio.client import Configuration

from ... import __version__
from ...errors import EngineError
from .sockets import WebSocket, kept_alive

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_BUFFER = 2**18  # bytes
_PATIENCE = 60.0  # seconds for a plugin that gives credentials
_WAY = ("host", "ssl_ca_cert", "cert_file", "key_file", "verify_ssl")


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
    """One reading of the configuration, with the session that is opened by it.

    What ``bare`` is answered has no frame around each of its pieces (HTTP/1.0): a log's are its lines. It is
    of no use where a proxy insists on something newer.
    """

    def __init__(self, configuration: Configuration, namespace: str, written: Sequence[int]) -> None:
        self.host: str = configuration.host
        self.namespace = namespace
        self._written = written
        self._configuration = configuration
        self._way = [getattr(configuration, name) for name in _WAY]
        self.session = _session(configuration)
        self.insists = False
        self.bare = aiohttp.ClientSession(
            connector=self.session.connector,
            connector_owner=False,
            version=aiohttp.HttpVersion10,
            headers={**self.session.headers, "Connection": "close"},
            read_bufsize=_BUFFER,
        )

    async def take_over(self, old: Access) -> None:
        """Go on with another reading's session, and all that is under way there, if the way is the same."""
        unused = old.session, old.bare
        if self._way == old._way:
            (self.session, self.bare), unused = unused, (self.session, self.bare)
        for session in unused:
            await session.close()

    def outdated(self, where: Where) -> bool:
        """Whether the files were written since: a cluster made anew has other keys, or is elsewhere."""
        return self._written != _written(where)

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


async def read_access(where: Where) -> Access:
    """Read it as it is now.

    Raises
    ------
    EngineError
        If there is none, it can't be used, or a plugin waits too long for somebody.
    """
    try:
        return await asyncio.wait_for(_read(where), _PATIENCE)
    except asyncio.TimeoutError as error:
        raise EngineError(
            f"The kubeconfig {_paths(where)} takes longer than {_PATIENCE:.0f} s to give credentials: "
            "its plugin may wait for somebody to log in. Do that first, with: kubectl get pods"
        ) from error


async def _read(where: Where) -> Access:
    configuration, written = Configuration(), _written(where)
    try:
        namespace = await _configure(where, configuration)
        # once: a session that trusts the environment reads it, and ~/.netrc, for every request
        configuration.proxy = configuration.proxy or proxy_of_environment(configuration.host)
        return Access(configuration, where.namespace or namespace or "default", written)
    except (config.ConfigException, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        why = str(error).removeprefix("Invalid kube-config file. ")
        raise EngineError(
            f"The kubeconfig {_paths(where)} can't be used: {why}. See what kubectl makes of it: "
            f"{kubectl(where)} get pods"
        ) from error
    except yaml.YAMLError as error:
        raise EngineError(f"The kubeconfig {_paths(where)} is not YAML: {error}") from error


async def _configure(where: Where, configuration: Configuration) -> str | None:
    """Fill in the configuration, and give the namespace that goes with it."""
    paths = _paths(where)
    if any(os.path.exists(path) for path in paths.split(os.pathsep)):
        _find_context(where, paths)
        loader = await config.load_kube_config(paths, where.context, configuration, persist_config=False)
        _check(configuration, paths)
        namespace: str | None = loader.current_context["context"].get("namespace")
        return namespace
    if where.kubeconfig is None and "KUBERNETES_SERVICE_HOST" in os.environ:
        config.load_incluster_config(configuration)
        return (_ACCOUNT / "namespace").read_text().strip()
    raise EngineError(
        f"There is no kubeconfig at {paths}. Set c.JobsubService.kubernetes = {{'kubeconfig': ...}} "
        "or KUBECONFIG to one that kubectl works with."
    )


def _find_context(where: Where, paths: str) -> None:
    """See that the context is there that is asked for, or is the current one."""
    merged = config.kube_config.KubeConfigMerger(paths).config
    names = [context["name"] for context in merged["contexts"]]
    name = where.context or merged.safe_get("current-context")
    if name in names:
        return
    said = f"has no context {name}" if name else "has no current-context"
    there = f"Choose one of these: {', '.join(sorted(names))}" if names else "It has none at all"
    remedy = "Set c.JobsubService.kubernetes = {'context': ...}"
    if where.context is None:
        remedy += ", or: kubectl config use-context ..."
    raise EngineError(f"The kubeconfig {paths} {said}. {there}. {remedy}")


def kubectl(where: Where) -> str:
    """How kubectl is called for what is configured."""
    files = f"KUBECONFIG={shlex.quote(where.kubeconfig)} " if where.kubeconfig else ""
    return f"{files}kubectl" + (f" --context {shlex.quote(where.context)}" if where.context else "")


def proxy_of_environment(host: str) -> str | None:
    """The proxy that the environment has on the way to a server, as curl and kubectl find it."""
    url = urlsplit(host)
    if proxy_bypass(url.netloc):
        return None
    found = getproxies().get(url.scheme, "")
    found = found if "://" in found or not found else f"http://{found}"
    return found if found.startswith(("http://", "https://")) else None


def _check(configuration: Configuration, paths: str) -> None:
    """Refuse what the client takes and nobody could ever use."""
    for what, url in (("server", configuration.host), ("proxy-url", configuration.proxy or "http://")):
        if not url.startswith(("http://", "https://")):
            raise EngineError(f"The kubeconfig {paths} has a {what} that is no http address: {url}")
    if configuration.host.startswith("https:") and not (configuration.api_key or configuration.cert_file):
        raise EngineError(
            f"The kubeconfig {paths} gives no credentials: a plugin that it names may have failed, as "
            "the service's log says then. See what is wrong with: kubectl get pods"
        )


def _paths(where: Where) -> str:
    named = where.kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"
    return os.pathsep.join(os.path.expanduser(path) for path in named.split(os.pathsep) if path)


def _written(where: Where) -> Sequence[int]:
    files = [Path(path) for path in _paths(where).split(os.pathsep)]
    return [file.stat().st_mtime_ns if file.exists() else 0 for file in files]


def _session(configuration: Configuration) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=_trust(configuration), socket_factory=kept_alive),
        headers={"User-Agent": f"jupyter-jobsub/{__version__}"},
        ws_response_class=WebSocket,
        read_bufsize=_BUFFER,
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
