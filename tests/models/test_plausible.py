"""Model folders that are made to hang, fill the memory or fetch code are refused before they are
loaded.
"""

import json
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.models.plausible import require_plausible
from engine.paths import STARTER


def model(folder: Path, template: str | None = None, **config) -> Path:
    (folder / "config.json").write_text(json.dumps(config))
    if template is not None:
        (folder / "chat_template.jinja").write_text(template)
    return folder


def nested(n: int) -> dict:
    value: dict = {}
    for _ in range(n):
        value = {"a": value}
    return value


def refusal(path, *, trust=False) -> str | None:
    """Why a model is refused; None where it is taken."""
    try:
        require_plausible(path, trust=trust)
    except ConfigError as error:
        return str(error)
    return None


@pytest.mark.parametrize("role", ["policy", "prm"])
def test_the_starter_models_are_plausible(role):
    assert refusal(STARTER / role) is None


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"num_hidden_layers": 10**9}, "num_hidden_layers = 1000000000"),
        ({"text_config": {"num_hidden_layers": 10**9}}, "num_hidden_layers"),
        ({"vocab_size": -1}, "vocab_size = -1"),
        ({"hidden_size": 10**400}, "hidden_size"),
        (nested(40), "nested deeper than 32 levels"),
        ({"attn_implementation": "somebody/kernels"}, "attn_implementation = somebody/kernels"),
        ({"vision": {"_attn_implementation": "a/b:c"}}, "would fetch code"),
        ({"use_kernels": True}, "use_kernels"),
    ],
)
def test_a_config_that_no_model_has_is_refused(config, said, tmp_path):
    with pytest.raises(ConfigError, match=said):
        require_plausible(model(tmp_path, **config), trust=False)


def test_a_config_nested_deeper_than_python_can_read_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("[" * 200_000 + "]" * 200_000)
    with pytest.raises(ConfigError, match="nested deeper"):
        require_plausible(tmp_path, trust=False)


def test_code_from_the_hub_is_left_to_those_who_trust_it(tmp_path):
    theirs = model(tmp_path, attn_implementation="somebody/kernels")
    assert refusal(theirs, trust=True) is None
    assert "somebody/kernels" in (refusal(theirs) or "")
    assert refusal(model(tmp_path, attn_implementation="sdpa")) is None


LOOP = "{% for i in range(99999) %}"


@pytest.mark.parametrize(
    "template",
    [
        f"{LOOP}{LOOP}{LOOP}{{% endfor %}}{{% endfor %}}{{% endfor %}}",
        "{{ 'x' * 10**10 }}",
        "{{ 7 ** (7 ** 12) }}",
    ],
)
def test_a_chat_template_without_end_is_refused(template, tmp_path):
    with pytest.raises(ConfigError, match="does not come to an end"):
        require_plausible(model(tmp_path, template), trust=False)


@pytest.mark.parametrize(
    "template",
    [
        "{% for m in messages %}{{ m.content }}{% break %}{% endfor %}",
        "{{ raise_exception('no') }}",
        "{% generation %}",
        "",
    ],
)
def test_a_template_that_ends_is_taken_as_it_is(template, tmp_path):
    assert refusal(model(tmp_path, template)) is None
