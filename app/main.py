"""HS-STaR Studio: page configuration and navigation. Start with: streamlit run app/main.py [-- --db FILE]"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import streamlit as st

from app import widgets

PAGES = (
    ("home.py", "Home", ":material/home:"),
    ("data.py", "Data", ":material/upload_file:"),
    ("difficulty.py", "Difficulty", ":material/scatter_plot:"),
    ("responses.py", "Responses", ":material/forum:"),
    ("pairs.py", "Pairs", ":material/compare_arrows:"),
    ("training.py", "Training", ":material/trending_up:"),
    ("compare.py", "Compare", ":material/leaderboard:"),
    ("export.py", "Export", ":material/download:"),
)


def main() -> None:
    st.set_page_config(page_title="HS-STaR Studio", page_icon=str(ROOT / "app" / "icon.svg"), layout="wide")
    pages = [
        st.Page(ROOT / "pages" / file, title=title, icon=icon, default=file == "home.py") for file, title, icon in PAGES
    ]
    page = st.navigation(pages)
    with st.sidebar:
        widgets.run_picker()
    widgets.job_banner()
    page.run()


if __name__ == "__main__":
    main()
