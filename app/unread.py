"""What a page shows where the engine refused something that the page did not expect, such as
reading a damaged database: the sentence, and not a traceback.
"""

import streamlit as st

from app import inert
from engine.errors import EngineError


def say(error: Exception) -> bool:
    """Show an error of the engine's as its sentence. Returns: whether it was one; what is not has a
    mistake of ours behind it, and Streamlit shows it with where it happened.
    """
    if not isinstance(error, EngineError):
        return False
    st.error(inert.markdown(str(error)), icon=":material/error:")
    return True
