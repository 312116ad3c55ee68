"""The command line of Doorbook: `run.py <command>`. Each file in app/commands is a command.

A command that refuses says why in one sentence on stderr, and its exit code is not 0.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from config import BadSetting, Settings

COMMANDS = Path(__file__).resolve().parent / "app" / "commands"


class Parser(argparse.ArgumentParser):
    """A parser that refuses in one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; {self.prog} --help says what there is.\n")


def commands() -> dict[str, Path]:
    """Returns the file of each command by its name: `new_table.py` is `new-table`, `import_.py` is `import`."""
    return {
        file.stem.rstrip("_").replace("_", "-"): file
        for file in sorted(COMMANDS.glob("*.py"))
        if not file.name.startswith("_")
    }


def summary(file: Path) -> str:
    """Returns the first sentence of a command's docstring, without importing the command."""
    said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return said.split("\n")[0].partition(". ")[0].rstrip(".").replace("%", "%%")


def main(words: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        words: the command line after the program's name; that of the process when left out.

    Returns: the exit code: 0 done, 1 refused, 2 not understood.
    """
    words = list(sys.argv[1:] if words is None else words)
    known = commands()
    parser = Parser(prog="run.py", description=__doc__.partition("\n")[0])
    subparsers = parser.add_subparsers(metavar="command", required=True, parser_class=Parser)
    chosen = words[0] if words and words[0] in known else None
    module = importlib.import_module(f"app.commands.{known[chosen].stem}") if chosen else None
    for name, file in known.items():
        sub = subparsers.add_parser(name, help=summary(file), description=summary(file) + ".")
        if module and name == chosen:
            module.add_arguments(sub)
    arguments = parser.parse_args(words)
    try:
        settings = Settings.read()
        from app.logs import set_up

        set_up(settings)
        return module.run(settings, arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has left; nobody is there to be told
        return 1
    except Exception as failure:
        from app.failures import sentence_of

        sentence = str(failure) if isinstance(failure, BadSetting) else sentence_of(failure)
        if sentence is None:
            raise
        print(f"{parser.prog} {chosen}: {sentence}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
