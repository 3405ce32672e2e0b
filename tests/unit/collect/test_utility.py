"""Utility commands are counted by what they do; what somebody wrote into them stays on the server."""

import pytest

from pgtune_cli.collect.utility import command_of


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("SET application_name = 'secret'", "SET application_name"),
        ("set session \"Search_Path\" to 'secret'", "SET Search_Path"),
        ("/* pool */ SET LOCAL app.tenant TO 'secret'", "SET LOCAL app.tenant"),
        ("SET TIME ZONE 'secret'", "SET TIME ZONE"),
        ("SET SESSION AUTHORIZATION secret", "SET SESSION AUTHORIZATION"),
        ("SET ROLE secret", "SET ROLE"),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET TRANSACTION"),
        ("RESET ALL", "RESET ALL"),
        ("SHOW server_version", "SHOW server_version"),
        ("DISCARD ALL", "DISCARD ALL"),
        ("SELECT set_config('app.tenant', 'secret', true)", "SELECT set_config"),
        ("BEGIN ISOLATION LEVEL READ COMMITTED", "BEGIN"),
        ("START TRANSACTION", "START TRANSACTION"),
        ("SAVEPOINT secret", "SAVEPOINT"),
        ("COPY secret FROM STDIN", "COPY"),
        ("CREATE TABLE secret (a int)", "CREATE TABLE"),
        ("NOTIFY secret, 'secret", "NOTIFY"),
        ("SET", "SET"),
        ("$1", "OTHER"),
    ],
)
def test_a_command_says_what_it_does_and_nothing_of_its_values(text: str, command: str) -> None:
    assert command_of(text) == command
    assert "secret" not in command_of(text)
