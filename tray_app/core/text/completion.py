"""How a shell is told to use its completions."""

from tray_app.core.text.text import Translator

# Where each shell looks by itself, by its own documentation; "{program}" is the command that is completed.
_LASTING = {
    "bash": "{program} completion bash > ~/.local/share/bash-completion/completions/{program}",
    "zsh": '{program} completion zsh > "${{fpath[1]}}/_{program}"',
    "fish": "{program} completion fish > ~/.config/fish/completions/{program}.fish",
    "powershell": "{program} completion powershell >> $PROFILE",
}


def how_to_use(shell: str, program: str, tr: Translator) -> str:
    """One sentence with the command that makes it last."""
    command = _LASTING[shell].format(program=program)
    return tr.gettext("To have it in every new shell: {command}").format(command=command)
