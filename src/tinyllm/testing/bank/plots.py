"""What word problems are about: the text, the spans of its numbers, its steps, and likely misreadings."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plot:
    """`slips` are steps done wrongly; each replaces the step of the same name."""

    text: str
    numbers: dict[str, tuple[int, int]]
    steps: tuple[str, ...]
    slips: tuple[str, ...]

    def slipped(self) -> list[tuple[str, ...]]:
        """The steps with one of them done wrongly."""
        return [
            tuple(slip if step.split()[0] == slip.split()[0] else step for step in self.steps)
            for slip in self.slips
        ]


PLOTS = (
    Plot(
        "{who} packs {thing} for the market: {crates} crates with {each} pieces in every one. On the way {lost} "
        "pieces are ruined, and whatever is left goes at {price} cents apiece. What does the stall take in, in cents?",
        {"crates": (8, 30), "each": (12, 48), "lost": (7, 70), "price": (15, 95)},
        ("packed = crates * each", "good = packed - lost", "takings = good * price"),
        ("good = packed + lost", "takings = packed * price", "good = packed - crates"),
    ),
    Plot(
        "A bakery owner called {who} begins the week with {flour} kilos of flour. Each of {days} days uses up {use} "
        "kilos, and halfway through a delivery of {more} kilos arrives. How many kilos remain at the end?",
        {"flour": (150, 400), "days": (4, 7), "use": (15, 30), "more": (40, 90)},
        ("used = days * use", "all = flour + more", "left = all - used"),
        ("all = flour - more", "used = days + use", "left = flour - used"),
    ),
    Plot(
        "{who} reads {pages} pages every evening, {other} reads {extra} pages more than that. After {nights} evenings, "
        "how many pages have the two of them read together?",
        {"pages": (14, 45), "extra": (3, 19), "nights": (5, 21)},
        ("second = pages + extra", "evening = pages + second", "total = evening * nights"),
        ("evening = second + 0", "second = pages - extra", "total = evening + nights"),
    ),
    Plot(
        "On a bus there are {seats} rows with {wide} places each. At the first stop {on} people get on the empty bus, "
        "at the next one {off} leave and {late} come aboard. How many places are still free after that?",
        {"seats": (11, 18), "wide": (4, 5), "on": (20, 38), "off": (5, 15), "late": (6, 17)},
        ("places = seats * wide", "stayed = on - off", "aboard = stayed + late", "free = places - aboard"),
        ("aboard = stayed - late", "free = places - on", "stayed = on + off"),
    ),
    Plot(
        "{who} saves {week} euros a week for {weeks} weeks and gets {gift} euros from an aunt. A tent costs {cost} "
        "euros less than all of that money. How much is the tent?",
        {"week": (12, 35), "weeks": (8, 20), "gift": (25, 120), "cost": (15, 90)},
        ("saved = week * weeks", "money = saved + gift", "tent = money - cost"),
        ("money = saved - gift", "tent = money + cost", "tent = saved - cost"),
    ),
    Plot(
        "A gardener plants {rows} rows of {thing}, {plants} in a row. Snails eat {eaten} of them. The others are tied "
        "into bunches of {bunch}. How many bunches does that make?",
        {"rows": (6, 24), "plants": (8, 30), "eaten": (6, 60), "bunch": (3, 12)},
        ("all = rows * plants", "good = all - eaten", "bunches = good // bunch"),
        ("bunches = good * bunch", "good = all + eaten", "bunches = all // bunch"),
    ),
    Plot(
        "{who} cycles to work, {far} kilometres one way, on {days} days a week, and every Sunday rides a tour of "
        "{tour} kilometres. What distance is that in {weeks} weeks?",
        {"far": (4, 17), "days": (3, 5), "tour": (25, 80), "weeks": (3, 12)},
        ("both_ways = far * 2", "work = both_ways * days", "week = work + tour", "all = week * weeks"),
        ("both_ways = far * 1", "all = work * weeks", "week = work - tour"),
    ),
    Plot(
        "For a feast {who} orders {tables} tables that take {guests} guests each, but {absent} guests stay away. "
        "Everybody who comes eats {pieces} dumplings. How many dumplings are eaten?",
        {"tables": (7, 25), "guests": (6, 12), "absent": (4, 25), "pieces": (5, 14)},
        ("invited = tables * guests", "came = invited - absent", "eaten = came * pieces"),
        ("eaten = invited * pieces", "came = invited + absent", "eaten = came + pieces"),
    ),
    Plot(
        "A tank holds {full} litres. A pump fills in {rate} litres a minute while a leak loses {leak} litres a minute. "
        "{who} starts with an empty tank. After {minutes} minutes, how many litres are missing until it is full?",
        {"full": (700, 1500), "rate": (18, 40), "leak": (3, 11), "minutes": (9, 25)},
        ("gain = rate - leak", "water = gain * minutes", "missing = full - water"),
        ("gain = rate + leak", "water = rate * minutes", "missing = full + water"),
    ),
    Plot(
        "{who} has {mine} {thing}. {other} has {times} times as many and gives {gift} of them to {who}. How many does "
        "{other} have now more than {who}?",
        {"mine": (15, 45), "times": (4, 8), "gift": (5, 18)},
        ("others = mine * times", "rest = others - gift", "own = mine + gift", "more = rest - own"),
        ("more = rest - mine", "own = mine - gift", "more = others - own"),
    ),
    Plot(
        "At a print shop, {who} pays {base} cents for setting up and {page} cents a page. The order is {copies} copies "
        "of a booklet with {pages} pages. What is the bill in cents?",
        {"base": (150, 900), "page": (4, 19), "copies": (12, 60), "pages": (8, 36)},
        ("printed = copies * pages", "paper = printed * page", "bill = paper + base"),
        ("printed = copies + pages", "bill = paper - base", "paper = pages * page"),
    ),
    Plot(
        "A choir of {high} high and {low} low voices travels in vans with {van} seats. Besides the singers, {helpers} "
        "helpers come along, and no seat stays empty. How many vans are needed, says {who}?",
        {"high": (18, 60), "low": (12, 50), "helpers": (4, 16), "van": (6, 9)},
        ("singers = high + low", "people = singers + helpers", "vans = people // van"),
        ("people = singers - helpers", "vans = singers // van", "singers = high - low"),
    ),
    Plot(
        "{who} rents out {boats} boats. Each is out {hours} hours a day at {price} euros an hour, but caring for one "
        "boat costs {care} euros a day. What remains after {days} days, in euros?",
        {"boats": (5, 14), "hours": (4, 9), "price": (8, 19), "care": (9, 25), "days": (4, 15)},
        (
            "income = hours * price",
            "gain = income - care",
            "daily = gain * boats",
            "profit = daily * days",
        ),
        ("gain = income + care", "profit = gain * days", "gain = income - 0"),
    ),
    Plot(
        "In a theatre the stalls have {stalls} seats at {dear} euros, the gallery has {gallery} seats at {cheap} euros. "
        "Everything is sold except {empty} seats in the gallery. What does {who} count in the till, in euros?",
        {"stalls": (80, 220), "dear": (22, 45), "gallery": (60, 140), "cheap": (9, 19), "empty": (6, 40)},
        ("front = stalls * dear", "taken = gallery - empty", "back = taken * cheap", "till = front + back"),
        ("taken = gallery + empty", "back = gallery * cheap", "till = front - back"),
    ),
    Plot(
        "{who} splits {sweets} sweets evenly among {kids} children. Then each child eats {ate} and puts the rest into a "
        "common bowl that already holds {bowl}. How many sweets are in the bowl afterwards?",
        {"sweets": (90, 320), "kids": (5, 14), "ate": (3, 9), "bowl": (8, 40)},
        ("share = sweets // kids", "kept = share - ate", "back = kept * kids", "total = back + bowl"),
        ("total = back - bowl", "kept = share + ate", "total = kept + bowl"),
    ),
    Plot(
        "A ferry makes {trips} crossings a day and carries {cars} cars each time; on {storm} days of a month of {days} "
        "days it stays in port. How many cars does captain {who} bring across in that month?",
        {"trips": (4, 12), "cars": (14, 40), "storm": (2, 8), "days": (28, 31)},
        ("sailing = days - storm", "daily = trips * cars", "carried = daily * sailing"),
        ("sailing = days + storm", "carried = daily * days", "daily = trips + cars"),
    ),
    Plot(
        "{who} knits a scarf of {length} rows. After knitting {speed} rows an hour for {hours} hours, {undone} rows have "
        "to be undone. How many rows are left to knit?",
        {"length": (280, 520), "speed": (14, 26), "hours": (5, 11), "undone": (6, 35)},
        ("knit = speed * hours", "good = knit - undone", "left = length - good"),
        ("left = length - knit", "good = knit + undone", "left = good + 0"),
    ),
    Plot(
        "A school orders {boxes} boxes with {books} books each. {who} hands out {per} books to each of {pupils} pupils. "
        "How many books are over?",
        {"boxes": (14, 40), "books": (12, 30), "per": (2, 4), "pupils": (40, 80)},
        ("ordered = boxes * books", "given = per * pupils", "over = ordered - given"),
        ("given = per + pupils", "over = ordered + given", "over = ordered - pupils"),
    ),
    Plot(
        "Two trucks leave a depot. {who} drives {fast} kilometres an hour, {other} drives {slow}. Both drive {first} "
        "hours, rest, and go on for {second} hours at the same pace. How many kilometres farther has {who} come?",
        {"fast": (70, 95), "slow": (45, 66), "first": (2, 5), "second": (2, 6)},
        ("hours = first + second", "faster = fast - slow", "ahead = faster * hours"),
        ("hours = first - 0", "faster = fast + slow", "ahead = fast * hours"),
    ),
    Plot(
        "{who} glues {thing} on boards: {short} boards carry {few} each and {long} boards carry {many} each. A third "
        "person takes off {off}. How many stay on the boards?",
        {"short": (5, 20), "few": (6, 14), "long": (4, 16), "many": (15, 32), "off": (9, 60)},
        ("small = short * few", "large = long * many", "all = small + large", "stay = all - off"),
        ("stay = all + off", "large = long * few", "all = large - small"),
    ),
)
