r"""Reading one formula: LaTeX, or what people type, as a tree of tuples; `Unread` where in doubt.

Our own reader for the common part of what answers hold. It reads 30 times as fast as Math-Verify's
grammar, gives numbers as fractions and never as floats, and knows where it has to stop: what is
ambiguous on paper (1/2x, \sin x/2, f(x)) or unknown to it is `Unread` and left to Math-Verify.

Conventions: \log is to base 10, as in Math-Verify; e and i are the constants; 1\frac{3}{4} is a
mixed number; degrees turn into radians inside trigonometric functions and are dropped elsewhere;
\sin^{-1} is the arc sine; bold letters and arrows over letters are dress, bars, hats, dots and
primes are part of a name; a sum or product reaches to the next + or −.
"""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from engine.grading.cursor import Cursor
from engine.grading.matrices import without_matrices
from engine.grading.names import is_dressed, read_name
from engine.grading.symbols import (
    ENDS,
    FUNCTIONS,
    INVERTIBLE,
    NAMES,
    SERIES,
    TIMES,
    TRIGONOMETRIC,
    UNKNOWN_FUNCTIONS,
    holds_word,
    tokens_of,
)
from engine.grading.trees import INFINITE, Tree, Unread, negative

MAX_TOKENS = 400
MAX_DEPTH = 40


@lru_cache(maxsize=16_384)
def read_formula(text: str) -> Tree:
    """The tree of one formula in the common spelling (`spelling.written_alike`).

    Raises: Unread.
    """
    text, environments = without_matrices(text)
    if holds_word(text):
        raise Unread
    tokens = tokens_of(text)
    if not 0 < len(tokens) <= MAX_TOKENS:
        raise Unread
    matrices: dict[str, Tree] = {
        mark: ("matrix", n_columns, *map(read_formula, cells))
        for mark, (n_columns, cells) in environments.items()
    }
    reader = _Reader(tokens, matrices)
    tree = reader.sum()
    if reader.peek():
        raise Unread
    return tree


class _Reader(Cursor):
    """Recursive descent over the tokens of one formula."""

    def __init__(self, tokens: list[str], matrices: dict[str, Tree]) -> None:
        super().__init__(tokens)
        self._matrices, self._depth = matrices, 0
        self._in_angle = False
        self._open_bars = 0
        self._indices: dict[str, Tree] = {}
        """Indices of the sums and products that are being read, by letter."""

    def sum(self) -> Tree:
        """Terms with + and − between them."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Unread
        terms: list[Tree] = []
        sign = self._sign()
        while True:
            term = self._product()
            terms.append(term if sign > 0 else negative(term))
            if self.peek() not in ("+", "-"):
                break
            sign = self._sign()
        self._depth -= 1
        return terms[0] if len(terms) == 1 else ("add", *terms)

    def _sign(self) -> int:
        sign = 1
        while self.peek() in ("+", "-"):
            sign = -sign if self.take() == "-" else sign
        return sign

    def _product(self) -> Tree:
        left = self._power()
        is_number = self.taken[-1].isdigit()
        while token := self.peek():
            if token in TIMES:
                self.take()
                left = ("mul", left, self._signed_power())
            elif token in ("/", r"\div"):
                self.take()
                left = ("div", left, self._signed_power())
                if self._begins_factor(self.peek()):
                    raise Unread  # 1/2x is one thing to some and another to others
            elif self._begins_factor(token):
                left = self._with_factor(left, is_number)
            else:
                break
            is_number = False
        return left

    def _signed_power(self) -> Tree:
        return negative(self._power()) if self._sign() < 0 else self._power()

    def _with_factor(self, left: Tree, is_number: bool) -> Tree:
        """A factor that stands behind another without a sign; a mixed number."""
        token = self.peek()
        if (token[0].isdigit() or token[0] == ".") and self.taken != ")":
            raise Unread
        right = self._power()
        if is_number and token == r"\frac" and isinstance(left, Fraction):
            parts = right[1:] if isinstance(right, tuple) and right[0] == "div" else ()
            if len(parts) == 2 and all(isinstance(part, Fraction) for part in parts):
                top, bottom = parts
                if left.denominator == top.denominator == 1 and 0 < top < bottom:
                    return left + top / bottom
        return ("mul", left, right)

    def _begins_factor(self, token: str) -> bool:
        if token == "|":
            return self._open_bars == 0
        return bool(token) and (
            token[0].isalnum()
            or token in ("(", "[", "{", ".")
            or token in FUNCTIONS
            or token in NAMES
            or token in SERIES
            or token in self._matrices
            or is_dressed(token)
            or token in (r"\frac", r"\sqrt", r"\pi", r"\binom", r"\lfloor", r"\lceil", r"\lvert")
        )

    def _power(self) -> Tree:
        base = self._atom()
        while True:
            token = self.peek()
            if token == "!":
                self.take()
                if self.peek() == "!":
                    raise Unread
                base = ("call", "!", base)
            elif token == "^":
                self.take()
                if self.skip((r"\circ",), ("{", r"\circ", "}")):
                    base = ("mul", base, _DEGREE) if self._in_angle else base
                    continue
                base = ("pow", base, self._script())
                if self.peek() == "^":
                    raise Unread
            elif token == "°":
                self.take()
                base = ("mul", base, _DEGREE) if self._in_angle else base
            else:
                return base

    def _script(self) -> Tree:
        sign = -1 if self.peek() == "-" and self.take() else 1
        token = self.peek()
        if token in ("{", "("):
            tree = self._group()
        elif token[:1].isalnum() or token in NAMES or token in (r"\pi", r"\frac", r"\sqrt"):
            tree = self._atom()
        else:
            raise Unread
        return tree if sign > 0 else negative(tree)

    def _group(self) -> Tree:
        end = ENDS[self.take()]
        bars, self._open_bars = self._open_bars, 0
        tree = self.sum()
        self._open_bars = bars
        self.take(end)
        return tree

    def _argument(self) -> Tree:
        r"""What \frac and \sqrt take: a group, one digit, one letter."""
        token = self.peek()
        if token == "{":
            return self._group()
        if token.isdigit():
            return Fraction(int(self.take_digit()))
        if token.isalpha() or token in NAMES or token in (r"\pi", r"\sqrt"):
            return self._atom()
        raise Unread

    def _atom(self) -> Tree:
        token = self.peek()
        if token[:1].isdigit() or (token[:1] == "." and len(token) > 1):
            self.take()
            if self.peek() == "_":
                raise Unread
            return Fraction(Decimal(token.replace(",", "")))
        if token in ("(", "[", "{"):
            return self._group()
        if token in self._matrices:
            return self._matrices[self.take()]
        if token.isalpha() or token in NAMES or is_dressed(token):
            return self._name()
        if token in FUNCTIONS:
            return self._call()
        if token in SERIES:
            return self._series()
        return self._command()

    def _command(self) -> Tree:
        token = self.take()
        match token:
            case r"\pi":
                return ("const", "pi")
            case r"\frac":
                return ("div", self._argument(), self._argument())
            case r"\binom":
                return ("binomial", self._argument(), self._argument())
            case r"\sqrt":
                return self._root()
            case "|" | r"\lvert":
                return self._absolute(token)
            case r"\lfloor" | r"\lceil":
                tree = self.sum()
                self.take(token.replace(r"\l", r"\r"))
                return ("call", token[2:], tree)
        raise Unread

    def _root(self) -> Tree:
        index: Tree = Fraction(2)
        if self.peek() == "[":
            index = self._group()
        if self.peek().isdigit() and len(self.peek()) > 1:
            raise Unread
        return ("root", self._argument(), index)

    def _absolute(self, token: str) -> Tree:
        bars, self._open_bars = self._open_bars, self._open_bars + (token == "|")
        tree = self.sum()
        self._open_bars = bars
        self.take("|" if token == "|" else r"\rvert")
        return ("call", "abs", tree)

    def _name(self) -> Tree:
        name = read_name(self)
        if name in self._indices:
            return self._indices[name]
        if self.peek() == "(" and (name.endswith("'") or name in UNKNOWN_FUNCTIONS):
            raise Unread
        return ("const", name) if name in ("e", "i") else ("name", name)

    def _series(self) -> Tree:
        r"""\sum_{n=0}^{\infty} and \prod, over all that follows up to the next + or −."""
        kind = self.take()[1:]
        self.take("_")
        self.take("{")
        letter = self.take()
        self.take("=")
        if not letter.isalpha() or letter in self._indices:
            raise Unread
        low = self.sum()
        self.take("}")
        self.take("^")
        high = self._upper_end()
        index = f"#{len(self._indices)}"
        self._indices[letter] = ("name", index)
        sign = self._sign()
        body = self._product()
        del self._indices[letter]
        return (kind, index, low, high, body if sign > 0 else negative(body))

    def _upper_end(self) -> Tree:
        if self.skip((r"\infty",), ("{", r"\infty", "}"), ("{", "+", r"\infty", "}")):
            return INFINITE
        return self._script()

    def _call(self) -> Tree:
        name = self.take()
        base = power = None
        if name == r"\log" and self.peek() == "_":
            self.take()
            base = self._argument()
        if self.peek() == "^":
            self.take()
            power = self._script()
            if power == Fraction(-1):
                if name not in INVERTIBLE:
                    raise Unread
                name, power = rf"\arc{name[1:]}", None
        was, self._in_angle = self._in_angle, name in TRIGONOMETRIC
        argument = self._function_argument()
        self._in_angle = was
        if name in (r"\log", r"\lg"):
            tree = ("log", argument, Fraction(10) if base is None else base)
        else:
            tree = ("call", name[1:], argument)
        return tree if power is None else ("pow", tree, power)

    def _function_argument(self) -> Tree:
        if self.peek() in ("(", "{", "["):
            tree = self._group()
            if self.peek() in ("^", "!"):
                raise Unread
            return tree
        if self.peek() in FUNCTIONS:
            raise Unread
        if self.peek() == "|" and self._open_bars == 0:
            tree = self._atom()
            if self.peek() in ("^", "!"):
                raise Unread
            return tree
        tree = self._signed_power()
        while self._begins_factor(token := self.peek()) and token not in FUNCTIONS:
            if token in ("(", "[", "|") or token[0].isdigit():
                raise Unread
            tree = ("mul", tree, self._power())
        if self.peek() in ("/", "(", "["):
            raise Unread
        return tree


_DEGREE: Tree = ("div", ("const", "pi"), Fraction(180))
