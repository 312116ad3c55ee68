"""Pages of the handover: the plan and its scope, the board, the counter, and what is printed."""
