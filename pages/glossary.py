"""What does that word mean here?"""

import streamlit as st

from app import state
from app.terms import GROUPS, Term


def entry(term: Term) -> None:
    with st.container(border=True, height="stretch"):
        st.markdown(f"**{term.name.replace('_', chr(92) + '_')}**")
        if term.formula:
            st.latex(term.formula)
        st.markdown(term.meaning.replace("_", "\\_"))
        st.caption(f"Source: {term.source}")


def fits(term: Term, wanted: str) -> bool:
    return wanted.strip().lower() in f"{term.name} {term.meaning}".lower()


state.selected()
st.title("Glossary")
wanted = st.text_input("Search", key="glossary_search", placeholder="for example: boundary")
found = {group: [term for term in terms if fits(term, wanted)] for group, terms in GROUPS.items()}
if not any(found.values()):
    st.info("No term contains that. Search for another word, or empty the field.", icon=":material/search_off:")
for group, terms in found.items():
    if terms:
        st.subheader(group)
    for start in range(0, len(terms), 2):
        for column, term in zip(st.columns(2), terms[start : start + 2]):
            with column:
                entry(term)
