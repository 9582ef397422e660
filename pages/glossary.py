"""What does that word mean here?"""

import re

import streamlit as st

from app import state, widgets
from app.glossary import GROUPS, Term

_SYMBOL = re.compile(r"\b[Mn]'?_\w\b|\bn\*(?=\W)")


def entry(term: Term) -> str:
    """A term as one piece of Markdown: a hundred small elements would cost the browser a second."""
    formula = f"$\\displaystyle {term.formula}$" if term.formula else ""
    parts = (
        f"**{symbols(term.name)}**",
        formula,
        symbols(term.meaning),
        f":small[:gray[Source: {term.source}]]",
    )
    return "\n\n".join(part for part in parts if part)


def symbols(text: str) -> str:
    """M_0, n_i and the like as formulas."""
    return _SYMBOL.sub(lambda match: f"${match[0]}$", text)


def fits(term: Term, wanted: str) -> bool:
    return wanted.strip().lower() in f"{term.name} {term.meaning}".lower()


state.selected()
st.title("Glossary")
wanted = st.text_input("Search", key="glossary_search", placeholder="for example: boundary")
matches = {group: [term for term in terms if fits(term, wanted)] for group, terms in GROUPS.items()}
if not any(matches.values()):
    st.info(
        "No term contains that. Search for another word, or empty the field.",
        icon=":material/search_off:",
    )
for group, terms in matches.items():
    if terms:
        st.subheader(group)
        cards = st.grid(2, min_column_width=widgets.PART, border=True)
        for term in terms:
            cards.markdown(entry(term))
