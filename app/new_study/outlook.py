"""What stands beside the form: what is wrong or missing, memory, responses, tokens, time, disk."""

import json

import streamlit as st

from app import inert, state, widgets
from engine.config import RunConfig, parse_config, plain_config
from engine.doctor.configuration import examine
from engine.doctor.finding import Finding
from engine.doctor.storage import n_free
from engine.figures.outlook import Outlook, outlook
from engine.jobs.pace import duration

MARKS = {
    "change": ":red[:material/error: change]",
    "ask": ":orange[:material/help: ask]",
    "note": ":gray[:material/info: note]",
    "ok": ":green[:material/check_circle: fine]",
}
"""In the order they are shown."""


def beside(config: RunConfig) -> list[Finding]:
    """Draw all of it, of a configuration that the visitor may name: problem files, models and
    tokenizers in it are read. Returns: the findings.
    """
    o = outlook(state.database(), config)
    findings = [*_examined(_key(config)), *_disk(o)]
    st.subheader("What it would take")
    _figures(o, config)
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


def _disk(o: Outlook) -> list[Finding]:
    free = n_free(state.database())
    if o.disk_bytes is None:
        return [Finding("disk", "note", f"{widgets.size(free)} free; the policy's size is unknown")]
    if not o.n_policies:
        return []
    along = ", the weights kept along the way" if o.kept_bytes else ""
    needs = f"{o.n_policies} trained policies{along} and a checkpoint: {widgets.size(o.disk_bytes)}"
    fits = o.disk_bytes < free
    return [
        Finding(
            "disk",
            "ok" if fits else "change",
            f"{needs}, {widgets.size(free)} free"
            + ("" if fits else ". Run fewer iterations, or put the database elsewhere."),
        )
    ]


def _figures(o: Outlook, config: RunConfig) -> None:
    n, each = o.n_responses, config.problems.n_train * config.sampling.n
    with st.container(horizontal=True, gap="medium"):
        st.metric("Responses", f"{n:,}", width="content")
        st.metric("To evaluate", f"{o.n_evaluated:,}", width="content")
        if o.seconds is not None:
            st.metric("Sampling", duration(o.seconds), width="content")
    st.caption(f"{each:,} responses per iteration: {config.problems.n_train:,} problems times n.")
    t = config.training
    if t.evaluate_every_steps:
        n_problems = min(t.evaluate_problems, config.problems.n_held_out)
        st.caption(
            f"And {n_problems:,} held-out problems × 1 greedy response every"
            f" {t.evaluate_every_steps:,} steps of a training; how many steps it has is known once"
            " there are pairs."
        )
    if o.measured:
        st.caption(
            f"About {o.n_tokens:,.0f} tokens, and the time without trainings, as measured in"
            f" {inert.markdown(o.measured.run_name)}: {o.measured.mean_tokens:.0f} tokens"
            f" per response, {o.measured.tokens_per_s:,.0f} tokens per second."
        )
    elif not config.is_recorded:
        st.caption(
            f"At most {o.most_tokens:,} tokens. How long that takes is not known before these"
            " models have sampled here once."
        )
