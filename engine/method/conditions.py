"""Conditions that a person types to choose rows: `0 < pass_rate < 1 and n_tokens < 800 and class ==
"boundary"`.

Parsed into a tree by a small grammar and never evaluated as a program: names are columns that the
caller allows, everything else is a literal. Linear in the length of the text.

    condition  = all ("or" all)*
    all        = one ("and" one)*
    one        = "not" one | chain
    chain      = operand (("<" | "<=" | "==" | "=" | "!=" | ">" | ">=") operand)*
               | operand ["not"] "in" "(" literal ("," literal)* ")"
               | operand "contains" operand
    one        = "(" condition ")"
    operand    = literal | column
    literal    = number | "text" | 'text' | true | false | none

A missing value is like none alone: <, <=, >, >= and contains do not hold for it, != and not in do.
So `not (reward > 0.5)` holds for a response without a reward; `reward == none` asks for those.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from engine.errors import ConfigError
from engine.method.condition_tokens import Token, tokens

Kind = Literal["number", "text", "bool"]
Value: TypeAlias = float | int | str | bool | None
MAX_CHARS = 2_000
MAX_DEPTH = 50
ORDERED = ("<", "<=", ">", ">=")
_CONSTANTS = {"true": True, "false": False, "none": None}


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Constant:
    value: Value


Operand: TypeAlias = "Column | Constant"


@dataclass(frozen=True, slots=True)
class Compared:
    """left sign right; sign is one of ORDERED, ==, != or contains."""

    sign: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Among:
    column: Operand
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Holds:
    """A column of truths by itself."""

    column: Operand


@dataclass(frozen=True, slots=True)
class Not:
    of: "Condition"


@dataclass(frozen=True, slots=True)
class Every:
    of: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Any_:
    of: "tuple[Condition, ...]"


Condition: TypeAlias = Compared | Among | Holds | Not | Every | Any_


def parse(text: str, columns: Mapping[str, Kind]) -> Condition:
    """The condition that a text says.

    Args:
        columns: what may be named, and what it holds.

    Raises: ConfigError with the place, for anything else than the grammar, an unknown column, or a
    comparison of two kinds.

    >>> parse("n < 3 and not done", {"n": "number", "done": "bool"}).of[1]
    Not(of=Holds(column=Column(name='done', kind='bool')))
    """
    if len(text) > MAX_CHARS:
        raise ConfigError(
            f"The condition has {len(text):,} characters; {MAX_CHARS:,} are read at most."
        )
    return _Reader(text, columns).whole()


def holds(condition: Condition, rows: Mapping[str, Sequence[Any]], n: int) -> np.ndarray:
    """Where a condition holds, bool, shape (n,).

    Args:
        rows: the values of every column that is named, by name; None for a missing one.
    """
    match condition:
        case Not(of):
            return ~holds(of, rows, n)
        case Every(parts):
            return np.logical_and.reduce([holds(part, rows, n) for part in parts])
        case Any_(parts):
            return np.logical_or.reduce([holds(part, rows, n) for part in parts])
        case Holds(column):
            return np.array([value is True for value in _values(column, rows, n)], dtype=bool)
        case Among(column, values):
            wanted = set(values)
            return np.array([v in wanted for v in _values(column, rows, n)], dtype=bool)
        case Compared(sign, left, right):
            pairs = zip(_values(left, rows, n), _values(right, rows, n))
            return np.array([_compare(sign, a, b) for a, b in pairs], dtype=bool)


def named(condition: Condition) -> set[str]:
    """The columns that a condition names."""
    match condition:
        case Not(of):
            return named(of)
        case Every(parts) | Any_(parts):
            return set[str]().union(*map(named, parts))
        case Holds(column) | Among(column, _):
            operands = (column,)
        case Compared(_, left, right):
            operands = (left, right)
    return {operand.name for operand in operands if isinstance(operand, Column)}


def _values(operand: Operand, rows: Mapping[str, Sequence[Any]], n: int) -> Sequence[Any]:
    return rows[operand.name] if isinstance(operand, Column) else [operand.value] * n


def _compare(sign: str, a: Any, b: Any) -> bool:
    if sign in ("==", "!="):
        return (a == b) == (sign == "==")
    if a is None or b is None:
        return False
    match sign:
        case "<":
            return bool(a < b)
        case "<=":
            return bool(a <= b)
        case ">":
            return bool(a > b)
        case ">=":
            return bool(a >= b)
        case _:
            return str(b).lower() in str(a).lower()


class _Reader:
    """Reads one condition, a token ahead."""

    def __init__(self, text: str, columns: Mapping[str, Kind]):
        self._columns, self._tokens, self._next, self._depth = columns, tokens(text), 0, 0

    def whole(self) -> Condition:
        condition = self._condition()
        if self._token.kind != "end":
            raise self._error("the condition could end here, or go on with and or or")
        return condition

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self, *texts: str) -> Token | None:
        token = self._token
        if token.kind in ("sign", "word") and token.text in texts:
            self._next += 1
            return token
        return None

    def _condition(self) -> Condition:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"parentheses and nots are read {MAX_DEPTH} deep at most")
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Any_(tuple(parts))

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _one(self) -> Condition:
        if self._take("not"):
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise self._error(f"parentheses and nots are read {MAX_DEPTH} deep at most")
            negated = Not(self._one())
            self._depth -= 1
            return negated
        if self._take("("):
            condition = self._condition()
            self._need(")")
            return condition
        return self._chain()

    def _chain(self) -> Condition:
        first = self._operand()
        is_not = self._take("not")
        if self._take("in"):
            among = self._among(first)
            return Not(among) if is_not else among
        if is_not:
            raise self._error("in is needed behind this not")
        if self._take("contains"):
            return self._compared("contains", first, self._operand())
        links: list[Condition] = []
        while sign := self._take("<", "<=", "==", "=", "!=", ">", ">="):
            second = self._operand()
            links.append(self._compared("==" if sign.text == "=" else sign.text, first, second))
            first = second
        if not links:
            if _kind(first) != "bool" or not isinstance(first, Column):
                raise self._error("a comparison is needed behind this")
            return Holds(first)
        return links[0] if len(links) == 1 else Every(tuple(links))

    def _among(self, column: Operand) -> Among:
        self._need("(")
        values = [self._constant()]
        while self._take(","):
            values.append(self._constant())
        self._need(")")
        for value in values:
            self._require_like(column, value)
        return Among(column, tuple(value.value for value in values))

    def _compared(self, sign: str, left: Operand, right: Operand) -> Compared:
        self._require_like(left, right)
        kinds = {_kind(left), _kind(right)} - {None}
        if sign in ORDERED and kinds - {"number"}:
            raise self._error(f"only numbers are compared by {sign}")
        if sign == "contains" and kinds != {"text"}:
            raise self._error("only texts contain texts")
        return Compared(sign, left, right)

    def _require_like(self, left: Operand, right: Operand) -> None:
        a, b = _kind(left), _kind(right)
        if a and b and a != b:
            raise self._error(f"a {a} is compared with a {b}")

    def _operand(self) -> Operand:
        token = self._token
        if token.kind != "name":
            return self._constant()
        if token.text not in self._columns:
            known = ", ".join(self._columns)
            raise self._error(f"there is no column {token.text}: use one of {known}")
        self._next += 1
        return Column(token.text, self._columns[token.text])

    def _constant(self) -> Constant:
        token = self._token
        self._next += 1
        if token.kind == "number":
            return Constant(_number(token.text))
        if token.kind == "text":
            return Constant(re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL))
        if token.kind == "word" and token.text in _CONSTANTS:
            return Constant(_CONSTANTS[token.text])
        self._next -= 1
        raise self._error("a column, a number or a text in quotes is needed here")

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise self._error(f"{sign} is needed here")

    def _error(self, what: str) -> ConfigError:
        token = self._token
        here = f"at {token.text!r}" if token.text else "at its end"
        return ConfigError(
            f"The condition cannot be read {here} (character {token.at + 1}): {what}."
        )


def _number(text: str) -> float | int:
    """Whole ones to the last digit, as far as the database's whole numbers go."""
    number = float(text)
    if re.fullmatch(r"[-+]?\d{1,20}", text) and -(2**63) <= int(text) < 2**64:
        return int(text)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _kind(operand: Operand) -> Kind | None:
    """None for none, which is like everything."""
    if isinstance(operand, Column):
        return operand.kind
    value = operand.value
    if value is None:
        return None
    return "bool" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
