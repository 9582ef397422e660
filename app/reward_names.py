"""What reward models are called on pages."""


def names_of(paths: dict[str, str]) -> list[str]:
    """What reward models are called, by their ids and paths: the last part of the path, with the
    end of the id where that tells none apart.
    """
    last = [path.rstrip("/").rsplit("/", 1)[-1] for path in paths.values()]
    return [
        name if name and last.count(name) == 1 else f"{name or 'model'} {prm_id[-8:]}"
        for name, prm_id in zip(last, paths)
    ]
