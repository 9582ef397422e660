"""What a run can be taken away as: tables, the trained policy as a model folder, and the
configuration that repeats it.

Every table is streamed and written whole or not at all. A table without rows is a file without
rows, not an error: a script that exports everything must not stop at a run without pairs, and CSV
and Parquet still say the columns.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from engine import store
from engine.config import plain_config
from engine.config.toml import as_toml
from engine.errors import ConfigError
from engine.export.chosen import chosen
from engine.export.gguf import write_gguf
from engine.export.pairs import with_prompts
from engine.export.signals import SIGNALS, plan_with_signals
from engine.export.tables import SUFFIXES, require_suffix, write_table
from engine.figures.evaluation import evaluated_policies, evaluations
from engine.method.condition_tokens import names
from engine.models.weights import adapter_folder, content_id
from engine.paths import write_text, written_whole
from engine.store import Database
from engine.study.conditions import text_of
from engine.study.handle import Iteration
from engine.study.resolved import resolved_config
from engine.study.runs import pick_run
from engine.study.sample_sets import evaluation_sets

if TYPE_CHECKING:
    import pyarrow

GGUF = ".gguf"
BESIDE_WEIGHTS = (
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab*",
    "merges.txt",
    "chat_template*",
    "generation_config.json",
)
"""Files of a policy that are neither weights nor their configuration."""
TABLES = {
    "problems": "Training and held-out problems, with the iteration that used them.",
    "responses": "Responses to training problems with verdicts, overrides and step scores.",
    "side_responses": (
        "Responses that tuning and calibration drew beside them, with their temperature; no pair is"
        " made from these."
    ),
    "drawn_responses": (
        "Responses that the policy drew while it was trained, with the step and the reward that it"
        " was trained with."
    ),
    "held_out_responses": (
        "Responses to held-out problems, greedy and sampled, of every evaluated policy."
    ),
    "estimates": "Pass rate and process reward per problem, from the pre-samples.",
    "plan": "What each commit bound: thresholds, class and further responses per problem.",
    "pairs": "Preference pairs with TRL's columns prompt, chosen and rejected.",
    "metrics": "Every figure of every optimiser step.",
    "evaluations": "Held-out results per policy and problem.",
    "overrides": "Every verdict a person overrode, and every undo.",
    "tags": "Every tag a person put on a problem, and every one taken off.",
}


def export_table(
    db: Database,
    what: str,
    path: Path,
    *,
    run_id: str | None = None,
    iteration: int | None = None,
    where: str = "",
) -> int:
    """Write one table of a run to a .jsonl, .csv or .parquet file.

    Args:
        what: a key of TABLES.
        run_id: None for the newest run.
        iteration: None for all.
        where: a condition over the table's columns and store.exports.FURTHER
            (engine.method.conditions), or @ and the name of a saved one; "" for all rows.

    Returns: the number of rows. Raises: ConfigError for an unknown run, iteration or suffix, a
    folder that is not there, or a condition that cannot be read.
    """
    require_suffix(path)
    return write_table(_fitting(db, what, pick_run(db, run_id), iteration, where), path)


def _fitting(
    db: Database, what: str, run_id: str, number: int | None, where: str
) -> Iterator["pyarrow.RecordBatch"]:
    """The rows of a table that fit: as the page that lists them chooses, and by its own columns."""
    known = {*store.exports.FURTHER.get(what, ()), *_COMPUTED.get(what, ())}
    further = [name for name in names(text_of(db, where)) if name in known]
    rows = table_batches(db, what, run_id, number, further=further)
    return chosen(db, rows, where, further)


_COMPUTED = {"plan": SIGNALS, "pairs": ("question",)}
"""What a condition can name beside columns of the table and of its query."""


def table_bytes(
    db: Database, what: str, suffix: str, run_id: str, iteration: int | None = None
) -> bytes:
    """One table as the bytes of a file, for a browser. All of it is in memory: for long tables
    there is export_table.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder, f"{what}{suffix}")
        export_table(db, what, path, run_id=run_id, iteration=iteration)
        return path.read_bytes()


def export_all(
    db: Database, folder: Path, *, suffix: str = ".parquet", run_id: str | None = None
) -> dict[str, int]:
    """Write every table and the configuration of a run into a folder, made if missing.

    Returns: rows per table. Raises: ConfigError as export_table does.
    """
    if suffix not in SUFFIXES:
        raise ConfigError(f"The suffix {suffix} is none of {', '.join(SUFFIXES)}.")
    run_id = pick_run(db, run_id)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{folder} could not be made: {error.strerror}. Choose another folder."
        ) from error
    export_config(db, folder / "config.toml", run_id=run_id)
    return {
        what: export_table(db, what, folder / f"{what}{suffix}", run_id=run_id) for what in TABLES
    }


def export_config(db: Database, path: Path, *, run_id: str | None = None) -> list[str]:
    """Write the configuration that repeats a run, for `engine run`, as .toml or .json.

    Returns: sentences about what it cannot say. Raises: ConfigError for an unknown run or suffix.
    """
    text, notes = config_text(db, pick_run(db, run_id), path.suffix)
    try:
        write_text(path, text)
    except OSError as error:
        raise ConfigError(
            f"{path} could not be written: {error.strerror}. Free space or choose another folder."
        ) from error
    return notes


def config_text(db: Database, run_id: str, suffix: str) -> tuple[str, list[str]]:
    """The text of a .toml or .json file that repeats a run, and what it cannot say. Raises:
    ConfigError for another suffix.
    """
    if suffix not in (".toml", ".json"):
        raise ConfigError(
            f"A configuration with the suffix {suffix or '(none)'} cannot be written: use .toml or"
            " .json."
        )
    config, notes = resolved_config(db, run_id)
    return (
        as_toml(config, notes)
        if suffix == ".toml"
        else json.dumps(plain_config(config), indent=2) + "\n"
    ), notes


def export_policy(
    db: Database,
    folder: Path,
    *,
    run_id: str | None = None,
    iteration: int | None = None,
    adapter: bool = False,
) -> str:
    """Copy a trained policy to a folder that transformers and vLLM load, with its tokenizer, chat
    template and generation config; or convert it to one GGUF file. Blocks while files are written.

    Args:
        folder: must not exist, or be empty; a name that ends in .gguf is the file.
        iteration: the one that trained it; None for the newest trained policy.
        adapter: only the LoRA adapter, as peft loads it on the policy that the training began with.

    Returns: the policy's id. Raises: ConfigError without a trained policy or adapter, for a folder
    in use, or if the copy differs.
    """
    policy_id = _required_policy(db, pick_run(db, run_id), iteration)
    source = Path(store.runs.policy_path(db, policy_id))
    if folder.suffix == GGUF:
        if adapter:
            raise ConfigError("An adapter is no GGUF file here: leave --adapter out.")
        write_gguf(source, folder)
        return policy_id
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} is there already and not an empty folder. Give a new one.")
    weights = adapter_folder(source) if adapter else source
    if adapter and not weights.is_dir():
        raise ConfigError(
            f"Policy {policy_id} has no adapter: it was trained without training.lora_rank. Leave"
            " --adapter out."
        )
    try:
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
        with written_whole(folder) as draft:
            shutil.copytree(weights, draft)
            if adapter:
                _copy_beside_weights(source, draft)
            if not adapter and content_id(draft) != policy_id:
                raise ConfigError(
                    f"The files at {source} are not those of policy {policy_id} any more."
                )
    except OSError as error:
        raise ConfigError(
            f"{folder} could not be written: {error}. Check the free space and the policy's own"
            " folder."
        ) from error
    return policy_id


def _copy_beside_weights(policy: Path, draft: Path) -> None:
    """What an adapter is read with: it alone has neither tokenizer nor chat template."""
    for pattern in BESIDE_WEIGHTS:
        for file in policy.glob(pattern):
            if file.is_file():
                shutil.copy(file, draft / file.name)


def _required_policy(db: Database, run_id: str, number: int | None) -> str:
    """What trained_policy finds. Raises: ConfigError where it finds none."""
    policy_id = trained_policy(db, run_id, number)
    if policy_id is None:
        which = (
            "has no trained policy yet"
            if number is None
            else f"trained no policy in iteration {number}"
        )
        raise ConfigError(
            f"Run {run_id} {which}. Train it first; the policy it began with is where its"
            " configuration says."
        )
    return policy_id


def trained_policy(db: Database, run_id: str, number: int | None = None) -> str | None:
    """The policy that an iteration trained, or the newest that any did; None if none did."""
    began = {row.number: row.policy_id for row in store.runs.iterations(db, run_id)}
    wanted = [number] if number is not None else sorted(began, reverse=True)
    policies = ((t, store.runs.next_policy(Iteration(db, run_id, t))) for t in wanted if t in began)
    return next(
        (policy_id for t, policy_id in policies if policy_id and policy_id != began[t]), None
    )


def table_batches(
    db: Database, what: str, run_id: str, number: int | None = None, *, further: Sequence[str] = ()
) -> Iterator["pyarrow.RecordBatch"]:
    """One table in Arrow batches, one at least.

    Args:
        further: columns behind its own, of those that a condition can name.

    Raises: ConfigError for an unknown iteration.
    """
    if number is not None:
        store.runs.get_iteration(Iteration(db, run_id, number))
    if what == "estimates":
        return _estimates(db, run_id, number)
    if what == "evaluations":
        return _evaluations(db, run_id, number)
    config = Iteration(db, run_id, 0).config
    held_out = [
        samples.id
        for t, policy_id in evaluated_policies(db, run_id).items()
        if number in (None, t)
        for samples in evaluation_sets(config, policy_id, t)
    ]
    asked = [name for name in further if name in store.exports.FURTHER.get(what, ())]
    rows = store.exports.batches(
        db, what, run_id, iteration=number, held_out_sets=held_out, further=asked
    )
    if what == "pairs":
        return with_prompts(rows, config.policy.prompt_template, further)
    is_estimated = what == "plan" and set(SIGNALS) & set(further)
    return plan_with_signals(db, run_id, rows) if is_estimated else rows


def _estimates(db: Database, run_id: str, number: int | None) -> Iterator["pyarrow.RecordBatch"]:
    import pyarrow

    for row in store.runs.iterations(db, run_id):
        if number in (None, row.number):
            e = store.samples.estimates(Iteration(db, run_id, row.number))
            ids = pyarrow.array(e.problem_ids.tolist(), pyarrow.string())
            signals = [
                pyarrow.array(column, from_pandas=True) for column in (e.n_correct, e.n, e.phi_r)
            ]  # NaN is not a value: null
            numbers = pyarrow.array([row.number] * len(e.n), pyarrow.int32())
            yield pyarrow.record_batch(
                [numbers, ids, *signals],
                names=["iteration", "problem_id", "n_correct", "n", "phi_r"],
            )


def _evaluations(db: Database, run_id: str, number: int | None) -> Iterator["pyarrow.RecordBatch"]:
    import pyarrow

    names = [
        "iteration",
        "policy_id",
        "problem_id",
        "level",
        "greedy_correct",
        "n_correct",
        "n",
        "pass_rate",
    ]
    kinds = [
        pyarrow.int32(),
        *[pyarrow.string()] * 3,
        pyarrow.bool_(),
        *[pyarrow.int32()] * 2,
        pyarrow.float64(),
    ]
    schema = pyarrow.schema(list(zip(names, kinds)))
    yield pyarrow.RecordBatch.from_pylist([], schema)
    for e in evaluations(db, run_id):
        if number in (None, e.number):
            each = zip(
                e.problem_ids.tolist(), e.levels.tolist(), e.greedy.tolist(), e.pass_rate.tolist()
            )
            rows = [
                (e.number, e.policy_id, id, level or None, greedy, round(rate * e.n), e.n, rate)
                for id, level, greedy, rate in each
            ]
            yield pyarrow.RecordBatch.from_pylist([dict(zip(names, row)) for row in rows], schema)
