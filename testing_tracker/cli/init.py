"""`init`, `migrate` and `completion`: making a database, bringing it up to date, and the shell's completion."""

import click

from testing_tracker import services
from testing_tracker.cli.desk.asking import confirmed
from testing_tracker.cli.desk.desk import Desk, pass_desk, say, warn
from testing_tracker.cli.desk.encrypting import encryption_key_option, place_to_encrypt_with, say_of_encryption
from testing_tracker.cli.desk.parameter_types import CaselessChoice
from testing_tracker.cli.help.page import LONG_NAME, SHORT_NAME
from testing_tracker.errors import TestingTrackerError


@click.command("init")
@click.option("--facility", metavar="NAME", help="The facility's name. Default: My facility.")
@click.option("--timezone", metavar="TZ", help="Such as America/Los_Angeles. Default: this machine's.")
@click.option("--training", is_flag=True, help="For practice: may pretend the date, and everything says TRAINING.")
@click.option("--encrypted", is_flag=True, help="Encrypt the database's file, with a key that is kept elsewhere.")
@encryption_key_option
@pass_desk
def init_command(
    desk: Desk, facility: str | None, timezone: str | None, training: bool, encrypted: bool, encryption_key: str | None
) -> None:
    """Make the database, with the schedules that come with the program.

    An encrypted one needs the extra `testing-tracker[encryption]`. Its key is kept where --encryption-key says, and
    is made there if there is none; later commands find it by the variable TESTING_TRACKER_ENCRYPTION_KEY.
    """
    place = place_to_encrypt_with(encryption_key, "--encrypted", is_meant=encrypted)
    if desk.pretended and not training:
        raise TestingTrackerError("--today works with `init --training` only; a live facility has the real date.")
    facility = facility or (str(desk.facility) if desk.facility else "My facility")  # it may stand before `init` too
    day, known = desk.pretended, desk.vocabulary
    made = services.facilities.make_database(
        desk.location, facility, timezone, day, training=training, vocabulary=known, encrypted_by=place
    )
    desk.training = training
    say(desk, f"{facility}: made {desk.location} (timezone {made.timezone}).")
    if place is not None:
        say_of_encryption(desk, place)
    say(
        desk,
        f"The key of its draws is {desk.location.key.path}: keep it secret, and keep a copy in another safe place.",
    )
    say(desk, f"Anchor, to check the draws against: {made.anchor}, from {made.first_day} on")
    if made.left_to_grant:
        warn(services.upgrades.left_to_grant(made.left_to_grant))
    if made.open_way:
        warn(f"the connection to the server goes {made.open_way}; `testing-tracker check` says what to do about it.")
    say(desk, "Next: `testing-tracker participant add CODE --schedule random-2 --level iop`, and a nightly `draw`.")


@click.command("migrate")
@click.option("--yes", is_flag=True, help="There is a copy of the database; do not ask.")
@pass_desk
def migrate_command(desk: Desk, yes: bool) -> None:
    """Bring the database to what this version of the program knows.

    Needed once after an update for a database on a server, by its owner; make a copy with `backup` before. It also
    grants the staff anew what the server lets each role do. A SQLite
    file is brought up to date, and copied, by whatever opens it first.
    """
    from testing_tracker.store.engine import SCHEMA_VERSION, check_schema, schema_of
    from testing_tracker.store.location import ServerLocation

    location = desk.location
    found = schema_of(location)
    if found >= SCHEMA_VERSION:
        check_schema(location, found)
        if isinstance(location, ServerLocation):
            services.upgrades.grant_anew(location, warn)
        say(desk, f"{location} is up to date (schema {found}).")
        return
    if isinstance(location, ServerLocation) and not yes and not _there_is_a_copy(f"{location}"):
        raise TestingTrackerError("Nothing was changed. Make a copy with `testing-tracker backup FILE` first.")
    services.upgrades.bring_up_to_date(location, desk.clock, lambda line: say(desk, line))


def _there_is_a_copy(database: str) -> bool:
    try:
        return confirmed(f"{database}: this cannot be undone. Is there a copy, by `backup`?")
    except click.Abort:
        raise TestingTrackerError("Nothing was changed. Say --yes where nobody can be asked.") from None


@click.command("completion")
@click.argument("shell", type=CaselessChoice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for a shell, for `testing-tracker` and for `tt`.

    For bash, put `eval "$(testing-tracker completion bash)"` into ~/.bashrc; for zsh the same with zsh into ~/.zshrc;
    for fish, `testing-tracker completion fish > ~/.config/fish/conf.d/testing-tracker.fish`.
    """
    from click.shell_completion import get_completion_class

    script = get_completion_class(shell)
    assert script is not None, "click knows the shells above"
    for name in (LONG_NAME, SHORT_NAME):
        variable = f"_{name.replace('-', '_')}_COMPLETE".upper()  # as click calls it
        click.echo(script(ctx.find_root().command, {}, name, variable).source())
