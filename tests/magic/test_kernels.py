"""A job is nobody's: it goes on when its kernel is killed, and when its watcher is interrupted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jupyter_jobsub.client import Client
from tests.magic.kernel import Kernel, Outcome


def test_a_new_kernel_finds_the_job(start: Callable[[Path], Kernel], tmp_path: Path) -> None:
    first = start(tmp_path)
    first.do("%%jobsub --python --follow\nimport time\nprint('up', flush=True)\ntime.sleep(600)")
    job_id = first.ask("_.id")
    first.run("for kind, value in _.watch():\n    if kind == 'log': break")
    first.kill()
    second = start(tmp_path)
    try:
        [table] = second.do("%jobsub list").shown
        row = next(line for line in table["text/plain"].splitlines() if job_id in line)
        assert "Running" in row
        assert job_id in second.do(f"%jobsub logs --follow {job_id}").text
        second.do(f"%jobsub get {job_id}")
        assert second.ask("_.logs()") == "up\n"
        second.do(f"%jobsub cancel {job_id}")
    finally:
        second.kill()


def interrupted(kernel: Kernel, code: str, *, at: str) -> Outcome:
    """Run a cell, and press Stop when it has written something."""
    pressed: list[bool] = []

    def press(seen: Outcome) -> None:
        if at in seen.out and not pressed:
            pressed.append(True)
            kernel.manager.interrupt_kernel()

    return kernel.run(code, on_output=press)


def test_an_interrupt_ends_the_waiting_and_not_the_job(kernel: Kernel, client: Client) -> None:
    seen = interrupted(kernel, "%%jobsub --wait\necho up; sleep 600", at="up\n")
    assert seen.status == "error"
    assert seen.error is not None
    assert seen.error["traceback"] == ["%jobsub: interrupted"]
    job_id = next(client.jobs(limit=1))["id"]
    assert f"{job_id} runs on; watch it: %jobsub logs -f {job_id}" in seen.out
    assert client.job(job_id)["phase"] == "Running"
    kernel.do(f"%jobsub cancel {job_id}")


def test_an_interrupt_ends_the_listening_to_all_tasks(kernel: Kernel, client: Client) -> None:
    (kernel.folder / "gang.yaml").write_text(
        "instance_type: cpu-quarter\n"
        "task_roles:\n- {name: a, command: 'echo up; sleep 600'}\n- {name: b, command: 'sleep 600'}\n"
    )
    kernel.do("%jobsub submit --file gang.yaml")
    job_id = kernel.ask("_.id")
    seen = interrupted(kernel, f"%jobsub logs -f --all-tasks {job_id}", at="up\n")
    assert seen.status == "error"
    kernel.do("import threading\nleft = [t for t in threading.enumerate() if '_listen' in t.name]")
    kernel.do("for thread in left: thread.join(20)")
    assert kernel.ask("[thread.name for thread in left if thread.is_alive()]") == []
    kernel.do(f"%jobsub cancel {job_id}")
