"""The model card of a policy, written from its study: what it is, how it was trained and on what,
what it can do with intervals, and what was not looked at.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.config import RunConfig, parse_config, plain_config
from engine.config.toml import as_toml
from engine.errors import ConfigError
from engine.export.report import INTERVALS, as_table, escaped, fenced
from engine.figures.comparison import Comparison, compare
from engine.figures.measure import Measured, measure
from engine.figures.pictures import accuracy
from engine.figures.text import points, tables
from engine.problems import hub_name
from engine.store import Database
from engine.store.runs import iterations

PICTURE = "accuracy.svg"
SECRETIVE = {"sampling": ("base_urls", "ray_address"), "judge": ("base_url",)}
"""Settings that say where this workplace's machines are: a card does not."""


def card_files(db: Database, run_id: str) -> dict[str, str]:
    """README.md and the picture in it, of a run's last policy."""
    measured = measure(db, run_id)
    comparison = compare([measured])
    try:
        files = {PICTURE: accuracy(comparison).svg}
    except ConfigError:  # nothing is evaluated
        files = {}
    n_iterations = len(iterations(db, run_id))
    return {"README.md": _card(measured, comparison, n_iterations, bool(files)), **files}


def _card(m: Measured, comparison: Comparison, n_iterations: int, has_picture: bool) -> str:
    config = public(m.config)
    picture = [f"![Held-out accuracy over policies]({PICTURE})"] if has_picture else []
    parts = [
        _head(m.config),
        f"# {escaped(m.compared.name)}",
        _about(config, n_iterations),
        "## Recipe",
        as_table(_recipe(m, config)),
        "## Data",
        as_table(_data(config)),
        "## Figures",
        _gain(m),
        *picture,
        *(p for title in ("Accuracy", "Budget") for p in _titled(title, comparison)),
        INTERVALS,
        "## Limits",
        "\n".join(f"- {limit}" for limit in limits(m, config)),
        "## Configuration",
        "What repeats the study; paths and addresses of the machine it ran on are left out.",
        fenced(as_toml(config, m.notes), "toml"),
    ]
    return "\n\n".join(parts) + "\n"


def public(config: RunConfig) -> RunConfig:
    """A configuration without this machine in it: of a path its last name, of addresses nothing."""
    plain: dict[str, Any] = plain_config(config)
    for table, values in plain.items():
        if isinstance(values, dict):
            plain[table] = {
                name: Path(v).name if isinstance(v, str) and _is_local(v) else v
                for name, v in values.items()
                if name not in SECRETIVE.get(table, ())
            }
    if config.sampling.base_urls:
        plain["sampling"] |= {"sampler": "auto", "model": None}
    plain["judge"] |= {"model": "", "counts": "never"}
    return parse_config(plain)


def limits(m: Measured, config: RunConfig) -> list[str]:
    """What a reader has to know before believing the figures, a sentence each."""
    last = m.compared.accuracy[-1] if m.compared.accuracy else None
    measured = (
        f"Accuracy is on {last.n_problems:,} held-out problems ({config.problems.domain}) alone."
        if last
        else "It was not evaluated."
    )
    said = [
        measured,
        f"It is one run with one seed ({m.compared.seed}): another seed gives other figures, which"
        " the intervals over problems do not show.",
        "Answers are graded by rules against a reference; the steps before it are not checked.",
        "Whether training and held-out problems overlap with what the base policy has read is not"
        " known.",
        "Nothing was looked at but these problems: no safety, no other language, no other task.",
        "The licences of the base policy and of the data hold; this card does not name them.",
    ]
    if not config.has_rewards:
        said.append("No process reward was used: classes follow from accuracy alone.")
    return said


def _head(config: RunConfig) -> str:
    """The card's YAML, which the hub reads."""
    base = config.policy.path if hub_name_of_model(config.policy.path) else None
    data = hub_name(config.problems.train)
    lines = ["library_name: transformers", "pipeline_tag: text-generation", "tags:", "- hs-star"]
    lines += [f"base_model: {base}"] if base else []
    lines += ["datasets:", f"- {data.partition(':')[0]}"] if data and "/" in data else []
    return "\n".join(["---", *lines, "---"])


def hub_name_of_model(path: str) -> bool:
    """Whether a policy is named by a hub id rather than by a folder."""
    return path.count("/") == 1 and not path.startswith((".", "~", "/")) and not Path(path).exists()


def _about(config: RunConfig, n_iterations: int) -> str:
    return (
        f"{escaped(config.policy.path)}, trained by HS-STaR (hierarchical sampling for self-taught"
        f" reasoners) for {n_iterations} {'iteration' if n_iterations == 1 else 'iterations'} with"
        " HS-STaR Studio. This card is written from the study's own figures."
    )


def _recipe(m: Measured, config: RunConfig) -> list[dict[str, str]]:
    s, t = config.sampling, config.training
    rows = {
        **asdict(m.compared.done),
        "reward model": config.reward.path or config.reward.family,
        "budget": f"{s.n} responses per problem, {s.n_presample} of them before the classes",
        "sampling": f"temperature {s.temperature:g}, top_p {s.top_p:g}, {s.max_new_tokens} tokens",
        "optimisation": f"learning rate {t.learning_rate:g}, {t.n_epochs} epochs of {t.batch_size}",
        "adapter": f"LoRA of rank {t.lora_rank}" if t.lora_rank else "none: all weights",
        "prompt": "chat template" if config.policy.chat else config.policy.prompt_template,
    }
    return [{"what": name, "how": str(value)} for name, value in rows.items()]


def _data(config: RunConfig) -> list[dict[str, str]]:
    p = config.problems
    return [
        {"role": "training", "set": p.train, "problems": f"{p.n_train:,} per iteration"},
        {"role": "held out", "set": p.held_out, "problems": f"{p.n_held_out:,}"},
    ]


def _gain(m: Measured) -> str:
    accuracy_of = m.compared.accuracy
    if len(accuracy_of) < 2 or accuracy_of[-1].gain is None:
        return "The policy was not compared with the one it began from."
    return (
        f"Mean accuracy changed by {points(accuracy_of[-1].gain)} points against the policy it"
        " began from, paired over problems, 95 %."
    )


def _titled(title: str, comparison: Comparison) -> list[str]:
    rows = tables(comparison)[title]
    return [f"### {title}", as_table(rows)] if rows else []


def _is_local(value: str) -> bool:
    return value.startswith(("/", "~")) or Path(value).is_absolute()
