"""What comes late, twice, not at all or from somebody else: every task runs once at most and ends once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_jobsub.engines.base import Waiting
from jupyter_jobsub.engines.kubernetes import names
from jupyter_jobsub.engines.kubernetes import pod as pod_module
from jupyter_jobsub.engines.kubernetes.api import Api
from jupyter_jobsub.engines.kubernetes.containers import terminated
from jupyter_jobsub.engines.kubernetes.errors import Refused, Unreachable
from jupyter_jobsub.engines.kubernetes.pod import Terms, build, void_pod
from jupyter_jobsub.engines.kubernetes.settings import parse_settings
from jupyter_jobsub.errors import EngineError, EngineUnavailable
from jupyter_jobsub.model.catalog import Image
from jupyter_jobsub.model.job import JobId, Reason, TaskKey
from jupyter_jobsub.model.resources import Resources
from tests.engines.lab import scenario
from tests.kubernetes.lab import STORE, ClusterLab, lab_in
from tests.kubernetes.namespaces import Namespace
from tests.kubernetes.pods import connected, shell, until

MARKED = "echo >>runs; echo up; "
ROLES = [
    {"name": "server", "command": "env", "ports": [{"label": "web"}]},
    {"name": "client", "tasks": 2, "command": "env"},
]


@pytest.fixture
def lab(namespace: Namespace, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> ClusterLab:
    return lab_in(namespace, tmp_path_factory.mktemp("lab"), tmp_path)


@pytest.fixture
def administrator(namespace: Namespace) -> Any:
    return lambda: connected(namespace.admin)


@asynccontextmanager
async def lost_answers(lab: ClusterLab, call: str, times: int = 1) -> AsyncIterator[None]:
    """Have the API server do what it is asked, and nobody hear of it."""
    api = lab.engine._api
    real, left = getattr(api, call), [times]

    async def lossy(kind: str, *args: Any, **more: Any) -> Any:
        answer = await real(kind, *args, **more)
        if kind == "pods" and left[0]:
            left[0] -= 1
            raise Unreachable("the connection was cut")
        return answer

    setattr(api, call, lossy)
    try:
        yield
    finally:
        setattr(api, call, real)


@scenario
async def test_a_pod_whose_creation_was_not_heard_of_runs_once(lab: ClusterLab, tmp_path: Path) -> None:
    launch = lab.task(MARKED, working_dir=str(tmp_path))
    async with lost_answers(lab, "create"):
        with pytest.raises(EngineUnavailable):
            await lab.send(launch)
        await lab.send(launch)
    assert (await lab.ended(launch.key)).exit_code == 0
    assert (tmp_path / "runs").read_text() == "\n"
    assert [kind for kind in lab.kinds(launch.key) if kind != "Waiting"] == ["Started", "Ended"]


@scenario
async def test_who_is_killed_before_it_hears_of_its_pod_finds_it(lab: ClusterLab, tmp_path: Path) -> None:
    launch = lab.task(MARKED, working_dir=str(tmp_path))
    async with lost_answers(lab, "create"):
        with pytest.raises(EngineUnavailable):
            await lab.send(launch)
    await lab.restart()
    await lab.send(launch)
    assert (await lab.ended(launch.key)).exit_code == 0
    assert (tmp_path / "runs").read_text() == "\n"


@scenario
async def test_a_creation_that_comes_after_the_halt_finds_the_name_taken(
    lab: ClusterLab, tmp_path: Path
) -> None:
    launch = lab.task(MARKED, working_dir=str(tmp_path))
    await lab.engine.halt(launch.key, 0)
    assert (await lab.ended(launch.key)).reason is Reason.HALTED
    late = build(launch, parse_settings({}), Terms(STORE, {})).pod
    with pytest.raises(Refused) as refused:
        await lab.engine._api.create("pods", late)
    assert refused.value.status == 409
    lab.launched[launch.key] = launch
    assert not (tmp_path / "runs").exists()


@scenario
async def test_a_creation_that_comes_when_all_is_over_is_undone(
    lab: ClusterLab, tmp_path: Path, administrator: Any
) -> None:
    launch = lab.task(MARKED, working_dir=str(tmp_path))
    await lab.ended(await lab.send(launch))
    await lab.engine.settled(launch.key)
    async with administrator() as admin:
        await _gone(admin, names.pod_name(launch.key))
        late = build(launch, parse_settings({}), Terms(STORE, {})).pod
        held = {"metadata": {**late["metadata"], "finalizers": [names.FINALIZER]}}
        gated = {"spec": {**late["spec"], "schedulingGates": [{"name": "example.com/never"}]}}
        await admin.create("pods", {**late, **held, **gated})
        await _gone(admin, names.pod_name(launch.key))


@scenario
async def test_what_runs_too_long_is_ended_while_nobody_is_there(
    lab: ClusterLab, administrator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pod_module, "SLACK", 1)
    saves = "trap 'echo saved; exit 3' TERM; echo 1 >artifacts/model; while :; do sleep 0.2; done"
    launch = lab.task(f"echo up; {saves}", deadline_seconds=5)
    await lab.started(await lab.send(launch))
    await lab.engine.close()
    async with administrator() as admin:

        async def over() -> bool:
            return bool(terminated(await admin.get("pods", names.pod_name(launch.key)), names.MAIN))

        await until(over)
    await lab.open()
    await lab.send(replace(launch, started=True))
    ended = await lab.ended(launch.key)
    assert (ended.exit_code, ended.reason) == (3, Reason.DEADLINE_EXCEEDED)
    assert lab.log(launch.key).endswith("saved\n")
    assert (launch.artifacts / "model").read_text() == "1\n"


@scenario
async def test_what_nobody_settled_goes_when_the_engine_is_opened(
    lab: ClusterLab, administrator: Any
) -> None:
    over = await lab.launch("true", env={"TOKEN": "secret"})
    await lab.ended(over)
    runs = await lab.launch("sleep 1000", job="job-2", env={"TOKEN": "secret"})
    lab.over.add(over.job)
    async with administrator() as admin:
        selector = names.selector(STORE)
        assert {name[:5] for name in await admin.uids("secrets", selector)} == {"job-1", "job-2"}
        await lab.restart()
        await _gone(admin, "job-1")

        async def tidied() -> bool:
            return {name[:5] for name in await admin.uids("secrets", selector)} == {"job-2"}

        await until(tidied)
        assert list(await admin.uids("pods", selector)) == [names.pod_name(runs)]


@scenario
async def test_a_creation_that_comes_after_a_restart_when_all_is_over_is_undone(
    lab: ClusterLab, tmp_path: Path, administrator: Any
) -> None:
    launch = lab.task(MARKED, working_dir=str(tmp_path))
    lab.over.add(launch.key.job)
    async with administrator() as admin:
        late = build(launch, parse_settings({}), Terms(STORE, {})).pod
        held = {"metadata": {**late["metadata"], "finalizers": [names.FINALIZER]}}
        gated = {"spec": {**late["spec"], "schedulingGates": [{"name": "example.com/never"}]}}
        await admin.create("pods", {**late, **held, **gated})
        await _gone(admin, names.pod_name(launch.key))


@scenario
async def test_an_earlier_attempt_that_somebody_keeps_is_waited_for(
    lab: ClusterLab, administrator: Any
) -> None:
    await lab.ended(await lab.launch("true"))
    async with administrator() as admin:
        theirs = {"metadata": {"finalizers": ["example.com/theirs"]}}
        await admin.patch("pods", "job-1", theirs)
        again = lab.task("echo again", attempt=2)
        with pytest.raises(EngineUnavailable, match="earlier attempt"):
            await lab.send(again)
        assert (await admin.get("pods", "job-1"))["metadata"]["finalizers"] == ["example.com/theirs"]
        await admin.patch("pods", "job-1", {"metadata": {"finalizers": None}})
        await _gone(admin, "job-1")
    await lab.send(again)
    assert (await lab.ended(again.key)).exit_code == 0
    assert lab.log(again.key) == "again\n"


@scenario
async def test_an_answer_that_comes_late_does_not_hide_what_was_seen_since(lab: ClusterLab) -> None:
    api, told = lab.engine._api, asyncio.Event()
    real, seen = api.create, lab.engine._changed

    async def slow(kind: Any, body: Any) -> Any:
        made = await real(kind, body)
        if kind == "pods":
            await told.wait()
        return made

    def changed(name: str, pod: Any) -> None:
        seen(name, pod)
        if pod and pod["status"].get("phase") == "Succeeded":
            told.set()

    lab.engine._mirror._changed = changed
    setattr(api, "create", slow)  # noqa: B010
    try:
        assert (await lab.run("true")).exit_code == 0
    finally:
        setattr(api, "create", real)  # noqa: B010


@scenario
async def test_a_halt_that_was_not_heard_of_is_made_again(lab: ClusterLab) -> None:
    key = await lab.launch("trap '' TERM; echo up; while :; do sleep 0.01; done")
    await lab.logged(key, "up")
    async with lost_answers(lab, "patch"):
        with pytest.raises(EngineUnavailable):
            await lab.engine.halt(key, 0)
        await lab.engine.halt(key, 0)
    assert (await lab.ended(key)).reason is Reason.HALTED


@scenario
async def test_a_halt_goes_on_where_another_life_has_left_it(lab: ClusterLab) -> None:
    launch = lab.task("trap '' TERM; echo up; while :; do sleep 0.01; done")
    await lab.send(launch)
    await lab.logged(launch.key, "up")
    await lab.engine.halt(launch.key, 0.5)
    await lab.restart()
    await lab.send(launch)  # nobody asks for the halt again
    ended = await lab.ended(launch.key)
    assert (ended.exit_code, ended.reason) == (137, Reason.HALTED)


@scenario
async def test_a_pod_of_somebody_else_is_left_alone(lab: ClusterLab, administrator: Any) -> None:
    async with administrator() as admin:
        theirs = shell("job-1", "sleep 1000")
        theirs["spec"]["schedulingGates"] = [{"name": "example.com/never"}]
        await admin.create("pods", theirs)
        with pytest.raises(EngineError, match="the name job-1 is taken"):
            await lab.launch()
        await lab.engine.halt(TaskKey(JobId("job-1"), 1), 0)
        assert (await lab.ended(TaskKey(JobId("job-1"), 1))).reason is Reason.HALTED
        await lab.engine.purge(JobId("job-1"))
        found = await admin.get("pods", "job-1")
        assert found
        assert "deletionTimestamp" not in found["metadata"]
        await admin.delete("pods", "job-1")
        await _gone(admin, "job-1")


@scenario
async def test_a_pod_that_is_deleted_while_it_runs_tells_how_it_ended(
    lab: ClusterLab, administrator: Any
) -> None:
    key = await lab.launch("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done")
    await lab.logged(key, "up")
    async with administrator() as admin:
        await admin.delete("pods", names.pod_name(key))
    ended = await lab.ended(key)
    assert (ended.exit_code, ended.reason) == (3, Reason.ERROR)
    assert "deleted" in ended.message
    log = lab.log(key)  # with what the shell says of its own child, perhaps
    assert log.startswith("up\n")
    assert "\nbye\n" in log  # after which nobody can say that there was no more


@scenario
async def test_a_pod_that_is_deleted_while_nobody_looks_is_not_run_again(
    lab: ClusterLab, tmp_path: Path, administrator: Any
) -> None:
    launch = lab.task(MARKED + "sleep 1000", working_dir=str(tmp_path))
    await lab.send(launch)
    await lab.logged(launch.key, "up")
    await lab.engine.close()
    async with administrator() as admin:
        await admin.delete("pods", names.pod_name(launch.key))
    await lab.open()
    await lab.send(launch)  # its start was never stored
    assert (await lab.ended(launch.key)).exit_code == 143
    assert (tmp_path / "runs").read_text() == "\n"


@scenario
async def test_a_pod_that_is_gone_whatever_keeps_it_is_lost(lab: ClusterLab, administrator: Any) -> None:
    key = await lab.launch("echo up; sleep 1000")
    await lab.logged(key, "up")
    async with administrator() as admin:
        released = {"metadata": {"$deleteFromPrimitiveList/finalizers": [names.FINALIZER]}}
        await admin.patch("pods", names.pod_name(key), released)
        await admin.delete("pods", names.pod_name(key), grace=0)
    ended = await lab.ended(key)
    assert (ended.exit_code, ended.reason) == (None, Reason.EXIT_UNKNOWN)
    assert lab.log(key).startswith("up\n")


@scenario
async def test_what_no_node_has_room_for_is_halted_over_a_restart(lab: ClusterLab, tmp_path: Path) -> None:
    launch = lab.task(MARKED, working_dir=str(tmp_path), resources=Resources(gpu={"gpu": 99}))
    await lab.send(launch)
    assert (await lab.find(Waiting, launch.key)).message
    await lab.restart()
    await lab.send(replace(launch, wanted=False))
    await lab.engine.halt(launch.key, 1000)
    ended = await lab.ended(launch.key)
    assert (ended.exit_code, ended.reason) == (None, Reason.HALTED)
    await lab.restart()
    await lab.send(launch)
    assert (await lab.ended(launch.key)).reason is Reason.HALTED
    assert not (tmp_path / "runs").exists()


@scenario
async def test_what_never_can_start_fails_and_stays_so(lab: ClusterLab) -> None:
    launch = lab.task(image=Image("x", "Not A Name"))
    await lab.send(launch)
    ended = await lab.ended(launch.key)
    assert (ended.exit_code, ended.reason) == (None, Reason.LAUNCH_FAILED)
    assert "Not A Name" in ended.message
    assert "Started" not in lab.kinds(launch.key)
    await lab.restart()
    await lab.send(launch)
    again = await lab.ended(launch.key)
    assert (again.reason, again.message) == (ended.reason, ended.message)


@asynccontextmanager
async def quota(namespace: Namespace) -> AsyncIterator[None]:
    """Let the namespace have one Pod, which it has."""
    path = f"{namespace.path}/resourcequotas"
    body = {"metadata": {"name": "few"}, "spec": {"hard": {"pods": "1"}}}
    await asyncio.to_thread(namespace.api.call, "POST", path, body)

    async def in_effect() -> bool:
        # the API server hears of a quota, and of what is used of it, some time after it was made
        another = {"metadata": {"name": "another"}, "spec": {"containers": [{"name": "main", "image": "x"}]}}
        try:
            await asyncio.to_thread(namespace.api.call, "POST", f"{namespace.path}/pods?dryRun=All", another)
        except RuntimeError as error:
            return "exceeded quota" in str(error)
        return False

    try:
        await until(in_effect)
        yield
    finally:
        await asyncio.to_thread(namespace.api.call, "DELETE", f"{path}/few")


@scenario
async def test_a_quota_of_the_cluster_is_waited_for(lab: ClusterLab, namespace: Namespace) -> None:
    first = await lab.launch("sleep 1000")
    async with quota(namespace):
        launch, other = lab.task(job="job-2"), lab.task(job="job-3")
        for refused in (launch, other):
            with pytest.raises(EngineUnavailable):
                await lab.send(refused)
            assert "quota" in (await lab.find(Waiting, refused.key)).message
        await lab.engine.halt(other.key, 0)
        assert (await lab.ended(other.key)).reason is Reason.HALTED
        await lab.engine.halt(first, 0)
        await lab.ended(first)

        async def launched() -> bool:
            try:
                await lab.send(launch)
            except EngineUnavailable:
                return False
            return True

        await until(launched)
        assert (await lab.ended(launch.key)).exit_code == 0


@scenario
async def test_of_what_is_settled_nothing_is_left_in_the_cluster(lab: ClusterLab, administrator: Any) -> None:
    keys = [TaskKey(JobId("job-1"), 1, *task) for task in (("server", 0), ("client", 0), ("client", 1))]
    for key in keys:
        await lab.launch(key=key, task_roles=ROLES, env={"MINE": "x"})
    ends = [await lab.ended(key) for key in keys]
    assert [end.exit_code for end in ends] == [0, 0, 0]
    async with administrator() as admin:
        selector = names.selector(STORE, JobId("job-1"))
        assert await admin.uids("secrets", selector)
        for key in keys[:2]:
            await lab.engine.settled(key)
        assert await admin.uids("secrets", selector)  # as long as one of them may need it
        await lab.engine.settled(keys[2])
        for kind in ("pods", "secrets", "services"):
            assert not await admin.uids(kind, selector), kind


@scenario
async def test_the_mark_of_a_task_that_never_ran_goes_with_its_end(
    lab: ClusterLab, administrator: Any
) -> None:
    key = TaskKey(JobId("job-1"), 1)
    await lab.engine.halt(key, 0)
    await lab.ended(key)
    async with administrator() as admin:
        assert await admin.get("pods", names.pod_name(key))
        await lab.engine.settled(key)
        assert await admin.get("pods", names.pod_name(key)) is None


@scenario
async def test_the_mark_of_an_earlier_attempt_gives_way_to_the_next(lab: ClusterLab) -> None:
    first = TaskKey(JobId("job-1"), 1)
    await lab.engine.halt(first, 0)
    await lab.ended(first)
    assert (await lab.run(attempt=2)).exit_code == 0


@scenario
async def test_what_an_attempt_had_that_nobody_settled_goes_before_the_next(
    lab: ClusterLab, administrator: Any
) -> None:
    for attempt in (1, 2):
        assert (await lab.run(attempt=attempt, env={"MINE": "x"})).exit_code == 0
    async with administrator() as admin:
        left = await admin.uids("secrets", names.selector(STORE, JobId("job-1")))
    assert {name.partition("-env")[0] for name in left} == {"job-1-2"}


@scenario
async def test_nothing_is_heard_of_who_is_closed_amid_a_launch(lab: ClusterLab, tmp_path: Path) -> None:
    launch = lab.task(MARKED, working_dir=str(tmp_path))
    engine = lab.engine
    await lab.send(launch)
    await engine.close()
    await engine.close()
    before = list(lab.seen)
    await lab.appears(tmp_path / "runs")
    assert lab.seen == before
    await lab.open()
    await lab.send(launch)
    assert (await lab.ended(launch.key)).exit_code == 0


@scenario
async def test_a_gang_finds_itself_by_the_names_that_it_is_told(lab: ClusterLab) -> None:
    serve = (
        "import os, socket; s = socket.create_server(('', int(os.environ['JOBSUB_PORT_WEB'])));"
        "c, _ = s.accept(); c.sendall(os.environ['JOBSUB_HOST'].encode()); c.close()"
    )
    ask = (
        "import os, socket, time\n"
        "where = os.environ['JOBSUB_HOST_SERVER_0'], int(os.environ['JOBSUB_PORT_SERVER_0_WEB'])\n"
        "while True:\n"
        "    try:\n"
        "        print(socket.create_connection(where).makefile().read()); break\n"
        "    except OSError: time.sleep(0.1)\n"
    )
    roles = [
        {"name": "server", "command": f'python3 -c "{serve}"', "ports": [{"label": "web"}]},
        {"name": "client", "command": f'python3 -c "{ask}"'},
    ]
    keys = [TaskKey(JobId("job-1"), 1, role) for role in ("client", "server")]
    for key in keys:
        await lab.launch(key=key, task_roles=roles)
    ends = [await lab.ended(key) for key in keys]
    assert [(end.exit_code, end.message) for end in ends] == [(0, ""), (0, "")]
    assert lab.log(keys[0]) == "server-0.job-1-1\n"


def test_a_mark_never_runs() -> None:
    pod = void_pod(TaskKey(JobId("job-1"), 1), STORE)
    assert pod["spec"]["schedulingGates"]


async def _gone(api: Api, name: str) -> None:
    async def gone() -> bool:
        return await api.get("pods", name) is None

    await until(gone)
