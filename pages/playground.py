"""What does a policy answer, before and after training?"""

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import inert, state, visitor, widgets
from app.response_card import STATUS, answer_steps
from app.sampling_fields import all_settings
from app.score_colours import full_at
from engine import store
from engine.config.splitter import BLANK_LINE
from engine.errors import EngineError
from engine.jobs import playground
from engine.store.runs import PolicyUse
from engine.study.handle import Iteration
from engine.types import SamplingSettings

EXCHANGE = "playground_exchange"


def policies() -> dict[str, PolicyUse]:
    """Policies that can be asked, rows by id; those of the run on screen come first, and name what
    runs share.
    """
    rows = [
        row
        for row in store.runs.policies(state.database())
        if not Iteration(state.database(), row.run_id, 0).config.is_recorded
    ]
    known: dict[str, PolicyUse] = {}
    for row in sorted(rows, key=lambda row: row.run_id != chosen.run_id):
        known.setdefault(row.policy_id, row)
    return known


def form(known: dict[str, PolicyUse]) -> None:
    example = example_problem()
    with st.form("ask"):
        text = st.text_area(
            "Question",
            value=example.question[: playground.MOST_CHARS],
            height=110,
            max_chars=playground.MOST_CHARS,
            key=f"question_{example.id}",
        )
        fields = st.grid(3, min_column_width=widgets.LONG_FIELD)
        wanted = policy_fields(fields, known)
        answer = fields.text_input(
            "Reference answer (optional)",
            value=example.answer,
            key=f"answer_{example.id}",
            help="With it every response is graded.",
        )
        folder = folder_field(fields)
        n, temperature, seed = sampling_fields(fields)
        scorer = scorer_field()
        is_asked = visitor.submit(st, "Ask", type="primary", icon=":material/play_arrow:")
    settings = replace(more_settings(), temperature=temperature)
    if is_asked:
        is_example = (text, answer) == (example.question, example.answer)
        question = playground.Question(
            text,
            answer,
            n,
            settings,
            seed,
            chosen.config.placement,
            example.reference if is_example else None,
            scorer,
        )
        submit(question, wanted, folder)


def more_settings() -> SamplingSettings:
    """Every sampling setting, as the run has it until somebody opens them."""
    own = chosen.config.train_settings()
    more = st.expander("All sampling settings", key="more_settings", on_change="rerun")
    if not more.open and "ask_most" not in st.session_state:
        return own
    with more:
        return all_settings(chosen.config)


def folder_field(fields: DeltaGenerator) -> str:
    """A model of one's own that is asked beside the policy; empty for none."""
    return fields.text_input(
        "Any model beside it (optional)",
        key="folder",
        help="A model folder on this machine, or a hub id that is in the cache. It takes the"
        " place of the second policy.",
    ).strip()


def scorer_field() -> playground.Scorer | None:
    """The run's reward model, where it has one and a person wants step scores."""
    scorer = playground.scorer(chosen)
    is_wanted = scorer is not None and st.toggle(
        "Step scores",
        key="is_scored",
        help="When all responses are drawn, the run's reward model is loaded and scores them.",
    )
    return scorer if is_wanted else None


def policy_fields(fields: DeltaGenerator, known: dict[str, PolicyUse]) -> list[str | None]:
    """Ids of the policy to ask and of the one beside it, None for no second one; preset is one
    that the run on screen has trained.
    """
    name = lambda id: (
        f"M{known[id].number} · {known[id].run_name} · {id[:8]}" if id else "No second policy"
    )
    ids = list(known)
    after = next(
        (
            i
            for i, id in enumerate(ids)
            if known[id].run_id == chosen.run_id and known[id].number > 0
        ),
        -1,
    )
    return [
        fields.selectbox("Policy", ids, format_func=name, key="left_policy"),
        fields.selectbox(
            "Beside it", [None, *ids], index=after + 1, format_func=name, key="right_policy"
        ),
    ]


def sampling_fields(fields: DeltaGenerator) -> tuple[int, float, int]:
    """Responses of each policy, temperature, seed."""
    n = fields.number_input("Responses each", 1, playground.MOST_RESPONSES, 4, key="n_responses")
    temperature = fields.number_input(
        "Temperature",
        0.0,
        2.0,
        chosen.config.sampling.temperature,
        0.1,
        key="temperature",
        help="0 is greedy: all responses are equal.",
    )
    seed = fields.number_input(
        "Seed",
        0,
        2**31,
        0,
        key="seed",
        help="The same question, settings and seed give the same responses.",
    )
    return n, temperature, seed


def example_problem():
    """The problem that the URL names, else the run's first."""
    return store.problems.training_problem(chosen, state.kept("problem"))


def submit(question: playground.Question, wanted: list[str | None], folder: str) -> None:
    before = st.session_state.get(EXCHANGE)
    if before and not before.is_done:
        st.info(
            "The last question is still being answered: wait, or stop it, and ask again.",
            icon=":material/hourglass_empty:",
        )
        return
    ids = wanted[:1] if folder else wanted
    try:
        policies = [playground.asked(chosen, id) for id in dict.fromkeys(ids) if id]
        policies += (
            [playground.asked_folder(chosen, visitor.model(folder, "The folder"))] if folder else []
        )
        policies = list({policy.policy_id: policy for policy in policies}.values())
        st.session_state[EXCHANGE] = playground.ask(state.runner(), question, policies)
    except EngineError as error:
        st.error(inert.markdown(str(error)), icon=":material/error:")


def answers(exchange: playground.Exchange, known: dict[str, PolicyUse]) -> None:
    """What has been answered so far, side by side; drawn again every second until all is there."""
    if not exchange.is_done:
        done = (
            f"{exchange.n_done} of {exchange.n_total} responses"
            if exchange.n_done
            else "loading the policy"
        )
        doing = "Scoring" if exchange.is_scoring else "Sampling"
        st.progress(exchange.n_done / exchange.n_total, text=f"{doing} · {done}")
        st.button("Stop", icon=":material/stop_circle:", on_click=exchange.stop)
    elif st.session_state.get("drawn_exchange") is not exchange:
        st.session_state["drawn_exchange"] = exchange
        st.rerun()
    if exchange.error:
        st.warning(inert.markdown(exchange.error), icon=":material/hourglass_empty:")
    for column, policy in zip(
        widgets.columns(len(exchange.policies), least=widgets.PART), exchange.policies
    ):
        with column:
            one_policy(
                policy.policy_id,
                known.get(policy.policy_id),
                exchange.answers.get(policy.policy_id, []),
                exchange.question.scorer,
            )


def one_policy(
    policy_id: str,
    row: PolicyUse | None,
    policy_answers: list[playground.Answer],
    by: playground.Scorer | None,
) -> None:
    st.subheader(f"M{row.number}" if row else policy_id[:8], help=f"Policy {policy_id}")
    graded = [a.verdict for a in policy_answers if a.verdict]
    if graded:
        st.caption(f"{sum(v.correct for v in graded)} of {len(graded)} correct")
    for a in policy_answers:
        with st.container(border=True):
            badge = STATUS[a.verdict.status] if a.verdict else ""
            cut = " · :orange-badge[truncated]" if a.response.truncated else ""
            st.markdown(
                f"**Response {a.response.index}** {badge} · {a.response.n_tokens:,} tokens{cut}"
            )
            answer_steps(
                a.response.text,
                a.scores.scores if a.scores and a.scores.status == "ok" else None,
                answer_at=a.response.answer_at,
                scored=by.scored if by else "response",
                splitter=by.splitter if by else BLANK_LINE,
                full=full_at(chosen),
            )
            if a.scores and a.scores.reward is not None:
                st.caption(f"Process reward {a.scores.reward:.3f}")


chosen = widgets.need_run()
st.title("Playground")
st.caption(
    "One question to two policies, side by side. The responses stay in this tab: no run, no"
    " estimate and no pair ever sees them."
)
if chosen.config.is_recorded:
    widgets.nothing_yet(
        "This run replays recorded responses: there is no policy to ask. Start a run with a"
        " policy.",
        "home.py",
    )
known = policies()
form(known)
if exchange := st.session_state.get(EXCHANGE):
    st.fragment(answers, run_every=None if exchange.is_done else 1)(exchange, known)
