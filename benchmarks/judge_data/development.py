"""Pairs of questions to choose between adapters by: their tables and templates are in no training row.

    python -m benchmarks.embedded_judge measure --set development

Each line of a table is ``question | reference | right, right | wrong, wrong``. To each question two right and two wrong
answers are drawn, some of them as they stand, some in a wrapping of this file, and where the wrong one names several
candidates, the right one is among them. What is measured later (``pairs.Excluded``) is left out here, too.
"""

from __future__ import annotations

import random
from typing import Any

from benchmarks.judge_data.pairs import Excluded, core

FORMS = """
What is a group of lions called?|pride|a pride, a pride of lions|lions, a group; What is a group of wolves called?|pack|a pack, wolf pack|wolves, pride; What is a group of fish called?|school|a school, shoal|fish, a fish; What is a group of geese on the ground called?|gaggle|a gaggle, a gaggle of geese|goose, geese
What is the home of a badger called?|sett|a sett, badger's sett|badger, burrow of a rabbit; What is the home of an eagle called?|eyrie|an eyrie, aerie|eagle, eagle's egg; What is the home of a beaver called?|lodge|a lodge, beaver lodge|beaver, dam; What is the home of a hare called?|form|a form, the form|hare, warren
What does the Italian word 'cane' mean in English?|dog|a dog, hound|cane, dogs; What does the Italian word 'neve' mean in English?|snow|the snow, Snow!|neve, never
What does the Portuguese word 'obrigado' mean?|thank you|thanks, Thank you!|obrigado, obliged to go; What does the Polish word 'dom' mean in English?|house|home, a house|dom, dome; What does the Czech word 'hrad' mean in English?|castle|a castle, the castle|hrad, hard
Which adverb is made from 'quick'?|quickly|QUICKLY, the adverb quickly|quick, quicker; Which adverb is made from 'gentle'?|gently|Gently, it is gently|gentle, gentleness; Which adverb is made from 'good'?|well|Well, the adverb well|good, goodly
Which verb belongs to the noun 'blood'?|bleed|to bleed, Bleed|blood, bloody; Which verb belongs to the noun 'song'?|sing|to sing, Sing|song, singer
What is the present participle of 'lie'?|lying|Lying, it is lying|lie, lain; What is the present participle of 'run'?|running|Running, it is running|run, ran; What is the third person singular of 'have'?|has|Has, he has|have, had; What is the third person singular of 'carry'?|carries|she carries, Carries|carry, carried
What is the feminine form of 'steward'?|stewardess|a stewardess, Stewardess|steward, stewards; What is the masculine form of 'bride'?|bridegroom|groom, the bridegroom|bride, bridal; What is the diminutive of 'book'?|booklet|a booklet, Booklet|book, books
What is the Roman numeral for fifty?|L|L., the letter L|fifty, LX; What is the Roman numeral for a thousand?|M|M., the letter M|thousand, D; What is the Morse sign for E?|a dot|., one dot|E, a dash; What is the country code of Germany on cars?|D|D., the letter D|Germany, G
What is the abbreviation of 'limited company' in Britain?|Ltd|Ltd., LTD|limited, company; What is the abbreviation of 'versus'?|vs|vs., v.|versus, ver; What is the abbreviation of 'Member of Parliament'?|MP|M.P., an MP|member, parliament; What is the internet ending of Spain?|.es|es, dot es|Spain, .sp
Which word is the opposite of 'visible'?|invisible|Invisible, not visible|visible, visibly; Which word is the opposite of 'legal'?|illegal|Illegal, unlawful|legal, legally; Which word is the opposite of 'ascend'?|descend|to descend, go down the slope|ascend, ascent; Which word is the opposite of 'polite'?|impolite|rude, Impolite|polite, politely
What is the noun of the adjective 'warm'?|warmth|Warmth, the warmth|warm, warmer; What is the noun of the adjective 'true'?|truth|Truth, the truth|true, truly; What is the noun of the adjective 'high'?|height|Height, the height|high, highly; What is the adjective of the noun 'sun'?|sunny|Sunny, solar|suns, sunshine
"""

NAMES = """
Which stadium of London hosts the final?|Wembley|Wembley Stadium, The Home of Football|London, Twickenham; Which prison stood in the bay of San Francisco?|Alcatraz|The Rock, Alcatraz Island|San Francisco, Sing Sing; Which airport serves Chicago?|O'Hare|ORD, O'Hare International Airport|Chicago, Logan
Which poet wrote the Aeneid?|Virgil|Publius Vergilius Maro, Vergil|Aeneid, Ovid; Which orator attacked Catiline?|Cicero|Tully, Marcus Tullius Cicero|Catiline, Cato
Which singer was called the Boss?|Bruce Springsteen|Springsteen, The Boss Bruce Springsteen|the Boss, Billy Joel; Which singer was the Queen of Soul?|Aretha Franklin|Lady Soul, Franklin|Queen, Tina Turner; Which comedian was born Leslie Townes Hope?|Bob Hope|Hope, Sir Bob|Leslie, Bing Crosby; Which actress was born Edda van Heemstra?|Audrey Hepburn|Hepburn, Audrey Kathleen Ruston|Edda, Katharine Hepburn
Which king signed the Magna Carta?|King John|John Lackland, John of England|Magna Carta, Henry III; Which king of England fell at Hastings?|Harold II|Harold Godwinson, King Harold|Hastings, William II; Which general of the Confederacy surrendered?|Robert E. Lee|Marse Robert, General Lee|the Confederacy, Ulysses S. Grant; Which general was called Stonewall?|Thomas Jackson|Stonewall Jackson, T. J. Jackson|Stonewall, George Custer
Which state was called Upper Peru?|Bolivia|Plurinational State of Bolivia, Republic of Bolivia|Upper Peru, Ecuador; Which country is called Bharat?|India|Hindustan, Republic of India|Bharat, Nepal
Which condition is known as lazy eye?|amblyopia|Amblyopia., lazy-eye syndrome|eye, glaucoma; Which disease is known as breakbone fever?|dengue|dengue fever, Dengue|fever, malaria
Which gem is a green beryl?|emerald|the emerald, smaragd|beryl, ruby; Which gem is a form of fossil resin?|amber|succinite, Amber|resin, jet; Which mineral is used for talcum powder?|talc|soapstone, steatite|powder, mica
Which fish is sold as calamari?|squid|squids, the squid|fish, octopus; Which spice is called the red gold?|saffron|Crocus sativus, Saffron|spice, paprika
Which game do Americans call checkers?|draughts|the game of draughts, dames|game, chess; Which piece moves diagonally in chess?|bishop|the bishop, a bishop|chess, rook; Which game has a board of 361 points?|Go|weiqi, baduk|board, shogi
Which Shakespeare play is called the Scottish play?|Macbeth|The Tragedy of Macbeth, MACBETH|Scottish, Hamlet; Which film tells of Rick's Café?|Casablanca|Casablanca (1942), the film Casablanca|café, Gilda; Which symphony is the Ninth of Beethoven?|the Choral|Choral Symphony, Symphony No. 9|Beethoven, the Eroica
Which alliance was founded in 1949?|NATO|North Atlantic Treaty Organisation, OTAN|alliance, UNESCO; Which fund of children belongs to the UN?|UNICEF|United Nations Children's Fund, Unicef|children, UNESCO; Which company makes the Beetle?|Volkswagen|VW, Volkswagen AG|Beetle, Opel
"""

LEVELS = """
Which instrument did the soloist play?|cello|violoncello, the cello|instrument, strings; Which bird is the symbol of wisdom?|owl|an owl, the owl|bird, wisdom; Which flower did the Dutch trade in 1637?|tulip|tulips, the tulip|flower, Holland
Which city is the seat of the Hague court?|The Hague|Den Haag, 's-Gravenhage|Netherlands, court; Which river flows through Rome?|Tiber|Tevere, the Tiber|river, Rome; Which people sacked Rome in 455?|Vandals|the Vandals, Vandal people|Rome, Spain; Which people live in the north of Finland?|Sami|the Sámi, Saami|Finland, Lapland
Which part of the eye is coloured?|iris|the iris, Iris|eye, pupil; Which meal do the English take at five?|tea|five o'clock tea, afternoon tea|meal, English
Which language do the Dutch speak?|Dutch|Nederlands, the Dutch language|Holland, German; Which religion has the Torah?|Judaism|the Jewish religion, Jewish faith|religion, Torah; Which vehicle runs on rails in towns?|tram|streetcar, a tram|vehicle, rails
"""

NUMBERS = """
At what time did the train leave?|7:30 a.m.|half past seven in the morning, 07:30|8:30, half past eight; What time is it in the picture?|quarter past four|4:15, fifteen minutes past four|5:15, quarter to four; What is the share?|one half|50%, 0.5|a quarter, 0.2; What part of the cake is left?|a quarter|25%, one fourth|a half, 75%; What is the rate?|0.2|20%, one fifth|0.02, 2%
What was the score?|3-1|3:1, three to one|1-3, 3-2; How old was she?|thirty-five|35, 35 years old|53, thirty-four; How long was the wait?|90 minutes|an hour and a half, 1.5 hours|9 minutes, two hours; How long is the term?|half a year|six months, 6 months|a year, 3 months; What did the ticket cost?|€1.50|1.50 euros, one euro fifty|€15.0 million, 1.05 euros
How many people live there?|1.5 million|1,500,000, one and a half million|15 million, 150,000; How far is the Moon?|384,000 km|384 000 kilometres, about 384 thousand kilometres|38,400 km, 384,000 miles; What is the population?|3 billion|3,000,000,000, three thousand million|3 million, 30 billion; Which chapter is it?|IX|9, the ninth|XI, eleven; Which floor is it on?|fourth|4th floor, floor 4|fifth, 14th
"""

WRAPPINGS = (
    "Surely {}",
    "{} - no doubt",
    "I would say {}",
    "{} (as far as I know)",
    "In my view {}.",
    "Final answer: {}",
    "Well, {}",
    "{}, I am certain",
    "My guess: {}",
    "Of course {}!",
)
SEVERAL = ("{} or {}", "{}, {}", "Perhaps {}, perhaps {}", "{} and also {}", "It could be {} or {}", "Options: {}; {}")
TABLES = {"forms": FORMS, "names": NAMES, "levels": LEVELS, "numbers": NUMBERS}


def rows(seed: int = 0) -> list[dict[str, Any]]:
    """Return the pairs: two right and two wrong answers to every question."""
    chance = random.Random(f"{seed} development")
    excluded = Excluded(anywhere=True)
    found: list[dict[str, Any]] = []
    for kind, table in TABLES.items():
        for entry in table.replace("\n", ";").split(";"):
            if not entry.strip():
                continue
            question, gold, right, wrong = (part.strip() for part in entry.strip().split("|"))
            good, bad = ([one.strip() for one in part.split(", ")] for part in (right, wrong))
            if chance.random() < 0.25:
                good[chance.randrange(2)] = gold
            if chance.random() < 0.3:
                bad[0] = chance.choice(SEVERAL).format(*chance.sample([gold, bad[1]], 2))
            answers = [(answer, True) for answer in good] + [(answer, False) for answer in bad]
            if any(excluded.holds(question, gold, answer) for answer, _ in answers):
                continue
            for answer, equal in answers:
                shown = chance.choice(WRAPPINGS).format(answer) if chance.random() < 0.25 else answer
                if not equal and core(shown) == core(gold):
                    raise AssertionError(shown)
                found.append({"kind": kind, "question": question, "gold": gold, "candidate": shown, "equal": equal})
    return found
