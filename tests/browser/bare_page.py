"""A Streamlit page with the widgets that the dashboard uses and nothing of the dashboard: what axe
finds here is Streamlit's own.
"""

import plotly.graph_objects as go
import streamlit as st


def bare() -> None:
    st.title("Bare")
    with st.sidebar:
        st.selectbox("Run", ["a", "b"])
        st.page_link(page, label="Bare", icon=":material/home:", width="stretch")
    st.caption("A caption with `code`")
    st.info("Some information", icon=":material/info:")
    st.warning("A warning")
    st.error("An error")
    st.success("A success")
    st.markdown(
        ":blue-badge[correct] :orange-badge[wrong] :gray-badge[none] :violet-badge[overridden]"
        " :gray[gray] `code`"
    )
    st.progress(0.5, text="Half")
    st.metric("Metric", "50 %", "1 point")
    st.metric("With a chart", "50 %", chart_data=[1, 2], chart_type="area")
    st.slider("Slider", 0.0, 1.0)
    st.slider("Disabled slider", 0.0, 1.0, disabled=True)
    st.slider("Range", 0.0, 1.0, (0.0, 1.0))
    st.number_input("Number", 0, 10)
    st.text_input("Text", placeholder="A placeholder", help="Help")
    st.text_area("Area")
    st.toggle("Toggle")
    st.pills("Pills", ["a", "b"], selection_mode="multi")
    st.segmented_control("Segments", ["a", "b"], default="a")
    st.multiselect("Many", ["a", "b"], placeholder="Choose")
    st.multiselect("Disabled", ["a", "b"], disabled=True)
    st.radio("Radio", ["a", "b"], horizontal=True)
    st.file_uploader("File")
    st.button("Button")
    st.button("Primary", type="primary")
    st.download_button("Download", "text")
    st.tabs(["One", "Two"])
    with st.form("form"):
        st.form_submit_button("Submit")
    with st.expander("Expander"):
        st.write("inside")
    with st.expander("Compact", type="compact"):
        st.write("inside")
    with st.popover("Popover"):
        st.write("inside")
    st.code("plain", language=None, wrap_lines=True)
    st.latex("x^2")
    st.dataframe([{"a": 1}], on_select="rerun", selection_mode="single-row")
    st.plotly_chart(
        go.Figure(go.Scatter(x=[1, 2], y=[1, 2])), alt="A chart", config={"displayModeBar": False}
    )


st.set_page_config(layout="wide")
page = st.Page(bare, title="Bare")
st.navigation([page], position="hidden").run()
