"""The jobs that the pictures show: of three people, in two groups, as they may stand on any day."""

from __future__ import annotations

import shutil
import time
from typing import Any

from tests.browser.lab import Lab
from tests.live import Live

from .place import ROOT, VOLUME

ME = "pan"
LOOKS = 14  # of ten seconds each
CONFIG = f"""
c.JobsubService.identity = "forwarded"
c.JobsubService.cpu = 32
c.JobsubService.memory = "256Gi"
c.JobsubService.gpus = [{{"type": "A100", "count": 4}}]
c.JobsubService.instance_types = {{
    "small": {{"cpu": 2, "memory": "8Gi", "description": "for scripts and first tries"}},
    "large": {{"cpu": 8, "memory": "64Gi", "description": "for data that fills the memory"}},
    "a100": {{"cpu": 4, "memory": "32Gi", "gpu": {{"A100": 1}}, "description": "one GPU"}},
    "a100-2": {{"cpu": 8, "memory": "64Gi", "gpu": {{"A100": 2}}, "description": "two GPUs of one machine"}},
    "a100-8": {{"cpu": 24, "memory": "256Gi", "gpu": {{"A100": 8}}, "description": "a whole machine"}},
}}
c.JobsubService.groups = {{
    "research": {{
        "members": ["bob", "pan", "lin"],
        "admins": ["lin"],
        "quota": {{"gpus": 4, "cpu": 24}},
        "user_quota": {{"gpus": 2}},
        "volume": "{VOLUME}",
    }},
    "teaching": {{
        "members": ["pan", "lin"],
        "quota": {{"cpu": 16, "gpus": 0}},
        "instance_types": ["small", "large"],
    }},
}}
"""
STEPS = r"""
for step in $(seq 1 500); do
    printf '\033]7717;%s;%s\a' "$(awk "BEGIN {{ print $step / 500 }}")" "step $step of 500"
    sleep {pause}
done
"""  # reports its progress and uses nothing
EXAMPLES = ("train.ipynb", "magic.ipynb", "simulate.py", "gang.py", "train.sh")


def furnish() -> None:
    """Put files where JupyterLab shows them."""
    for name in EXAMPLES:
        shutil.copy(ROOT / "examples" / name, VOLUME)
    for file in (ROOT / "tools" / "screenshots" / "files").glob("*.py"):
        shutil.copy(file, VOLUME)
    (VOLUME / "models").mkdir()


class Jobs:
    """Jobs by name, each with its id."""

    def __init__(self, lab: Lab) -> None:
        self.service: Live = lab.service
        self.ids: dict[str, str] = {}

    def submit(self, name: str, user: str = ME, **spec: Any) -> str:
        """Hand a job to the queue."""
        body = {"name": name, "group": "research", "instance_type": "small", "working_dir": str(VOLUME)}
        answer = self.ask("POST", "/jobsub/jobs", body | spec, user)
        self.ids[name] = answer["id"]
        return self.ids[name]

    def ask(self, method: str, path: str, body: Any = None, user: str = ME) -> Any:
        """Ask as someone."""
        answer = self.service.ask(method, path, body, {"Jobsub-User": user})
        assert answer.status < 300, answer.body
        return answer.json

    def begin(self) -> None:
        """Submit what goes on while the pictures are taken, and wait until the rest has ended."""
        self._past()
        self._present()
        for name in ("fit a curve, first try", "train.ipynb", "evaluate resnet50", "server and clients"):
            self.service.until(self.ids[name], seconds=60)
        for name in ("fit a curve", "resnet50"):
            self.service.until(self.ids[name], "Running")

    def _past(self) -> None:
        fit = {"script": str(VOLUME / "fit.py"), "args": ["--epochs", "30", "--seconds", "0.2"]}
        self.submit("fit a curve, first try", **fit)
        self.submit(
            "train.ipynb", notebook=str(VOLUME / "train.ipynb"), parameters={"epochs": 12, "samples": 2000}
        )
        self.submit("evaluate resnet50", command="python evaluate.py --model resnet50")
        self.submit("server and clients", user="lin", group="teaching", task_roles=GANG)
        wrong = self.submit("prepare data", command="sleep 3600")
        self.ask("POST", f"/jobsub/jobs/{wrong}/cancel")
        self.service.until(wrong)

    def _present(self) -> None:
        fit = {"script": str(VOLUME / "fit.py"), "args": ["--epochs", "60", "--seconds", "6"]}
        self.submit("fit a curve", instance_type="large", priority=150, **fit)
        self.submit("resnet50", "bob", instance_type="a100-2", command=STEPS.format(pause=1.5))
        spec = {
            "notebook": str(VOLUME / "train.ipynb"),
            "group": "teaching",
            "instance_type": "large",
            "parameters": {"epochs": 8, "samples": 400},
        }
        grid = {"learning_rate": [0.01, 0.001], "hidden": [16, 32]}
        self.ask("POST", "/jobsub/sweeps", {"spec": spec, "grid": grid})
        self.submit("walkers", instance_type="a100", command=STEPS.format(pause=0.7))
        self.submit("tokenize", "lin", command=STEPS.format(pause=2), preemptible=True)
        # behind all others of the person
        self.submit("bert-base", instance_type="a100-2", command=STEPS.format(pause=1), priority=50)
        self.submit("yolo", "bob", instance_type="a100", command=STEPS.format(pause=1))
        paused = self.submit("unet", command=STEPS.format(pause=1), retries=2)
        self.service.until(paused, "Running")
        self.ask("POST", f"/jobsub/jobs/{paused}/pause")

    def row(self, name: str) -> dict[str, Any]:
        """Read a job as it is now."""
        row: dict[str, Any] = self.ask("GET", f"/jobsub/jobs/{self.ids[name]}")
        return row

    def wait_for_metrics(self) -> None:
        """Wait until a job has been looked at so often that there is something to see."""
        path = f"/jobsub/jobs/{self.ids['fit a curve']}/metrics?window=15m"
        while sum(value is not None for value in self.ask("GET", path)["memory"]) < LOOKS:
            time.sleep(1)


GANG = [
    {"name": "server", "command": "python gang.py server", "ports": [{"label": "tcp"}]},
    {"name": "client", "tasks": 2, "command": "python gang.py client", "min_succeeded": 2},
]
