"""HS-STaR Studio: page configuration and navigation. Start with: streamlit run app/main.py [-- --db
FILE]

Streamlit imports this file for its server, with the door in front, and runs it as a script for
every page.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import streamlit as st

from app import job_banner, state, system, unread, visitor, widgets
from app.collection import keep_what_is_loaded
from app.door.opening import door
from app.shortcuts import shortcuts
from app.streamlit_internals.address import replace_settings
from app.streamlit_internals.parts import load_parts
from app.streamlit_internals.room import use_room


def main() -> None:
    visitor.come_in()
    st.set_page_config(
        page_title=job_banner.TITLE,
        page_icon=str(ROOT / "app" / "icon.svg"),
        layout="wide",
    )
    pages = {
        file: st.Page(ROOT / "pages" / file, title=title, icon=icon, default=file == "home.py")
        for file, (title, icon) in widgets.PAGES.items()
    }
    page = st.navigation(list(pages.values()), position="hidden")
    current = next(file for file, known in pages.items() if known == page)
    state.database()  # one that cannot be opened is said here: a narrow window hides the sidebar
    with st.sidebar:
        widgets.run_picker()
        widgets.navigation(current)
        system.panel()
        shortcuts()
        replace_settings((*state.SETTINGS, state.ROW, state.PAIR))
        load_parts()
    use_room()
    st.set_page_config(page_title=job_banner.title_of_tab())
    job_banner.look()
    job_banner.banner()
    page.run()
    keep_what_is_loaded()


if __name__ == "__main__":
    main()
else:
    app = st.App(__file__, middleware=door(), on_script_error=unread.say)
