"""References that are no answer."""

import pytest

from engine.grading.references import no_answer


@pytest.mark.parametrize(
    ("gold", "kind"),
    [
        ("", "empty"),
        ("$$", "empty"),
        (r"\text{}", "empty"),
        ("notfound", "placeholder"),
        ("nan", "placeholder"),
        ("None", "placeholder"),
        ("null", "placeholder"),
        ("N/A", "placeholder"),
        ("???", "placeholder"),
        ("proof", "proof"),
        (r"\text{Proof.}", "proof"),
        ("see figure", "figure"),
        ("See the diagram below.", "figure"),
        (r"\begin{tikz}", "figure"),
        (
            "These are not legitimate row operations. They do not preserve the solution set of the"
            " whole system.",
            "sentence",
        ),
    ],
)
def test_a_reference_that_is_no_answer_is_named(gold, kind):
    assert no_answer(gold) == kind


@pytest.mark.parametrize(
    "gold",
    [
        "12",
        "-5",
        r"-\tau \ln \Delta",
        r"\emptyset",
        r"\infty",
        "no solution",
        "none",
        "None of the above",
        "DNE",
        "undefined",
        "Yes",
        "No, because the two lines that go through these points are parallel and never meet at all",
        "A",
        r"\text{(B)}",
        "The area is $8$.",
        r"\begin{pmatrix}1\\2\end{pmatrix}",
    ],
)
def test_an_answer_is_none_of_these(gold):
    assert no_answer(gold) is None
