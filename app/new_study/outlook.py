"""What stands beside the form: what is wrong or missing, memory, responses, tokens, time, disk."""

import json
from collections.abc import Iterator, Mapping, Sequence

import streamlit as st

from app import inert, state, widgets
from engine.config import RunConfig, parse_config, plain_config
from engine.doctor.configuration import examine
from engine.doctor.finding import Finding
from engine.doctor.storage import n_free
from engine.doctor.together import joined
from engine.figures.outlook import Total, outlook
from engine.jobs.pace import duration

MARKS = {
    "change": ":red[:material/error: change]",
    "ask": ":orange[:material/help: ask]",
    "note": ":gray[:material/info: note]",
    "ok": ":green[:material/check_circle: fine]",
}
"""In the order they are shown."""


def beside(by_method: Mapping[str, Sequence[RunConfig]]) -> list[Finding]:
    """Draw all of it, of configurations that the visitor may name: problem files, models and
    tokenizers in them are read.

    Args:
        by_method: runs that differ in seed and name alone, by the method in words.

    Returns: the findings.
    """
    firsts = {method: configs[0] for method, configs in by_method.items()}
    outlooks = {method: outlook(state.database(), first) for method, first in firsts.items()}
    total = Total(tuple(outlooks[method] for method, own in by_method.items() for _ in own))
    examined = {method: _examined(_key(first)) for method, first in firsts.items()}
    findings = [*joined(examined), *_disk(total)]
    st.subheader("What it would take")
    _figures(total, list(firsts.values()))
    st.subheader("Would it run?")
    for status, mark in MARKS.items():
        for finding in (f for f in findings if f.status == status):
            text = inert.markdown(finding.text)
            st.markdown(f"{mark} **{inert.markdown(finding.about)}**  \n{text}")
    return findings


def why_not(findings: list[Finding], *, needs_thresholds: bool) -> str | None:
    """One sentence on what keeps the study from being started; None where nothing does.

    Args:
        needs_thresholds: nobody is there to be asked.
    """
    holding = [f for f in findings if f.keeps_from_running]
    about = [f.about for f in holding if needs_thresholds or f.status == "change"]
    if not about:
        return None
    more = f" and {len(about) - 1} more" if len(about) > 1 else ""
    return f"It cannot be started yet: see {about[0]}{more} under “Would it run?”."


def _key(config: RunConfig) -> str:
    return json.dumps(plain_config(config) | {"name": ""}, sort_keys=True)


@st.cache_data(show_spinner="Looking at what it would need", ttl=60, max_entries=32)
def _examined(config: str) -> list[Finding]:
    """For a minute: files and devices change without telling."""
    findings = examine(parse_config(json.loads(config)))
    return [finding for finding in findings if finding.about != "configuration"]


def _disk(o: Total) -> list[Finding]:
    free = n_free(state.database())
    if o.disk_bytes is None:
        return [Finding("disk", "note", f"{widgets.size(free)} free; a policy's size is unknown")]
    if not o.n_policies:
        return []
    along = ", the weights kept along the way" if any(run.kept_bytes for run in o.runs) else ""
    needs = f"{o.n_policies} trained policies{along} and a checkpoint: {widgets.size(o.disk_bytes)}"
    fits = o.disk_bytes < free
    return [
        Finding(
            "disk",
            "ok" if fits else "change",
            f"{needs}{_together(o)}, {widgets.size(free)} free"
            + ("" if fits else ". Run fewer iterations, or put the database elsewhere."),
        )
    ]


def _together(o: Total) -> str:
    return f" of {len(o.runs)} runs together" if len(o.runs) > 1 else ""


def _figures(o: Total, configs: Sequence[RunConfig]) -> None:
    """configs: one per method."""
    with st.container(horizontal=True, gap="medium"):
        st.metric("Responses", f"{o.n_responses:,}", width="content")
        st.metric("To evaluate", f"{o.n_evaluated:,}", width="content")
        if o.seconds is not None:
            st.metric("Sampling", duration(o.seconds), width="content")
    n_runs = len(o.runs)
    if n_runs > 1:
        st.caption(
            f"All figures are of {n_runs} runs together. Runs that sample alike share what is"
            " drawn once, such as the pre-samples of a seed: it can be less."
        )
    for said in dict.fromkeys(line for config in configs for line in _per_iteration(config)):
        st.caption(said)
    measured = o.runs[0].measured
    if o.n_tokens is not None and measured:
        st.caption(
            f"About {o.n_tokens:,.0f} tokens, and the time without trainings, as measured in"
            f" {inert.markdown(measured.run_name)}: {measured.mean_tokens:.0f} tokens"
            f" per response, {measured.tokens_per_s:,.0f} tokens per second."
        )
    elif not configs[0].is_recorded:
        st.caption(
            f"At most {o.most_tokens:,} tokens. How long that takes is not known before these"
            " models have sampled here once."
        )


def _per_iteration(config: RunConfig) -> Iterator[str]:
    """What one run draws again and again, in sentences."""
    p, t = config.problems, config.training
    each = p.n_train * config.sampling.n
    yield f"{each:,} responses per iteration: {p.n_train:,} problems times n."
    if t.evaluate_every_steps:
        n_problems = min(t.evaluate_problems, p.n_held_out)
        yield (
            f"And {n_problems:,} held-out problems × 1 greedy response every"
            f" {t.evaluate_every_steps:,} steps of a training; how many steps it has is known once"
            " there are pairs."
        )
