"""Answers that are near the right one and wrong all the same: another form of a word, its symbol, something wider.

Each line is ``key | right, right | wrong, wrong``: what the question asks about, forms of the right answer of which the
first is the reference, and answers that are near it. Many wrong answers are the key itself, as of a model that gives the
question back.
"""

from __future__ import annotations

COMPARATIVES = """
good|better|best, gooder, well; bad|worse|worst, badder, badly; far|farther, further|farthest, furthest, farer; little|less, smaller|least, littler; many|more|most, much; big|bigger|biggest, more big; happy|happier|happiest, happily
easy|easier|easiest, easily; thin|thinner|thinnest, thinly; dry|drier|driest, dryly; late|later|latest, lately; famous|more famous|most famous, famouser; careful|more careful|most careful, carefuller; noisy|noisier|noisiest, noise; lazy|lazier|laziest, laziness
"""
SUPERLATIVES = """
good|best, the best|better, goodest, well; bad|worst, the worst|worse, baddest; far|farthest, furthest|farther, further; little|least, the least|less, lesser; old|oldest, eldest|older, elder; heavy|heaviest, the heaviest|heavier, heavily
busy|busiest, the busiest|busier, business; pretty|prettiest, the prettiest|prettier, prettily; beautiful|most beautiful, the most beautiful|more beautiful, beauty; near|nearest, the nearest|nearer, nearly; high|highest, the highest|higher, height
"""
PARTICIPLES = """
write|written|wrote, writing, writes; see|seen|saw, seeing; eat|eaten|ate, eating; take|taken|took, taking; give|given|gave, giving; speak|spoken|spoke, speaking; break|broken|broke, breaking; choose|chosen|chose, choosing; drive|driven|drove, driving
fall|fallen|fell, falling; fly|flown|flew, flying; freeze|frozen|froze, freezing; hide|hidden|hid, hiding; know|known|knew, knowing; ride|ridden|rode, riding; ring|rung|rang, ringing; shake|shaken|shook, shaking; sing|sung|sang, singing; swim|swum|swam, swimming
throw|thrown|threw, throwing; wear|worn|wore, wearing; begin|begun|began, beginning; drink|drunk|drank, drinking; tear|torn|tore, tearing; steal|stolen|stole, stealing; forget|forgotten|forgot, forgetting; put|put|putted, putting; cut|cut|cutted, cutting; come|come|came, coming
"""
PAST = """
bite|bit|bitten, biting, bites; blow|blew|blown, blowing; draw|drew|drawn, drawing; forgive|forgave|forgiven, forgiving; grow|grew|grown, growing; weave|wove|woven, weaving; swear|swore|sworn, swearing; shrink|shrank|shrunk, shrinking; spring|sprang|sprung, springing
ring|rang|rung, ringing, ringed; strike|struck|stricken, striking; tear|tore|torn, tearing; cling|clung|clang, clinging; dig|dug|digged, digging; feed|fed|feeded, feeding; fight|fought|fighted, fighting; hear|heard|hearing, heared; hold|held|holden, holding; lead|led|leaded, leading
hit|hit|hitted, hitting; shut|shut|shutted, shutting; set|set|setted, setting; mean|meant|meaned, meaning; spend|spent|spending, spended; stick|stuck|sticked, sticking; weep|wept|weeped, weeping; creep|crept|creeped, creeping; light|lit, lighted|lighting, lights; bind|bound|binded, binding
play|played|playing, plays; walk|walked|walking, walks; stop|stopped|stoping, stopping; try|tried|tryed, trying; carry|carried|carryed, carrying; plan|planned|planning, planed; like|liked|liking, likes; agree|agreed|agreeing, agrees
"""
PLURALS = """
tooth|teeth|tooths, toothes; foot|feet|foots, feets; goose|geese|gooses, geeses; child|children|childs, childrens; man|men|mans, mens; woman|women|womans, womens; ox|oxen|oxes, oxs; louse|lice|louses; leaf|leaves|leafs; knife|knives|knifes; wolf|wolves|wolfs; thief|thieves|thiefs
crisis|crises|crisises; analysis|analyses|analysises; phenomenon|phenomena|phenomenons, phenomenas; criterion|criteria|criterions; bacterium|bacteria|bacteriums; datum|data|datums; stimulus|stimuli|stimuluses; nucleus|nuclei|nucleuses; larva|larvae|larvas; vertebra|vertebrae|vertebras
deer|deer|deers; salmon|salmon|salmons; series|series|serieses; species|species|specieses; aircraft|aircraft|aircrafts; offspring|offspring|offsprings; city|cities|citys; lady|ladies|ladys; box|boxes|boxs, boxen; church|churches|churchs; hero|heroes|heros; key|keys|keies; day|days|daies
mother-in-law|mothers-in-law|mother-in-laws; passer-by|passers-by|passer-bys; roof|roofs|rooves; half|halves|halfs; loaf|loaves|loafs; scarf|scarves, scarfs|scarfes; axis|axes|axises; oasis|oases|oasises; appendix|appendices, appendixes|appendix's; cherub|cherubim, cherubs|cherubes
"""
SINGULARS = """
teeth|tooth|teeths, tooths; feet|foot|feets; geese|goose|geeses; children|child|childs; men|man|mans; women|woman|womans; oxen|ox|oxes; lice|louse|lices; wolves|wolf|wolve; knives|knife|knive; thieves|thief|thieve; criteria|criterion|criterias; phenomena|phenomenon|phenomenas
bacteria|bacterium|bacterias; crises|crisis|crisises; larvae|larva|larvas; cacti|cactus|cactuses; dice|die|dices; bases|basis, base|bass; fungi|fungus|funguses; alumni|alumnus|alumnuses; media|medium|medias; data|datum|datas; leaves|leaf|leave; loaves|loaf|loave
"""
NOUNS = """
decide|decision|decisive, deciding, decider; arrive|arrival|arriving, arrives; believe|belief|believing, believer; choose|choice|chosen, choosing; destroy|destruction|destructive, destroying; explain|explanation|explanatory, explaining; fly|flight|flying, flew; grow|growth|grown, growing
invite|invitation|inviting, invites; know|knowledge|known, knowing; lose|loss|lost, losing; marry|marriage|married, marrying; please|pleasure|pleasant, pleasing; prove|proof|proven, proving; refuse|refusal|refused, refusing; sell|sale|sold, selling; think|thought|thinking, thoughtful
weigh|weight|weighty, weighing; succeed|success|successful, succeeding; strong|strength|strongly, stronger; long|length|longer, longish; deep|depth|deeply, deeper; wide|width|widely, wider; free|freedom|freely, freer; angry|anger|angrily, angrier; poor|poverty|poorly, poorer; proud|pride|proudly, prouder
"""
ADJECTIVES = """
Spain|Spanish|Spaniard, Spaniards; Denmark|Danish|Dane, Danes; Poland|Polish|Pole, Poles; Sweden|Swedish|Swede, Swedes; Turkey|Turkish|Turk, Turks; Finland|Finnish|Finn, Finns; Scotland|Scottish|Scot, Scots; Britain|British|Briton, Britons; Iceland|Icelandic|Icelander; Ireland|Irish|Irishman
Switzerland|Swiss|Switzer; the Netherlands|Dutch|Dutchman, Netherlander; Wales|Welsh|Welshman; Norway|Norwegian|Norseman; Greece|Greek|Grecian urn, Greeks; Thailand|Thai|Thais; Peru|Peruvian|Peruvians; Cyprus|Cypriot|Cypriots; Malta|Maltese|Maltesers
danger|dangerous|dangerously, endanger; beauty|beautiful|beautify, beautifully; hunger|hungry|hungrily; music|musical|musician, musically; poison|poisonous|poisoner, poisoning; fame|famous|famously; winter|wintry|winters; heaven|heavenly|heavens; science|scientific|scientist; silk|silken, silky|silkworm
"""
PEOPLES = """
Denmark|Dane, a Dane|Danish, Denmarker; Poland|Pole, a Pole|Polish; Sweden|Swede, a Swede|Swedish; Spain|Spaniard, a Spaniard|Spanish; Turkey|Turk, a Turk|Turkish; Finland|Finn, a Finn|Finnish; Scotland|Scot, a Scot|Scottish, Scotch; Iceland|Icelander, an Icelander|Icelandic; Britain|Briton, a Briton|British
New Zealand|New Zealander, a Kiwi|New Zealandish; Sydney|Sydneysider|Sydney's; Liverpool|Liverpudlian, Scouser|Liverpool's, Mancunian; Manchester|Mancunian|Manchester's, Liverpudlian; Glasgow|Glaswegian|Glasgow's; Naples|Neapolitan|Napoli; Vienna|Viennese|Wien; Monaco|Monegasque|Monaco's; Cyprus|Cypriot, a Cypriot|Cyprus's; Madagascar|Malagasy|Madagascar's
"""
FEMALES = """
lion|lioness|lion cub, lions; tiger|tigress|tiger cub, tigers; actor|actress|acting, actors; duke|duchess|duchy, dukes; emperor|empress|empire, emperors; prince|princess|principality, princes; host|hostess|hosts; waiter|waitress|waiting, waiters; heir|heiress|inheritance; hero|heroine|heroic, heroes; widower|widow|widowers
fox|vixen|fox cub, foxes; horse|mare|foal, stallion; deer|doe, hind|fawn, stag, buck; bull|cow|calf, bulls; ram|ewe|lamb, rams; gander|goose|gosling, geese; drake|duck|duckling, drakes; peacock|peahen|peachick, peacocks; boar|sow|piglet, boars; stallion|mare|foal, stallions; nephew|niece|nephews, cousin; wizard|witch|wizardry; monk|nun|monastery
"""
YOUNG = """
fox|cub, kit|vixen, foxes; bear|cub|bears, she-bear; hare|leveret|doe, hares; swan|cygnet|cob, swans; goat|kid|nanny, goats; whale|calf|cow, whales; eel|elver|eels; salmon|smolt, parr|salmons; pigeon|squab|pigeons, dove; turkey|poult|gobbler, turkeys; kangaroo|joey|kangaroos, doe; seal|pup|bull, seals; zebra|foal|mare, zebras; elephant|calf|cow, elephants; rabbit|kit, kitten|doe, rabbits
"""
SYMBOLS = """
iron|Fe|Ir, iron oxide; sodium|Na|So, Sodium, S; potassium|K|Po, P, kalium; silver|Ag|Si, S, argentum; lead|Pb|Le, L, plumbum; tin|Sn|Ti, T, stannum; tungsten|W|Tu, T, wolfram; copper|Cu|Co, C, cuprum; oxygen atoms|O|Ox; carbon|C|Ca, Carbon; nitrogen|N|Ni, Nitrogen; hydrogen|H|Hy, He, H2O; helium|He|H, Helium; calcium|Ca|C, Cal; chlorine|Cl|C, Ch; zinc|Zn|Z, Zi
magnesium|Mg|Mn, M, Ma; manganese|Mn|Mg, M; nickel|Ni|N, Nickel; phosphorus|P|Ph, Po; sulfur|S|Su, sulphur; uranium|U|Ur; antimony|Sb|An, A; platinum|Pt|P, Pl; cobalt|Co|C, Cb; silicon|Si|S, Sil; neon|Ne|N, Neon; iodine|I|Io, Iodine; boron|B|Bo, Br; fluorine|F|Fl; bromine|Br|B, Bm; arsenic|As|A, Ar; radium|Ra|R, Rd
"""
SIGNS = """
the euro|€|EUR coins, E; the British pound|£|P, L; per cent|%|percent, pc; kilometre|km|kilo, k, m; kilogram|kg|kilo, k, g; centimetre|cm|centi, c; millilitre|ml, mL|milli, l; square metre|m², m2|m, sqm area; degree|°|deg, d; infinity|∞|infinite, inf; the ampere|A|amp, Am; the volt|V|volts, Vo; the ohm|Ω|O, ohms; the newton|N|newtons, Ne; the joule|J|joules, Jo; the hertz|Hz|H, hertz
Monday|Mon, Mon.|M, Monday; Wednesday|Wed, Wed.|W, Wednesday; December|Dec, Dec.|D, December; doctor|Dr, Dr.|D, doctor; professor|Prof, Prof.|P, professor; street|St, St.|S, street; for example|e.g., eg|i.e., for example; that is|i.e., ie|e.g., that is; and so on|etc., etc|e.g., and so on; before noon|a.m., am|p.m., noon; after noon|p.m., pm|a.m., noon
"""
LETTERS = """
What is the Greek letter after gamma called?|delta, Δ|D, d, gamma, epsilon; What is the Greek letter after lambda called?|mu, μ|M, m, lambda, nu; Which Greek letter stands for a sum?|sigma, Σ|S, s, the letter s; Which Greek letter is the ratio of a circle's circumference to its diameter?|pi, π|P, p, rho; What is the last letter of the Greek alphabet?|omega, Ω|O, Z, zeta, omicron
What is the second letter of the Greek alphabet?|beta, β|B, b, gamma; What is the second letter of the Hebrew alphabet?|beth, bet|B, b, gimel; What is the first letter of the Hebrew alphabet?|aleph, alef|A', the letter that comes first, beth; Which letter of the NATO alphabet follows Echo?|Foxtrot|F, Golf; Which word stands for S in the NATO alphabet?|Sierra|S, Sugar; Which word stands for K in the NATO alphabet?|Kilo|K, Lima
What is the letter ñ called in Spanish?|eñe, enye|n, the letter n; What is the letter z called in Britain?|zed|zee, z; What is the letter z called in America?|zee|zed, z; What is the sign & called?|ampersand|and, &; What is the sign @ called?|at sign, commercial at|a, @; What is the sign ! called?|exclamation mark, exclamation point|!, question mark; What is the sign # called?|hash, number sign, pound sign|#, sharp note
"""
ELEMENTS_BY_SIGN = """
Fe|iron|Fe, ferrum metal works, F; Na|sodium|Na, N, nickel; K|potassium|K, krypton; Pb|lead|Pb, P, platinum; Ag|silver|Ag, argon; Sn|tin|Sn, S, sodium; W|tungsten, wolfram|W, water; Hg|quicksilver, hydrargyrum|Hg, hydrogen; Cu|copper|Cu, curium; Sb|antimony|Sb, strontium; C|carbon|C, calcium; N|nitrogen|N, nickel; He|helium|He, hydrogen; Zn|zinc|Zn, zirconium; Co|cobalt|Co, copper; Si|silicon|Si, silver; U|uranium|U, unobtainium
"""
WORDS_OF = """
What does the German word 'Baum' mean in English?|tree|Baum, der Baum, trees of all kinds, bomb; What does the German word 'Fenster' mean in English?|window|Fenster, windows, festival; What does the German word 'Brot' mean in English?|bread|Brot, loaf of a baker's window, brother; What does the German word 'Zug' mean in English?|train|Zug, trains, sugar; What does the German word 'Messer' mean in English?|knife|Messer, knives, mess
What does the French word 'livre' mean in English?|book|livre, le livre, books, liver; What does the French word 'fenêtre' mean in English?|window|fenêtre, windows, finish; What does the French word 'cheval' mean in English?|horse|cheval, horses, chivalry; What does the French word 'main' mean in English?|hand|main, mainly, hands; What does the French word 'pomme' mean in English?|apple|pomme, apples, potato; What does the French word 'gare' mean in English?|station|gare, garage, stations
What does the Latin word 'aqua' mean in English?|water|aqua, waters, blue-green paint; What does the Latin word 'terra' mean in English?|earth, land|terra, terror; What does the Latin word 'rex' mean in English?|king|rex, kings, queen; What does the Latin word 'vita' mean in English?|life|vita, vitamin, lives; What does the Latin word 'amor' mean in English?|love|amor, armour, lovers; What does the Italian word 'ponte' mean in English?|bridge|ponte, point, bridges; What does the Italian word 'libro' mean in English?|book|libro, library, books
What does the Dutch word 'fiets' mean in English?|bicycle, bike|fiets, feet, bicycles; What does the Swedish word 'skog' mean in English?|forest, wood|skog, forests, smog; What does the Russian word 'mir' mean in English?|peace, world|mir, mirror; What does the Japanese word 'yama' mean in English?|mountain|yama, mountains, yam; What does the Welsh word 'llan' mean in English?|church, parish|llan, land, churches
"""
WIDER = """
poodle||animal, pet, mammal, cats and others; violin|fiddle|instrument, string instrument, orchestra, viola; oak|oak tree|tree, plant, acorn, forest; salmon||fish, animal, river; rose||flower, plant, garden, rosebush thorn; carrot||vegetable, food, plant; apple||fruit, food, apple tree, orchard; tiger||animal, big mammal, tigers and lions, jungle; eagle||bird, animal, nest, raptor; copper||metal, element, coin
chess||game, sport, board game, chessboard; football|soccer|sport, ball game, ball, stadium; piano||instrument, keyboard, piano music, pianist; sonnet||poem, verse, literature, poet; novel||book, literature, novelist; cathedral||church, building, bishop; kitchen||room, house, cook; finger||hand, body part, arm, fingernail; knee||leg, body part, joint, kneecap; lung||organ, chest, breath; molar||tooth, mouth, jaw
Vienna|Wien|Austria, city, capital, Europe; Munich|München|Germany, Bavaria, city; Lyon||France, city, Europe; Oslo||Norway, Scandinavia, city; Lima||Peru, city, capital; Nairobi||Kenya's government, city, East of the continent; Rhine|Rhein|river, Germany, water; Vesuvius|Mount Vesuvius|volcano, mountain, Naples; Sicily|Sicilia|island, Mediterranean, Palermo; Texas||state, America, Dallas; Bavaria|Bayern|Munich, state, Germany's south
Vikings|the Vikings, Norsemen|Norway, Viking Age, Scandinavia, Viking ship; Aztecs|the Aztecs, Aztec people|Mexico, Aztec Empire's city, Tenochtitlan; Incas|the Incas, Inca people|Peru, Machu Picchu, South America's empire; Greeks|the Greeks, Greek people|Greece, Athens, Ancient Greece; Egyptians|the Egyptians, the people of Egypt's delta|pyramids, Nile, pharaoh; Normans|the Normans|Normandy, William, France; Mongols|the Mongols, Mongol people|Mongolia, Asia, the Mongol Empire
Turks|the Turks, Turkish people|Turkey, Istanbul, Ottoman Empire; Huns|the Huns, Hunnic people|Hungary, Attila, steppe; Maya|the Maya, Mayas, Mayan people|Guatemala, Yucatán, Maya calendar; Persians|the Persians, Persian people|Persia, Iran, Persian carpet; Celts|the Celts, Celtic people|Ireland, Celtic music, Wales; Saxons|the Saxons|Saxony, England, Saxon king; Phoenicians|the Phoenicians|Phoenicia, Carthage, Lebanon
Victoria|Queen Victoria|queen, Victorian, England, Albert; Caesar|Julius Caesar|emperor, Rome, Augustus, general; Bach|Johann Sebastian Bach|composer, music, organ, Germany; Einstein|Albert Einstein|physicist, relativity, genius; Picasso|Pablo Picasso|painter, cubism, Guernica; Darwin|Charles Darwin|scientist, evolution, Beagle; Homer|the poet Homer|poet, Iliad, Greece; Lincoln|Abraham Lincoln|president, America, Gettysburg; Hannibal|Hannibal Barca|general, Carthage, elephants; Edison|Thomas Edison|inventor, light bulb, America
winter|wintertime|season, snow, December, cold weather; Monday||day, week, Tuesday; April||month, spring, year; noon|midday|time, day, lunch; century|hundred years|time, decade, year; lunch|midday meal|meal, food, noon, lunchtime queue; supper|evening meal|meal, food, night; purple||colour, paint, pink; triangle||shape, figure, triangular, three corners meet; cube||shape, square, solid; saw||tool, wood, carpenter; spoon||cutlery, soup, fork; helmet||hat, clothing, head; ferry||boat, ship, harbour; bicycle|bike|vehicle, wheels, cyclist
"""

TABLES: dict[str, tuple[str, str]] = {
    "comparative": ("What is the comparative of '{key}'?", COMPARATIVES),
    "superlative": ("What is the superlative of '{key}'?", SUPERLATIVES),
    "participle": ("What is the past participle of the verb '{key}'?", PARTICIPLES),
    "past form": ("What is the simple past of '{key}'?", PAST),
    "plural form": ("Give the plural of '{key}'.", PLURALS),
    "singular form": ("What is the singular of '{key}'?", SINGULARS),
    "noun form": ("Which noun is made from '{key}'?", NOUNS),
    "adjective form": ("Which adjective belongs to '{key}'?", ADJECTIVES),
    "people": ("What is a person from {key} called?", PEOPLES),
    "female": ("What is the female of a {key} called?", FEMALES),
    "young form": ("How is the young of a {key} called?", YOUNG),
    "element symbol": ("What is the symbol of the element {key}?", SYMBOLS),
    "sign": ("What is the sign or abbreviation for {key}?", SIGNS),
    "letter": ("{key}", LETTERS),
    "element": ("Which element has the symbol {key}?", ELEMENTS_BY_SIGN),
    "meaning": ("{key}", WORDS_OF),
    "wider": ("", WIDER),
}
FIXED = {"element symbol", "sign", "letter", "element"}
"""Kinds whose answers keep their letters: there the sign is what was asked for."""


def entries(table: str) -> list[tuple[str, list[str], list[str]]]:
    """Return key, right answers and near wrong ones of every entry of a table."""
    found = []
    for entry in table.replace("\n", ";").split(";"):
        if entry.strip():
            key, right, wrong = entry.strip().split("|")
            forms = [form.strip() for form in right.split(", ") if form.strip()]
            found.append((key.strip(), forms or [key.strip()], [form.strip() for form in wrong.split(", ")]))
    return found
