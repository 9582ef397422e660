"""Going through the tokens of a formula, one after the other."""

from engine.grading.trees import Unread


class Cursor:
    """Tokens, and how far they are read."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._at = tokens, 0

    def peek(self) -> str:
        """The next token; empty at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    @property
    def taken(self) -> str:
        """The token that was read last."""
        return self._tokens[self._at - 1]

    def take(self, wanted: str = "") -> str:
        """Reads the next token. Raises: Unread at the end, or where it is not the one wanted."""
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise Unread
        self._at += 1
        return token

    def take_digit(self) -> str:
        r"""Reads the first digit of the next token and leaves the others: \frac12 is a half."""
        token = self.peek()
        self._tokens[self._at : self._at + 1] = [token[0], *([token[1:]] if token[1:] else [])]
        return self.take()

    def skip(self, *spellings: tuple[str, ...]) -> tuple[str, ...]:
        """Reads the first of these runs of tokens that comes next; empty where none does."""
        for tokens in spellings:
            if tuple(self._tokens[self._at : self._at + len(tokens)]) == tokens:
                self._at += len(tokens)
                return tokens
        return ()
