"""The command line: hs-star, or python -m engine, and its commands.

A sibling of the dashboard. With --json standard output holds nothing but the result; what happens
meanwhile goes to standard error.
"""

import sys
from inspect import cleandoc

import click

from engine.cli.arena import arena
from engine.cli.backup import backup
from engine.cli.bring import import_responses, init
from engine.cli.dashboard import dashboard
from engine.cli.doctor import doctor
from engine.cli.evaluate import evaluate
from engine.cli.figures import compare, rates, replay
from engine.cli.hub import hub
from engine.cli.judge import judge
from engine.cli.password import password
from engine.cli.pick import pick
from engine.cli.report import report
from engine.cli.reward_bench import reward_bench
from engine.cli.reward_preview import reward_preview
from engine.cli.small_lm import small_lm
from engine.cli.status import status
from engine.cli.study import resume, run
from engine.cli.takeaway import export, import_study, regrade
from engine.cli.track import track
from engine.errors import EngineError, lack_of_memory


class InOrder(click.Group):
    """Commands listed as they were added, each with all of its summary."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, _summary(command)) for name, command in self.commands.items()]
            )


def _summary(command: click.Command) -> str:
    """The first paragraph of a command's help, on one line."""
    return " ".join(cleandoc(command.help or "").partition("\n\n")[0].split())


def _say_version(context: click.Context, _option: click.Parameter, is_asked: bool) -> None:
    from engine.cli.version import version

    if is_asked and not context.resilient_parsing:
        click.echo(f"hs-star {version()}")
        context.exit()


@click.group(
    cls=InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_say_version,
    help="Say the version and leave.",
)
def studio() -> None:
    """HS-STaR Studio without a browser."""


for command in (
    run,
    resume,
    evaluate,
    pick,
    compare,
    report,
    init,
    small_lm,
    replay,
    arena,
    status,
    export,
    import_study,
    hub,
    backup,
    regrade,
    judge,
    reward_bench,
    reward_preview,
    import_responses,
    rates,
    track,
    doctor,
    dashboard,
    password,
):
    studio.add_command(command)


def main(argv: list[str] | None = None) -> int:
    """Returns the exit status: 0; 1 after an error sentence on standard error; 2 for arguments that
    cannot be parsed; 130 after Ctrl-C.
    """
    try:
        return studio.main(argv, standalone_mode=False) or 0
    except click.ClickException as mistake:
        mistake.show()
        return mistake.exit_code
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    except click.Abort as stopped:
        if not isinstance(stopped.__cause__, KeyboardInterrupt):
            raise
        print("Stopped. What was finished is stored; `resume` goes on.", file=sys.stderr)
        return 130
    except (MemoryError, ImportError, OSError, RuntimeError) as error:
        if (sentence := lack_of_memory(error)) is None:
            raise
        print(sentence, file=sys.stderr)
        return 1
