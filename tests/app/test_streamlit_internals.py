"""What app/streamlit_internals takes for granted of Streamlit, one test each, in the order of its
list. One that fails after an update says what to look at there.
"""

import gc
import inspect
import json
import re
import tomllib
from pathlib import Path
from unittest.mock import MagicMock

import pytest
import streamlit as st
from streamlit import config
from streamlit.components.v2.types import ComponentRenderer
from streamlit.elements.lib.shortcut_utils import normalize_shortcut
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import ScriptRunner
from streamlit.testing.v1 import AppTest
from streamlit.web.server.app_discovery import discover_asgi_app
from streamlit.web.server.starlette import starlette_websocket
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from app.components import difficulty_plot
from app.streamlit_internals import identity
from app.streamlit_internals.parts import PARTS, files
from engine.paths import ROOT

STATIC = Path(st.__file__).parent / "static"
SCRIPTS = STATIC / "static" / "js"
OURS = ROOT / "app" / ".streamlit" / "config.toml"
ROOM = ROOT / "app" / "streamlit_internals" / "room" / "__init__.py"
POST_SCRIPT_GC = "runner.postScriptGC"


def entry() -> str:
    """The name of the front end's first module script, as our own script finds it in the page."""
    scripts = re.findall(r"<script\b[^>]*>", (STATIC / "index.html").read_text(encoding="utf-8"))
    sources = [
        source
        for script in scripts
        if 'type="module"' in script
        for source in re.findall(r'src="([^"]*)"', script)
    ]
    folder, _, name = next(s for s in sources if "/static/js/" in s).rpartition("/")
    assert folder == "./static/js"
    return name


def script(name: str) -> str:
    return (SCRIPTS / name).read_text(encoding="utf-8")


def component_script() -> str:
    (found,) = SCRIPTS.glob("BidiComponent.*.js")
    return found.read_text(encoding="utf-8")


def test_the_front_end_pushes_queries_and_pages_through_the_function_that_address_wraps():
    assert len(re.findall(r"\bwindow\.history\.pushState\(", script(entry()))) == 2
    everywhere = [file.read_text(encoding="utf-8") for file in SCRIPTS.glob("*.js")]
    assert not any("History.prototype" in text for text in everywhere)


def test_query_params_have_no_way_to_replace_a_history_entry():
    proxy = type(st.query_params)
    assert list(inspect.signature(proxy.from_dict).parameters) == ["self", "params"]
    assert not [name for name in dir(proxy) if "replace" in name or "history" in name]


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_one_file_that_the_front_end_loads_when_it_is_shown(part):
    (name,) = [name for name in files() if name.startswith(f"{part}.")]
    importing = re.compile(rf"import\([`'\"]\./{re.escape(name)}[`'\"]\)")
    assert any(importing.search(file.read_text(encoding="utf-8")) for file in SCRIPTS.glob("*.js"))
    assert f'from"./{name}"' not in script(entry()), "it is loaded with the first page anyhow"


def test_the_parts_stand_beside_the_first_module_script_of_the_page():
    assert (SCRIPTS / entry()).is_file()
    assert all((SCRIPTS / name).is_file() for name in files())


def test_a_components_script_runs_in_the_page_with_what_ours_ask_for():
    source = component_script()
    assert "iframe" not in source.lower()
    (given,) = source.split(".default({")[1:]
    for name in ("data", "parentElement", "setTriggerValue"):
        assert re.search(rf"\b{name}:", given), name


def test_a_component_is_registered_and_mounted_as_we_do_it():
    assert {"name", "html", "css", "js"} <= set(
        inspect.signature(st.components.v2.component).parameters
    )
    mounting = inspect.signature(ComponentRenderer.__call__).parameters
    assert {"key", "data"} <= set(mounting)
    assert any(one.kind is one.VAR_KEYWORD for one in mounting.values())

    def page():
        import pandas as pd
        import streamlit as st

        mount = st.components.v2.component("ours", html="<p>", css="p {}", js="export default 1")
        data = {"lines": [0.2, 0.8], "points": pd.DataFrame({"x": [1]}), "none": None}
        mount(key="plot", data=data, on_tau_change=lambda: None)
        st.write(f"{st.session_state['plot'].get('tau')}")

    shown = AppTest.from_function(page).run()
    assert not shown.exception
    assert [text.value for text in shown.markdown] == ["None"]


def test_the_theme_reaches_a_component_under_the_names_that_the_plot_reads():
    source, package = component_script(), Path(difficulty_plot.__file__).parent
    assert "`--st`" in source
    read = {
        name
        for file in [*package.glob("*.css"), *package.glob("*.js")]
        for name in re.findall(r"--st-([a-z-]+)", file.read_text(encoding="utf-8"))
    }
    assert {"blue-color", "orange-color", "text-color"} <= read
    options = {re.sub(r"-(\w)", lambda match: match[1].upper(), name) for name in read}
    assert {name for name in options if not re.search(rf"\b{name}:", source)} == set()


def test_the_configuration_beside_the_entry_point_applies_from_every_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(config, "_main_script_path", str(ROOT / "app" / "main.py"))
    assert str(OURS) in config.get_config_files("config.toml")


def options(table: dict, prefix: str = "") -> list[str]:
    """Dotted names of all options in a configuration file."""
    return [
        name
        for key, value in table.items()
        for name in (
            options(value, f"{prefix}{key}.") if isinstance(value, dict) else [f"{prefix}{key}"]
        )
    ]


@pytest.mark.parametrize("option", options(tomllib.loads(OURS.read_text(encoding="utf-8"))))
def test_every_option_that_is_set_is_known(option):
    assert option in config.get_config_options()


def test_an_option_that_streamlit_does_not_know_is_an_error():
    with pytest.raises(RuntimeError, match="not defined"):
        st.get_option("runner.noSuchOption")


def test_the_full_collection_after_every_script_is_what_our_option_turns_off(monkeypatch):
    assert tomllib.loads(OURS.read_text(encoding="utf-8"))["runner"]["postScriptGC"] is False
    full, finished = [], ScriptRunner._on_script_finished
    monkeypatch.setattr(gc, "collect", lambda *generation: full.append(generation) or 0)
    before = st.get_option(POST_SCRIPT_GC)
    try:
        for is_on, n_collections in ((True, 1), (False, 0)):
            config.set_option(POST_SCRIPT_GC, is_on)
            full.clear()
            finished(*[MagicMock() for _ in inspect.signature(finished).parameters])
            assert full.count((2,)) == n_collections
    finally:
        config.set_option(POST_SCRIPT_GC, before)


def test_a_shortcut_of_a_button_is_no_question_mark_so_that_keys_is_needed():
    with pytest.raises(StreamlitAPIException, match="single character or one of the supported"):
        normalize_shortcut("?")
    assert any("st-key-" in path.read_text(encoding="utf-8") for path in SCRIPTS.glob("*.js"))


def test_the_names_that_our_style_gives_room_by_are_streamlits():
    ours = ROOM.read_text(encoding="utf-8")
    scripts = "".join(path.read_text(encoding="utf-8") for path in SCRIPTS.glob("*.js"))
    for test_id in ("stMainBlockContainer", "stHeading"):
        assert f'data-testid="{test_id}"' in ours and test_id in scripts


def test_the_cookie_of_streamlits_own_login_is_read_and_a_forged_one_is_not(monkeypatch):
    secret = "a secret of thirty-two characters"
    monkeypatch.setattr(starlette_websocket, "get_cookie_secret", lambda: secret)
    about = {"is_logged_in": True, "email": "ada@example.org", "email_verified": True}

    def cookie(about: dict, secret: str) -> dict[str, str]:
        signed = create_signed_value(secret, USER_COOKIE_NAME, json.dumps(about))
        return {USER_COOKIE_NAME: signed.decode()}

    ada = identity.Identity("ada@example.org", is_verified=True)
    assert identity.identity_of(cookie(about, secret)) == ada
    assert identity.identity_of(cookie(about, "another secret of the same size")) is None
    for unsure in ({"email_verified": False}, {"email_verified": "true"}, {"email": ""}):
        who = identity.identity_of(cookie({**about, **unsure}, secret))
        assert who and not who.is_verified
    assert identity.identity_of({USER_COOKIE_NAME: "damaged"}) is None
    assert identity.identity_of({}) is None


def test_the_door_is_found_by_the_bare_command():
    found = discover_asgi_app(ROOT / "app" / "main.py")
    assert found.is_asgi_app and found.import_string == "main:app"
