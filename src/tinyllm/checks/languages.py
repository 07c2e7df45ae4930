"""Which language a text is in: by its script, or by the small words that every text is full of."""

import re

from tinyllm.checks.blocks import ends_of, fenced

SCRIPTS = {
    "zh": re.compile(r"[\u4e00-\u9fff]"),
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "el": re.compile(r"[\u0370-\u03ff]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
}
SMALL = {
    "en": "the of and to in is that it for was with as on be are this have from or by you not which they what how can will",
    "de": "der die das und ist nicht ein eine zu den mit von für auf sich dem des auch als wie wird sind ich sie es bei aus",
    "fr": "le la les et est des une pas pour que qui dans sur avec au du ce il elle nous vous sont plus par ne été aux",
    "es": "el los las y es una por que con para del se no al lo como más pero sus está son fue también muy hay",
    "it": "il gli e è una per che non con del della sono di un come più anche ma nel alla si dei questo ha lo",
    "pt": "o os e é uma por que não com para do da em um como mais mas dos das ao são foi seu também você",
    "nl": "de het een en is van niet dat op te zijn met voor aan er ook als maar bij naar wordt deze uit door",
}
KNOWN = {code: frozenset(words.split()) for code, words in SMALL.items()}
SPOKEN = {
    word: tuple(code for code, small in KNOWN.items() if word in small)
    for word in frozenset().union(*KNOWN.values())
}
WORD = re.compile(r"[^\W\d_]+")
NAMES = {
    "english": "en", "german": "de", "deutsch": "de", "french": "fr", "français": "fr", "spanish": "es",
    "español": "es", "italian": "it", "portuguese": "pt", "dutch": "nl", "chinese": "zh", "japanese": "ja",
    "englisch": "en", "anglais": "en", "inglés": "en", "inglese": "en", "allemand": "de", "alemán": "de",
    "französisch": "fr", "francés": "fr", "spanisch": "es", "espagnol": "es", "italienisch": "it", "italien": "it",
    "korean": "ko", "russian": "ru", "greek": "el", "arabic": "ar", "hebrew": "he", "hindi": "hi", "thai": "th",
}  # fmt: skip
ASKED = re.compile(rf"(?i)\b(?:in|into|auf|ins|en|to)\s+(?:the\s+)?({'|'.join(NAMES)})\b(?:\s+language)?")
ABOUT = re.compile(
    r"(?i)\btranslat|\bübersetz|\btradu|\bwhat does\b.*\bmean\b|\bhow do (?:you|i) say\b|\bword for\b"
)
FEWEST, LEAD = 8, 2.0  # small words that tell, and how far ahead of the second language
FOREIGN = 0.25  # part of the letters that must be of another script


def language_of(text: str) -> str:
    """The code of its language; empty when the text does not tell."""
    text = ends_of(fenced(text)[1])
    if not text.isascii() and (written := _by_script(text)):
        return written
    scores = dict.fromkeys(KNOWN, 0)
    for word in WORD.findall(text.lower()):
        for code in SPOKEN.get(word, ()):
            scores[code] += 1
    (first, code), (second, _) = sorted(((times, code) for code, times in scores.items()), reverse=True)[:2]
    return code if first >= FEWEST and first >= LEAD * second else ""


def _by_script(text: str) -> str:
    letters = sum(1 for sign in text if sign.isalpha())
    counts = {code: len(script.findall(text)) for code, script in SCRIPTS.items()}
    if counts["ja"] > letters * 0.1:
        return "ja"
    most = max(counts, key=lambda code: counts[code])
    return most if counts[most] >= 4 and counts[most] >= letters * FOREIGN else ""


def wanted_language(question: str) -> str:
    """The language that is asked for, or else the question's own; empty when nobody can tell."""
    question = ends_of(question)
    if asked := ASKED.search(question):
        return NAMES[asked[1].lower()]
    if ABOUT.search(question):
        return ""
    own = language_of(question)
    if own or len(question) < 12:
        return own
    words = WORD.findall(question.lower())
    scores = {code: sum(1 for word in words if word in small) for code, small in KNOWN.items()}
    best = sorted(scores, key=lambda code: -scores[code])
    return best[0] if scores[best[0]] >= 2 and scores[best[0]] >= 2 * scores[best[1]] else ""
