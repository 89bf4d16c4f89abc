from __future__ import annotations

import pytest

from jupyter_jobsub import __version__
from jupyter_jobsub.cli import main
from jupyter_jobsub.cli.app import COMMANDS, command_parser, full_parser
from jupyter_jobsub.cli.errors import EXIT_CODES
from jupyter_jobsub.cli.jobs import SORTS
from jupyter_jobsub.store.orders import Sort


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: jupyter jobsub {name}")
    assert f"jupyter jobsub {name}" in text.partition("Examples:")[2]
    assert "--json" in text


def test_a_list_is_sorted_by_all_that_the_service_can() -> None:
    assert list(SORTS) == [sort.value for sort in Sort]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_argument_is_explained(name: str) -> None:
    actions = command_parser(name)._actions
    assert [action.dest for action in actions if not action.help] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_a_terminal(name: str) -> None:
    assert max(map(len, command_parser(name).format_help().splitlines())) <= 100


@pytest.mark.parametrize("line", [[], ["--help"], ["help"]])
def test_help_names_all_commands_and_exit_codes(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(line)
    text = capsys.readouterr().out
    assert all(f"  {name} " in text for name in COMMANDS)
    assert all(f"  {code:<4} {meaning}" in text for code, meaning in EXIT_CODES)


def test_help_on_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["help", "cancel"])
    assert capsys.readouterr().out.startswith("usage: jupyter jobsub cancel")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"jupyter-jobsub {__version__}\n"


def test_the_parser_for_completion_has_them_all() -> None:
    assert all(name in full_parser().format_help() for name in COMMANDS)
