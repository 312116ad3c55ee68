"""What cannot be done, said as a sentence: what happened and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from models.kernel.words import Words, _


class Refusal(Exception):
    """Something that was asked for and is not done.

    Args:
        sentence: what happened and what to do, in both languages.
        field: the column at fault, where there is one.
        code: a stable id for machines, such as `duplicate` or `stale`.
        status: the HTTP status that says the same.
        also: further refusals of the same attempt (a form with three wrong fields has three).
        existing: the key of a row the actor can see that is there already and may be used instead (S04).
        url: the page where it can be done instead.
    """

    status = 422
    code = "refused"

    def __init__(
        self,
        sentence: Words,
        field: str | None = None,
        *,
        code: str | None = None,
        status: int | None = None,
        also: Sequence[Refusal] = (),
        existing: int | None = None,
        url: str | None = None,
    ) -> None:
        super().__init__(sentence.en)
        self.sentence = sentence
        self.field = field
        self.code = code or self.code
        self.status = status or self.status
        self.also = tuple(also)
        self.existing = existing
        self.url = url

    def __str__(self) -> str:
        return str(self.sentence)

    def all(self) -> list[Refusal]:
        """Returns this refusal and those that came with it."""
        return [self, *self.also]

    @classmethod
    def of(cls, refusals: Sequence[Refusal]) -> Refusal:
        """Returns one refusal that carries all of `refusals` (at least one)."""
        first, *rest = refusals
        return Refusal(
            first.sentence,
            first.field,
            code=first.code,
            status=first.status,
            also=rest,
            existing=first.existing,
            url=first.url,
        )


class Denied(Refusal):
    """The actor has no right to do this here (403)."""

    status = 403
    code = "denied"

    def __init__(self, sentence: Words | None = None, field: str | None = None) -> None:
        super().__init__(
            sentence
            or _(
                "You have no right to do this here. Ask an administrator of this company for it.",
                "您在此处没有该操作权限，如有需要请联系本公司管理员开通。",
            ),
            field,
        )


class Missing(Refusal):
    """There is no such row for this actor, whether or not it exists (404)."""

    status = 404
    code = "missing"

    def __init__(self, sentence: Words | None = None) -> None:
        super().__init__(
            sentence
            or _(
                "This record does not exist, or is not in your part of the tree.",
                "该记录不存在，或不在您的权限范围内。",
            )
        )


class Stale(Refusal):
    """Somebody else saved this row in the meantime (409).

    Args:
        current: the version in the database now.
        theirs: field -> value as it stands now, for the fields that differ from what was sent.
    """

    status = 409
    code = "stale"

    def __init__(self, current: int, theirs: dict[str, object] | None = None) -> None:
        super().__init__(
            _(
                "Somebody saved this record while you were editing it. Compare both values and choose.",
                "您编辑期间，其他人已保存过该记录。请对照两边的内容后选择。",
            )
        )
        self.current = current
        self.theirs = theirs or {}
