"""Web inputs: questions to people that block runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..kit.ids import new_id
from .language.limits import check_size
from .language.paths import parse_path, store
from .models import Action, Run, WebInput

if TYPE_CHECKING:
    from ..kit.service import Document

__all__ = ("WebInputs",)


class WebInputs:
    """
    All web inputs.

    Args:
        now: Returns POSIX seconds.
        wake: Lets a run check whether it can continue.
    """

    def __init__(self, now: Callable[[], float], wake: Callable[[Run], None]) -> None:
        self._now = now
        self._wake = wake
        self.by_id: dict[str, WebInput] = {}

    def open(
        self,
        run: Run,
        *,
        title: str,
        options: Iterable[str | Mapping[str, Any]],
        text: str = "",
        rows: Mapping[str, str] | None = None,
        respondents: Iterable[str] = (),
        viewers: Iterable[str] = (),
        creator: str | None = None,
        result_path: str | None = None,
        action: Action | None = None,
    ) -> WebInput:
        """
        Open a web input, which blocks a run.

        Args:
            run: The run.
            title: The question.
            options: The labels of the options, or objects with ``label`` and ``description``.
            text: The text below the title.
            rows: A table in place of the text.
            respondents: The principals who may respond; the owner of the run by default.
            viewers: The principals who may only see it.
            creator: The principal who has created it; the owner of the run by default.
            result_path: Where the id of the chosen option is stored in the state data; nowhere by default.
            action: The action that waits for the response.
        """
        chosen = [{"label": each, "description": ""} if isinstance(each, str) else dict(each) for each in options]
        context: Document = {"title": title, "presentation_style": "text", "text": text}
        if rows is not None:
            table = [{"field": field, "value": value} for field, value in rows.items()]
            context = {"title": title, "presentation_style": "table", "rows": table}
        now = self._now()
        web_input = WebInput(
            new_id(),
            run,
            creator or run.owner,
            title,
            context,
            [
                {"option_id": new_id(), "label": str(each["label"]), "description": str(each.get("description", ""))}
                for each in chosen
            ],
            list(viewers),
            list(respondents) or [run.owner],
            now,
            now,
            result_path=result_path,
            action=action,
        )
        self.by_id[web_input.id] = web_input
        run.blocking_web_input_id = web_input.id
        self._wake(run)
        return web_input

    def blocks(self, run: Run) -> bool:
        """Return whether a run may not execute anything, not even wait for its action."""
        web_input = self.by_id.get(run.blocking_web_input_id or "")
        return web_input is not None and web_input.closed is None and web_input.action is None

    def respond(self, web_input: WebInput, option_id: str) -> None:
        """
        Close a web input with a response, and let its run go on.

        Raises:
            ValueError: The option is none of its options.
        """
        if option_id not in [each["option_id"] for each in web_input.options]:
            raise ValueError(option_id)
        web_input.response = option_id
        run = web_input.run
        if web_input.result_path is not None:
            data = store(parse_path(web_input.result_path), run.data, option_id)
            check_size(data)
            run.data = data
        self._close(web_input)
        self._wake(run)

    def close_all(self, run: Run) -> None:
        """Close the web inputs of a run that has ended."""
        for web_input in list(self.by_id.values()):
            if web_input.run is run and web_input.closed is None:
                self._close(web_input)

    def _close(self, web_input: WebInput) -> None:
        web_input.closed = web_input.edited = self._now()
        if web_input.run.blocking_web_input_id == web_input.id:
            web_input.run.blocking_web_input_id = None
