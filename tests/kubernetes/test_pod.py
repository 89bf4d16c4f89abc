"""What a task's Pod does on a real cluster, without an engine."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_jobsub.engines.base import Launch
from jupyter_jobsub.engines.kubernetes import names
from jupyter_jobsub.engines.kubernetes.api import Api, Refused
from jupyter_jobsub.engines.kubernetes.entry import COLLECTED, KILL, TOO_LATE
from jupyter_jobsub.engines.kubernetes.overlap import without_beginning
from jupyter_jobsub.engines.kubernetes.pod import Terms, build, void_pod
from jupyter_jobsub.engines.kubernetes.settings import parse_settings
from jupyter_jobsub.model.catalog import Image
from jupyter_jobsub.model.job import JobId, TaskKey
from jupyter_jobsub.model.resources import Resources
from jupyter_jobsub.model.spec import JobSpec
from tests.kubernetes.cluster import JOB_IMAGE
from tests.kubernetes.cluster.api import wait
from tests.kubernetes.namespaces import Namespace
from tests.kubernetes.pods import connected, phase, scenario, until

NUMBERS = itertools.count(1)
TERMS = Terms("store-1", {"PROXY": "none"}, grace=10)
SLEEP = "while :; do sleep 0.1; done"
LITTLE = Resources(20, 64 * 2**20)
HALT = {"spec": {"activeDeadlineSeconds": 1}}


def task(command: str = "true", **changes: Any) -> Launch:
    """A launch; changes are its own, or of its spec."""
    key = changes.pop("key", TaskKey(JobId(f"job-{next(NUMBERS)}"), 1))
    own = {name: changes.pop(name) for name in list(changes) if name in Launch.__dataclass_fields__}
    what = {} if {"script", "notebook", "task_roles"} & set(changes) else {"command": command}
    spec = JobSpec.model_validate(what | changes)
    image = Image("base", JOB_IMAGE)
    return replace(Launch(key, spec, image, LITTLE, Path("/x"), Path("/y"), "ann", "lab"), **own)


class Lab:
    """Makes Pods of launches, as an engine does, and looks at them."""

    def __init__(self, api: Api) -> None:
        self.api = api

    async def start(self, launch: Launch, **settings: Any) -> str:
        """Create what a task needs; answer its Pod's name."""
        objects = build(launch, parse_settings(settings), TERMS)
        for secret in objects.secrets:
            await self._provide("secrets", secret)
        if objects.service:
            await self._provide("services", objects.service)
        await self.api.create("pods", objects.pod)
        return names.pod_name(launch.key)

    async def _provide(self, kind: Any, body: names.Object) -> None:
        with contextlib.suppress(Refused):  # another task of the attempt has made it
            await self.api.create(kind, body)

    async def ended(self, name: str) -> dict[str, dict[str, Any]]:
        """How each container has ended, once all have."""
        pod = await phase(self.api, name, "Succeeded", "Failed")
        found = pod["status"].get("initContainerStatuses", []) + pod["status"]["containerStatuses"]
        return {status["name"]: status["state"]["terminated"] for status in found}

    async def code(self, name: str) -> int:
        """Exit code of the command."""
        code: int = (await self.ended(name))["main"]["exitCode"]
        return code

    async def run(self, launch: Launch, **settings: Any) -> tuple[int, str]:
        """Run a task to its end: its exit code and its log."""
        name = await self.start(launch, **settings)
        return await self.code(name), (await self.log(name)).decode()

    async def log(self, name: str, container: str = "main") -> bytes:
        async with self.api.log(name, container) as log:
            lines = without_beginning(await log.read()).split(b"\n")
        return b"\n".join(line.partition(b" ")[2] for line in lines)

    async def logged(self, name: str, text: str) -> None:
        """Wait until the command has written a text."""
        await phase(self.api, name, "Running", "Succeeded", "Failed")

        async def written() -> bool:
            return text.encode() in await self.log(name)

        await until(written)

    async def exec(self, name: str, *command: str) -> tuple[int | None, str]:
        async with self.api.exec(name, "keeper", command) as done:
            out = await done.read()
            return done.exit_code, out.decode()

    async def halt(self, name: str) -> None:
        await self.api.patch("pods", name, HALT)


@asynccontextmanager
async def opened(namespace: Namespace) -> AsyncIterator[Lab]:
    async with connected(namespace.kubeconfig) as api:
        yield Lab(api)


@scenario
async def test_the_command_is_run_as_it_is_written(namespace: Namespace) -> None:
    odd = "\t$HOME $(HOME) $$ ${A} `x` \\ \\\\ ' \" %s é 日本\r\n\n  !x {} \x01\x7f"
    digests = 'for text in "$BASH_EXECUTION_STRING" "$ODD"; do printf \'%s\' "$text" | sha256sum; done'
    command = f"{digests}; : <<'END'\n{odd}\nEND\nprintf '%s|' 'a  b'\n"
    async with opened(namespace) as lab:
        told = [f"{hashlib.sha256(text.encode()).hexdigest()}  -\n" for text in (command, odd)]
        assert await lab.run(task(command, env={"ODD": odd})) == (0, f"{''.join(told)}a  b|")


@scenario
async def test_a_long_command_and_many_variables_get_there(namespace: Namespace) -> None:
    command = "echo ${#BASH_EXECUTION_STRING} $(env | grep -c ^V_)" + " " * 120_000
    env = {f"V_{number}": "x" * 100_000 for number in range(11)}
    async with opened(namespace) as lab:
        assert await lab.run(task(command, env=env)) == (0, f"{len(command)} 11\n")


@scenario
async def test_its_end_is_the_task_s(namespace: Namespace) -> None:
    """What it leaves running ends with it, and so does the Pod."""
    commands = {"exit 0": 0, "exit 42": 42, "kill -9 $$": 137, "no-such-program": 127}
    commands |= {"sleep 1000 & exit 5": 5, "trap '' TERM; setsid sleep 1000 & exit 6": 6}
    async with opened(namespace) as lab:
        running = [await lab.start(task(command)) for command in commands]
        assert [await lab.code(name) for name in running] == list(commands.values())
        ends = [await lab.ended(name) for name in running]
        assert {end["keeper"]["exitCode"] for end in ends} == {0}
        assert await lab.log(running[0]) == await lab.log(running[2]) == b""


@scenario
async def test_who_uses_too_much_memory_is_told_so(namespace: Namespace) -> None:
    """Though it is not the container's first process that is killed for it."""
    command = "python3 -c 'x = b\"x\" * 200_000_000'; code=$?; echo after; exit $code"
    async with opened(namespace) as lab:
        end = (await lab.ended(await lab.start(task(command))))["main"]
        assert (end["exitCode"], end["reason"]) == (137, "OOMKilled")


@scenario
async def test_term_reaches_all_of_it(namespace: Namespace) -> None:
    python = "import signal, sys, time\ndef save(*_):\n time.sleep(1); print('saved'); sys.exit(4)\n"
    python += "signal.signal(signal.SIGTERM, save); print('up'); time.sleep(1000)"
    async with opened(namespace) as lab:
        shell = await lab.start(task(f"trap 'echo bye; exit 3' TERM; echo up; {SLEEP}"))
        several = await lab.start(task(f'python3 -c "{python}"; echo never'))
        ready = await lab.start(task(f"echo up; exec python3 -c {json.dumps(SLOW)}"))
        for name in (shell, several, ready):
            await lab.logged(name, "up\n")
            await lab.halt(name)
        assert [await lab.code(name) for name in (shell, several, ready)] == [3, 143, 9]
        assert (await lab.log(shell)).endswith(b"bye\n")
        assert await lab.log(several) == b"up\nsaved\n"


SLOW = "import signal; signal.signal(signal.SIGTERM, lambda *_: exit(9)); signal.pause()"


@scenario
async def test_kill_ends_all_of_it_but_the_keeper(namespace: Namespace) -> None:
    command = (
        f"trap '' TERM; setsid bash -c \"trap '' TERM; {SLEEP}\" & echo 1 >artifacts/x; echo up; {SLEEP}"
    )
    async with opened(namespace) as lab:
        name = await lab.start(task(command))
        await lab.logged(name, "up\n")
        await lab.halt(name)
        await lab.exec(name, *KILL)
        assert await until(lambda: _alone(lab, name))
        assert await lab.exec(name, "cat", "/jobsub/artifacts/x") == (0, "1\n")
        await lab.exec(name, *COLLECTED)
        ends = await lab.ended(name)
        assert (ends["main"]["exitCode"], ends["keeper"]["exitCode"]) == (137, 0)


async def _alone(lab: Lab, name: str) -> bool:
    """Nothing of the command is left: it alone had a `sleep` of a tenth."""
    _, out = await lab.exec(name, "bash", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '")
    return "sleep 0.1" not in out.replace(SLEEP, "")


@scenario
async def test_artifacts_are_kept_until_they_are_fetched(namespace: Namespace) -> None:
    """Also when it was told to end; what has none to keep does not stay."""
    async with opened(namespace) as lab:
        ended = await lab.start(task("echo 1 >$JOBSUB_ARTIFACTS/x; exit 7"))
        halted = await lab.start(task(f"mkdir artifacts/.a; echo up; {SLEEP}"))
        late = await lab.start(task("echo 1 >artifacts/x"), collect_timeout_seconds=1)
        await lab.logged(halted, "up\n")
        await lab.halt(halted)
        await until(lambda: _alone(lab, halted))
        for name, kept in ((ended, "x\n"), (halted, ".a\n")):
            await phase(lab.api, name, "Running")
            assert await lab.exec(name, "ls", "-A", "/jobsub/artifacts") == (0, kept)
            await lab.exec(name, *COLLECTED)
        assert await lab.code(ended) == 7
        assert (await lab.ended(halted))["keeper"]["exitCode"] == 0
        assert (await lab.ended(late))["keeper"]["exitCode"] == TOO_LATE


@scenario
async def test_what_a_task_finds_before_its_command_begins(namespace: Namespace) -> None:
    script = (
        "pwd; ls -d */; echo 1 >lab/x; cat /project/lab/x datasets/one/y; printenv PRIMEHUB_USER"
        " PRIMEHUB_GROUP PROXY TOKEN HOME; echo 2 >datasets/one/y || echo read-only"
    )
    async with opened(namespace) as lab, _folder(lab) as folder:
        datasets = {"one": f"{folder}/one", "keys": '{"env": {"TOKEN": "t"}}'}
        source = {"script": f"{folder}/lab/deep/a b.py", "snapshot": IMPORTS.encode()}
        found, there, imported = await asyncio.gather(
            lab.run(task(script, volume=f"{folder}/lab", datasets=datasets)),
            lab.run(task("pwd", volume=f"{folder}/lab", working_dir=f"{folder}/lab/deep")),
            lab.run(task(volume=f"{folder}/lab", **source)),
        )
        *lines, said, last = found[1].splitlines()
        assert lines == [
            *("/home/jovyan", "artifacts/", "datasets/", "lab/", "1", "given", "ann", "lab", "none", "t"),
            "/home/jovyan",
        ]
        assert "Read-only file system" in said
        assert last == "read-only"
        assert there == (0, "/project/lab/deep\n")
        assert imported == (0, "5 /project/lab/deep\n")


IMPORTS = "import helper, os; print(helper.x, os.getcwd())"


@asynccontextmanager
async def _folder(lab: Lab) -> AsyncIterator[str]:
    """A folder of the node, filled and emptied by Pods."""
    name = f"jobsub-{secrets.token_hex(4)}"
    fill = (
        f"cd /project/lab && mkdir -p {name}/lab/deep {name}/one {name}/claim"
        f" && echo x=5 >{name}/lab/deep/helper.py && echo given >{name}/one/y"
    )
    assert await lab.run(task(fill, volume="/tmp")) == (0, "")
    try:
        yield f"/tmp/{name}"
    finally:
        await lab.run(task(f"rm -r /project/lab/{name}", volume="/tmp"))


@scenario
async def test_a_volume_may_be_a_claim(namespace: Namespace) -> None:
    write = "cat datasets/d/x; ! echo 2 >datasets/d/x"
    async with opened(namespace) as lab, _folder(lab) as folder:
        with _claimed(namespace, f"{folder}/claim"):
            assert await lab.run(task("echo 1 >lab/x", volume="pvc:lab/sub")) == (0, "")
            whole, refused = await asyncio.gather(
                lab.run(task("cat lab/sub/x", volume="pvc:lab")),
                lab.run(task(write, datasets={"d": "pvc:lab/sub"})),
            )
        assert whole == (0, "1\n")
        assert (refused[0], refused[1].splitlines()[0]) == (0, "1")


@contextlib.contextmanager
def _claimed(namespace: Namespace, folder: str) -> Iterator[None]:
    """A claim named ``lab`` of a volume made by hand."""
    name, call = f"{namespace.name}-lab", namespace.api.call
    volumes, claims = "/api/v1/persistentvolumes", f"{namespace.path}/persistentvolumeclaims"
    alike = {"storageClassName": "", "accessModes": ["ReadWriteMany"]}
    size = {"storage": "1Mi"}
    volume = {**alike, "capacity": size, "hostPath": {"path": folder}}
    claim = {**alike, "volumeName": name, "resources": {"requests": size}}
    call("POST", volumes, {"metadata": {"name": name}, "spec": volume})
    call("POST", claims, {"metadata": {"name": "lab"}, "spec": claim})
    try:
        yield
    finally:
        call("DELETE", f"{claims}/lab")
        call("DELETE", f"{volumes}/{name}")


@scenario
async def test_a_repository_that_can_t_be_fetched_is_told(namespace: Namespace) -> None:
    datasets = {"d": '{"git": "https://127.0.0.1:1/d.git"}'}
    async with opened(namespace) as lab:
        name = await lab.start(task(datasets=datasets))
        pod = await phase(lab.api, name, "Failed")
        (fetch,) = pod["status"]["initContainerStatuses"]
        assert "git" in fetch["state"]["terminated"]["message"]


@scenario
async def test_secrets_are_nowhere_in_the_pod(namespace: Namespace) -> None:
    secret = f"s3cret-{secrets.token_hex(4)}"
    async with opened(namespace) as lab:
        launch = task("echo $PASSWORD", env={"PASSWORD": secret})
        assert await lab.run(launch) == (0, f"{secret}\n")
        assert secret not in json.dumps(await lab.api.get("pods", names.pod_name(launch.key)))


@scenario
async def test_it_may_do_nothing_that_it_need_not(namespace: Namespace) -> None:
    look = (
        "grep -E '^(Cap(Prm|Eff|Bnd)|NoNewPrivs|Seccomp):' /proc/self/status | tr -s '\\t\\n' '  ';"
        " ls /var/run/secrets 2>&1; env | grep -c _SERVICE_HOST; printenv NVIDIA_VISIBLE_DEVICES"
    )
    none = "0" * 16
    async with opened(namespace) as lab:
        code, out = await lab.run(task(look))
        assert out.startswith(f"CapPrm: {none} CapEff: {none} CapBnd: {none} NoNewPrivs: 1 Seccomp: 2 ")
        assert "No such file" in out
        assert out.splitlines()[-2:] == ["1", "void"]  # kubernetes itself
        assert code == 0


@scenario
async def test_whoever_runs_it_can_write_where_it_should(namespace: Namespace) -> None:
    """As in Jupyter's images, whose user is 1000 of group 100."""
    write = (
        "id -u; id -g; for place in . artifacts /dev/shm; do echo 1 >$place/x && rm $place/x; done;"
        " echo 2 >artifacts/y; df -B1 --output=size /dev/shm | tail -1 | tr -d ' ';"
        " echo words >$JOBSUB_TERMINATION_LOG"
    )
    settings = {"run_as_user": 1000, "run_as_group": 100, "shm_size": "32Mi"}
    async with opened(namespace) as lab:
        name = await lab.start(task(write, resources=Resources(20, 128 * 2**20)), **settings)
        await lab.logged(name, f"{32 * 2**20}\n")
        assert await lab.log(name) == f"1000\n100\n{32 * 2**20}\n".encode()
        await until(lambda: _kept(lab, name))
        await lab.exec(name, *COLLECTED)
        ends = await lab.ended(name)
        assert (ends["main"]["exitCode"], ends["main"]["message"]) == (0, "words\n")
        owned = task("id -G; stat -c %g . artifacts", resources=LITTLE)
        assert await lab.run(owned, fs_group=200, run_as_user=1000) == (0, "0 200\n200\n200\n")


async def _kept(lab: Lab, name: str) -> bool:
    pod = await lab.api.get("pods", name)
    states = {s["name"]: s["state"] for s in pod["status"]["containerStatuses"]} if pod else {}
    return "terminated" in states["main"] and "running" in states["keeper"]


@scenario
async def test_the_tasks_of_a_gang_find_each_other(namespace: Namespace) -> None:
    serve = "import os, socket; s = socket.create_server(('', int(os.environ['JOBSUB_PORT_P'])));"
    serve += "print(s.accept()[0].recv(9).decode())"
    call = "until exec 3<>/dev/tcp/$JOBSUB_HOST_PS_0/$JOBSUB_PORT_PS_0_P; do sleep 0.2; done 2>/dev/null"
    roles = [
        {"name": "ps", "command": f'python3 -c "{serve}"', "ports": [{"label": "p"}]},
        {"name": "worker", "command": f"{call}; echo hello >&3"},
    ]
    job = JobId(f"job-{next(NUMBERS)}")
    async with opened(namespace) as lab:
        running = [
            await lab.start(task(task_roles=roles, key=TaskKey(job, 1, role))) for role in ("worker", "ps")
        ]
        assert [await lab.code(name) for name in running] == [0, 0]
        assert (await lab.log(running[1])).strip() == b"hello"


@scenario
async def test_a_tombstone_keeps_the_name_and_never_runs(namespace: Namespace) -> None:
    launch = task()
    async with opened(namespace) as lab:
        await lab.api.create("pods", void_pod(launch.key, TERMS.store))
        with pytest.raises(Refused) as caught:
            await lab.start(launch)
        assert caught.value.status == 409
        pod = await lab.api.get("pods", names.pod_name(launch.key))
        assert pod
        assert pod["status"]["phase"] == "Pending"
        assert names.key_of(pod) == launch.key
        await lab.api.delete("pods", names.pod_name(launch.key))


def _odd() -> Iterator[tuple[Launch, dict[str, Any]]]:
    long = JobId("j" + 62 * "x")
    roles = [{"name": "r" * 31, "tasks": 1000, "command": "x", "ports": [{"label": "p", "count": 4}]}]
    yield task(key=TaskKey(long, 10**6)), {}
    yield task(task_roles=roles, key=TaskKey(long, 1, "r" * 31, 999)), {}
    yield task(user="Ann Ü <ann@example.com>", group="Group 7 (ü)", volume="/tmp"), {}
    datasets = {
        "a b": "nfs:files.example.com:/data",
        "ü": '{"pvc": "x", "sub_path": "a/b c"}',
        "git": '{"git": "git@example.com:x.git", "ref": "v1"}',
    }
    yield task(datasets=datasets, volume="nfs:10.0.0.1:/x"), {}
    yield task(resources=Resources(gpu={"A100": 1}), deadline_seconds=366 * 24 * 3600), {}
    settings = {
        "gpu_types": {"A100": {"resource": "amd.com/gpu", "node_selector": {"example.com/gpu": "A100"}}},
        "tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 3}],
        "affinity": {"podAntiAffinity": {}},
        "service_account": "default",
        "image_pull_secrets": ["registry"],
        "image_pull_policy": "Always",
        "labels": {"example.com/team": "a_b.c"},
        "annotations": {"example.com/note": "any text\nü"},
        "run_as_user": 0,
        "run_as_group": 0,
        "fs_group": 0,
    }
    yield task(script="/a/ü b.py", snapshot=b"x" * 2_000_000, resources=Resources(gpu={"A100": 1})), settings


@pytest.mark.parametrize("number", range(6))
def test_a_cluster_takes_whatever_is_built(namespace: Namespace, number: int) -> None:
    launch, settings = list(_odd())[number]
    objects = build(launch, parse_settings(settings), TERMS)
    for secret in objects.secrets:
        namespace.api.call("POST", f"{namespace.path}/secrets?dryRun=All", secret)
    if objects.service:
        namespace.api.call("POST", f"{namespace.path}/services?dryRun=All", objects.service)
    made = namespace.api.call("POST", f"{namespace.path}/pods?dryRun=All", objects.pod)
    assert names.key_of(made) == launch.key


def test_the_strictest_standard_takes_it(namespace: Namespace) -> None:
    strict = replace(namespace, name=f"{namespace.name}-restricted")
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    strict.api.call("POST", "/api/v1/namespaces", {"metadata": {"name": strict.name, "labels": labels}})
    try:
        accounts = f"{strict.path}/serviceaccounts"
        wait("the default service account", lambda: strict.api.call("GET", accounts)["items"])
        datasets = {"git": '{"git": "https://example.com/x.git"}', "claim": "pvc:data"}
        launch = task(volume="pvc:lab", datasets=datasets, env={"A": "b"})
        settings = parse_settings({"run_as_user": 1000, "run_as_non_root": True, "shm_size": "1Gi"})
        for pod in (build(launch, settings, TERMS).pod, void_pod(launch.key, TERMS.store)):
            strict.api.call("POST", f"{strict.path}/pods?dryRun=All", pod)
        root = build(launch, parse_settings({}), TERMS).pod
        with pytest.raises(RuntimeError, match="runAsNonRoot"):
            strict.api.call("POST", f"{strict.path}/pods?dryRun=All", root)
    finally:
        strict.api.call("DELETE", strict.path)
