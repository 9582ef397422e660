"""Where the dashboard keeps its studies unless told."""

from engine import paths


def test_a_checkout_keeps_its_studies_in_its_data_folder():
    assert paths.CHECKOUT == paths.ROOT
    assert paths.DEFAULT_DB == paths.ROOT / "data" / "studio.duckdb"


def test_an_installation_keeps_them_in_the_user_s_data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    database = paths.default_database(None)
    assert database.name == "studio.duckdb" and database.parent.name == "hs-star-studio"
    assert paths.ROOT not in database.parents
