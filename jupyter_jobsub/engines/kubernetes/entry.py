"""What runs in a Pod around the command: POSIX shell, for whatever sh the image has.

Two containers share what they write and see each other's processes. ``main`` runs the command;
``keeper`` waits for its end, and then for its artifacts to be fetched. Nobody polls:

- ``main`` holds a FIFO open as long as it lives, and the keeper reads it. Opening it waits for the other,
  so that no command ends before somebody knows of it.
- The kubelet tells only a container's first process to end. The keeper, told too, tells all of
  the command, the oldest first: a shell that was told later would go on with its next command.
  ``main`` then ends with the last of them that has not given up a second FIFO, so that a program of
  several commands has its grace; otherwise it ends with the command, and what that left running is
  killed with the container.
- The keeper ends a command that has run for too long, by itself: a service that is away can't.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...reports import CLOSE, OPEN
from .files import ARTIFACTS, FILES, PARTS

HOME = "/home/jovyan"
RUN = "/jobsub/run"
TERMINATION_LOG = "/dev/termination-log"
TOO_LATE = 75  # the keeper's exit code if nobody has fetched the artifacts
LATE = "deadline"  # its last words if it has ended the command
BEGINNING = OPEN + b"begin" + CLOSE + b"\n"
"""The first line of a log that has its beginning, which a node may have dropped; terminals swallow it."""

# Stderr goes where stdout goes: the kubelet reads one pipe in the order in which it was written, two in any.
# Variables here must not be the command's, whose exported ones would change with them: subshells,
# arguments and a reserved name. Its tools must not be the command's, either.
_ENTRY = f"""
echo '{BEGINNING.decode().strip()}'
exec 3>&1 2>/dev/null
(
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH
  echo $$ >{RUN}/pid
  mkfifo {RUN}/main
  mkfifo {RUN}/tree
  ln -s {ARTIFACTS} {HOME}/artifacts
  [ -d /datasets ] && ln -s /datasets {HOME}/datasets
  for folder in /project/*; do
    [ -d "$folder" ] && [ ! -e "{HOME}/${{folder##*/}}" ] && ln -s "$folder" {HOME}
  done
  [ -n "$3" ] && cat {PARTS}/* >"{FILES}/$3"
)
exec 4>{RUN}/main
exec 5<>{RUN}/tree 6>{RUN}/tree 7<{RUN}/tree 5>&-
cd "$1" || cd {HOME}
[ -d "$2" ] && export PYTHONPATH="$2${{PYTHONPATH:+:$PYTHONPATH}}"
shift 3
trap JOBSUB_HALTED=1 TERM
( exec "$@" 2>&3 3>&- 4>&- 7<&- )
set -- "$?"
trap '' TERM
exec 6>&-
[ -z "$JOBSUB_HALTED" ] || while read -r JOBSUB_HALTED; do :; done <&7
exit "$1"
"""

# What is in the cgroup of main's first process is the command's: not what a node is about to put into
# the keeper's. Names with as many digits are sorted by number.
_TELL = f"""
cgroup() {{ cgroup=; while read -r line; do cgroup="$cgroup$line "; done <"/proc/$1/cgroup"; }}
tell() {{
  read -r pid <{RUN}/pid
  cgroup "$pid"
  own=$cgroup
  for process in /proc/[0-9] /proc/[0-9][0-9] /proc/[0-9][0-9][0-9] /proc/[0-9][0-9][0-9][0-9] \
    /proc/[0-9][0-9][0-9][0-9][0-9] /proc/[0-9][0-9][0-9][0-9][0-9][0-9] \
    /proc/[0-9][0-9][0-9][0-9][0-9][0-9][0-9]
  do
    pid=${{process##*/}}
    cgroup "$pid" && [ -n "$cgroup" ] && [ "$cgroup" = "$own" ] && kill "-$1" "$pid"
  done
}}
"""

_KEEPER = f"""
exec 2>/dev/null
{_TELL}
limit() {{
  sleep "$1"
  echo {LATE} >{TERMINATION_LOG}
  tell TERM
  sleep "$2"
  tell KILL
}}
closed() {{
  mkfifo "{RUN}/$1"
  (
    exec <"{RUN}/$1"
    [ -z "$2" ] || limit "$2" "$3" &
    while read -r line; do :; done
    kill "$!"
  ) 8>&- &  # what sleeps on when it is killed must not keep others waiting
  reader=$!
  while wait "$reader"; [ "$?" -gt 128 ]; do :; done
}}
trap 'tell TERM' TERM
mkfifo {RUN}/running
exec 8<>{RUN}/running
closed main "$2" "$3"
rm {RUN}/running
exec 8>&-
[ -n "$(ls -A {ARTIFACTS})" ] || exit 0
mkfifo {RUN}/collected
( sleep "$1"; : >{RUN}/late; : >{RUN}/collected ) &
closed collected
[ ! -e {RUN}/late ] || exit {TOO_LATE}
"""

_FETCH = f"""
say() {{ echo "$1" >&2; echo "$1" >{TERMINATION_LOG}; exit 1; }}
command -v git >/dev/null ||
  say "The image has no git to fetch $1 with; ask an operator to set git_image, or choose another image."
export GIT_TERMINAL_PROMPT=0 HOME=/tmp
cd "$3" && git init -q . && git remote add origin "$1" && git fetch -q --depth 1 origin "$2" &&
  git checkout -q FETCH_HEAD || say "The dataset could not be fetched: $1 at $2."
"""

# a first process that was ended before it opened the FIFO would be waited for in vain
_RELEASE = f"[ ! -p {RUN}/main ] || : 9<>{RUN}/main"
KILL: Sequence[str] = ("/bin/sh", "-c", f"exec 2>/dev/null; {_TELL}tell KILL; {_RELEASE}")
"""Run in the keeper, it kills all of the command, and ends the wait for it."""
ENDED: Sequence[str] = (
    *("/bin/sh", "-c"),
    f"[ ! -p {RUN}/running ] || while read -r line; do :; done 2>/dev/null <{RUN}/running",
)
"""Run in the keeper, it ends when the command has; a node says nothing of containers that it is to end."""
COLLECTED: Sequence[str] = ("/bin/sh", "-c", f": >{RUN}/collected")
"""Run in the keeper, it ends it: its artifacts have been fetched."""


def main_command(argv: Sequence[str], folder: str, imports: str, file: str) -> list[str]:
    """Say what the container of a command runs.

    Parameters
    ----------
    argv
        The command.
    folder
        Where it runs, if that is there; else in its temporary home.
    imports
        What comes first on Python's import path, if it is there.
    file
        What the parts make; "" if nothing.
    """
    return ["/bin/sh", "-c", _ENTRY, "jobsub", folder, imports, file, *argv]


def keeper_command(seconds: int, deadline: int, grace: int) -> list[str]:
    """Say what the keeper's container runs.

    Parameters
    ----------
    seconds
        How long it waits for artifacts to be fetched.
    deadline
        Seconds that the command may run: it is told to end then, whether or not anybody else is there.
    grace
        Seconds that it has for that.
    """
    return ["/bin/sh", "-c", _KEEPER, "jobsub", str(seconds), str(deadline), str(grace)]


def fetch_command(repository: str, ref: str, folder: str) -> list[str]:
    """Say what the container of a git dataset runs: it fetches one commit, before anything else runs."""
    return ["/bin/sh", "-c", _FETCH, "jobsub", repository, ref, folder]


def literal(text: str) -> str:
    """Write a text so that the kubelet, which reads ``$(NAME)`` and ``$$`` in it, leaves it as it is."""
    return text.replace("$", "$$")
