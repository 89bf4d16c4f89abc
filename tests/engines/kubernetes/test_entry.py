"""The shell around a command, run in this machine's folders by every shell that there is here.

What it does to processes of other containers is for the cluster: here it sees none.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from jupyter_jobsub.engines.kubernetes.entry import (
    BEGINNING,
    COLLECTED,
    KILL,
    LATE,
    TOO_LATE,
    fetch_command,
    keeper_command,
    main_command,
)

SHELLS = {
    name: [path, *how]
    for name, how in (("dash", []), ("bash", ["--posix"]), ("busybox", ["sh"]))
    if (path := shutil.which(name))
}
ROOTS = re.compile(r"(?<![\w.])/(home/jovyan|jobsub|project|datasets|proc|dev/termination-log)\b")
PATIENCE = 30  # seconds


class Pod:
    """A Pod's folders under one of this machine's, and processes in the place of containers."""

    def __init__(self, folder: Path, shell: list[str]) -> None:
        self.folder = folder
        self.home = folder / "home/jovyan"
        self.artifacts = folder / "jobsub/artifacts"
        self._shell = shell
        self._running: list[subprocess.Popen[str]] = []
        for name in (
            "home/jovyan",
            "jobsub/run",
            "jobsub/artifacts",
            "jobsub/files",
            "jobsub/parts",
            "proc",
            "dev",
        ):
            (folder / name).mkdir(parents=True)

    def here(self, text: str) -> str:
        return ROOTS.sub(rf"{self.folder}\g<0>", text)

    def start(self, command: list[str], env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        argv = [*self._shell, *map(self.here, command[1:])]
        environment = {"PATH": os.environ["PATH"], **(env or {})}
        pipes: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
        }
        process = subprocess.Popen(argv, env=environment, cwd="/", text=True, start_new_session=True, **pipes)
        self._running.append(process)
        return process

    def main(
        self,
        text: str,
        folder: str = "/home/jovyan",
        *,
        imports: str = "",
        file: str = "",
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        return self.begin(main_command(["bash", "-c", text], folder, imports, file), env)

    def begin(self, command: list[str], env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a container whose log begins, whatever else it waits for."""
        process = self.start(command, env)
        assert process.stdout
        # not a byte more: communicate() reads the pipe, not what lies in a buffer before it
        begun = [os.read(process.stdout.fileno(), 1) for _ in BEGINNING]
        assert b"".join(begun) == BEGINNING
        return process

    def keeper(self, seconds: int = 1000, deadline: int = 1000) -> subprocess.Popen[str]:
        return self.start(keeper_command(seconds, deadline, 1))

    def run(self, text: str, **how: Any) -> tuple[str, str, int]:
        """Run a command to its end beside a keeper that ends well."""
        keeper, main = self.keeper(), self.main(text, **how)
        out, err = main.communicate(timeout=PATIENCE)
        assert keeper.wait(PATIENCE) == 0
        return out, err, main.returncode

    def close(self) -> None:
        for process in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@pytest.fixture(params=SHELLS)
def pod(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Pod]:
    pod = Pod(tmp_path, SHELLS[request.param])
    yield pod
    pod.close()


def test_the_command_is_all_that_is_heard(pod: Pod) -> None:
    assert pod.run("echo out; echo err >&2; exit 7") == ("out\nerr\n", "", 7)


@pytest.mark.parametrize(("text", "code"), [("kill -9 $$", 137), ("kill -TERM $$", 143), ("exit 255", 255)])
def test_its_end_is_the_container_s(pod: Pod, text: str, code: int) -> None:
    assert pod.run(text) == ("", "", code)


def test_its_environment_is_its_own(pod: Pod) -> None:
    names = ("folder", "line", "file", "run", "code", "reader", "PATH", "HOME", "PYTHONPATH", "_x")
    env = {name: f"my {name}" for name in names} | {"PATH": f"{os.environ['PATH']}:/my"}
    (pod.folder / "project/lab").mkdir(parents=True)
    (pod.folder / "jobsub/parts/000000").write_text("x")
    out, _, _ = pod.run("env", file="x.py", env=env)
    told = dict(line.split("=", 1) for line in out.splitlines())
    assert {name: told.get(name) for name in env} == env
    assert set(told) - set(env) <= {"PWD", "OLDPWD", "SHLVL", "_", "POSIXLY_CORRECT"}


def test_it_has_one_file_of_ours_open(pod: Pod) -> None:
    out, _, _ = pod.run("ls -l /dev/fd/ | grep -o 'jobsub/.*'")
    assert out == "jobsub/run/tree\n"


def test_links_are_there_before_the_command(pod: Pod) -> None:
    for name in ("project/lab", "project/a b", "project/datasets", "datasets/mnist"):
        (pod.folder / name).mkdir(parents=True)
    out, _, _ = pod.run("echo 1 >lab/x; ls -d */; ls datasets")
    assert out.split("\n")[:-1] == ["a b/", "artifacts/", "datasets/", "lab/", "mnist"]
    assert (pod.folder / "project/lab/x").read_text() == "1\n"
    assert os.readlink(pod.home / "datasets") == pod.here("/datasets")
    assert os.readlink(pod.home / "artifacts") == str(pod.artifacts)


def test_it_runs_where_it_was_asked_to_if_that_is_there(pod: Pod) -> None:
    (pod.folder / "project/lab/a b").mkdir(parents=True)
    assert pod.run("pwd", folder="/project/lab/a b")[0] == pod.here("/project/lab/a b\n")


def test_else_it_runs_at_home(pod: Pod) -> None:
    assert pod.run("pwd", folder="/project/none")[0] == f"{pod.home}\n"


@pytest.mark.parametrize(("env", "path"), [({}, "{}"), ({"PYTHONPATH": "/mine"}, "{}:/mine")])
def test_a_script_s_folder_comes_first_on_the_import_path(pod: Pod, env: dict[str, str], path: str) -> None:
    (pod.folder / "project/lab").mkdir(parents=True)
    out, _, _ = pod.run("printenv PYTHONPATH", imports="/project/lab", env=env)
    assert out == path.format(pod.here("/project/lab")) + "\n"


def test_but_only_if_it_is_there(pod: Pod) -> None:
    assert pod.run("printenv PYTHONPATH", imports="/project/none") == ("", "", 1)


def test_a_file_is_put_together_in_order(pod: Pod) -> None:
    for number in range(12):
        (pod.folder / f"jobsub/parts/{number:06}").write_text(f"{number}\n")
    out, _, _ = pod.run(pod.here("cat '/jobsub/files/my file'"), file="my file")
    assert out.split() == [str(number) for number in range(12)]


def test_a_path_that_leads_nowhere_is_the_command_s_own_matter(pod: Pod) -> None:
    keeper = pod.keeper()
    main = pod.begin(
        main_command(["/bin/bash", "-c", "echo $PATH; exit 3"], "/home/jovyan", "", ""), {"PATH": "/none"}
    )
    assert main.communicate(timeout=PATIENCE)[0] == "/none\n"
    assert (main.returncode, keeper.wait(PATIENCE)) == (3, 0)


def test_no_command_begins_before_the_keeper_is_there(pod: Pod) -> None:
    main = pod.main("echo ran")
    with pytest.raises(subprocess.TimeoutExpired):
        main.wait(0.3)
    pod.keeper()
    assert main.communicate(timeout=PATIENCE)[0] == "ran\n"


def test_what_a_command_leaves_running_is_not_waited_for(pod: Pod) -> None:
    out, _, code = pod.run("sleep 1000 >/dev/null 2>&1 & echo $!; exit 5")
    os.kill(int(out), signal.SIGKILL)
    assert code == 5


def test_who_is_told_to_end_waits_for_all_that_was_told(pod: Pod) -> None:
    """A shell that dies at once does not take from its command the time to end by itself."""
    pod.keeper()
    slow = "trap 'sleep 0.5; echo saved; exit' TERM; echo $$; while :; do sleep 0.01; done"
    (pod.home / "slow.sh").write_text(slow)
    main = pod.main("echo up; echo $$; bash slow.sh; echo never")
    assert main.stdout
    assert main.stdout.readline() == "up\n"
    shell, command = int(main.stdout.readline()), int(main.stdout.readline())
    for pid in (main.pid, shell, command):
        os.kill(pid, signal.SIGTERM)
    assert main.stdout.read() == "saved\n"
    assert main.wait(PATIENCE) == 143


def test_the_keeper_waits_for_what_was_kept_to_be_fetched(pod: Pod) -> None:
    keeper, main = pod.keeper(), pod.main("echo 1 >artifacts/.hidden")
    assert main.wait(PATIENCE) == 0
    keeper.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        keeper.wait(0.3)
    assert pod.start(list(COLLECTED)).wait(PATIENCE) == 0
    assert keeper.wait(PATIENCE) == 0


def test_but_not_for_ever(pod: Pod) -> None:
    keeper, main = pod.keeper(1), pod.main("echo 1 >artifacts/x")
    assert main.wait(PATIENCE) == 0
    assert keeper.wait(PATIENCE) == TOO_LATE


@pytest.mark.parametrize(("first", "code"), [("", 143), ("trap '' TERM; ", -signal.SIGKILL)])
def test_a_command_that_runs_too_long_is_told_and_then_killed(pod: Pod, first: str, code: int) -> None:
    itself = "mkdir /proc/$$; echo 0::/main >/proc/$$/cgroup; "
    main = pod.main(f"{first}{itself}echo 1 >artifacts/x; exec sleep 1000")
    (pod.folder / "proc" / str(main.pid)).mkdir()
    (pod.folder / "proc" / str(main.pid) / "cgroup").write_text("0::/main\n")
    keeper = pod.keeper(deadline=2)
    assert main.wait(PATIENCE) == code
    assert (pod.folder / "dev/termination-log").read_text() == f"{LATE}\n"
    assert pod.start(list(COLLECTED)).wait(PATIENCE) == 0
    assert keeper.wait(PATIENCE) == 0


def test_what_has_ended_before_is_not_late(pod: Pod) -> None:
    keeper, main = pod.keeper(3, deadline=2), pod.main("echo 1 >artifacts/x")
    assert main.wait(PATIENCE) == 0
    assert keeper.wait(PATIENCE) == TOO_LATE
    assert not (pod.folder / "dev/termination-log").exists()


@pytest.mark.parametrize("text", ["TERM", "KILL"])
def test_all_of_the_command_is_told_and_the_oldest_first(pod: Pod, text: str) -> None:
    """Which processes they are is said by ``/proc`` alone: these are no processes at all."""
    cgroups = {"1": "pause", "7": "main", "8": "keeper", "9": "main", "12": "main", "110": "node", "99": ""}
    for pid, cgroup in {**cgroups, "1000": "main"}.items():
        (pod.folder / "proc" / pid).mkdir()
        (pod.folder / "proc" / pid / "cgroup").write_text(f"2:cpu:/\n0::/{cgroup}\n" if cgroup else "")
    tell = KILL[-1].replace("KILL", text).replace("kill ", "echo ")
    assert pod.start(["", "-c", tell]).communicate(timeout=PATIENCE) == ("", "")
    for first, told in (("9", ["7", "9", "12", "1000"]), ("99", []), ("98", [])):
        (pod.folder / "jobsub/run/pid").write_text(f"{first}\n")
        out, _ = pod.start(["", "-c", tell]).communicate(timeout=PATIENCE)
        assert out.splitlines() == [f"-{text} {pid}" for pid in told]


def test_the_keeper_knows_main_by_its_first_process(pod: Pod) -> None:
    keeper, main = pod.keeper(), pod.main("cat /jobsub/run/pid")
    assert main.communicate(timeout=PATIENCE)[0] == f"{main.pid}\n"
    assert keeper.wait(PATIENCE) == 0


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a tag, a branch and something newer."""
    folder = tmp_path_factory.mktemp("repository")
    for command in ("init -q -b main", "config user.name A", "config user.email a@example.com"):
        _git(folder, *command.split())
    for number in range(3):
        (folder / "data").write_text(str(number))
        _git(folder, "add", "data")
        _git(folder, "commit", "-qm", "more")
        _git(folder, *(("tag", "v1"), ("branch", "side"), ("tag", "-f", "newest"))[number])
    return folder


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(("ref", "data"), [("HEAD", "2"), ("v1", "0"), ("side", "1"), ("main", "2")])
def test_a_repository_is_fetched_as_it_was_at_a_commit(
    pod: Pod, repository: Path, ref: str, data: str
) -> None:
    (pod.folder / "datasets/d").mkdir(parents=True)
    fetch = pod.start(fetch_command(f"file://{repository}", ref, "/datasets/d"))
    assert fetch.communicate(timeout=PATIENCE) == ("", "")
    assert (pod.folder / "datasets/d/data").read_text() == data
    assert _git(pod.folder / "datasets/d", "rev-list", "--count", "HEAD") == "1\n"


@pytest.mark.parametrize(
    ("env", "words"),
    [({}, "The dataset could not be fetched: {} at none."), ({"PATH": "/none"}, "The image has no git")],
)
def test_what_keeps_it_from_being_fetched_is_told(
    pod: Pod, repository: Path, env: dict[str, str], words: str
) -> None:
    (pod.folder / "datasets/d").mkdir(parents=True)
    address = f"file://{repository}"
    fetch = pod.start(fetch_command(address, "none", "/datasets/d"), env)
    _, err = fetch.communicate(timeout=PATIENCE)
    assert fetch.returncode == 1
    told = (pod.folder / "dev/termination-log").read_text()
    assert told.startswith(words.format(address))
    assert err.endswith(told)
