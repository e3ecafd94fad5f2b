"""The command line: one module a noun. A command reads its arguments, calls one service, and prints what came back.

Command modules are loaded when they are asked for, and load nothing heavy themselves.
"""

import os
from importlib import import_module
from typing import IO, Any

import click

from testing_tracker import __version__, services
from testing_tracker.cli.desk.command_words import CommandGroup, as_called, is_conversation, refuse_of_the_owner
from testing_tracker.cli.desk.desk import Desk
from testing_tracker.cli.desk.parameter_types import DATE, FACILITY, CaselessChoice, refuse_unreadable
from testing_tracker.cli.desk.shown import shown
from testing_tracker.cli.desk.terminal import COLOURS, in_its_lines
from testing_tracker.cli.help.page import HelpContext
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.exchange.visible import in_one_line
from testing_tracker.rules.near_words import in_words, words_meant
from testing_tracker.rules.words import FIRST

DAMAGED = (
    "The database is damaged; `testing-tracker check` says how, and how to bring back the last backup. What was not "
    "confirmed was not done."
)

_OWN_VARIABLES = "TESTING_TRACKER_"  # how the names of its environment variables begin

_GROUPS = {  # as the help lists them: the commands by name, each with its module
    "A nurse's day": {
        "today": "today",
        "due": "draw",
        "log": "log",
        "result": "result",
        "amend": "result",
        "collected": "attendance",
        "missed": "attendance",
        "refused": "attendance",
        "unable": "attendance",
        "excuse": "attendance",
        "test": "draw",
        "swap": "specimen",
        "specimen": "specimen",
        "confirmation": "confirmation",
    },
    "Checking in": {
        "checkin": "checkin",
        "notice": "notice",
        "web": "web",
    },
    "People": {
        "participant": "participant",
        "prescription": "prescription",
        "staff": "staff",
    },
    "Deciding": {
        "decide": "decide",
        "recommendation": "recommendation",
        "review": "review",
    },
    "Reports": {
        "report": "report",
        "history": "history",
    },
    "Schedules": {
        "schedule": "schedule",
        "analyte": "analyte",
    },
    "Trust": {
        "audit": "audit",
        "verify": "verify",
        "proof": "verify",
        "witness": "witness",
        "key": "verify",
        "check": "doctor",
    },
    "Running it": {
        "init": "init",
        "demo": "demo",
        "facility": "facility",
        "draw": "draw",
        "serve": "serve",
        "cron": "unattended",
        "systemd": "unattended",
        "status": "status",
        "doctor": "doctor",
        "backup": "backup",
        "restore": "backup",
        "migrate": "init",
        "completion": "init",
        "manual": "manual",
    },
}
_COMMANDS = {name: module for group in _GROUPS.values() for name, module in group.items()}
_NEVER_CUT = 1000  # characters, more than any first sentence has


class Refusal(click.ClickException):
    """Why something was not done, in a line; a terminal that is narrower has it folded between words."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(in_its_lines(f"Error: {self.message}", err=True), file=file, err=True)


class Program(CommandGroup):
    """The commands by name, and the one place where a refusal becomes `Error: …` and status 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A command; or, where a participant's whole code stands in its place, a line of `log`."""
        name, command, rest = self._resolved(ctx, args)
        refuse_of_the_owner(name, rest)
        return name, command, rest

    def _resolved(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0]
        if word in _COMMANDS or word.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        is_code, near = _participants_meant(ctx.obj, word)
        if near:
            raise click.UsageError(
                f"There is no command and no participant {word!r}. Did you mean {in_words(near)}?", ctx
            )
        if not is_code:
            return super().resolve_command(ctx, args)
        begun = words_meant(word, self.list_commands(ctx)) if is_conversation() else []
        if begun:
            raise click.UsageError(
                f"{word!r} could be the participant or the beginning of {in_words(begun)}. Write it in full, or "
                f"`{ctx.command_path} result {word} n`.",
                ctx,
            )
        if len(args) == 1:
            raise click.UsageError(
                f"{word} is a participant. `{ctx.command_path} {word} n` logs a result, and `{ctx.command_path} "
                f"participant show {word}` has the record.",
                ctx,
            )
        from testing_tracker.cli.log import line_command

        return word, line_command, args

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(import_module(f"{__name__}.{_COMMANDS[cmd_name]}"), f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        for one in (command, *(command.commands.values() if isinstance(command, click.Group) else ())):
            one.short_help = one.get_short_help_str(_NEVER_CUT)
            one.context_class = HelpContext
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands in groups, each with its whole first sentence; and what is typed and set for them."""
        for title, names in self.groups().items():
            with formatter.section(title):
                found = [(f"{name:<14}", self.get_command(ctx, name)) for name in names]
                formatter.write_dl([(name, command.short_help or "") for name, command in found if command])
        from testing_tracker.cli.help.around import TYPED, VARIABLES

        with formatter.section("What is typed"):
            formatter.write_dl(list(TYPED.items()))
        with formatter.section("Environment"):
            formatter.write_dl([(name, short) for name, (short, _) in VARIABLES.items()])

    def groups(self) -> dict[str, list[str]]:
        """The names of the commands, by the title that they stand under."""
        return {title: list(names) for title, names in _GROUPS.items()}

    def main(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        """Run a command line; whatever is printed meanwhile goes through the one door."""
        with shown():
            return super().main(*arguments, **options)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        """Refuse what no person types, before any command reads it."""
        for argument in args:
            refuse_unreadable(argument, "An argument")
        for name, value in os.environ.items():
            if name.startswith(_OWN_VARIABLES):
                refuse_unreadable(value, name)
        return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        ctx.obj = Desk(*(ctx.params[name] for name in ("database", "today", "facility")))
        ctx.call_on_close(ctx.obj.close)
        try:
            return super().invoke(ctx)
        except TestingTrackerError as error:
            said = as_called(in_one_line(str(error)))
            raise Refusal(f"{said} (TRAINING)" if ctx.obj.training else said) from error
        except (click.ClickException, click.exceptions.Exit, click.Abort, OSError):
            raise
        except Exception as error:
            # A damaged page may hold anything, and whatever reads it first stumbles in its own way.
            if ctx.obj.has_damaged_database():
                raise Refusal(as_called(DAMAGED)) from error
            raise


def _participants_meant(desk: Desk, word: str) -> tuple[bool, list[str]]:
    """Whether a word is a participant's whole code, with `@` and a day behind it or not; if not, the codes near it.

    Codes have digits; a word without any was meant for a command, and is none whatever is wrong with the records.
    """
    code = word.partition("@")[0]
    has_digits = any(map(str.isdigit, code))
    try:
        with desk.reading(FIRST, on_record=has_digits) as work:  # a slip in a command is no attempt at the records
            if services.log_session.code_of(work, code) is not None:
                return True, []
            near = services.lookup.near_codes(work, code) if has_digits else []
    except TestingTrackerError:
        if has_digits and not desk.lacks_database():
            raise
        near = []
    desk.close()  # the command may put another file in the database's place
    return False, near


@click.group(
    cls=Program,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--database",
    metavar="URL",
    envvar="TESTING_TRACKER_DATABASE",
    help="The database: a file path, or a sqlite:/// or postgresql:// URL. Default: a file in your user data folder.",
)
@click.option(
    "--facility",
    type=FACILITY,
    metavar="NAME",
    envvar="TESTING_TRACKER_FACILITY",
    help="Which facility, by name or number; only where the database has several.",
)
@click.option(
    "--today",
    type=DATE,
    metavar="DATE",
    envvar="TESTING_TRACKER_TODAY",
    help="Pretend it is DATE; only on a training database.",
)
@click.option(
    "--color",
    type=CaselessChoice(COLOURS),
    default="auto",
    show_default=True,
    help="Whether what must not be overlooked is coloured; auto is at a terminal, unless NO_COLOR is set.",
)
@click.version_option(__version__, prog_name="testing-tracker", message="%(prog)s %(version)s")
@click.pass_context
def program(ctx: click.Context, /, color: str, **_of_the_desk: str | None) -> None:
    """Draws, records and reports drug tests for addiction treatment programmes.

    The program recommends; people decide. Start with `testing-tracker demo`. Without a command it shows `today`; with a
    participant's code in its place it takes a line of `log`, such as `testing-tracker A17 n`. Each
    command has a help of its own, with an example: `testing-tracker result --help`.
    """
    ctx.color = {"always": True, "never": False}.get(color)
    if ctx.invoked_subcommand is None:
        from testing_tracker.cli.today import show_first

        show_first(ctx, ctx.obj)
