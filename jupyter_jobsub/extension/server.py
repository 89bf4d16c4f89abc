"""What the panel asks of the Jupyter server itself, before it asks the service for anything."""

from __future__ import annotations

import sys

from jupyter_server.auth.decorator import authorized
from jupyter_server.services.contents.fileio import FileManagerMixin
from tornado import web

from .health import answers
from .problems import ProblemHandler
from .upstream import Upstream


class ServerHandler(ProblemHandler):
    """Tells where this server has its files and its environment, and whether the service runs.

    The files' folder is what paths in JupyterLab are relative to; null if they are on no disk here.
    """

    def initialize(self, upstream: Upstream) -> None:
        """Take what all requests share."""
        self.upstream = upstream

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer, and start nothing."""
        manager = self.contents_manager
        root = manager.root_dir if isinstance(manager, FileManagerMixin) else None
        running = await answers(self.upstream)
        self.finish({"root": root, "environment": sys.prefix, "service": running})

    head = get
