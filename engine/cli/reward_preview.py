"""hs-star reward-preview: how a configuration's reward model would read one response."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from engine.cli.options import as_json


@click.command("reward-preview")
@click.argument("config")
@click.option("--question", help="The question; one of ours is taken without it.")
@click.option(
    "--response",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A file with the response; - reads it from standard input, and without it one of ours is"
    " taken.",
)
@as_json
def reward_preview(config: str, question: str | None, response: Path | None, as_json: bool) -> None:
    """How a reward model would be given one response: its steps, the text with its tags, and the
    tokens at which scores are read. Nothing is scored, and no weights are loaded.

    CONFIG names the reward model, which must be on this machine.
    """
    from engine.config import load_config
    from engine.models.weights import folder_here
    from engine.rewards.preview import EXAMPLE, preview, require_shown, said

    loaded = load_config(config)
    require_shown(loaded)
    folder = folder_here(loaded.reward.path, role="prm", revision=loaded.reward.revision)
    if folder is None:
        raise click.ClickException(
            f"reward.path is {loaded.reward.path}: it is not on this machine yet. Download it, or"
            " begin a run with it, which does."
        )
    given = (question, _text(response))
    item = (own if own is not None else ours for own, ours in zip(given, EXAMPLE))
    shown = preview(loaded, str(folder), *item)
    if as_json:
        print(json.dumps(asdict(shown)))
        return
    for number, step in enumerate(shown.steps, 1):
        print(f"step {number}: {_printable(step)}")
    marked = "".join(
        token.text if token.step is None else f"[[{token.text}]]" for token in shown.tokens
    )
    print(f"\nwhat it is given, [[...]] where a score is read:\n\n{_printable(marked)}\n")
    print(said(shown))


def _text(response: Path | None) -> str | None:
    if response is None:
        return None
    try:
        if str(response) == "-":
            return sys.stdin.read()
        return response.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(
            f"{response} is not UTF-8 at byte {error.start}: save the response as UTF-8."
        ) from None
    except OSError as error:
        raise click.ClickException(f"{response} could not be read: {error.strerror}.") from None


def _printable(text: str) -> str:
    """Without characters that a terminal would act on."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)
