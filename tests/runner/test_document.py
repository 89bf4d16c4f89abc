from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import v4

from jupyter_jobsub.runner.document import (
    MAX_STREAM,
    OutputFile,
    extend_stream,
    inject,
    literal,
    read_notebook,
    read_parameters,
)
from jupyter_jobsub.runner.errors import RunnerError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def notebook(*cells: tuple[str, list[str]]) -> Any:
    return v4.new_notebook(cells=[v4.new_code_cell(text, metadata={"tags": tags}) for text, tags in cells])


@given(JSON)
def test_a_literal_is_python_for_the_value(value: Any) -> None:
    assert eval(literal(value)) == value


def test_parameters_come_after_the_cell_that_is_tagged() -> None:
    document = notebook(("import os", []), ("lr = 0.1", ["parameters"]), ("train(lr)", []))
    inject(document, {"lr": 0.5, "name": "it's", "layers": [1, None, True]})
    sources = [cell.source for cell in document.cells]
    assert (
        sources[2].splitlines()
        == """# Parameters
lr = 0.5
name = "it's"
layers = [1, None, True]""".splitlines()
    )
    assert sources[3] == "train(lr)"
    assert document.cells[2].metadata.tags == ["injected-parameters"]


def test_parameters_come_first_where_no_cell_is_tagged() -> None:
    document = notebook(("print(lr)", []))
    inject(document, {"lr": 1})
    assert document.cells[0].source == "# Parameters\nlr = 1"


def test_parameters_of_an_earlier_run_are_replaced() -> None:
    document = notebook(("lr = 0.1", ["parameters"]), ("print(lr)", []))
    inject(document, {"lr": 1})
    inject(document, {"lr": 2})
    assert [cell.source for cell in document.cells] == ["lr = 0.1", "# Parameters\nlr = 2", "print(lr)"]


def test_an_older_format_gets_no_cell_id(tmp_path: Path) -> None:
    cell = {"cell_type": "code", "metadata": {}, "source": "1", "outputs": [], "execution_count": None}
    text = json.dumps({"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": [cell]})
    (tmp_path / "old.ipynb").write_text(text)
    document = read_notebook(tmp_path / "old.ipynb")
    inject(document, {"a": 1})
    OutputFile(tmp_path / "out.ipynb", document).save()
    assert len(read_notebook(tmp_path / "out.ipynb").cells) == 2


@pytest.mark.parametrize("text", ["", "{}", "[]", "no json", '{"nbformat": 4, "cells": 3, "metadata": {}}'])
def test_what_is_no_notebook_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text(text)
    with pytest.raises(RunnerError, match=r"x\.ipynb is not a valid notebook: .+"):
        read_notebook(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1]", "no JSON object"),
        ("{", "can't be read"),
        ('{"class": 1}', "no variable's name"),
        ('{"a b": 1}', "no variable's name"),
    ],
)
def test_wrong_parameters_are_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "parameters.json"
    path.write_text(text)
    with pytest.raises(RunnerError, match=said):
        read_parameters(path)


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["a\n", "b"], "a\nb"),
        (["\r 10%", "\r 20%", "\r100%\n", "done\n"], "100%\ndone\n"),
        (["one\r", "\ntwo"], "one\ntwo"),
        (["one\r\n", "two\r\n"], "one\ntwo\n"),
        (["old\r", "new"], "new"),
    ],
)
def test_a_carriage_return_begins_its_line_again(pieces: list[str], shown: str) -> None:
    text = ""
    for piece in pieces:
        text = extend_stream(text, piece)
    assert text == shown


def test_a_long_stream_keeps_its_beginning_and_its_end() -> None:
    text = ""
    for n in range(50):
        text = extend_stream(text, f"{n:100000}\n")
        assert len(text) <= MAX_STREAM
    assert text.startswith(f"{0:100000}\n")
    assert text.endswith(f"{49:100000}\n")
    assert text.count("cut here") == 1


def test_the_file_is_replaced_whole_and_nothing_else_is_left(tmp_path: Path) -> None:
    document = notebook(("x", []))
    document.cells[0].outputs = [v4.new_output("stream", text="half a pair: \ud800")]
    file = OutputFile(tmp_path / "jobs" / "out.ipynb", document)
    file.save()
    before = file.path.stat().st_ino
    file.save()
    assert file.path.stat().st_ino != before
    assert [p.name for p in file.path.parent.iterdir()] == ["out.ipynb"]
    assert json.loads(file.path.read_text())["cells"][0]["outputs"][0]["text"] == ["half a pair: \ud800"]
