"""What is remembered of a database is read once per version, and there is never too much of it."""

from engine.store.remembering import MOST, Remembered


def test_a_value_is_read_again_only_at_another_version():
    kept, reads = Remembered(), []

    def read() -> int:
        reads.append(1)
        return len(reads)

    assert [kept.get("a", version, read) for version in (1, 1, 2, 2)] == [1, 1, 2, 2]
    kept.forget()
    assert kept.get("a", 2, read) == 3


def test_beyond_so_many_keys_the_one_that_was_asked_for_longest_ago_is_read_again():
    kept, reads = Remembered(), []

    def ask(key: int) -> None:
        kept.get(key, 1, lambda: reads.append(key))

    for key in range(MOST):
        ask(key)
    ask(0)
    ask(MOST)
    assert len(reads) == MOST + 1
    ask(0)
    assert len(reads) == MOST + 1, "it was asked for lately"
    ask(1)
    assert reads[-1] == 1 and len(reads) == MOST + 2
