"""Whether the service answers, for who watches over it: it says nothing else, and asks for no login."""

from __future__ import annotations

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.httputil import HTTPHeaders

from ..client.errors import Unreachable
from .problems import ProblemHandler
from .upstream import Exchange, Upstream


async def answers(upstream: Upstream) -> bool:
    """Ask the service, if it is there."""
    try:
        await Exchange("GET", "/jobsub/healthz", HTTPHeaders()).run(upstream, start=False)
    except Unreachable:
        return False
    return True


class HealthHandler(ProblemHandler):
    """Answers for the service, and never starts it: nobody is known to want it."""

    _track_activity = False

    def initialize(self, upstream: Upstream) -> None:
        """Take what all requests share."""
        self.upstream = upstream

    @allow_unauthenticated
    async def get(self) -> None:
        """Ask the service."""
        if await answers(self.upstream):
            self.finish({"status": "ok"})
        else:
            self.write_problem(503, "The service does not answer.", "use it: any other request starts it")

    head = get
