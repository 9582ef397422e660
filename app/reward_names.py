"""What reward models are called on pages."""


def names_of(paths: dict[str, str]) -> list[str]:
    """What reward models are called, by their ids and paths: the last part of the path; where that
    tells them not apart, with the beginning of the id, which says how they are read, and its end.

    >>> names_of({"min-a1": "/models/prm", "outcome-0123456789": "/models/prm", "b2": "starter"})
    ['prm min a1', 'prm outcome 23456789', 'starter']
    """
    last = [path.rstrip("/").rsplit("/", 1)[-1] for path in paths.values()]
    return [
        name if name and last.count(name) == 1 else " ".join([name or "model", *_ends(prm_id)])
        for name, prm_id in zip(last, paths)
    ]


def _ends(prm_id: str) -> list[str]:
    first, *more = prm_id.split("-")
    return [first, more[-1][-8:]] if more else [first[-8:]]
