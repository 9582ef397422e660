"""Reward models that write their judgements, behind scripted servers: what they are asked, how
their replies are read, and what becomes of those that cannot be.
"""

import json
import math

import pytest

from engine.config.generative import GenerativeConfig
from engine.errors import ConfigError, RewardModelError
from engine.rewards.generative import GenerativeReward
from engine.rewards.judge_layouts import VERDICT
from engine.rewards.judgements import chain_labels
from engine.study.sources import reward
from engine.types import Cost
from tests.rewards.judges import MODEL, all_right, judge, replied
from tests.samplers.scripted_servers import scripted
from tests.small_runs import small

QUESTION = "What is {x} 2 + 2?"
TEXT = "Step 1: 2 + 2 is 4.\n\nSo it is 4."
PROMPT = "Q {question} P {previous} N {step}"
pytestmark = pytest.mark.usefixtures("short_pauses")


@pytest.fixture
def short_pauses(monkeypatch):
    monkeypatch.setattr("engine.servers.pool.FIRST_PAUSE_S", 0.001)


def scored(reply, *texts: str, vllm: bool = False, asked: list | None = None, **settings):
    with scripted(judge(reply, vllm=vllm, asked=asked)) as url:
        model = GenerativeReward(MODEL, base_urls=(url,), **settings)
        return model.score([(QUESTION, text) for text in texts or (TEXT,)])


def verdict(word: str, likely: float, other: float, lead: str = "{"):
    """A reply that ends with a word, and how likely that and the other one were."""
    opposite = {"Yes": "No", "No": "Yes"}[word]
    end = [(word, {word: math.log(likely), opposite: math.log(other)}), ("}", {"}": 0.0})]
    return replied(f"{lead}{word}}}", [(lead, {lead: 0.0}), *end])


def test_a_chain_is_asked_about_all_steps_at_once_and_read_box_by_box():
    asked = []
    (found,) = scored(
        lambda body: replied(r"Step 1: \boxed{correct}. Step 2: \boxed{\text{incorrect}}"),
        asked=asked,
    )
    assert (found.scores, found.status, found.reward) == ((1.0, 0.0), "ok", 0.0)
    assert found.cost == Cost(1, 100, 10, 2, 0)
    (body,) = asked
    text = body["messages"][0]["content"]
    assert body["model"] == "judge" and len(body["messages"]) == 1 and "Step 3:" in body["stop"]
    assert QUESTION in text and "Step 1: 2 + 2 is 4.\nStep 2: So it is 4.\n" in text
    assert "logprobs" not in body


def test_a_vllm_server_lets_the_reply_begin_as_its_authors_do():
    asked = []
    scored(all_right, vllm=True, asked=asked)
    assert asked[0]["messages"][-1]["content"].strip() == "Let's verify step by step:"
    assert asked[0]["continue_final_message"] is True


def test_a_score_is_the_share_of_votes_and_every_vote_has_a_seed_of_its_own():
    asked = []

    def reply(body):
        said = "correct" if len(asked) % 4 else "incorrect"
        return replied(rf"\boxed{{correct}} and \boxed{{{said}}}")

    (found,) = scored(reply, asked=asked, votes=4, n_in_flight=1)
    assert found.scores == (1.0, 0.75) and found.cost.n_requests == 4
    seeds = [body["seed"] for body in asked]
    assert len(set(seeds)) == 4
    scored(reply, asked=asked, votes=4)
    assert sorted(seeds) == sorted(body["seed"] for body in asked[4:]), "the same again"


def test_what_stands_behind_the_first_wrong_step_was_not_due():
    assert chain_labels(r"\boxed{incorrect}", 3) == ([False, None, None], 1)
    (found,) = scored(lambda body: replied(r"\boxed{incorrect} so I stop."))
    assert found.scores == (0.0, None) and found.cost.n_unreadable == 0


@pytest.mark.parametrize("text", ["", "I like it.", r"\boxed{4}", r"\boxed{correct} " * 3])
def test_a_reply_without_readable_judgements_gives_no_score_and_is_counted(text):
    (found,) = scored(lambda body: replied(text))
    assert (found.scores, found.status, found.reward) == ((), "unreadable", None)
    assert (found.cost.n_judgements, found.cost.n_unreadable) == (2, 2)


def test_a_step_whose_judgement_is_cut_off_has_no_score_and_the_others_count():
    (found,) = scored(lambda body: replied(r"Step 1: \boxed{correct} Step 2: hm, we"))
    assert (found.scores, found.status, found.reward) == ((1.0, None), "ok", 1.0)
    assert (found.cost.n_judgements, found.cost.n_unreadable) == (2, 1)


def test_a_critique_is_asked_of_every_step_and_its_yes_is_a_probability():
    asked, lead = [], "Verification: Is the step correct (Yes/No)?"

    def reply(body):
        right = body["messages"][0]["content"].endswith("2 + 2 is 4.")
        likely = {" Yes": math.log(0.6), " No": math.log(0.2)}
        word = " Yes" if right else " No"
        return replied(lead + word, [(lead, {lead: 0.0}), (word, likely)])

    (found,) = scored(reply, asked=asked, layout="r_prm", prompt=PROMPT)
    assert found.scores == (0.75, 0.75), "of Yes, whichever word was drawn"
    texts = sorted(body["messages"][0]["content"] for body in asked)
    assert [text.partition(" P ")[2] for text in texts] == [
        "Since the Now Step is the first step, there are no Previous Steps. N Step 1: 2 + 2 is 4.",
        "Step 1: 2 + 2 is 4. N So it is 4.",
    ]
    assert asked[0]["logprobs"] is True and asked[0]["top_logprobs"] == 20


def test_genprm_goes_on_in_one_chat_and_runs_nothing():
    asked = []

    def reply(body):
        if "\\boxed" not in body["messages"][-1]["content"]:
            return replied(" it adds up. ", [(" it adds up. ", {" it adds up. ": 0.0})])
        return verdict("Yes", 0.9, 0.1) if len(body["messages"]) == 3 else verdict("No", 0.3, 0.1)

    (found,) = scored(reply, layout="gen_prm", vllm=True, asked=asked)
    assert found.scores == (0.9, 0.25) and found.cost.n_requests == 4
    first, second, third, fourth = asked
    assert [turn["role"] for turn in first["messages"]] == ["system", "user", "assistant"]
    assert first["stop"] == ["</analyze>"] and second["max_tokens"] == 20
    assert second["messages"][-1]["content"].endswith(
        "it adds up. </analyze>\n<output>\n**Judgement**: $\\boxed"
    )
    assert third["messages"][2]["content"].endswith("$\\boxed{Yes}</output>\n")
    assert third["messages"][3] == {"role": "user", "content": "So it is 4."}
    assert fourth["messages"][-1]["content"].startswith("<analyze>\nLet's analyze the Paragraph 2")


def test_genprm_on_a_server_that_opens_no_reply_is_asked_once_a_step():
    asked = []
    (found,) = scored(lambda body: verdict("Yes", 0.9, 0.1), layout="gen_prm", asked=asked)
    assert found.scores == (0.9, 0.9) and len(asked) == 2
    assert asked[0]["stop"] == ["</output>"] and asked[0]["messages"][-1]["role"] == "user"


def test_a_word_that_is_several_tokens_is_not_guessed_at():
    tokens = [("{", {"{": 0.0}), ("Y", {"Y": 0.0}), ("es", {"es": 0.0}), ("}", {"}": 0.0})]
    (found,) = scored(lambda body: replied("{Yes}", tokens), layout="gen_prm")
    assert found.status == "unreadable"
    (found,) = scored(lambda body: replied("{Yes}", tokens), layout="gen_prm", reads="word")
    assert found.scores == (1.0, 1.0)


def test_a_server_without_log_probabilities_is_a_sentence_not_another_kind_of_score():
    with pytest.raises(
        RewardModelError, match=r"no log probabilities .*\.reads to word in a new run"
    ):
        scored(lambda body: replied("{Yes}"), layout="gen_prm")


def test_a_prompt_over_the_models_positions_leaves_the_response_without_a_score():
    def reply(body):
        if "long" in body["messages"][0]["content"]:
            return 400, {"error": {"message": "This model's maximum context length is 512 tokens"}}
        return all_right(body)

    long, short = scored(reply, "a long one", "a short one")
    assert (long.status, long.reward) == ("too_long", None) and short.reward == 1.0


@pytest.mark.parametrize("settings", [{}, {"layout": "gen_prm", "reads": "word"}])
def test_too_many_tokens_asked_for_are_not_a_prompt_that_is_too_long(settings):
    said = (
        "This model's maximum context length is 4096 tokens. However, you requested 4500 tokens"
        " (404 in the messages, 4096 in the completion)."
    )

    def reply(body):
        full = body["max_tokens"] > 3000
        return (400, {"error": {"message": said}}) if full else replied("{Yes}")

    with pytest.raises(
        RewardModelError, match=r"404 in the messages.*--max-model-len.*generative\.max_tokens"
    ):
        scored(reply, **settings)


def test_an_analysis_that_is_cut_off_is_asked_for_no_verdict():
    def reply(body):
        status, answer = verdict("Yes", 0.9, 0.1, lead="so far {")
        answer["choices"][0]["finish_reason"] = "stop" if asked else "length"
        asked.append(body)
        return status, answer

    asked = []
    (found,) = scored(reply, layout="gen_prm", vllm=True, n_in_flight=1)
    assert found.scores == (None, 0.9) and found.cost.n_unreadable == 1
    assert VERDICT not in str(asked[1]["messages"])


def test_a_word_that_is_next_to_impossible_is_a_score_near_0():
    end = [("{", {"{": 0.0}), ("No", {"No": 0.0, "Yes": -9999.0}), ("}", {"}": 0.0})]
    (found,) = scored(lambda body: replied("{No}", end), layout="gen_prm")
    assert found.scores == (0.0, 0.0)
    end[1] = ("Yes", {"Yes": 0.0, "No": -9999.0})
    (found,) = scored(lambda body: replied("{Yes}", end), layout="gen_prm")
    assert found.scores == (1.0, 1.0)


@pytest.mark.parametrize("odd", [None, "0", True, math.nan, -math.inf])
@pytest.mark.parametrize("word", ["Yes", "No"])
def test_log_probabilities_that_are_no_numbers_are_a_sentence(odd, word):
    tokens = [("{", {"{": 0.0}), ("Yes", {"Yes": -0.1, "No": -3.0} | {word: odd}), ("}", {"}": 0})]
    with pytest.raises(RewardModelError, match="log probabilit.* no finite number"):
        scored(lambda body: replied("{Yes}", tokens), layout="gen_prm")


@pytest.mark.parametrize("usage", ["none", {"prompt_tokens": "many", "completion_tokens": None}])
def test_a_usage_that_counts_nothing_is_left_out_of_the_cost(usage):
    def reply(body):
        status, answer = all_right(body)
        return status, {**answer, "usage": usage}

    (found,) = scored(reply)
    assert found.reward == 1.0 and found.cost.n_read_tokens == 0


def test_equal_responses_are_asked_about_once_and_paid_for_once():
    asked = []
    first, other, again = scored(all_right, TEXT, "wrong", TEXT, asked=asked)
    assert len(asked) == 2 and first.scores == again.scores and other.reward == 0.0
    assert first.cost.n_requests == 1 and again.cost == Cost()


def test_a_response_without_steps_is_not_asked_about():
    asked = []
    (found,) = scored(all_right, " \n", asked=asked)
    assert not asked and found.reward == 0.0


def test_a_server_that_answers_prose_is_named_with_its_words():
    with pytest.raises(RewardModelError, match=r"generative\.base_urls .*Welcome to the portal"):
        scored(lambda body: (500, "Welcome to the portal"))
    with pytest.raises(RewardModelError, match="its answer is not a chat completion"):
        scored(lambda body: (200, {"greeting": "Welcome"}))


def test_a_server_with_another_model_is_asked_for_nothing():
    def answer(path, body, headers):
        assert path.endswith("/models")
        return 200, {"data": [{"id": "another"}]}

    with (
        scripted(answer) as url,
        pytest.raises(RewardModelError, match=f"{url} serves another, and reward.path is {MODEL}"),
    ):
        GenerativeReward(MODEL, base_urls=(url,)).score([(QUESTION, TEXT)])


def test_a_server_that_dies_loses_no_judgement():
    n_left = iter(range(3))

    def dying(body):
        return all_right(body) if next(n_left, None) is not None else None

    texts = [f"step {n}" for n in range(20)]
    with scripted(judge(dying)) as bad, scripted(judge(all_right)) as good:
        model = GenerativeReward(MODEL, base_urls=(bad, good), n_in_flight=4)
        found = model.score([(QUESTION, text) for text in texts])
    assert [one.scores for one in found] == [(1.0,)] * 20


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ({"base_urls": []}, r"generative\.base_urls is \[\]: it must be at least one address"),
        ({"base_urls": ["http://me:secret@h"]}, "a name, a password or a query in it"),
        ({"layout": "r_prm"}, r"generative\.prompt is 'left out': .*\{step\}.*R-PRM's own is"),
        ({"prompt": "Judge {question}."}, r"generative\.prompt is .*\{solution\}, once each"),
        ({"reads": "probability"}, r"generative\.reads is probability: it must be word"),
        ({"votes": 3, "temperature": 0.0}, r"generative\.temperature is 0\.0: it must be above 0"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is(table, what):
    table = {"base_urls": ["http://127.0.0.1:8000"], **table}
    with pytest.raises(ConfigError, match=what):
        small(reward={"family": "generative", "path": MODEL}, generative=table)


def test_what_is_asked_is_part_of_what_scores_are_and_where_it_is_asked_is_not():
    def id_of(**table):
        base = {"base_urls": ["http://a"], "votes": 2}
        config = small(reward={"family": "generative", "path": MODEL}, generative={**base, **table})
        return reward(config)[1]

    assert id_of() == id_of(base_urls=["http://b", "http://c"], n_in_flight=1)
    others = [{"votes": 3}, {"temperature": 0.9}, {"max_tokens": 9}, {"opening": ""}]
    assert len({id_of(), *(id_of(**other) for other in others)}) == 5
    assert json.dumps(GenerativeConfig().prompt) == "null", "the layout's own stands for it"
