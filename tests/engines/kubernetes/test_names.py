from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from jupyter_jobsub.engines.kubernetes import names
from jupyter_jobsub.model.job import JobId, TaskKey

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
JOB = JobId("job-20261121-k7x2mp9w")

jobs = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True).map(JobId)
roles = st.one_of(
    st.from_regex(r"[a-z0-9]([-a-z0-9]{0,29}[a-z0-9])?", fullmatch=True),
    st.text(min_size=1, max_size=80).filter(lambda text: "\0" not in text),
)
keys = st.builds(TaskKey, jobs, st.integers(1, 10**6), roles, st.integers(0, 999))


@given(keys)
def test_every_name_is_a_dns_label(key: TaskKey) -> None:
    for name in (names.pod_name(key), names.host_name(key), names.attempt_name(key)):
        assert DNS_LABEL.fullmatch(name)
        assert len(name) <= 63


@given(jobs, st.sets(st.tuples(roles, st.integers(0, 999)), min_size=2, max_size=20))
def test_no_two_tasks_of_a_job_are_named_alike(job: JobId, tasks: set[tuple[str, int]]) -> None:
    found = [TaskKey(job, 1, *task) for task in tasks]
    assert len({names.pod_name(key) for key in found}) == len(found)
    assert len({names.host_name(key) for key in found}) == len(found)


def test_names_that_differ_by_what_no_label_has_differ() -> None:
    roles = ("a b", "a_b", "A-B", "a-b", "ab", "日本", "日", "a" * 80, "a" * 81)
    assert len({names.pod_name(TaskKey(JOB, 1, role)) for role in roles}) == len(roles)


def test_a_name_says_what_it_can() -> None:
    assert names.pod_name(TaskKey(JOB, 3)) == JOB
    assert names.pod_name(TaskKey(JOB, 3, "worker", 12)) == f"{JOB}-worker-12"
    assert names.pod_name(TaskKey(JOB, 1, "Param Server")).startswith(f"{JOB}-param-server-0-")
    assert names.host_name(TaskKey(JOB, 3, "worker", 12)) == "worker-12"
    assert names.attempt_name(TaskKey(JOB, 3, "worker", 12)) == f"{JOB}-3"


@given(keys)
def test_attempts_share_a_pods_name_and_nothing_else(key: TaskKey) -> None:
    later = TaskKey(key.job, key.attempt + 1, key.role, key.index)
    assert names.pod_name(key) == names.pod_name(later)
    assert names.attempt_name(key) != names.attempt_name(later)


@given(keys, st.text(), st.text(), st.text())
def test_whatever_people_are_called_labels_are_legal(key: TaskKey, store: str, user: str, group: str) -> None:
    for value in names.labels(key, store, user, group).values():
        assert LABEL_VALUE.fullmatch(value)
        assert len(value) <= 63


@given(keys, st.text(min_size=1))
def test_a_pod_says_whose_it_is(key: TaskKey, store: str) -> None:
    pod = {"metadata": {"labels": names.labels(key, store), "annotations": {names.KEY: str(key)}}}
    assert names.key_of(pod) == key
    assert names.is_of(pod, store)
    assert not names.is_of(pod, store + "x")


def test_a_pod_of_nobody_says_so() -> None:
    for metadata in (
        {},
        {"labels": None, "annotations": {"other": "x"}},
        {"annotations": {names.KEY: "x.y"}},
    ):
        pod = {"metadata": metadata}
        assert names.key_of(pod) is None
        assert not names.is_of(pod, "store")


@given(keys, st.text(min_size=1))
def test_a_selector_finds_what_has_the_labels(key: TaskKey, store: str) -> None:
    labels = names.labels(key, store)
    wanted = dict(term.split("=") for term in names.selector(store, key.job).split(","))
    assert wanted.items() <= labels.items()
    assert names.selector(store) == f"{names.STORE}={labels[names.STORE]}"
