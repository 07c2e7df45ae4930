"""Whether an answer says that there is none: it declines somewhere, and does not name one all the same."""

import re
import unicodedata

LONGEST = 20_000  # characters of an answer that are looked at
VALUE = (
    r"(?:[$€£]?-?\d[\d.,]*(?<![.,])%?|(?-i:[A-Z])[\w'-]+|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
    r"(?: (?!(?:not?|none|never|unknown|undefined)\b)[\w°/%'-]+){0,2}"
)
END = r"[*_\"')]*(?=\s*(?:[.,;:!?](?!\d)|\n|$))"
ABLE = r"(?:can\s?not|can't|could not|couldn't|(?:am|is|are|be|being) not able to|unable to|impossible to|not possible to|no way (?:to|of)|isn't possible to|never be able to|(?:do|does) not let (?:me|us|you|one))"
TELLING = (
    r"(?:determin|answer|know|solv|find|found|say|calculat|comput|tell|give|divid|verif|exist|provid|work(?:ed)? (?:it )?out"
    r"|deduc|deriv|infer|conclud|predict|identif|establish|decid|guess|estimat|confirm)"
)
WHOLE = r"(?:none|nothing|nobody|no one|never|nowhere|neither|unknown|undefined|impossible|unanswerable|n/a|no(?:t any)? such \w+|no (?:valid |real )?(?:solutions?|answer))"
NO_THING = (
    r"(?!(?:doubt|question|need|reason|harm|denying|mistak\w+|problem|trick|catch|secret|mystery|wonder|error|difference|escape"
    r"|argument|dispute|debate|contest|better|use|point|hurry|rush|worry|worries|comparison|hesitation|uncertainty|ambiguity|chance"
    r"|way around|two ways|\w+ing (?:it|around|that|this))\b)"
)
# Another thing than the answer is missing: "no planet is larger".
COMPARED = re.compile(
    r"\b(?:others?|else|rivals?|equals?|competitors?|alternatives?|than)\b"
    r"|\b(?:larger|bigger|greater|smaller|higher|lower|longer|shorter|older|younger|faster|slower|better|worse|closer|nearer"
    r"|heavier|lighter|taller|stronger|simpler|easier|deeper|wider|richer|warmer|colder)\b",
    re.IGNORECASE,
)
WITHOUT_END = re.compile(
    r"[\w-]+ than (?:all|every|any|itself)\b.*", re.IGNORECASE
)  # no number is larger than all others
MISSING = re.compile(
    rf"\bthere(?: is|'s| are| was| were| has been| have been| can be| could be|'re) (?:simply |just |actually |really |in fact |currently )?"
    rf"(?:no(?:t a| single)?\b(?! (?:one|other)\b) {NO_THING}\w|none\b|nothing (?:like|of the|that|to )|never (?:a|any|been)\b)"
    r"|\bthere (?:isn't|aren't|wasn't|weren't|has never been|have never been|never (?:was|were)) (?:an?|any|such|one|even)\b"
    r"|\b(?:so|therefore|hence|and|that|but) none (?:is|are|was|were|can|could|exists?|has|have)\b|\bnone (?:exists?|existed|is known|was found)\b"
    r"|^[^,.;:!?\n]{1,60} (?:has|have|had|was|were|did|does|is|are) never\b|\b(?:it|they|he|she|that|this) (?:was|were|has|had) never\b"
    r"|^[^,.;:!?\n]{1,60} (?:did|does|do|has|have|had)(?:n't| not) (?:have|had|use|own|grow|contain|include|appear|occur)\b"
    r"|\b(?:no(?:t a single)?|zero) (?:such|(?:real |integer |whole |valid |possible |rational |prime |natural |positive |known )*"
    r"(?:solutions?|answers?|numbers?|values?|triangles?|dates?|integers?))\b(?! (?:of|like) doubt)"
    r"|\bno (?:[\w-]+ ){1,5}(?:exists?|existed|is possible|was possible|satisf\w+|(?:can|could|does|did) (?:ever )?\w+)\b"
    rf"|^[^,.;:!?\n]{{1,60}} (?:has|have|had) no {NO_THING}\w"
    r"|\b(?:has|have|had|is without|are without) (?:none\b|no (?:\w+ )?(?:solutions?|answers?|end|values?|last|first|limit|largest|smallest|roots?|meaning|king|queen|president|such)\b)",
    re.IGNORECASE,
)
DECLINED = re.compile(
    rf"^\W*{WHOLE}\W*(?:[.;,:\n]|$)"
    rf"|\b{ABLE}[^.!?\n]{{0,40}}?\b(?:be )?{TELLING}"
    r"|\b(?:i|we|you|one|they|people|science|scientists) (?:(?:really|simply|just|honestly|still) )?(?:do not|don't|does not|doesn't|did not|didn't|can't|cannot) (?:\w+ )?know\b(?! (?:any|of an?) \w*er\b)(?! why (?:people|you|any\w*|it|that|this)\b)"
    r"|\b(?:i|we) (?:\w+ )?(?:have|had|'ve) no (?:idea|clue|way of|means of|information|access|knowledge|data|record|answer)"
    r"|\b(?:i'm|i am|we are|we're) not (?:sure|certain)\b|\b(?:nobody|no one|no-one|no human|nothing) (?:can |could |really |yet |will )*(?:know|say|tell|predict|answer)s?\b"
    r"|\b(?:i|we) (?:(?:do|can|will|would) not|don't|can't|won't|refuse to|decline to|(?:do|did) not|didn't) (?:have (?:that|this|the|any|enough) (?:information|data|details)|guess\b|speculate)|\brefuse to (?:answer|say)"
    r"|\b(?:you|they|nobody) (?:haven't|have not|hasn't|did not|didn't|never) (?:told|tell|said?|mention\w*|give[n]?|state\w*|specif\w+)\b|\b(?:is|are|was) (?:not|n't) (?:allowed|possible|meaningful)\b"
    rf"|\banswer\b[*_]* is:? [*_\"']*{WHOLE}\b"
    r"|\b(?:is|are|was|were|remains?|stays?) (?:\w+ )?(?:unknown|unknowable|unanswerable|unclear|indeterminate|unspecified|unsolvable|ill-defined|meaningless|nonsens\w+|fictional|fictitious|imaginary|made[- ]up|self-contradictory)\b"
    r"|\b(?:isn't|is not|aren't|are not|wasn't|was not|hasn't been|has not been|never) (?:yet |publicly |\w+ly )?(?:known|defined|stated|given|mentioned|specified|determined|said|possible|valid|real)\b"
    r"|\bnothing (?:in|about|here|there|is said|is given|was said)\b|\btells? (?:us |me |you )?nothing\b|\bnothing to do with\b|\btrick question\b|\b(?:is|are|was) (?:not|n't) true\b"
    r"|\b(?:information|data|details|context) (?:\w+ )?(?:is|are) (?:\w+ )?(?:needed|missing|required|necessary|lacking)"
    r"|\bnot enough (?:information|data|details|is (?:said|known|given))|\b(?:insufficient|missing|too little) (?:information|data|details)|\b(?:lack|lacks|need|needs|without) (?:\w+ )?(?:more |further |the necessary |enough )(?:information|data|details|context)"
    r"|\b(?:does|do|did) not (?:actually |really |yet )?(?:exist|make sense|happen|say|state|specify|give|mention|tell)\b"
    r"|\b(?:doesn't|don't|didn't) (?:actually |really |yet )?(?:exist|make sense|happen|say|state|specify|give|mention|tell)\b"
    r"|\b(?:never|not) (?:a|an) (?:valid|possible|real)\b|\bnever (?:existed|happened|took place|was|were|had)\b|\bnot (?:valid|possible|real|defined|stated|given|mentioned|specified)\b(?! an?\b)"
    r"|\b(?:premise|assumption|question) (?:\w+ )?(?:is|are|was|rests on|contains|has|makes) (?:\w+ ){0,8}?(?:false|wrong|flawed|mistaken|incorrect|no sense|impossible|mistake|error|contradiction)"
    r"|(?<!not )(?<!never )(?<!nothing is )\b(?:undefined|impossible)\b(?! to (?:miss|get wrong|deny|doubt|overlook|forget|mistake|beat))"
    r"|\bcontradict(?:s|ion|ory| each| one| itself)\b|\binfinitely many\b[^.!?\n]{0,200}\b(?:no|none|not)\b",
    re.IGNORECASE,
)
# An answer all the same: before or after, or as a guess.
NAMED = re.compile(
    rf"\b(?:answer|result|solution)\b[*_\"']* (?:is|was|must be|comes to|=)[:*_\" ]+(?!none|no\b|not\b|that\b|un|im){VALUE}{END}|\\boxed\{{\s*[-\d]"
    rf"|^\W*(?:(?:it|that|this|he|she)(?: is|'s| was) (?!not?\b|un|im){VALUE}|[$€£]?-?\d[\d.,]*(?<![.,])%?(?: [\w°/%'-]+){{0,2}})(?=\s*(?:[.,;!?](?!\d)|\n|$))"
    rf"|[.!?] (?:its|his|her|their) \w+ (?:is|was) {VALUE}{END}"
    rf"|: (?![^.!?\n]{{0,200}}?\b(?:known|discovered|found|so far|yet)\b)[\w' ]{{1,40}} (?:is|was|are|were) {VALUE}{END}"
    rf"|(?<!not )\b(?:sure|certain|convinced),? (?:that )?(?:it|that|he|she)(?: is|'s| was) {VALUE}{END}"
    rf"|(?:[:;—–]|[.!?\n]\s|(?<!\d) - )\s*[*_\"']*(?:so |but |still,? )?(?:(?:it|that|this|he|she)(?: is|'s| was| must be| has to be) (?!not?\b|un|im)[*_\"']*)?{VALUE}{END}"
    rf"|\b(?:so|but|therefore|thus|hence|still|however|yet),? (?:it|that|this|he|she)(?: is|'s| was| must be| has to be) (?!not?\b|un|im)[*_\"']*{VALUE}{END}"
    rf"|\b(?:but|however),? (?![^.!?\n]{{0,200}}?\b(?:known|discovered|found|so far|yet)\b)[\w' ]{{1,60}}? (?:is|was|are|were) [*_\"']*{VALUE}{END}"
    rf"|\b(?:maybe|perhaps|probably|likely|presumably|(?:i|we)(?: would|'d)? (?:think|guess|say|believe|assume|bet)|guess(?: is|:)) (?:that )?(?:(?:it|that|this|he|she)(?: is|'s| was) )?(?:about |around |in |on |at )?[*_\"']*{VALUE}{END}",
    re.IGNORECASE,
)
CONCEDED = re.compile(
    r"\b(?:al?though|though|while|even (?:if|though)|despite) [^,.;:!?\n]{1,100},", re.IGNORECASE
)
SPACE = re.compile(r"\s{3,}")
CLAUSE = re.compile(r"[.,;:!?\n]|\b(?:because|since|as|for)\b")


def declines(answer: str) -> bool:
    """There is none, it cannot be known, or the question is wrong; and no value is named as the answer."""
    text = unicodedata.normalize("NFKC", answer[:LONGEST]).replace("’", "'")
    text = CONCEDED.sub("", SPACE.sub(_shorter, text))
    return bool(DECLINED.search(text) or _missing(text)) and not NAMED.search(text)


def _shorter(space: re.Match[str]) -> str:
    """Long runs of nothing keep a search busy, and say no more than short ones."""
    return "\n\n" if space[0].count("\n") > 1 else space[0][:2]


def _missing(text: str) -> bool:
    """Something is said not to be there, and it is what was asked for."""
    for found in MISSING.finditer(text):
        end = CLAUSE.search(text, found.end())
        said = text[found.start() : end.start() if end else len(text)]
        if not COMPARED.search(WITHOUT_END.sub("", said)):
            return True
    return False
