"""Every dependence on the inside of Streamlit: what we take for granted, since when it holds, and
what happens where it no longer does. Read in Streamlit 1.67.0; each has its test in
tests/app/test_streamlit_internals.py, so an update that breaks one is seen there first.

address, the address bar:
1. The front end pushes a history entry at every change of the query and of the page, by calling
   `window.history.pushState` as it finds it (queries since 2021). If it calls it in another way,
   the back button has a step for every move of a setting.
2. `st.query_params` cannot replace an entry (since 1.30). Once it can, address is not needed.

parts, loaded before a page needs them:
3. Charts, tables, formulas and code are one file each, named `<part>.<hash>.js`, in
   static/static/js of the package, and are loaded by the first page that shows one. Under another
   name a part is loaded by that page, as without us.
4. The page's first module script has its address in that same folder, /static/js/. Otherwise no
   part is loaded early.

Components, here and in the difficulty plot (components v2 is documented, since 1.51):
5. A component's script runs in the page itself, without a frame, as a module whose default export
   gets data, parentElement and setTriggerValue. In a frame, 1 and 4 would find nothing, and the
   plot would answer no hand.
6. Registering takes name, html, css and js, mounting takes key, data and on_<trigger>_change, and
   the session holds the trigger under the key. Otherwise every page stops with an exception.
7. The theme reaches a component as CSS variables, --st- and the option's name. Those that are
   missing have the colours of the light theme (app/palette.py).

Configuration, app/.streamlit/config.toml:
8. The file beside the entry point applies from every working directory, and every option in it is
   known. An unknown one is only warned about, and has no effect.
9. `runner.postScriptGC`, hidden from the documentation, has a full garbage collection after every
   run of a script unless it is false (since 0.82). Without it each draw takes longer, and nothing
   else is different.

tab_title and keys, two more components:
10. Streamlit sets the title of the tab with every whole page, and has no way to do so from a
    fragment. Otherwise a tab in the background does not say how far a job is.
11. An element with a key has the class st-key-KEY, and shortcuts of buttons are letters, digits and
    named keys. Otherwise ? opens nothing, and the button does.

room, above and around a page's title:
12. The block of a page and its headings have the test ids stMainBlockContainer and stHeading, the
    header is 60 pixels high, and st.html takes a style alone without room for it. Otherwise titles
    are twice as high, and nothing else is different.
13. A row of containers is a flex box of theirs that wraps, with the class of its key. Otherwise
    what stands beneath a plot in a narrow window does not take its whole width.

The door (app/door) and identity:
14. `streamlit run` finds the st.App in app/main.py, imports that file under another name than
    __main__ before it serves anything, and has its middleware before its own. Otherwise no page is
    served: the script asks the guard again.
15. The cookie _streamlit_user of Streamlit's login is signed and read by a function that is not
    documented. Otherwise nobody can log in with an identity provider.
"""
