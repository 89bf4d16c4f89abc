"""An API server of a test's own: whatever is asked goes to one function."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from jupyter_jobsub.engines.kubernetes.api import Api
from jupyter_jobsub.engines.kubernetes.connection import Connection

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PODS = "/api/v1/namespaces/ns/pods"


class Where(NamedTuple):
    kubeconfig: str | None
    context: str | None = None
    namespace: str | None = None


@asynccontextmanager
async def served(handler: Handler, port: int = 0) -> AsyncIterator[str]:
    """Answer on a loopback port, and give its URL."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def asking(host: str, folder: Path, **user: Any) -> AsyncIterator[Api]:
    """Be connected, with nothing checked."""
    file = kubeconfig(host, folder, **user)
    connection = await Connection.open(Where(str(file)))
    try:
        yield Api(connection)
    finally:
        await connection.close()


def kubeconfig(host: str, folder: Path, **user: Any) -> Path:
    """Write one; JSON is YAML."""
    file = folder / "kubeconfig"
    text = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u", "namespace": "ns"}}],
        "clusters": [{"name": "c", "cluster": {"server": host}}],
        "users": [{"name": "u", "user": user or {"token": "old"}}],
    }
    file.write_text(json.dumps(text))
    return file


def scenario(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a test of a coroutine."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


def status(code: int, reason: str = "", message: str = "", **headers: str) -> web.Response:
    """An answer as Kubernetes refuses."""
    body = {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message}
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.json_response(body, status=code, headers=names)


def pods(*names: str, version: str = "7", more: str = "") -> web.Response:
    """A page of a list."""
    items = [{"metadata": {"name": name, "uid": f"uid-{name}", "resourceVersion": "1"}} for name in names]
    return web.json_response({"items": items, "metadata": {"resourceVersion": version, "continue": more}})
