"""Whether the service answers, for who watches over it: it says nothing else, and asks for no login."""

from __future__ import annotations

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.httputil import HTTPHeaders

from ..client.errors import Unreachable
from .problems import ProblemHandler
from .upstream import Exchange, Upstream


class HealthHandler(ProblemHandler):
    """Answers for the service, and never starts it: nobody is known to want it."""

    _track_activity = False

    def initialize(self, upstream: Upstream) -> None:
        """Take what all requests share."""
        self.upstream = upstream

    @allow_unauthenticated
    async def get(self) -> None:
        """Ask the service."""
        try:
            await Exchange("GET", "/jobsub/healthz", HTTPHeaders()).run(self.upstream, start=False)
        except Unreachable:
            self.write_problem(503, "The service does not answer.", "use it: any other request starts it")
        else:
            self.finish({"status": "ok"})

    head = get
