"""``%%jobsub``: a cell becomes a job."""

from __future__ import annotations

import sys

import pytest

from jupyter_jobsub.client import Client
from jupyter_jobsub.magic.cell import title
from tests.magic.kernel import Kernel, Outcome

ID = r"job-\d{8}-\w{8}"


def logged(seen: Outcome) -> str:
    """The job's log in what a cell printed that waited for it."""
    first, *log, last = seen.out.splitlines(keepends=True)
    assert first.startswith("submitted job-")
    assert last.startswith(first.split()[1])
    return "".join(log)


def test_a_cell_runs_as_bash_in_the_notebooks_folder(kernel: Kernel, client: Client) -> None:
    seen = kernel.do('%%jobsub --wait -- one "two three"\n[[ -n $2 ]] && printf "%s|" "$PWD" "$0" "$@"')
    folder, script, *words, _ = seen.out.split("|")
    assert folder.splitlines()[1:] == [str(kernel.folder)]
    assert script.endswith(".sh")
    assert words == ["one", "two three"]
    assert seen.out.startswith("submitted job-")
    assert "Succeeded" in seen.out
    assert seen.err == ""


def test_a_cell_runs_as_python_in_the_kernels_environment(kernel: Kernel) -> None:
    (kernel.folder / "beside.py").write_text("WORD = 'found'\n")
    seen = kernel.do(
        "%%jobsub --python --wait -p lr=0.5 -e COLOUR=red -- --epochs 3\n"
        "import os, sys\nfrom beside import WORD\n"
        "print(WORD, sys.prefix, os.getcwd(), sys.argv[1:], os.environ['lr'], os.environ['COLOUR'])"
    )
    words = ["found", sys.prefix, str(kernel.folder), "['--epochs', '3']", "0.5", "red"]
    assert logged(seen) == " ".join(words) + "\n"


def test_a_cell_with_a_grid_is_a_sweep(kernel: Kernel, client: Client) -> None:
    seen = kernel.do('%%jobsub --wait -p n=1,2 -p m="[1,2]"\necho "$n $m"')
    assert seen.out.count("Succeeded") == 2
    assert kernel.ask("[type(_).__name__, type(_[0]).__name__]") == ["Sweep", "Job"]
    ids = kernel.ask("[job.id for job in _]")
    assert [b"".join(client.log(each)).decode() for each in ids] == ["1 [1, 2]\n", "2 [1, 2]\n"]
    sweep = client.job(ids[0])["sweep"]
    assert sweep in seen.out
    kernel.do(f"%jobsub sweep {sweep}")
    assert kernel.ask("[job.parameters['n'] for job in _]") == [1, 2]


def test_the_line_is_expanded_and_the_cell_is_not(kernel: Kernel) -> None:
    kernel.do("word, number = 'with space', 3")
    seen = kernel.do("%%jobsub --wait --name '{word}' -e N={number * 2} -e M=$number\necho {word} $N $M")
    assert logged(seen) == "{word} 6 3\n"
    assert kernel.ask("_.name") == "with space"


def test_a_cell_gives_its_job_and_says_so_once(kernel: Kernel, client: Client) -> None:
    seen = kernel.do("%%jobsub\n#!/bin/bash\n# Warm up\ntrue")
    assert (seen.value, seen.shown) == (None, [])
    kernel.do("job = _")
    job_id, name = kernel.ask("job.id, job.name")
    assert seen.out.startswith(f"{job_id}: ")
    assert name == "Warm up"
    assert client.job(job_id)["kind"] == "script"
    assert job_id in kernel.do("job").text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("#!/bin/bash\nset -e\n\n## Warm up\ntrue", "Warm up"),
        ("import os\nfrom sys import argv\nprint(argv)", "print(argv)"),
        ("\n  import os\n", "import os"),
        ("#\n#\n", "cell"),
        ("x" * 100, "x" * 63 + "…"),
    ],
)
def test_a_job_is_named_by_what_its_cell_says_first(text: str, name: str) -> None:
    assert title(text) == name


def test_a_variable_gets_the_job(kernel: Kernel) -> None:
    kernel.do("%%jobsub --wait --as mine\ntrue")
    assert kernel.ask("mine.phase") == "Succeeded"
    assert kernel.run("%%jobsub --wait --as mine\nexit 4").status == "error"
    assert kernel.ask("mine.exit_code") == 4
    kernel.fail("%%jobsub --as mine --instance-type none\ntrue")
    assert kernel.ask("mine.exit_code") == 4  # what it had
    seen = kernel.do("%%jobsub --follow --as mine\ntrue")
    assert seen.text.count(kernel.ask("mine.id")) == 1


def test_follow_shows_the_job_and_leaves_the_kernel_free(kernel: Kernel, client: Client) -> None:
    gate = kernel.folder / "gate"
    seen = kernel.do(f"%%jobsub --follow\nuntil [ -e '{gate}' ]; do sleep 0.1; done")
    job_id = kernel.ask("_.id")
    assert job_id in seen.text
    assert (seen.value, seen.out) == (None, "")
    assert client.job(job_id)["finished_at"] is None
    gate.touch()
    assert kernel.ask("_.wait().exit_code") == 0


def test_follow_and_wait_show_the_job_and_block(kernel: Kernel) -> None:
    seen = kernel.do("%%jobsub --follow --wait\necho hi")
    assert kernel.ask("_.id") in seen.text
    assert "hi" not in seen.out.splitlines()
    assert "Succeeded" in seen.out


def test_waiting_for_a_job_that_fails_is_an_error(kernel: Kernel) -> None:
    seen = kernel.run("%%jobsub --wait\necho before; exit 3")
    assert seen.status == "error"
    assert logged(seen) == "before\n"
    assert seen.error is not None
    assert seen.error["traceback"] == ["%jobsub: the job did not succeed (exit code 3)"]
    assert "Failed (Error), exit code 3" in seen.out


def test_other_bytes_than_text_are_shown(kernel: Kernel) -> None:
    seen = kernel.do(r"""%%jobsub --wait
printf '\303'; sleep 0.2; printf '\244\377\n'""")
    assert logged(seen) == "ä\N{REPLACEMENT CHARACTER}\n"


def test_a_rerun_has_the_cell_again(kernel: Kernel, client: Client) -> None:
    kernel.do("%%jobsub --python --wait\nprint('again')")
    kernel.do("%jobsub rerun {_.id}")
    assert kernel.ask("_.wait().logs()") == "again\n"
    assert kernel.ask("_.row['rerun_of']")
    seen = kernel.do("%jobsub clone --wait --name copy $_.id")
    assert logged(seen) == "again\n"


def test_a_file_gives_what_the_line_does_not(kernel: Kernel, client: Client) -> None:
    (kernel.folder / "job.yaml").write_text("command: 'false'\npriority: 7\nretries: 2\nname: mine\n")
    kernel.do("%%jobsub --file job.yaml --priority 9\ntrue")
    found = client.spec(kernel.ask("_.id"))
    assert (found["priority"], found["retries"], found["name"]) == (9, 2, "mine")
    assert found["content"] == "true\n"
    assert "command" not in found


WRONG = [
    ("%%jobsub", "the cell is empty"),
    ("%%jobsub --wait\n  \n", "the cell is empty"),
    ("%%jobsub train.py\ntrue", "unrecognized arguments: train.py"),
    ("%%jobsub --gpus 1 --gpu 2\ntrue", "unrecognized arguments: --gpu 2"),
    ("%%jobsub --as class\ntrue", "'class' is no name for a variable"),
    ("%%jobsub --name 'x\ntrue", "No closing quotation"),
    ("%%jobsub --instance-type none --image none\ntrue", "this is wrong"),
    ("%%jobsub --python\n!ls", "the cell is no Python script: invalid syntax (line 1 of the script)"),
    ("%%jobsub --python\nfor x in y:", "line 1 of the script"),
]


@pytest.mark.parametrize(("code", "text"), WRONG)
def test_what_is_wrong_is_said_without_a_traceback(kernel: Kernel, code: str, text: str) -> None:
    said = kernel.fail(code)
    assert said.startswith("%jobsub: ")
    assert text in said
    assert "jupyter jobsub" not in said


@pytest.mark.parametrize("code", ["%%jobsub --help", "%%jobsub --help\ntrue", "%%jobsub --help\n"])
def test_help(kernel: Kernel, code: str) -> None:
    text = kernel.do(code).out
    assert text.startswith("usage: %%jobsub [options]")
    assert all(option in text for option in ("--python", "--gpus", "--follow", "--deadline", "--file"))
    assert "jupyter jobsub" not in text
