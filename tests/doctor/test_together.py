"""Findings on several configurations, read as one list."""

from engine.doctor.finding import Finding
from engine.doctor.together import joined


def memory(text, status="ok", need=None):
    return Finding("memory, training", status, text, need_bytes=need)


def test_what_is_said_of_all_is_said_once_and_the_rest_with_whom_it_is_about():
    both = Finding("policy.path", "ok", "there")
    missing = Finding("packages", "change", "Not installed.")
    there = Finding("packages", "ok", "installed")
    found = joined({"HS-STaR": [both, there], "GRPO": [both, missing], "RLOO": [both, missing]})
    assert found == [
        both,
        Finding("packages", "ok", "HS-STaR: installed"),
        Finding("packages", "change", "GRPO, RLOO: Not installed."),
    ]


def test_what_only_some_are_told_is_said_with_their_names():
    note = Finding("waiting", "note", "It waits.")
    assert joined({"A": [note], "B": []}) == [Finding("waiting", "note", "A: It waits.")]


def test_of_the_memory_that_fits_the_largest_is_said():
    small, large, unknown = memory("1 GB", need=1), memory("2 GB", need=2), memory("unknown")
    assert joined({"A": [small], "B": [large], "C": [unknown]}) == [memory("B: 2 GB", need=2)]


def test_memory_that_does_not_fit_is_said_of_everyone_it_is_about():
    fits, one, other = memory("1 GB", need=1), memory("9", "change", 9), memory("8", "change", 8)
    found = joined({"A": [fits], "B": [one], "C": [other]})
    assert [f.text for f in found] == ["B: 9", "C: 8"]


def test_findings_on_one_configuration_stay_as_they_are():
    findings = [Finding("a", "ok", "x"), Finding("a", "note", "y"), memory("1", need=1)]
    assert joined({"": findings}) == findings
