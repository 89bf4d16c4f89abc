"""Put a notebook and two scripts through the queue, headless: progress, metrics, artifacts, results.

Everything goes through the command line, as a person would type it. The store and the home folder
that the jobs see are fresh ones in ``.cache/demo``, where the results stay to be looked at. With
the argument ``kubernetes`` the jobs are Pods: of the cluster of ``JOBSUB_TEST_KUBECONFIG``, of the
one that ``make cluster`` has brought up, or of one that is there for as long as the demo.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / ".cache" / "demo"
ENV = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("JOBSUB_", "JUPYTER_"))},
    "HOME": str(PLACE / "home"),
    "JOBSUB_DATA_DIR": str(PLACE / "data"),
    "JUPYTER_CONFIG_DIR": str(PLACE / "config"),
}
COMMAND = [sys.executable, "-m", "jupyter_jobsub.cli"]
SECONDS = 1.0  # between two looks at the progress
JOBS = (
    ("examples/train.ipynb", "-p", "epochs=60"),
    ("examples/train.sh", "--", "6"),
    ("examples/simulate.py", "--", "--seconds", "22"),  # long enough for two looks at what it uses
)
ENGINES = ("local", "kubernetes")
CLUSTER = """\
c = get_config()
c.JobsubService.engine = "kubernetes"
c.JobsubService.kubernetes = {{"kubeconfig": {kubeconfig!r}}}
c.JobsubService.images = {{"base": {image!r}}}
c.JobsubService.instance_types = {{"half": {{"cpu": 0.5, "memory": "512Mi"}}}}
"""
ESCAPES = re.compile(rb"\x1b\][^\x07]*\x07|\x1b\[[0-9;]*[A-Za-z]")


def jobsub(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ours and keep what it prints."""
    return subprocess.run([*COMMAND, *arguments], env=ENV, cwd=ROOT, capture_output=True, text=True)


def ask(*arguments: str) -> list[dict[str, Any]]:
    """Run a command with --json and read its objects, one a line."""
    done = jobsub(*arguments, "--json")
    if done.returncode:
        sys.exit(f"demo: {' '.join(arguments)} failed: {done.stderr or done.stdout}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def submit(*arguments: str) -> dict[str, Any]:
    """Hand a file to the queue."""
    print("$ jupyter jobsub submit", *arguments)
    done = jobsub("submit", "--json", *arguments)
    if done.returncode:
        sys.exit(f"demo: submit failed: {done.stderr or done.stdout}")
    job: dict[str, Any] = json.loads(done.stdout)
    print(job["id"])
    return job


def show(*arguments: str, columns: Sequence[int] = ()) -> None:
    """Run a command in front of whoever watches, and print its table, or some columns of it."""
    cut = ["| cut -f", ",".join(map(str, columns))] if columns else []
    print("$ jupyter jobsub", *arguments, *cut)
    done = jobsub(*arguments)
    if done.returncode:
        sys.exit(f"demo: {' '.join(arguments)} failed: {done.stderr or done.stdout}")
    rows = [line.split("\t") for line in done.stdout.splitlines() if line]
    for row in rows:
        cells = [row[n - 1] for n in columns] or row
        print("  " + "  ".join(f"{cell:<14}" for cell in cells), flush=True)


def follow(job: dict[str, Any]) -> threading.Thread:
    """Print a job's log as it is written, each line behind the job's name."""

    def show() -> None:
        command = [*COMMAND, "logs", "--follow", job["id"]]
        with subprocess.Popen(command, env=ENV, stdout=subprocess.PIPE) as process:
            assert process.stdout
            for line in process.stdout:
                if text := readable(line):
                    print(f"  {job['name']} | {text}", flush=True)

    thread = threading.Thread(target=show)
    thread.start()
    return thread


def readable(line: bytes) -> str:
    """Drop escape sequences, and of a bar that was drawn again and again all but the last state."""
    return ESCAPES.sub(b"", line).strip().rpartition(b"\r")[2].strip().decode(errors="replace")


def watch(jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Print how far they are until all have ended, and once what the last of them uses."""
    shown: dict[str, str] = {}
    looked = False
    while True:
        rows = ask("get", *(job["id"] for job in jobs))
        for row in rows:
            line = describe(row)
            if shown.get(row["id"]) != line:
                print(line, flush=True)
            shown[row["id"]] = line
        if not looked and measured(rows[-1]) and (rows[-1]["progress"] or {}).get("fraction", 0) > 0.5:
            looked = True
            show("top", rows[-1]["id"], columns=(2, 7, 8, 9, 10))
        if all(row["finished_at"] for row in rows):
            return rows
        time.sleep(SECONDS)


def measured(row: dict[str, Any]) -> dict[str, Any] | None:
    """What a job uses; a cluster without a metrics server can't tell."""
    usage: dict[str, Any] | None = row["usage"]
    return usage if usage and usage["cpu"] is not None and usage["memory"] is not None else None


def describe(row: dict[str, Any]) -> str:
    """Write where a job stands."""
    progress = row["progress"]
    how_far = f" {progress['fraction']:4.0%} {progress['text']}" if progress else ""
    usage = measured(row)
    used = f" [{usage['cpu'] / 1000:.2f} CPU, {usage['memory'] / 2**20:.0f} MiB]" if usage else ""
    return f"* {row['name']}: {row['phase']}{how_far}{used}"


def result(row: dict[str, Any]) -> str:
    """Find what a job answered: the last value of its notebook, or the last line of its log."""
    if not row["output"]:
        return readable(jobsub("logs", "--tail", "2", row["id"]).stdout.encode())
    cells = json.loads(Path(row["output"]).read_text())["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    last = next(o for o in reversed(outputs) if o["output_type"] == "execute_result")
    return "".join(last["data"]["text/plain"]) + f"\n{'':12}{row['output']}"


@contextmanager
def engine(name: str) -> Iterator[None]:
    """Configure what runs the jobs, for as long as they run."""
    if name == "local":
        yield
        return
    sys.path.insert(0, str(ROOT))
    from tests.kubernetes import namespaces
    from tests.kubernetes.cluster import images, session

    with session.borrowed() as cluster, namespaces.made(cluster, "demo", PLACE) as namespace:
        config = CLUSTER.format(kubeconfig=str(namespace.kubeconfig), image=images.JOB)
        (PLACE / "config" / "jupyter_jobsub_config.py").write_text(config)
        yield


def main() -> int:
    """Run them, and answer 0 if all have succeeded."""
    name = next(iter(sys.argv[1:]), "local")
    if name not in ENGINES:
        sys.exit(f"demo: there is no engine {name!r}; there are {', '.join(ENGINES)}")
    shutil.rmtree(PLACE, ignore_errors=True)
    for folder in ("home", "config"):
        (PLACE / folder).mkdir(parents=True)
    try:
        with engine(name):
            return demonstrate()
    except RuntimeError as error:  # there is no cluster, and why
        sys.exit(f"demo: {error}")


def demonstrate() -> int:
    """Submit the jobs, show how they go, and what they leave."""
    try:
        jobs = [submit(*arguments) for arguments in JOBS]
        logs = [follow(job) for job in jobs]
        rows = watch(jobs)
        for thread in logs:
            thread.join()
        show("artifacts", "list", rows[-1]["id"])
        show("artifacts", "download", rows[-1]["id"], "--to", str(PLACE / "results"))
        print("Results")
        for row in rows:
            code, seconds = row["exit_code"], row["duration_seconds"]
            print(f"  {row['name']}: {row['phase']}, exit code {code}, {seconds:.1f} s")
            print(f"{'':12}{result(row)}")
    finally:
        jobsub("stop")
    return 0 if all(row["phase"] == "Succeeded" for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
