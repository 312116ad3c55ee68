"""The verbs of `run.py`: a file is a command, with `add_arguments(parser)` and `run(settings, arguments)`."""
