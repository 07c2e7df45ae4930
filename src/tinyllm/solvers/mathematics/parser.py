"""Precedence climbing over the tokens of an expression."""

from fractions import Fraction

from tinyllm.solvers.mathematics.expressions import (
    DEEPEST,
    FUNCTIONS,
    Binary,
    Call,
    Minus,
    Name,
    Node,
    Number,
    Token,
    refuse,
    tokens,
    unclear,
)
from tinyllm.solvers.mathematics.numerals import PARTS, ordinal

_LEVELS = {"+": 1, "-": 1, "*": 2, "/": 2, "mod": 2, "of": 2, "^": 5}
_IMPLICIT, _PRODUCT = "implicit", 2
MOST_POSTFIXES = 6
_END = Token("end", "")


def parse(text: str, functions: frozenset[str] = frozenset()) -> Node:
    """The tree of an expression; `functions` are the names that a bracket applies."""
    return Parser(tokens(text), functions).whole()


class Parser:
    def __init__(self, found: list[Token], functions: frozenset[str]) -> None:
        self.found, self.functions = found, functions
        self.place = self.depth = 0
        self.bracketed: Node | None = None

    def whole(self) -> Node:
        node = self.climb(1)
        if self.peek().kind != "end":
            unclear(f"at {self.peek().text!r}")
        return node

    def peek(self) -> Token:
        return self.found[self.place] if self.place < len(self.found) else _END

    def take(self) -> Token:
        token = self.peek()
        self.place += 1
        return token

    def accept(self, text: str) -> bool:
        if self.peek().kind == "sign" and self.peek().text == text:
            self.place += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            unclear(f"{text!r} is missing")

    def climb(self, level: int) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            refuse("too many brackets")
        left = self.signed()
        while (found := self.operator(left)) and found[1] >= level:
            operator, strength, spoken = found
            if operator != _IMPLICIT:
                self.take()
            right = (
                self.exponent() if operator == "^" and spoken else self.climb(strength + (operator != "^"))
            )
            left = joined("*" if operator == _IMPLICIT else operator, left, right, spoken)
        self.depth -= 1
        return left

    def exponent(self) -> Node:
        """`to the power of 1/3`: a fraction said after the words is the exponent, not only its top."""
        ahead = self.found[self.place : self.place + 3]
        if (
            [t.kind for t in ahead] == ["number", "sign", "number"]
            and ahead[1].text == "/"
            and ahead[1].tight
        ):
            self.place += 3
            return Binary("/", Number(ahead[0].value), Number(ahead[2].value))
        return self.climb(_LEVELS["^"])

    def operator(self, left: Node) -> tuple[str, int, bool] | None:
        """The operator that comes next, how strongly it binds, and whether it was said in words."""
        token = self.peek()
        if token.kind == "sign" and token.text in _LEVELS:
            return token.text, _LEVELS[token.text], token.spoken
        if self.juxtaposed(token):
            if isinstance(left, Binary) and left.operator == "/" and left is not self.bracketed:
                unclear("a product after a slash could belong above or below it")
            if _numeric_power(left) and left is not self.bracketed:
                unclear("a letter after a power could belong to the exponent")
            return _IMPLICIT, _PRODUCT, False
        return None

    def juxtaposed(self, token: Token) -> bool:
        """`2x`, `3(x + 1)`, `(a)(b)`, `2 sqrt(3)`; never two words, nor two numbers."""
        before = self.found[self.place - 1] if self.place else _END
        if before.kind == token.kind == "word" and len(before.text) == len(token.text) == 1:
            return token.tight
        closed = (before.kind == "number" and not before.spoken) or before.text == ")"
        opens = token.text in ("(", "√", "∛") or (
            token.kind == "word" and (token.tight or token.text in FUNCTIONS)
        )
        if before.kind == "word" and token.text == "(" and token.tight:
            ahead = self.found[self.place + 1 : self.place + 3]
            if len(ahead) == 2 and ahead[0].kind in ("word", "number") and ahead[1].text in (")", "("):
                unclear(f"{before.text} is no function that was defined")
            return True
        return closed and opens

    def signed(self) -> Node:
        minus = self.peek()
        if self.accept("-"):
            return self.opposite(minus.spoken)
        if self.accept("+"):
            return self.climb(4)
        return self.postfixed(self.primary())

    def opposite(self, spoken: bool) -> Minus:
        """`-5^2` is -25 by convention; `negative five squared` has none."""
        operand = self.climb(4)
        power = operand.spoken or spoken if isinstance(operand, Binary) and operand.operator == "^" else False
        if power and operand is not self.bracketed:
            unclear("the power of the number or of its opposite")
        return Minus(operand)

    def postfixed(self, node: Node) -> Node:
        for _ in range(MOST_POSTFIXES):
            if self.accept("!"):
                if self.peek().text == "!":
                    unclear("a double factorial, or a factorial twice")
                node = Call("factorial", (node,))
            elif self.accept("²"):
                node = Binary("^", node, Number(Fraction(2)), spoken=True)
            elif self.accept("³"):
                node = Binary("^", node, Number(Fraction(3)), spoken=True)
            elif self.accept("°"):
                node = Binary("*", node, Binary("/", Name("pi"), Number(Fraction(180))))
            elif self.peek().kind == "power":
                node = Binary("^", node, Number(Fraction(self.power(self.take().text))), spoken=True)
            elif self.accept("%"):
                if not isinstance(node, Number) or node.percent:
                    unclear("per cent of what")
                node = Number(node.value / 100, percent=True)
            else:
                return node
        return refuse("too many signs after a number")

    def power(self, word: str) -> int:
        found = ordinal(word)
        return found if found is not None else unclear(f"the {word} power")

    def primary(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return Number(token.value)
        if token.kind == "word":
            return self.word(token)
        if token.text == "(":
            self.bracketed = inside = self.climb(1)
            self.expect(")")
            return inside
        if token.text == "|":
            inside = self.climb(1)
            self.expect("|")
            return Call("abs", (inside,))
        if token.text in ("√", "∛"):
            return Call("sqrt" if token.text == "√" else "cbrt", (self.postless(),))
        return unclear(f"at {token.text!r}")

    def postless(self) -> Node:
        """What a root sign stands over: one number, name or bracket."""
        self.depth += 1
        if self.depth > DEEPEST:
            refuse("too many roots")
        node = self.primary()
        self.depth -= 1
        return node

    def word(self, token: Token) -> Node:
        name = token.text
        if name.lower() in ("log", "logarithm") and (base := self.base()) is not None:
            return Call("log", (self.call("log").arguments[0], base))
        if name == "half" and self.peek().text == "of":
            return Number(Fraction(1, PARTS[name]))
        if name.lower() in FUNCTIONS and name not in self.functions:
            return self.call(name.lower())
        if name.lower() == "negative":
            return self.opposite(spoken=True)
        if name in self.functions:
            while self.peek().text == "'":
                name += self.take().text
            if self.peek().text != "(":
                unclear(f"{name} of what")
            return self.call(name)
        if len(name) == 1 or (name == "pi"):
            return Name(name)
        return unclear(f"the word {name!r}")

    def base(self) -> Node | None:
        """`log base 2 of 8`, `log_2(8)`."""
        if self.peek().text == "base" or self.peek().text == "_":
            self.take()
            base = self.primary()
            self.accept("of")
            return base
        return None

    def call(self, name: str) -> Call:
        if self.accept("("):
            arguments = [self.climb(1)]
            while self.accept(","):
                arguments.append(self.climb(1))
            self.expect(")")
            return Call(name, tuple(arguments))
        if self.peek().kind not in ("number", "word"):
            unclear(f"{name} of what")
        # `sin x`, `ln 5`, `sin 2x`: a function takes the next factor, with a letter that touches it.
        argument = self.climb(_PRODUCT + 1)
        if self.juxtaposed(self.peek()):
            letter = self.take()
            if letter.kind != "word" or len(letter.text) > 1 or name in ("sqrt", "cbrt", "root", "abs"):
                unclear(f"how much belongs to {name}")
            argument = Binary("*", argument, Name(letter.text))
        return Call(name, (argument,))


def joined(operator: str, left: Node, right: Node, spoken: bool) -> Node:
    if operator in "+-" and isinstance(right, Number) and right.percent:
        unclear("per cent of the first number or of one")
    if operator == "of":
        if not _part(left):
            unclear("only a fraction or a percentage is taken `of` something")
        operator = "*"
    return Binary(operator, left, right, spoken)


def _numeric_power(node: Node) -> bool:
    """`2^3` and `e^2`, but not `x^2`: in `x^2y` everybody sees two factors."""
    if not isinstance(node, Binary) or node.operator != "^" or not isinstance(node.right, Number):
        return False
    return isinstance(node.left, Number) or (isinstance(node.left, Name) and node.left.name == "e")


def _part(node: Node) -> bool:
    """`15%`, `0.5`, `3/4`: what one can take of something."""
    if isinstance(node, Binary):
        return node.operator == "/" and all(
            isinstance(n, Number) and not n.percent for n in (node.left, node.right)
        )
    return isinstance(node, Number) and (node.percent or node.value.denominator != 1)
