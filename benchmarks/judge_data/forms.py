"""Ways in which people and models write one short answer: the same answer in another form, never another answer.

Every function takes the source of chance first. The forms that add words around an answer (``wrapped``) and those that
change its letters (``respelt``) are used for right and for wrong answers alike, so that a form says nothing about the
verdict.
"""

from __future__ import annotations

import random
import unicodedata

ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
]

WRAPS = (
    "It is {}.", "It's {}", "The answer is {}.", "{}.", "{}!", "It was {}.", "That is {}.", "{}, I think.", "I think it is {}.",
    "I believe it's {}", "{}, of course.", "Answer: {}", '"{}"', "**{}**", "Probably {}.", "{} (I am sure)", "It must be {}.",
    "My answer is {}", "This is {}.", "{}, as everybody knows.", "The correct answer is {}.", "- {}", "That would be {}.", "= {}",
    "Definitely {}", "{} is the answer.", "it is called {}", "They are {}.", "Here it is {}.", "({})", "'{}'", "So, {}.", "{};",
    "{} - that is right.", "Clearly {}.", "We call it {}.", "{}, if I remember well", "A: {}", "Let me think: {}.", "{}...",
)  # fmt: skip
REMARKS = (
    "{}, which is well known.", "{}. It is taught at school.", "{}, and it always was.", "{} - a famous one.", "{}. That is all I know.",
    "{}, which many people visit.", "{}; see the encyclopedia.", "{}. It has been so for many years.", "{}, one of the best known.",
    "{} (this is easy)", "{}. I learnt it as a child.", "{}, and nothing else.",
)  # fmt: skip
TAGS = (
    "(disambiguation)",
    "(film)",
    "(city)",
    "(name)",
    "(word)",
    "(person)",
    "(novel)",
    "(band)",
    "(place)",
    "(animal)",
    "(science)",
)


def wrapped(chance: random.Random, answer: str, *, tag: bool = False) -> str:
    """Return the answer with words around it that change nothing."""
    kind = chance.random()
    if tag and kind < 0.15:
        return f"{answer} {chance.choice(TAGS)}"
    if kind < 0.8:
        return chance.choice(WRAPS).format(answer)
    return chance.choice(REMARKS).format(answer)


def plain(text: str) -> str:
    """Return the text without accents."""
    folded = text.replace("ß", "ss").replace("ø", "o").replace("ł", "l").replace("đ", "d")
    return "".join(one for one in unicodedata.normalize("NFD", folded) if not unicodedata.combining(one))


def cased(chance: random.Random, answer: str) -> str:
    """Return the answer in other letters, large or small."""
    return chance.choice([str.lower, str.lower, str.upper, str.title, str.capitalize])(answer)


def misspelt(chance: random.Random, answer: str) -> str:
    """Return the answer with one slip in a word that is long enough to be known all the same."""
    words = answer.split(" ")
    places = [place for place, word in enumerate(words) if len(word) >= 7 and word.isalpha()]
    if not places:
        return answer
    place = chance.choice(places)
    word = words[place]
    at = chance.randrange(2, len(word) - 2)
    words[place] = chance.choice(
        [
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + chance.choice("aeiou") + word[at + 1 :] if word[at] in "aeiou" else word[:at] + word[at + 1 :],
        ]
    )
    return " ".join(words)


def respelt(chance: random.Random, answer: str) -> str:
    """Return the answer with other hyphens, blanks, accents, apostrophes or abbreviations, where it has any."""
    changes = [
        ("-", " "), ("-", ""), (" ", "-"), ("'", ""), ("'", "\u2019"), (" and ", " & "), ("Saint ", "St. "), ("Saint ", "St "), ("Mount ", "Mt. "),
        ("Mount ", "Mt "), ("Doctor ", "Dr. "), (". ", " "), (".", ""), ("United States", "US"), ("our", "or"), (" of the ", " of "), (", ", " "), ("ae", "e"),
        ("centre", "center"), ("ise", "ize"), ("Street", "St."), ("Company", "Co."), ("ph", "f"), ("ck", "k"), ("y", "i"),
    ]  # fmt: skip
    fitting = [change for change in changes if change[0] in answer.strip(".")]
    weights = [0.1 if change in {(" ", "-"), ("ph", "f"), ("ck", "k"), ("y", "i")} else 1.0 for change in fitting]
    unaccented = plain(answer)
    if unaccented != answer and chance.random() < 0.6:
        return unaccented
    if not fitting:
        return answer
    old, new = chance.choices(fitting, weights)[0]
    return answer.replace(old, new, 1)


def with_article(chance: random.Random, answer: str) -> str:
    """Return the answer with another article or none."""
    first, _, rest = answer.partition(" ")
    if first.lower() in {"the", "a", "an"} and rest:
        return rest
    return f"{chance.choice(['the', 'the', 'The', 'an' if answer[:1].lower() in 'aeiou' else 'a'])} {answer}"


def in_number(word: str) -> str:
    """Return a noun as one of several, or several as one."""
    last = word.rsplit(" ", 1)[-1]
    if len(last) > 3 and last.endswith("s") and not last.endswith(("ss", "us", "is")):
        return word[:-1]
    if last.endswith(("s", "x", "ch", "sh")):
        return f"{word}es"
    if last.endswith("y") and last[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}s"


def in_words(number: int) -> str:
    """Return a whole number below a million in words."""
    if number < 20:
        return ONES[number]
    if number < 100:
        return TENS[number // 10 - 2] + (f"-{ONES[number % 10]}" if number % 10 else "")
    if number < 1000:
        rest = f" and {in_words(number % 100)}" if number % 100 else ""
        return f"{ONES[number // 100]} hundred{rest}"
    rest = number % 1000
    joined = "" if not rest else f" and {in_words(rest)}" if rest < 100 else f" {in_words(rest)}"
    return f"{in_words(number // 1000)} thousand{joined}"


def as_number(chance: random.Random, number: int) -> str:
    """Return one way to write a whole number."""
    ways = [str(number), str(number), in_words(number), in_words(number)]
    if number >= 1000:
        ways += [f"{number:,}", f"{number:,}"]
    if 20 < number < 1000:
        ways += [in_words(number).replace("-", " "), in_words(number).replace(" and ", " ")]
    if number % 1000 == 0 and number:
        ways += [f"{number // 1000} thousand", f"{number // 1000}000"]
    if number == 12:
        ways.append("a dozen")
    return chance.choice(ways)


def ordinal(number: int) -> str:
    """Return ``1st``, ``2nd``, ..."""
    if number % 100 in {11, 12, 13}:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def roman(number: int) -> str:
    """Return a number in Roman numerals."""
    text = ""
    for value, sign in ((50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        while number >= value:
            text, number = text + sign, number - value
    return text


def as_date(chance: random.Random, day: int, month: int, year: int) -> str:
    """Return one way to write a date."""
    name, short = MONTHS[month - 1], MONTHS[month - 1][:3]
    return chance.choice(
        [
            f"{day} {name} {year}", f"{name} {day}, {year}", f"{ordinal(day)} {name} {year}", f"{name} {ordinal(day)}, {year}", f"{day} {short} {year}",
            f"{year}-{month:02d}-{day:02d}", f"the {ordinal(day)} of {name} {year}", f"{short} {day}, {year}", f"{day:02d}.{month:02d}.{year}", f"on {day} {name} {year}",
        ]
    )  # fmt: skip


def as_year(chance: random.Random, year: int) -> str:
    """Return one way to name a year."""
    return chance.choice(
        [str(year)] * 4
        + [f"in {year}", f"In {year}.", f"the year {year}", f"{year} AD", f"{chance.choice(MONTHS)} {year}", f"It happened in {year}", f"A.D. {year}"]
        + [f"in the year {year}", f"since {year}", f"{chance.choice(['spring', 'summer', 'autumn', 'winter'])} {year}", f"{chance.randint(1, 28)} {chance.choice(MONTHS)} {year}"]
    )  # fmt: skip


NICKNAMES = {
    "Robert": "Bob", "Samuel": "Sam", "Edmund": "Ed", "Theodor": "Ted", "Thomas": "Tom", "Daniel": "Dan", "Margaret": "Maggie", "Josephine": "Jo",
    "Frederick": "Fred", "Rebecca": "Becky", "Harold": "Harry", "Albert": "Bert", "Kenneth": "Ken", "Stephen": "Steve", "Martin": "Marty", "Leonard": "Len",
    "Philip": "Phil", "Victor": "Vic", "Gerald": "Gerry", "Herbert": "Herb", "Walter": "Walt", "Jacob": "Jake", "Oliver": "Ollie", "Matilda": "Tilly",
}  # fmt: skip
TITLES = (
    "Sir",
    "Dr.",
    "Mr",
    "Mrs.",
    "Professor",
    "President",
    "Lord",
    "Captain",
    "Queen",
    "Saint",
    "General",
    "Senator",
    "Dame",
)
ROLES = (
    "painter",
    "singer",
    "writer",
    "actor",
    "explorer",
    "scientist",
    "composer",
    "poet",
    "politician",
    "inventor",
    "president",
    "king",
)


def as_person(chance: random.Random, name: str) -> str:
    """Return one way to name a person: by surname, with initials, with a title, with a further name."""
    parts = name.split(" ")
    particles = {"van", "von", "de", "da", "di", "della", "le", "la", "der", "den"}
    at = next((place for place, part in enumerate(parts) if place and part.lower() in particles), len(parts) - 1)
    given, surname = parts[:at], " ".join(parts[at:])
    if not given:
        return chance.choice([name, f"{chance.choice(TITLES)} {name}", f"the {chance.choice(ROLES)} {name}"])
    initials = " ".join(f"{part[0]}." for part in given)
    bare = surname.split(" ")[-1]
    further = chance.choice(["Maria", "James", "Louise", "Henry", "Jane", "Paul", "Ann", "Joseph", "William"])
    return chance.choice(
        [
            surname, surname, surname, bare, f"{initials} {surname}", f"{surname}, {' '.join(given)}", f"{chance.choice(TITLES)} {name}",
            f"{chance.choice(TITLES)} {surname}", f"{given[0]} {further} {surname}", f"{given[0]} {further[0]}. {surname}", f"the {chance.choice(ROLES)} {name}",
            f"{given[0]} {surname}", f"{NICKNAMES.get(given[0], given[0])} {surname}", f"{name} ({chance.choice(ROLES)})", f"{name}, {chance.choice(ROLES)}",
            f"{initials.replace(' ', '')} {surname}", f"{initials.replace('.', '')} {surname}", f'{given[0]} "{further}" {surname}', f"{name} Jr.", f"{surname} {given[0]}",
            f"{name} {chance.choice(['Smith', 'Garcia', 'Hall', 'King'])}" if chance.random() < 0.3 else name, f"{name}'s",
        ]
    )  # fmt: skip


UNITS = [
    ("kilometres", "km", "kilometers", "1 kilometre"), ("metres", "m", "meters", "1 metre"), ("centimetres", "cm", "centimeters", "1 centimetre"),
    ("millimetres", "mm", "millimeters", "1 millimetre"), ("grams", "g", "grammes", "1 gram"), ("kilograms", "kg", "kilos", "1 kilogram"),
    ("litres", "l", "liters", "1 litre"), ("percent", "%", "per cent", "1 percent"), ("degrees", "°", "deg", "1 degree"), ("degrees Celsius", "°C", "degrees C", "1 degree Celsius"),
    ("degrees Fahrenheit", "°F", "degrees F", "1 degree Fahrenheit"), ("hours", "h", "hrs", "1 hour"), ("minutes", "min", "mins", "1 minute"), ("seconds", "s", "sec", "1 second"),
    ("miles", "mi", "mi.", "1 mile"), ("metres per second", "m/s", "meters per second", "1 metre per second"), ("kilometres per hour", "km/h", "kph", "1 kilometre per hour"),
    ("volts", "V", "volt", "1 volt"), ("watts", "W", "watt", "1 watt"), ("feet", "ft", "foot", "1 foot"), ("inches", "in", "in.", "1 inch"), ("tonnes", "t", "tons", "1 tonne"),
    ("euros", "€", "EUR", "1 euro"), ("dollars", "$", "USD", "1 dollar"), ("pounds", "£", "GBP", "1 pound"), ("years", "yrs", "years old", "1 year"), ("square kilometres", "km²", "sq km", "1 square kilometre"),
]  # fmt: skip
CONVERSIONS = [
    ("kilometres", "metres", 1000), ("metres", "centimetres", 100), ("kilograms", "grams", 1000), ("tonnes", "kilograms", 1000), ("centimetres", "millimetres", 10),
    ("hours", "minutes", 60), ("minutes", "seconds", 60), ("feet", "inches", 12),
]  # fmt: skip


def as_quantity(chance: random.Random, number: int, unit: tuple[str, str, str, str]) -> str:
    """Return one way to write a number with its unit."""
    name, sign, other, single = unit
    if number == 1 and chance.random() < 0.5:
        return chance.choice([single, single.replace("1 ", "one "), single.replace("1 ", "a ")])
    figure = as_number(chance, number)
    digits = figure if figure[0].isdigit() else str(number)
    ways = [
        f"{figure} {name}",
        f"{digits} {sign}",
        f"{digits}{sign}",
        f"{figure} {other}",
        f"about {figure} {name}",
        f"{digits} {name}",
        f"{in_words(number)} {name}",
    ]
    if sign in "€$£":
        ways += [f"{sign}{digits}", f"{sign}{digits}"]
    return chance.choice(ways)
