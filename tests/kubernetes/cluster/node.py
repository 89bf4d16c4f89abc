"""The node: the arguments and files of what runs Pods on it."""

from __future__ import annotations

from typing import Any

import yaml

from . import network
from .layout import DOMAIN, NODE, PAUSE, Layout


def kubelet(at: Layout) -> list[str]:
    path = at.folder / "kubelet.yaml"
    path.write_text(yaml.safe_dump({**_configuration(at), **at.kubelet}))
    return [
        f"--config={path}",
        f"--kubeconfig={at.kubeconfig}",
        f"--root-dir={at.state / 'kubelet'}",
        f"--cert-dir={at.keys}",
        f"--hostname-override={NODE}",
        f"--node-ip={network.gateway(at.number)}",
    ]


def _configuration(at: Layout) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": network.gateway(at.number),
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": str(at.keys / "node.crt")},
        },
        "authorization": {"mode": "AlwaysAllow"},  # who shows that certificate is the API server
        "tlsCertFile": str(at.keys / "node.crt"),
        "tlsPrivateKeyFile": str(at.keys / "node.key"),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": at.cgroup,
        "clusterDNS": [network.gateway(at.number)],
        "clusterDomain": DOMAIN,
        "containerRuntimeEndpoint": f"unix://{at.containerd}",
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "nodefs.inodesFree": "1%"},
        "failCgroupV1": False,
        "failSwapOn": False,
        "healthzPort": 0,
        "imageGCHighThresholdPercent": 100,  # there is nowhere to get an image again
        "makeIPTablesUtilChains": False,
        "podCIDR": f"{network.prefix(at.number)}0/24",
        "podLogsDir": str(at.state / "logs"),
        "resolvConf": str(at.folder / "resolv.conf"),
        "volumePluginDir": str(at.state / "volume-plugins"),
    }


def containerd(at: Layout) -> list[str]:
    path = at.folder / "containerd.toml"
    path.write_text(CONTAINERD.format(at=at, port=at.port("containerd-streams"), pause=PAUSE))
    (at.folder / "cni").mkdir(exist_ok=True)
    (at.folder / "cni" / "bridge.conflist").write_text(
        CNI.format(
            name=network.bridge(at.number),
            subnet=f"{network.prefix(at.number)}0/24",
            data=at.state / "addresses",
        )
    )
    return [f"--config={path}"]


CONTAINERD = """\
version = 2
root = "{at.state}/images"
state = "{at.state}/containers"
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.internal.v1.restart",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]
[grpc]
  address = "{at.containerd}"
[plugins."io.containerd.grpc.v1.cri"]
  # without CAP_SYS_RESOURCE no sandbox starts otherwise
  restrict_oom_score_adj = true
  sandbox_image = "{pause}"
  netns_mounts_under_state_dir = true
  stream_server_port = "{port}"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "{at.folder}/cni"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  BinaryName = "runc"
  Root = "{at.state}/runc"
"""

CNI = """\
{{
  "cniVersion": "1.0.0",
  "name": "{name}",
  "plugins": [{{
    "type": "bridge",
    "bridge": "{name}",
    "isGateway": true,
    "ipam": {{"type": "host-local", "dataDir": "{data}", "ranges": [[{{"subnet": "{subnet}"}}]]}}
  }}]
}}
"""


def coredns(at: Layout) -> list[str]:
    path = at.folder / "Corefile"
    path.write_text(
        f".:53 {{\n  bind {network.gateway(at.number)}\n  errors\n"
        f"  kubernetes {DOMAIN} {{\n    kubeconfig {at.kubeconfig}\n    ttl 0\n  }}\n}}\n"
    )
    return [f"-conf={path}"]
