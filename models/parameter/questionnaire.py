"""Questionnaires (问卷) and their questions: what customers are asked at which moment (S05, domain_facts 9)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from sqlalchemy.orm import Mapped, Session

from models.kernel import (
    Options,
    Refusal,
    Screen,
    Table,
    _,
    choice,
    decimal,
    flag,
    integer,
    link,
    prose,
    ref,
    section,
    text,
)
from models.kernel.actor import Actor
from models.kernel.parameter import IN_FORCE, Parameter


class SurveyPoint(Options):
    """When customers are asked (domain_facts 9)."""

    HANDOVER = "handover", _("Handover", "交付")
    REPAIR = "repair", _("Repair closed", "维修关闭")
    COMPLAINT = "complaint", _("Complaint closed", "投诉关闭")
    HALF_YEAR = "half_year", _("Half a year after handover", "交付后半年")
    YEAR = "year", _("A year after handover", "交付后一年")
    TITLE = "title", _("Title", "产权办理")


class Questionnaire(Parameter):
    """A questionnaire for one moment of the customer's way."""

    screen = Screen(
        label=_("Questionnaire", "问卷"),
        plural=_("Questionnaires", "问卷定义"),
        icon="clipboard-text",
        key=("from_day", "node_id", "code"),
        title=("name",),
        listed=("code", "name", "point", "node", "enabled", "overridable"),
        searched=("name", "code"),
        order=("sort", "code", "id"),
        sections=(section(_("Questionnaire", "问卷"), "code", "name", "point", "greeting", "sort"), IN_FORCE),
        children=(("question", "questionnaire_id"),),
    )

    name: Mapped[str] = text(_("Name", "问卷名称"), 80)
    point: Mapped[str] = choice(_("Asked at", "调查时点"), SurveyPoint)
    greeting: Mapped[str | None] = prose(_("Greeting", "开场语"))


class QuestionKind(Options):
    """How a question is answered."""

    FIVE = "five", _("Five grades of satisfaction", "满意度五级")
    NPS = "nps", _("0 to 10: would recommend", "推荐意愿 0–10（NPS）")
    ONE = "one", _("One of several", "单选")
    MANY = "many", _("Some of several", "多选")
    TEXT = "text", _("In words", "文字")


class Dimension(Options):
    """The five dimensions of service (S05)."""

    RESPONSE = "response", _("Response", "反应度")
    RELIABILITY = "reliability", _("Reliability", "信赖度")
    COMPETENCE = "competence", _("Competence", "专业度")
    EMPATHY = "empathy", _("Empathy", "同理度")
    TANGIBLES = "tangibles", _("Tangibles", "有形度")


class Question(Table):
    """A question of a questionnaire."""

    owned = link("questionnaire_id")
    screen = Screen(
        label=_("Question", "题目"),
        plural=_("Questions", "题目"),
        icon="help-circle",
        key=("questionnaire_id", "place"),
        title=("wording",),
        listed=("questionnaire.name", "place", "wording", "kind", "dimension", "weight", "required"),
        searched=("wording",),
        order=("place", "id"),
        sections=(
            section(
                _("Question", "题目"),
                "questionnaire_id",
                "place",
                "wording",
                "kind",
                "dimension",
                "weight",
                "choices",
                "required",
            ),
        ),
        menu=False,
    )

    questionnaire_id: Mapped[int] = ref("questionnaire", _("Questionnaire", "问卷"))
    place: Mapped[int] = integer(_("Number", "题号"))
    wording: Mapped[str] = text(_("Question", "题目"), 200)
    kind: Mapped[str] = choice(_("Answered by", "题型"), QuestionKind, default=QuestionKind.FIVE)
    dimension: Mapped[str | None] = choice(_("Dimension", "服务维度"), Dimension)
    weight: Mapped[Decimal | None] = decimal(_("Weight", "权重"), 5, 2)
    choices: Mapped[str | None] = prose(_("Answers", "选项"), hint=_("One a line.", "每行一个选项。"))
    required: Mapped[bool] = flag(_("Must be answered", "必答"), default=True)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """A question with answers to choose from has at least two of them, each once; a weight is not below zero."""
        answers = [line.strip() for line in (self.choices or "").splitlines() if line.strip()]
        if self.kind in (QuestionKind.ONE, QuestionKind.MANY) and len(set(answers)) < max(2, len(answers)):
            yield Refusal(
                _("Write at least two different answers, one a line.", "请至少填写两个不同的选项，每行一个。"),
                "choices",
            )
        if self.weight is not None and self.weight < 0:
            yield Refusal(_("This cannot be below 0.", "该值不能小于 0。"), "weight")
