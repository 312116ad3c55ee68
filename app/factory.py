"""The application, put together. Reads like a table of contents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask
from flask_appbuilder import AppBuilder
from flask_compress import Compress
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from app import jobs, notices, pages, reports
from app.database import load_models
from app.wakeup import Bell
from config import BadSetting, Settings
from models.kernel.masking import Cipher
from models.kernel.registry import tables
from models.kernel.roles import ROLES
from models.kernel.secret import use_cipher
from models.kernel.session import prepare_engine
from models.kernel.table import Base
from models.system import passwords
from views.kernel import assets, duties, health, limits, problems, request, theme
from views.kernel.pages import view_of
from views.kernel.resource import ConsoleOpenApi, resource_of
from views.kernel.routes import KeyConverter, LazyRule
from views.kernel.security import ConsoleSecurity
from views.kernel.view_resource import SavedViewResource
from views.pages.org.place import SearchResource


def create_app(settings: Settings) -> Flask:
    """Returns the console as a WSGI application."""
    load_models()
    jobs.load(settings)
    reports.load()
    notices.use(settings)
    use_cipher(Cipher(settings.data_key))
    app = Flask("doorbook", static_folder=None, template_folder=None)
    app.url_rule_class = LazyRule
    app.url_map.converters["int"] = KeyConverter
    app.config.from_mapping(configuration(settings))
    if settings.trusted_proxies:  # else anybody could write the address that counts for lock-outs and limits
        trusted = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=trusted, x_proto=trusted)  # type: ignore[method-assign]
    database = SQLAlchemy(
        app,
        metadata=Base.metadata,
        session_options={"class_": FlaskSession, "expire_on_commit": False},
    )
    with app.app_context():
        prepare_engine(database.engine)
        theme.install(app)
        assets.install(app)
        csrf = CSRFProtect(app)
        AppBuilder(app, database.session, security_manager_class=ConsoleSecurity, indexview=pages.Home)
        register(app, tables())
        request.install(app, csrf)
        limits.install(app, settings.redis_url)
        duties.install(app)
        problems.install(app)
        health.install(app)
        theme.close_framework(app)
        Compress(app)
        demo_accounts(app, settings)
    return app


def configuration(settings: Settings) -> dict[str, Any]:
    """Returns what Flask and its extensions are told."""
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {"pool_pre_ping": True} if settings.database_url.startswith("postgresql") else {},
        "APP_NAME": "Doorbook",
        "FAB_UPDATE_PERMS": False,  # written by `migrate`, never at start-up
        "FAB_CREATE_DB": False,
        "FAB_ADD_OPENAPI_VIEWS": False,
        "FAB_ADD_MENU_VIEWS": False,
        "FAB_API_SHOW_STACKTRACE": False,
        "AUTH_TYPE": 1,
        "AUTH_DB_FAKE_PASSWORD_HASH_CHECK": passwords.DECOY,
        "AUTH_ROLES_SYNC_AT_LOGIN": False,
        "RATELIMIT_ENABLED": False,  # of the framework; ours are in views.kernel.limits
        "RATE_LIMITS": settings.rate_limits,
        "LANGUAGES": {"zh": {"flag": "cn", "name": "中文"}, "en": {"flag": "gb", "name": "English"}},
        "BABEL_DEFAULT_LOCALE": "zh",
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session
        "WTF_CSRF_CHECK_DEFAULT": False,  # checked in views.kernel.request, which lets token calls pass
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.production,
        "SESSION_COOKIE_NAME": "doorbook",
        "JWT_ACCESS_TOKEN_EXPIRES": timedelta(minutes=30),
        "MAX_CONTENT_LENGTH": 64 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 4 * 1024 * 1024,
        "TEMPLATES_AUTO_RELOAD": False,
        "COMPRESS_MIMETYPES": [
            "text/html",
            "text/css",
            "text/javascript",
            "application/javascript",
            "application/json",
            "application/problem+json",
            "image/svg+xml",
        ],
        "COMPRESS_MIN_SIZE": 1024,
        "DOORBOOK_HOME": settings.home,
        "PRODUCTION": settings.production,
        "BELL": Bell(settings),
        "TWO_STEP_ROLES": two_step_roles(settings),
    }


def two_step_roles(settings: Settings) -> frozenset[str]:
    """Returns the roles whose holders must sign in by two steps.

    Raises:
        BadSetting: there is no such role; a slip of the pen must not leave it out in silence.
    """
    unknown = [name for name in settings.two_step_roles if name not in ROLES]
    if unknown:
        raise BadSetting(f"TWO_STEP_ROLES names “{unknown[0]}”; roles are {', '.join(ROLES)}.")
    return frozenset(settings.two_step_roles)


def register(app: Flask, declared: dict[str, Any]) -> None:
    """Registers the pages and the resource of every declared table, and the pages a declaration cannot give."""
    builder = app.appbuilder  # type: ignore[attr-defined]
    for cls in declared.values():
        builder.add_view_no_menu(pages.VIEWS.get(cls.__tablename__, view_of)(cls))
        builder.add_api(resource_of(cls))
    builder.add_api(SavedViewResource)
    builder.add_api(SearchResource)
    for api in pages.APIS:
        builder.add_api(api)
    builder.add_api(ConsoleOpenApi)
    for view in pages.PAGES:
        builder.add_view_no_menu(view)


def demo_accounts(app: Flask, settings: Settings) -> None:
    """Shows the demo accounts on the sign-in page of a console that is not in production."""
    from app.accounts import demo_password

    app.config["DEMO_ACCOUNTS"] = []
    if settings.production or not settings.demo:
        return
    app.config["DEMO_ACCOUNTS"] = [{"login": role.name, "role": role.words} for role in ROLES.values()]
    app.config["DEMO_PASSWORD"] = demo_password(settings)
