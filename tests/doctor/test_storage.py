"""Where things are stored: the file and the folders beside it, with their sizes."""

from engine.doctor import storage


def test_every_folder_beside_the_database_is_listed_with_its_size(db):
    (db.artifacts / "policies" / "abc").mkdir(parents=True)
    (db.artifacts / "policies" / "abc" / "weights").write_bytes(b"x" * 1000)
    (db.artifacts / "odd").mkdir()
    found = {use.what: use for use in storage.disk_use(db)}
    assert found["database"].path == db.path and found["database"].n_bytes > 0
    assert found["trained policies"].n_bytes == 1000 and found["odd"].n_bytes == 0
    assert "logs" not in found and storage.n_free(db) > 0
