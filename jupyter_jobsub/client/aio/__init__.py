"""The Python interface for asyncio, made from the synchronous one."""

from .client import AsyncJobsubClient
from .job import AsyncJob
from .sweep import AsyncSweep

__all__ = ["AsyncJob", "AsyncJobsubClient", "AsyncSweep"]
