"""Wrong requests: each is a 4xx that names every wrong field with a remedy, and stores nothing."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_jobsub.store.cursor import make_cursor
from tests.live import Live

OK = {"command": "true"}
ROLE = {"name": "a", "command": "x"}
NEVER = "job-20200101-aaaaaaaa"

EVERYTHING = {
    "priority": 5000,
    "group": "nobody",
    "image": "nothing",
    "working_dir": "/nowhere",
    "script": "/nowhere/x.py",
    "comment": "",
}

BODIES: list[tuple[str, Any, set[str]]] = [
    ("nothing", {}, {"(whole)"}),
    ("a list", [], {"(whole)"}),
    ("null", None, {"(whole)"}),
    ("text", "true", {"(whole)"}),
    ("two things to run", OK | {"script": "/tmp/a.py"}, {"(whole)"}),
    ("unknown field", OK | {"comand": "x"}, {"comand"}),
    ("unknown fields, all of them", OK | {"a": 1, "b": 2}, {"a", "b"}),
    ("command of a wrong type", {"command": 3}, {"command"}),
    ("command that is null", {"command": None}, {"(whole)"}),
    ("empty command", {"command": "  \n"}, {"command"}),
    ("empty list as command", {"command": []}, {"command"}),
    ("NUL in the command", {"command": "a\0b"}, {"command"}),
    ("number in a command list", {"command": ["a", 1]}, {"command.1"}),
    ("name with ..", OK | {"name": "../x"}, {"name"}),
    ("name with a leading /", OK | {"name": "/etc/passwd"}, {"name"}),
    ("name with a newline", OK | {"name": "a\nb"}, {"name"}),
    ("name with an escape", OK | {"name": "a\x1b[31m"}, {"name"}),
    ("name with a tab", OK | {"name": "a\tb"}, {"name"}),
    ("name with a C1 control", OK | {"name": "a\u009b31mRED"}, {"name"}),
    ("name with a line separator", OK | {"name": "a\u2028b"}, {"name"}),
    ("name of nothing but joiners", OK | {"name": " \u200d\u200c"}, {"name"}),
    ("name that turns the text around", OK | {"name": "a\u202eb"}, {"name"}),
    ("command over 128 KiB", {"command": "echo " + "x" * 131_072}, {"command"}),
    ("env value over 128 KiB", OK | {"env": {"A": "ü" * 70_000}}, {"env"}),
    ("two roles of a name", {"task_roles": [ROLE] * 2}, {"task_roles"}),
    (
        "too many tasks in all",
        {"task_roles": [ROLE | {"tasks": 600}, ROLE | {"name": "b", "tasks": 600}]},
        {"task_roles"},
    ),
    (
        "too many ports in all",
        {"task_roles": [ROLE | {"tasks": 9, "ports": [{"label": "p", "count": 500}]}]},
        {"task_roles"},
    ),
    (
        "counts of a role",
        {"task_roles": [ROLE, ROLE | {"name": "b", "tasks": 2, "min_failed": 3, "min_succeeded": 0}]},
        {"task_roles.1.min_failed", "task_roles.1.min_succeeded"},
    ),
    (
        "two ports of a label",
        {"task_roles": [ROLE | {"ports": [{"label": "p"}] * 2}]},
        {"task_roles.0.ports"},
    ),
    (
        "ports",
        {"task_roles": [ROLE | {"ports": [{"label": "A-1"}, {"label": "b", "count": 0}, {}]}]},
        {"task_roles.0.ports.0.label", "task_roles.0.ports.1.count", "task_roles.0.ports.2.label"},
    ),
    (
        "a role's instance type, and more besides",
        {"task_roles": [ROLE, ROLE | {"name": "b", "instance_type": "huge"}], "group": "nobody"},
        {"task_roles.1.instance_type", "group"},
    ),
    ("tasks over the machine", {"task_roles": [ROLE | {"tasks": 1000}]}, {"task_roles"}),
    ("blank name", OK | {"name": " "}, {"name"}),
    ("long name", OK | {"name": "x" * 129}, {"name"}),
    ("name of a wrong type", OK | {"name": ["x"]}, {"name"}),
    ("priority 0", OK | {"priority": 0}, {"priority"}),
    ("priority 1001", OK | {"priority": 1001}, {"priority"}),
    ("priority as text", OK | {"priority": "100"}, {"priority"}),
    ("priority as a fraction", OK | {"priority": 1.5}, {"priority"}),
    ("preemptible as a number", OK | {"preemptible": 1}, {"preemptible"}),
    ("retries negative", OK | {"retries": -1}, {"retries"}),
    ("retries true", OK | {"retries": True}, {"retries"}),
    ("deadline 0", OK | {"deadline_seconds": 0}, {"deadline_seconds"}),
    ("deadline null", OK | {"deadline_seconds": None}, {"deadline_seconds"}),
    ("deadline of a thousand years", OK | {"deadline_seconds": 10**11}, {"deadline_seconds"}),
    ("ttl negative", OK | {"ttl_seconds": -1}, {"ttl_seconds"}),
    ("unknown group", OK | {"group": "nobody"}, {"group"}),
    ("unknown instance type", OK | {"instance_type": "huge"}, {"instance_type"}),
    ("unknown image", OK | {"image": "nothing"}, {"image"}),
    ("image of a missing folder", OK | {"image": "/nowhere/env"}, {"image"}),
    ("all three unknown", OK | {"group": "n", "image": "i"}, {"group", "image"}),
    ("env name", OK | {"env": {"1A": "x"}}, {"env.1A"}),
    ("env that the service sets", OK | {"env": {"JOBSUB_JOB_ID": "x"}}, {"env.JOBSUB_JOB_ID"}),
    ("env value of a wrong type", OK | {"env": {"A": 1, "B": None}}, {"env.A", "env.B"}),
    ("env as a list", OK | {"env": ["A=1"]}, {"env"}),
    ("relative script", {"script": "train.py"}, {"script"}),
    ("script with ..", {"script": "/tmp/../etc/x.py"}, {"script"}),
    ("missing script", {"script": "/nowhere/train.py"}, {"script"}),
    ("script of another kind", {"script": "/etc/passwd"}, {"script"}),
    ("missing notebook", {"notebook": "/nowhere/train.ipynb"}, {"notebook"}),
    ("a folder as working directory's parent", OK | {"working_dir": "here"}, {"working_dir"}),
    ("missing working directory", OK | {"working_dir": "/nowhere"}, {"working_dir"}),
    ("role name", {"task_roles": [{"name": "A B", "command": "x"}]}, {"task_roles.0.name"}),
    ("role without a command", {"task_roles": [{"name": "a"}]}, {"task_roles.0.command"}),
    ("every kind of mistake at once", EVERYTHING, set(EVERYTHING)),
    ("several at once", {"command": 3, "name": "", "priority": "x"}, {"command", "name", "priority"}),
]  # fmt: skip


def stored(service: Live) -> int:
    return sum(service.get("/jobsub/status").json["jobs"].values())


@pytest.mark.parametrize(("body", "fields"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
def test_a_wrong_submit_names_every_field(service: Live, body: Any, fields: set[str]) -> None:
    before = stored(service)
    answer = service.post("/jobsub/jobs", body if body is not None else b"null")
    assert answer.status == 422, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(answer.fields) == fields
    assert answer.json["detail"].endswith("wrong; nothing was changed")
    assert all(error["message"] and error["remedy"] for error in answer.json["errors"])
    assert stored(service) == before


RAW: list[tuple[str, bytes, int]] = [
    ("no body", b"", 400),
    ("not JSON", b"{command: true}", 400),
    ("half a body", b'{"command": "tr', 400),
    ("NaN", b'{"command": "true", "priority": NaN}', 400),
    ("not UTF-8", b'{"command": "\xff"}', 400),
    ("a lone surrogate", b'{"command": "\\ud800"}', 400),
    ("very deep", b"[" * 100_000, 400),
    ("a name that is there twice", b'{"command": "a", "env": {"A": "1"}, "command": "b"}', 422),
    ("a huge number", b'{"command": "true", "priority": ' + b"9" * 5000 + b"}", 400),
    ("over 1 MiB", b'{"command": "' + b"x" * (2**20) + b'"}', 413),
]


@pytest.mark.parametrize(("body", "status"), [row[1:] for row in RAW], ids=[row[0] for row in RAW])
def test_a_body_that_is_no_request(service: Live, body: bytes, status: int) -> None:
    before = stored(service)
    answer = service.post("/jobsub/jobs", body)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert answer.json["detail"]
    assert answer.json["remedy"] if status != 422 else answer.json["errors"][0]["remedy"]
    assert stored(service) == before


def test_every_name_that_is_there_twice_is_told(service: Live) -> None:
    answer = service.post("/jobsub/jobs", b'{"command": "a", "command": "b", "env": {"A": "1", "A": "2"}}')
    assert (answer.status, set(answer.fields)) == (422, {"command", "A"})
    assert answer.json["detail"] == "2 fields are wrong; nothing was changed"


WRONG_LIST = {
    "limit": 0,
    "phase": "zz",
    "foo": 1,
    "text": "",
    "since": "yesterday",
    "cursor": "zz",
    "mine": 3,
    "sort": "colour",
    "order": "up",
    "offset": -1,
}

FILTERS = {"group", "user", "sweep", "phase"}
CURSOR = make_cursor("another", 7)
QUERIES: list[tuple[str, dict[str, Any], set[str]]] = [
    ("unknown", {"nmae": "x"}, {"nmae"}),
    ("limit 0", {"limit": 0}, {"limit"}),
    ("limit 501", {"limit": 501}, {"limit"}),
    ("limit of letters", {"limit": "many"}, {"limit"}),
    ("phase", {"phase": "Done"}, {"phase"}),
    ("nothing to filter by", dict.fromkeys(FILTERS, ""), FILTERS - {"group"} | {"group.0"}),
    ("one group of two", {"group": ["default", "x" * 129]}, {"group.1"}),
    ("too many groups", {"group": ["x"] * 101}, {"group"}),
    ("sort", {"sort": "exit_code"}, {"sort"}),
    ("order", {"sort": "name", "order": "ascending"}, {"order"}),
    ("no offset", {"offset": "last"}, {"offset"}),
    ("too far", {"offset": 10_000_001}, {"offset"}),
    ("two places", {"cursor": CURSOR, "offset": 0}, {"cursor", "offset"}),
    ("no text", {"text": ""}, {"text"}),
    ("since", {"since": "yesterday"}, {"since"}),
    ("until", {"until": "2026-13-01"}, {"until"}),
    ("cursor", {"cursor": "x'; drop table jobs"}, {"cursor"}),
    ("the cursor of another store", {"cursor": CURSOR}, {"cursor"}),
    ("the cursor of another store, sorted", {"cursor": CURSOR, "sort": "name"}, {"cursor"}),
    ("two at once", {"limit": -1, "phase": "x"}, {"limit", "phase"}),
    ("every kind of mistake at once", WRONG_LIST, set(WRONG_LIST)),
]


@pytest.mark.parametrize(("query", "fields"), [row[1:] for row in QUERIES], ids=[row[0] for row in QUERIES])
def test_a_wrong_list(service: Live, query: dict[str, Any], fields: set[str]) -> None:
    answer = service.get("/jobsub/jobs", **query)
    assert answer.status == 422, answer.body
    assert set(answer.fields) == fields
    assert "correct the value" not in {error["remedy"] for error in answer.json["errors"]}


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"id": "x" * 65, "passive": 3, "foo": 1}, {"id.0", "passive", "foo"}),
        ({"id": ["x"] * 501}, {"id"}),
        ({"id": ["job-1", "../..", "X", ""]}, {"id.1", "id.2", "id.3"}),
    ],
)
def test_wrong_wishes_of_a_reader(service: Live, query: dict[str, Any], fields: set[str]) -> None:
    answer = service.get("/jobsub/events", **query)
    assert (answer.status, set(answer.fields)) == (422, fields), answer.body
    assert "correct the value" not in {error["remedy"] for error in answer.json["errors"]}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/jobsub/jobs/{NEVER}", 404),
        ("GET", "/jobsub/jobs/..%2f..%2fetc%2fpasswd", 404),
        ("GET", "/jobsub/jobs/%00", 404),
        ("DELETE", f"/jobsub/jobs/{NEVER}", 404),
        ("POST", f"/jobsub/jobs/{NEVER}/cancel", 404),
        ("POST", f"/jobsub/jobs/{NEVER}/rerun", 404),
        ("GET", f"/jobsub/jobs/{NEVER}/log", 404),
        ("GET", f"/jobsub/jobs/{NEVER}/timeline", 404),
        ("GET", f"/jobsub/jobs/{NEVER}/artifacts", 404),
        ("GET", f"/jobsub/jobs/{NEVER}/artifacts/a/b", 404),
        ("GET", f"/jobsub/jobs/{NEVER}/artifacts/", 404),
        ("GET", f"/jobsub/jobs/{NEVER}/output", 404),
        ("PUT", f"/jobsub/jobs/{NEVER}/output", 405),
        ("GET", f"/jobsub/jobs/{NEVER}/output/a", 404),
        ("POST", f"/jobsub/jobs/{NEVER}/purge", 404),
        ("GET", f"/jobsub/jobs/{NEVER}/purge", 405),
        ("PUT", f"/jobsub/jobs/{NEVER}/artifacts/a", 405),
        ("DELETE", f"/jobsub/jobs/{NEVER}/artifacts/a", 405),
        ("GET", "/jobsub/nothing", 404),
        ("GET", "/", 404),
        ("PUT", "/jobsub/jobs", 405),
        ("HEAD", f"/jobsub/jobs/{NEVER}/cancel", 405),
        ("HEAD", f"/jobsub/jobs/{NEVER}", 404),
        ("GET", f"/jobsub/jobs/{NEVER}/cancel", 405),
        ("DELETE", "/jobsub/status", 405),
        ("PATCH", "/jobsub/healthz", 405),
    ],
)
def test_a_wrong_address(service: Live, method: str, path: str, status: int) -> None:
    answer = service.ask(method, path)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert b"Traceback" not in answer.body
    assert answer.body == b"" if method == "HEAD" else answer.json["detail"] and answer.json["remedy"]


def test_a_wrong_idempotency_key(service: Live) -> None:
    for key in ("x" * 201, "a\tb"):
        answer = service.post("/jobsub/jobs", OK, {"Idempotency-Key": key})
        assert (answer.status, answer.fields) == (422, ["Idempotency-Key"])


def test_wrong_log_queries(service: Live) -> None:
    id = service.submit("echo hi")["id"]
    service.until(id)
    for query, status in [
        ({"tail": -1}, 422),
        ({"tail": "all"}, 422),
        ({"from": "12"}, 422),
        ({"before": "x:y"}, 422),
        ({"limit": 10**9}, 422),
        ({"attempt": 0}, 422),
        ({"attempt": 9}, 404),
        ({"from": "9:0"}, 404),
        ({"before": "0:0"}, 404),
        ({"from": "9:0", "follow": "true"}, 404),
        ({"role": "worker"}, 404),
        ({"role": "../.."}, 422),
        ({"task": 5}, 404),
        ({"lines": 5}, 422),
    ]:
        answer = service.get(f"/jobsub/jobs/{id}/log", **query)
        assert answer.status == status, (query, answer.body)
        assert answer.json["detail"]
        assert "changed" not in answer.json["detail"]
        assert "correct the value" not in str(answer.json)


@pytest.mark.parametrize("path", ["artifacts", "artifacts/a"])
@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"attempt": 0}, {"attempt"}),
        ({"attempt": "last"}, {"attempt"}),
        ({"attempt": -1, "role": "main"}, {"attempt", "role"}),
        ({"lines": 5}, {"lines"}),
    ],
)
def test_wrong_queries_of_artifacts(
    service: Live, path: str, query: dict[str, Any], fields: set[str]
) -> None:
    id = service.submit("echo 1 > artifacts/a")["id"]
    service.until(id)
    answer = service.get(f"/jobsub/jobs/{id}/{path}", **query)
    assert (answer.status, set(answer.fields)) == (422, fields)
    assert all(error["message"] and error["remedy"] for error in answer.json["errors"])


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"from": "12", "before": "x", "limit": 0}, {"from", "before", "limit"}),
        ({"limit": 100}, {"limit"}),
        ({"limit": 100, "before": "1:9"}, {"limit"}),
        ({"limit": 100, "reports": "false"}, {"limit", "reports"}),
        ({"download": "true", "follow": "true", "tail": 5}, {"download"}),
        ({"follow": "true", "before": "1:9"}, {"follow"}),
        (
            {"from": "1:0", "tail": 5, "download": "true", "limit": 9, "follow": "true"},
            {"from", "download", "follow"},
        ),
    ],
)
def test_what_of_a_log_does_not_go_together(service: Live, query: dict[str, Any], fields: set[str]) -> None:
    id = service.submit("echo hi")["id"]
    answer = service.get(f"/jobsub/jobs/{id}/log", **query)
    assert (answer.status, set(answer.fields)) == (422, fields)
    count = "1 field is" if len(fields) == 1 else f"{len(fields)} fields are"
    assert answer.json["detail"] == f"{count} wrong"


def test_actions_in_the_wrong_phase(service: Live) -> None:
    done = service.submit("true")["id"]
    service.until(done)
    for action in ("cancel", "pause", "resume"):
        answer = service.post(f"/jobsub/jobs/{done}/{action}")
        assert answer.status == 409, answer.body
        assert answer.json["remedy"]
    running = service.submit("sleep 60")["id"]
    service.until(running, "Running")
    for method, path in [("POST", f"{running}/rerun"), ("POST", f"{running}/resume"), ("DELETE", running)]:
        answer = service.ask(method, f"/jobsub/jobs/{path}")
        assert answer.status == 409, answer.body
    assert service.post(f"/jobsub/jobs/{running}/cancel").status == 200
    service.until(running, "Cancelled")


def test_what_can_never_fit_is_refused_at_submit(service: Live) -> None:
    service.configure('c.JobsubService.instance_types = {"tiny": {"cpu": 1}, "huge": {"cpu": 5000}}')
    assert service.post("/jobsub/reload").status == 200
    try:
        answer = service.post("/jobsub/jobs", OK | {"instance_type": "huge"})
        assert (answer.status, set(answer.fields)) == (422, {"instance_type"})
        assert "5000 CPU" in answer.json["errors"][0]["message"]
    finally:
        service.configure("")
        assert service.post("/jobsub/reload").json["changed"] == ["instance_types"]
