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
