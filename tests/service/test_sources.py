"""What is read at submit: files, and nothing that would keep others waiting."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from jupyter_jobsub.service.sources import LARGE
from tests.live import Live


def notebook(path: Path, output: str = "", kernel: str | None = None, source: str = "print(1)") -> Path:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": 1, "source": source}
    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": output}] if output else []
    metadata = {"kernelspec": {"name": kernel, "display_name": kernel}} if kernel else {}
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": [cell]}))
    return path


def refused(service: Live, **spec: Any) -> dict[str, Any]:
    answer = service.post("/jobsub/jobs", spec)
    assert answer.status == 422
    (error,) = answer.json["errors"]
    found: dict[str, Any] = error
    return found


@pytest.mark.parametrize(("field", "name"), [("notebook", "a.ipynb"), ("script", "a.sh")])
def test_a_pipe_is_no_file_and_is_not_waited_for(
    service: Live, tmp_path: Path, field: str, name: str
) -> None:
    os.mkfifo(tmp_path / name)
    error = refused(service, **{field: str(tmp_path / name)})
    assert (error["field"], "is not a file" in error["message"]) == (field, True)
    (tmp_path / f"folder-{name}").mkdir()
    assert refused(service, **{field: str(tmp_path / f"folder-{name}")})["field"] == field


def test_a_kernel_that_is_not_there_is_named(service: Live, tmp_path: Path) -> None:
    path = notebook(tmp_path / "a.ipynb", kernel="cobol")
    error = refused(service, notebook=str(path))
    assert error["field"] == "image"
    assert "'cobol'" in error["message"]
    assert "python3" in error["remedy"]
    assert service.post("/jobsub/jobs", {"notebook": str(path), "image": "python3"}).status == 201


def test_others_are_served_while_a_large_notebook_is_read(service: Live, tmp_path: Path) -> None:
    path = notebook(tmp_path / "large.ipynb", output="x" * 60 * LARGE, kernel="python3")
    answers: list[int] = []
    submit = threading.Thread(
        target=lambda: answers.append(service.post("/jobsub/jobs", {"notebook": str(path)}).status)
    )
    submit.start()
    served = 0
    while submit.is_alive():
        assert service.get("/jobsub/healthz").status == 200
        served += 1
        time.sleep(0.001)
    assert answers == [201]
    assert served > 5


def test_a_large_file_that_is_no_notebook_is_refused(service: Live, tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text("[" * 2 * LARGE)
    assert "is not a notebook" in refused(service, notebook=str(path))["message"]
    path.write_bytes(b" " * (LARGE * 200 + 1))
    assert "is over" in refused(service, notebook=str(path))["message"]


def test_a_script_that_is_sent_along_runs_in_its_folder(service: Live, tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("word = 'imported'\n")
    text = "import helper, os, sys\nprint(helper.word, os.getcwd(), *sys.argv[1:], 'é')\n"
    spec = {"script": str(tmp_path / "cell.py"), "content": text, "args": ["1"]}
    made = service.post("/jobsub/jobs", spec)
    assert (made.status, made.json["kind"], made.json["name"]) == (201, "script", "cell.py")
    id = made.json["id"]
    assert service.until(id, seconds=60)["phase"] == "Succeeded"
    assert service.log(id).decode() == f"imported {tmp_path} 1 é\n"
    assert not (tmp_path / "cell.py").exists()
    shown = service.get(f"/jobsub/jobs/{id}/spec").json
    assert shown["content"] == text
    again = service.post(f"/jobsub/jobs/{id}/rerun").json["id"]
    clone = service.post("/jobsub/jobs", {key: value for key, value in shown.items() if key != "args"})
    assert clone.status == 201
    assert service.get(f"/jobsub/jobs/{again}/spec").json["content"] == text
    for other, output in (
        (again, f"imported {tmp_path} 1 é\n"),
        (clone.json["id"], f"imported {tmp_path} é\n"),
    ):
        assert service.until(other, seconds=60)["phase"] == "Succeeded"
        assert service.log(other).decode() == output


def test_a_script_that_is_sent_along_needs_its_folder_and_an_ending(service: Live, tmp_path: Path) -> None:
    error = refused(service, script=str(tmp_path / "none" / "a.sh"), content="true")
    assert (error["field"], "no folder" in error["message"]) == ("script", True)
    answer = service.post("/jobsub/jobs", {"script": str(tmp_path / "a.txt"), "content": "true"})
    assert "script" in answer.fields


def test_parameters_of_a_command_and_a_script_are_variables(service: Live, tmp_path: Path) -> None:
    script = tmp_path / "a.sh"
    script.write_text('echo "$lr $layers"\n')
    parameters = {"lr": 0.1, "layers": [64, 64]}
    for what in ({"command": 'echo "$lr $layers"'}, {"script": str(script)}):
        made = service.post("/jobsub/jobs", {**what, "parameters": parameters})
        assert (made.status, made.json["parameters"]) == (201, parameters)
        service.until(made.json["id"], seconds=60)
        assert service.log(made.json["id"]) == b"0.1 [64, 64]\n"
