"""Run each allowed opcode on the pickle machine. All other opcodes are refused."""

from collections.abc import Callable
from typing import Any

from .errors import Forbidden, Unexpected
from .machine import Machine
from .opcodes import Opcodes
from .strings import text
from .values import VALUES, integer, unsigned

_MOST_STACKED = 2**20
_LAST_PROTOCOL = 5


def run(machine: Machine, opcodes: Opcodes) -> object:
    """Run the opcodes of a pickle, and return the value that they build.

    Long strings in the value are Payloads, whose bytes are still in the file.
    Raises Unexpected if an opcode is damaged, demands too much, or could run code.
    """
    stack = machine.stack.values
    values = VALUES
    for name, argument in opcodes:
        if name in values:
            stack.append(values[name](argument))
        elif name in _WITH_ARGUMENT:
            _WITH_ARGUMENT[name](machine, argument)
        elif name in _ACTIONS:
            _ACTIONS[name](machine)
        elif name != "STOP":
            raise Forbidden(
                expected="plain values and arrays",
                got=f"the opcode {name}",
            )
        if len(stack) > _MOST_STACKED:
            raise Unexpected(
                expected=f"at most {_MOST_STACKED:,} values at once on the stack",
                got="more",
            )
    return machine.stack.take()


def _list(machine: Machine) -> None:
    items = machine.stack.take_to_mark()
    machine.push_list(items)


def _append(machine: Machine) -> None:
    items = machine.stack.take_many(1)
    machine.extend(items)


def _appends(machine: Machine) -> None:
    items = machine.stack.take_to_mark()
    machine.extend(items)


def _dict(machine: Machine) -> None:
    items = machine.stack.take_to_mark()
    machine.push_dict(items)


def _setitem(machine: Machine) -> None:
    items = machine.stack.take_many(2)
    machine.update(items)


def _setitems(machine: Machine) -> None:
    items = machine.stack.take_to_mark()
    machine.update(items)


def _tuple(machine: Machine) -> None:
    items = machine.stack.take_to_mark()
    machine.push_tuple(items)


def _tuple_of(count: int) -> Callable[[Machine], None]:
    def action(machine: Machine) -> None:
        items = machine.stack.take_many(count)
        machine.push_tuple(items)

    return action


def _stack_global(machine: Machine) -> None:
    module, name = machine.stack.take_many(2)
    machine.push_name(module, name)


def _global(machine: Machine, lines: tuple[bytes, bytes]) -> None:
    module, name = lines
    machine.push_name(text(module), text(name))


def _check_protocol(_: Machine, argument: bytes) -> None:
    protocol = argument[0]
    if protocol > _LAST_PROTOCOL:
        raise Unexpected(
            expected=f"a pickle of protocol 0 to {_LAST_PROTOCOL}",
            got=f"protocol {protocol}",
        )


def _nothing(machine: Machine, argument: bytes) -> None:
    pass


_ACTIONS: dict[str, Callable[[Machine], None]] = {
    "MARK": lambda machine: machine.stack.mark(),
    "POP": lambda machine: machine.stack.pop(),
    "POP_MARK": lambda machine: machine.stack.pop_mark(),
    "DUP": lambda machine: machine.stack.duplicate(),
    "EMPTY_LIST": lambda machine: machine.push_list([]),
    "LIST": _list,
    "APPEND": _append,
    "APPENDS": _appends,
    "EMPTY_DICT": lambda machine: machine.push_dict([]),
    "DICT": _dict,
    "SETITEM": _setitem,
    "SETITEMS": _setitems,
    "TUPLE": _tuple,
    "TUPLE1": _tuple_of(1),
    "TUPLE2": _tuple_of(2),
    "TUPLE3": _tuple_of(3),
    "MEMOIZE": Machine.store_next,
    "STACK_GLOBAL": _stack_global,
    "REDUCE": Machine.reduce,
    "BUILD": Machine.build,
}
_WITH_ARGUMENT: dict[str, Callable[[Machine, Any], None]] = {
    "PROTO": _check_protocol,
    "FRAME": _nothing,
    "PUT": lambda machine, line: machine.store(integer(line)),
    "BINPUT": lambda machine, key: machine.store(unsigned(key)),
    "LONG_BINPUT": lambda machine, key: machine.store(unsigned(key)),
    "GET": lambda machine, line: machine.fetch(integer(line)),
    "BINGET": lambda machine, key: machine.fetch(unsigned(key)),
    "LONG_BINGET": lambda machine, key: machine.fetch(unsigned(key)),
    "GLOBAL": _global,
}
