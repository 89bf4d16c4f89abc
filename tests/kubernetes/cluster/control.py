"""The control plane: the arguments of each of its parts."""

from __future__ import annotations

from . import network
from .layout import Layout


def etcd(at: Layout) -> list[str]:
    client, peer = (f"https://127.0.0.1:{at.port(name)}" for name in ("etcd", "etcd-peer"))
    certificate, key = at.keys / "node.crt", at.keys / "node.key"
    return [
        f"--data-dir={at.folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        *(
            f"--{prefix}{text}"
            for prefix in ("", "peer-")
            for text in (
                f"cert-file={certificate}",
                f"key-file={key}",
                f"trusted-ca-file={certificate}",
                "client-cert-auth",
            )
        ),
        "--unsafe-no-fsync",  # nothing here outlives the machine
        "--logger=zap",
    ]


def apiserver(at: Layout) -> list[str]:
    return [
        f"--etcd-servers=https://127.0.0.1:{at.port('etcd')}",
        f"--etcd-cafile={at.keys / 'node.crt'}",
        f"--etcd-certfile={at.keys / 'node.crt'}",
        f"--etcd-keyfile={at.keys / 'node.key'}",
        "--bind-address=127.0.0.1",
        f"--advertise-address={network.gateway(at.number)}",
        f"--secure-port={at.port('kube-apiserver')}",
        f"--tls-cert-file={at.keys / 'node.crt'}",
        f"--tls-private-key-file={at.keys / 'node.key'}",
        f"--cert-dir={at.keys}",
        f"--service-cluster-ip-range=10.214.{at.number}.0/24",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://jobsub.test",
        f"--service-account-key-file={at.keys / 'accounts.pub'}",
        f"--service-account-signing-key-file={at.keys / 'accounts.key'}",
        f"--token-auth-file={at.keys / 'tokens.csv'}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--kubelet-client-certificate={at.keys / 'node.crt'}",
        f"--kubelet-client-key={at.keys / 'node.key'}",
        "--profiling=false",
    ]


def controllers(at: Layout) -> list[str]:
    return [
        f"--kubeconfig={at.kubeconfig}",
        "--leader-elect=false",
        "--secure-port=0",
        "--use-service-account-credentials",
        f"--service-account-private-key-file={at.keys / 'accounts.key'}",
        f"--root-ca-file={at.keys / 'node.crt'}",
        f"--flex-volume-plugin-dir={at.state / 'volume-plugins'}",
    ]


def scheduler(at: Layout) -> list[str]:
    return [f"--kubeconfig={at.kubeconfig}", "--leader-elect=false", "--secure-port=0"]
