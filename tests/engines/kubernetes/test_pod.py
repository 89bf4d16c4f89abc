from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_jobsub.engines.base import Launch
from jupyter_jobsub.engines.kubernetes import names
from jupyter_jobsub.engines.kubernetes.entry import literal
from jupyter_jobsub.engines.kubernetes.environment import check
from jupyter_jobsub.engines.kubernetes.files import LARGEST
from jupyter_jobsub.engines.kubernetes.pod import COLLECTING, SLACK, Objects, Terms, build, void_pod
from jupyter_jobsub.engines.kubernetes.settings import parse_settings
from jupyter_jobsub.errors import EngineError
from jupyter_jobsub.model.job import JobId, TaskKey
from jupyter_jobsub.model.resources import Resources
from tests.engines.kubernetes.launches import KEY, launch_of

GANG = [
    {"name": "ps", "command": "serve", "ports": [{"label": "grpc"}]},
    {"name": "worker", "tasks": 2, "command": "train", "ports": [{"label": "a", "count": 2}]},
]
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
REFERENCES = st.lists(st.sampled_from(["$", "(", ")", "$(A)", "$$", "A", " ", "\n", "'"])).map("".join)


def built(
    launch: Launch, settings: dict[str, Any] | None = None, env: Mapping[str, str] | None = None
) -> Objects:
    return build(launch, parse_settings(settings or {}), Terms("store-1", env or {}, grace=7.5))


def pod_of(launch: Launch, settings: dict[str, Any] | None = None, **terms: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(built(launch, settings, **terms).pod))
    return made


def container(pod: Mapping[str, Any], name: str = "main") -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in pod["spec"]["containers"] if each["name"] == name)
    return found


def literals(pod: Mapping[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container(pod)["env"]}


def kept(objects: Objects) -> dict[str, str]:
    """What the Secrets that the environment comes from hold."""
    named = {each["secretRef"]["name"] for each in container(objects.pod)["envFrom"]}
    data = [secret["data"] for secret in objects.secrets if secret["metadata"]["name"] in named]
    return {name: base64.b64decode(value).decode() for each in data for name, value in each.items()}


def mounts(pod: Mapping[str, Any], name: str = "main") -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """A container's folders: their volumes' sources and how they are mounted."""
    volumes = {each["name"]: each for each in pod["spec"]["volumes"]}
    return {m["mountPath"]: (volumes[m["name"]], m) for m in container(pod, name)["volumeMounts"]}


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """What the kubelet makes of a text: ``k8s.io/kubernetes/third_party/forked/golang/expansion``."""
    out, at = "", 0
    while at < len(text):
        after = text[at + 1 : at + 2]
        if text[at] != "$" or not after:
            out, at = out + text[at], at + 1
        elif after == "(" and (end := text.find(")", at)) >= 0:
            name = text[at + 2 : end]
            out, at = out + variables.get(name, f"$({name})"), end + 1
        else:
            out, at = out + ("$" if after == "$" else f"${after}"), at + 2
    return out


class TestCommand:
    @given(st.one_of(TEXT, REFERENCES))
    def test_the_kubelet_leaves_every_text_as_it_is(self, text: str) -> None:
        assert expanded(literal(text), {"A": "gone", "": "gone"}) == text

    @given(st.one_of(TEXT, REFERENCES).filter(str.strip))
    def test_the_shell_is_given_the_command_byte_for_byte(self, text: str) -> None:
        pod = pod_of(launch_of({"command": text}))
        assert expanded(container(pod)["command"][-1], literals(pod)) == text

    @given(REFERENCES)
    def test_and_what_every_job_has(self, text: str) -> None:
        assert expanded(literals(pod_of(launch_of({"command": "x"}), env={"A": text}))["A"], {}) == text

    def test_each_role_has_its_own(self) -> None:
        for role, command in (("ps", "serve"), ("worker", "train")):
            launch = launch_of({"task_roles": GANG}, key=TaskKey(JobId("job-1"), 1, role, 0))
            assert container(pod_of(launch))["command"][-1] == command

    @pytest.mark.parametrize(
        ("spec", "folder", "imports"),
        [
            ({"command": "x"}, "/home/jovyan", ""),
            ({"command": "x", "working_dir": "/srv/lab/a b"}, "/project/lab/a b", ""),
            ({"command": "x", "working_dir": "/srv/lab"}, "/project/lab", ""),
            ({"command": "x", "working_dir": "/srv/laboratory"}, "/srv/laboratory", ""),
            ({"command": "x", "working_dir": "/srv/mnist/raw"}, "/datasets/mnist/raw", ""),
            ({"command": "x", "working_dir": "/project/lab/a"}, "/project/lab/a", ""),
            ({"script": "/srv/lab/x/train.py"}, "/project/lab/x", "/project/lab/x"),
            (
                {"script": "/srv/lab/x/train.py", "working_dir": "/home/jovyan"},
                "/home/jovyan",
                "/project/lab/x",
            ),
            ({"notebook": "/srv/lab/x/train.ipynb"}, "/project/lab/x", ""),
        ],
    )
    def test_people_s_folders_are_found_where_the_pod_has_them(
        self, spec: dict[str, Any], folder: str, imports: str
    ) -> None:
        launch = launch_of(
            spec, volume="/srv/lab", datasets={"mnist": "/srv/mnist"}, snapshot=b'{"cells": []}'
        )
        assert container(pod_of(launch))["command"][4:6] == [folder, imports]

    def test_a_script_is_put_together_from_secrets(self) -> None:
        objects = built(launch_of({"script": "/a/train.py"}, snapshot=b"#" * (LARGEST + 1)))
        pod = json.loads(json.dumps(objects.pod))
        assert container(pod)["command"][6] == "train.py"
        named = [s["secret"]["name"] for s in mounts(pod)["/jobsub/parts"][0]["projected"]["sources"]]
        assert named == [secret["metadata"]["name"] for secret in objects.secrets]
        assert len(named) == 2
        assert mounts(pod)["/jobsub/files"][0]["emptyDir"] == {}

    def test_what_needs_no_file_has_no_secret(self) -> None:
        objects = built(launch_of({"command": "true"}))
        assert (list(objects.secrets), objects.service) == ([], None)
        assert "/jobsub/parts" not in mounts(objects.pod)


class TestEnvironment:
    @given(st.dictionaries(st.from_regex("MY_[A-Z]{1,9}", fullmatch=True), TEXT, max_size=5))
    def test_a_job_s_own_variables_are_nowhere_literally(self, env: dict[str, str]) -> None:
        objects = built(launch_of({"command": "true", "env": env}))
        assert kept(objects) == env
        assert not set(env) & set(literals(objects.pod))

    def test_they_count_most(self) -> None:
        env = {"HOME": "/tmp", "PYTHONUNBUFFERED": "", "A": "mine"}
        objects = built(
            launch_of({"command": "true", "env": env}, datasets={"d": '{"env": {"A": "theirs"}}'}),
            env={"A": "everyone's"},
        )
        assert kept(objects) == env
        assert not set(env) & set(literals(objects.pod))

    def test_parameters_are_variables(self) -> None:
        assert kept(built(launch_of({"command": "true", "parameters": {"LR": 0.1}}))) == {"LR": "0.1"}

    def test_a_dataset_of_variables_is_a_secret_too(self) -> None:
        objects = built(
            launch_of({"command": "true"}, datasets={"keys": '{"env": {"TOKEN": "s3cret"}}'}),
            env={"TOKEN": ""},
        )
        assert kept(objects) == {"TOKEN": "s3cret"}
        assert "TOKEN" not in literals(objects.pod)
        assert not [path for path in mounts(objects.pod) if path.startswith("/datasets")]

    def test_a_task_knows_who_it_is(self) -> None:
        launch = launch_of(
            {"task_roles": GANG}, key=TaskKey(JobId("job-1"), 3, "worker", 1), user="Ann B", group="lab 1"
        )
        told = literals(pod_of(launch, env={"PROXY": "p"}))
        assert told["PROXY"] == "p"
        assert (told["PRIMEHUB_USER"], told["PRIMEHUB_GROUP"]) == ("Ann B", "lab 1")
        own = ("JOB_ID", "ATTEMPT", "TASK_ROLE", "TASK_INDEX", "ARTIFACTS", "TERMINATION_LOG")
        assert [told[f"JOBSUB_{name}"] for name in own] == [
            *("job-1", "3", "worker", "1", "/jobsub/artifacts", "/dev/termination-log")
        ]
        assert (told["HOME"], told["PYTHONUNBUFFERED"]) == ("/home/jovyan", "1")

    def test_who_has_no_gpus_sees_none(self) -> None:
        env = {"NVIDIA_VISIBLE_DEVICES": "all"}
        objects = built(launch_of({"command": "true", "env": env}))
        assert literals(objects.pod)["NVIDIA_VISIBLE_DEVICES"] == "void"
        with_gpus = built(launch_of({"command": "true", "env": env}, resources=Resources(gpu={"A100": 1})))
        assert "NVIDIA_VISIBLE_DEVICES" not in literals(with_gpus.pod)  # the node says
        assert kept(objects) == kept(with_gpus) == {}
        assert container(with_gpus.pod, "keeper")["env"] == [
            {"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"}
        ]

    def test_variables_that_no_pod_can_be_given_are_told(self) -> None:
        spec = {
            "command": "true",
            "env": {"NVIDIA_VISIBLE_DEVICES": "all", "A": "b"},
            "parameters": {"X" * 254: 1},
        }
        wrong = check(launch_of(spec).spec)
        assert [row[0] for row in wrong] == [f"parameters.{'X' * 254}", "env.NVIDIA_VISIBLE_DEVICES"]
        assert all(message and remedy for _, message, remedy in wrong)


class TestGang:
    def tasks(self, attempt: int = 1) -> list[Objects]:
        tasks = (("ps", 0), ("worker", 0), ("worker", 1))
        return [
            built(launch_of({"task_roles": GANG}, key=TaskKey(JobId("job-1"), attempt, *task)))
            for task in tasks
        ]

    def test_its_tasks_share_a_service_and_secrets(self) -> None:
        objects = self.tasks()
        assert [each.service for each in objects] == [objects[0].service] * 3
        assert [each.secrets for each in objects] == [objects[0].secrets] * 3
        assert objects[0].service != self.tasks(2)[0].service

    def test_a_host_told_is_a_host_name_of_the_service(self) -> None:
        objects = self.tasks()
        told = kept(objects[0])
        service = objects[0].service
        assert service is not None
        hosts = [f"{o.pod['spec']['hostname']}.{o.pod['spec']['subdomain']}" for o in objects]
        assert [told[f"JOBSUB_HOST_{task}"] for task in ("PS_0", "WORKER_0", "WORKER_1")] == hosts
        assert [literals(o.pod)["JOBSUB_HOST"] for o in objects] == hosts
        for each in objects:
            assert each.pod["spec"]["subdomain"] == service["metadata"]["name"]
            assert service["spec"]["selector"].items() <= each.pod["metadata"]["labels"].items()
        assert service["spec"]["clusterIP"] == "None"
        assert service["spec"]["publishNotReadyAddresses"]

    def test_no_two_ports_are_alike(self) -> None:
        told = kept(self.tasks()[0])
        numbers = [n for name in told if name.startswith("JOBSUB_PORTS_") for n in told[name].split(",")]
        assert len(set(numbers)) == len(numbers) == 5
        assert literals(self.tasks()[2].pod)["JOBSUB_PORTS_A"] == told["JOBSUB_PORTS_WORKER_1_A"]

    def test_a_plain_job_is_told_the_same_words(self) -> None:
        told = literals(built(launch_of({"command": "true"})).pod)
        assert (told["JOBSUB_TASK_ROLES"], told["JOBSUB_TASK_COUNT_MAIN"]) == ("main", "1")
        assert told["JOBSUB_HOST"] == told["JOBSUB_HOST_MAIN_0"] == "localhost"

    def test_a_thousand_tasks_make_no_large_pods(self) -> None:
        roles = [{"name": "worker", "tasks": 1000, "command": "x", "ports": [{"label": "p", "count": 4}]}]
        launch = launch_of({"task_roles": roles}, key=TaskKey(JobId("job-1"), 1, "worker", 999))
        objects = built(launch)
        assert len(json.dumps(objects.pod)) < 20_000
        assert all(len(json.dumps(secret)) < 1.4 * 2**20 for secret in objects.secrets)


class TestFolders:
    def test_what_every_pod_has(self) -> None:
        pod = pod_of(launch_of({"command": "true"}))
        found = mounts(pod)
        assert set(found) == {"/home/jovyan", "/jobsub/run", "/jobsub/artifacts"}
        assert found["/home/jovyan"][0]["emptyDir"] == {"sizeLimit": str(5 * 2**30)}
        assert set(mounts(pod, "keeper")) == {"/jobsub/run", "/jobsub/artifacts"}

    def test_sizes_are_settable(self) -> None:
        found = mounts(pod_of(launch_of({"command": "true"}), {"home_size": "1Gi", "shm_size": "64Mi"}))
        assert found["/home/jovyan"][0]["emptyDir"] == {"sizeLimit": str(2**30)}
        assert found["/dev/shm"][0]["emptyDir"] == {"medium": "Memory", "sizeLimit": str(64 * 2**20)}

    @pytest.mark.parametrize(
        ("volume", "source", "how"),
        [
            ("/srv/lab", {"hostPath": {"path": "/srv/lab", "type": "Directory"}}, {}),
            ("pvc:lab", {"persistentVolumeClaim": {"claimName": "lab", "readOnly": False}}, {}),
            (
                "pvc:lab/a/b",
                {"persistentVolumeClaim": {"claimName": "lab", "readOnly": False}},
                {"subPath": "a/b"},
            ),
            ("nfs:files:/lab", {"nfs": {"server": "files", "path": "/lab", "readOnly": False}}, {}),
        ],
    )
    def test_a_group_s_volume_may_be_written_to(
        self, volume: str, source: dict[str, Any], how: dict[str, Any]
    ) -> None:
        found, mount = mounts(pod_of(launch_of({"command": "true"}, volume=volume)))["/project/lab"]
        assert found == {"name": "project", **source}
        assert mount == {"name": "project", "mountPath": "/project/lab", "readOnly": False, **how}

    @pytest.mark.parametrize(
        ("dataset", "read_only"),
        [
            ("/srv/mnist", True),
            ("pvc:mnist", True),
            ("nfs:files:/mnist", True),
            ('{"host_path": "/srv/mnist", "read_only": false}', False),
            ('{"pvc": "mnist", "read_only": false}', False),
            ('{"git": "https://example.com/mnist.git"}', True),
        ],
    )
    def test_a_dataset_is_read_unless_it_is_said_to_be_written(self, dataset: str, read_only: bool) -> None:
        pod = pod_of(launch_of({"command": "true"}, datasets={"mnist": dataset, "other": "/srv/other"}))
        source, mount = mounts(pod)["/datasets/mnist"]
        assert mount["readOnly"] is read_only
        assert (
            source.get("persistentVolumeClaim", source.get("nfs", {})).get("readOnly", read_only) is read_only
        )
        assert "/datasets/other" in mounts(pod)

    def test_a_repository_is_fetched_before_anything_runs(self) -> None:
        datasets = {"mnist": '{"git": "https://example.com/m.git", "ref": "v1"}'}
        pod = pod_of(launch_of({"command": "true"}, datasets=datasets), {"git_image": "git:1"})
        (fetch,) = pod["spec"]["initContainers"]
        assert fetch["command"][-3:] == ["https://example.com/m.git", "v1", "/datasets/mnist"]
        assert fetch["image"] == "git:1"
        assert [m["mountPath"] for m in fetch["volumeMounts"]] == ["/datasets/mnist"]
        assert not fetch["volumeMounts"][0].get("readOnly")
        assert fetch["securityContext"] == container(pod)["securityContext"]

    def test_a_volume_that_is_none_any_more_is_told(self) -> None:
        with pytest.raises(EngineError, match="'lab' is no volume; ask an operator"):
            built(launch_of({"command": "true"}, volume="lab"))

    @pytest.mark.parametrize("dataset", ["/srv", '{"git": "https://example.com/m.git"}'])
    def test_a_name_that_no_folder_of_a_pod_can_have_is_told(self, dataset: str) -> None:
        with pytest.raises(EngineError, match="/datasets/a:b can be no folder"):
            built(launch_of({"command": "true"}, datasets={"a:b": dataset}))


class TestPlacing:
    def test_main_may_use_what_the_task_is_charged_for(self) -> None:
        resources = Resources(1500, 2**30, {"A100": 2, "T4": 0})
        settings = {
            "gpu_types": {"A100": {"resource": "nvidia.com/mig-1g", "node_selector": {"gpu": "A100"}}}
        }
        pod = pod_of(launch_of({"command": "true"}, resources=resources), settings)
        asked = {"cpu": "1500m", "memory": str(2**30), "nvidia.com/mig-1g": "2"}
        assert container(pod)["resources"] == {"requests": asked, "limits": asked}
        assert pod["spec"]["nodeSelector"] == {"gpu": "A100"}

    def test_a_type_that_is_not_configured_is_any_gpu(self) -> None:
        pod = pod_of(launch_of({"command": "true"}, resources=Resources(gpu={"gpu": 1})))
        assert container(pod)["resources"]["limits"] == {"nvidia.com/gpu": "1"}
        assert pod["spec"]["nodeSelector"] == {}

    def test_types_of_one_name_add_up(self) -> None:
        pod = pod_of(launch_of({"command": "true"}, resources=Resources(gpu={"a": 1, "b": 2})))
        assert container(pod)["resources"]["limits"] == {"nvidia.com/gpu": "3"}

    def test_devices_that_no_node_has_together_are_told(self) -> None:
        types = {name: {"node_selector": {"gpu": name}} for name in ("A100", "T4")}
        resources = Resources(gpu={"A100": 1, "T4": 1})
        with pytest.raises(EngineError, match="no node has all of A100, T4"):
            built(launch_of({"command": "true"}, resources=resources), {"gpu_types": types})

    def test_who_asks_for_nothing_is_limited_by_nothing(self) -> None:
        assert container(pod_of(launch_of({"command": "true"})))["resources"] == {
            "requests": {},
            "limits": {},
        }

    def test_nodes_are_chosen_as_configured_and_waited_for(self) -> None:
        affinity = {"nodeAffinity": {"x": 1}}
        tolerations = [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule", "tolerationSeconds": 5}]
        settings = {"node_selector": {"pool": "jobs"}, "tolerations": tolerations, "affinity": affinity}
        spec = pod_of(launch_of({"command": "true"}), settings)["spec"]
        assert spec["nodeSelector"] == {"pool": "jobs"}
        assert spec["affinity"] == affinity
        away = {t["key"]: t for t in spec["tolerations"][:2]}
        assert set(away) == {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}
        assert all(t["effect"] == "NoExecute" and "tolerationSeconds" not in t for t in away.values())
        assert spec["tolerations"][2:] == tolerations


class TestSecurity:
    def test_nothing_is_allowed_that_is_not_needed(self) -> None:
        spec = pod_of(launch_of({"command": "true"}, datasets={"d": '{"git": "https://example.com/d.git"}'}))[
            "spec"
        ]
        assert spec["securityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}}
        assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (False, False)
        for each in [*spec["containers"], *spec["initContainers"]]:
            assert each["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            }

    def test_who_runs_is_configured(self) -> None:
        settings = {"run_as_user": 0, "run_as_group": 100, "fs_group": 100, "service_account": "jobs"}
        spec = pod_of(launch_of({"command": "true"}), {**settings, "image_pull_secrets": ["r"]})["spec"]
        assert spec["securityContext"] == {
            "runAsUser": 0,
            "runAsGroup": 100,
            "fsGroup": 100,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert spec["serviceAccountName"] == "jobs"
        assert spec["imagePullSecrets"] == [{"name": "r"}]


class TestPod:
    def test_what_is_beside_a_job_s_fits_the_namespace_s_limits(self) -> None:
        asked = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "200m", "memory": "128Mi"}}
        pod = pod_of(launch_of({"command": "true"}), {"keeper_resources": asked})
        assert container(pod, "keeper")["resources"] == asked

    def test_it_ends_without_us(self) -> None:
        spec = pod_of(
            launch_of({"command": "true", "deadline_seconds": 100}), {"collect_timeout_seconds": 30}
        )["spec"]
        assert spec["activeDeadlineSeconds"] == 100 + 1800 + 30
        assert spec["terminationGracePeriodSeconds"] == 7 + COLLECTING
        assert container({"spec": spec}, "keeper")["command"][-3:] == ["30", str(100 + SLACK), "8"]
        assert spec["restartPolicy"] == "Never"

    def test_it_says_whose_it_is(self) -> None:
        settings = {
            "labels": {"team": "x", names.JOB: "forged"},
            "annotations": {names.KEY: "forged", "a": "b"},
        }
        metadata = pod_of(launch_of({"command": "true"}, user="ann@example.com"), settings)["metadata"]
        assert metadata["name"] == "job-1"
        assert metadata["labels"]["team"] == "x"
        assert metadata["labels"][names.JOB] == "job-1"
        assert metadata["labels"]["app.kubernetes.io/managed-by"] == "jupyter-jobsub"
        assert metadata["annotations"][names.KEY] == str(KEY)
        assert metadata["annotations"]["a"] == "b"
        assert metadata["annotations"]["kubectl.kubernetes.io/default-container"] == "main"

    def test_images_are_pulled_as_configured(self) -> None:
        plain = pod_of(launch_of({"command": "true"}))
        never = pod_of(launch_of({"command": "true"}), {"image_pull_policy": "Never"})
        assert {c["image"] for c in plain["spec"]["containers"]} == {"lab:1"}
        assert {c.get("imagePullPolicy") for c in plain["spec"]["containers"]} == {None}
        assert {c["imagePullPolicy"] for c in never["spec"]["containers"]} == {"Never"}

    def test_without_an_image_nothing_runs(self) -> None:
        with pytest.raises(EngineError, match="no image"):
            built(launch_of({"command": "true"}, image=None))

    def test_the_keeper_is_started_first_and_sees_the_command(self) -> None:
        spec = pod_of(launch_of({"command": "true"}))["spec"]
        assert [each["name"] for each in spec["containers"]] == ["keeper", "main"]
        assert spec["shareProcessNamespace"] is True

    def test_secrets_say_whose_they_are_and_never_change(self) -> None:
        for secret in built(launch_of({"command": "true", "env": {"A": "b"}})).secrets:
            assert secret["immutable"] is True
            assert secret["metadata"]["labels"].items() >= {names.JOB: "job-1", names.ATTEMPT: "1"}.items()

    def test_a_pod_that_never_runs_has_the_task_s_name(self) -> None:
        key = TaskKey(JobId("job-1"), 2, "worker", 3)
        pod = void_pod(key, "store-1")
        assert pod["metadata"]["name"] == names.pod_name(key)
        assert names.key_of(pod) == key
        assert names.is_of(pod, "store-1")
        assert pod["metadata"]["labels"][names.VOID] == "true"
        assert pod["spec"]["schedulingGates"]
