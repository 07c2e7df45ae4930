"""What words are about: the hand-made half of the router's knowledge.

A concept is common knowledge about words, not about any data set. What a concept says about a label is learned.
"""

import re

CONCEPTS: dict[str, str] = {
    "language": "python python3 java javascript typescript c++ c# php ruby rust golang swift kotlin bash shell sql "
    "html html5 css perl haskell scala matlab powershell assembly node nodejs react reactjs angular vue django flask "
    "jquery numpy pandas tensorflow pytorch fortran cobol lua julia mysql postgresql postgres sqlite mongodb json xml "
    "yaml regex linux unix git docker laravel",
    "program": "function program script code method class snippet algorithm module compiler codebase subroutine "
    "pseudocode stylesheet webpage cli lambda component decorator",
    "coding": "implement implementing debug refactor compile syntax recursion recursive iterate loop variable exception "
    "parameter argument constructor inheritance object-oriented api endpoint parse parser boolean runtime bug stdout "
    "stdin instance callback async thread binary stack queue node pointer unittest traceback stacktrace codebase commit rebase kubernetes localhost webserver",
    "structure": "array list tuple dictionary dict string integer matrix substring sublist linked heap hash char "
    "character element key value nested sorted duplicate index indices subarray subsequence palindrome vowel "
    "lowercase uppercase",
    "making": "write create implement develop design construct build compose generate make program code",
    "repair": "fix correct debug refactor optimize rewrite modify translate convert improve complete",
    "file": "file directory folder subdirectory path symlink symbolic filename filesystem archive extension subfolder "
    "dir directories",
    "shell": "chmod grep awk sed xargs tar gzip bzip2 ssh cron sudo root permission recursively process stdin stdout "
    "stderr hostname pid terminal console username rsync mount disk command case-insensitive alias hidden executable gz",
    "calculation": "calculate compute evaluate simplify solve factor differentiate expand subtract multiply divide add "
    "round determine derive integrate",
    "mathematics": "sum product quotient difference prime divisor remainder multiple probability triangle polynomial "
    "digit integer fraction decimal percent percentage ratio average mean median equation expression derivative "
    "integral matrix vector circle radius diameter area volume perimeter angle square cube root factorial logarithm "
    "sequence series hypotenuse rectangle sphere cylinder slope coordinate permutation combination gcd lcm divisible "
    "exponent power denominator numerator inequality coefficient positive negative odd even half twice triple "
    "fibonacci parallelogram trapezoid nth consecutive",
    "operation": "plus minus times divided multiplied squared cubed",
    "unit": "meter metre kilometer kilometre centimeter centimetre millimeter millimetre km cm mm mile inch foot feet yard kg kilogram gram pound ounce liter litre gallon "
    "hour minute second day week month year dollar cent rupee rs degree celsius fahrenheit mph kmph kmh ml joule volt "
    "ampere newton kelvin watt ton tonne acre hectare",
    "number": "one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty hundred "
    "thousand million",
    "quantity": "many much total each per cost bought sold sells left remaining altogether more less fewer spend earn "
    "save paid price profit rate speed interest",
    "device": "alarm reminder remind timer calendar schedule meeting appointment playlist song music volume light lights "
    "lamp thermostat speaker vacuum coffee podcast radio audiobook spotify pandora wifi bluetooth phone todo task "
    "shuffle mute brightness socket plug event",
    "message": "email e-mail text call dial message mail inbox tweet twitter facebook post contact sms notify whatsapp",
    "service": "uber taxi cab flight hotel reservation restaurant book booking ticket order delivery takeout pizza "
    "train bus rental rent weather forecast rain snow umbrella traffic direction route nearby near nearest "
    "location map shipping package tracking translate dinner",
    "banking": "bank account balance bill credit card transfer payment transaction paycheck checking saving savings pin "
    "deposit withdraw wire fraud apr",
    "currency": "usd eur euro gbp yen jpy dollars aud nzd cad chf inr peso rupees exchange currency bitcoin",
    "search": "find get retrieve fetch search check show list lookup display look locate provide",
    "order": "play set turn remind cancel delete remove add book order send call open start stop pause resume switch "
    "skip schedule reserve update buy pay transfer track report change put raise lower increase decrease",
    "time": "today tomorrow tonight yesterday morning afternoon evening monday tuesday wednesday thursday friday saturday "
    "sunday weekend now current currently upcoming am pm noon midnight january february march april may june july august "
    "september october november december",
    "speaker": "my i me i'm i'd i've i'll mine we our us",
    "listener": "you your yourself you're",
    "courtesy": "please could would can hey hi hello thanks thank kindly",
    "interface": "api id endpoint token username user database retrieve fetch url details information query parameter",
    "question": "what who whom whose why how when where which",
    "auxiliary": "is are was were do does did has have can could should would will am",
    "role": "imagine pretend role roleplay persona character act acting pirate wizard detective king queen emperor chef "
    "therapist coach historian astronaut alien ghost vampire knight philosopher",
    "prose": "explain describe story poem essay joke letter paragraph sentence summarize summary advice opinion recommend "
    "suggest brainstorm discuss share advise haiku lyrics song slogan speech dialogue conversation headline title "
    "tagline quote rewrite paraphrase classify analyze compare narrate inform",
    "people": "people person someone everyone anyone men women children king president",
    "feeling": "favorite favourite happy sad like love think believe feel true meaning life world human",
    "table": "table column row record database entry entries csv tsv parquet spreadsheet worksheet dataset dataframe schema "
    "pivot excel field sql histogram scatterplot",
    "science": "physics chemistry molecule protein gene temperature velocity force energy mass density acceleration "
    "circuit frequency pressure gravity electric magnetic atom",
    "place": "york city london paris tokyo california chicago angeles boston francisco country state town airport berlin "
    "usa",
    "always": "never always all every any ever",
}

# A field gathers concepts, so that what one source shows about programs also speaks for files and shells.
FIELDS: dict[str, tuple[str, ...]] = {
    "computing": ("language", "program", "coding", "file", "shell"),
    "maths": ("calculation", "mathematics", "operation"),
    "assistant": ("device", "message", "service", "banking", "currency"),
    "tables": ("table",),
    "talk": ("role", "prose", "feeling", "people"),
}

FIELD_SHAPES: dict[str, tuple[str, ...]] = {
    "computing": ("file name", "path", "shell variable", "code", "in a language", "asks for a program"),
    "maths": ("LaTeX", "operator", "equation", "function of a number"),
    "assistant": ("time of day",),
    "tables": ("data file",),
    "talk": ("plays a role",),
}

PAIRS: tuple[tuple[str, str], ...] = (
    ("making", "program"),
    ("making", "mathematics"),
    ("making", "prose"),
    ("making", "structure"),
    ("mathematics", "program"),
    ("mathematics", "structure"),
    ("program", "structure"),
    ("question", "speaker"),
    ("question", "time"),
    ("question", "service"),
    ("question", "place"),
    ("question", "mathematics"),
    ("question", "listener"),
    ("question", "people"),
    ("order", "device"),
    ("order", "file"),
    ("speaker", "device"),
    ("speaker", "banking"),
    ("speaker", "message"),
    ("search", "file"),
    ("search", "table"),
    ("search", "place"),
    ("calculation", "unit"),
    ("calculation", "mathematics"),
    ("quantity", "unit"),
    ("repair", "unit"),
)

SHAPES: dict[str, str] = {
    "LaTeX": r"\\[a-zA-Z]{2,}|\\\[|\$(?![A-Z_]{3})[^$]{1,80}\$",
    "operator": r"\d\s*[-+*/^×÷=<>]\s*\(?-?[\d(a-z]|\*\*",
    "equation": r"[\da-z)]\s*=\s*-?[\d(a-z]",
    "names a variable": r"\b(?:[Ll]et|[Ss]uppose) \$?[a-z]\b",
    "function of a number": r"\b[a-z]\([a-z\d]\)",
    "money": r"[$€£]\s?\d|\d\s?(?:dollars|euros|rs\b)",
    "per cent": r"\d\s?(?:%|percent)",
    "fraction": r"\b\d+/\d+\b",
    "file name": r"\b[\w-]{1,60}\.(?:py|js|txt|sh|c|cpp|java|html|css|json|xml|log|gz|zip|tar|conf|php|jpg|png|sql|md)\b"
    r"|\*\.\w+",
    "data file": r"\b[\w-]{1,60}\.(?:csv|tsv|xlsx?|ods|parquet|feather)\b",
    "path": r"(?:^|[\s'\"`(])~?/[\w.$-]+(?:/[\w.$*-]*)*",
    "shell variable": r"\$\{?[A-Z_]{2,}|\$\w+/",
    "code": r"[{};]\s*(?:\n|$)|\(\)|=>|==|</\w+>|\b(?:return\b|public\b|def \w|int \w|console\.|print\()",
    "snake_case": r"[a-zA-Z]_[a-zA-Z]",
    "camelCase": r"\b[a-z]+[A-Z][a-zA-Z]|\b[A-Z][a-z]+[A-Z]",
    "quotation": r"['\"‘“`][\w .,\-]{2,40}['\"’”`]",
    "several lines": r"\n",
    "list in brackets": r"\[\s*[-\d'\"][^\]]*\]",
    "date": r"\b\d{4}-\d\d-\d\d\b|\b(?:19|20)\d\d\b",
    "time of day": r"\b\d{1,2}(?::\d\d)?\s?(?:am|pm|a\.m|p\.m)\b|\b\d{1,2}:\d\d\b",
    "ends with a question mark": r"\?\s*$",
    "exclamation": r"!",
    "capitals": r"\b[A-Z]{2,}\b",
    "a name": r"(?<=[a-z,] )[A-Z][a-z]{2,}",
    "begins with a capital": r"^[A-Z]",
    "ends like a sentence": r"[.?!]\s*$",
    "address": r"https?://|\bwww\.|@\w+\.",
}

# Searched in small letters, which is faster than ignoring case.
SAYINGS: dict[str, str] = {
    "plays a role": r"\b(?:you are|you're|imagine|pretend|as an?|act as|role)\b.{0,40}\b(?:an?|the)\b",
    "asks for a program": r"\b(?:write|create|implement|develop|design|construct|build|compose|generate|make|provide"
    r"|show|give|use|using|with)\b(?:\W+[\w+#]+){0,5}?\W+(?:function|program|script|code|method|class|algorithm|snippet|query"
    r"|module|app|application|api|component|macro|regex|regular expression)\b"
    r"|\bprogrammatically\b",
    "in a language": r"\b(?:in|use|using|with|a|an|the|my|following)\s+(?:python|java|javascript|typescript|c\+\+|c#|c"
    r"|php|ruby|rust|go|bash|shell|sql|r|perl|kotlin|swift|html|css)\b",
    "how many": r"\bhow (?:many|much|far|long|old|tall|fast)\b",
    "what is": r"\bwhat(?:'s| is| are| was)\b",
    "find the": r"\bfind the (?:sum|value|number|area|length|probability|largest|smallest|least|greatest|minimum"
    r"|maximum|remainder|total|volume|degree)\b",
    "can you": r"\b(?:can|could|would|will) you\b",
    "I want": r"\bi(?:'d| would)? (?:want|like|need|am|'m)\b",
}

TOKEN = re.compile(r"[a-z]+(?:[-'’][a-z]+)*[+#]*[0-9]?|\d+(?:[.,]\d+)*|[^\sa-z\d]")
