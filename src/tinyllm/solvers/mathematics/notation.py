"""One spelling for what people write in several: typographic signs, LaTeX, politeness."""

import re

from tinyllm.solvers.mathematics.expressions import unclear

_SIGNS = str.maketrans(
    {
        "−": "-",
        "–": "-",
        "—": "-",
        "‐": "-",
        "×": "*",
        "·": "*",
        "⋅": "*",
        "∙": "*",
        "∗": "*",
        "÷": "/",
        "⁄": "/",
        "∕": "/",
    }
    | {
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "？": "?",
        "＝": "=",
    }
    | {
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
        "→": "->",
        "∞": " infinity ",
        "π": " pi ",
        "°": " degrees ",
        "²": "^2",
        "³": "^3",
    }
    | {
        "½": "(1/2)",
        "¼": "(1/4)",
        "¾": "(3/4)",
        "⅓": "(1/3)",
        "⅔": "(2/3)",
        "⅛": "(1/8)",
        "⅜": "(3/8)",
        "⅝": "(5/8)",
    }
    | {"∫": " integral of ", "′": "'", "＋": "+", "﹣": "-"}
)
_HIGH = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ", "0123456789-+n")
_HIGH_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ]+")
_LOW = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_MIXED = re.compile(r"(?<![\d.])(\d+)\s?([½¼¾⅓⅔⅛⅜⅝])")
_LATEX = {
    r"\cdot": "*",
    r"\times": "*",
    r"\div": "/",
    r"\left": "",
    r"\right": "",
    r"\leq": "<=",
    r"\geq": ">=",
    r"\le": "<=",
    r"\ge": ">=",
    r"\neq": "!=",
    r"\to": "->",
    r"\rightarrow": "->",
    r"\infty": " infinity ",
    r"\pi": " pi ",
    r"\%": "%",
    r"\$": "$",
    r"\,": "",
    r"\!": "",
    r"\;": " ",
    r"\quad": " ",
    r"\(": " ",
    r"\)": " ",
    r"\[": " ",
    r"\]": " ",
    r"\dfrac": r"\frac",
    r"\tfrac": r"\frac",
    r"\int": " integral of ",
    r"\lim": " lim ",
}
_COMMAND = re.compile(r"\\(?:[a-zA-Z]+|.)")
_FUNCTION = re.compile(
    r"\\(sin|cos|tan|ln|log|exp|sec|csc|cot|arcsin|arccos|arctan|sinh|cosh|tanh|gcd|max|min)(?![a-zA-Z])"
)
_FRACTION = re.compile(r"\\frac\s*(?:\{([^{}]*)\}|(\d))\s*(?:\{([^{}]*)\}|(\d))")
_MIXED_LATEX = re.compile(
    r"([\^_]?)(\d+(?:[.,]\d+)*)\s*\\frac\s*(?:\{\s*(\d+)\s*\}|(\d))\s*(?:\{\s*(\d+)\s*\}|(\d))(\s*[\^!])?"
)
_ROOT = re.compile(r"\\sqrt\s*(?:\[(\d+)\])?\s*\{([^{}]*)\}")
_POWER = re.compile(r"([\^_])\s*\{([^{}]*)\}")
_MANY = 40

_POLITE = re.compile(
    r"^(?:(?:hi|hello|hey|ok|okay|so|now|well|quick question|question|please|kindly|can you|could you|would you|will you|i want to know|"
    r"i need to know|i need you to|i'd like to know|i would like to know|i need to find|i want you to|help me|do you know|"
    r"what (?:do|would) (?:you|i|we) get (?:if|when) (?:you|i|we)|tell me|let me know|show me|for me|quickly|just|then|and|also|finally|next)\b[ ,:!]*)+",
    re.IGNORECASE,
)
_CLOSING = re.compile(r"(?:[ ,]*(?:please|thanks|thank you|for me|exactly))?[ .?]*$", re.IGNORECASE)


def plain(text: str) -> str:
    """The text in ASCII spelling, spaces squeezed; the words are left as they are."""
    if not text.isascii():
        text = _MIXED.sub(r"(\1+\2)", text)
        text = _HIGH_RUN.sub(_power, text).translate(_LOW).translate(_SIGNS)
    if "\\" in text or "^{" in text:
        text = _without_latex(text)
    if len(re.findall(r"\$(?=\d)", text)) > 1 and not re.search(r"\$(?!\d)", text):
        unclear("amounts of money are no formulas")
    if "$" in text:
        text = re.sub(r"\$([^$]*)\$", r" \1 ", text)
    return " ".join(text.split())


def _power(match: re.Match[str]) -> str:
    digits = match[0].translate(_HIGH)
    return f"^{digits}" if len(digits) == 1 else f"^({digits})"


def _without_latex(text: str) -> str:
    text = re.sub(r"\\[dt]frac", r"\\frac", text)
    text = _MIXED_LATEX.sub(_mixed, _FUNCTION.sub(r" \1", text))
    for _ in range(_MANY):
        simpler = _POWER.sub(r"\1(\2)", _ROOT.sub(_radical, _FRACTION.sub(_ratio, text)))
        if simpler == text:
            break
        text = simpler
    return _COMMAND.sub(lambda match: _LATEX.get(match[0], match[0]), text)


def _ratio(match: re.Match[str]) -> str:
    top, bottom = match[1] or match[2], match[3] or match[4]
    return f"(({top})/({bottom}))"


def _mixed(match: re.Match[str]) -> str:
    """`2\\frac{1}{2}` is a mixed number, as it would be without LaTeX."""
    before, whole, after = match[1], match[2], match[7]
    top, bottom = match[3] or match[4], match[5] or match[6]
    if before or after or not whole.isdigit() or int(top) >= int(bottom):
        unclear("a mixed number or a product")
    return f"({whole}+({top})/({bottom}))"


def _radical(match: re.Match[str]) -> str:
    return f"(({match[2]})^(1/{match[1]}))" if match[1] else f"sqrt({match[2]})"


def without_politeness(text: str) -> str:
    """`Please tell me what 2 + 2 is, thanks.` without its manners."""
    text = _POLITE.sub("", text)
    return _CLOSING.sub("", text).strip()
