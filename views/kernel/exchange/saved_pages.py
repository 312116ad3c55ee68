"""Saved exports of a person: run now, changed, deleted; who receives them, and when."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.kernel import saved_export
from models.kernel.clock import local
from models.kernel.job_schedule import WEEKDAYS
from models.kernel.refusal import Missing, Refusal
from models.kernel.registry import table
from models.kernel.saved_export import Wanted
from models.kernel.words import _
from views.kernel.access import signed_in
from views.kernel.reporting import report_title
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import OWN_PAGES, shell

OWN_PAGES.append({"label": _("Saved exports", "常用导出"), "url": "/exports/", "icon": "download"})

REPEATS = {
    "": _("By hand only", "仅手动"),
    "daily": _("Every day", "每天"),
    "weekly": _("Every week", "每周"),
    "monthly": _("Every month", "每月"),
}


def schedule_fields(sent: Any) -> dict[str, Any]:
    """Returns what the fields of the schedule offer and hold."""
    days = [{"value": f"w{n}", "label": words, "of": "weekly"} for n, words in enumerate(WEEKDAYS)]
    months = [{"value": f"m{n}", "label": _("day {n}", "{n} 日").fill(n=n), "of": "monthly"} for n in range(1, 32)]
    return {
        "repeats": [{"value": value, "label": label} for value, label in REPEATS.items()],
        "days": [*days, *months],
        "repeat": sent.get("repeat", ""),
        "day": sent.get("day", "w0"),
        "at": sent.get("at", "07:00"),
    }


def recipients_of(session: Session, sent: Any) -> str:
    """Returns what stands in the field of recipients: sign-in names between commas."""
    return str(sent.get("recipients", ""))


def saved_wanted(session: Session, sent: Any, query: str) -> Wanted:
    """Reads what a form says of a saved export.

    Args:
        query: the list's address, without personal data.

    Raises:
        Refusal: a recipient whom the actor does not see; says which.
    """
    repeat, raw = sent.get("repeat", ""), sent.get("day", "")
    repeat = repeat if repeat in REPEATS else ""
    day = 0
    if re.fullmatch(r"[wm]\d{1,2}", raw) and (raw[0] == "w") == (repeat == "weekly"):
        day = int(raw[1:])
    elif repeat == "monthly":
        day = 1
    return Wanted(
        name=sent.get("name", "")[:200],
        query=query,
        form=sent.get("form", "xlsx"),
        technical=sent.get("labels") == "technical",
        codes=sent.get("refs") == "codes",
        recipients=_people(session, sent.get("recipients", "")[:4000]),
        repeat=repeat,
        day=day,
        at=sent.get("at", "07:00")[:5],
    )


def _people(session: Session, text: str) -> tuple[int, ...]:
    """Returns the accounts of sign-in names, as far as the actor sees them; nobody where none is named."""
    names = list(dict.fromkeys(part for part in re.split(r"[\s,，;；、]+", text) if part))
    if not names:
        return ()
    profile: Any = table("user_profile")
    found = session.execute(
        select(func.lower(profile.login), profile.user_id).where(
            func.lower(profile.login).in_([name.lower() for name in names]), profile.user_id.is_not(None)
        )
    )
    known = {login: user for login, user in found}
    own = session.execute(select(func.lower(profile.login)).where(profile.user_id == actor().user_id)).scalar()
    if own is not None:
        known[own] = actor().user_id
    unknown = [name for name in names if name.lower() not in known]
    if unknown:
        raise Refusal(
            _(
                "There is no account “{names}” in your part of the tree.",
                "您的权限范围内没有账号“{names}”，请核对登录名。",
            ).fill(names="、".join(name[:40] for name in unknown[:5])),
            "recipients",
        )
    return tuple(known[name.lower()] for name in names)


class SavedExportsView(BaseView):
    """`/exports/`: everybody's own."""

    route_base = "/exports"
    default_view = "own"

    @expose("/")
    @signed_in
    def own(self) -> Any:
        """The exports one keeps, and those one is sent."""
        session, who = database(), actor().user_id
        rows = saved_export.entries(session)
        users = {user for row in rows for user in (*json.loads(row.recipients), row.owner_id)}
        names = _names(session, users)
        title = _("Saved exports", "常用导出")
        page = {
            "rows": [
                {
                    "id": row.id,
                    "name": row.name,
                    "list": report_title(row.report) if row.report else saved_export.label_of(row),
                    "list_url": f"/report/{row.report}/?{row.query}"
                    if row.report
                    else f"/{row.table_name}/list/?{row.query}",
                    "form": row.form.upper(),
                    "when": saved_export.when(row),
                    "next": _moment(row.next_at),
                    "last": _moment(row.last_at),
                    "mine": row.owner_id == who,
                    "owner": names.get(row.owner_id, "?"),
                    "recipients": [names.get(user, "?") for user in json.loads(row.recipients)],
                }
                for row in rows
            ]
        }
        return render_template("doorbook/saved_exports.html", shell=shell(title), page=page)

    @expose("/<int:pk>/run", methods=["POST"])
    @signed_in
    def run(self, pk: int) -> Any:
        """Makes the file now: for oneself, or for all who receive it."""
        session, who = database(), actor().user_id
        row = saved_export.entry(session, pk)
        if who is None:
            raise Missing()
        everybody = request.form.get("to") == "all" and row.owner_id == who
        users = json.loads(row.recipients) if everybody else [who]
        jobs = saved_export.ask_for(session, row, users)
        session.commit()
        if everybody:
            flash(say(_("It is sent to {n} people.", "正在发送给 {n} 位接收人。").fill(n=len(users))), "ok")
            return redirect("/exports/", 303)
        return redirect(f"/job/show/{jobs[0]}", 303)

    @expose("/<int:pk>/change", methods=["GET", "POST"])
    @signed_in
    def change(self, pk: int) -> Any:
        """Name, form, times and recipients; which rows and columns is changed by saving the list anew."""
        session = database()
        row = saved_export.entry(session, pk)
        if row.owner_id != actor().user_id:
            raise Missing()
        errors: list[Any] = []
        sent: Any = request.form if request.method == "POST" else _said(session, row)
        if request.method == "POST":
            try:
                saved_export.save(session, row.table_name, saved_wanted(session, sent, row.query), pk)
                session.commit()
                flash(say(_("The export is saved.", "常用导出已保存。")), "ok")
                return redirect("/exports/", 303)
            except Refusal as refusal:
                session.rollback()
                errors = [each.sentence for each in refusal.all()]
        title = _("Change saved export", "修改常用导出")
        page = {
            "url": f"/exports/{pk}/change",
            "report": row.report,
            "sent": sent,
            "errors": errors,
            "forms": [{"value": form, "label": form.upper()} for form in saved_export.FORMS],
            "schedule": schedule_fields(sent),
            "recipients": recipients_of(session, sent),
        }
        trail = [{"label": _("Saved exports", "常用导出"), "url": "/exports/"}]
        body = render_template("doorbook/saved_export.html", shell=shell(title, trail), page=page)
        return body, 422 if errors else 200

    @expose("/<int:pk>/delete", methods=["POST"])
    @signed_in
    def delete(self, pk: int) -> Any:
        """Deletes one's own, or takes oneself off another's."""
        session = database()
        name = saved_export.delete(session, pk)
        session.commit()
        flash(say(_("“{name}” is sent to you no more.", "已移除常用导出“{name}”。").fill(name=name)), "ok")
        return redirect("/exports/", 303)


def _moment(value: Any) -> str:
    return local(value).strftime("%Y-%m-%d %H:%M") if value is not None else ""


def _names(session: Session, users: set[int]) -> dict[int, str]:
    """Names of those the actor sees, and their own."""
    profile: Any = table("user_profile")
    found = session.execute(select(profile.user_id, profile.name).where(profile.user_id.in_(sorted(users))))
    names = {user: name for user, name in found}
    who = actor()
    if who.user_id is not None:
        names.setdefault(who.user_id, who.name)
    return names


def _said(session: Session, row: Any) -> dict[str, str]:
    """An entry as its form shows it."""
    profile: Any = table("user_profile")
    users = json.loads(row.recipients)
    logins = session.execute(select(profile.login).where(profile.user_id.in_(users))).scalars()
    return {
        "name": row.name,
        "form": row.form,
        "labels": "technical" if row.technical else "",
        "refs": "codes" if row.codes else "",
        "repeat": row.repeat,
        "day": f"{'m' if row.repeat == 'monthly' else 'w'}{row.day}",
        "at": row.at,
        "recipients": ", ".join(sorted(logins)),
    }
