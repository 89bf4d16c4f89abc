"""Starts a kernel in this process group, on sockets that only its user can reach."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from .errors import RunnerError
from .last_words import LastWords

MAX_SOCKET_FOLDER = 80  # a socket's path holds 107 bytes; its name takes the rest
EXIT_SECONDS = 5  # for what a kernel does at its exit, as long as Jupyter itself gives it


class GroupProvisioner(LocalProvisioner):
    """Keeps the kernel in the runner's process group, so that whoever ends the group ends both.

    ``pgid`` stays None: a signal is for the kernel alone.
    """

    descriptors: tuple[int, ...] = ()  # that the kernel is given
    process: Any = None  # an asyncio.subprocess.Process, whose end is an event

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the process; an ipykernel ends by itself when that parent is gone."""
        env = {**kwargs["env"], "JPY_PARENT_PID": str(os.getpid())}
        self.process = await asyncio.create_subprocess_exec(
            *cmd,
            cwd=kwargs.get("cwd"),
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=self.descriptors,
        )
        self.pid = self.process.pid
        return self.connection_info

    async def poll(self) -> int | None:
        """Answer the exit status, or None while it runs."""
        return self.process.returncode if self.process else 0

    async def wait(self) -> int | None:
        """Wait for the end without polling."""
        return await self.process.wait() if self.process else 0


class EnvironmentSpecs(KernelSpecManager):
    """Finds kernels by name, and the Python of an environment by the environment's folder."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Find a kernelspec, or make one for an environment."""
        if not os.path.isabs(kernel_name):
            return super().get_kernel_spec(kernel_name)
        python = os.path.join(kernel_name, "bin", "python")
        argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, language="python", display_name=kernel_name)


class Kernel:
    """A kernel and its life: found, started, interrupted, ended.

    Parameters
    ----------
    name:
        A kernelspec's name, or the absolute path of an environment that has ipykernel.
    environment:
        The path of an environment that is taken if no kernelspec has that name.

    Raises
    ------
    RunnerError
        If there is no such kernel, naming those there are.
    """

    def __init__(self, name: str, environment: str | None = None) -> None:
        specs = EnvironmentSpecs()
        name, self.spec = _find(specs, name, environment)
        self.manager = AsyncKernelManager(kernel_name=name, kernel_spec_manager=specs)
        self.process = GroupProvisioner(kernel_id="", kernel_spec=self.spec, parent=self.manager)
        self.manager.provisioner = self.process
        self.last_words = LastWords()
        self.process.descriptors = (self.last_words.kernels,)
        self.folder = ""

    async def start(self, folder: Path) -> None:
        """Start it in a folder, which comes first on its import path."""
        arguments = []
        if any("ipykernel" in argument for argument in self.spec.argv):
            # a port can be taken by another before the kernel binds it; not every kernel knows ipc
            self.manager.transport = "ipc"
            arguments = ["--HistoryManager.hist_file=:memory:"]
            arguments += [f"--IPKernelApp.code_to_run={self.last_words.code}"]
        self.folder = _private_folder()
        self.manager.connection_file = os.path.join(self.folder, "kernel.json")
        try:
            await self.manager.start_kernel(cwd=str(folder), extra_arguments=arguments)
        except OSError as error:
            raise RunnerError(f"The kernel can't be started: {error}.") from error

    @property
    def returncode(self) -> int | None:
        """Its exit status, minus n if signal n ended it; None while it runs."""
        return self.process.process.returncode if self.process.process else None

    async def interrupt(self) -> None:
        """Raise KeyboardInterrupt in it, if it is there."""
        with contextlib.suppress(RuntimeError, ProcessLookupError):
            await self.manager.interrupt_kernel()

    async def end(self) -> None:
        """End it, politely if it listens, and remove what it left."""
        if self.process.process and self.returncode is None:
            await self.manager.request_shutdown()
            try:
                await asyncio.wait_for(self.process.wait(), EXIT_SECONDS)
            except asyncio.TimeoutError:
                await self.process.kill()
                await self.process.wait()
        self.last_words.close()
        await self.manager.cleanup_resources()
        shutil.rmtree(self.folder, ignore_errors=True)


def _find(specs: KernelSpecManager, name: str, environment: str | None) -> tuple[str, KernelSpec]:
    try:
        spec = specs.get_kernel_spec(name)
    except NoSuchKernel as error:
        if environment:
            return _find(specs, os.path.abspath(environment), None)
        there = ", ".join(sorted(specs.find_kernel_specs())) or "none"
        raise RunnerError(
            f"There is no kernel named {name!r} here; there are: {there}. Choose another image."
        ) from error
    if os.path.isabs(name) and not os.access(spec.argv[0], os.X_OK):
        raise RunnerError(f"{name} is no Python environment: it has no bin/python. Choose another image.")
    return name, spec


def _private_folder() -> str:
    folder = tempfile.mkdtemp(prefix="jobsub-")
    if len(os.fsencode(folder)) <= MAX_SOCKET_FOLDER:
        return folder
    os.rmdir(folder)
    return tempfile.mkdtemp(prefix="jobsub-", dir="/tmp")
