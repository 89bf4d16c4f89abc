"""A cluster that there is, by its administrator's kubeconfig."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from .api import Api

GPUS = "nvidia.com/gpu"


class Access:
    """What tests do with any cluster, theirs or another."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig

    @cached_property
    def api(self) -> Api:
        """The API server, as the administrator."""
        return Api(self.kubeconfig)

    def set_gpus(self, count: int, resource: str = GPUS) -> None:
        """Let the first node say that it has GPUs; it forgets them when its kubelet starts again."""
        node = self.api.call("GET", "/api/v1/nodes")["items"][0]["metadata"]["name"]
        amount = {resource: str(count)}
        patch = {"status": {"capacity": amount, "allocatable": amount}}
        self.api.call("PATCH", f"/api/v1/nodes/{node}/status", patch, "application/merge-patch+json")
