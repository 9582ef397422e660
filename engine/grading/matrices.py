"""Matrices inside a formula: taken out of its text before it is read, and worked out afterwards.

Pure. A matrix in a tree is ("matrix", number of columns, cell, …), row by row.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from engine.grading.trees import Tree, Unread, parts_of

_ENVIRONMENT = re.compile(
    r"\\begin\{([pb]?matrix|smallmatrix|array)\}(?:\{[lcr| ]*\})?(.*?)\\end\{\1\}", re.DOTALL
)
_ROW_END = re.compile(r"\\\\ ?(?:\[[^\]]*\])? ?")
_MARKS = 0xE000
_MAX_MATRICES = 20
_MAX_CELLS = 64


def without_matrices(text: str) -> tuple[str, dict[str, tuple[int, list[str]]]]:
    """A formula's text with one private character for each matrix, and (columns, cells) of each.

    Raises: Unread for a ragged, an empty or a nested one, and for two rows in round brackets, which
        may be a binomial.
    """
    if r"\begin" not in text:
        return text, {}
    parts, matrices, start = [], {}, 0
    for environment in _ENVIRONMENT.finditer(text):
        left, right = text[: environment.start()][-1:], text[environment.end() :][:1]
        has_brackets = left + right in ("[]", "()")
        rows = _rows(environment.group(2))
        if left + right == "()" and len(rows) == 2 and len(rows[0]) == 1:
            raise Unread
        mark = chr(_MARKS + len(matrices))
        matrices[mark] = len(rows[0]), [cell for row in rows for cell in row]
        parts += [text[start : environment.start() - has_brackets], mark]
        start = environment.end() + has_brackets
    if len(matrices) > _MAX_MATRICES:
        raise Unread
    return "".join((*parts, text[start:])), matrices


def _rows(inner: str) -> list[list[str]]:
    if r"\begin" in inner:
        raise Unread
    lines = [line for line in _ROW_END.split(inner.replace(r"\hline", "")) if line.strip()]
    rows = [[cell.strip() for cell in line.split("&")] for line in lines]
    n_cells = sum(map(len, rows))
    if not 0 < n_cells <= _MAX_CELLS or len({len(row) for row in rows}) > 1:
        raise Unread
    return rows


@dataclass(frozen=True, slots=True)
class Grid:
    """A matrix of formulas, by its rows."""

    rows: tuple[tuple[Tree, ...], ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.rows), len(self.rows[0])

    def each(self, change: Callable[[Tree], Tree]) -> "Grid":
        """The same matrix with every cell changed."""
        return Grid(tuple(tuple(map(change, row)) for row in self.rows))


def holds_matrix(tree: Tree) -> bool:
    """Whether a formula holds a matrix."""
    if not isinstance(tree, tuple):
        return False
    return tree[0] == "matrix" or any(map(holds_matrix, parts_of(tree)))


def worked_out(tree: Tree) -> Grid | Tree:
    """A formula with matrices as one matrix of formulas; one without as it is.

    Raises: Unread for what is no sum and no product of matrices and numbers.
    """
    if not holds_matrix(tree):
        return tree
    assert isinstance(tree, tuple)
    match tree[0]:
        case "matrix":
            n_columns, cells = tree[1], tree[2:]
            return Grid(tuple(cells[at : at + n_columns] for at in range(0, len(cells), n_columns)))
        case "add":
            return _sum([worked_out(part) for part in tree[1:]])
        case "mul":
            return _product(worked_out(tree[1]), worked_out(tree[2]))
        case "div":
            top = worked_out(tree[1])
            if isinstance(top, Grid) and not holds_matrix(tree[2]):
                return top.each(lambda cell: ("div", cell, tree[2]))
    raise Unread


def _sum(values: list[Grid | Tree]) -> Grid:
    grids = [value for value in values if isinstance(value, Grid)]
    if len(grids) < len(values) or len({grid.shape for grid in grids}) > 1:
        raise Unread
    lines = zip(*(grid.rows for grid in grids), strict=True)
    return Grid(
        tuple(tuple(("add", *cells) for cells in zip(*rows, strict=True)) for rows in lines)
    )


def _product(left: Grid | Tree, right: Grid | Tree) -> Grid | Tree:
    if not isinstance(left, Grid):
        if not isinstance(right, Grid):
            return ("mul", left, right)
        return right.each(lambda cell: ("mul", left, cell))
    if not isinstance(right, Grid):
        return left.each(lambda cell: ("mul", right, cell))
    if left.shape[1] != right.shape[0]:
        raise Unread
    columns = list(zip(*right.rows, strict=True))
    rows = tuple(tuple(_dot(row, column) for column in columns) for row in left.rows)
    return rows[0][0] if len(rows) == len(columns) == 1 else Grid(rows)


def _dot(row: tuple[Tree, ...], column: tuple[Tree, ...]) -> Tree:
    products = [("mul", a, b) for a, b in zip(row, column, strict=True)]
    return products[0] if len(products) == 1 else ("add", *products)
