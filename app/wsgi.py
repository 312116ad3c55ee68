"""What a server process loads: the application, built from the environment."""

from __future__ import annotations

import gc

from app import notices
from app.factory import create_app
from app.logs import set_up
from config import Settings
from models.kernel.job import wake_by

_settings = Settings.read()
set_up(_settings)
application = create_app(_settings)
wake_by(application.config["BELL"].ring)
with application.app_context():
    notices.start(application.extensions["sqlalchemy"].engine)
gc.collect()
gc.freeze()  # what is there from the start stays to the end: no collection looks through it again
