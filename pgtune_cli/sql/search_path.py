"""The schemas that unqualified names are looked up in."""

from collections.abc import Iterable, Sequence

from pgtune_cli.errors import near
from pgtune_cli.model.catalog import Relation
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


def near_relation(name: str, relations: Iterable[Relation], path: Sequence[str]) -> str | None:
    """The relation that was probably meant by a name, bare or qualified; with its schema where that must be said."""
    bare = name.rpartition(".")[2]
    spelled: dict[str, str] = {}
    for relation in relations:
        shown = relation.name if relation.schema in path else str(relation.relation_name)
        spelled.setdefault(relation.name, shown)
    return spelled.get(near(bare, spelled) or "")
