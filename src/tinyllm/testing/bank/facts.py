"""Questions of general knowledge with a short answer, and what others would say instead."""

from random import Random

from tinyllm.testing.bank.item import Item

CAPITALS = dict(
    pair.split(":")
    for pair in [
        "Australia:Canberra",
        "Canada:Ottawa",
        "Brazil:Brasília",
        "Turkey:Ankara",
        "Switzerland:Bern",
        "Morocco:Rabat",
        "Kazakhstan:Astana",
        "Vietnam:Hanoi",
        "Pakistan:Islamabad",
        "Nigeria:Abuja",
        "Myanmar:Naypyidaw",
        "Bolivia:Sucre",
        "Ecuador:Quito",
        "Peru:Lima",
        "Kenya:Nairobi",
        "Finland:Helsinki",
        "Norway:Oslo",
        "Slovenia:Ljubljana",
        "Slovakia:Bratislava",
        "Latvia:Riga",
        "Estonia:Tallinn",
        "Lithuania:Vilnius",
        "Croatia:Zagreb",
        "Bulgaria:Sofia",
        "Romania:Bucharest",
        "Iceland:Reykjavik",
        "Portugal:Lisbon",
        "Chile:Santiago",
        "Mongolia:Ulaanbaatar",
        "Nepal:Kathmandu",
        "Jordan:Amman",
        "Oman:Muscat",
        "Ghana:Accra",
        "Senegal:Dakar",
    ]
)
SYMBOLS = dict(
    pair.split(":")
    for pair in [
        "gold:Au",
        "silver:Ag",
        "iron:Fe",
        "lead:Pb",
        "tin:Sn",
        "sodium:Na",
        "potassium:K",
        "mercury:Hg",
        "copper:Cu",
        "tungsten:W",
        "antimony:Sb",
        "helium:He",
        "neon:Ne",
        "zinc:Zn",
        "nickel:Ni",
        "cobalt:Co",
        "platinum:Pt",
        "uranium:U",
        "magnesium:Mg",
        "manganese:Mn",
    ]
)
AUTHORS = {
    "Faust": "Goethe",
    "Don Quixote": "Cervantes",
    "Moby-Dick": "Melville",
    "War and Peace": "Tolstoy",
    "Crime and Punishment": "Dostoevsky",
    "The Trial": "Kafka",
    "Madame Bovary": "Flaubert",
    "Emma": "Austen",
    "Middlemarch": "Eliot",
    "The Magic Mountain": "Mann",
    "Ulysses": "Joyce",
    "The Divine Comedy": "Dante",
    "Candide": "Voltaire",
    "Jane Eyre": "Brontë",
    "Great Expectations": "Dickens",
    "The Sea-Gull": "Chekhov",
    "A Doll's House": "Ibsen",
    "Les Misérables": "Hugo",
}
PLACES = dict(
    pair.split(":")
    for pair in [
        "Danube:Europe",
        "Nile:Africa",
        "Amazon:America",
        "Mekong:Asia",
        "Volga:Europe",
        "Congo:Africa",
        "Orinoco:America",
        "Ganges:Asia",
        "Rhine:Europe",
        "Niger:Africa",
        "Mississippi:America",
        "Yangtze:Asia",
        "Loire:Europe",
        "Zambezi:Africa",
        "Paraná:America",
        "Indus:Asia",
    ]
)
TABLES: tuple[tuple[dict[str, str], tuple[str, ...], str], ...] = (
    (
        CAPITALS,
        (
            "What is the capital of {0}?",
            "Which city is the seat of government of {0}?",
            "Name the capital city of {0}.",
        ),
        "The capital of {0} is {1}.",
    ),
    (
        SYMBOLS,
        (
            "Which symbol does the element {0} have in the periodic table?",
            "What is the chemical symbol of {0}?",
        ),
        "The symbol of {0} is {1}.",
    ),
    (
        AUTHORS,
        ("Who wrote {0}?", "Which author is {0} by?", "Who is the author of the work {0}?"),
        "{0} is by {1}.",
    ),
    (
        PLACES,
        ("On which continent does the river {0} flow?", "The river called {0}: which continent is it on?"),
        "The river {0} flows in {1}.",
    ),
)
_FORMS = ("{said}", "**{name}**", "{name}", "{said} That is well established.", "Answer: {name}")


def facts(count: int, random: Random) -> list[Item]:
    """So many different questions, from all tables in turn."""
    made: dict[str, Item] = {}
    for table, texts, said in TABLES:
        for about, name in table.items():
            text = random.choice(texts)
            made[text.format(about)] = _item(
                text.format(about), about, name, said, list(table.values()), random
            )
    while len(made) < count:  # more wordings of the same facts
        table, texts, said = random.choice(TABLES)
        about = random.choice(list(table))
        text = f"{random.choice(('Please tell me', 'I want to know', 'One more'))}: {random.choice(texts)}"
        made[text.format(about)] = _item(
            text.format(about), about, table[about], said, list(table.values()), random
        )
    return random.sample(list(made.values()), count)


def _item(question: str, about: str, name: str, said: str, names: list[str], random: Random) -> Item:
    others = random.sample(sorted(set(names) - {name}), 3)
    told = [
        _FORMS[at % len(_FORMS)].format(said=said.format(about, other), name=other)
        for at, other in enumerate([others[0], others[0], *others])
    ]
    return Item(
        label="general",
        question=question,
        gold=name,
        right=tuple(form.format(said=said.format(about, name), name=name) for form in _FORMS),
        wrong=tuple(told),
        decoys=tuple(others),
    )
