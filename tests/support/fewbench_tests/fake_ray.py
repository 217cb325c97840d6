"""A stand-in for the package ray, which calls functions at once in this process."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any


class RayError(Exception):
    pass


class RayTaskError(RayError):
    def __init__(self, cause: BaseException) -> None:
        super().__init__(f"traceback of {cause}")
        self.cause = cause


class OutOfMemoryError(RayError):
    pass


class NodeDiedError(RayError):
    pass


class WorkerCrashedError(RayError):
    pass


class FakeRay:
    """The functions of ray that fewbench calls.

    n_cores: the cores of the only node
    losses: errors with which the first tasks end
    """

    exceptions = SimpleNamespace(
        RayError=RayError,
        RayTaskError=RayTaskError,
        OutOfMemoryError=OutOfMemoryError,
        NodeDiedError=NodeDiedError,
        WorkerCrashedError=WorkerCrashedError,
    )
    _private = SimpleNamespace(worker=SimpleNamespace(print_to_stdstream=print))

    def __init__(self, n_cores: int = 2, losses: list[RayError] | None = None) -> None:
        self.n_cores = n_cores
        self.losses = losses or []
        self.options: dict[str, Any] = {}
        self.connections: list[str] = []
        self.cancelled = 0

    def init(self, address: str, **settings: object) -> None:
        if address == "nowhere":
            raise ConnectionError("could not find\nany running Ray instance")
        self.connections.append(address)

    def is_initialized(self) -> bool:
        return bool(self.connections)

    def shutdown(self) -> None:
        self.connections.pop()

    def nodes(self) -> list[dict[str, Any]]:
        return [
            {"Alive": False, "Resources": {"CPU": 64.0}},
            {"Alive": True, "Resources": {"CPU": float(self.n_cores)}},
        ]

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": float(self.n_cores)}

    def remote(self, **options: object) -> Callable[[Callable[..., Any]], Any]:
        self.options.update(options)

        def decorate(function: Callable[..., Any]) -> Any:
            return SimpleNamespace(
                remote=lambda *arguments: _Ref(function, arguments),
                options=lambda **more: self.remote(**more)(function),
            )

        return decorate

    def wait(
        self, refs: list["_Ref"], num_returns: int, timeout: float
    ) -> tuple[list["_Ref"], list["_Ref"]]:
        return refs[:num_returns], refs[num_returns:]

    def get(self, ref: "_Ref") -> object:
        if self.losses:
            raise self.losses.pop(0)
        try:
            return ref.function(*ref.arguments)
        except Exception as error:
            raise RayTaskError(error) from error

    def cancel(self, ref: "_Ref", *, force: bool, recursive: bool) -> None:
        self.cancelled += 1


class _Ref:
    """What stands for a task that was handed to ray."""

    def __init__(
        self, function: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> None:
        self.function = function
        self.arguments = arguments
