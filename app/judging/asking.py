"""Who is asked, what, and about how many responses."""

from dataclasses import replace

import streamlit as st

from app import start_run, visitor, widgets
from engine import store
from engine.config import JudgeConfig
from engine.errors import EngineError
from engine.judging import Asked, Judge, ask_judge
from engine.study.handle import Iteration


def form(it: Iteration) -> Judge | None:
    """The judge as it stands in the fields, with the button that asks it; None where it cannot be
    asked.
    """
    st.caption(
        "A language model is asked whether an answer that the rules call wrong, or could not check,"
        " means what the reference means. Its opinion stands beside the verdict and changes none"
        + (
            ", but what it calls the same counts as correct, as judge.counts says."
            if it.config.judge.counts == "same"
            else "."
        )
    )
    settings = _fields(it.config.judge, it.run_id)
    if not settings.base_url:
        st.info(
            "Nobody is asked yet. Give an OpenAI-compatible server and a model of its list; a key"
            " is taken from the environment, HS_STAR_API_KEY or OPENAI_API_KEY.",
            icon=":material/gavel:",
        )
        return None
    try:
        judge = Judge.asked_for(settings)
    except EngineError as error:
        start_run.refuse(error)
        return None
    n_owed = len(store.opinions.owed(it, judge.id))
    if visitor.button(
        st,
        f"Ask about {n_owed:,} responses" if n_owed else "Everything was asked",
        type="primary",
        disabled=not n_owed,
        icon=":material/gavel:",
    ):
        _ask(it, judge)
    return judge


def _fields(config: JudgeConfig, run_id: str) -> JudgeConfig:
    left, right = widgets.columns(2, least=widgets.LONG_FIELD)
    base_url = left.text_input(
        "Server",
        config.base_url,
        placeholder="http://127.0.0.1:8000/v1",
        key=f"judge_server_{run_id}",
    )
    model = right.text_input("Model", config.model, key=f"judge_model_{run_id}")
    with st.expander("What is asked"):
        prompt = st.text_area("Prompt", config.prompt, height=260, key=f"judge_prompt_{run_id}")
        st.caption("With {reference} and {answer}, and {question} where it is wanted.")
    return replace(config, base_url=base_url.strip(), model=model.strip(), prompt=prompt)


def _ask(it: Iteration, judge: Judge) -> None:
    """Blocks this page; every batch is stored, so that leaving it loses nothing."""
    bar = st.progress(0.0, text="Asking")

    def report(so_far: Asked) -> None:
        bar.progress(
            so_far.n_asked / max(so_far.n_owed, 1),
            text=f"{so_far.n_asked:,} of {so_far.n_owed:,} asked",
        )

    try:
        ask_judge(it, judge, report)
    except EngineError as error:
        start_run.refuse(error)
        return
    st.rerun()
