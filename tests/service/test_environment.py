"""What a job finds is the same whoever started the service, from where."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.live import live

OWN_TO_A_JOB = {"JOBSUB_JOB_ID", "JOBSUB_ARTIFACTS", "JOBSUB_TERMINATION_LOG", "PWD", "OLDPWD"}


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def found_by_a_job(mask: int, env: dict[str, str], config: str = "") -> tuple[dict[str, str], str]:
    with umask(mask), live(config, env) as service:
        id = service.submit("umask; touch x; stat -c %a x; env")["id"]
        assert service.until(id)["phase"] == "Succeeded", service.log(id)
        *modes, text = service.log(id).decode().split("\n", 2)
    pairs = dict(line.split("=", 1) for line in text.splitlines())
    return {name: value for name, value in pairs.items() if name not in OWN_TO_A_JOB}, " ".join(modes)


def test_two_services_started_differently_give_a_job_the_same(tmp_path: Path) -> None:
    names = ("LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "SHELL", "CUDA_HOME", "SURPRISE")
    other = dict.fromkeys(names, "C") | {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "USER": "someone"}
    first = found_by_a_job(0o022, {})
    second = found_by_a_job(0o077, other)
    assert first == second
    assert {"HOME", "USER", "LANG", "SHELL", "TMPDIR", "PATH"} <= set(first[0])


def test_what_is_configured_is_every_jobs() -> None:
    env, _ = found_by_a_job(0o022, {}, 'c.JobsubService.env = {"http_proxy": "http://proxy:3128"}')
    assert env["http_proxy"] == "http://proxy:3128"


def test_a_wrong_one_is_named() -> None:
    with live() as service:
        service.configure('c.JobsubService.env = {"1A": "x", "B": 1, "JOBSUB_JOB_ID": "x"}')
        answer = service.post("/jobsub/reload")
        assert answer.status == 422
        text = answer.json["errors"][0]["message"]
        assert all(name in text for name in ("env.1A", "env.B", "env.JOBSUB_JOB_ID"))
