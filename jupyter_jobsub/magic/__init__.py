"""``%jobsub`` and ``%%jobsub``: the commands in a notebook, after ``%load_ext jupyter_jobsub``.

The commands are the command line's own, run in the kernel's process: `notebook` is what they are typed
into, and `magics` turns what they leave into a cell's value or its error.
"""

from .magics import load, unload

__all__ = ["load", "unload"]
