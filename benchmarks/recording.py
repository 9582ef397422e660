"""Recordings for the arena: many responses to each problem of one policy, with verdicts, and step
scores where the policy has a reward model.

    python -m benchmarks.recording starter|small-lm [--out FILE.jsonl.gz] [--work FOLDER]
    python -m benchmarks.recording starter --score [--out FILE.jsonl.gz]

Sampled problem group by problem group into a plain file in the work folder: what stopped goes on
there, the rest is as it would have been. `--score` has the shipped starter reward model score a
finished recording's responses (anew). The figures of what was run stand in docs/arena.md.
"""

import argparse
import gzip
import json
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from engine.config import load_config
from engine.config.run import RunConfig
from engine.grading import Grader
from engine.method.prompts import fill
from engine.method.seeds import stable_hash
from engine.paths import ROOT, STARTER, written_whole
from engine.problems import read_problems
from engine.rewards.token_classification import TokenClassificationReward
from engine.samplers.hf_local import HfSampler
from engine.small_lm import build
from engine.types import Problem, Request, SamplingSettings

GROUP = 16
"""Problems sampled together: what a stop loses at most."""


@dataclass(frozen=True, slots=True)
class Wanted:
    n_problems: int
    n: int
    temperature: float
    top_p: float


WANTED = {"starter": Wanted(320, 128, 1.0, 1.0), "small-lm": Wanted(320, 32, 0.7, 0.95)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recording")
    parser.add_argument("policy", choices=WANTED)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--work", type=Path, default=ROOT / "data" / "recordings-work")
    parser.add_argument("--dtype", default="float32", help="of the policy")
    parser.add_argument("--score", action="store_true")
    asked = parser.parse_args()
    out = asked.out or ROOT / "data" / "recordings" / f"{asked.policy}.jsonl.gz"
    if asked.score:
        score(out)
        return
    asked.work.mkdir(parents=True, exist_ok=True)
    config, policy = _policy(asked.policy, asked.work)
    drawn = asked.work / f"{asked.policy}.jsonl"
    problems = read_problems(config.problems.train).problems[: WANTED[asked.policy].n_problems]
    sample(problems, config, policy, asked.dtype, WANTED[asked.policy], drawn)
    write(out, drawn.read_text(encoding="utf-8").splitlines())


def _policy(name: str, work: Path) -> tuple[RunConfig, Path]:
    if name == "starter":
        return load_config(STARTER / "default.toml"), STARTER / "policy"
    wanted = WANTED[name].n_problems
    made = build(work / "small-lm", n_train=wanted, n_held_out=10, say=print)
    return load_config(made.configuration), made.folder / "policy"


def sample(
    problems: list[Problem],
    config: RunConfig,
    policy: Path,
    dtype: str,
    wanted: Wanted,
    drawn: Path,
) -> None:
    """Every problem that is not in the file yet, appended with its responses and verdicts."""
    known = set()
    if drawn.exists():
        known = {json.loads(line)["question"] for line in drawn.open(encoding="utf-8")}
    settings = SamplingSettings(
        wanted.temperature, wanted.top_p, config.sampling.max_new_tokens, chat=config.policy.chat
    )
    left = [p for p in problems if p.question not in known]
    sampler = HfSampler(str(policy), batch_size=config.sampling.batch_size, dtype=dtype)
    with closing(sampler), Grader(n_workers=1) as grader, drawn.open("a", encoding="utf-8") as file:
        for begin in range(0, len(left), GROUP):
            group = left[begin : begin + GROUP]
            start = time.monotonic()
            rows, n_tokens = _rows(group, config, sampler, grader, settings, wanted.n)
            file.writelines(json.dumps(row) + "\n" for row in rows)
            file.flush()
            print(f"{len(rows)} problems, {n_tokens / (time.monotonic() - start):.0f} tokens/s")


def _rows(group, config, sampler, grader, settings, n: int) -> tuple[list[dict], int]:
    requests = [
        Request(
            p.id,
            i,
            stable_hash("recording", p.id, i),
            fill(config.policy.prompt_template, p.question),
        )
        for p in group
        for i in range(n)
    ]
    answered = {
        (r.problem_id, r.index): r for batch in sampler.sample(requests, settings) for r in batch
    }
    rows = []
    for p in group:
        own = [answered[p.id, i] for i in range(n)]
        verdicts = grader.grade_many([(p.reference, r.text) for r in own])
        rows.append(
            {
                "question": p.question,
                "answer": p.answer,
                "level": p.level,
                "responses": [r.text for r in own],
                "correct": [v.correct for v in verdicts],
                "finish_reason": [r.finish_reason for r in own],
                "n_tokens": [r.n_tokens for r in own],
            }
        )
    return rows, sum(r.n_tokens for r in answered.values())


def write(out: Path, lines: list[str]) -> None:
    """The recording, compressed, the same bytes for the same rows."""
    out.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(line + "\n" for line in lines)
    with written_whole(out) as draft:
        draft.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{out}: {len(lines):,} problems, {out.stat().st_size:,} bytes")


def score(out: Path) -> None:
    """Step scores of the shipped starter reward model beside every response, to three decimals."""
    rows = [json.loads(line) for line in gzip.decompress(out.read_bytes()).splitlines()]
    template = load_config(STARTER / "default.toml").policy.prompt_template
    with closing(TokenClassificationReward(str(STARTER / "prm"))) as model:
        for row in rows:
            prompt = fill(template, row["question"])
            scored = model.score([(prompt, text) for text in row["responses"]])
            row["step_scores"] = [[round(v, 3) for v in one.scores] for one in scored]
    write(out, [json.dumps(row) for row in rows])


if __name__ == "__main__":
    main()
