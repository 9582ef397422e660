"""The Export page: tables, the configuration and the policy."""

from engine.export.run import TABLES
from tests.app.shown import press, read, said, show, unfold


def test_the_export_page_offers_every_table_the_configuration_and_the_policy(studio, tmp_path):
    studio.trained()
    at = unfold(unfold(show("export"), "prompts_open"), "all_open")
    labels = [element.proto.label for element in at.get("download_button")]
    assert labels == [
        *(what.replace("_", " ").capitalize() for what in TABLES),
        "Problems",
        "Configuration",
    ]
    assert "vllm serve /nowhere" in [block.value for block in at.code]
    assert at.main.children[1].value == "Export", "a string of the source is on the page"
    at.text_input[0].set_value(str(tmp_path / "out"))
    press(at, "Write")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "config.toml",
        *(f"{what}.jsonl" for what in TABLES),
    }
    at.text_input(key="look_problems_where").set_value("n_mor > 0").run()
    assert "no column n_mor" in read(at) and not at.exception
    *_, problems = [b.proto for b in at.get("download_button") if b.proto.label == "Problems"]
    assert problems.disabled
    policy = next(field for field in at.text_input if "new folder" in field.label)
    policy.set_value(str(tmp_path / "policy"))
    press(at, "Copy")
    assert "could not be written" in said(at) and not (tmp_path / "policy").exists()


def test_what_is_too_long_for_a_browser_goes_to_a_folder(studio, monkeypatch):
    monkeypatch.setattr("engine.store.exports.n_responses", lambda *_: 1_000_000)
    studio.presampled()
    at = show("export")
    disabled = [
        element.proto.label for element in at.get("download_button") if element.proto.disabled
    ]
    assert disabled == ["Responses", "Held out responses"] and "No policy is trained yet" in said(
        at
    )
