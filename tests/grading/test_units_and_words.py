r"""What stands with a value: units, letters, dates, a mixed number's fraction, a reason."""

import pytest

from engine.grading import Grader
from engine.grading.spelling import spelled


@pytest.fixture(scope="module")
def grader():
    with Grader(timeout_s=60) as shared:
        yield shared


SAME = [
    (r"3\mathbf{i}+4\mathbf{j}", r"4\mathbf{j}+3\mathbf{i}"),
    (r"3\mathbf{i}+4\mathbf{j}", "3i+4j"),
    (r"3\mathbf{i}+4\mathbf{j}", r"3\hat i+4\hat j"),
    (r"3\mathbf{i}-\mathbf{k}", r"3\hat{\imath}-\hat{\mathbf{k}}"),
    (r"2\mathbf{a}", r"2\vec a"),
    (r"2\mathbf{a}", "2a"),
    (r"5\mathrm{x}", "5x"),
    (r"5\text{ m/s}", r"5\text{ m s}^{-1}"),
    (r"5\text{ m/s}", r"5\,\mathrm{m\,s^{-1}}"),
    (r"5\text{ m/s}^2", r"5\text{ m}\cdot\text{s}^{-2}"),
    (r"3\mathrm{~N}\cdot\mathrm{s}", r"3\text{ s N}"),
    (r"5\mathrm{~K}", "5"),
    (r"5\text{m}", "5 m"),
    (r"3\text{ kJ}", "3"),
    ("12", r"12\text{ Mangoes}"),
    ("5", "5 CDs"),
    ("15 March", "March 15"),
    (r"\text{15th of March}", r"\text{March }15\text{, }2020"),
    ("2.5", "2 1/2"),
    ("2 1/2", "2.5"),
    ("2 1/2", r"\frac52"),
    (r"2\frac34", "2 3/4"),
    ("2.5 hours", "2 1/2 hours"),
    ("4", r"4^{\text{th}}"),
    ("21", "21st"),
    ("1011_2", r"1011_{\text{two}}"),
    ("500", "Rs. 500"),
    ("500", "₹500"),
    ("5", "USD 5"),
    ("7", r"7\ (\text{cm})"),
    ("12", r"\text{Total: }12"),
    ("1,2", r"x\in\{1,2\}"),
    ("a>b", "b<a"),
    (r"\text{all real numbers}", r"\mathbb R"),
    (r"(-\infty,\infty)", r"\text{all real numbers}"),
    (r"\text{Yes, }x=5", r"\text{Yes; }5"),
    ("Yes, it converges", "Yes"),
    ("Yes, as $3 < 4$", r"\text{Yes, }x=6"),
    ("C, A, B", "CAB"),
]
OTHER = [
    (r"2\mathbf{a}", r"2\mathbf{b}"),
    (r"2\mathbf{a}", "2"),
    (r"3\mathbf{i}+4\mathbf{j}", r"3\mathbf{i}+4"),
    (r"3\mathbf{i}+4\mathbf{j}", r"3\hat i+4\hat k"),
    (r"\mathbf{A}^{-1}\mathbf{B}", r"\mathbf{A}^{-1}\mathbf{C}"),
    (r"2\mathrm{NaCl}", r"2\mathrm{KCl}"),
    (r"2\pi\mathrm{r}", r"2\pi\mathrm{R}"),
    (r"5\mathrm{A}", r"5\mathrm{V}"),
    ("15 March", "15 April"),
    ("March 15, 2019", "15 March 2020"),
    ("5 BC", "5 AD"),
    ("12 noon", "12 midnight"),
    ("3 halves", "3"),
    (r"\text{5 squared}", "5"),
    (r"3\text{ kJ}", r"3\text{ J}"),
    (r"3\text{ MPa}", r"3\text{ Pa}"),
    (r"3\text{ nm}", r"3\text{ mm}"),
    (r"3\mathrm{~nm}", r"3\mathrm{~m}"),
    (r"3\mathrm{~\mu m}", r"3\mathrm{~m}"),
    (r"5\mathrm{~K}", r"5\mathrm{~C}"),
    (r"2.5\text{B}", "2.5"),
    (r"30\text{ N}", r"30\text{ S}"),
    (r"5\,\mathrm{m\,s^{-1}}", r"5\,\mathrm{m\,s}"),
    (r"3\mathrm{~N/m}", r"3\mathrm{~N\cdot m}"),
    ("2", "2 g h"),
    (r"\frac{3}{2} kT", r"\frac32"),
    ("2 3/4", "23/4"),
    (r"\text{Yes, }x=5", r"\text{Yes, }x=6"),
    ("Yes, 5", "Yes, 6"),
    ("4", r"\text{Yes: }4"),
    ("a>b", "b>a"),
    ("a>b", r"b \le a"),
    ("C, A, B", "A, C, B"),
]


@pytest.mark.parametrize(("gold", "answer"), SAME)
def test_another_dress_is_the_same_answer_from_both_sides(grader, gold, answer):
    verdicts = grader.grade_many([(gold, rf"\boxed{{{answer}}}"), (answer, rf"\boxed{{{gold}}}")])
    assert [verdict.status for verdict in verdicts] == ["correct"] * 2, verdicts


@pytest.mark.parametrize(("gold", "answer"), OTHER)
def test_another_unit_letter_day_or_value_is_another_answer(grader, gold, answer):
    verdicts = grader.grade_many([(gold, rf"\boxed{{{answer}}}"), (answer, rf"\boxed{{{gold}}}")])
    assert [verdict.status for verdict in verdicts] == ["wrong"] * 2, verdicts


def test_letters_of_a_reference_that_are_out_of_order_are_an_ordering(grader):
    pairs = [("A, B", r"\boxed{BA}"), ("BAC", r"\boxed{ABC}"), ("BAC", r"\boxed{B, A, C}")]
    assert [verdict.status for verdict in grader.grade_many(pairs)] == [
        "correct",
        "wrong",
        "correct",
    ]


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        (r"5 \mathrm{ft} / \mathrm{s}", "ft/s"),
        (r"5\text{ miles per hour}", "mi/h"),
        (r"5\mathrm{~lb}-\mathrm{sec} / \mathrm{ft}", "lb·s/ft"),
        (r"5\,\mathrm{kg\,m^{2}\,s^{-2}}", "kg·m2/s2"),
        (r"5\text{ square centimeters}", "cm2"),
        ("5 MPa", "MPa"),
        (r"\$5 per hour", ""),
    ],
)
def test_a_unit_is_what_its_parts_are_raised_to(text, unit):
    assert spelled(text) == ("5", unit)


@pytest.mark.parametrize(
    "text",
    [
        "\\text{" * 60,
        "5" + r"\text{ m}\cdot" * 25,
        "5" + r"\mathrm{m s^{-1}}" * 18 + "x",
        "1 1/2 " * 3_000,
    ],
)
def test_no_chain_of_units_keeps_the_reader_long(text):
    assert spelled(text).unit in ("", "m")
