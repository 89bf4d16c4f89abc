"""Append-only task logs: written by tasks, read by ranges, followed live, kept after the task."""

from .logs import Chunk as Chunk
from .logs import LogArchive as LogArchive
from .logs import LogInfo as LogInfo
from .pieces import Gap as Gap
