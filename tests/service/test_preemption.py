"""Jobs that may be preempted give their place to better ones, and get it back."""

from __future__ import annotations

from tests.live import live

GROUPS = (
    'c.JobsubService.groups = {"research": {"quota": {"cpu": 1}}}\nc.JobsubService.halt_grace_seconds = 1'
)


def test_a_better_job_takes_the_place_of_a_preemptible_one() -> None:
    """It is stopped, waits in its old place without having spent a retry, and starts anew."""
    with live(GROUPS) as service:
        command = 'echo attempt $JOBSUB_ATTEMPT; [ "$JOBSUB_ATTEMPT" = 2 ] || sleep 60'
        spot = service.submit(command, preemptible=True)["id"]
        service.until(spot, "Running")
        better = service.submit("echo better")["id"]
        assert service.until(better)["phase"] == "Succeeded"
        done = service.until(spot)
        assert (done["phase"], done["attempt"], done["failures"]) == ("Succeeded", 2, 0)
        assert service.log(spot) == b"attempt 2\n"
        assert service.log(spot, attempt=1) == b"attempt 1\n"
        events = service.get(f"/jobsub/jobs/{spot}/timeline").json["items"]
        said = [(event["phase"], event["reason"], event["message"]) for event in events]
        assert ("Running", "Preempting", f"makes room for {better}") in said
        assert ("Pending", "Queued", f"made room for {better}") in said


def test_no_room_is_made_for_an_equal() -> None:
    with live(GROUPS) as service:
        first = service.submit("sleep 60", preemptible=True)["id"]
        service.until(first, "Running")
        second = service.submit("true", preemptible=True)["id"]
        assert service.job(second)["message"] == "research uses 1 of its 1 CPU; this job asks 1"
        assert service.job(first)["phase"] == "Running"
        service.post(f"/jobsub/jobs/{first}/cancel")
        assert service.until(second)["phase"] == "Succeeded"


def test_while_room_is_made_the_waiting_job_says_so() -> None:
    stubborn = "trap '' TERM; echo ready; while :; do sleep 0.2; done"
    with live(GROUPS) as service:
        spot = service.submit(stubborn, preemptible=True)["id"]
        service.until(spot, "Running")
        while service.log(spot) != b"ready\n":
            pass
        better = service.submit("true")["id"]
        job = service.job(better)
        assert (job["phase"], job["reason"]) == ("Pending", "Preempting")
        assert "make room" in job["message"]
        assert service.until(better)["phase"] == "Succeeded"
        service.post(f"/jobsub/jobs/{spot}/cancel")
        service.until(spot)
