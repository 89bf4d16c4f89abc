"""Who may what: every route, for everybody, through the real service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jupyter_jobsub.service.examples import ANSWERS
from jupyter_jobsub.service.routes import ROUTES
from tests.live import Answer, Live, live

CONFIG = """
c.JobsubService.identity = "forwarded"
c.JobsubService.admins = ["admin"]
c.JobsubService.groups = {
    "lab": {"members": ["owner", "member"], "admins": ["chief"]},
    "quiet": {"members": ["owner", "member"], "admins": ["chief"], "share_logs": False},
    "other": {"members": ["stranger"]},
}
"""
PEOPLE = ("owner", "member", "chief", "admin", "stranger")  # chief: an admin of the group
JOB = "/jobsub/jobs/{id}"
SECRET = "hunter2"

MATRIX = {
    # what is asked                   owner member chief admin stranger
    ("POST", "/jobsub/jobs"):         (201, 201, 201, 422, 422),  # into the group: an admin of all is in none
    ("POST", "/jobsub/sweeps"):       (201, 201, 201, 422, 422),
    ("GET", "/jobsub/jobs"):          (200, 200, 200, 200, 200),  # of those that one may see
    ("GET", JOB):                     (200, 200, 200, 200, 404),
    ("PATCH", JOB):                   (200, 403, 200, 200, 404),
    ("DELETE", JOB):                  (204, 403, 204, 204, 404),
    ("POST", f"{JOB}/purge"):         (200, 403, 200, 200, 404),
    ("POST", f"{JOB}/cancel"):        (200, 403, 200, 200, 404),
    ("POST", f"{JOB}/pause"):         (200, 403, 200, 200, 404),
    ("POST", f"{JOB}/resume"):        (200, 403, 200, 200, 404),
    ("POST", f"{JOB}/rerun"):         (201, 403, 403, 403, 404),
    ("GET", f"{JOB}/spec"):           (200, 200, 200, 200, 404),  # to clone; without the variables' values
    ("GET", f"{JOB}/log"):            (200, 200, 200, 200, 404),
    ("GET", f"{JOB}/metrics"):        (200, 200, 200, 200, 404),
    ("GET", f"{JOB}/artifacts"):      (200, 200, 200, 200, 404),
    ("GET", f"{JOB}/artifacts/{{path}}"): (200, 200, 200, 200, 404),
    ("GET", f"{JOB}/output"):         (200, 200, 200, 200, 404),
    ("GET", f"{JOB}/timeline"):       (200, 200, 200, 200, 404),
    ("GET", "/jobsub/events"):        (200, 200, 200, 200, 200),  # of the jobs that one may see
    ("GET", "/jobsub/catalog"):       (200, 200, 200, 200, 200),  # of one's own groups
    ("GET", "/jobsub/usage"):         (200, 200, 200, 200, 200),  # of one's own groups
    ("GET", "/jobsub/status"):        (200, 200, 200, 200, 200),
    ("POST", "/jobsub/stop"):         (403, 403, 403, 200, 403),
    ("POST", "/jobsub/reload"):       (403, 403, 403, 200, 403),
    ("POST", "/jobsub/drain"):        (403, 403, 403, 200, 403),
    ("GET", "/jobsub/healthz"):       (200, 200, 200, 200, 200),  # says nothing
    ("GET", "/jobsub/metrics"):       (403, 403, 403, 200, 403),
    ("GET", "/jobsub/openapi.json"):  (200, 200, 200, 200, 200),
}  # fmt: skip

SHARED_READS = [
    f"{JOB}/{part}"
    for part in ("spec", "log", "metrics", "artifacts", "artifacts/{path}", "output", "timeline")
]
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/jobsub/jobs"): {"command": "true", "group": "lab"},
    ("POST", "/jobsub/sweeps"): {"spec": {"command": "true", "group": "lab"}, "grid": {"lr": [1, 2]}},
    ("PATCH", JOB): {"priority": 500},
    ("POST", "/jobsub/drain"): {"drain": True},
}


def ask(service: Live, person: str, method: str, path: str, body: Any = None) -> Answer:
    return service.ask(method, path, body, {"Jobsub-User": person})


def act(service: Live, person: str, id: str, action: str) -> Answer:
    return ask(service, person, "POST", f"/jobsub/jobs/{id}/{action}")


def waiting(service: Live, group: str = "lab") -> str:
    body = {"command": "true", "name": "queued", "group": group, "env": {"TOKEN": SECRET}}
    id: str = ask(service, "owner", "POST", "/jobsub/jobs", body).json["id"]
    return id


def paused(service: Live) -> str:
    id = waiting(service)
    act(service, "owner", id, "pause")
    return service.until(id, "Paused")["id"]


def ended(service: Live) -> str:
    id = waiting(service)
    act(service, "owner", id, "cancel")
    return service.until(id)["id"]


STATES: dict[tuple[str, str], Callable[[Live], str]] = {
    ("DELETE", JOB): ended,
    ("POST", f"{JOB}/purge"): ended,
    ("POST", f"{JOB}/rerun"): ended,
    ("POST", f"{JOB}/resume"): paused,
}


@pytest.fixture(scope="module")
def people() -> Iterator[Live]:
    """A service of several people, in which one job has run in each group and the others wait."""
    with live(CONFIG) as service:
        words = "echo its words | tee $JOBSUB_ARTIFACTS/words > $JOBSUB_TERMINATION_LOG"
        failing = {"command": f"echo its output; {words}; exit 1", "parameters": {"hint": "its words"}}
        for group in ("lab", "quiet"):
            body = failing | {"group": group, "name": "ran", "env": {"TOKEN": SECRET}}
            service.until(ask(service, "owner", "POST", "/jobsub/jobs", body).json["id"])
            service.until(noted(service, group))
        service.post("/jobsub/drain", {"drain": True})
        yield service


def noted(service: Live, group: str) -> str:
    """A notebook without cells."""
    path = service.folder / "a.ipynb"
    path.write_text(ANSWERS["get_output"])
    body = {"notebook": str(path), "group": group, "name": "noted", "image": "python3"}
    id: str = ask(service, "owner", "POST", "/jobsub/jobs", body).json["id"]
    return id


def ran(service: Live, group: str, path: str = "") -> str:
    """A job that has left what is asked for."""
    name = "noted" if path.endswith("/output") else "ran"
    found = service.get("/jobsub/jobs", group=group, text=name).json["items"]
    id: str = found[-1]["id"]
    return id


def status_of(service: Live, person: str, method: str, path: str, body: Any) -> int:
    """The status alone: a stream never ends."""
    connection = service.connect()
    try:
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, path, data, {"Jobsub-User": person})
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_matrix_has_a_row_for_every_route() -> None:
    assert set(MATRIX) == {(route.method, route.path) for route in ROUTES}


@pytest.mark.parametrize(
    ("person", "method", "path", "status"),
    [
        (person, *route, status)
        for route, statuses in MATRIX.items()
        for person, status in zip(PEOPLE, statuses, strict=True)
        if (route, person) != (("POST", "/jobsub/stop"), "admin")
    ],
)
def test_matrix(people: Live, person: str, method: str, path: str, status: int) -> None:
    id = STATES.get((method, path), waiting)(people) if method != "GET" else ran(people, "lab", path)
    body = BODIES.get((method, path))
    assert status_of(people, person, method, path.format(id=id, path="words"), body) == status


def test_an_admin_may_stop_the_service() -> None:
    with live(CONFIG) as service:
        assert ask(service, "admin", "POST", "/jobsub/stop").status == 200
        assert service.process
        assert service.process.wait(30) == 0


@pytest.mark.parametrize("path", SHARED_READS)
@pytest.mark.parametrize(("person", "status"), [*zip(PEOPLE, (200, 403, 200, 200, 404), strict=True)])
def test_a_group_may_keep_logs_and_specs_from_its_members(
    people: Live, person: str, status: int, path: str
) -> None:
    id = ran(people, "quiet", path)
    assert ask(people, person, "GET", path.format(id=id, path="words")).status == status


@pytest.mark.parametrize(
    "query", ["", "&offset=0", "&sort=name", "&sort=user&user=owner", "&text=ran&offset=0"]
)
def test_strangers_are_not_told_how_many_jobs_there_are(people: Live, query: str) -> None:
    ran(people, "quiet")
    path = f"/jobsub/jobs?group=quiet{query}"
    page = ask(people, "stranger", "GET", path).json
    assert (page["items"], page["total"]) == ([], 0)
    assert ask(people, "member", "GET", path).json["total"] > 0


def test_what_is_kept_from_a_member_is_kept_everywhere(people: Live) -> None:
    id = ran(people, "quiet")
    told = []
    for event in people.events("/jobsub/events", {"Jobsub-User": "member", "Last-Event-ID": "0"}):
        told.append(event["data"])
        if (event["data"].get("event") or {}).get("phase") == "Failed" and event["data"]["job"]["id"] == id:
            break
    row = ask(people, "member", "GET", f"/jobsub/jobs/{id}").json
    listed = ask(people, "member", "GET", "/jobsub/jobs?group=quiet").json
    assert row["name"] == "ran"
    assert "clone" not in row["allowed"]
    assert "its words" in ask(people, "owner", "GET", f"/jobsub/jobs/{id}").json["message"]
    quiet = [data for data in told if data.get("job", {}).get("group") == "quiet"]
    assert quiet
    for seen in (row, listed, quiet):
        assert "its words" not in json.dumps(seen)
        assert "its output" not in json.dumps(seen)


@pytest.mark.parametrize(
    ("group", "names"), [("lab", ["mine lr=its words", "mine lr=2"]), ("quiet", ["mine 1/2", "mine 2/2"])]
)
def test_a_sweep_is_named_after_its_values_where_they_may_be_read(
    people: Live, group: str, names: list[str]
) -> None:
    body = {"spec": {"command": "true", "name": "mine", "group": group}, "grid": {"lr": ["its words", 2]}}
    made = ask(people, "owner", "POST", "/jobsub/sweeps", body).json
    assert [row["name"] for row in made["items"]] == names
    assert [row["parameters"] for row in made["items"]] == [{"lr": "its words"}, {"lr": 2}]
    found = ask(people, "member", "GET", f"/jobsub/jobs?text=words&sweep={made['id']}").json["items"]
    assert [row["name"] for row in found] == names[:1] * (group == "lab")


@pytest.mark.parametrize(("person", "value"), [("owner", SECRET), *((p, None) for p in PEOPLE[1:4])])
def test_values_of_variables_are_the_owners(people: Live, person: str, value: str | None) -> None:
    id = ran(people, "lab")
    assert ask(people, person, "GET", f"/jobsub/jobs/{id}/spec").json["env"] == {"TOKEN": value}
    for path in ("", "/timeline", "/log"):
        assert SECRET.encode() not in ask(people, person, "GET", f"/jobsub/jobs/{id}{path}").body


def test_a_clone_of_somebody_elses_job_needs_its_values(people: Live) -> None:
    spec = ask(people, "member", "GET", f"/jobsub/jobs/{ran(people, 'lab')}/spec").json
    answer = ask(people, "member", "POST", "/jobsub/jobs", spec)
    assert (answer.status, answer.fields) == (422, ["env.TOKEN"])
    made = ask(people, "member", "POST", "/jobsub/jobs", spec | {"env": {"TOKEN": "mine"}})
    assert (made.status, made.json["user"]) == (201, "member")


@pytest.mark.parametrize(
    ("person", "allowed"),
    [
        ("owner", ["cancel", "pause", "edit", "clone"]),
        ("member", ["clone"]),
        ("chief", ["cancel", "pause", "edit", "clone"]),
        ("admin", ["cancel", "pause", "edit", "clone"]),
    ],
)
def test_a_row_says_what_its_reader_may(people: Live, person: str, allowed: list[str]) -> None:
    assert ask(people, person, "GET", f"/jobsub/jobs/{waiting(people)}").json["allowed"] == allowed


@pytest.mark.parametrize("person", PEOPLE)
def test_lists_counts_and_groups_are_of_what_one_may_see(people: Live, person: str) -> None:
    mine = ask(people, "stranger", "POST", "/jobsub/jobs", {"command": "true"}).json
    groups = {"stranger": {"other"}, "admin": {"lab", "quiet", "other"}}.get(person, {"lab", "quiet"})
    listed = ask(people, person, "GET", "/jobsub/jobs?limit=500").json["items"]
    assert {job["group"] for job in listed} == groups
    usage = ask(people, person, "GET", "/jobsub/usage").json
    assert {group["name"] for group in usage["groups"]} == groups
    counted = sum(ask(people, person, "GET", "/jobsub/status").json["jobs"].values())
    assert counted == len(listed)
    catalog = ask(people, person, "GET", "/jobsub/catalog").json
    assert {group["name"] for group in catalog["groups"]} == (groups if person != "admin" else set())
    act(people, "stranger", mine["id"], "cancel")


def test_a_stranger_hears_nothing_of_others(people: Live) -> None:
    stream = people.events("/jobsub/events", {"Jobsub-User": "stranger"})
    assert next(stream)["event"] == "hello"
    hidden = ended(people)
    ask(people, "owner", "DELETE", f"/jobsub/jobs/{hidden}")
    mine = ask(people, "stranger", "POST", "/jobsub/jobs", {"command": "true"}).json["id"]
    first = next(stream)
    assert (first["event"], first["data"]["job"]["id"]) == ("job", mine)


def test_who_leaves_a_group_is_heard_no_more_and_hears_no_more() -> None:
    with live(CONFIG) as service:
        stream = service.events("/jobsub/events", {"Jobsub-User": "member"})
        assert next(stream)["event"] == "hello"
        service.configure(CONFIG.replace('"members": ["owner", "member"]', '"members": ["owner"]'))
        assert service.post("/jobsub/reload").json["changed"] == ["groups"]
        assert list(stream) == []  # it ended: its reader may come back, and sees what it may see now
        id = waiting(service)
        assert ask(service, "member", "GET", f"/jobsub/jobs/{id}").status == 404
        service.post(f"/jobsub/jobs/{id}/cancel")
