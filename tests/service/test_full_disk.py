"""A disk that takes no byte more: what is asked for is refused in words, and nothing is half done."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

from tests.live import Live


@contextmanager
def full_disk(pid: int) -> Iterator[None]:
    """Let a process write to no file for a while."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def test_a_job_that_can_not_be_deleted_keeps_its_log(service: Live) -> None:
    assert service.process
    id = service.submit("echo hi")["id"]
    service.until(id)
    with full_disk(service.process.pid):
        answer = service.ask("DELETE", f"/jobsub/jobs/{id}")
        assert answer.status == 507
        assert "free" in answer.json["remedy"]
        assert service.log(id) == b"hi\n"
    assert service.job(id)["log_expired"] is False
    assert service.ask("DELETE", f"/jobsub/jobs/{id}").status == 204
    assert service.get(f"/jobsub/jobs/{id}").status == 404


def test_a_log_that_is_gone_is_never_read_as_an_empty_one(service: Live) -> None:
    id = service.submit("echo hi")["id"]
    service.until(id)
    (log,) = (service.data / "logs" / id).iterdir()
    log.unlink()
    assert service.get(f"/jobsub/jobs/{id}/log").status == 410
