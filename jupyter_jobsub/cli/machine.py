"""The checks of the machine that jobs run on, where that is this one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from .findings import Finding, Findings

LOGIND = ("/etc/systemd", "/run/systemd", "/usr/lib/systemd")


def run_checks(environ: Mapping[str, str]) -> Findings:
    """Make all checks."""
    yield from logout(Path("/"), os.getuid(), environ)
    yield from pod(environ)
    for check in (restart, kernels, gpus):
        yield from check()


def logout(root: Path, uid: int, environ: Mapping[str, str]) -> Findings:
    """Whether systemd ends a person's processes, and so jobs, when they log out."""
    if not (root / "run/systemd/system").exists():
        return
    name = environ.get("USER", "")
    lingers = bool(name) and (root / "var/lib/systemd/linger" / name).exists()
    if lingers or not kills_user_processes(root) or uid == 0:
        yield Finding("ok", "logout", "jobs go on after you log out")
        return
    text = "systemd ends your processes, jobs among them, when you log out (KillUserProcesses=yes)"
    yield Finding("warn", "logout", text, "to let them go on, run: loginctl enable-linger")


def kills_user_processes(root: Path) -> bool:
    """Read systemd-logind's configuration as it does: the last setting counts."""
    main = next((f for d in LOGIND if (f := root / d[1:] / "logind.conf").exists()), None)
    extra = {f.name: f for d in reversed(LOGIND) for f in (root / d[1:] / "logind.conf.d").glob("*.conf")}
    value = "no"
    for file in [*([main] if main else []), *(extra[name] for name in sorted(extra))]:
        for line in file.read_text(errors="replace").splitlines():
            key, _, text = line.partition("=")
            value = text.strip().lower() if key.strip() == "KillUserProcesses" else value
    return value in ("yes", "true", "1", "on")


def restart() -> Findings:
    """What becomes of waiting jobs when the machine is restarted."""
    text = "after a restart of this machine, waiting jobs go on as soon as jobs are looked at again"
    yield Finding(
        "ok", "restart", text, "for that to be at login, add to ~/.profile: jupyter-jobsub list >/dev/null &"
    )


def pod(environ: Mapping[str, str]) -> Findings:
    """Whether this machine is a pod, which jobs do not outlive."""
    if "KUBERNETES_SERVICE_HOST" in environ:
        text = "this is a Kubernetes pod: local jobs end when it does"
        remedy = 'run long jobs on the cluster: c.JobsubService.engine = "kubernetes"'
        yield Finding("warn", "pod", text, remedy)


def kernels() -> Findings:
    """The environments that jobs can name."""
    from jupyter_client.kernelspec import KernelSpecManager

    names = sorted(KernelSpecManager().find_kernel_specs())
    if names:
        yield Finding("ok", "kernels", ", ".join(names))
    else:
        text = "no kernelspecs: jobs run in the submitting environment only, notebooks need a kernel"
        yield Finding("warn", "kernels", text, "run: python -m ipykernel install --user")


def gpus() -> Findings:
    """The GPUs that NVML shows."""
    try:
        names = _gpu_names()
    except Exception as error:  # whatever it is, none can be found this way
        yield _no_gpus(error)
        return
    yield Finding("ok", "GPUs", ", ".join(f"{names.count(n)} × {n}" for n in dict.fromkeys(names)) or "none")


def _gpu_names() -> list[str]:
    import pynvml

    pynvml.nvmlInit()
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        return [str(pynvml.nvmlDeviceGetName(handle)) for handle in handles]
    finally:
        pynvml.nvmlShutdown()


def _no_gpus(error: Exception) -> Finding:
    if os.path.exists("/dev/nvidiactl"):
        text = f"there are NVIDIA devices, but NVML says: {error}"
        return Finding(
            "warn", "GPUs", text, "install the driver's library (nvidia-smi must work), or configure them"
        )
    return Finding("ok", "GPUs", "none found")
