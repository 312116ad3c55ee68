"""What went wrong in a command, as one sentence for the operator."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, NoSuchModuleError

from models.kernel.refusal import Refusal


def sentence_of(failure: Exception) -> str | None:
    """Returns the sentence for what an operator can mend; None for a fault of ours, which shows its traceback.

    Args:
        failure: what a command raised.
    """
    if isinstance(failure, Refusal):
        return " ".join(dict.fromkeys(str(each) for each in failure.all()))
    if isinstance(failure, NoSuchModuleError):
        return "The driver of this database is not installed."
    if isinstance(failure, DBAPIError) and type(failure).__name__ in ("OperationalError", "InterfaceError"):
        lines = [line.strip() for line in str(failure.orig).splitlines() if line.strip()]
        return f"The database cannot be used: {(lines or ['it gives no reason'])[-1].rstrip('.')}."
    if isinstance(failure, OSError) and failure.strerror:
        where = f"{failure.filename}: " if failure.filename else ""
        return f"{where}{failure.strerror}."
    return None
