"""Names of one thing that are written differently, and names of different things that look alike."""

from __future__ import annotations

SYNONYMS = """
car|automobile|motor car; sofa|couch|settee; cinema|movie theatre|picture house; lorry|truck; lift|elevator; flat|apartment
autumn|fall; holiday|vacation; petrol|gasoline; biscuit|cookie; sweets|candy; trousers|pants; pavement|sidewalk; tap|faucet
torch|flashlight; rubbish|garbage|trash; aeroplane|airplane|plane; underground|subway|metro; nappy|diaper; maize|corn
aubergine|eggplant; courgette|zucchini; coriander|cilantro; rocket|arugula; prawn|shrimp; peanut|groundnut; bicycle|bike|push-bike
television|TV|telly; telephone|phone; photograph|photo|picture; refrigerator|fridge; spectacles|glasses|eyeglasses; doctor|physician
football|soccer|association football; table tennis|ping-pong; draughts|checkers; noughts and crosses|tic-tac-toe; patience|solitaire
influenza|the flu|flu; measles|rubeola; chickenpox|varicella; tuberculosis|TB|consumption; whooping cough|pertussis; rabies|hydrophobia
German measles|rubella; lockjaw|tetanus; high blood pressure|hypertension; short-sightedness|myopia|nearsightedness; stroke|apoplexy
collarbone|clavicle; shoulder blade|scapula; kneecap|patella; breastbone|sternum; jawbone|mandible; skull|cranium; backbone|spine|spinal column
windpipe|trachea; voice box|larynx; gullet|oesophagus|esophagus; belly button|navel; eardrum|tympanic membrane; womb|uterus
baking soda|sodium bicarbonate|bicarbonate of soda; table salt|sodium chloride|NaCl; quicklime|calcium oxide; laughing gas|nitrous oxide|N2O
marsh gas|methane|CH4; rust|iron oxide; chalk|calcium carbonate; ammonia|NH3; ozone|O3; hydrogen peroxide|H2O2; vinegar|acetic acid
vitamin C|ascorbic acid; aspirin|acetylsalicylic acid; grape sugar|glucose|dextrose; fruit sugar|fructose; milk sugar|lactose; bleach|sodium hypochlorite
puma|cougar|mountain lion; reindeer|caribou; killer whale|orca; polecat|ferret; glow-worm|firefly; ladybird|ladybug; woodlouse|pill bug
daddy longlegs|crane fly; wildebeest|gnu; budgerigar|budgie; hippopotamus|hippo; rhinoceros|rhino; chimpanzee|chimp; crocodile|croc; donkey|ass
cockerel|rooster; hedgehog|urchin; gibbon ape|gibbon; mosquito|gnat; sea cow|manatee; snowdrop|galanthus; foxglove|digitalis; snapdragon|antirrhinum
sunflower|helianthus; daffodil|narcissus; lily of the valley|convallaria; marjoram|oregano; spring onion|scallion; swede|rutabaga
evening star|Venus; pole star|Polaris|North Star; shooting star|meteor; the Plough|Big Dipper; northern lights|aurora borealis; Red Planet|Mars
fortnight|two weeks|14 days; decade|ten years; century|a hundred years|100 years; dozen|twelve; score|twenty; leap year|year of 366 days
dusk|nightfall|twilight; dawn|daybreak|sunrise; noon|midday|twelve o'clock; spring equinox|vernal equinox; Christmas|Xmas|Christmas Day
attorney|lawyer|solicitor; policeman|police officer|cop; postman|mail carrier|mailman; shop assistant|sales clerk; headmaster|principal
chemist|pharmacist; undertaker|funeral director|mortician; bookkeeper|accountant; stewardess|flight attendant|cabin crew; chef|cook
Great War|World War I|First World War|WWI; World War II|Second World War|WW2|WWII; French Revolution|Revolution of 1789; Black Death|bubonic plague|the plague
Middle Ages|medieval period; Iron Curtain|border between East and West; Renaissance|the rebirth; Stone Age|Neolithic period; Cold War|the Cold War
happiness|joy|gladness; anger|rage|fury; fear|dread; courage|bravery; wisdom|sagacity; kindness|benevolence; honesty|truthfulness; envy|jealousy
begin|start|commence; finish|end|complete; buy|purchase; help|assist|aid; build|construct; repair|mend|fix; choose|select|pick; jump|leap
speak|talk; shout|yell|cry out; shut|close; hide|conceal; show|display|exhibit; try|attempt; need|require; permit|allow|let; forbid|prohibit|ban
large|big; small|little|tiny; quick|fast|rapid|swift; silent|quiet|noiseless; famous|well-known|renowned; rich|wealthy|affluent; brave|courageous
strange|odd|peculiar; correct|right; mistaken|wrong; intelligent|clever|smart; tired|weary|exhausted; huge|enormous|gigantic; empty|vacant
grey|gray; crimson|deep red; turquoise|blue-green; beige|light brown; navy|dark blue; scarlet|bright red; mauve|pale purple; maroon|dark red
violin|fiddle; mouth organ|harmonica; double bass|contrabass; kettledrum|timpani; squeezebox|accordion; cor anglais|English horn
evaporation|turning into vapour|it turns into gas; melting|turning from solid to liquid; freezing|turning into ice|it becomes solid
condensation|turning into liquid|it becomes liquid; photosynthesis|making sugar from light; respiration|breathing; gravity|gravitation|the force of gravity
"""

SPELLINGS = """
Munich|München; Cologne|Köln; Vienna|Wien; Warsaw|Warszawa; Moscow|Moskva; Lisbon|Lisboa; Florence|Firenze; Venice|Venezia; Naples|Napoli
Milan|Milano; Turin|Torino; Genoa|Genova; Geneva|Genève|Genf; Zurich|Zürich; Nuremberg|Nürnberg; Seville|Sevilla; Gothenburg|Göteborg
Cracow|Kraków|Krakow; Antwerp|Antwerpen; Ghent|Gent; Basle|Basel; Lucerne|Luzern; Mumbai|Bombay; Kolkata|Calcutta; Chennai|Madras
Beijing|Peking; Guangzhou|Canton; Istanbul|Constantinople; Saint Petersburg|Leningrad|St. Petersburg|Petrograd; Ho Chi Minh City|Saigon
Volgograd|Stalingrad; Yangon|Rangoon; Oslo Fjord|Oslofjord; Thailand|Siam; Iran|Persia; Ethiopia|Abyssinia; Sri Lanka|Ceylon; Zimbabwe|Rhodesia
Switzerland|Schweiz|Suisse; Germany|Deutschland; Spain|España; Italy|Italia; Sweden|Sverige; Norway|Norge; Finland|Suomi; Hungary|Magyarország
Poland|Polska; Greece|Hellas; Japan|Nippon; Wales|Cymru; Ireland|Eire; Scotland|Alba; Cape Verde|Cabo Verde; East Timor|Timor-Leste
Swaziland|Eswatini; Macedonia|North Macedonia; Congo|Democratic Republic of the Congo|DR Congo; Burma|Myanmar; Crete|Kriti; Corsica|Corse
Sicily|Sicilia; Rhine|Rhein; Vistula|Wisła; Elbe|Labe; Matterhorn|Monte Cervino; Everest|Chomolungma|Sagarmatha; Uluru|Ayers Rock; Denali|Mount McKinley
Confucius|Kong Fuzi|Kongzi; Avicenna|Ibn Sina; Genghis Khan|Chinggis Khan; Mao Zedong|Mao Tse-tung; Saladin|Salah ad-Din; Sun Tzu|Sunzi
Aristotle|Aristoteles; Plato|Platon; Virgil the poet|Publius Vergilius Maro; Horace|Quintus Horatius Flaccus; Ovid|Publius Ovidius Naso
Mark Twain|Samuel Clemens|Samuel Langhorne Clemens; Lewis Carroll|Charles Dodgson; Molière|Jean-Baptiste Poquelin; Stendhal|Marie-Henri Beyle
George Sand|Aurore Dupin; El Greco|Doménikos Theotokópoulos; Caravaggio|Michelangelo Merisi; Titian|Tiziano Vecellio; Botticelli|Sandro Botticelli
Pope John Paul II|Karol Wojtyła|John Paul II; Lenin|Vladimir Ilyich Ulyanov|V. I. Lenin; Trotsky|Leon Trotsky|Lev Bronstein; Evita|Eva Perón
Marilyn Monroe|Norma Jeane Mortenson; Cary Grant|Archibald Leach; Pelé|Edson Arantes do Nascimento; Bob Dylan|Robert Zimmerman; Elton John|Reginald Dwight
Muhammad Ali|Cassius Clay; John Wayne|Marion Morrison; Billy the Kid|William Bonney; Buffalo Bill|William Cody; Che Guevara|Ernesto Guevara
Philadelphia|City of Brotherly Love; New Orleans|The Big Easy; Chicago|The Windy City; Rome|The Eternal City; Paris the city|City of Light
tsar|czar; caesura|cesura; yoghurt|yogurt; catalogue|catalog; programme|program; theatre|theater; colour|color; honour|honor; plough|plow
tyre|tire; moustache|mustache; encyclopaedia|encyclopedia; archaeology|archeology; anaemia|anemia; sulphur|sulfur; whisky|whiskey; chilli|chili|chile
Hanukkah|Chanukah; Koran|Qur'an|Quran; Mohammed|Muhammad; Romany|Romani; gypsum stone|gypsum; hiccup|hiccough; jail|gaol; doughnut|donut
"""

ACRONYMS = """
United Nations|UN|U.N.; European Union|EU|E.U.; World Health Organization|WHO; World Trade Organization|WTO; International Monetary Fund|IMF
North Atlantic Treaty Organization|NATO; Federal Bureau of Investigation|FBI; Central Intelligence Agency|CIA; British Broadcasting Corporation|BBC
National Basketball Association|NBA; World Wide Web|WWW|the Web; unidentified flying object|UFO; compact disc|CD; global positioning system|GPS
deoxyribonucleic acid|DNA; ribonucleic acid|RNA; central processing unit|CPU; random access memory|RAM; artificial intelligence|AI
prime minister|PM; member of parliament|MP; chief executive officer|CEO; gross domestic product|GDP; value added tax|VAT; public relations|PR
attention deficit hyperactivity disorder|ADHD; human immunodeficiency virus|HIV; electrocardiogram|ECG|EKG; intensive care unit|ICU
Los Angeles|LA|L.A.; Washington, D.C.|Washington DC|Washington; United Kingdom|UK|U.K.; United Arab Emirates|UAE; New Zealand|NZ; Hong Kong|HK
Royal Air Force|RAF; National Health Service|NHS; Massachusetts Institute of Technology|MIT; Organization of the Petroleum Exporting Countries|OPEC
North American Free Trade Agreement|NAFTA; Red Cross|International Red Cross|ICRC; German Democratic Republic|GDR|East Germany
Union of Soviet Socialist Republics|USSR|Soviet Union; International Olympic Committee|IOC; Electric Light Orchestra|ELO; personal computer|PC
"""

LOOK_ALIKES = """
Iran|Iraq; Austria|Australia; Slovakia|Slovenia; Niger|Nigeria; Gambia|Zambia; Mali|Malawi; Mauritius|Mauritania; Dominica|Dominican Republic
Guinea|Guinea-Bissau; Paraguay|Uruguay; Latvia|Lithuania; Sweden|Switzerland; Georgia|Germany; Chad|Chile; Oman|Amman; Lima|Lomé; Budapest|Bucharest
North Korea|South Korea; North America|South America; New York|New Jersey; North Dakota|South Dakota; West Virginia|Virginia; East Germany|West Germany
Red Sea|Black Sea|Yellow Sea|White Sea; North Sea|South China Sea; Indian Ocean|Arctic Ocean|Southern Ocean; Lake Superior|Lake Huron|Lake Ontario
Mount Everest|Mount Elbrus|Mount Etna; Blue Nile|White Nile; Henry VII|Henry VIII|Henry VI; Elizabeth I|Elizabeth II; Louis XIV|Louis XV|Louis XVI
George III|George IV|George V; World War I|World War II; Richard I|Richard II|Richard III; Charles I|Charles II; Pope Pius IX|Pope Pius XII
George Bush senior|George Bush junior; John Adams|John Quincy Adams; Theodore Roosevelt|Franklin Roosevelt; Johann Strauss|Richard Strauss
Emily Brontë|Charlotte Brontë|Anne Brontë; Francis Bacon|Roger Bacon; Thomas More|Henry Moore; Henry James|William James; D. H. Lawrence|T. E. Lawrence
Manet|Monet; Van Dyck|Van Eyck; Braque|Brahms; Aldous Huxley|Thomas Huxley; Upton Sinclair|Sinclair Lewis; Samuel Johnson|Lyndon Johnson
mass|weight; heat|temperature; speed|acceleration; latitude|longitude; stalactite|stalagmite; evaporation|condensation; concave|convex
meteor|meteorite; mammal|marsupial; monarch|monarchy; astronomy|astrology; geology|geography; psychology|physiology; botany|biology
blood pressure|blood sugar; sea level|sea salt; wind speed|wind direction; body weight|body height
hydrogen|helium; magnesium|manganese; carbon dioxide|carbon monoxide; nitrogen|nitrate; chlorine|chloride; sodium|potassium; silver|gold; copper|bronze
ligament|tendon; artery|vein; femur|fibula; tibia|trachea; retina|cornea; red blood cells|white blood cells; upper arm|upper leg; shin|thigh
alligator|crocodile; tortoise|turtle; rabbit|hare; toad|frog; dolphin|porpoise; moth|butterfly; jaguar|leopard|cheetah; llama|alpaca; seal|sea lion
ostrich|emu; raven|crow; wasp|bee|hornet; oak|ash; pine|spruce|fir; plum|prune; lime|lemon; parsley|parsnip; ginger|garlic; pepper|paprika
tennis|table tennis|badminton; rugby|football; hockey|ice hockey; chess|checkers; trumpet|trombone|tuba; viola|violin|cello; clarinet|oboe
Swedish krona|Danish krone; Canadian dollar|Australian dollar; Italian lira|Turkish lira; French franc|Swiss franc
Monday|Tuesday|Sunday; June|July; January|February; October|November|December; spring|autumn; summer|winter; north|north-east; east|west; left|right
Old Testament|New Testament; Genesis of life|Revelation; Matthew|Mark|Luke; Mars|Mercury|Neptune; Jupiter|Saturn|Uranus; Earth's core|Earth's crust
solar eclipse|lunar eclipse; new moon|full moon; northern hemisphere|southern hemisphere; Tropic of Cancer|Tropic of Capricorn; Orion|Ursa Major
wheat flour|corn starch; brown sugar|brown rice; olive oil|palm oil; cow's milk|cow's hide; sheep's wool|sheep's milk; apple juice|apple tart
"""

MODIFIERS = """
penguin|Adélie penguin|king penguin; bear|brown bear|grizzly bear; wolf|grey wolf|timber wolf; fox|red fox; elephant|African elephant; squirrel|red squirrel
deer|roe deer; owl|barn owl; eagle|golden eagle; whale|blue whale; shark|white shark; salmon|Atlantic salmon;
flour|rye flour; rice|white rice; oil|vegetable oil; sugar|cane sugar; milk|whole milk; butter|salted butter; bread|white bread; cheese|hard cheese
cabbage|white cabbage; potato|sweet potatoes and potatoes; grapes|red grapes; beans|dried beans; vinegar|wine vinegar; mustard|yellow mustard
wood|oak wood; steel|stainless steel; glass|plate glass; paper|waste paper; stone|natural stone; clay|baked clay; cotton|raw cotton; coal|black coal
hockey|field hockey; skiing|alpine skiing; football|American football game; chess|the game of chess; golf|the sport of golf
piano|grand piano; guitar|acoustic guitar; drum|snare drum; organ|church organ; flute|the flute; harp|concert harp; saxophone|alto saxophone
rain|heavy rain; snow|fresh snow; wind|strong winds; storm|a violent storm; fog|dense fog; ice|solid ice; light|visible light; heat|thermal heat
"""

FIRST_NAMES = """
Adela Albert Alice Amos Anita Arthur Beatrice Bernard Boris Carl Carla Cecilia Clara Clement Conrad Cornelia Dagmar Daniel Daphne David Diego Dora
Edgar Edith Edmund Elena Elias Emil Enrico Erik Estelle Eugene Felix Fiona Flora Frances Frederick Gabriel Gerald Gloria Gordon Greta Gustav Harold
Harriet Hector Helen Herbert Hugo Ida Igor Ines Irene Isaac Ivan Jacob Janet Jasper Joan Jonas Josephine Julian Karin Kenneth Laura Leonard Lionel
Louisa Lucas Lydia Magnus Marcel Margaret Marion Martin Matilda Maurice Max Miriam Morris Nadia Nigel Nora Norman Olga Oliver Oscar Otto Paula Percy
Peter Petra Philip Priya Rafael Ralph Ravi Rebecca Rita Robert Roland Rosa Rupert Ruth Samuel Sandra Simon Sofia Stella Stephen Sven Sylvia Tamara
Theodor Thomas Tobias Ursula Valerie Vera Victor Viola Walter Wanda Wilfred Yasmin Yvonne Zoe
"""

LAST_NAMES = """
Abbott Acheson Alvarez Andersen Arden Ashby Bach Baldwin Barlow Becker Bellamy Bennett Bishop Blake Bowen Brandt Briggs Burke Calder Campbell Carver
Castellano Chandler Clifford Cole Conway Cooper Crane Dalton Davenport Delgado Doyle Drummond Duncan Eastwood Ellis Engel Fairbanks Farrell Fischer
Fleming Forsyth Foster Garland Gibson Goddard Grant Greene Hale Hamilton Hansen Hargreaves Hartmann Hastings Hayes Hollis Holmberg Horvath Hughes
Ibsen Ingram Ivanov Jansen Jarvis Jennings Kaplan Keller Kendall Kimura Kowalski Lambert Langley Larsen Laurent Lindqvist Lockwood Lombardi Lowell
Macdonald Mahler Marlowe Marsden Mehta Mercer Middleton Montague Moreau Morgan Nakamura Nash Newton Nielsen Norton O'Brien Okafor Oldham Ortega Osborne
Palmer Parnell Patel Pemberton Petrov Pickering Porter Prescott Quinn Radcliffe Ramsey Rasmussen Reed Reinhardt Reynolds Rivera Romano Rossi Rowe
Sanders Santos Saunders Schmidt Schubert Sharma Sheridan Sinclair Sorensen Stanton Sutherland Takahashi Talbot Tanner Thornton Townsend Turner
Underwood Vance Vaughan Vogel Wagner Walsh Warren Watkins Webster Weiss Whitaker Winslow Wolff Woodward Yamamoto Yates Zimmer
"""

ADJECTIVES = """
silver golden broken silent crooked hidden burning frozen distant crimson wandering forgotten hollow iron glass velvet painted stolen empty little
great long dark bright last first lost secret white black green blue red old new wild quiet bitter gentle northern southern eastern western
"""

NOUNS = """
lantern river garden mountain window harbour bridge mirror orchard tower lighthouse meadow letter crown shadow forest valley island clock candle
sparrow falcon stag otter lion wolf rose thistle willow cedar ship anchor compass saddle drum violin feather button ladder kettle orchid comet
"""

PLACE_STEMS = """
Alder Ash Bal Barn Bel Black Bram Bran Brook Cald Carl Cast Clear Cor Dar Den Dun East Elm Fair Fern Glen Gold Gran Green Hal Hart Hazel Holm Kal Kings
Lan Long Mar Mel Mill Mor Nor North Oak Ol Pen Port Raven Red Rock Rose Sal Sand Ser Silver Stan Star Stone Sun Tal Tor Val Wal West White Win Wood
"""

PLACE_ENDINGS = "ford bury ton ham mouth field wick stead dale burg stadt ville hurst mere land berg ora ina esta avia ovo ani itza ura"

ORGANISATION_WORDS = """
International National European American Pacific Royal Federal Central United General Northern Atlantic Global Public Independent Western
"""
ORGANISATION_KINDS = """
Bureau Council Union Association Institute Federation League Committee Agency Society Foundation Commission Alliance Office Fund Authority
"""
ORGANISATION_FIELDS = """
Fisheries Aviation Medicine Railways Libraries Energy Astronomy Forestry Nursing Chemistry Cycling Athletics Geology Journalism Banking Archaeology
"""


def groups(table: str) -> list[list[str]]:
    """Return the entries of a table, each a list of its forms."""
    entries = table.replace("\n", ";").split(";")
    return [[form.strip() for form in entry.split("|")] for entry in entries if entry.strip()]
