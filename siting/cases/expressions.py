"""Read and evaluate the one-line calculations of a case: + - * /, names and formulas."""

from __future__ import annotations

import ast
import difflib
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping

from siting.cases.formulas import CONSTANTS, FORMULAS
from siting.cases.quantities import Quantity, UnitError
from siting.parameters import Parameters

__all__ = ["DEFAULT", "ExpressionError", "evaluate", "names_in", "parsed"]

DEFAULT = "default"
OPERATORS: Mapping[type[ast.operator], Callable[[Quantity, Quantity], Quantity]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class ExpressionError(ValueError):
    """A calculation cannot be understood."""


def parsed(text: str) -> ast.expr:
    """Return a calculation as a tree.

    Raises
    ------
    ExpressionError
        It holds something else than numbers, names, + - * /, brackets and known formulas.

    Examples
    --------
    >>> parsed("heat / hours ** 2")
    Traceback (most recent call last):
    siting.cases.expressions.ExpressionError: 'hours ** 2' is no calculation known here
    """
    text = " ".join(text.split())
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        raise ExpressionError(f"'{text}' cannot be read") from None
    for node in _nodes(tree):
        _allow(node)
    return tree


def names_in(tree: ast.expr) -> tuple[str, ...]:
    """Return the figures that a calculation uses, defaults as ``default.name``.

    Examples
    --------
    >>> names_in(parsed("cop(a, b, c, d, 0.5) * heat / default.cop_cap"))
    ('a', 'b', 'c', 'd', 'heat', 'default.cop_cap')
    """
    found: dict[str, None] = {}
    for node in _nodes(tree):
        if isinstance(node, ast.Attribute):
            found[f"{DEFAULT}.{node.attr}"] = None
        elif isinstance(node, ast.Name) and node.id not in CONSTANTS:
            found[node.id] = None
    return tuple(found)


def evaluate(
    tree: ast.expr, value_of: Callable[[str], Quantity], parameters: Parameters
) -> Quantity:
    """Return the value of a calculation.

    Parameters
    ----------
    tree
        From `parsed`.
    value_of
        Gives the figure of a name.
    parameters
        Gives the figures named ``default.…``.

    Raises
    ------
    UnitError
        Units do not fit.
    InputError
        The physics refuse a figure.
    ZeroDivisionError
        A divisor is zero.
    """

    def value(node: ast.expr) -> Quantity:
        match node:
            case ast.Constant(value=int() | float() as number):
                return Quantity(float(number))
            case ast.Name(id=name):
                return CONSTANTS[name] if name in CONSTANTS else value_of(name)
            case ast.Attribute(attr=name):
                row = parameters[name]
                return Quantity.of(row.value, row.unit)
            case ast.UnaryOp(operand=operand):
                return -value(operand)
            case ast.BinOp(left=left, op=op, right=right):
                return OPERATORS[type(op)](value(left), value(right))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
                return FORMULAS[name](parameters, **_arguments(name, args, keywords, value))
            case _:  # pragma: no cover - `parsed` lets nothing else through
                raise ExpressionError(f"'{ast.unparse(node)}' is no calculation known here")

    return value(tree)


def _arguments(
    name: str,
    args: Iterable[ast.expr],
    keywords: Iterable[ast.keyword],
    value: Callable[[ast.expr], Quantity],
) -> dict[str, Quantity]:
    """Return the arguments of a formula by name."""
    known, given = list(FORMULAS[name].units), [value(each) for each in args]
    if len(given) > len(known):
        raise UnitError(f"{name}() takes ({', '.join(known)}), not {len(given)} figures")
    found = dict(zip(known, given, strict=False))
    return found | {str(each.arg): value(each.value) for each in keywords}


def _nodes(tree: ast.expr) -> Iterator[ast.expr]:
    """Yield the parts of a calculation as read; names of formulas are not parts of their own."""
    yield tree
    match tree:
        case ast.BinOp(left=left, right=right):
            parts = [left, right]
        case ast.UnaryOp(operand=operand):
            parts = [operand]
        case ast.Call(args=args, keywords=keywords):
            parts = [*args, *(each.value for each in keywords)]
        case _:
            parts = []
    for part in parts:
        yield from _nodes(part)


def _allow(node: ast.expr) -> None:
    """Raise unless a part of a calculation is one that is understood."""
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float()) | ast.Name():
            return
        case ast.Attribute(value=ast.Name(id=name)) if name == DEFAULT:
            return
        case ast.UnaryOp(op=ast.USub()):
            return
        case ast.BinOp(op=op) if type(op) in OPERATORS:
            return
        case ast.Call(func=ast.Name(id=name)):
            if name in FORMULAS:
                return
            near = difflib.get_close_matches(name, FORMULAS, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}()?" if near else f"known are {', '.join(FORMULAS)}"
            raise ExpressionError(f"there is no formula {name}(); {hint}")
        case _:
            pass
    raise ExpressionError(f"'{ast.unparse(node)}' is no calculation known here")
