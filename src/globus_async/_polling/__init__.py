"""
Polling of documents that change at a service: tasks, runs, timers, until each is as its caller needs it.

==================  ========================================================================================
`shared_poller`     `SharedPoller`: all waits on one client share their requests; one poller per kind of document
`repeated_poll`     `RepeatedPoll`: one document, at growing intervals, with the rules for failed polls
`waiting`           `wait_for_document`: one wait with its time limit and its progress callback
`many_waits`        `wait_for_each`: the waits for many documents, as a bulk
`document_watch`    `DocumentWatch`: an async iterator over the changes of a document
==================  ========================================================================================

A client gives the function that fetches documents by their ids, and has a method for each thing to wait for::

    class WidgetWaitMethods(WidgetMethods):
        @cached_property
        def _widget_poller(self) -> SharedPoller[WidgetDocument]:
            return SharedPoller(self, self._fetch_widgets)

        async def _fetch_widgets(self, widget_ids: Sequence[str]) -> dict[str, WidgetDocument]:
            widget = await self.get_widget(widget_ids[0])  # one id: the poller has no max_batch
            if not isinstance(widget.get("state"), str):  # the wait would never end
                raise widget.raw.decode_error("it should have the state of the widget")
            return {widget_ids[0]: widget.data}

        async def wait_for_widget(self, widget_id, *, timeout=None, polling_interval=(1, 30), progress=None):
            wait = await wait_for_document(
                self._widget_poller,
                uuid_text("widget_id", widget_id).lower(),  # one spelling, so that waits share their polls
                is_done,
                timeout=timeout,
                polling_interval=polling_interval,
                progress=progress,
                kind="widget",
            )
            return WidgetOutcome(reason_of(wait.document) if wait.has_ended else TIMED_OUT, wait.document)

``wait_for_widgets`` is `wait_for_each` of ``wait_for_widget``: waits on one id
whose polls are due at about the same time share a request, and at most ten requests are made at a time. A poll that
fails with a transient error is repeated; see `RepeatedPoll.poll_until`.
"""
