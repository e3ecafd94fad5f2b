"""`completion`: the script that lets a shell complete this program's commands, codes and names."""

import click

PROGRAM = "testing-tracker"
VARIABLE = "_TESTING_TRACKER_COMPLETE"


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for a shell.

    For bash, put `eval "$(testing-tracker completion bash)"` into ~/.bashrc; for zsh the same with zsh into ~/.zshrc;
    for fish, `testing-tracker completion fish > ~/.config/fish/completions/testing-tracker.fish`.
    """
    from click.shell_completion import get_completion_class

    script = get_completion_class(shell)
    assert script is not None, "click knows the shells above"
    click.echo(script(ctx.find_root().command, {}, PROGRAM, VARIABLE).source())
