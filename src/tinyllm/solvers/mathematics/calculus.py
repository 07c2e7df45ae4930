"""Calculus: derivatives, integrals, limits, series, sums."""

from typing import Any

from tinyllm.solvers.mathematics.answers import Answer
from tinyllm.solvers.mathematics.evaluation import Value
from tinyllm.solvers.mathematics.expressions import unclear
from tinyllm.solvers.mathematics.polynomials import Polynomial
from tinyllm.solvers.mathematics.reading import Reading
from tinyllm.solvers.mathematics.rules import noun, query
from tinyllm.solvers.mathematics.shown import text as written

HIGHEST_DERIVATIVE = 20
CONSTANTS = frozenset(["e", "pi"])


def _variable(say: Reading, value: Value, name: str) -> str:
    """The letter that is meant: the one said, the parameter being defined, or the only one."""
    names = value.names if isinstance(value, Polynomial) else frozenset(s.name for s in value.free_symbols)
    if name in CONSTANTS:
        unclear("a constant does not vary")
    names -= CONSTANTS - {say.about}
    if name or (say.about and say.about in names):
        return name or say.about
    if say.about and not names:
        return say.about
    return next(iter(names)) if len(names) == 1 else unclear("with respect to what")


def differentiated(say: Reading, e: Value, v: str, times: int) -> Value:
    if not 1 <= times <= HIGHEST_DERIVATIVE:
        unclear("too high a derivative")
    say.lettered = isinstance(e, Polynomial)
    name = _variable(say, e, v)
    if isinstance(e, Polynomial):
        result: Value = e.derivative(name, times)
    else:
        from tinyllm.solvers.mathematics.symbolic import derivative

        result = derivative(e, name, times)
        say.ground = e
    say.note(
        f"d{f'^{times}' if times > 1 else ''}/d{name}{f'^{times}' if times > 1 else ''} ({say.show(e)}) = {say.show(result)}"
    )
    return result


@noun(
    "{k:ordinal} [partial] derivative of {e:expression} (wrt|with respect to|in) {v:name}",
    "[partial] derivative of {e:expression} (wrt|with respect to|in) {v:name}",
    "{k:ordinal} derivative of [the] [function] {e:expression}",
    "derivative of [the] [function] {e:expression}",
    "d/d{v:name} [of] {e:expression}",
    "d{w:name}/d{v:name} (if|when|where|for|of) [y =] {e:expression}",
)
@query(
    "(differentiate|derive) {e:expression} (wrt|with respect to) {v:name}",
    "differentiate [the] [function] {e:expression}",
    "differentiate {e:expression} {k:times} (wrt|with respect to) {v:name}",
)
def derivative(say: Reading, e: Value, v: str = "", k: int = 1, w: str = "y") -> Value:
    if w != "y":
        unclear("the derivative of what")
    return differentiated(say, e, v, k)


@noun(
    "derivative of [the] [function] {e:expression} [evaluated] (at|when|for) {v:name} = {a:value}",
    "{k:ordinal} derivative of {e:expression} (at|when|for) {v:name} = {a:value}",
    "(slope|gradient) of [the] [(tangent|tangent line)] [to] [the] [curve] [y =] {e:expression} at {v:name} = {a:value}",
)
def derivative_at(say: Reading, e: Value, v: str, a: Value, k: int = 1) -> Value:
    found = differentiated(say, e, v, k)
    if isinstance(found, Polynomial) and isinstance(a, Polynomial):
        return found.replacing({v: a})
    from tinyllm.solvers.mathematics.domains import require_analytic
    from tinyllm.solvers.mathematics.symbolic import constants, replaced

    require_analytic(constants(e), v, constants(a))
    return replaced(found, v, a)


_INTEGRAND = "{e:expression} [d{v:name}|(wrt|with respect to) {w:name}]"


@query(
    f"integrate [the] [function] {_INTEGRAND}",
    f"<ask> (antiderivative|indefinite integral|integral|primitive) of {_INTEGRAND}",
)
def integral(say: Reading, e: Value, v: str = "", w: str = "") -> Answer:
    from tinyllm.solvers.mathematics.analysis import integrated

    name = _variable(say, e, v or w)
    result = integrated(e, name)
    text = say.show(result)
    say.note(f"integral of {say.show(e)} d{name} = {text} + C")
    return Answer(f"{text} + C", written(result), result)


@query(
    "integrate {e:expression} from {a:bound} to {b:bound}",
    "integrate {e:expression} (wrt|with respect to) {v:name} from {a:bound} to {b:bound}",
    "integrate {e:expression} d{v:name} from {a:bound} to {b:bound}",
    "integrate {e:expression} (between|for|over) [{v:name} =] {a:bound} (and|to) [{w:name} =] {b:bound}",
    "integrate {e:expression} from {v:name} = {a:bound} to [{w:name} =] {b:bound}",
)
@noun(
    "[definite] integral of {e:expression} from [{v:name} =] {a:bound} to [{w:name} =] {b:bound}",
    "[definite] integral of {e:expression} d{v:name} from {a:bound} to {b:bound}",
    "[definite] integral from {a:bound} to {b:bound} of {e:expression} [d{v:name}]",
    "integral of _{a:bound}^{b:bound} {e:expression} d{v:name}",
)
def definite_integral(say: Reading, e: Value, a: Any, b: Any, v: str = "", w: str = "") -> Value:
    from tinyllm.solvers.mathematics.analysis import integrated_between

    name = _variable(say, e, v)
    if w not in ("", name):
        unclear("two letters")
    result = integrated_between(e, name, a, b)
    say.note(f"integral of {say.show(e)} d{name} from {_end(say, a)} to {_end(say, b)} = {say.show(result)}")
    return result


@noun(
    "area under [the] [curve] [y =] {e:expression} (from|between) [{v:name} =] {a:bound} (to|and) [{w:name} =] {b:bound}"
)
def area(say: Reading, e: Value, a: Any, b: Any, v: str = "", w: str = "") -> Value:
    """Under a curve that is nowhere below the axis: elsewhere some subtract and some add."""
    from tinyllm.solvers.mathematics.analysis import require_positive

    require_positive(e, _variable(say, e, v), a, b)
    return definite_integral(say, e, a, b, v, w)


@noun(
    "limit of {e:expression} as {v:name} (->|approaches|tends to|goes to|→) {a:bound}",
    "limit as {v:name} (->|approaches|tends to|goes to) {a:bound} of {e:expression}",
    "lim[it] {v:name} -> {a:bound} [of] {e:expression}",
    "lim_ \\( {v:name} -> {a:bound} \\) {e:expression}",
    "lim \\( {v:name} -> {a:bound} \\) {e:expression}",
)
def limit(say: Reading, e: Value, v: str, a: Any) -> Value:
    from tinyllm.solvers.mathematics.analysis import limit as approached

    result = approached(e, v, a)
    text = str(result).replace("oo", "infinity")
    say.note(f"limit of {say.show(e)} as {v} -> {_end(say, a)} = {text}")
    return Answer(text, str(result)) if "oo" in str(result) else result


@query(
    "<ask> (taylor|maclaurin) (series|polynomial|expansion) of {e:expression} (around|about|at) [{v:name} =] {a:value} (up to|to) (order|degree) {n:integer}",
    "<ask> (taylor|maclaurin) (series|polynomial|expansion) of {e:expression} (up to|to) (order|degree) {n:integer}",
    "<ask> {k:ordinal} (order|degree) (taylor|maclaurin) (series|polynomial|expansion) of {e:expression} (around|about|at) [{v:name} =] {a:value}",
)
def taylor(say: Reading, e: Value, v: str = "", a: Value = None, n: int = 0, k: int = 0) -> Value:
    from tinyllm.solvers.mathematics.analysis import series

    say.defined = True
    return series(e, _variable(say, e, v), 0 if a is None else a, n or k)


@noun(
    "sum of {e:expression} (for|from) {v:name} = {a:bound} to {b:bound}",
    "sum (for|from) {v:name} = {a:bound} to {b:bound} of {e:expression}",
    "sum of {e:expression} (for|as) {v:name} (from|goes from|ranges from) {a:bound} to {b:bound}",
)
def summation(say: Reading, e: Value, v: str, a: Any, b: Any) -> Value:
    from tinyllm.solvers.mathematics.analysis import summed

    result = summed(e, v, a, b)
    say.note(f"sum of {say.show(e)} for {v} = {_end(say, a)} to {_end(say, b)} = {say.show(result)}")
    return result


def _end(say: Reading, bound: Any) -> str:
    return bound.replace("oo", "infinity") if isinstance(bound, str) else say.show(bound)
