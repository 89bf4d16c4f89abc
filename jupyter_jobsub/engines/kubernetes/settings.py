"""How jobs are run on a cluster: ``c.JobsubService.kubernetes``, validated whole."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, JsonValue, ValidationError

from ...model.explain import explain
from ...model.fields import Strict, reject, shaped
from ...model.resources import parse_memory


def _bytes(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return parse_memory(value)
        except ValueError:
            reject(f"{value!r} is not a size", 'give one such as "5Gi"')
    return value


_PLAIN = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_DOTTED = r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?"

Namespace = Annotated[
    str,
    shaped(
        r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?",
        "is no namespace's name",
        "use lower-case letters, digits and '-', at most 63",
    ),
]
ObjectName = Annotated[
    str, shaped(_DOTTED, "is no name in a cluster", "use lower-case letters, digits, '-' and '.'")
]
LabelKey = Annotated[
    str, shaped(f"({_DOTTED}/)?{_PLAIN}", "is no label's name", "give one such as disk or example.com/disk")
]
LabelValue = Annotated[
    str, shaped(f"({_PLAIN})?", "is no label's value", "use letters, digits, '-', '_' and '.', at most 63")
]
Quantity = Annotated[
    str,
    shaped(
        r"[0-9]+(\.[0-9]+)?(m|[kMGTPE]|[KMGTPE]i)?", "is no quantity", 'give one such as "100m" or "64Mi"'
    ),
]
Labels = dict[LabelKey, LabelValue]
Size = Annotated[int, BeforeValidator(_bytes), Field(ge=1)]
Id = Annotated[int, Field(ge=0, le=2**31 - 1)]


class GpuType(Strict):
    """Devices of one type: what nodes call them, and which nodes have them."""

    resource: LabelKey = "nvidia.com/gpu"
    node_selector: Labels = Field({})


class Toleration(Strict):
    """A taint that jobs don't mind, as Kubernetes writes it."""

    key: LabelKey | None = None
    operator: Literal["Exists", "Equal"] | None = None
    value: LabelValue | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    tolerationSeconds: int | None = None


class KeeperResources(Strict):
    """What the container beside a job's asks for, as Kubernetes writes it."""

    requests: dict[LabelKey, Quantity] = Field({"cpu": "10m", "memory": "32Mi"})
    limits: dict[LabelKey, Quantity] = Field({"cpu": "1", "memory": "256Mi"})


class KubernetesSettings(Strict):
    """Where jobs run in the cluster, and as whom.

    Parameters
    ----------
    kubeconfig, context
        How the cluster is reached: by default as kubectl does, else as the Pod that this runs in.
    namespace
        By default the context's, or the Pod's own.
    gpu_types
        What nodes call the GPU types of the instance types; one that isn't here is nvidia.com/gpu.
    node_selector, tolerations, affinity
        Which nodes jobs may run on.
    home_size
        Bytes of ``/home/jovyan``; a job that writes more there is evicted.
    shm_size
        Bytes of ``/dev/shm``, which count as memory; None is what the cluster's runtime gives.
    run_as_user, run_as_group, fs_group
        By default whom the image says.
    run_as_non_root
        Refuse images that run as root, as the "restricted" Pod security standard wants it.
    service_account
        Whose image pull secrets jobs have; they never get its token.
    image_pull_policy
        By default what Kubernetes does.
    git_image
        What clones git datasets; by default the job's own image.
    keeper_resources
        What the container beside a job's asks for, which sees to its end and its artifacts; for a namespace
        whose limits forbid that.
    labels, annotations
        Added to each Pod.
    collect_timeout_seconds
        How long a Pod that has ended waits for its artifacts to be fetched.
    """

    kubeconfig: Annotated[str, Field(min_length=1)] | None = None
    context: Annotated[str, Field(min_length=1)] | None = None
    namespace: Namespace | None = None
    gpu_types: dict[str, GpuType] = Field({})
    node_selector: Labels = Field({})
    tolerations: list[Toleration] = Field([])
    affinity: dict[str, JsonValue] = Field({})
    home_size: Size = 5 * 2**30
    shm_size: Size | None = None
    run_as_user: Id | None = None
    run_as_group: Id | None = None
    fs_group: Id | None = None
    run_as_non_root: bool = False
    service_account: ObjectName | None = None
    image_pull_secrets: list[ObjectName] = Field([])
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    git_image: Annotated[str, Field(min_length=1)] | None = None
    keeper_resources: KeeperResources = Field(KeeperResources.model_validate({}))
    labels: Labels = Field({})
    annotations: dict[LabelKey, str] = Field({})
    collect_timeout_seconds: Annotated[int, Field(ge=1)] = 3600


def parse_settings(given: Any) -> KubernetesSettings:
    """Check what is configured.

    Raises
    ------
    InvalidRequest
        Naming every wrong field, such as ``kubernetes.namespace``.
    """
    try:
        return KubernetesSettings.model_validate(given)
    except ValidationError as error:
        raise explain(error, under="kubernetes") from error
