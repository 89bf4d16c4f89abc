"""The extension as Jupyter Server sees it."""

from __future__ import annotations

from jupyter_server.extension.application import ExtensionApp
from traitlets import Integer


class JobsubExtension(ExtensionApp):
    """Jobs, through this Jupyter server."""

    name = "jupyter_jobsub"

    max_body_bytes = Integer(
        2**20,
        min=1,
        help="""Size of a request's body that is passed to the service; as large as its own
        limit, JobsubService.max_body_bytes.""",
    ).tag(config=True)

    def initialize_handlers(self) -> None:
        """Route everything under ``jobsub/``."""
        from .forward import ForwardHandler
        from .health import HealthHandler
        from .hub import Hub
        from .job_events import JobEvents
        from .page import Page
        from .server import ServerHandler
        from .upstream import Upstream

        assert self.serverapp is not None
        assert self.serverapp.event_logger is not None
        upstream = Upstream()
        JobEvents(self.serverapp.event_logger, upstream)
        self.hub = Hub(upstream)
        shared = {"upstream": upstream, "max_body_bytes": self.max_body_bytes}
        self.handlers += [
            (r"/jobsub/healthz", HealthHandler, {"upstream": upstream}),
            (r"/jobsub/ws", Page, {"hub": self.hub}),
            (r"/jobsub/server", ServerHandler, {"upstream": upstream}),
            (r"/jobsub(?:/.*)?", ForwardHandler, shared),
        ]

    async def stop_extension(self) -> None:
        """End what is under way."""
        await self.hub.close()
