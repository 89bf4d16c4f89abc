"""A disk that takes no byte more: what is asked for is refused in words, and nothing is half done."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial

from benchmarks import processes
from tests.live import Live


@contextmanager
def full_disk(whose: Callable[[], Sequence[int]]) -> Iterator[None]:
    """Let processes, and those that they start, write to no file for a while."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for pid in whose():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        for pid in whose():
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def test_a_job_that_can_not_be_deleted_keeps_its_log(service: Live) -> None:
    assert service.process
    pid = service.process.pid
    id = service.submit("echo hi")["id"]
    service.until(id)
    with full_disk(lambda: [pid]):
        answer = service.ask("DELETE", f"/jobsub/jobs/{id}")
        assert answer.status == 507
        assert "free" in answer.json["remedy"]
        assert service.log(id) == b"hi\n"
    assert service.job(id)["log_expired"] is False
    assert service.ask("DELETE", f"/jobsub/jobs/{id}").status == 204
    assert service.get(f"/jobsub/jobs/{id}").status == 404


def test_an_exit_code_waits_until_there_is_room(service: Live) -> None:
    id = service.submit("sleep 0.5; exit 7")["id"]
    service.until(id, "Running")
    with full_disk(partial(_supervisors, service)):
        time.sleep(1)
        assert service.job(id)["phase"] == "Running"
    job = service.until(id)
    assert (job["phase"], job["exit_code"]) == ("Failed", 7)


def test_artifacts_are_sealed_once_there_is_room(service: Live) -> None:
    assert service.process
    pid = service.process.pid
    id = service.submit(
        "echo 1 > artifacts/a; ln -s a artifacts/b; until [ -p end ]; do sleep 0.01; done; read end < end"
    )["id"]
    service.until(id, "Running")
    folder = service.data / "runs" / f"{id}.1.main.0" / "work"
    os.mkfifo(folder / "end")
    with full_disk(lambda: [pid]):
        (folder / "end").write_text("\n")
        processes.until((folder.parent / "exit.json").exists, 20, "the end of the job")
        assert service.job(id)["phase"] == "Running"
    job = service.until(id)
    assert (job["phase"], job["message"]) == (
        "Succeeded",
        "1 artifact was dropped (links and special files are not kept): b",
    )
    assert service.get(f"/jobsub/jobs/{id}/artifacts/a").body == b"1\n"


def test_a_command_whose_start_can_not_be_noted_does_not_run_until_it_can(service: Live) -> None:
    service.until(service.submit("true")["id"])
    processes.until(lambda: bool(_supervisors(service)), 20, "a supervisor that waits for a task")
    with full_disk(partial(_supervisors, service)):
        id = service.submit("echo hi")["id"]
        service.until(id, "Preparing")
        time.sleep(1)
        assert service.log(id) == b""
    assert service.until(id)["phase"] == "Succeeded"
    assert service.log(id) == b"hi\n"


def test_one_that_waits_for_room_to_start_can_be_cancelled(service: Live) -> None:
    service.until(service.submit("true")["id"])
    processes.until(lambda: bool(_supervisors(service)), 20, "a supervisor that waits for a task")
    with full_disk(partial(_supervisors, service)):
        id = service.submit("echo hi")["id"]
        service.until(id, "Preparing")
        service.post(f"/jobsub/jobs/{id}/cancel")
        assert service.until(id)["phase"] == "Cancelled"
    assert service.log(id) == b""


def _supervisors(service: Live) -> list[int]:
    return processes.naming(str(service.data / "runs"))


def test_a_log_that_is_gone_is_never_read_as_an_empty_one(service: Live) -> None:
    id = service.submit("echo hi")["id"]
    service.until(id)
    (log,) = (service.data / "archive" / id).glob("*.log")
    log.unlink()
    assert service.get(f"/jobsub/jobs/{id}/log").status == 410
