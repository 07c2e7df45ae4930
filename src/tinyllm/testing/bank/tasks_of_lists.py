"""Functions over lists of numbers."""

from tinyllm.testing.bank.task import Task, numbers, spans

OF_LISTS = (
    Task(
        ("sum_above", "add_larger"),
        "takes a list of integers and returns the sum of those that are strictly greater than @k",
        "def @f(numbers):\n    return sum(n for n in numbers if n > @k)",
        (
            ("n > @k", "n >= @k"),
            ("n > @k", "abs(n) > @k"),
            ("sum(n for", "sum(1 for"),
            ("n > @k", "n > @k + 1"),
        ),
        lambda r: (numbers(r),),
    ),
    Task(
        ("second_largest", "runner_up"),
        "returns the second largest distinct value of a list of integers, or None when there is no such value",
        "def @f(numbers):\n    values = sorted(set(numbers))\n    return values[-2] if len(values) > 1 else None",
        (
            ("sorted(set(numbers))", "sorted(numbers)"),
            ("values[-2]", "values[1]"),
            ("else None", "else 0"),
            ("len(values) > 1", "len(values) > 2"),
        ),
        lambda r: (numbers(r, 0, 6, 0, 5),),
    ),
    Task(
        ("rotate", "turn_right"),
        "rotates a list to the right by @k places (the last element moves to the front first) and returns the new list; "
        "the list may be shorter than @k, or empty",
        "def @f(items):\n    if not items:\n        return []\n    step = @k % len(items)\n"
        "    return items[len(items) - step:] + items[:len(items) - step]",
        (
            ("@k % len(items)", "min(@k, len(items))"),
            ("items[len(items) - step:] + items[:len(items) - step]", "items[step:] + items[:step]"),
            ("@k % len(items)", "(@k + 1) % len(items)"),
        ),
        lambda r: (numbers(r, 0, 8),),
    ),
    Task(
        ("longest_run", "best_streak"),
        "returns the length of the longest run of equal neighbouring elements of a list (0 for an empty list)",
        "def @f(items):\n    best = length = 0\n    for place, item in enumerate(items):\n"
        "        length = length + 1 if place and items[place - 1] == item else 1\n"
        "        best = max(best, length)\n    return best",
        (
            ("else 1", "else 0"),
            ("    return best", "    return length"),
            ("best = length = 0", "best = length = 1"),
            ("if place and items[place - 1] == item", "if items[place - 1] == item"),
        ),
        lambda r: (numbers(r, 0, 10, 0, 2),),
    ),
    Task(
        ("merge", "join_spans"),
        "merges a list of intervals [start, end]: those that overlap or touch in a point become one; the result is sorted",
        "def @f(spans):\n    out = []\n    for start, end in sorted(spans):\n        if out and start <= out[-1][1]:\n"
        "            out[-1][1] = max(out[-1][1], end)\n        else:\n            out.append([start, end])\n    return out",
        (
            ("start <= out[-1][1]", "start < out[-1][1]"),
            ("max(out[-1][1], end)", "end"),
            ("sorted(spans)", "spans"),
        ),
        lambda r: (spans(r),),
    ),
    Task(
        ("moving_sums", "window_sums"),
        "returns the sums of all runs of @k neighbouring elements of a list of integers, from left to right; an empty "
        "list when there are fewer than @k elements",
        "def @f(numbers):\n    return [sum(numbers[i:i + @k]) for i in range(len(numbers) - @k + 1)]",
        (
            ("len(numbers) - @k + 1", "len(numbers) - @k"),
            ("range(len(numbers) - @k + 1)", "range(len(numbers))"),
            ("i:i + @k]", "i:i + @k - 1]"),
            ("range(len(numbers) - @k + 1)", "range(0, len(numbers) - @k + 1, @k)"),
        ),
        lambda r: (numbers(r),),
    ),
    Task(
        ("keep_last", "newest_only"),
        "removes repeated elements of a list, keeping the last occurrence of each, in the order of these occurrences",
        "def @f(items):\n    out = []\n    for item in reversed(items):\n        if item not in out:\n"
        "            out.append(item)\n    return out[::-1]",
        (("reversed(items)", "items"), ("out[::-1]", "out"), ("out[::-1]", "sorted(out)")),
        lambda r: (numbers(r, 0, 9, 0, 4),),
    ),
    Task(
        ("diagonal_gap", "diagonals"),
        "returns the absolute difference between the sums of the two diagonals of a square matrix",
        "def @f(rows):\n    n = len(rows)\n    return abs(sum(rows[i][i] - rows[i][n - 1 - i] for i in range(n)))",
        (
            ("abs(sum(rows", "(sum(rows"),
            ("range(n)", "range(n - 1)"),
            (
                "abs(sum(rows[i][i] - rows[i][n - 1 - i] for",
                "sum((abs(rows[i][i] - rows[i][n - 1 - i]) for",
            ),
        ),
        lambda r: (
            [[r.randint(-5, 9) for _ in range(n)] for _ in range(n)] if (n := r.randint(1, 4)) else [],
        ),
    ),
    Task(
        ("median", "middle_value"),
        "returns the median of a non-empty list of integers: the middle one in order, or the mean of the two in the middle",
        "def @f(numbers):\n    values = sorted(numbers)\n    half = len(values) // 2\n"
        "    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2",
        (
            ("sorted(numbers)", "list(numbers)"),
            ("(values[half - 1] + values[half]) / 2", "values[half]"),
            ("(values[half - 1] + values[half]) / 2", "(values[half - 1] + values[half]) // 2"),
            ("values[half - 1] + values[half]", "values[half] + values[-half]"),
        ),
        lambda r: (numbers(r, 1, 7),),
    ),
    Task(
        ("portions", "chunks"),
        "cuts a list into parts of @k elements; the last part may be shorter",
        "def @f(items):\n    return [items[i:i + @k] for i in range(0, len(items), @k)]",
        (
            ("len(items), @k", "len(items) - @k + 1, @k"),
            ("len(items), @k", "len(items)"),
            ("i:i + @k]", "i:i + @k - 1]"),
        ),
        lambda r: (numbers(r),),
    ),
    Task(
        ("peaks", "count_peaks"),
        "counts the elements of a list of integers that are strictly greater than both neighbours; the first and the "
        "last element never count",
        "def @f(numbers):\n    return sum(numbers[i - 1] < numbers[i] > numbers[i + 1] "
        "for i in range(1, len(numbers) - 1))",
        (
            ("numbers[i - 1] < numbers[i]", "numbers[i - 1] <= numbers[i]"),
            ("> numbers[i + 1]", ">= numbers[i + 1]"),
            ("range(1, len(numbers) - 1)", "range(2, len(numbers) - 1)"),
            ("range(1,", "range(0,"),
        ),
        lambda r: (numbers(r, 0, 9, 0, 4),),
    ),
    Task(
        ("place_of", "nth_place"),
        "returns the index of the @k-th occurrence of a value in a list, or -1 when it occurs less often",
        "def @f(items, value):\n    seen = 0\n    for place, item in enumerate(items):\n        if item == value:\n"
        "            seen += 1\n            if seen == @k:\n                return place\n    return -1",
        (
            ("seen == @k", "seen == @k - 1"),
            ("return place", "return place + 1"),
            ("return -1", "return None"),
            ("seen == @k", "seen > @k"),
        ),
        lambda r: ([r.randint(0, 2) for _ in range(r.randint(0, 9))], r.randint(0, 2)),
        (2, 3),
    ),
)
