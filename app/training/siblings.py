"""Every training of an iteration with its settings and what its policy can do, on Training and on
Compare.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import streamlit as st

from app import charts, inert, state, widgets
from engine import store
from engine.config import TrainingConfig, training_config
from engine.config.used import unused
from engine.figures.evaluation import Evaluation, evaluations, gain
from engine.figures.siblings import MAKERS, Sibling, siblings
from engine.figures.text import points, share
from engine.store.jobs import Job
from engine.study.checkpoints import picked
from engine.study.handle import Iteration
from engine.types import JobKind, JobState


def settings_of(chosen: Iteration, job: Job) -> str:
    """What a training was told, in one line: method, and every setting that it uses and that is
    other than the default.
    """
    pick = picked(chosen.db, job)
    params = store.jobs.get(chosen.db, pick.job_id).params if pick else job.params
    used = asdict(training_config(chosen.config.training, params))
    plain = asdict(TrainingConfig())
    left_out = {"method", *unused(used["method"], used["keep_above"])}
    others = [f"{k} {said(v)}" for k, v in used.items() if k not in left_out and v != plain[k]]
    return ", ".join([str(used["method"]).upper(), *others])


def changed_for(chosen: Iteration, job: Job) -> str:
    """What a person changed for one training, or which step of which one was picked, by whom; ""
    for nothing.
    """
    if pick := picked(chosen.db, job):
        of = next((s.name for s in siblings(chosen) if s.job.id == pick.job_id), pick.job_id)
        return f"step {pick.step} of {of}, picked by {state.who(pick.made_by)}"
    return ", ".join(f"{name} {said(value)}" for name, value in job.params.items())


def said(value: Any) -> str:
    """A setting's value in words."""
    return " + ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def trainings_table(chosen: Iteration) -> None:
    """Every training of the iteration, where there are several: its policy, settings, accuracy."""
    jobs = [
        job
        for job in store.jobs.of_run(state.database(), chosen.run_id, chosen.number)
        if job.kind in MAKERS
    ]
    if len(jobs) < 2:
        return
    trained = {s.job.id: s for s in siblings(chosen)}
    before = _before(chosen)
    st.dataframe(
        [_row(chosen, job, trained.get(job.id), before) for job in jobs if _is_shown(job, trained)],
        hide_index=True,
        alt="Trainings of this iteration, their settings and what their policies can do",
    )
    going = next((s for s in reversed(trained.values()) if s.goes_on), None)
    if going and len(trained) > 1:
        st.caption(
            f"The run goes on with {going.name}: what other figures call M{chosen.number + 1} is"
            f" {going.name} here. {inert.markdown(_told(chosen, going))}"
        )


def siblings_on_compare(chosen: Iteration) -> None:
    """The same, and accuracy before and after by training."""
    before = _before(chosen)
    after = {_called(chosen, s): s.evaluation for s in siblings(chosen) if s.evaluation}
    if len(after) > 1 and before is not None:
        st.markdown(f"**Trainings of iteration {chosen.number}**")
        st.plotly_chart(
            charts.compared(
                {name: [_point(before), _point(e)] for name, e in after.items()},
                title=f"Held-out accuracy by training, mean of {before.n}",
            ),
            key="siblings",
            config=widgets.chart_config(),
            alt="Held-out accuracy before and after every training of this iteration",
        )
    trainings_table(chosen)


def _row(
    chosen: Iteration, job: Job, trained: Sibling | None, before: Evaluation | None
) -> dict[str, str]:
    after = trained.evaluation if trained else None
    return {
        "Policy": trained.name if trained else "",
        "State": str(job.state),
        "Changed for it": changed_for(chosen, job) or "nothing",
        "Greedy %": share(after.greedy_interval()) if after else "–",
        "Mean %": share(after.mean_interval()) if after else "–",
        f"Gain over M{chosen.number}": points(gain(before, after)) if before and after else "–",
        "Settings": settings_of(chosen, job),
    }


def _is_shown(job: Job, trained: Mapping[str, Sibling]) -> bool:
    """All but picks of weights that are a policy here already."""
    return job.kind is JobKind.TRAIN or job.id in trained or job.state is not JobState.DONE


def _before(chosen: Iteration) -> Evaluation | None:
    known = evaluations(chosen.db, chosen.run_id)
    return next((e for e in known if e.number == chosen.number), None)


def _called(chosen: Iteration, sibling: Sibling) -> str:
    return f"{sibling.name}: {changed_for(chosen, sibling.job) or 'as the run says'}"


def _told(chosen: Iteration, sibling: Sibling) -> str:
    pick = sibling.pick
    step = ""
    if pick:
        who = f"by {state.who(pick.made_by)} on {pick.made_at:%Y-%m-%d %H:%M} UTC"
        step = f"Its weights are those of step {pick.step}, picked {who}. "
    return f"{step}Its settings: {settings_of(chosen, sibling.job)}."


def _point(e: Evaluation) -> tuple[int, float, float, float]:
    interval = e.mean_interval()
    return e.number, interval.value, interval.low, interval.high
