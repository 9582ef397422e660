"""Tables out of the store: JSONL, CSV or Parquet, by the file's suffix, written whole or not at all."""

import os
from pathlib import Path

from engine.errors import ConfigError
from engine.method.prompts import fill
from engine.runs import config_of
from engine.store import Database, reads

SUFFIXES = (".jsonl", ".csv", ".parquet")


def export_table(db: Database, what: str, path: Path, *, run_id: str | None = None) -> int:
    """Write one kind of rows of a run, all iterations, to a file.

    Args:
        what: responses, estimates, plan, pairs (TRL's columns prompt, chosen, rejected, and more) or metrics.
        run_id: None for the newest run.

    Returns: the number of rows. Raises: ConfigError for an unknown run or suffix, a folder that is not there, or no row.
    """
    if path.suffix not in SUFFIXES:
        raise ConfigError(f"{path} has the suffix {path.suffix or '(none)'}: use one of {', '.join(SUFFIXES)}.")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"{path.absolute().parent} is no folder: create it first.")
    known = [row["id"] for row in reads.runs(db)]
    run_id = run_id or (known[0] if known else None)
    if run_id not in known:
        raise ConfigError(f"There is no run {run_id or 'yet'} in {db.path}. `status` lists the runs that are there.")
    if what == "pairs":
        rows = [row for r in reads.iterations(db, run_id) for row in pair_rows(db, run_id, r["iteration"])]
    else:
        rows = reads.table(db, what, run_id)
    if not rows:
        raise ConfigError(f"Run {run_id} has no {what} yet: nothing was written.")
    _write(rows, path)
    return len(rows)


def pair_rows(db: Database, run_id: str, iteration: int) -> list[dict]:
    """Preference pairs with TRL's columns first: prompt, chosen, rejected."""
    template = config_of(db, run_id).policy.prompt_template
    return [
        {
            "prompt": fill(template, row["question"]),
            "chosen": row["chosen"],
            "rejected": row["rejected"],
            "iteration": iteration,
            "problem_id": row["problem_id"],
            "chosen_reward": row["chosen_reward"],
            "rejected_reward": row["rejected_reward"],
        }
        for row in reads.pairs(db, run_id, iteration)
    ]


def _write(rows: list[dict], path: Path) -> None:
    import pandas

    frame = pandas.DataFrame(rows)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.suffix == ".jsonl":
            frame.to_json(draft, orient="records", lines=True, force_ascii=False, date_format="iso", double_precision=15)
        elif path.suffix == ".csv":
            frame.to_csv(draft, index=False)
        else:
            frame.to_parquet(draft, index=False)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise ConfigError(f"{path} could not be written: {error.strerror}. Free space or choose another folder.") from error
