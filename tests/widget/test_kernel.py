"""The views in a real kernel, over a real service."""

from __future__ import annotations

from pathlib import Path

from tests.live import Live, live

from .conftest import LEFT, SETUP, Frontend, Gate, started


def submit(kernel: Frontend, command: str) -> str:
    """Submit a job from a cell that shows it; give its id."""
    kernel.run(f"job = client.submit(command={command!r}, name='a job')\njob", cell="job")
    return kernel.run("print(job.id, end='')")


def test_a_job_is_shown_live_while_a_cell_runs(kernel: Frontend, gate: Gate, tmp_path: Path) -> None:
    id = submit(kernel, f"printf '10%%\\r\\033[32m<b>20%%</b>\\033[0m\\n'; {gate.wait}; echo second; exit 3")
    cell = Gate(tmp_path / "cell")
    request = kernel.begin(cell.code)
    kernel.until(lambda: "&lt;b&gt;20%&lt;/b&gt;" in kernel.html and "Running" in kernel.html)
    assert "10%" not in kernel.html
    assert id in kernel.html
    gate.open()
    kernel.until(lambda: "Failed" in kernel.html and "exit code 3" in kernel.html and "second" in kernel.html)
    kernel.until(lambda: kernel.labels == {"Rerun"})
    assert not kernel.done(request)
    cell.open()
    kernel.wait_for(request)


def test_a_second_click_cancels_while_a_cell_runs(
    kernel: Frontend, gate: Gate, service: Live, tmp_path: Path
) -> None:
    id = submit(kernel, gate.wait)
    kernel.until(lambda: kernel.labels == {"Cancel", "Pause"})
    service.until(id, "Running")
    subshell = kernel.subshell()
    cell = Gate(tmp_path / "cell")
    request = kernel.begin(cell.code)
    kernel.click("Cancel", subshell_id=subshell)
    kernel.until(lambda: "Really cancel?" in kernel.labels)
    assert service.job(id)["phase"] == "Running"
    kernel.click("Really cancel?", subshell_id=subshell)
    kernel.until(lambda: "Cancelled" in kernel.html)
    assert not kernel.done(request)
    cell.open()
    kernel.wait_for(request)


def test_a_job_is_paused_resumed_and_run_again(kernel: Frontend, gate: Gate, service: Live) -> None:
    id = submit(kernel, f"echo hello; {gate.wait}")
    service.until(id, "Running")
    kernel.until(lambda: "Pause" in kernel.labels)
    kernel.click("Pause")
    kernel.until(lambda: "Really stop it? It will start over" in kernel.labels)
    kernel.click("Really stop it? It will start over")
    kernel.until(lambda: kernel.labels == {"Cancel", "Resume"})
    kernel.click("Resume")
    service.until(id, "Running")
    kernel.until(lambda: "attempt 2" in kernel.html and "Pause" in kernel.labels)
    gate.open()
    kernel.until(lambda: "Succeeded" in kernel.html and kernel.labels == {"Rerun"})
    kernel.click("Rerun")
    kernel.until(lambda: f"rerun of {id}" in kernel.html and "Running" in kernel.html)
    gate.open()
    kernel.until(lambda: "Succeeded" in kernel.html)


def test_a_cell_that_runs_again_leaves_nothing_behind(kernel: Frontend, gate: Gate) -> None:
    submit(kernel, gate.wait)
    kernel.until(lambda: "Running" in kernel.html)
    before = set(kernel.widgets)
    kernel.run("job", cell="another")
    kernel.run("job", cell="job")
    kernel.until(lambda: before <= kernel.closed)
    assert len(kernel.widgets) == 2 * len(before)
    kernel.run("job", cell="job")
    kernel.run("pass", cell="another")
    kernel.run("pass", cell="job")
    assert not kernel.widgets
    assert kernel.run(LEFT) == "[]"
    gate.open()


def test_a_closed_view_leaves_what_was_saved(kernel: Frontend, gate: Gate) -> None:
    submit(kernel, gate.wait)
    kernel.run("shown = view(job)\nshown", cell="view")
    kernel.until(lambda: "Running" in kernel.html)
    [*_, saved, live] = kernel.outputs
    kernel.run("shown.close()\nshown.close()")
    assert kernel.outputs[live] == {"text/plain": "", "text/html": ""}
    assert "Running" in kernel.outputs[saved]["text/html"]
    assert "a job: Running" in kernel.outputs[saved]["text/plain"]
    gate.open()


def test_a_frontend_can_close_a_view(kernel: Frontend, gate: Gate) -> None:
    submit(kernel, gate.wait)
    kernel.until(lambda: "Running" in kernel.html)
    kernel.close(kernel.find(_model_name="VBoxModel"))
    kernel.until(lambda: len(kernel.widgets) == 1)  # which the frontend has closed itself
    assert kernel.run(LEFT) == "[]"
    kernel.widgets.clear()
    gate.open()


def test_several_jobs_are_shown_live_and_cancelled_together(
    kernel: Frontend, gate: Gate, service: Live
) -> None:
    kernel.run("jobs = [client.submit(command=c, name=c) for c in ('exit 3', 'true', 'sleep 600')]")
    kernel.run("jobs", cell="jobs")
    kernel.until(lambda: "<b>3 jobs</b>: 1 Running, 1 Succeeded, 1 Failed" in kernel.html)
    kernel.until(lambda: "exit code 3" in kernel.html)
    kernel.click("Cancel all")
    kernel.until(lambda: "Really cancel all?" in kernel.labels)
    kernel.click("Really cancel all?")
    kernel.until(lambda: "1 Succeeded, 1 Failed, 1 Cancelled" in kernel.html)
    kernel.until(lambda: not kernel.labels)
    kernel.until(lambda: "sleep 600: Cancelled" in str(kernel.outputs))


def test_a_sweep_is_shown_as_its_jobs(kernel: Frontend) -> None:
    kernel.run("client.submit_sweep(command='exit $code', name='try', grid={'code': [0, 4]})", cell="sweep")
    kernel.until(lambda: "<b>2 jobs</b>: 1 Succeeded, 1 Failed" in kernel.html)
    kernel.until(lambda: "try code=4" in kernel.html and "exit code 4" in kernel.html)


def test_a_waiting_job_is_shown_where_it_is_in_the_queue(tmp_path: Path) -> None:
    config = 'c.JobsubService.groups = {"team": {"quota": {"cpu": 1}}}'
    with live(config) as service, started(service) as kernel:
        first, second = (service.submit("sleep 600")["id"] for _ in range(2))
        kernel.run(SETUP)
        kernel.run("jobs = [client.submit(command='true', name=f'waits {n}') for n in range(2)]")
        kernel.run("display(jobs[0], jobs)")
        kernel.until(lambda: "no. 2 in team" in kernel.html and "no. 3 in team" in kernel.html)
        service.post(f"/jobsub/jobs/{second}/cancel")
        kernel.until(lambda: "no. 3 in team" not in kernel.html and kernel.html.count("no. 1 in team") == 2)
        service.post(f"/jobsub/jobs/{first}/cancel")
        kernel.until(lambda: "<b>2 jobs</b>: 2 Succeeded" in kernel.html)


def test_a_view_comes_back_after_the_kernel_was_killed(service: Live, gate: Gate) -> None:
    with started(service) as kernel:
        kernel.run(SETUP)
        id = submit(kernel, f"echo before; {gate.wait}; echo after")
        kernel.until(lambda: "before" in kernel.html)
        kernel.restart()
        kernel.run(SETUP)
        kernel.run(f"client.job({id!r})", cell="job")
        kernel.until(lambda: "before" in kernel.html and "Running" in kernel.html)
        gate.open()
        kernel.until(lambda: "Succeeded" in kernel.html and "after" in kernel.html)


def test_other_lists_are_shown_as_ever(kernel: Frontend) -> None:
    assert kernel.run("display([1, 2])\ndisplay([])") == ""
    assert kernel.displayed == ["[1, 2]", "[]"]


def test_a_job_that_is_deleted_or_unknown_is_told(kernel: Frontend, service: Live) -> None:
    id = submit(kernel, "true")
    kernel.until(lambda: "Rerun" in kernel.labels)
    assert service.ask("DELETE", f"/jobsub/jobs/{id}").status == 204
    kernel.click("Rerun")
    kernel.until(lambda: 'role="alert"' in kernel.html and id in kernel.html.split('role="alert"')[1])
    kernel.run("job", cell="again")
    kernel.until(lambda: kernel.html.count('role="alert"') == 2)


def test_a_job_whose_log_was_removed_is_shown_without(kernel: Frontend, service: Live) -> None:
    id = submit(kernel, "echo hello")
    kernel.until(lambda: "Rerun" in kernel.labels)
    assert service.post(f"/jobsub/jobs/{id}/purge").status == 200
    kernel.run("pass", cell="job")
    kernel.run("shown = view(client.job(job.id))\nshown", cell="again")
    kernel.until(lambda: "its log is kept no more" in kernel.html)
    assert kernel.run(LEFT) == "[]"
    assert "hello" not in kernel.html
    assert 'role="alert"' not in kernel.html


def test_a_view_waits_for_room_when_many_are_followed(tmp_path: Path) -> None:
    gate, second = Gate(tmp_path / "gate"), Gate(tmp_path / "second")
    with live("c.JobsubService.max_streams_per_user = 1") as service, started(service) as kernel:
        kernel.run(SETUP)
        id = submit(kernel, gate.wait)
        kernel.until(lambda: "Running" in kernel.html)
        kernel.run(f"other = client.submit(command={second.wait!r}, name='another')\nother", cell="other")
        kernel.until(lambda: "when one of them has ended" in kernel.html)
        gate.open()
        service.until(id)
        kernel.until(lambda: "when one of them has ended" not in kernel.html)
        second.open()
        kernel.until(lambda: kernel.html.count("Succeeded") == 2)


def test_cancelling_several_starts_none_that_waits(kernel: Frontend, service: Live) -> None:
    kernel.run("jobs = [client.submit(command='sleep 600', instance_type='cpu-all') for _ in range(4)]")
    kernel.run("jobs", cell="jobs")
    kernel.until(lambda: "1 Running" in kernel.html)
    kernel.click("Cancel all")
    kernel.until(lambda: "Really cancel all?" in kernel.labels)
    kernel.click("Really cancel all?")
    kernel.until(lambda: "4 Cancelled" in kernel.html)
    started = kernel.run("print([job.id for job in jobs if job.refresh().row['started_at']])")
    assert started == kernel.run("print([jobs[0].id])")


def test_a_view_goes_on_when_the_service_was_killed(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    with live() as service, started(service) as kernel:
        kernel.run(SETUP + "client = JobsubClient(start=False)")
        submit(kernel, f"{gate.wait}; echo after")
        kernel.until(lambda: "Running" in kernel.html)
        service.kill()
        kernel.until(lambda: "trying again" in kernel.html)
        kernel.click("Pause")
        kernel.until(lambda: "Really stop it? It will start over" in kernel.labels)
        kernel.click("Really stop it? It will start over")
        kernel.until(lambda: "not running" in kernel.html)
        service.start()
        kernel.until(lambda: 'role="alert"' not in kernel.html)
        gate.open()
        kernel.until(lambda: "Succeeded" in kernel.html and "after" in kernel.html)
