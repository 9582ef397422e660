"""The difficulty plot's Python side: columns, count tables, and what is believed of a browser's
payloads.
"""

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.components import difficulty_plot as package
from app.components.difficulty_plot import (
    Selection,
    Thresholds,
    plot_data,
    read_have,
    read_pick,
    read_row,
    read_tau,
)

REWARDS = some.one_of(some.floats(0, 1), some.integers(0, 1000).map(lambda k: k / 1000))
PROBLEMS = some.lists(
    some.tuples(some.integers(0, 4), some.integers(1, 4), REWARDS), max_size=40
).map(lambda rows: [(min(c, n), n, r) for c, n, r in rows])
THOUSANDTHS = some.integers(0, 1000)
ANYTHING = some.recursive(
    some.one_of(
        some.none(), some.booleans(), some.integers(), some.floats(), some.text(max_size=5)
    ),
    lambda inner: some.one_of(
        some.lists(inner, max_size=4), some.dictionaries(some.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)


def drawn(rows):
    n_correct, n, phi_r = ([row[i] for row in rows] for i in range(3))
    return plot_data(n_correct, n, phi_r, [f"p{i}" for i in range(len(rows))])


@given(PROBLEMS, THOUSANDTHS)
def test_the_tables_count_with_strict_inequalities_at_every_threshold(rows, k):
    tables, tau = drawn(rows).tables, k / 1000
    assert tables["both"]["above"][k] == sum(c == n and r > tau for c, n, r in rows)
    assert tables["both"]["below"][k] == sum(c == 0 and r < tau for c, n, r in rows)
    assert tables["reward"]["above"][k] == sum(r > tau for _, _, r in rows)
    assert tables["reward"]["below"][k] == sum(r < tau for _, _, r in rows)


@given(some.lists(REWARDS, min_size=1, max_size=30), THOUSANDTHS)
def test_a_reward_code_compares_with_a_threshold_as_the_reward_does(rewards, k):
    data = plot_data([0] * len(rewards), 3, rewards, [str(i) for i in range(len(rewards))])
    codes = data.y.astype(int)
    assert [code > 64 * k for code in codes] == [r > k / 1000 for r in rewards]
    assert [code < 64 * k for code in codes] == [r < k / 1000 for r in rewards]
    assert np.abs(codes / 64_000 - rewards).max() < 2 / 64_000


@given(PROBLEMS)
def test_every_problem_stands_in_the_strip_of_its_accuracy(rows):
    data = drawn(rows)
    assert (data.labels[0], data.labels[-1]) == ("0", "1")
    for row, (correct, n, _) in enumerate(rows):
        told_correct, told_n, strip = data.pairs[data.pair[row]]
        assert (told_correct, told_n) == (correct, n)
        assert (strip == 0, strip == len(data.labels) - 1) == (correct == 0, correct == n)
    assert sum(data.counts) == data.n == len(rows)


def test_one_number_of_responses_gives_a_strip_to_every_value_even_an_empty_one():
    data = plot_data([0, 0, 3], 3, [0.1, 0.2, 0.9], ["a", "b", "c"])
    assert data.labels == ("0", "1/3", "2/3", "1")
    assert data.counts == (2, 0, 0, 1)


def test_unequal_numbers_of_responses_share_the_strip_of_their_value():
    data = plot_data([1, 2, 1, 3], [2, 4, 3, 3], [0.5] * 4, list("abcd"))
    assert data.labels == ("0", "1/3", "1/2", "1")
    assert data.counts == (0, 1, 2, 1)


def test_more_than_nine_values_are_binned_without_touching_the_outer_strips():
    data = plot_data(range(13), 12, [0.5] * 13, [str(i) for i in range(13)])
    assert len(data.labels) == 9
    assert (data.counts[0], data.counts[-1], sum(data.counts)) == (1, 1, 13)
    assert data.labels[1] == "0.00–0.14"


def test_no_problem_at_all_is_a_normal_plot():
    data = plot_data([], 3, [], [])
    assert (data.n, data.labels, data.counts) == (0, ("0", "1"), (0, 0))
    assert data.tables["both"]["above"] == [0] * 1001


def test_a_dots_place_across_the_strip_depends_on_its_id_and_not_on_the_order():
    first = plot_data([0, 1, 3], 3, [0.1, 0.5, 0.9], ["a", "b", "c"])
    turned = plot_data([3, 1, 0], 3, [0.9, 0.5, 0.1], ["c", "b", "a"])
    assert first.x.tolist() == turned.x.tolist()[::-1]
    assert len(set(first.x.tolist())) == 3


@pytest.mark.parametrize(
    "changed",
    [
        {"n_correct": [0, 2, 3]},
        {"n": 4},
        {"phi_r": [0.1, 0.5, 0.8]},
        {"ids": ["a", "b", "d"]},
        {"texts": ["x", "y", "!"]},
    ],
)
def test_the_version_follows_the_content(changed):
    columns = {
        "n_correct": [0, 1, 3],
        "n": 3,
        "phi_r": [0.1, 0.5, 0.9],
        "ids": list("abc"),
        "texts": list("xyz"),
    }
    assert plot_data(**columns).version == plot_data(**columns).version
    assert plot_data(**columns).version != plot_data(**(columns | changed)).version


def test_texts_are_cut_and_left_out_where_there_are_too_many():
    assert plot_data([0], 3, [0.5], ["a"], ["x" * 1000]).texts == ("x" * 160,)
    n = package.MAX_TEXTS + 1
    assert plot_data([0] * n, 3, [0.5] * n, [str(i) for i in range(n)], ["x"] * n).texts is None


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([0, 1], 3, [0.5], ["a", "b"]), "one entry per problem"),
        (([4], 3, [0.5], ["a"]), "4 of n = 3 in row 0"),
        (([0], 0, [0.5], ["a"]), "n >= 1"),
        (([0, 0], 3, [0.5, float("nan")], ["a", "b"]), "phi_r is nan in row 1"),
        (([0], 3, [1.5], ["a"]), "allowed is 0 to 1"),
    ],
)
def test_columns_that_cannot_be_drawn_are_refused_in_words(columns, message):
    with pytest.raises(ValueError, match=message):
        plot_data(*columns)


def test_released_thresholds_are_read():
    payload = {"tau_l": 0.2, "tau_h": 0.9, "seq": 5, "have": ["v1", "v2"]}
    assert read_tau(payload) == Thresholds(0.2, 0.9, 5, ("v1", "v2"))
    assert read_tau({"tau_l": 0, "tau_h": 1, "seq": 1}) == Thresholds(0.0, 1.0, 1, ())


@pytest.mark.parametrize(
    "changed",
    [
        {"tau_l": 0.95},
        {"tau_l": -0.1},
        {"tau_h": 1.1},
        {"tau_h": float("nan")},
        {"tau_h": float("inf")},
        {"tau_h": 10**400},
        {"tau_l": True},
        {"tau_l": "0.2"},
        {"tau_l": None},
        {"seq": -1},
        {"seq": 2**60},
        {"seq": 1.5},
        {"seq": None},
    ],
)
def test_thresholds_that_make_no_sense_are_not_read(changed):
    assert read_tau({"tau_l": 0.2, "tau_h": 0.9, "seq": 5} | changed) is None


def test_a_selection_is_read_capped_and_without_rows_that_do_not_exist():
    payload = {
        "rows": [3, 3, -1, 10, 2.5, True, "4", 9, 0],
        "total": 7,
        "version": "v",
        "have": ["v"],
    }
    assert read_pick(payload, 10, 500, "v") == Selection((3, 9, 0), 7, ("v",))
    assert read_pick({"rows": list(range(10)), "total": 10}, 10, 4) == Selection((0, 1, 2, 3), 10)


def test_a_selection_on_other_data_is_empty():
    assert (
        read_pick({"rows": [1], "total": 1, "version": "old", "have": ["old"]}, 10, 500, "new").rows
        == ()
    )


@pytest.mark.parametrize(
    "payload",
    [
        None,
        {},
        {"row": 9, "version": "old"},
        {"row": 10, "version": "v"},
        {"row": -1, "version": "v"},
    ],
)
def test_a_question_about_no_row_of_this_data_is_not_read(payload):
    assert read_row({"row": 9, "version": "v"}, 10, "v") == 9
    assert read_row(payload, 10, "v") is None


@pytest.mark.parametrize("total", [None, "9", -1, 1, 11, 2.0])
def test_a_total_that_cannot_be_is_replaced_by_the_number_of_rows(total):
    assert read_pick({"rows": [1, 2], "total": total}, 10, 500).total == 2


@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING)
def test_no_payload_raises(a, b, c, d):
    for payload in (
        a,
        {"tau_l": a, "tau_h": b, "seq": c, "have": d},
        {"rows": a, "total": b, "version": c, "have": d},
    ):
        thresholds, selection = read_tau(payload), read_pick(payload, 5, 3)
        assert thresholds is None or 0 <= thresholds.tau_l <= thresholds.tau_h <= 1
        assert len(selection.rows) <= min(3, selection.total) <= 5
        assert all(isinstance(version, str) for version in read_have(payload))


def test_points_are_left_out_for_a_browser_that_has_them():
    data = plot_data([0, 3], 3, [0.1, 0.9], ["a", "b"])
    assert package._points(data, ())["points"].dtypes.astype(str).tolist() == [
        "uint8",
        "uint16",
        "uint16",
    ]
    assert package._points(data, ("other", data.version)) == {}


@pytest.mark.parametrize("wrong", [{"tau_l": 0.9}, {"tau_h": 1.2}, {"mode": "neither"}])
def test_mounting_refuses_thresholds_out_of_order_and_unknown_modes(wrong):
    given_values = {
        "tau_l": 0.2,
        "tau_h": 0.8,
        "mode": "both",
        "seq": 0,
        "have": (),
        "key": "plot",
    } | wrong
    with pytest.raises(ValueError, match="allowed"):
        package.difficulty_plot(
            plot_data([], 3, [], []), on_tau=print, on_pick=print, on_need=print, **given_values
        )


def test_the_component_imports_nothing_of_the_app():
    allowed = {
        "streamlit",
        "numpy",
        "pandas",
        "collections",
        "pathlib",
        "typing",
        "hashlib",
        "dataclasses",
        "fractions",
    }
    files = list(Path(package.__file__).parent.glob("*.py"))
    assert Path(package.__file__) in files
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert {alias.name.split(".")[0] for alias in node.names} <= allowed
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 1 or node.module.split(".")[0] in allowed


def test_data_never_becomes_markup():
    files = list(Path(package.__file__).parent.glob("*.js"))
    assert "tooltip.js" in [file.name for file in files]
    for file in files:
        source = file.read_text(encoding="utf-8")
        assert not any(
            way in source
            for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write")
        )


def test_classes_travel_only_where_they_decide_and_once():
    classes = np.array([0, 2, 1], dtype=np.int8)
    sent = package._classes(classes, ())
    assert (
        sent["classes"]["class"].tolist() == [0, 2, 1]
        and str(sent["classes"]["class"].dtype) == "uint8"
    )
    assert package._classes(classes, ("other", sent["classes_version"])) == {
        "classes_version": sent["classes_version"]
    }
    assert package._classes(classes[::-1], ())["classes_version"] != sent["classes_version"]
    assert package._classes(None, ()) == {}


@pytest.mark.parametrize("classes", [None, np.zeros(3, np.int8)])
def test_the_posterior_mode_wants_one_class_per_problem(classes):
    given_values = {
        "tau_l": 0.2,
        "tau_h": 0.8,
        "mode": "posterior",
        "seq": 0,
        "have": (),
        "key": "plot",
        "classes": classes,
    }
    with pytest.raises(ValueError, match="one class for each of 2 problems"):
        package.difficulty_plot(
            plot_data([0, 3], 3, [0.1, 0.9], ["a", "b"]),
            on_tau=print,
            on_pick=print,
            on_need=print,
            **given_values,
        )


class Tab:
    """Mounts the plot as one tab's session does, and keeps what was sent."""

    def __init__(self, monkeypatch):
        self.data, self.asks = {}, None
        monkeypatch.setattr(package.st, "session_state", {})
        monkeypatch.setattr(package, "_COMPONENT", self._mounted)

    def _mounted(self, *, data, on_need_change, **_):
        self.data, self.asks = data, on_need_change

    def visit(self, data, **options) -> dict:
        package.difficulty_plot(
            data,
            **{"tau_l": 0.2, "tau_h": 0.8, "mode": "both", "seq": 0, "have": (), "key": "plot"}
            | options,
            on_tau=print,
            on_pick=print,
            on_need=lambda: None,
        )
        return self.data


def test_a_tab_that_comes_back_gets_no_points_until_it_asks_for_them(monkeypatch):
    tab = Tab(monkeypatch)
    data, other = (plot_data([0, 3], 3, [0.1, y], ["a", "b"]) for y in (0.9, 0.8))
    assert "points" in tab.visit(data) and "points" not in tab.visit(data)
    assert "points" in tab.visit(other) and "points" not in tab.visit(data)
    tab.asks()
    assert "points" in tab.visit(data) and "points" not in tab.visit(data)


def test_a_tab_is_sent_again_what_its_browser_has_dropped_by_now(monkeypatch):
    tab = Tab(monkeypatch)
    sets = [plot_data([0, 3], 3, [0.1, y / 10], ["a", "b"]) for y in range(2, 8)]
    for data in sets:
        assert "points" in tab.visit(data)
    assert "points" in tab.visit(sets[0]) and "points" not in tab.visit(sets[-1])


def test_classes_are_sent_again_where_others_came_between(monkeypatch):
    tab = Tab(monkeypatch)
    data = plot_data([0, 3], 3, [0.1, 0.9], ["a", "b"])
    first, second = np.array([0, 1], np.int8), np.array([1, 1], np.int8)
    for classes, is_sent in ((first, True), (first, False), (second, True), (first, True)):
        assert ("classes" in tab.visit(data, mode="posterior", classes=classes)) is is_sent
    assert "classes" not in tab.visit(data)
    assert "classes" not in tab.visit(data, mode="posterior", classes=first)


def test_as_many_versions_are_taken_for_had_as_the_browser_keeps():
    source = (Path(package.__file__).parent / "points.js").read_text(encoding="utf-8")
    assert f"KEPT_VERSIONS = {package.KEPT_VERSIONS};" in source
