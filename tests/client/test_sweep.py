"""Parameter sweeps from Python, at a real service."""

from __future__ import annotations

import asyncio

import pytest

from jupyter_jobsub import AsyncJobsubClient, InvalidRequest, JobsubClient, NotFound, UsageError

pytestmark = pytest.mark.usefixtures("nothing_left")
GRID = {"lr": [0.1, 0.01], "depth": [2, 4]}
POINTS = [{"lr": lr, "depth": depth} for lr in GRID["lr"] for depth in GRID["depth"]]


def test_a_grid_makes_jobs_that_belong_together(client: JobsubClient) -> None:
    sweep = client.submit_sweep(command='echo "$lr $depth"; exit $depth', grid=GRID, name="s")
    assert [job.parameters for job in sweep] == POINTS
    assert {job.id for job in sweep.wait()} == {job.id for job in sweep}
    assert [job.logs() for job in sweep] == ["0.1 2\n", "0.1 4\n", "0.01 2\n", "0.01 4\n"]
    assert [(row["lr"], row["depth"], row["phase"], row["exit_code"]) for row in sweep.rows()] == [
        (0.1, 2, "Failed", 2),
        (0.1, 4, "Failed", 4),
        (0.01, 2, "Failed", 2),
        (0.01, 4, "Failed", 4),
    ]
    assert set(client.jobs(sweep=sweep.id)) == set(sweep)
    assert repr(sweep) == f"<Sweep {sweep.id}: 4 jobs>"


def test_a_sweep_is_found_again(client: JobsubClient) -> None:
    made = client.submit_sweep(command="true", grid={"n": range(30)})
    found = client.sweep(made.id)
    assert list(found) == list(made)
    list(found.wait())
    assert found.jobs[0].sweep == made.id
    assert client.sweep(made.jobs[7].id).id == made.id == f"{found}"
    made.jobs[3].delete()
    assert len(made.refresh()) == 29
    with pytest.raises(NotFound, match="no sweep"):
        client.sweep("sweep-20260131-zzzzzzzz")


def test_no_sweep_is_not_every_job(client: JobsubClient) -> None:
    job = client.submit(command="true").wait()
    for id in (job.sweep, "", job.id):
        with pytest.raises(UsageError, match=r"no id|no sweep"):
            client.sweep(id)  # type: ignore[arg-type]


def test_a_sweep_is_cancelled_whole(client: JobsubClient) -> None:
    sweep = client.submit_sweep(command="[ $n = 0 ] || sleep 60", grid={"n": [0, 1, 2]})
    sweep.jobs[0].wait()
    assert sweep.cancel() is sweep
    assert {job.parameters["n"]: job.phase for job in sweep.wait()} == {
        0: "Succeeded",
        1: "Cancelled",
        2: "Cancelled",
    }
    sweep.cancel()  # nothing is left to be


def test_it_is_made_once_under_its_key(client: JobsubClient) -> None:
    one, two = (
        client.submit_sweep(command="true", grid={"n": [1, 2]}, idempotency_key="sweep") for _ in "ab"
    )
    assert (one.id, list(one)) == (two.id, list(two))
    list(one.wait())


def test_what_is_wrong_is_named_and_nothing_is_stored(client: JobsubClient) -> None:
    with pytest.raises(InvalidRequest) as caught:
        client.submit_sweep(command="true", grid={"a b": [1], "n": []}, priority=0, name="never")
    assert len(caught.value.errors) == 3
    with pytest.raises(InvalidRequest, match=r"grid\.n\.1: \{1\} \(set\)"):
        client.submit_sweep(command="true", grid={"n": [0, {1}]})
    with pytest.raises(InvalidRequest) as caught:
        client.submit_sweep(command="true", grid={"lr": 0.1, "opt": "adam"})
    assert {error.field for error in caught.value.errors} == {"grid.lr", "grid.opt"}
    assert list(client.jobs(text="never")) == []


def test_a_grid_of_no_lists_is_refused(client: JobsubClient) -> None:
    with pytest.raises(UsageError, match="a grid is a mapping"):
        client.submit_sweep(command="true", grid=[1])  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest) as caught:
        client.submit_sweep(command="true", grid={"a": {"x": 1, "y": 2}, "b": "text"})  # type: ignore[dict-item]
    assert [error.field for error in caught.value.errors] == ["grid.a", "grid.b"]


def test_a_grid_is_in_place_of_what_a_job_had(client: JobsubClient) -> None:
    job = client.submit(command="true", parameters={"lr": 1, "fixed": 2}).wait()
    sweep = client.submit_sweep(spec=job.spec(), grid={"lr": (n for n in (3, 4))})
    assert [one.parameters for one in sweep] == [{"fixed": 2, "lr": 3}, {"fixed": 2, "lr": 4}]
    list(sweep.wait())
    with pytest.raises(InvalidRequest, match=r"grid\.lr: is in spec\.parameters"):
        client.submit_sweep(command="true", parameters={"lr": 1}, grid={"lr": [3]})


def test_a_sweep_in_asyncio(at_service: None) -> None:
    async def work() -> None:
        async with AsyncJobsubClient(start=False) as client:
            sweep = await client.submit_sweep(command="exit $depth", grid=GRID)
            assert {job.exit_code async for job in sweep.wait()} == {2, 4}
            assert [job.parameters for job in sweep] == POINTS
            assert sweep[-1] is sweep.jobs[-1]
            assert [row["exit_code"] for row in await sweep.rows()] == [2, 4, 2, 4]
            assert list(await client.sweep(sweep.id)) == list(sweep)
            assert await (await sweep.refresh()).cancel()

    asyncio.run(work())
