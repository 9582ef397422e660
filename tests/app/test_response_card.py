"""A response on its card: thinking folded, and every score beside the step that it is of."""

from streamlit.testing.v1 import AppTest


def _card(text, scores, answer_at, scored):
    from app.response_card import answer_steps

    answer_steps(text, scores, answer_at=answer_at, scored=scored)


def shown(*args) -> tuple[list[str], list[str], list[str]]:
    """(chips in all, steps in the fold, steps below it)."""
    app = AppTest.from_function(_card, args=args).run()
    assert not app.exception
    folded = [_plain(step.value) for fold in app.expander for step in fold.markdown]
    steps = [_plain(step.value) for step in app.markdown]
    chips = [html.proto.body for html in app.get("html")]
    return chips, folded, steps[len(folded) :]


def _plain(markdown: str) -> str:
    return " ".join(markdown.replace("\\", "").split())


TEXT = "First I add.\n\nThen I stop.\n</think>\n\n3 + 4 = 7.\n\nSo 7."
AT = TEXT.index("</think>") + len("</think>")


def test_thinking_is_folded_and_each_step_keeps_its_score():
    chips, folded, steps = shown(TEXT, [0.1, 0.2, 0.3, 0.4], AT, "response")
    assert (folded, steps) == (["First I add.", "Then I stop. </think>"], ["3 + 4 = 7.", "So 7."])
    assert [any(score in chip for chip in chips) for score in ("0.1", "0.2", "0.3", "0.4")]


def test_scores_of_the_answer_alone_stand_beside_its_steps():
    chips, folded, steps = shown(TEXT, [0.3, 0.4], AT, "answer")
    assert len(folded) == 2 and steps == ["3 + 4 = 7.", "So 7."]
    assert "0.3" in chips[2] and "0.4" in chips[3]
    assert not any("0.3" in chip or "0.4" in chip for chip in chips[:2])


def test_a_response_without_thinking_has_no_fold():
    _, folded, steps = shown("3 + 4 = 7.", [0.5], None, "answer")
    assert (folded, steps) == ([], ["3 + 4 = 7."])
