"""Jobs of several roles, through the whole service: they talk, and end as their counts say."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.live import QUICK_END, Live, live

CONFIG = """
c.JobsubService.cpu = 32
c.JobsubService.memory = "64Gi"
c.JobsubService.halt_grace_seconds = 5
c.JobsubService.gpus = [{"type": "A100", "count": 3}, {"type": "T4", "count": 2}]
c.JobsubService.instance_types = {
    "one": {"cpu": 1, "memory": "1Gi"},
    "big": {"cpu": 4, "memory": "2Gi", "gpu": {"A100": 2}},
    "small": {"cpu": 2, "memory": "1Gi", "gpu": {"T4": 1}},
}
"""
EXAMPLES = Path(__file__).parents[2] / "examples"
# answers each line that comes over a connection
SERVER = f"""exec {sys.executable} -c '
import os, socketserver
class Hello(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            print("asked", line.decode().strip(), flush=True)
            self.wfile.write(b"hello " + line)
address = os.environ["JOBSUB_HOST"], int(os.environ["JOBSUB_PORT_TCP"])
with socketserver.ThreadingTCPServer(address, Hello) as server:
    print("at", address[1], flush=True)
    server.serve_forever()
'"""
# a client's connection, at descriptor 3; who comes first tries again
SERVES = "/dev/tcp/$JOBSUB_HOST_SERVER_0/$JOBSUB_PORT_SERVER_0_TCP"
CONNECT = f"until {{ exec 3<>{SERVES}; }} 2>/dev/null; do sleep 0.05; done; "
ASK = f"{CONNECT} echo $JOBSUB_TASK_INDEX >&3; read -r answer <&3; echo $answer; "


@pytest.fixture(scope="module")
def service() -> Iterator[Live]:
    with live(CONFIG) as one:
        yield one


def gang(service: Live, client: str, clients: int = 2, server: str = SERVER, **changes: Any) -> str:
    """Submit a server and its clients; ``changes`` are of the client role, or of the job."""
    job = {name: changes.pop(name) for name in ("retries", "working_dir") if name in changes}
    roles = [
        {"name": "server", "command": server, "ports": [{"label": "tcp"}]},
        {"name": "client", "tasks": clients, "command": client, **changes},
    ]
    id: str = service.submit(task_roles=roles, **job)["id"]
    return id


def ends(job: dict[str, Any]) -> dict[str, tuple[str, int | None]]:
    return {f"{task['role']} {task['index']}": (task["reason"], task["exit_code"]) for task in job["tasks"]}


def logged(service: Live, id: str, text: str, role: str, task: int = 0) -> str:
    """Wait for a text in a task's log, and answer the log."""
    end = time.monotonic() + 30
    while text not in (log := service.log(id, role=role, task=task).decode()):
        assert time.monotonic() < end, log
        time.sleep(0.02)
    return log


def test_a_server_and_two_clients_talk_and_the_clients_success_ends_the_job(service: Live) -> None:
    id = gang(service, ASK, min_succeeded=2)
    job = service.until(id)
    assert (job["phase"], job["reason"], job["exit_code"]) == ("Succeeded", "Completed", 0)
    found = ends(job)
    assert found.pop("server 0")[0] == "Halted"
    assert found == {"client 0": ("Completed", 0), "client 1": ("Completed", 0)}
    assert [service.log(id, role="client", task=n) for n in (0, 1)] == [b"hello 0\n", b"hello 1\n"]
    asked = service.log(id, role="server").decode().splitlines()[1:]
    assert sorted(asked) == ["asked 0", "asked 1"]
    assert [(task["role"], task["index"]) for task in job["tasks"]] == [
        ("server", 0),
        ("client", 0),
        ("client", 1),
    ]


def test_a_client_that_fails_fails_the_job_with_its_exit_code(service: Live) -> None:
    id = gang(service, f"{ASK} test $JOBSUB_TASK_INDEX = 0 && exit 7; read -r never <&3", min_succeeded=2)
    job = service.until(id)
    assert (job["phase"], job["reason"], job["exit_code"]) == ("Failed", "Error", 7)
    assert job["message"] == "client 0: exit code 7"
    found = ends(job)
    assert found["client 0"] == ("Error", 7)
    assert (found["server 0"][0], found["client 1"][0]) == ("Halted", "Halted")


def test_a_server_that_is_killed_fails_the_job(service: Live) -> None:
    id = gang(
        service,
        f"{ASK} read -r never <&3; sleep 60",
        server=f"echo $$ > pid; {SERVER}",
        working_dir=(str(service.folder)),
    )
    logged(service, id, "hello", "client")
    os.kill(int((service.folder / "pid").read_text()), 9)
    job = service.until(id)
    assert (job["phase"], job["exit_code"]) == ("Failed", 137)
    assert ends(job)["client 1"][0] == "Halted"


def test_one_success_may_be_enough_and_one_failure_tolerated(service: Live) -> None:
    last = "until test -e go; do sleep 0.02; done"
    command = f"{ASK} case $JOBSUB_TASK_INDEX in 0) exit 1;; 1) {last}; exit 0;; *) sleep 60;; esac"
    folder = service.folder / "enough"
    folder.mkdir()
    id = gang(service, command, clients=3, min_failed=2, min_succeeded=1, working_dir=str(folder))
    end = time.monotonic() + 30
    while ends(job := service.job(id)).get("client 0") != ("Error", 1) or job["phase"] == "Preparing":
        assert time.monotonic() < end, job
        time.sleep(0.02)
    assert job["phase"] == "Running"
    (folder / "go").touch()
    job = service.until(id)
    assert (job["phase"], job["exit_code"], job["message"]) == ("Succeeded", 0, "1 of 4 tasks failed")
    assert ends(job)["client 2"][0] == "Halted"


def test_cancel_ends_every_task(service: Live) -> None:
    folder = service.folder / "cancelled"
    folder.mkdir()
    mark = "echo $$ > $JOBSUB_TASK_ROLE.$JOBSUB_TASK_INDEX; "
    id = gang(service, f"{mark} {ASK} sleep 600", server=mark + SERVER, working_dir=str(folder))
    for task in (0, 1):
        logged(service, id, "hello", "client", task)
    pids = [int(path.read_text()) for path in folder.iterdir()]
    assert len(pids) == 3
    service.post(f"/jobsub/jobs/{id}/cancel")
    job = service.until(id)
    assert job["phase"] == "Cancelled"
    assert {reason for reason, _ in ends(job).values()} == {"Halted"}
    assert not [pid for pid in pids if _alive(pid)]


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def test_a_retry_is_the_whole_gang_again(service: Live) -> None:
    id = gang(service, f"{ASK} test $JOBSUB_ATTEMPT = 2", retries=1, min_succeeded=2)
    job = service.until(id)
    assert (job["phase"], job["attempt"], job["failures"]) == ("Succeeded", 2, 1)
    at = [service.log(id, role="server", attempt=attempt).decode().splitlines()[0] for attempt in (1, 2)]
    assert re.fullmatch(r"at \d+", at[0])
    assert re.fullmatch(r"at \d+", at[1])


def test_a_pause_that_breaks_connections_fails_nothing(service: Live) -> None:
    lost = "read -r never <&3; echo lost; exit 1"
    id = gang(service, f"trap '' TERM; {ASK} test $JOBSUB_ATTEMPT = 2 && exit 0; {lost}", min_succeeded=2)
    for task in (0, 1):
        logged(service, id, "hello", "client", task)
    service.post(f"/jobsub/jobs/{id}/pause")
    job = service.until(id, "Paused", *QUICK_END)
    assert (job["phase"], job["failures"]) == ("Paused", 0)
    assert b"lost" in service.log(id, role="client", attempt=1)
    service.post(f"/jobsub/jobs/{id}/resume")
    job = service.until(id)
    assert (job["phase"], job["attempt"]) == ("Succeeded", 2)


def test_roles_have_their_own_instance_types_and_devices(service: Live) -> None:
    show = "echo ${CUDA_VISIBLE_DEVICES:-none}; sleep 60"
    roles = [
        {"name": "plain", "command": show},
        {"name": "big", "command": show, "instance_type": "big"},
        {"name": "small", "tasks": 2, "command": show, "instance_type": "small"},
    ]
    id = service.submit(task_roles=roles)["id"]
    job = service.until(id, "Running")
    assert job["request"] == {"cpu": 9000, "memory": 5 * 2**30, "gpu": {"A100": 2, "T4": 2}}
    assert service.get("/jobsub/usage").json["groups"][0]["held"]["gpu"] == {"A100": 2, "T4": 2}
    logs = [
        logged(service, id, "\n", role, task)
        for role, task in (("plain", 0), ("big", 0), ("small", 0), ("small", 1))
    ]
    assert logs[:2] == ["none\n", "0,1\n"]
    assert sorted(logs[2:]) == ["3\n", "4\n"]
    spec = service.get(f"/jobsub/jobs/{id}/spec").json
    assert [role.get("instance_type") for role in spec["task_roles"]] == [None, "big", "small"]
    assert spec["instance_type"] == "one"
    assert [task["ports"] for task in job["tasks"]] == [{}] * 4
    service.post(f"/jobsub/jobs/{id}/cancel")
    assert service.until(id)["phase"] == "Cancelled"
    assert service.get("/jobsub/usage").json["groups"][0]["held"]["gpu"] == {}


def test_a_job_whose_roles_all_have_an_instance_type_has_none_itself(service: Live) -> None:
    roles = [{"name": name, "command": "true", "instance_type": "small"} for name in "ab"]
    job = service.submit(task_roles=roles)
    assert (job["instance_type"], job["request"]["cpu"]) == (None, 4000)
    again = service.post(
        "/jobsub/jobs", service.get(f"/jobsub/jobs/{job['id']}/spec").json | {"instance_type": "one"}
    )
    assert (again.json["instance_type"], again.json["request"]) == ("one", job["request"])
    assert [service.until(id)["phase"] for id in (job["id"], again.json["id"])] == ["Succeeded"] * 2


def test_the_example_runs_where_nothing_is_configured() -> None:
    spec = yaml.safe_load((EXAMPLES / "gang.yaml").read_text())
    with live() as service:
        id = service.submit(**spec | {"working_dir": str(EXAMPLES)})["id"]
        job = service.until(id, seconds=60)
        assert job["phase"] == "Succeeded", [service.log(id, role=role) for role in ("server", "client")]
        assert "the total is 110" in service.log(id, role="server").decode()


def started(service: Live, then: str) -> str:
    """Have a gang whose clients have met their server, and go on when the file ``go`` is there."""
    client = f"{ASK} until test -e go; do sleep 0.02; done; {then}"
    id = gang(service, client, min_succeeded=2, working_dir=str(service.folder))
    for task in (0, 1):
        logged(service, id, "hello", "client", task)
    return id


def test_a_killed_service_finds_a_gang_again_at_the_same_ports() -> None:
    with live(CONFIG) as service:
        id = started(service, then=f"exec 3>&-; {ASK}")
        ports = [task["ports"] for task in service.job(id)["tasks"]]
        assert ports[1:] == [{}, {}]
        assert logged(service, id, "at", "server").startswith(f"at {ports[0]['tcp'][0]}\n")
        service.kill()
        service.start()
        assert [task["ports"] for task in service.job(id)["tasks"]] == ports
        (service.folder / "go").touch()
        job = service.until(id)
        assert (job["phase"], job["attempt"], job["exit_code"]) == ("Succeeded", 1, 0)
        assert service.log(id, role="client", task=1) == b"hello 1\n" * 2


def test_what_decides_a_gang_while_the_service_is_away_decides_it_at_its_return() -> None:
    with live(CONFIG) as service:
        id = started(service, then="exit $JOBSUB_TASK_INDEX")
        service.kill()
        (service.folder / "go").touch()
        end = time.monotonic() + 30
        while not (service.data / "runs" / f"{id}.1.client.1" / "exit.json").exists():
            assert time.monotonic() < end
            time.sleep(0.02)
        service.start()
        job = service.until(id)
        assert (job["phase"], job["exit_code"], job["message"]) == ("Failed", 1, "client 1: exit code 1")
        assert ends(job)["server 0"][0] == "Halted"
