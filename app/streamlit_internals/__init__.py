"""Every dependence on the inside of Streamlit, each with a test of what it assumes."""
