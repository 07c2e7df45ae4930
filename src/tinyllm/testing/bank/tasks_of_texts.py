"""Functions over texts and single numbers."""

from tinyllm.testing.bank.task import Task, letters, numbers, words

OF_TEXTS = (
    Task(
        ("top_word", "most_used"),
        "returns the most frequent word of a text in lower case, upper and lower case counting as the same; of several "
        "the first in the alphabet, and an empty string for a text without words",
        "def @f(text):\n    counts = {}\n    for word in text.lower().split():\n"
        "        counts[word] = counts.get(word, 0) + 1\n"
        "    return min(counts, key=lambda word: (-counts[word], word)) if counts else ''",
        (
            ("text.lower().split()", "text.split()"),
            ("(-counts[word], word)", "-counts[word]"),
            ("(-counts[word], word)", "(counts[word], word)"),
            ("if counts else ''", "if counts else None"),
        ),
        lambda r: (words(r, 0, 9),),
    ),
    Task(
        ("shift_letters", "caesar"),
        "shifts every lower-case letter of a text by @k places in the alphabet, from z on to a again, and leaves all "
        "other characters as they are",
        "def @f(text):\n    out = ''\n    for c in text:\n        if 'a' <= c <= 'z':\n"
        "            c = chr((ord(c) - 97 + @k) % 26 + 97)\n        out += c\n    return out",
        (
            ("(ord(c) - 97 + @k) % 26 + 97", "ord(c) + @k"),
            ("'a' <= c <= 'z'", "c.isalpha()"),
            ("+ @k) % 26", "- @k) % 26"),
            ("% 26", "% 25"),
        ),
        lambda r: (letters(r, "abcxyzABZ !9", 0, 9),),
    ),
    Task(
        ("balanced", "brackets_match"),
        "tells whether the round and square brackets of a text are balanced and properly nested; other characters are "
        "ignored",
        "def @f(text):\n    pairs = {')': '(', ']': '['}\n    stack = []\n    for c in text:\n        if c in '([':\n"
        "            stack.append(c)\n        elif c in pairs:\n            if not stack or stack.pop() != pairs[c]:\n"
        "                return False\n    return not stack",
        (
            ("    return not stack", "    return True"),
            ("if not stack or stack.pop() != pairs[c]", "if not stack or not stack.pop()"),
            ("                return False", "                continue"),
        ),
        lambda r: (
            letters(r, "()[]a", 0, 6) if r.random() < 0.5 else r.choice(["([])", "[](a)", "((", "[(b)]"]),
        ),
    ),
    Task(
        ("digit_sum", "cross_sum"),
        "returns the sum of the digits of an integer written in base @k; the sign does not count",
        "def @f(number):\n    number, total = abs(number), 0\n    while number:\n        total += number % @k\n"
        "        number //= @k\n    return total",
        (
            ("abs(number), 0", "max(number, 0), 0"),
            ("total += number % @k", "total = number % @k"),
            ("while number:", "while number >= @k:"),
            ("total += number % @k", "total += 1"),
        ),
        lambda r: (r.randint(-300, 900),),
        (3, 9),
    ),
    Task(
        ("by_length", "group_words"),
        "groups the words of a text by their length and returns a dictionary from length to the list of words, sorted "
        "and without repeats",
        "def @f(text):\n    found = {}\n    for word in sorted(set(text.split())):\n"
        "        found.setdefault(len(word), []).append(word)\n    return found",
        (
            ("sorted(set(text.split()))", "sorted(text.split())"),
            ("sorted(set(text.split()))", "dict.fromkeys(text.split())"),
            ("set(text.split())", "set(text.lower().split())"),
        ),
        lambda r: (words(r, 0, 8),),
    ),
    Task(
        ("to_roman", "roman"),
        "writes a number from 1 to 399 in Roman numerals, as usual with IV, IX, XL and XC",
        "def @f(number):\n    table = [(100, 'C'), (90, 'XC'), (50, 'L'), (40, 'XL'), (10, 'X'), (9, 'IX'), (5, 'V'), "
        "(4, 'IV'), (1, 'I')]\n    out = ''\n    for value, sign in table:\n        while number >= value:\n"
        "            out += sign\n            number -= value\n    return out",
        (
            (", (4, 'IV')", ""),
            ("(90, 'XC'), ", ""),
            ("number >= value", "number > value"),
            ("        while number", "        if number"),
        ),
        lambda r: (r.randint(1, 399),),
    ),
    Task(
        ("squeeze", "run_lengths"),
        "compresses a text of letters: every run of equal letters becomes the letter and its count, and the count is "
        "left out when it is 1 (aaab becomes a3b)",
        "def @f(text):\n    out, i = '', 0\n    while i < len(text):\n        j = i\n"
        "        while j < len(text) and text[j] == text[i]:\n            j += 1\n"
        "        out += text[i] + (str(j - i) if j - i > 1 else '')\n        i = j\n    return out",
        (
            ("if j - i > 1 else ''", "if j - i > 0 else ''"),
            ("if j - i > 1 else ''", "if j - i > 2 else ''"),
            ("str(j - i)", "str(j - i - 1)"),
        ),
        lambda r: (letters(r, "aab", 0, 10),),
    ),
    Task(
        ("primes_between", "list_primes"),
        "lists the primes from a to b, both included, in increasing order",
        "def @f(a, b):\n    return [n for n in range(max(a, 2), b + 1) "
        "if all(n % d for d in range(2, int(n ** 0.5) + 1))]",
        (
            ("b + 1)", "b)"),
            ("int(n ** 0.5) + 1", "int(n ** 0.5)"),
            ("max(a, 2)", "max(a, 1)"),
            ("max(a, 2)", "max(a, 3)"),
        ),
        lambda r: ((low := r.randint(0, 30)), low + r.randint(0, 30)),
    ),
    Task(
        ("steps_to_one", "collatz"),
        "counts how many steps it takes from a positive integer to 1 when an even number is halved and an odd number n "
        "becomes @k * n + 1 with @k = 3",
        "def @f(n):\n    steps = 0\n    while n != 1:\n        n = n // 2 if n % 2 == 0 else 3 * n + 1\n"
        "        steps += 1\n    return steps",
        (("steps = 0", "steps = 1"), ("while n != 1", "while n > 2"), ("while n != 1", "while n > 4")),
        lambda r: (r.randint(1, 60),),
        (3, 3),
    ),
    Task(
        ("settings_of", "parse_pairs"),
        "turns a text such as 'a=1;b=2' into a dictionary of texts; a later key replaces an earlier one, a value may "
        "contain further equals signs, and parts without one are ignored",
        "def @f(text):\n    found = {}\n    for part in text.split(';'):\n        if '=' in part:\n"
        "            key, value = part.split('=', 1)\n            found[key] = value\n    return found",
        (
            ("found[key] = value", "found.setdefault(key, value)"),
            ("key, value = part.split('=', 1)", "key, value = part.rsplit('=', 1)"),
            ("key, value = part.split('=', 1)", "key, value = part.split('=')[:2]"),
        ),
        lambda r: (
            ";".join(
                r.choice(["a=1", "b=2", "a=3", "c=x=y", "d", "b=", "e=p=q=r"]) for _ in range(r.randint(0, 6))
            ),
        ),
    ),
    Task(
        ("common_multiple", "lowest_common"),
        "returns the least common multiple of a non-empty list of positive integers",
        "def @f(numbers):\n    total = 1\n    for n in numbers:\n        a, b = total, n\n        while b:\n"
        "            a, b = b, a % b\n        total = total * n // a\n    return total",
        (
            ("total = total * n // a", "total = total * n"),
            ("total = total * n // a", "total = max(total, n)"),
            ("return total", "return a"),
        ),
        lambda r: (numbers(r, 1, 4, 1, 12),),
    ),
    Task(
        ("every_other", "alternate_case"),
        "turns the letters of a text alternately into upper and lower case, starting with upper case; characters that "
        "are no letters stay and are not counted",
        "def @f(text):\n    out, n = '', 0\n    for c in text:\n        if c.isalpha():\n"
        "            c = c.lower() if n % 2 else c.upper()\n            n += 1\n        out += c\n    return out",
        (
            ("            n += 1", "        n += 1"),
            ("c.lower() if n % 2 else c.upper()", "c.upper() if n % 2 else c.lower()"),
            ("c.lower() if n % 2 else c.upper()", "c if n % 2 else c.upper()"),
        ),
        lambda r: (letters(r, "abCD e1", 0, 9),),
    ),
)
