"""What a server process loads: the application, built from the environment."""

from __future__ import annotations

from app import sealing
from app.factory import create_app
from app.logs import set_up
from config import Settings

_settings = Settings.read()
set_up(_settings)
application = create_app(_settings)
with application.app_context():
    sealing.start(application.extensions["sqlalchemy"].engine)
