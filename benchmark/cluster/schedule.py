"""Decide which task runs when. Only few tasks exist in memory at any time.

The work is given as flows. A flow yields batches of tasks. The tasks of a batch may run
in any order. The flow is asked for its next batch when the batch is done.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable

from fewbench.documents import counted
from fewbench.errors import UserError
from fewbench.signals import Interrupted, StopRequest, held_signals

from .executor import Executor as Executor
from .flow import Flow as Flow
from .flow import OpenFlow
from .log import append_line
from .outcome import Outcome
from .place import Place
from .retries import MOST_FAILURES, Retries
from .share import ALL, Share
from .summary import Failure, Summary
from .task import Task

Watch = Callable[[Summary], None]

# How many tasks are handed to the executor, for each of its slots.
_WINDOW = 4
_SECONDS_BETWEEN_LOOKS = 0.25


def run_flows(
    flows: Iterable[Flow],
    executor: Executor,
    place: Place,
    *,
    share: Share = ALL,
    watch: Watch | None = None,
) -> Summary:
    """Do all tasks of some flows, except those that are done already.

    A task that fails three times ends its flow. The other flows go on.

    share: which of the tasks to do. Where a flow needs tasks of other shares first, they
        are done here if no process is working on them. If there are several shares, tasks
        of the kind "result" are left out, and a flow may be asked for its next batch
        before the answers of other shares are there.
    watch: called several times a second with the counts so far
    Raises DifferentCopies if two attempts at a task made different bytes.
    Raises Interrupted if a signal asked the process to end.
    """
    run = _Run(flows, executor, place, share)
    with held_signals() as request:
        try:
            run.to_the_end(request, watch)
        except Interrupted as stop:
            n_finished = run.summary.n_finished
            verb = "is" if n_finished == 1 else "are"
            raise Interrupted(
                stop.number,
                f"stopped: {counted(n_finished, 'task')} {verb} done",
                "To go on, type the same command",
            ) from stop
    return run.summary


class _Run:
    """Some flows under way.

    _ready: flows that have more tasks in their batch
    _stuck: flows that need tasks of other shares first
    _running: the tasks that the executor has, with their flows
    _again: tasks that were handed out before and are not done
    """

    def __init__(
        self, flows: Iterable[Flow], executor: Executor, place: Place, share: Share
    ) -> None:
        self.summary = Summary()
        self._new_flows = enumerate(flows)
        self._executor = executor
        self._place = place
        self._share = share
        self._ready: deque[OpenFlow] = deque()
        self._stuck: deque[OpenFlow] = deque()
        self._again = Retries()
        self._running: dict[str, tuple[OpenFlow, Task]] = {}

    def to_the_end(self, request: StopRequest, watch: Watch | None) -> None:
        started = time.monotonic()
        looked = started
        while self._fill():
            for outcome in self._executor.finished(_SECONDS_BETWEEN_LOOKS):
                self._settle(outcome)
            request.check()
            now = time.monotonic()
            self.summary.seconds = now - started
            self.summary.running = min(len(self._running), self._executor.slots)
            if watch is not None and now - looked >= _SECONDS_BETWEEN_LOOKS:
                looked = now
                watch(self.summary)
        self.summary.seconds = time.monotonic() - started
        self.summary.running = 0
        if watch is not None:
            watch(self.summary)

    def _fill(self) -> bool:
        """Hand tasks to the executor. Return whether there is anything left to wait for."""
        slots = max(1, self._executor.slots)
        while len(self._running) < _WINDOW * slots:
            found = self._next_own()
            if found is None and len(self._running) < slots:
                found = self._next_of_others()
            if found is None:
                break
            self._submit(*found)
        return bool(self._running or self._again or self._stuck)

    def _submit(self, flow: OpenFlow, task: Task) -> None:
        if task.id in self._running:
            # Another flow has the same task.
            self._again.put_off(flow, task)
            return
        self._running[task.id] = (flow, task)
        self._executor.submit(task)

    def _next_own(self) -> tuple[OpenFlow, Task] | None:
        """Return the next task to do, with its flow; None if there is none for now."""
        found = self._next_again()
        while found is None:
            if not self._ready:
                if not self._open_flow():
                    return None
                # The new flow may have no batch at all.
                continue
            flow = self._ready[0]
            try:
                task = self._next_of(flow)
            except UserError as error:
                self._end_by(flow, error)
                continue
            if task is not None:
                return flow, task
            self._ready.popleft()
            self._go_on(flow)
        return found

    def _next_again(self) -> tuple[OpenFlow, Task] | None:
        """Return the next task that was handed out before and is not done."""
        while found := self._again.next():
            flow, task = found
            if not self._place.is_done(task):
                return flow, task
            self.summary.by_others[task.kind] += 1
            self._finish(flow)
        return None

    def _open_flow(self) -> bool:
        """Start one more flow. Return whether there was one."""
        for number, batches in self._new_flows:
            self._advance(OpenFlow(number, batches))
            return True
        return False

    def _next_of(self, flow: OpenFlow) -> Task | None:
        """Return the next task of a flow's batch that this share has to do."""
        for position, task in flow.batch:
            if task is None or self._share.leaves_out(task):
                continue
            if self._place.is_done(task):
                self.summary.existed[task.kind] += 1
            elif self._share.has(flow.number, position):
                flow.waits_for += 1
                flow.last_title = task.title
                return task
            elif self._share.needs(task):
                flow.missing.append(task)
        flow.has_more = False
        return None

    def _next_of_others(self) -> tuple[OpenFlow, Task] | None:
        """Return a task of another share that is missing here."""
        for _ in range(len(self._stuck)):
            flow = self._stuck.popleft()
            self._drop_done(flow)
            if not flow.missing:
                self._go_on(flow)
                return self._next_own()
            self._stuck.append(flow)
        for flow in self._stuck:
            # Its own process begins at the other end.
            task = flow.missing.pop()
            flow.waits_for += 1
            if not flow.missing:
                self._stuck.remove(flow)
            return flow, task
        return None

    def _drop_done(self, flow: OpenFlow) -> None:
        while flow.missing and self._place.is_done(flow.missing[-1]):
            task = flow.missing.pop()
            self.summary.by_others[task.kind] += 1

    def _settle(self, outcome: Outcome) -> None:
        """Note what became of a task."""
        flow, task = self._running.pop(outcome.task_id)
        if outcome.state == "done":
            self.summary.waiting = ""
            self._again.forget(task)
            ours = outcome.seconds is not None
            counts = self.summary.done if ours else self.summary.by_others
            counts[task.kind] += 1
            self._finish(flow)
        elif outcome.state == "busy":
            self.summary.waiting = outcome.reason
            self._again.put_off(flow, task)
        else:
            if outcome.state == "died":
                # A process that was killed could not write it itself.
                append_line(self._place.folder, task, outcome)
            self._fail(flow, task, outcome.reason)

    def _fail(self, flow: OpenFlow, task: Task, reason: str) -> None:
        n_failures = self._again.fail(flow, task)
        if n_failures >= MOST_FAILURES:
            self._end(flow, Failure(task.title, reason, n_failures))

    def _end(self, flow: OpenFlow, failure: Failure) -> None:
        if not flow.has_ended:
            self.summary.failures.append(failure)
        flow.end()
        for those in (self._ready, self._stuck):
            if flow in those:
                those.remove(flow)

    def _end_by(self, flow: OpenFlow, error: UserError) -> None:
        """End a flow that cannot say what its next task is."""
        title = "the first task"
        if flow.last_title:
            title = f"the tasks after: {flow.last_title}"
        self._end(flow, Failure(title, str(error), 1))

    def _finish(self, flow: OpenFlow) -> None:
        """Note that one of the tasks for which a flow waits is done."""
        flow.waits_for -= 1
        self._go_on(flow)

    def _go_on(self, flow: OpenFlow) -> None:
        """Ask a flow for its next batch if it does not wait for anything."""
        if flow.has_ended or flow.has_more or flow.waits_for:
            return
        if flow.missing:
            if flow not in self._stuck:
                self._stuck.append(flow)
            return
        self._advance(flow)

    def _advance(self, flow: OpenFlow) -> None:
        """Ask a flow for its next batch."""
        try:
            has_batch = flow.advance()
        except UserError as error:
            self._end_by(flow, error)
            return
        if has_batch:
            # Flows that are under way come before new ones.
            self._ready.appendleft(flow)
