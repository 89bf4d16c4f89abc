"""A real single-node Kubernetes cluster for the tests, brought up on this machine."""

from .cluster import Cluster
from .images import JOB as JOB_IMAGE

__all__ = ["JOB_IMAGE", "Cluster"]
