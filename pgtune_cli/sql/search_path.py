"""The schemas that unqualified names are looked up in."""

from pgtune_cli.model.snapshot import Server
from pgtune_cli.sql.lex import TokenKind, tokens


def search_path_of(server: Server) -> tuple[str, ...]:
    """The session's search_path as bare names, `"$user"` being the login; `public` where it was not read."""
    found = []
    for token in tokens(server.settings.get("search_path", '"$user", public')):
        # "$user" is quoted in the setting's own text, $user in some drivers' options
        if token.kind in (TokenKind.WORD, TokenKind.QUOTED, TokenKind.STRING):
            name = token.name if token.name is not None else token.text.strip("'")
            found.append(server.user if name == "$user" else name)
    return tuple(dict.fromkeys(found))
