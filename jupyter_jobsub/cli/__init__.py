# PYTHON_ARGCOMPLETE_OK
"""``jupyter jobsub``: everything about jobs, from a terminal.

Each command is a function of a module of its family that declares the command's arguments; only
the module of the command that was given is imported.
"""

from .app import main

__all__ = ["main"]
