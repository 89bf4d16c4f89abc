"""A follower that reads late gets everything all the same, whatever happened to the job meanwhile."""

from __future__ import annotations

import base64

from tests.live import Live


def test_a_log_goes_on_after_the_job_changed_while_its_reader_was_slow(service: Live) -> None:
    id = service.submit("sleep 0.3; seq 1 1000000")["id"]
    stream = service.events(f"/jobsub/jobs/{id}/log", follow="true")
    events = [next(stream)]
    service.until(id)  # nothing is read until then: the sending of the log waits, and the states come
    events += stream
    assert events[-1]["event"] == "end"
    parts = [event["data"] for event in events if event["event"] == "log"]
    text = b"".join(p["text"].encode() if "text" in p else base64.b64decode(p["base64"]) for p in parts)
    assert text == "".join(f"{n}\n" for n in range(1, 1_000_001)).encode()
