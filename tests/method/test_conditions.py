"""Conditions on rows: what is read, what is refused with its place, and that nothing runs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ConfigError
from engine.method.conditions import MAX_CHARS, holds, named, parse
from engine.store import Database
from engine.store.conditions import as_sql

COLUMNS = {"n": "number", "rate": "number", "class": "text", "done": "bool"}
ROWS = {
    "n": [1, 2, 3, None],
    "rate": [0.0, 0.5, 1.0, None],
    "class": ["inlier", "boundary", 'a "quoted" one', None],
    "done": [True, False, True, None],
}


def test_whole_numbers_are_read_to_their_last_digit():
    seeds = {"seed": [2**64 - 1, 2**64 - 2, 9007199254740993]}
    for at, seed in enumerate(seeds["seed"]):
        chosen = holds(parse(f"seed == {seed}", {"seed": "number"}), seeds, 3)
        assert chosen.tolist() == [at == row for row in range(3)]


def where(text):
    return holds(parse(text, COLUMNS), ROWS, 4).tolist()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0 < rate < 1", [False, True, False, False]),
        ('0 <= rate <= 1 and class == "boundary"', [False, True, False, False]),
        ("done or n = 2", [True, True, True, False]),
        ("not done", [False, True, False, True]),
        ("not (n > 1)", [True, False, False, True]),
        ("rate == none", [False, False, False, True]),
        ("rate != none and not (n in (1, 3))", [False, True, False, False]),
        ("class not in ('inlier', 'boundary')", [False, False, True, True]),
        ('class contains "QUOTED"', [False, False, True, False]),
        (r'class == "a \"quoted\" one"', [False, False, True, False]),
        ("done == false", [False, True, False, False]),
        ("n > 1 or n < 3 and rate > 0.9", [False, True, True, False]),
        ("-1 < n and n < 1e1", [True, True, True, False]),
        ("NOT Done" .replace("Done", "done"), [False, True, False, True]),
    ],
)  # fmt: skip
def test_a_condition_holds_where_it_says(text, wanted):
    assert where(text) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "at its end"),
        ("n <", "at its end"),
        ("n", "a comparison is needed"),
        ("rates > 1", "no column rates: use one of n, rate, class, done"),
        ("n > 'a'", "a number is compared with a text"),
        ("class > 'a'", "only numbers are compared by >"),
        ("n contains 1", "only texts contain texts"),
        ("n in (1, 'a')", "a number is compared with a text"),
        ("(n > 1", "\\) is needed"),
        ("n > 1 n > 2", "at 'n' \\(character 7\\)"),
        ("n > 1; drop", "at ';' \\(character 6\\)"),
        ("__import__('os')", "no column __import__"),
        ("n.__class__ == 1", "at '.' \\(character 2\\)"),
        ("n not 3", "in is needed"),
        ("(" * 60 + "n > 1" + ")" * 60, "50 deep"),
        ("not " * 60 + "done", "50 deep"),
        ("n > 1" + " " * MAX_CHARS, "are read at most"),
    ],
)
def test_anything_else_is_refused_with_its_place(text, said):
    with pytest.raises(ConfigError, match=said):
        parse(text, COLUMNS)


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_a_sentence(text):
    try:
        condition = parse(text, COLUMNS)
    except ConfigError:
        return
    assert named(condition) <= COLUMNS.keys() and holds(condition, ROWS, 4).shape == (4,)


COMPARED = st.builds(
    "{} {} {}".format,
    st.sampled_from(["n", "rate"]),
    st.sampled_from(["<", "<=", "==", "!=", ">", ">="]),
    st.integers(-2, 4),
)
CONDITIONS = st.recursive(
    COMPARED | st.just("done"),
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner)
        | st.builds("not {}".format, inner)
    ),
    max_leaves=8,
)


@given(CONDITIONS)
def test_conditions_hold_as_python_says_of_rows_without_missing_values(text):
    python = [
        bool(eval(text, {}, {name: ROWS[name][at] for name in COLUMNS}))  # of our own making
        for at in range(3)
    ]
    np.testing.assert_array_equal(where(text)[:3], python)


@pytest.fixture(scope="module")
def table():
    db = Database(":memory:")
    with db.transaction() as cursor:
        cursor.execute(
            "CREATE TABLE t (place INTEGER, n INTEGER, rate DOUBLE, class VARCHAR, done BOOLEAN)"
        )
        for at, row in enumerate(zip(*ROWS.values())):
            cursor.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?)", [at, *row])
    yield db
    db.close()


@given(
    text=CONDITIONS
    | st.sampled_from(["rate == none", "n != 2", "n in (1, none)", "class contains 'a'"])
)
def test_the_database_chooses_the_same_rows(table, text):
    sql, values = as_sql(parse(text, COLUMNS), {name: f'"{name}"' for name in COLUMNS})
    chosen = [
        at for (at,) in table.tuples(f"SELECT place FROM t WHERE {sql} ORDER BY place", values)
    ]
    assert chosen == np.flatnonzero(where(text)).tolist()
