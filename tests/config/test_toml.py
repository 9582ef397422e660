"""A configuration written as TOML is the same configuration when it is read."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.config import load_config, parse_config, plain_config
from engine.config.toml import as_toml
from engine.method.tuning import TAUS
from tests.small_runs import small

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SHARES = st.floats(0, 1, exclude_min=True)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "name": TEXTS,
        "seed": st.integers(0, 2**63 - 1),
        "policy": st.fixed_dictionaries(
            {
                "path": TEXTS,
                "revision": st.none() | TEXTS,
                "prompt_template": TEXTS.map(lambda text: text.replace("{", "") + "{question}"),
                "n_parameters": st.none() | st.integers(1, 10**12),
            }
        ),
        "sampling": st.fixed_dictionaries(
            {"temperature": st.floats(0, 1e308), "top_p": SHARES, "n_presample": st.integers(1, 7)}
        ),
        "difficulty": st.fixed_dictionaries({"tau_l": st.none(), "tau_h": st.none() | SHARES}),
        "pairs": st.fixed_dictionaries(
            {"total": st.none() | st.lists(st.integers(0, 9), min_size=1), "dedupe": st.booleans()}
        ),
        "tuning": st.fixed_dictionaries({"taus": st.lists(SHARES, min_size=1, unique=True)}),
        "training": st.fixed_dictionaries({"learning_rate": st.floats(1e-300, 0.5)}),
    },
)


@given(CHANGES, st.lists(TEXTS, max_size=2))
def test_what_is_written_reads_back_as_the_same_configuration(changes: dict[str, Any], notes):
    config = small(**changes)
    assert parse_config(tomllib.loads(as_toml(config, notes))) == config


def test_options_of_a_strategy_read_back_and_what_is_none_is_left_out():
    options = {"cutoffs": [0.2, 0.3]}
    config = small(difficulty={"strategy": "dast", "options": options}, evaluation={"top_p": None})
    written = tomllib.loads(as_toml(config))
    assert written["difficulty"]["options"] == options
    assert "top_p" not in written["evaluation"] and "revision" not in written["policy"]
    assert plain_config(parse_config(written)) == plain_config(config)


def test_a_file_with_notes_on_top_is_a_configuration(tmp_path):
    config = small(tuning={"taus": TAUS})
    text = as_toml(config, ["Changed by hand:\n  training.beta", "a second note"])
    assert text.startswith("# Changed by hand: training.beta\n# a second note\n")
    (tmp_path / "run.toml").write_text(text, encoding="utf-8")
    assert load_config(tmp_path / "run.toml") == config
