"""What is said of Pods as a cluster has shown them: ``pods.json`` is what its API server said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_jobsub.engines.kubernetes import pulls
from jupyter_jobsub.engines.kubernetes.errors import Refused
from jupyter_jobsub.engines.kubernetes.refusals import refusal
from jupyter_jobsub.engines.kubernetes.verdict import ended, seen
from jupyter_jobsub.model.job import JobId, Micros, Reason, TaskKey

RECORDED = json.loads((Path(__file__).parent / "pods.json").read_text())
LARGER = "choose a smaller instance type, or add a larger node"
MAY = "see its name; an image that is not public needs image_pull_secrets in the configuration"

WAITING = {
    "gates": "",
    "cpu": f"no node has 64 CPUs: {LARGER}",
    "memory": f"no node has 4000 GiB of memory: {LARGER}",
    "gpu-too-many": f"no node has 16 GPUs (nvidia.com/gpu): {LARGER}",
    "unknown-resource": f"no node has 1 GPU (amd.com/gpu): {LARGER}",
    "cpu-and-gpu": f"no node has 64 CPUs, none has 16 GPUs (nvidia.com/gpu): {LARGER}",
    "gpu-in-use": "no node has 3 GPUs (nvidia.com/gpu) free: it waits until one has",
    "selector": "no node has the labels that it asks for (gpu=a100): see node_selector in the configuration",
    "claim-missing": "there is no PersistentVolumeClaim nope: it waits until the claim is made",
    "image-refused": "the image 127.0.0.1:1/missing:1 can't be pulled: its registry 127.0.0.1:1 does not"
    " answer: connection refused; it is tried again",
    "registry-429": "the image 127.0.0.1:5000/429:1 can't be pulled: its registry 127.0.0.1:5000 answers no"
    " more requests of this cluster for a while; it is tried again",
    "registry-503": "the image 127.0.0.1:5000/503:1 can't be pulled: its registry 127.0.0.1:5000 does not"
    " answer: 503; it is tried again",
    "secret-missing-volume": 'the volume v can\'t be mounted: secret "nope" not found; it is tried again, see'
    " that it is there",
    "hostpath-missing": "the volume v can't be mounted: /nope/there is not a directory; it is tried again,"
    " see that it is there",
}

HOPELESS = {
    "bad-image-name": "Not An/Image is no name of a container image: correct it, then rerun the job",
    "image-never": "the image nope:1 is not on the node and may not be pulled there"
    " (image_pull_policy is Never)",
    "registry-thing": "there is no image 127.0.0.1:5000/thing:1: see its name and tag, then rerun the job",
    "registry-401": f"the image 127.0.0.1:5000/401:1 is not there or may not be pulled: {MAY}",
    "registry-403": f"the image 127.0.0.1:5000/403:1 is not there or may not be pulled: {MAY}",
    "key-missing": 'its node can\'t make its container (CreateContainerConfigError): secret "nope" not found;'
    " see that it is there, then rerun the job",
    "non-root": "its Pod may not run as root, and its image does: set run_as_user in the configuration",
}

ENDED = {
    "exit-0": (0, "Completed", ""),
    "exit-3-last-words": (3, "Error", "cell 3 failed"),
    "sigkill": (137, "Error", "ended by signal 9 (SIGKILL); often that is the machine running out of memory"),
    "oom": (137, "Error", "it used more memory than its instance type has: choose a larger one, or use less"),
    "oom-of-a-child": (
        *(0, "Completed"),
        "a process of it was killed because it used more memory than the instance type has",
    ),
    "deadline": (143, "DeadlineExceeded", "ran longer than its deadline of 60 s"),
    "deleted-by-hand": (143, "Error", "its Pod was deleted from the cluster"),
    "deleted-by-hand-exit-0": (0, "Completed", ""),
    "no-shell": (
        *(None, "LaunchFailed"),
        "the image docker.io/jobsub/base:1 has no shell (sh), which commands need: choose another",
    ),
}


@pytest.mark.parametrize("case", WAITING)
def test_what_may_start_yet(case: str) -> None:
    found = seen(**RECORDED[case])
    assert (found.waiting, found.hopeless, found.pulling) == (WAITING[case], "", False)


@pytest.mark.parametrize("case", HOPELESS)
def test_what_never_will_start(case: str) -> None:
    assert seen(**RECORDED[case]).hopeless == HOPELESS[case]


@pytest.mark.parametrize("case", ENDED)
def test_what_has_ended(case: str) -> None:
    code, reason, message = ENDED[case]
    last = seen(**RECORDED[case])
    assert last.over
    told = ended(TaskKey(JobId("j"), 1), last, gone=False, halted=False, deadline=60, now=Micros(0))
    assert (told.exit_code, told.reason, told.message) == (code, Reason(reason), message)


def test_what_runs_waits_for_nothing() -> None:
    for case in ("running", "keeping"):
        found = seen(**RECORDED[case])
        assert (found.waiting, found.hopeless, found.pulling) == ("", "", False)
        assert found.started_at


def test_an_image_that_is_being_pulled() -> None:
    found = seen(**RECORDED["pulling"])
    assert found.pulling
    assert found.waiting == "pulling the image 127.0.0.1:5000/slow:1"
    assert not found.hopeless


FETCHING = {"name": "dataset-0", "image": "git:1", "volumeMounts": [{"mountPath": "/datasets/birds"}]}


def fetching(state: dict[str, object]) -> dict[str, object]:
    """A Pod whose dataset is in this state."""
    waits = {"waiting": {"reason": "PodInitializing"}}
    status = {
        "phase": "Pending",
        "initContainerStatuses": [{"name": "dataset-0", "state": state}],
        "containerStatuses": [{"name": name, "state": waits} for name in ("keeper", "main")],
    }
    both = [{"name": name, "image": "x:1"} for name in ("keeper", "main")]
    spec = {"nodeName": "n", "initContainers": [FETCHING], "containers": both}
    return {"metadata": {"name": "p"}, "spec": spec, "status": status}


def test_a_dataset_that_is_fetched_first() -> None:
    now = seen(fetching({"running": {"startedAt": "2026-11-21T17:00:00Z"}}))
    assert (now.waiting, now.pulling, now.hopeless) == ("fetching the dataset birds", True, "")
    failed = {"exitCode": 128, "reason": "Error", "startedAt": "2026-11-21T17:00:00Z"}
    told = seen(fetching({"terminated": {**failed, "message": "fatal: no such repository\n"}}))
    assert told.hopeless == "the dataset birds could not be fetched: fatal: no such repository"
    done = seen(fetching({"terminated": {**failed, "exitCode": 0, "reason": "Completed"}}))
    assert (done.waiting, done.hopeless) == ("", "")


def test_an_image_that_has_been_pulled_is_not_being_pulled() -> None:
    recorded = RECORDED["pulling"]
    pod = json.loads(json.dumps(recorded["pod"]))
    pod["status"]["containerStatuses"][0]["state"] = {"running": {"startedAt": "2026-11-21T17:00:00Z"}}
    found = seen(pod, recorded["events"])
    assert (found.waiting, found.pulling) == ("", False)


def test_a_start_that_failed_for_no_fault_of_the_image_may_go_through_next_time() -> None:
    pod = json.loads(json.dumps(RECORDED["running"]["pod"]))
    message = "failed to create containerd task: context canceled: unknown"
    failed = {
        "exitCode": 128,
        "reason": "StartError",
        "startedAt": "1970-01-01T00:00:00Z",
        "message": message,
    }
    main = next(each for each in pod["status"]["containerStatuses"] if each["name"] == "main")
    main["state"] = {"terminated": failed}
    found = seen(pod)
    assert found.waiting.endswith(
        "could not start a container of the image docker.io/jobsub/base:1: context canceled"
    )
    assert (found.hopeless, found.stuck) == ("", True)


def test_a_command_whose_keeper_could_not_be_started_never_begins() -> None:
    pod = json.loads(json.dumps(RECORDED["running"]["pod"]))
    failed = {"exitCode": 128, "reason": "StartError", "startedAt": "1970-01-01T00:00:00Z"}
    told = {each["name"]: each for each in pod["status"]["containerStatuses"]}
    told["keeper"]["state"] = {"terminated": failed | {"message": "context canceled"}}
    assert "running" in told["main"]["state"]
    found = seen(pod)
    assert found.started_at is None
    assert found.waiting.endswith(
        "could not start a container of the image docker.io/jobsub/base:1: context canceled"
    )
    assert (found.hopeless, found.stuck) == ("", False)
    told["main"]["state"] = {
        "terminated": {
            **failed,
            "exitCode": 143,
            "startedAt": told["main"]["state"]["running"]["startedAt"],
            "finishedAt": "2026-11-21T18:00:00Z",
            "reason": "Error",
        }
    }
    pod["status"]["phase"] = "Failed"
    over = seen(pod)
    assert (over.started_at, over.ended, over.over) == (None, None, True)
    last = ended(TaskKey(JobId("j"), 1), over, gone=False, halted=False, deadline=60, now=Micros(1))
    assert last.reason is Reason.LAUNCH_FAILED
    assert "context canceled" in last.message


def test_what_waits_for_a_command_that_never_comes() -> None:
    assert seen(**RECORDED["key-missing"]).stuck
    assert not seen(**RECORDED["running"]).stuck
    assert not seen(**RECORDED["registry-thing"]).stuck, "there is no keeper yet"


def test_a_pull_is_given_up_after_some_tries() -> None:
    refused = RECORDED["image-backoff"]
    pulled = [event for event in refused["events"] if event["reason"] == "Pulling"]
    for tries in range(1, pulls.TRIES + 1):
        told = [{**event, "count": tries} for event in pulled]
        assert pulls.tries(told) == tries
        found = seen(refused["pod"], told)
        assert bool(found.hopeless) == (tries == pulls.TRIES)
    assert found.hopeless.endswith(
        "does not answer: connection refused; tried 4 times; rerun the job when it can"
    )


FAILURES = {
    "no match for platform in manifest: not found": "has no version for its node's kind of processor",
    "pull access denied, repository does not exist or may require authorization": "may not be pulled",
    "manifest for x:1 not found: manifest unknown": "there is no image",
    "write /x: no space left on device": "its node has no room for it",
    'Head "https://r/v2/": x509: certificate signed by unknown authority': "certificate signed by unknown",
    "dial tcp: lookup r.example.org: no such host": "does not answer: no such host",
    "something else: altogether": "altogether",
    "": "nobody says why",
}


@pytest.mark.parametrize("text", FAILURES)
def test_pulls_that_fail(text: str) -> None:
    failure = pulls.failed("r.example.org/x:1", "ErrImagePull", text, 1)
    assert FAILURES[text] in failure.message
    assert "r.example.org" in failure.message


POD = 'pods "q" is forbidden: '
REFUSED = {
    POD + "exceeded quota: team, requested: requests.cpu=70m,requests.memory=96Mi, used: requests.cpu=60m,"
    "requests.memory=2Gi, limited: requests.cpu=100m,requests.memory=8Gi": (
        "the cluster's quota team is used up: 0.06 CPUs of 0.1 CPUs in use, it asks 0.07 CPUs",
        True,
    ),
    POD + "exceeded quota: team, requested: requests.cpu=10m,requests.nvidia.com/gpu=2, used: requests.cpu=0,"
    "requests.nvidia.com/gpu=0, limited: requests.cpu=100m,requests.nvidia.com/gpu=1": (
        "asks for more than the cluster's quota team has: 0 GPUs (nvidia.com/gpu) of 1 GPU (nvidia.com/gpu)"
        " in use, it asks 2 GPUs (nvidia.com/gpu); choose a smaller instance type",
        False,
    ),
    POD + "failed quota: team: must specify requests.cpu for: main; requests.memory for: main": (
        "the cluster's quota team wants every container to say its requests.cpu for: main; requests.memory"
        " for: main: choose an instance type that does",
        False,
    ),
    POD + "[minimum cpu usage per Container is 20m, but request is 10m, maximum cpu usage per Container is"
    " 500m, but limit is 2]": (
        "the cluster has limits in its namespace: minimum 0.02 CPUs a Container, maximum 0.5 CPUs a"
        " Container; choose another instance type, or see keeper_resources in the configuration",
        False,
    ),
    POD + 'error looking up service account jobs/nope: serviceaccount "nope" not found': (
        "there is no service account nope: see service_account in the configuration",
        True,
    ),
    POD + 'violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (containers "keeper",'
    ' "main" must set securityContext.allowPrivilegeEscalation=false), runAsNonRoot != true (pod or'
    ' containers "keeper", "main" must set securityContext.runAsNonRoot=true)': (
        "the cluster's Pod security (restricted) forbids: allowPrivilegeEscalation != false,"
        " runAsNonRoot != true",
        False,
    ),
    'admission webhook "policy.example.org" denied the request: no images of strangers': (
        "a rule of the cluster (policy.example.org) forbids it: no images of strangers",
        False,
    ),
    'pods is forbidden: User "bob" cannot create resource "pods" in API group "" in the namespace "jobs"': (
        "the service's account bob has no right to create pods: ask who runs the cluster",
        True,
    ),
    POD + "not yet ready to handle request": ("the cluster asks to try again later", True),
    'namespaces "nonesuch" not found': (
        "there is no namespace nonesuch: see namespace in the configuration",
        True,
    ),
    POD + "no PriorityClass with name nope was found": (
        "there is no priority class nope: ask who runs the cluster",
        False,
    ),
    'Pod "q" is invalid: spec.containers[0].image: Invalid value: " ": must not have whitespace': (
        'the cluster refuses its Pod: spec.containers[0].image: Invalid value: " ": must not have whitespace;'
        " ask who runs the cluster",
        False,
    ),
}


@pytest.mark.parametrize("text", REFUSED)
def test_refusals(text: str) -> None:
    found = refusal(Refused(403, "Forbidden", text))
    assert (found.message, found.passing) == REFUSED[text]
