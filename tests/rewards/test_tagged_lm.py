"""Causal language models that judge steps by a tag, each preset against its authors' protocol: one
item at a time, the text as their scripts write it, the tag found by its id.
"""

import json
from pathlib import Path

import pytest

from engine.__main__ import main
from engine.config.tagged import LAYOUTS, TaggedLmConfig, layout_of
from engine.errors import ConfigError, RewardModelError
from engine.method.steps import split_steps
from tests.small_runs import small, toml

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from engine.rewards.preview import preview, said
from engine.rewards.tag_layout import TagReader
from engine.rewards.tagged_lm import TaggedLm
from tests.rewards import tiny_models
from tests.rewards.plain_scores import ITEMS, QUESTION


class Authors:
    """The published scripts, in their own order of doing things."""

    def __init__(self, path: Path, preset: str):
        self.preset = preset
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(path)
        self.model = transformers.AutoModelForCausalLM.from_pretrained(path).eval()

    @torch.inference_mode()
    def __call__(self, question: str, response: str) -> list[float]:
        steps, encode = split_steps(response), self.tokenizer.encode
        if self.preset == "rlhflow":
            return self.in_turns(question, steps)
        if self.preset == "math_shepherd":
            right, wrong = encode("+ -")[1:]
            tag = encode("ки")[-1]
            text = f"{question} " + "\n".join(f"Step {k}: {s} ки" for k, s in enumerate(steps, 1))
        elif self.preset == "math_psa":
            right, wrong = encode(" + -")
            tag = encode(" \n\n\n\n\n")[-1]
            written = [f"Step {k}: {s} \n\n\n\n\n " for k, s in enumerate(steps, 1)]
            text = f"{question} " + "".join(written)
        else:
            right, wrong = encode("+")[-1], encode("-")[-1]
            tag = encode(" \n\n\n\n")[-1]
            text = f"{question} \n\n" + "".join(f"{step} \n\n\n\n" for step in steps)
        ids = torch.tensor([encode(text)])
        share = self.model(ids).logits[:, :, [right, wrong]].softmax(-1)[:, :, 0]
        return share[ids == tag].tolist()

    def in_turns(self, question: str, steps: list[str]) -> list[float]:
        right, wrong = (self.tokenizer.encode(sign)[-1] for sign in "+-")
        chat, found = [], []
        for number, step in enumerate(steps):
            text = f"{question} {step}" if number == 0 else step
            chat += [{"role": "user", "content": text}, {"role": "assistant", "content": "+"}]
            ids = self.tokenizer.apply_chat_template(chat, return_tensors="pt")["input_ids"]
            found.append(self.model(ids).logits[0, -3, [right, wrong]].softmax(-1)[0].item())
        return found


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    return {
        preset: tiny_models.tagged_lm(tmp_path_factory.mktemp(preset), preset) for preset in LAYOUTS
    }


@pytest.mark.parametrize("preset", LAYOUTS)
def test_every_preset_scores_as_its_authors_script_does(preset, folders):
    scorer, authors = (
        TaggedLm(str(folders[preset]), device="cpu", preset=preset),
        Authors(folders[preset], preset),
    )
    together = scorer.score(ITEMS)
    for (question, response), scores in zip(ITEMS, together, strict=True):
        assert scores.scores == pytest.approx(authors(question, response), abs=1e-4)
        assert len(scores.scores) == len(split_steps(response)) and scores.status == "ok"
    alone = [scorer.score([item])[0] for item in ITEMS]
    assert alone == together, "its company changes no score"
    assert len({score for scores in together for score in scores.scores}) > 5
    scorer.close()


def test_all_steps_of_a_response_are_read_in_one_pass(folders, monkeypatch):
    scorer = TaggedLm(str(folders["rlhflow"]), device="cpu", preset="rlhflow")
    passes, forward = [], scorer._forward
    monkeypatch.setattr(scorer, "_forward", lambda batch: passes.append(batch) or forward(batch))
    (scores,) = scorer.score([(QUESTION, "One.\n\nTwo.\n\nThree.")])
    assert len(scores.scores) == 3 and [len(batch) for batch in passes] == [1]


def test_a_step_that_numbers_itself_is_not_numbered_twice(folders):
    scorer = TaggedLm(str(folders["math_shepherd"]), device="cpu", preset="math_shepherd")
    row = scorer.reader.read((QUESTION, "Step 1: 5 + 2\n\nThen 7"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(folders["math_shepherd"])
    shown = "".join(tokenizer.decode([id]) for id in row.ids)
    assert shown.count("Step") == 2 and shown.count("1:") == 1


def test_what_is_read_can_be_seen_before_anything_is_scored(folders):
    for preset in LAYOUTS:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folders[preset])
        tokens = TagReader("here", tokenizer, LAYOUTS[preset]).tokens
        config = small(
            reward={"path": str(folders[preset]), "family": "tagged_lm"},
            tagged_lm={"preset": preset},
        )
        shown = preview(config, str(folders[preset]), *ITEMS[3])
        at = [index for index, token in enumerate(shown.tokens) if token.step]
        assert [shown.tokens[index].step for index in at] == [1, 2, 3, 4], preset
        assert shown.steps == split_steps(ITEMS[3][1]) and shown.status == "ok"
        ahead = 1 if LAYOUTS[preset].read_at == "before" else 0
        assert {shown.tokens[index + ahead].id for index in at} == {tokens.tag}
        assert [one.id for one in shown.compared] == [tokens.positive, tokens.negative]


def test_a_response_that_would_get_no_score_is_shown_to_get_none(folders):
    config = small(
        reward={"path": "starter", "family": "tagged_lm"}, tagged_lm={"preset": "math_shepherd"}
    )
    shown = preview(config, str(folders["math_shepherd"]), QUESTION, "A ки step")
    assert (shown.status, shown.tokens) == ("holds_tag", []) and "no score" in said(shown)


def test_what_cannot_be_read_without_weights_is_said(folders):
    with pytest.raises(ConfigError, match="can be shown for token_classification, qwen_prm"):
        preview(small(reward={"family": "skywork_prm"}), str(folders["rlhflow"]), *ITEMS[0])


def test_the_command_line_shows_how_one_response_is_read(folders, tmp_path, capsys):
    path, response = tmp_path / "tagged.toml", tmp_path / "response"
    family = {"path": str(folders["rlhflow"]), "family": "tagged_lm"}
    path.write_text(toml(reward=family, tagged_lm={"preset": "rlhflow"}))
    response.write_text("One step.\n\nAn\x1b[2Jother.")
    assert main(["reward-preview", str(path), "--response", str(response)]) == 0
    told = capsys.readouterr().out
    assert "step 2: An\ufffd[2Jother." in told and "\x1b" not in told
    assert told.count("[[") == 3 and "2 steps, 2 scores" in told
    assert main(["reward-preview", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "ok"


def test_what_the_command_line_cannot_show_is_a_sentence(folders, tmp_path, capsys):
    path, response = tmp_path / "tagged.toml", tmp_path / "response"
    judge = {"path": "me/judge", "family": "generative"}
    for family, more in (
        (judge, {"generative": {"base_urls": ["http://127.0.0.1:9"]}}),
        ({"path": "own", "family": "implicit"}, {"difficulty": {"thresholds": "quantile"}}),
    ):
        path.write_text(toml(reward=family, **more))
        assert main(["reward-preview", str(path)]) == 1
        assert f"reward.family is {family['family']}: what it" in capsys.readouterr().err
    path.write_text(
        toml(
            reward={"path": str(folders["rlhflow"]), "family": "tagged_lm"},
            tagged_lm={"preset": "rlhflow"},
        )
    )
    response.write_bytes(b"caf\xe9")
    assert main(["reward-preview", str(path), "--response", str(response)]) == 1
    assert "is not UTF-8 at byte 3" in capsys.readouterr().err
    response.write_text("")
    assert main(["reward-preview", str(path), "--response", str(response)]) == 0
    assert "0 steps, 0 scores" in capsys.readouterr().out


@pytest.mark.parametrize("preset", LAYOUTS)
def test_names_of_special_tokens_in_a_response_stay_letters(preset, folders):
    scorer = TaggedLm(str(folders[preset]), device="cpu", preset=preset)
    name = "</s>" if preset == "math_shepherd" else "<|im_end|>"
    (scores,) = scorer.score([(QUESTION, f"So {name} it is.\n\nThe end.")])
    special = transformers.AutoTokenizer.from_pretrained(folders[preset]).convert_tokens_to_ids(
        name
    )
    row = scorer.reader.read((QUESTION, f"So {name} it is."))
    plain = scorer.reader.read((QUESTION, "So it is."))
    assert len(scores.scores) == 2
    assert row.ids.count(special) == plain.ids.count(special)


def test_a_response_that_spells_the_tag_has_no_score_and_says_why(folders):
    scorer = TaggedLm(str(folders["math_shepherd"]), device="cpu", preset="math_shepherd")
    spelled, fine = scorer.score([(QUESTION, "A ки step"), (QUESTION, "A step")])
    assert (spelled.scores, spelled.status, spelled.reward) == ((), "holds_tag", None)
    assert fine.status == "ok" and fine.reward is not None


def test_plus_signs_in_a_chat_are_no_tags(folders):
    scorer = TaggedLm(str(folders["rlhflow"]), device="cpu", preset="rlhflow")
    (scores,) = scorer.score([("+ + + ?", "2 + 2 = 4 +\n\n+\n\n+ +")])
    assert len(scores.scores) == 3 and scores.status == "ok"


@pytest.mark.parametrize(
    ("layout", "what"),
    [
        ({"tag_id": 10**6}, r"tagged_lm\.tag_id is 1000000, and the tokenizer .* has \d+ tokens"),
        ({"positive": " -"}, "to the tokenizer .* both end in token"),
        ({"turns": True}, "has no chat template, and tagged_lm.turns asks for one"),
        ({"tag": "Thursday: 7", "tag_id": 3}, r"gives 0 tags to the 4 steps of a response"),
    ],
)
def test_a_layout_that_does_not_fit_is_refused_in_a_sentence(layout, what, folders):
    with pytest.raises(RewardModelError, match=what):
        TaggedLm(str(folders["math_psa"]), device="cpu", preset="math_psa", **layout).score(
            [ITEMS[3]]
        )


def test_a_tag_that_the_vocabulary_lacks_is_refused(folders):
    with pytest.raises(RewardModelError, match="tagged_lm.tag is '鬱': the tokenizer .* no token"):
        TaggedLm(str(folders["math_shepherd"]), device="cpu", preset="math_shepherd", tag="鬱")


def test_a_text_over_the_models_positions_is_refused_not_cut(folders):
    scorer = TaggedLm(str(folders["versa_prm"]), device="cpu", preset="versa_prm")
    (scores,) = scorer.score([(QUESTION, "Thursday: 7 - 3 = 4.\n\n" * 60)])
    assert scores.status == "too_long"


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ({"preset": "own"}, r"tagged_lm\.tag is left out"),
        ({"preset": "own", "tag": "ки", "step": "{step}"}, r"tagged_lm\.step is .*\{tag\}"),
        ({"preset": "rlhflow", "question": "Q"}, r"tagged_lm\.question is Q"),
    ],
)
def test_a_layout_without_its_parts_is_refused_before_a_model_is_loaded(table, what):
    with pytest.raises(ConfigError, match=what):
        small(reward={"family": "tagged_lm", "path": "somewhere"}, tagged_lm=table)


def test_what_is_set_goes_before_what_the_preset_says():
    own = TaggedLmConfig("rlhflow", tag="good", read_at="tag")
    assert (layout_of(own).tag, layout_of(own).read_at) == ("good", "tag")
    assert layout_of(own).turns is True
