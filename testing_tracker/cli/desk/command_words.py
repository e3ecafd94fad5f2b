"""Which command is meant by the word that was typed: that one, or at a terminal the only one that the word begins."""

import re
import sys
from typing import Any

import click

from testing_tracker.cli.help.page import HelpContext, named
from testing_tracker.errors import TestingTrackerError
from testing_tracker.rules.near_words import in_words, nearest, words_meant
from testing_tracker.rules.words import FIRST, LINE

# What makes, moves or runs the database itself, or takes the key away: the account that owns the files does it.
OF_THE_OWNER = ("init", "restore", "migrate", "serve", "cron", "systemd", "demo")
_OF_THE_OWNER_WITH = {"backup": "--key"}
_MINUS = "\N{MINUS SIGN}"


def is_conversation() -> bool:
    """Whether a person types and reads here. In a pipe or a script a word means one command, in every version."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def as_called(text: str) -> str:
    """A text whose commands are to be typed, with the name by which the program was called."""
    context = click.get_current_context(silent=True)
    return text if context is None else named(text, context.find_root().info_name)


def running() -> str:
    """The words of the command that is running, such as `participant add`: what `rules/people/permitted.py` calls it.

    Before a command is found, and in a thread of its own, it is what the program shows without one.
    """
    context = click.get_current_context(silent=True)
    words: list[str] = []
    while context is not None and context.parent is not None:
        # A line of `log` stands under the participant's code, which is nobody's command.
        words.insert(0, LINE if context.command.name == LINE else context.info_name or "")
        context = context.parent
    return " ".join(words) or FIRST


class CommandGroup(click.Group):
    """Commands by name. A word that is none of them is refused with the near ones; at a terminal its beginning does."""

    context_class = HelpContext

    def __init__(self, *given: Any, **options: Any) -> None:  # noqa: ANN401  what click takes
        super().__init__(*given, **options)
        if self.invoke_without_command:  # which not every version of click says by itself
            self.subcommand_metavar = "[COMMAND] [ARGS]..."

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word, names = args[0], self.list_commands(ctx)
        if word in names or word.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        meant = words_meant(word, names)
        if not is_conversation() or not meant:
            near = nearest(word, names)
            hint = f"Did you mean {in_words(near)}?" if near else f"`{ctx.command_path} --help` lists them all."
            raise click.UsageError(f"There is no command {word!r}. {hint}", ctx)
        if len(meant) > 1:
            raise click.UsageError(f"{word!r} could be {in_words(meant)}; write more of it.", ctx)
        click.echo(f"Note: {word!r} is {ctx.command_path} {meant[0]}.", err=True)
        return super().resolve_command(ctx, [meant[0], *args[1:]])


def refuse_of_the_owner(command: str | None, words: list[str]) -> None:
    """Raise TestingTrackerError, at a server's socket, for a command that only the files' owner gives."""
    from testing_tracker.store.location import is_served

    if not is_served():
        return
    option = _OF_THE_OWNER_WITH.get(command or "")
    if command in OF_THE_OWNER or (option is not None and option in words):
        named = f"{command} {option}" if option else command
        raise TestingTrackerError(
            f"`testing-tracker {named}` is not for a server's socket. Give it on the machine where the database is, as "
            "the account that owns it, with the database's own --database."
        )


class TakesDays(click.Command):
    """A command with days among its arguments: `-2` is the day before yesterday there, and no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(
            ctx, [f"{_MINUS}{word[1:]}" if re.fullmatch("-[0-9]{1,6}", word) else word for word in args]
        )
