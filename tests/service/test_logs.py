"""Logs over REST: newest lines, ranges, download, and the live stream."""

from __future__ import annotations

import base64
import hashlib
import os
import time

from tests.live import Live


def text_of(events: list[dict]) -> bytes:
    parts = [e["data"] for e in events if e["event"] == "log"]
    return b"".join(p["text"].encode() if "text" in p else base64.b64decode(p["base64"]) for p in parts)


def test_the_newest_2000_lines_by_default_and_older_ones_before(service: Live) -> None:
    id = service.submit("seq 1 5000")["id"]
    service.until(id)
    newest = service.get(f"/jobsub/jobs/{id}/log")
    assert newest.body.split() == [str(n).encode() for n in range(3001, 5001)]
    assert newest.headers["Jobsub-Log-Complete"] == "true"
    older = service.get(f"/jobsub/jobs/{id}/log", before=newest.headers["Jobsub-Log-Start"], tail=3)
    assert older.body == b"2998\n2999\n3000\n"
    after = service.get(f"/jobsub/jobs/{id}/log", **{"from": older.headers["Jobsub-Log-End"], "limit": 5})
    assert after.body == b"3001\n"
    assert service.log(id, tail=0) == b""


def test_a_download_is_complete(service: Live) -> None:
    id = service.submit("seq 1 200000")["id"]
    service.until(id)
    answer = service.get(f"/jobsub/jobs/{id}/log", download="true")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{id}-1-main-0.log"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    wanted = "".join(f"{n}\n" for n in range(1, 200001)).encode()
    assert hashlib.sha256(answer.body).hexdigest() == hashlib.sha256(wanted).hexdigest()


def test_reports_of_progress_are_for_programs(service: Live) -> None:
    whole = b"a\x1b]7717;0.5;half\x07b\n\x1b]7717;1;\x07"
    id = service.submit("printf 'a\\033]7717;0.5;half\\007b\\n\\033]7717;1;\\007'")["id"]
    assert text_of(list(service.events(f"/jobsub/jobs/{id}/log", follow="true"))) == b"ab\n"
    newest = service.get(f"/jobsub/jobs/{id}/log")
    assert newest.body == b"ab\n"
    assert newest.headers["Jobsub-Log-End"] == f"1:{len(whole)}"
    assert service.log(id, before="1:12") == b"a"
    assert service.log(id, download="true", reports="false") == b"ab\n"
    assert service.log(id, download="true") == whole
    assert service.log(id, **{"from": "1:0"}) == whole
    assert service.get(f"/jobsub/jobs/{id}/log", reports="false").fields == ["reports"]


def test_follow_from_before_the_start_to_the_end(service: Live) -> None:
    id = service.submit("for i in 1 2 3; do echo $i; sleep 0.1; done; printf '\\377'; exit 4")["id"]
    events = list(service.events(f"/jobsub/jobs/{id}/log", follow="true"))
    assert text_of(events) == b"1\n2\n3\n\xff"
    assert events[0]["event"] == "job"
    assert events[-1]["event"] == "end"
    assert (events[-1]["data"]["phase"], events[-1]["data"]["exit_code"]) == ("Failed", 4)
    phases = [e["data"]["phase"] for e in events if e["event"] == "job"]
    assert "Running" in phases


def test_follow_resumes_where_it_was(service: Live) -> None:
    id = service.submit("seq 1 9; sleep 0.3; seq 10 12")["id"]
    stream = service.events(f"/jobsub/jobs/{id}/log", follow="true")
    first = next(e for e in stream if e["event"] == "log")
    stream.close()
    rest = list(service.events(f"/jobsub/jobs/{id}/log", {"Last-Event-ID": first["id"]}, follow="true"))
    assert text_of([first, *rest]) == "".join(f"{n}\n" for n in range(1, 13)).encode()


def test_follow_goes_on_with_the_next_attempt(service: Live) -> None:
    id = service.submit("echo try $JOBSUB_ATTEMPT; test $JOBSUB_ATTEMPT = 2", retries=1)["id"]
    events = list(service.events(f"/jobsub/jobs/{id}/log", follow="true"))
    assert text_of(events) == b"try 1\ntry 2\n"
    assert [e["data"]["attempt"] for e in events if e["event"] == "attempt"] == [2]
    assert events[-1]["data"]["phase"] == "Succeeded"
    assert service.log(id, attempt=1) == b"try 1\n"
    one = list(service.events(f"/jobsub/jobs/{id}/log", follow="true", attempt=1))
    assert (text_of(one), one[-1]["event"]) == (b"try 1\n", "end")


def test_follow_of_a_job_that_never_starts_ends_with_it(service: Live) -> None:
    service.post("/jobsub/drain", {"drain": True})
    try:
        id = service.submit("echo never")["id"]
        stream = service.events(f"/jobsub/jobs/{id}/log", follow="true")
        assert next(stream)["data"]["phase"] == "Pending"
        service.post(f"/jobsub/jobs/{id}/cancel")
        assert [e["event"] for e in stream][-1] == "end"
    finally:
        service.post("/jobsub/drain", {"drain": False})


def test_after_its_time_the_log_is_gone_and_says_so(service: Live) -> None:
    id = service.submit("echo hi", ttl_seconds=0)["id"]
    end = time.monotonic() + 10
    while not service.job(id)["log_expired"]:
        assert time.monotonic() < end
        time.sleep(0.02)
    answer = service.get(f"/jobsub/jobs/{id}/log")
    assert answer.status == 410
    assert "rerun" in answer.json["remedy"]
    assert service.job(id)["phase"] == "Succeeded"


def test_the_first_role_is_what_is_read_if_none_is_named(service: Live) -> None:
    id = service.submit(task_roles=[{"name": "worker", "command": "echo from a worker"}])["id"]
    service.until(id)
    assert service.log(id) == b"from a worker\n"
    assert service.log(id, role="worker", task=0) == b"from a worker\n"


def test_progress_is_read_from_the_log(service: Live) -> None:
    line = " 45%|####5     | 9/20 [00:01<00:01,  9.00it/s]"
    id = service.submit(f"printf '\\r{line.replace('%', '%%')}'; sleep 20")["id"]
    service.until(id, "Running")
    end = time.monotonic() + 30
    while not (progress := service.job(id)["progress"]):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert progress["fraction"] == 0.45
    service.post(f"/jobsub/jobs/{id}/cancel")
    service.until(id)


def test_a_follower_hears_of_progress_to_the_last(service: Live) -> None:
    begin, end = service.folder / "begin", service.folder / "end"
    os.mkfifo(begin)
    os.mkfifo(end)  # who opens one twice may find the one who wrote the first time
    reports = " ".join(f"'\\033]7717;{n / 10};\\007'" for n in range(1, 10))
    command = f"read <'{begin}'; for r in {reports}; do printf $r; done; read <'{end}'"
    id = service.submit(command, deadline_seconds=60)["id"]
    fractions = []
    for event in service.events(f"/jobsub/jobs/{id}/log", follow="true"):
        row = event["data"]
        assert event["event"] in ("job", "end")
        if row["phase"] == "Running" and not row["progress"] and not fractions:
            fractions.append(0.0)
            begin.write_text("\n")
        elif row["progress"]:
            fractions.append(row["progress"]["fraction"])
            if fractions.count(0.9) == 1:  # a row is told again when there is a new sample of what it uses
                end.write_text("\n")
    assert fractions[-1] == 0.9
    assert fractions == sorted(fractions)
    assert len(set(fractions)) < 5  # at most one a second
