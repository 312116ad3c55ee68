"""Whether the process lives (`/healthz`) and whether it can work (`/readyz`)."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from models.kernel.job_running import overdue
from views.kernel.request import session


def install(app: Flask) -> None:
    """Registers both."""

    @app.get("/healthz", endpoint="healthz")
    def healthz() -> Response:
        return jsonify({"status": "ok"})

    @app.get("/readyz", endpoint="readyz")
    def readyz() -> tuple[Response, int]:
        wanted = app.config.get("SCHEMA_HEAD")
        try:
            found = session().connection().execute(text("SELECT version_num FROM alembic_version")).scalar()
        except SQLAlchemyError:
            return jsonify({"status": "no database"}), 503
        if wanted is not None and found != wanted:
            return jsonify({"status": "schema is not that of this program"}), 503
        told: dict[str, Any] = {"status": "ready"}
        bell = app.config.get("BELL")
        if bell is not None:  # without the queue jobs are found a few seconds later: said, but no reason to be away
            told["queue"] = bell.place if bell.answers() else "away: jobs are found by looking"
        late = overdue(session())
        if late:
            told["jobs"] = f"{late} wait for more than a minute: is a worker running?"
        return jsonify(told), 200
