"""`manual`: the manual page, from the texts that `--help` has."""

import click


@click.command("manual")
@click.pass_context
def manual_command(ctx: click.Context) -> None:
    """Print the manual page, for `man`: every command, with its options and examples.

    To read it: `testing-tracker manual | man -l -`. It is troff; an installed program has it as `man testing-tracker`
    too, where `man` looks beside its commands.
    """
    from testing_tracker.cli import Program
    from testing_tracker.cli.help.man_page import man_page

    root = ctx.find_root()
    assert isinstance(root.command, Program)
    click.echo(man_page(root, root.command.groups()), nl=False)
