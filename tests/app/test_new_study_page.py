"""The page that builds a study: every setting is there, nothing starts that could not run, and what
starts is what a file on the command line starts.
"""

import tomllib

import pytest

from app import state, texts
from app.new_study import cards, groups
from app.new_study.draft import Draft, key_of
from engine import store
from engine.config import load_config, parse_config, plain_config
from engine.config.reference import settings, tables
from engine.config.toml import as_toml
from engine.config.used import unused
from engine.headless.run import run_to_end
from engine.jobs.runner import JobRunner
from engine.paths import STARTER
from engine.store import Database
from engine.study.runs import create_run, fork
from tests.app.shown import read, show
from tests.small_runs import small, texts_of, toml


@pytest.fixture
def opened(database, monkeypatch):
    """The page's own database; its runner does nothing."""
    monkeypatch.setattr(JobRunner, "run_next", lambda self, run_id=None: False)
    return state._open(database)[0]


def begun(config=None, origin="a test"):
    """The builder with a study on a small configuration."""
    at = show("new_study")
    at.session_state[cards.DRAFT] = Draft(config or small(), origin)
    at.run()
    assert not at.exception, at.exception[0].value
    return at


def widget(at, key):
    """The field of a setting, of whatever kind."""
    kinds = (
        at.text_input,
        at.text_area,
        at.number_input,
        at.selectbox,
        at.multiselect,
        at.toggle,
    )
    version = at.session_state[cards.DRAFT].version
    found = [e for kind in kinds for e in kind if e.key == f"new_{version}_{key}"]
    return found[0] if len(found) == 1 else None


def put(at, key, value):
    widget(at, key).set_value(value).run()
    return all_open(at)


def all_open(at):
    """Run with every group open: outside of a browser none stays so by itself."""
    for table in groups.groups():
        at.session_state[f"group_{table or 'top'}"] = True
    at.run()
    assert not at.exception, at.exception[0].value
    return at


def start(at):
    next(b for b in at.button if b.label.startswith("Start")).click().run()
    assert not at.exception, at.exception[0].value
    return at


def draft(at):
    return at.session_state[cards.DRAFT]


def test_the_form_has_a_field_for_every_setting_of_the_tables(opened):
    at = all_open(begun())
    wanted = {key_of(s) for s in settings()} - {"difficulty.options"}
    shown = {key for key in wanted if widget(at, key) is not None}
    assert wanted - shown == {f"training.{name}" for name in unused("dpo")}
    put(at, "training.method", "grpo")
    shown |= {key for key in wanted if widget(at, key) is not None}
    assert wanted - shown == {"training.keep_above"}
    put(at, "training.method", "sft")
    assert widget(at, "training.keep_above") is not None
    assert set(groups.by_key()) == wanted | {"difficulty.options"}


def test_what_a_method_does_not_use_is_said_and_what_a_person_changed_stays(opened):
    at = all_open(begun())
    put(at, "training.beta", 0.3)
    put(at, "training.method", "grpo")
    assert widget(at, "training.beta") is not None and widget(at, "training.loss_type") is None
    assert "because GRPO does not use them: Keep responses above, Losses, Weights" in read(at)
    assert "Not used: GRPO draws what it trains on, and no pairs are built." in read(at)


def test_a_group_stays_open_when_its_first_setting_is_changed(opened):
    at = begun()
    at.session_state["group_training"] = True
    at.run()
    widget(at, "training.batch_size").set_value(16).run()
    assert "Training · 1 changed" in [e.label for e in at.expander]
    assert widget(at, "training.n_epochs") is not None
    placed = {key_of(s) for own in groups.groups().values() for s in own}
    assert placed | {*groups.FRONT, *groups.THRESHOLDS, "name"} == set(groups.by_key())
    assert set(tables()) | {""} == set(groups.TITLES)
    assert len(groups.FRONT) == 10


def test_every_setting_helps_with_its_own_sentence(opened):
    at = all_open(begun())
    for setting in settings():
        field = widget(at, key_of(setting))
        if field is not None and setting.name != "name":
            assert setting.help in field.help and f"`{key_of(setting)}`" in field.help


CHANGES = {
    "seed": ("9223372036854775806", 9223372036854775806),
    "n_iterations": (2, 2),
    "placement": ("inline", "inline"),
    "sampling.temperature": (0.123456789, 0.123456789),
    "sampling.stop": ("Question:\n\\n\\n", ("Question:", "\n\n")),
    "policy.chat": (True, True),
    "policy.prompt_template": ("Q: {question}\n\nA:", "Q: {question}\n\nA:"),
    "training.learning_rate": (5e-7, 5e-7),
    "training.loss_type": (["sigmoid", "sft"], ("sigmoid", "sft")),
    "training.loss_weights": ("1, 0.5", (1.0, 0.5)),
    "training.lora_rank": (8, 8),
    "pairs.total": ("100, 50", (100, 50)),
    "policy.revision": ("main", "main"),
    "tuning.taus": ("0.1, 0.3", (0.1, 0.3)),
}


def test_what_is_entered_is_what_the_file_says(opened):
    at = all_open(begun())
    for key, (entered, _) in CHANGES.items():
        put(at, key, entered)
    config = draft(at).config()
    plain = plain_config(config)
    for key, (_, meant) in CHANGES.items():
        table, _, name = key.rpartition(".")
        assert (plain[table] if table else plain)[name] == meant, key
    assert parse_config(tomllib.loads(as_toml(config))) == config


def test_a_group_says_what_differs_from_the_base_and_nothing_once_it_is_put_back(opened):
    at = all_open(begun())
    put(at, "sampling.top_p", 0.5)
    assert "`sampling.top_p`: 1.0 → **0.5**" in read(at)
    assert "Sampling · 1 changed" in [e.label for e in at.expander]
    put(at, "sampling.top_p", 1.0)
    assert draft(at).changes == {} and "Sampling" in [e.label for e in at.expander]


def test_a_value_that_cannot_be_used_is_refused_in_a_sentence_and_the_next_accepted(opened):
    at = begun()
    put(at, "sampling.n_presample", 9)
    assert "below n, because" in read(at) and not [
        b for b in at.button if b.label.startswith("Start")
    ]
    put(at, "sampling.n_presample", 4)
    assert not next(b for b in at.button if b.label.startswith("Start")).disabled


def test_what_the_doctor_would_change_keeps_the_study_from_starting(opened):
    at = begun()
    put(at, "problems.n_train", 100_000)
    button = next(b for b in at.button if b.label.startswith("Start"))
    assert button.disabled and "cannot be started yet: see problems.train" in read(at)
    put(at, "problems.n_train", 10)
    assert not next(b for b in at.button if b.label.startswith("Start")).disabled


def test_missing_thresholds_stop_only_a_study_that_goes_by_itself(opened):
    at = begun(small(difficulty={"tau_l": None, "tau_h": None}))
    assert not next(b for b in at.button if b.label.startswith("Start")).disabled
    at.radio(key="how_far").set_value("iteration").run()
    assert next(b for b in at.button if b.label.startswith("Start")).disabled
    put(at, "difficulty.thresholds", "quantile")
    assert not next(b for b in at.button if b.label.startswith("Start")).disabled


def test_the_policy_says_what_was_found(opened):
    at = begun()
    assert "LlamaForCausalLM" in read(at) and "no chat template" in read(at)
    draft(at).set("policy.path", "/nowhere/at/all")
    at.run()
    assert "there is no such folder" in read(at)
    assert next(b for b in at.button if b.label.startswith("Start")).disabled


def test_a_method_goes_over_the_base_and_keeps_what_a_person_changed(opened):
    at = begun()
    put(at, "sampling.temperature", 0.5)
    at.selectbox(key="new_0_method").set_value("rest_em").run()
    config = draft(at).config()
    assert (config.training.method, config.training.start) == ("sft", "base")
    assert config.sampling.temperature == 0.5


def test_a_method_that_the_base_cannot_have_is_said_and_left(opened):
    at = begun(small(reward={"family": "none"}, difficulty={"mode": "accuracy"}))
    at.selectbox(key="new_0_method").set_value("b_star").run()
    assert "cannot be run as that method" in read(at) and draft(at).method is None


def test_the_options_of_a_strategy_follow_the_strategy(opened):
    at = all_open(begun())
    put(at, "difficulty.strategy", "posterior")
    (rounds,) = [n for n in at.number_input if n.key.endswith("option_posterior_n_rounds")]
    rounds.set_value(3).run()
    assert draft(at).config().difficulty.options == {"n_rounds": 3}


def test_what_cannot_be_read_holds_nothing_up_once_its_field_is_hidden(opened):
    at = all_open(begun())
    start_button = lambda: next(b for b in at.button if b.label.startswith("Start the"))
    widget(at, "training.loss_weights").set_value("one")
    assert all_open(at) and start_button().disabled
    widget(at, "training.method").set_value("grpo")
    assert all_open(at) and widget(at, "training.loss_weights") is None
    assert "loss_weights holds" not in read(at) and not draft(at).mistakes


def test_a_run_from_the_form_and_from_its_file_have_the_same_responses_and_pairs(
    database, monkeypatch, tmp_path
):
    run_next = JobRunner.run_next
    monkeypatch.setattr(JobRunner, "run_next", lambda self, run_id=None: False)
    db, runner = state._open(database)
    at = begun(small(placement="inline", training={"n_epochs": 1}))
    put(at, "sampling.temperature", 0.9)
    at.radio(key="how_far").set_value("iteration").run()
    text = as_toml(draft(at).config())
    start(at)
    monkeypatch.setattr(JobRunner, "run_next", run_next)
    while runner.run_next():
        pass
    (tmp_path / "saved.toml").write_text(text)
    other = Database(tmp_path / "other.duckdb")
    headless = JobRunner(other)
    again = create_run(other, load_config(tmp_path / "saved.toml"))
    run_to_end(headless, again)
    by_form = texts_of(db, store.runs.listed(db)[0].id)
    assert by_form == texts_of(other, again) and by_form["pairs"]
    headless.close()
    other.close()


def test_a_sweep_queues_every_method_and_seed_under_names_of_their_own(opened):
    at = begun(small(n_iterations=1))
    at.radio(key="how_far").set_value("all").run()
    at.multiselect(key="sweep_methods").set_value(["hs_star", "uniform_dpo"]).run()
    at.text_input(key="sweep_seeds").set_value("1, 2").run()
    assert "Start 4 runs, one after the other" in [b.label for b in at.button]
    start(at)
    runs = store.runs.listed(opened)
    assert sorted(run.name for run in runs) == [
        "small, HS-STaR, seed 1",
        "small, HS-STaR, seed 2",
        "small, Uniform DPO, seed 1",
        "small, Uniform DPO, seed 2",
    ]
    assert sorted(run.seed for run in runs) == [1, 1, 2, 2]
    assert all(store.unattended.find(opened, run.id).n_iterations == 1 for run in runs)
    assert len(store.jobs.unfinished(opened)) == 4


def test_a_study_that_stops_for_a_person_waits_and_one_started_again_has_another_name(opened):
    for _ in range(2):
        start(begun())
    assert sorted(run.name for run in store.runs.listed(opened)) == ["small", "small 2"]
    assert store.unattended.find(opened, store.runs.listed(opened)[0].id) is None


def test_a_copy_begins_with_what_a_run_was_steered_with(studio):
    studio.resampled()
    at = show("new_study")
    at.button(key="begin_copy").click().run()
    assert draft(at).origin == "a copy of Starter study"
    config = draft(at).config()
    assert (config.difficulty.tau_l, config.problems.n_train) == (0.25, 12)
    assert widget(at, "name").value == "Starter study 2"


def test_a_copy_says_what_it_does_not_have_of_its_run(studio):
    copy = fork(studio.it)
    at = show("new_study")
    at.selectbox(key="copied_run").set_value(copy.run_id).run()
    at.button(key="begin_copy").click().run()
    assert f"Not copied: The run is a fork of {studio.run_id} at iteration 0" in read(at)
    assert widget(at, "name").value == "Starter study (fork) 2"


@pytest.mark.parametrize("card", ["quick", "default"])
def test_a_card_begins_with_its_file(opened, card):
    at = show("new_study")
    at.button(key=f"begin_{card}").click().run()
    assert draft(at).config() == load_config(STARTER / f"{card}.toml")


def test_an_uploaded_file_is_read_and_one_that_cannot_be_is_answered_with_a_sentence(opened):
    at = show("new_study")
    at.file_uploader(key="configuration_upload").upload("mine.toml", b"seed = 'x'\n").run()
    at.button(key="begin_file").click().run()
    assert cards.DRAFT not in at.session_state and "is missing" in read(at)
    at.file_uploader(key="configuration_upload").upload("mine.toml", toml().encode()).run()
    at.button(key="begin_file").click().run()
    assert draft(at).origin == "mine.toml" and draft(at).config().seed == 7


def test_what_was_typed_is_kept_over_a_visit_to_another_page(opened):
    at = put(begun(), "sampling.temperature", 0.4)
    at.switch_page("../pages/glossary.py").run()
    at.switch_page("../pages/new_study.py").run()
    assert widget(at, "sampling.temperature").value == 0.4


def test_lists_are_typed_with_commas_and_lines():
    assert texts.numbers("1, 2.5,", "x") == (1.0, 2.5)
    assert texts.lines(texts.as_lines(["a\\n", "b\nc", "\t"])) == ("a\\n", "b\nc", "\t")
    with pytest.raises(Exception, match="x holds 'b'"):
        texts.numbers("1, b", "x")


def test_how_one_response_is_read_is_seen_before_anything_is_scored(opened, tmp_path):
    tiny_models = pytest.importorskip("tests.rewards.tiny_models")
    model = str(tiny_models.tagged_lm(tmp_path / "model", "rlhflow"))
    at = all_open(begun(small(reward={"path": model})))
    assert "How one response is read" not in read(at)
    put(at, "reward.family", "tagged_lm")
    assert "lm.tag is left out" in read(at), "an own layout must say its tag"
    put(at, "tagged_lm.preset", "rlhflow")
    assert "3 steps, 3 scores" in read(at)
    (field,) = [e for e in at.text_area if (e.key or "").endswith("preview_response")]
    field.set_value("One <img src=x onerror=alert(1)> step.\n\nAnother.").run()
    all_open(at)
    assert "2 steps, 2 scores" in read(at)
    (page,) = [e.proto.body for e in at.get("html") if "is judged here" in e.proto.body]
    assert "<img" not in page and "&lt;" in page and page.count("is judged here") == 2
