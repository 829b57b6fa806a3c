"""What every command of the command line promises."""

import argparse

import pytest

from omniactor.cli import _parser, main


def commands():
    (actions,) = [a for a in _parser()._actions if isinstance(a, argparse._SubParsersAction)]
    return actions.choices


@pytest.mark.parametrize("name", sorted(commands()))
def test_it_has_help_that_ends_with_status_0_and_a_json_switch(name, capsys):
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(commands()))
def test_an_unknown_option_is_refused_in_one_line(name, capsys):
    with pytest.raises(SystemExit) as caught:
        main([name, "--no-such-option"])
    assert caught.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
