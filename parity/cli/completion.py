"""`parity completion SHELL`: a script that completes commands, options and ids, from argparse.

Bash: https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html; zsh runs the
same function through bashcompinit; fish: https://fishshell.com/docs/current/completions.html.
"""

import argparse
import sys
from collections.abc import Callable, Iterator

from parity.cli.parser import commands

SHELLS = ("bash", "zsh", "fish")

BASH = """\
# parity, completed in bash: put  eval "$(parity completion bash)"  into ~/.bashrc
_parity() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" command="" each
  for each in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$each" in {commands}) command="$each"; break ;; esac
  done
  COMPREPLY=()
  case "$command:$before" in
{values}
  esac
  case "$command" in
{options}
    "") COMPREPLY=($(compgen -W "{words} --help --version" -- "$word")) ;;
  esac
}}
complete -o default -F _parity parity
"""

ZSH = """\
# parity, completed in zsh: put  eval "$(parity completion zsh)"  into ~/.zshrc
autoload -Uz bashcompinit && bashcompinit
"""


def add(
    to: "argparse._SubParsersAction[argparse.ArgumentParser]",
    parser: Callable[[], argparse.ArgumentParser],
) -> None:
    """Add the command to the parser."""
    completion = to.add_parser("completion", help="a completion script for your shell")
    completion.add_argument("shell", choices=SHELLS, metavar="bash|zsh|fish")
    completion.set_defaults(act=lambda arguments: _act(arguments, parser()))


def _act(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from parity.system.text import emit

    emit(script(arguments.shell, parser), sys.stdout)
    return 0


def script(shell: str, parser: argparse.ArgumentParser) -> str:
    """Return the script for one of `SHELLS`."""
    known = commands(parser)
    if shell == "fish":
        return "".join(f"{row}\n" for row in _fish(known))
    bash = BASH.format(
        commands="|".join(known),
        words=" ".join(known),
        values="\n".join(_bash_values(known)),
        options="\n".join(_bash_options(known)),
    )
    return bash if shell == "bash" else ZSH + bash.partition("\n")[2]


def _options(command: argparse.ArgumentParser) -> list[argparse.Action]:
    return [action for action in command._actions if action.option_strings]


def _long(action: argparse.Action) -> str:
    return next((o for o in action.option_strings if o.startswith("--")), action.option_strings[0])


def _words(action: argparse.Action) -> tuple[str, ...]:
    """Return the known values of an option or argument; none: anything, such as a file."""
    if action.choices is not None:
        return tuple(map(str, action.choices))
    from parity.dyno.isolation import LEVELS
    from parity.facts.dynos import SIZES
    from parity.facts.router import PROFILES
    from parity.report import KINDS

    known = {
        "format": tuple(KINDS),
        "report": tuple(f"{kind}=" for kind in KINDS),
        "dyno": tuple(SIZES),
        "router": tuple(PROFILES),
        "isolation": ("auto", *LEVELS),
        "id": _ids(),
        "ignore": _ids(),
    }
    return known.get(action.dest, ())


def _places(command: argparse.ArgumentParser) -> tuple[str, ...]:
    """Return the values of the command's own argument, an id or a shell; none: a folder."""
    places = (action for action in command._actions if not action.option_strings)
    return next((words for words in map(_words, places) if words), ())


def _ids() -> tuple[str, ...]:
    from parity.facts.codes import CODES
    from parity.rules.loading import load

    return tuple(dict.fromkeys((*CODES, *load())))


def _bash_values(commands: dict[str, argparse.ArgumentParser]) -> Iterator[str]:
    """Yield the cases that complete an option's known values, and nothing else after it."""
    for name, command in commands.items():
        for action in _options(command):
            words = _words(action)
            if words:
                pattern = f'"{name}:{_long(action)}"'
                yield f'    {pattern}) COMPREPLY=($(compgen -W "{" ".join(words)}" -- "$word")); '
                yield "      return ;;"
            elif action.nargs != 0:
                yield f'    "{name}:{_long(action)}") return ;;'


def _bash_options(commands: dict[str, argparse.ArgumentParser]) -> Iterator[str]:
    for name, command in commands.items():
        options = " ".join(_long(action) for action in _options(command))
        words = " ".join(_places(command))
        yield f"    {name})"
        yield f'      if [[ "$word" == -* ]]; then COMPREPLY=($(compgen -W "{options}" -- "$word"))'
        if words:
            yield f'      else COMPREPLY=($(compgen -W "{words}" -- "$word"))'
        else:
            yield '      else COMPREPLY=($(compgen -d -- "$word"))'
        yield "      fi ;;"


def _fish(commands: dict[str, argparse.ArgumentParser]) -> Iterator[str]:
    yield "# parity, completed in fish: save it as ~/.config/fish/completions/parity.fish"
    none = f"not __fish_seen_subcommand_from {' '.join(commands)}"
    for name in commands:
        yield f"complete -c parity -f -n '{none}' -a {name}"
    for name, command in commands.items():
        condition = f"-n '__fish_seen_subcommand_from {name}'"
        if _places(command):
            yield f"complete -c parity -f {condition} -a '{' '.join(_places(command))}'"
        for action in _options(command):
            words = _words(action)
            values = f" -x -a '{' '.join(words)}'" if words else "" if action.nargs == 0 else " -r"
            text = (action.help or "").replace("'", "").split("(")[0].strip()
            yield f"complete -c parity {condition} -l {_long(action)[2:]}{values} -d '{text}'"
