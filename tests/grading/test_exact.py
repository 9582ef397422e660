"""The cheap rules: what they decide, what they leave open, and that Math-Verify agrees with
them.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.grading.exact import MAX_PARSED_CHARS, decide, written_alike

INTEGERS = st.one_of(st.integers(-30, 30), st.integers(-(10**11), 10**11))
UNITS = st.sampled_from(["", "", "", "%", r"\%", r" \text{ cm}", " meters", "."])


def _decimal(value: int, places: int) -> str:
    return f"{value / 10**places:.{places}f}"


NUMBERS = st.one_of(
    INTEGERS.map(str),
    INTEGERS.map("{:,}".format),
    INTEGERS.map("${}$".format),
    st.builds(_decimal, st.integers(-5000, 5000), st.integers(1, 4)),
    st.builds("{}/{}".format, st.integers(-20, 20), st.integers(1, 12)),
    st.builds(r"\frac{{{}}}{{{}}}".format, st.integers(-20, 20), st.integers(1, 12)),
    st.builds(r"-\dfrac{{{}}}{{{}}}".format, st.integers(0, 20), st.integers(1, 12)),
)
ANSWERS = st.one_of(
    st.builds("{}{}".format, NUMBERS, UNITS),
    st.sampled_from(["A", "B", "(C)", r"\text{(D)}", "E", "x", "x=5", "(1,2)", "yes", "No"]),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(ANSWERS, ANSWERS)
def test_whatever_the_rules_decide_math_verify_says_too(gold, predicted):
    from engine.grading.check import check

    gold, predicted = written_alike(gold), written_alike(predicted)
    decision = decide(gold, predicted)
    if decision is not None:
        assert decision.status == check(gold, predicted)[0]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(-9999, 9999), st.integers(0, 3))
def test_one_number_in_two_spellings_is_correct_and_math_verify_agrees(value, places):
    from engine.grading.check import check

    gold, predicted = (
        written_alike(str(value)),
        written_alike(f"${value:,}" + "." * bool(places) + "0" * places + "$"),
    )
    assert decide(gold, predicted).status == "correct"
    assert check(gold, predicted)[0] == "correct"


@pytest.mark.parametrize(
    ("answer", "common"),
    [
        (r"$\left( 3, \dfrac{\pi}{2} \right)$.", r"(3,\frac{\pi}{2})"),
        (r"10{,}000", "10,000"),
        (r"1,\!000", "1,000"),
        ("−7", "-7"),
        ("18 dollars per day", "18"),
        (r"3\text{ cm}^2", "3"),
        (r"\frac{1}{2} \text{ hours}", r"\frac{1}{2}"),
        (r"90^{\circ}", "90"),
        (r"\$18", "18"),
        (r"50 \%", "50%"),
        (r"\text{no solution}", "no solution"),
        ("5 million", r"5\times10^{6}"),
        (r"2.5\text{ million dollars}", r"2.5\times10^{6}"),
        (r"14 \text{ or } 15", r"14 \text{or}15"),
        ("1, 234", "1, 234"),
        ("(1, 2)", "(1,2)"),
        ("4.5e33", r"4.5\times10^{33}"),
        (r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", r"\begin{pmatrix}1 \\ 2 \end{pmatrix}"),
    ],
)
def test_answers_are_written_in_one_spelling(answer, common):
    assert written_alike(answer) == common


@pytest.mark.parametrize(
    ("gold", "answer", "status"),
    [
        ("7", "007", "correct"),
        ("007", "7.0", "correct"),
        ("7", "+007", "correct"),
        ("-7", "-007", "correct"),
        ("7", "-007", "wrong"),
        ("0", "00", "correct"),
        ("0", "-0", "correct"),
        (".5", "0.50", "correct"),
        ("0.7", "00.7", "correct"),
        ("5", "+5", "correct"),
        ("-5", "+5", "wrong"),
        ("5000", "05,000", "correct"),
        ("5000", "05,000 cm", "correct"),
        ("4453336", r"04\,453\,336", "correct"),
        (r"−0471\,440.00", "-471,440", "correct"),
        ("5", "0,005", "wrong"),
        ("5", "-0,005", "wrong"),
        ("530", "05:30", "wrong"),
        ("5", "05:30", "wrong"),
        ("30", "05:30", "wrong"),
        ("5:03", "05:30", "wrong"),
        ("5:30", "05:30", "correct"),
        ("12:00", "12:00", "correct"),
        ("3", "3 m/s", "correct"),
        ("3", r"3\text{ m/s}", "correct"),
        ("3", "3 x m/s", "wrong"),
    ],
)
def test_zeros_and_signs_in_front_change_no_number_and_make_none(gold, answer, status):
    from engine.grading.check import check

    pair = written_alike(gold), written_alike(answer)
    assert {check(*pair)[0], check(*pair, shortcuts=False)[0]} == {status}
    assert decide(*pair) is None or decide(*pair).status == status


@pytest.mark.parametrize(
    "pair",
    [
        ("1/3", "0.333333"),
        ("12.5", "12.5%"),
        ("0.5", "50%"),
        ("x=5", "5"),
        ("5", "5/0"),
        ("yes", "no"),
        ("1,2", "2,1"),
        ("A", "7"),
    ],
)
def test_what_needs_judgement_is_left_to_math_verify(pair):
    assert decide(*pair) is None


def test_a_number_of_a_million_digits_is_compared_without_being_computed():
    digits = "7" * 1_000_000
    assert decide("7", digits).status == "wrong"
    assert decide(digits, digits).status == "correct"
    assert decide("x", digits).status == "error"
    assert len(decide("7", digits).reason) < 200


def test_an_answer_too_long_to_parse_is_an_error_that_says_so():
    decision = decide("x", "x+" * MAX_PARSED_CHARS)
    assert decision.status == "error"
    assert (
        decision.reason
        == "The extracted answer has 8,000 characters, longer than the 4,000 that are parsed."
    )
