"""What is kept of jobs: logs that are written by tasks, read by ranges and followed live; artifacts."""

from .archive import Archive as Archive
from .artifacts import ArtifactArchive as ArtifactArchive
from .contents import ArtifactLimits as ArtifactLimits
from .contents import Contents as Contents
from .logs import Chunk as Chunk
from .logs import LogArchive as LogArchive
from .logs import LogInfo as LogInfo
from .metrics import MetricsArchive as MetricsArchive
from .pieces import Gap as Gap
from .trees import open_beneath as open_beneath
