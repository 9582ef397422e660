r"""Reading one formula: LaTeX, or what people type, as a tree of tuples; `Unread` where in doubt.

Our own reader for the common part of what answers hold. It reads 30 times as fast as Math-Verify's
grammar, gives numbers as fractions and never as floats, and knows where it has to stop: what is
ambiguous on paper (1/2x, \sin x/2, f(x)) or unknown to it is `Unread` and left to Math-Verify.

Conventions: \log is to base 10, as in Math-Verify; e and i are the constants; 1\frac{3}{4} is a
mixed number; degrees turn into radians inside trigonometric functions and are dropped elsewhere.
"""

import re
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from engine.grading.trees import Tree, Unread, negative

MAX_TOKENS = 400
MAX_DEPTH = 40

_TOKEN = re.compile(
    r"\s+|\\[A-Za-z]+|\\.|\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+|[A-Za-z]|.",
    re.DOTALL,
)
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{4,}")
_GREEK = frozenset(
    rf"\{name}"
    for name in "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta kappa lambda mu"
    " nu xi rho sigma tau phi varphi chi psi omega Gamma Delta Theta Lambda Sigma Phi Psi Omega"
    " ell".split()
)
_TRIGONOMETRIC = frozenset(r"\sin \cos \tan \cot \sec \csc".split())
_FUNCTIONS = _TRIGONOMETRIC | frozenset(
    r"\arcsin \arccos \arctan \sinh \cosh \tanh \ln \exp \log \lg".split()
)
_TIMES = frozenset(("*", r"\cdot", r"\times"))
_ENDS = {"(": ")", "[": "]", "{": "}", r"\{": r"\}", "|": "|"}
_UNKNOWN_FUNCTION = frozenset("fghFGHPQTVWXYZ")


@lru_cache(maxsize=16_384)
def read_formula(text: str) -> Tree:
    """The tree of one formula in the common spelling (`spelling.written_alike`).

    Raises: Unread.
    """
    if _WORD.search(text):
        raise Unread
    tokens = [token for token in _TOKEN.findall(text) if not token.isspace()]
    if not 0 < len(tokens) <= MAX_TOKENS:
        raise Unread
    reader = _Reader(tokens)
    tree = reader.sum()
    if reader.peek():
        raise Unread
    return tree


class _Reader:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0
        self._in_angle = False
        self._open_bars = 0

    def peek(self) -> str:
        """The next token; empty at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise Unread
        self._at += 1
        return token

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
            sign = -sign if self._take() == "-" else sign
        return sign

    def _product(self) -> Tree:
        left = self._power()
        is_number = self._tokens[self._at - 1][-1].isdigit()
        while token := self.peek():
            if token in _TIMES:
                self._take()
                left = ("mul", left, self._signed_power())
            elif token in ("/", r"\div"):
                self._take()
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
        if token[0].isdigit() or token[0] == ".":
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
            or token in _FUNCTIONS
            or token in _GREEK
            or token in (r"\frac", r"\sqrt", r"\pi", r"\binom", r"\lfloor", r"\lceil", r"\lvert")
        )

    def _power(self) -> Tree:
        base = self._atom()
        while True:
            token = self.peek()
            if token == "!":
                self._take()
                if self.peek() == "!":
                    raise Unread
                base = ("call", "!", base)
            elif token == "^":
                self._take()
                if self.peek() in (r"\circ", "{") and self._degrees():
                    base = ("mul", base, _DEGREE) if self._in_angle else base
                    continue
                base = ("pow", base, self._script())
                if self.peek() == "^":
                    raise Unread
            elif token == "°":
                self._take()
                base = ("mul", base, _DEGREE) if self._in_angle else base
            else:
                return base

    def _degrees(self) -> bool:
        r"""Reads \circ or {\circ}; False, and nothing read, for another script."""
        for spelled in ((r"\circ",), ("{", r"\circ", "}")):
            if tuple(self._tokens[self._at : self._at + len(spelled)]) == spelled:
                self._at += len(spelled)
                return True
        return False

    def _script(self) -> Tree:
        sign = -1 if self.peek() == "-" and self._take() else 1
        token = self.peek()
        if token in ("{", "("):
            tree = self._group()
        elif token[:1].isalnum() or token in _GREEK or token in (r"\pi", r"\frac", r"\sqrt"):
            tree = self._atom()
        else:
            raise Unread
        return tree if sign > 0 else negative(tree)

    def _group(self) -> Tree:
        end = _ENDS[self._take()]
        bars, self._open_bars = self._open_bars, 0
        tree = self.sum()
        self._open_bars = bars
        self._take(end)
        return tree

    def _argument(self) -> Tree:
        r"""What \frac and \sqrt take: a group, one digit, one letter."""
        token = self.peek()
        if token == "{":
            return self._group()
        if token.isdigit():
            if len(token) == 1:
                self._at += 1
            else:
                self._tokens[self._at : self._at + 1] = [token[1:]]
            return Fraction(int(token[0]))
        if token.isalpha() or token in _GREEK or token == r"\pi" or token == r"\sqrt":
            return self._atom()
        raise Unread

    def _atom(self) -> Tree:
        token = self.peek()
        if token[:1].isdigit() or (token[:1] == "." and len(token) > 1):
            self._take()
            if self.peek() == "_":
                raise Unread
            return Fraction(Decimal(token.replace(",", "")))
        if token in ("(", "[", "{"):
            return self._group()
        if token.isalpha() or token in _GREEK:
            return self._name()
        if token in _FUNCTIONS:
            return self._call()
        return self._command()

    def _command(self) -> Tree:
        token = self._take()
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
                self._take(token.replace(r"\l", r"\r"))
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
        self._take("|" if token == "|" else r"\rvert")
        return ("call", "abs", tree)

    def _name(self) -> Tree:
        token = self._take()
        if self.peek() == "_":
            return ("name", token + self._subscript())
        if self.peek() == "'" or (token in _UNKNOWN_FUNCTION and self.peek() == "("):
            raise Unread
        return ("const", token) if token in ("e", "i") else ("name", token)

    def _subscript(self) -> str:
        self._take("_")
        if self.peek() != "{":
            return "_" + self._take()
        start = self._at + 1
        while self._take() != "}":
            if self._at - start > 8:
                raise Unread
        return "_" + "".join(self._tokens[start : self._at - 1])

    def _call(self) -> Tree:
        name = self._take()
        base = power = None
        if name == r"\log" and self.peek() == "_":
            self._take()
            base = self._argument()
        if self.peek() == "^":
            self._take()
            power = self._script()
            if power == Fraction(-1):
                raise Unread
        was, self._in_angle = self._in_angle, name in _TRIGONOMETRIC
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
        if self.peek() in _FUNCTIONS:
            raise Unread
        tree = self._signed_power()
        while self._begins_factor(token := self.peek()) and token not in _FUNCTIONS:
            if token in ("(", "[", "|") or token[0].isdigit():
                raise Unread
            tree = ("mul", tree, self._power())
        if self.peek() in ("/", "(", "["):
            raise Unread
        return tree


_DEGREE: Tree = ("div", ("const", "pi"), Fraction(180))
