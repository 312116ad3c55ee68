"""Whether the process lives (`/healthz`) and whether it can work (`/readyz`)."""

from __future__ import annotations

from flask import Flask, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

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
        return jsonify({"status": "ready"}), 200
