"""Runs one notebook from start to end: ``python -m jupyter_jobsub.runner INPUT OUTPUT``.

It stands alone (standard library, nbclient, nbformat, jupyter_client), so that the same file runs on
this machine and inside a container. What it promises:

- The output notebook is whole and valid on disk from the first cell on: it is replaced in one step
  after each cell, and every few seconds while a cell writes.
- What cells write reaches stdout and stderr at once and unchanged, carriage returns included.
- Progress is told by the escape sequence of ``jupyter_jobsub.reports``.
- A failing cell is quoted in the file that ``JOBSUB_TERMINATION_LOG`` names; the exit code is 1.
- The kernel is in the runner's process group and does not outlive it.
"""
