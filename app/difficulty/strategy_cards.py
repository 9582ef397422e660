"""What the strategies would buy with the rest of the budget: a card for each method, a table of all
of them.
"""

from dataclasses import asdict

import streamlit as st

from app import inert, state, widgets
from app.difficulty import options
from engine import store
from engine.errors import EngineError
from engine.figures.offers import Offer, offers
from engine.jobs.pace import duration
from engine.method.strategies import Group, strategies
from engine.store.samples import Estimates
from engine.study.handle import Iteration
from engine.types import Choice

GROUPS: dict[Group, str] = {
    "paper": "HS-STaR",
    "ours": "Ours",
    "published": "Published elsewhere",
}
CARDS: dict[Group, tuple[str, ...]] = {
    "paper": ("boundary", "uniform"),
    "ours": ("lookahead", "posterior", "band"),
    "published": ("knapsack", "coba", "vip", "reinforce_ada", "pilot_commit", "dast"),
}
"""Who has a card; the table below them has everybody of the group."""
ROW = 4
"""Cards beside each other."""


@st.cache_data(show_spinner=False, max_entries=32)
def _offers(run_id: str, iteration: int, now: Choice, group: Group, stored: tuple) -> list[dict]:
    """stored: what makes the same question a new one, such as the number of judged responses."""
    it = Iteration(state.database(), run_id, iteration)
    given = {"tau_l": now.tau_l, "tau_h": now.tau_h, "mode": now.mode}
    return [asdict(offer) for offer in offers(it, **given, own=now, group=group)]


def strategy_cards(
    chosen: Iteration, now: Choice, e: Estimates, stored: tuple, *, locked: bool
) -> None:
    """Cards for the methods of a group, then all of it as a table: half a second of work at 10,000
    problems, seconds at a million.
    """
    st.caption(
        "Expected pairs come from the posterior of each problem's pass rate; the time from the rate"
        " measured while pre-sampling."
    )
    stored = (*stored, store.side_samples.counts(chosen))
    group = _group_chosen(now)
    if not locked:
        options.fields(chosen, now, place="cards")
    try:
        plain = _offers(chosen.run_id, chosen.number, now, group, stored)
    except EngineError as error:
        st.warning(inert.markdown(str(error)), icon=":material/error:")
        return
    strategy_offers = [Offer(**row) for row in plain]
    own = {o.strategy: o for o in strategy_offers if o.mode == now.mode}
    shown = [name for name in (now.strategy, *CARDS[group]) if name in own]
    shown = list(dict.fromkeys(shown))
    cards = st.grid(min(ROW, len(shown)), min_column_width=widgets.FIELD, border=True)
    for name in shown:
        with cards.cell():
            _card(own[name], is_chosen=name == now.strategy, locked=locked)
    st.dataframe([_row(o) for o in strategy_offers], hide_index=True)


def _group_chosen(now: Choice) -> Group:
    """Whose rules are shown: first those that the chosen strategy is one of."""
    own = strategies()[now.strategy].group
    by_label: dict[str, Group] = {label: group for group, label in GROUPS.items()}
    picked = st.segmented_control(
        "Whose rules",
        list(by_label),
        default=GROUPS[own],
        key="card_group",
        label_visibility="collapsed",
    )
    return by_label.get(picked or "", own)


def _card(offer: Offer, *, is_chosen: bool, locked: bool) -> None:
    st.markdown(f"**{offer.label}**" + (" :blue-badge[chosen]" if is_chosen else ""))
    st.metric(
        "Expected pairs",
        f"{offer.expected_pairs:,.0f}",
        help=f"{offer.n_foregone:,} pairs of other problems' pre-samples foregone.",
    )
    st.caption(f"{_spent(offer)}  \n{_cost(offer)}")
    if source := strategies()[offer.strategy].source:
        st.caption(source)
    if not locked and not is_chosen:
        st.button(
            "Choose",
            key=f"card_{offer.strategy}",
            on_click=state.keep,
            kwargs={"strategy": offer.strategy, "options": None},
            width="stretch",
        )


def _spent(offer: Offer) -> str:
    parts = ", ".join(f"{n:,} {name}" for name, n in offer.n_responses.items() if n)
    unspent = f"{offer.n_unspent:,} unspent" if offer.n_unspent else ""
    return ", ".join(part for part in (parts, unspent) if part) or "nothing to spend"


def _cost(offer: Offer) -> str:
    minutes = f", {duration(offer.minutes * 60)}" if offer.minutes is not None else ""
    return f"about {offer.n_tokens:,.0f} tokens{minutes}"


def _row(offer: Offer) -> dict:
    return {
        "Strategy": offer.label,
        **{f"To {name}": n for name, n in offer.n_responses.items()},
        "Unspent": offer.n_unspent,
        "Problems that may give pairs": offer.n_covered,
        "Expected pairs": round(offer.expected_pairs, 1),
        "Pairs foregone": offer.n_foregone,
        "Tokens": round(offer.n_tokens),
        "Time": None if offer.minutes is None else duration(60 * offer.minutes),
    }
