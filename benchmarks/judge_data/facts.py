"""Facts from which the training data of the embedded judge is made: one kind of question, and many answers to it.

Each entry of ``TABLES`` is a template of a question and lines ``key | answer | other forms of the answer``. All answers of
a table are of one kind, so that any of them is a plausible wrong answer to the question about another.
"""

from __future__ import annotations

CAPITALS = """
Afghanistan|Kabul; Albania|Tirana; Algeria|Algiers; Angola|Luanda; Armenia|Yerevan; Azerbaijan|Baku; Bahrain|Manama
Bangladesh|Dhaka|Dacca; Belarus|Minsk; Belgium|Brussels|Bruxelles|Brussel; Bolivia|La Paz; Botswana|Gaborone
Bulgaria|Sofia; Cambodia|Phnom Penh; Cameroon|Yaounde|Yaoundé; Chile|Santiago|Santiago de Chile; Colombia|Bogota|Bogotá
Croatia|Zagreb; Cuba|Havana|La Habana; Cyprus|Nicosia; Denmark|Copenhagen|København; Ecuador|Quito; Eritrea|Asmara
Estonia|Tallinn; Ethiopia|Addis Ababa; Finland|Helsinki; Georgia|Tbilisi; Ghana|Accra; Guatemala|Guatemala City
Guinea|Conakry; Haiti|Port-au-Prince; Honduras|Tegucigalpa; Hungary|Budapest; Iceland|Reykjavik|Reykjavík
Indonesia|Jakarta|Djakarta; Iran|Tehran|Teheran; Iraq|Baghdad|Bagdad; Jamaica|Kingston; Jordan|Amman
Kazakhstan|Astana; Kuwait|Kuwait City; Laos|Vientiane; Latvia|Riga; Lebanon|Beirut; Libya|Tripoli; Lithuania|Vilnius
Luxembourg|Luxembourg City; Malaysia|Kuala Lumpur|KL; Mali|Bamako; Malta|Valletta; Mexico|Mexico City|Ciudad de México
Moldova|Chisinau|Chișinău; Mongolia|Ulaanbaatar|Ulan Bator; Morocco|Rabat; Mozambique|Maputo; Myanmar|Naypyidaw
Namibia|Windhoek; Nepal|Kathmandu|Katmandu; Nicaragua|Managua; Niger|Niamey; Nigeria|Abuja; Oman|Muscat
Pakistan|Islamabad; Panama|Panama City; Paraguay|Asuncion|Asunción; Peru|Lima; Qatar|Doha; Romania|Bucharest|București
Rwanda|Kigali; Senegal|Dakar; Serbia|Belgrade|Beograd; Slovakia|Bratislava; Slovenia|Ljubljana; Somalia|Mogadishu
Sudan|Khartoum; Syria|Damascus; Tunisia|Tunis; Uganda|Kampala; Ukraine|Kyiv|Kiev; Uruguay|Montevideo; Yemen|Sanaa|Sana'a
Zambia|Lusaka; Zimbabwe|Harare; Venezuela|Caracas; Vietnam|Hanoi; Uzbekistan|Tashkent; Tanzania|Dodoma
"""

CURRENCIES = """
Sweden|krona|Swedish krona|SEK; Norway|krone|Norwegian krone|NOK; Switzerland|franc|Swiss franc|CHF; India|rupee|Indian rupee|INR
Russia|rouble|Russian rouble|ruble; China|yuan|renminbi|Chinese yuan; South Korea|won|South Korean won; Thailand|baht|Thai baht
Turkey|lira|Turkish lira; Israel|shekel|Israeli new shekel; South Africa|rand|South African rand; Brazil|real|Brazilian real
Hungary|forint|Hungarian forint; Vietnam|dong|Vietnamese đồng; Malaysia|ringgit|Malaysian ringgit; Kenya|shilling|Kenyan shilling
Ukraine|hryvnia|Ukrainian hryvnia; Romania|leu|Romanian leu; Bulgaria|lev|Bulgarian lev; Egypt|pound|Egyptian pound
Ghana|cedi|Ghanaian cedi; Nigeria|naira|Nigerian naira; Indonesia|rupiah|Indonesian rupiah; Peru|sol|Peruvian sol
Mexico|peso|Mexican peso; Georgia|lari|Georgian lari; Zambia|kwacha|Zambian kwacha; Mongolia|tugrik|Mongolian tögrög
"""

ELEMENTS = """
aluminium|Al; argon|Ar; arsenic|As; barium|Ba; beryllium|Be; bismuth|Bi; boron|B; bromine|Br; cadmium|Cd; caesium|Cs
calcium|Ca; cerium|Ce; chlorine|Cl; chromium|Cr; cobalt|Co; fluorine|F; gallium|Ga; germanium|Ge; iodine|I; iridium|Ir
krypton|Kr; lead|Pb; lithium|Li; magnesium|Mg; manganese|Mn; neon|Ne; nickel|Ni; osmium|Os; palladium|Pd; phosphorus|P
platinum|Pt; plutonium|Pu; polonium|Po; radium|Ra; radon|Rn; rhodium|Rh; rubidium|Rb; selenium|Se; silicon|Si; sulfur|S
strontium|Sr; tellurium|Te; thallium|Tl; thorium|Th; tin|Sn; titanium|Ti; tungsten|W; uranium|U; vanadium|V; xenon|Xe
yttrium|Y; zinc|Zn; zirconium|Zr; antimony|Sb; tantalum|Ta; niobium|Nb; indium|In; hafnium|Hf
"""

OPPOSITES = """
big|small|little; light|dark; fast|slow; early|late; rich|poor; open|closed|shut; full|empty; wet|dry; hard|soft
loud|quiet|silent; heavy|light; high|low; long|short; wide|narrow; thick|thin; strong|weak; young|old; new|old
clean|dirty; happy|sad|unhappy; true|false; inside|outside; above|below|beneath; before|after; first|last; buy|sell
push|pull; win|lose; laugh|cry|weep; remember|forget; arrive|depart|leave; begin|end|finish; ask|answer; give|take
love|hate; live|die; friend|enemy|foe; day|night; war|peace; question|answer; success|failure; hope|despair
east|west; summer|winter; morning|evening; brave|cowardly; cheap|expensive|dear; deep|shallow; easy|difficult|hard
safe|dangerous|unsafe; smooth|rough; sharp|blunt|dull; sweet|sour|bitter; tight|loose; guilty|innocent|not guilty
ancient|modern; maximum|minimum; increase|decrease; import|export; expand|contract|shrink; victory|defeat; front|back
"""

PLURALS = """
child|children; man|men; woman|women; tooth|teeth; foot|feet; mouse|mice; goose|geese; ox|oxen; leaf|leaves; knife|knives
wife|wives; wolf|wolves; half|halves; loaf|loaves; thief|thieves; cactus|cacti|cactuses; crisis|crises; person|people|persons
city|cities; baby|babies; church|churches; hero|heroes; potato|potatoes; shelf|shelves; life|lives; louse|lice; die|dice
"""

PAST = """
go|went; see|saw; eat|ate; drink|drank; write|wrote; sing|sang; swim|swam; run|ran; come|came; give|gave; take|took
think|thought; buy|bought; bring|brought; catch|caught; teach|taught; sleep|slept; keep|kept; feel|felt; leave|left
lose|lost; meet|met; pay|paid; say|said; sell|sold; send|sent; sit|sat; speak|spoke; stand|stood; tell|told; win|won
understand|understood; begin|began; break|broke; choose|chose; drive|drove; fall|fell; fly|flew; forget|forgot; grow|grew
know|knew; ride|rode; rise|rose; shake|shook; steal|stole; throw|threw; wake|woke; wear|wore; freeze|froze; hide|hid
"""

YOUNG = """
cow|calf; horse|foal; sheep|lamb; goat|kid; pig|piglet; cat|kitten; lion|cub; duck|duckling; swan|cygnet; frog|tadpole
kangaroo|joey; owl|owlet; deer|fawn; hen|chick; goose|gosling; seal|pup; eagle|eaglet; hare|leveret; butterfly|caterpillar
"""

FRENCH = """
dog|chien; cat|chat; house|maison; water|eau; bread|pain; book|livre; tree|arbre; sun|soleil; moon|lune; friend|ami
hand|main; eye|oeil; apple|pomme; milk|lait; school|école; street|rue; night|nuit; day|jour; king|roi; queen|reine
fire|feu; snow|neige; flower|fleur; bird|oiseau; fish|poisson; horse|cheval; child|enfant; mother|mère; father|père
"""

GERMAN = """
dog|Hund; cat|Katze; house|Haus; water|Wasser; bread|Brot; book|Buch; tree|Baum; sun|Sonne; moon|Mond; friend|Freund
hand|Hand; eye|Auge; apple|Apfel; milk|Milch; school|Schule; street|Straße|Strasse; night|Nacht; king|König|Koenig
queen|Königin; fire|Feuer; snow|Schnee; flower|Blume; bird|Vogel; fish|Fisch; horse|Pferd; child|Kind; key|Schlüssel
"""

AUTHORS = """
Great Expectations|Charles Dickens; Emma|Jane Austen; Jane Eyre|Charlotte Brontë|Charlotte Bronte; Wuthering Heights|Emily Brontë|Emily Bronte
Middlemarch|George Eliot|Mary Ann Evans; Dracula|Bram Stoker; Treasure Island|Robert Louis Stevenson; Kim|Rudyard Kipling
The Time Machine|H. G. Wells|Herbert George Wells; Ulysses|James Joyce; Animal Farm|George Orwell|Eric Blair; Lolita|Vladimir Nabokov
The Hobbit|J. R. R. Tolkien|JRR Tolkien; Madame Bovary|Gustave Flaubert; Germinal|Émile Zola|Emile Zola; Candide|Voltaire|François-Marie Arouet
Les Misérables|Victor Hugo; The Three Musketeers|Alexandre Dumas; The Trial|Franz Kafka; Faust|Johann Wolfgang von Goethe|Goethe
Buddenbrooks|Thomas Mann; Steppenwolf|Hermann Hesse; The Tin Drum|Günter Grass|Gunter Grass; Anna Karenina|Leo Tolstoy|Lev Tolstoy
Crime and Punishment|Fyodor Dostoevsky|Fyodor Dostoyevsky; The Cherry Orchard|Anton Chekhov; Doctor Zhivago|Boris Pasternak
The Divine Comedy|Dante Alighieri|Dante; The Decameron|Giovanni Boccaccio; Moby-Dick|Herman Melville; Walden|Henry David Thoreau
The Scarlet Letter|Nathaniel Hawthorne; The Great Gatsby|F. Scott Fitzgerald|Francis Scott Fitzgerald; Beloved|Toni Morrison
The Grapes of Wrath|John Steinbeck; The Call of the Wild|Jack London; Brave New World|Aldous Huxley; Dubliners|James Joyce
A Room with a View|E. M. Forster|Edward Morgan Forster; Mrs Dalloway|Virginia Woolf; A Doll's House|Henrik Ibsen; Peter Pan|J. M. Barrie|James Barrie
Pippi Longstocking|Astrid Lindgren; Heidi|Johanna Spyri; Pinocchio|Carlo Collodi; Black Beauty|Anna Sewell; Waiting for Godot|Samuel Beckett
"""

PEOPLE_OF_ART_AND_SCIENCE = """
painted Guernica|Pablo Picasso; painted Girl with a Pearl Earring|Johannes Vermeer|Jan Vermeer; painted The Night Watch|Rembrandt|Rembrandt van Rijn
painted The Scream|Edvard Munch; painted The Kiss|Gustav Klimt; painted Water Lilies|Claude Monet; painted The Persistence of Memory|Salvador Dalí|Salvador Dali
composed The Four Seasons|Antonio Vivaldi; composed The Magic Flute|Wolfgang Amadeus Mozart|W. A. Mozart; composed Messiah|George Frideric Handel|Georg Friedrich Händel
composed Swan Lake|Pyotr Ilyich Tchaikovsky|Peter Tchaikovsky; composed Aida|Giuseppe Verdi; composed Tosca|Giacomo Puccini; composed Boléro|Maurice Ravel
composed The Creation|Joseph Haydn|Franz Joseph Haydn; composed The Planets|Gustav Holst; composed Peer Gynt|Edvard Grieg; composed Finlandia|Jean Sibelius
discovered penicillin|Alexander Fleming; discovered radioactivity|Henri Becquerel; discovered X-rays|Wilhelm Röntgen|Wilhelm Roentgen
developed the theory of evolution|Charles Darwin; devised the periodic table|Dmitri Mendeleev|Dmitri Mendeleyev; invented dynamite|Alfred Nobel
built the first practical steam engine|James Watt; invented the printing press|Johannes Gutenberg; founded genetics with peas|Gregor Mendel
proposed that the planets circle the sun|Nicolaus Copernicus|Mikołaj Kopernik; found the laws of planetary motion|Johannes Kepler
described the uncertainty principle|Werner Heisenberg; began quantum theory|Max Planck; split the atom|Ernest Rutherford; invented the diesel engine|Rudolf Diesel
reached the South Pole first|Roald Amundsen; first sailed to India round Africa|Vasco da Gama; mapped New Zealand|James Cook|Captain Cook
led the Soviet Union during the Second World War|Joseph Stalin; led the salt march in India|Mahatma Gandhi|Mohandas Gandhi; crossed the Alps with elephants|Hannibal
wrote the general theory of relativity|Albert Einstein; crossed the Rubicon|Julius Caesar|Gaius Julius Caesar; unified Germany in 1871|Otto von Bismarck
"""

CONTINENTS_OF = """
Lake Victoria|Africa; the Gobi Desert|Asia; the Alps|Europe; the Andes|South America; the Rocky Mountains|North America
the Great Barrier Reef|Australia|Oceania; Mount Erebus|Antarctica; the Congo River|Africa; the Carpathians|Europe; Lake Baikal|Asia
"""

COUNTRIES_OF = """
Barcelona|Spain; Bergen|Norway; Casablanca|Morocco; Cusco|Peru; Edinburgh|Scotland; Geneva|Switzerland|the Swiss Confederation
Gdansk|Poland; Istanbul|Turkey|Türkiye; Karachi|Pakistan; Lyon|France; Manchester|England; Marrakesh|Morocco; Melbourne|Australia
Mumbai|India; Naples|Italy; Osaka|Japan; Porto|Portugal; Salzburg|Austria; Shanghai|China|People's Republic of China; Toronto|Canada
Utrecht|the Netherlands|Netherlands|Holland; Chicago|the United States|USA|United States of America|U.S.; Liverpool|the United Kingdom|UK|Great Britain|Britain
Dubai|the United Arab Emirates|UAE; Busan|South Korea|Republic of Korea; Prague|the Czech Republic|Czechia; Abidjan|Ivory Coast|Côte d'Ivoire
Yangon|Myanmar|Burma; Colombo|Sri Lanka|Ceylon; Cork|Ireland|Republic of Ireland; Gothenburg|Sweden; Odense|Denmark; Antwerp|Belgium
"""

MEASURES = """
temperature changes slowly in water|specific heat; electric current|ampere|amp|A; electric resistance|ohm|Ω; force|newton|N; power|watt|W
energy|joule|J; pressure|pascal|Pa; voltage|volt|V; frequency|hertz|Hz; loudness of sound|decibel|dB; luminous intensity|candela|cd
"""

SCIENCES = """
stars and planets|astronomy; rocks|geology; plants|botany; animals|zoology; insects|entomology; birds|ornithology; the mind|psychology
fossils|palaeontology|paleontology; the weather|meteorology; earthquakes|seismology; words and their origins|etymology; diseases|pathology
heredity|genetics; human societies|sociology; numbers|mathematics|maths|math; fungi|mycology; fish|ichthyology; coins|numismatics
"""

PEOPLE_AT_WORK = """
bakes bread|baker; repairs shoes|cobbler|shoemaker; cuts hair|barber|hairdresser; makes clothes|tailor; flies a plane|pilot|aviator
treats teeth|dentist; treats animals|vet|veterinarian|veterinary surgeon; catches fish|fisherman|fisher; sells meat|butcher
grows crops|farmer; puts out fires|firefighter|fireman; designs houses|architect; works with wood|carpenter|joiner; lays bricks|bricklayer
mends pipes|plumber; writes poems|poet; conducts an orchestra|conductor; studies the past|historian; takes photographs|photographer
sells flowers|florist; keeps bees|beekeeper|apiarist; makes barrels|cooper; shoes horses|farrier|blacksmith; digs for coal|miner
"""

ORGANS = """
pumps blood|heart; takes in oxygen|lungs|lung; cleans the blood|kidneys|kidney; makes bile|liver; sends nerve signals|brain
tells light from dark|eyes|eye; hears|ears|ear; covers the body|skin; stores urine|bladder|urinary bladder; makes insulin|pancreas
"""

MADE_OF = """
beer|barley|barley malt; wine|grapes; cider|apples; cheese|milk; chocolate|cocoa|cocoa beans|cacao; tofu|soybeans|soya beans|soy
glass|sand|silica sand; steel|iron; brass|copper and zinc; bronze|copper and tin; paper|wood|wood pulp; hummus|chickpeas|garbanzo beans
tequila|agave|blue agave; rum|sugar cane|sugarcane; linen|flax; raisins|grapes|dried grapes; ketchup|tomatoes; candles|wax|paraffin wax
"""

DOES = """
a dentist do|treats teeth|treats people's teeth|looks after teeth; a magnet do to iron|attracts it|pulls it towards itself
a bee make|honey; the heart do|pumps blood|it pumps the blood round the body; a thermostat do|controls the temperature|regulates temperature
a judge do in court|decides cases|makes decisions in court cases; a sieve do|separates coarse from fine|separates particles by size
a brake do|slows the car|slows a vehicle down; a lawyer do|gives legal advice|advises people on the law; a parachute do|slows a fall|it slows the fall
a baker do|bakes bread|makes and bakes bread; yeast do to dough|makes it rise|it causes the dough to rise; a filter do|removes dirt|takes the dirt out
a lever do|multiplies force|increases force; a lighthouse do|warns ships|guides ships at sea; roots do|take up water|absorb water
a key do|opens a lock|unlocks a door; a referee do|enforces the rules|makes sure the rules are kept; a battery do|stores energy|it stores electricity
"""

KNOWN_FOR = """
Which mountain range separates Europe from Asia?|Ural Mountains|the Urals|Urals; Which desert lies in Mongolia?|Gobi|Gobi Desert|the Gobi
Which canal joins the Atlantic to the Pacific?|Panama Canal|the Panama; Which channel lies between England and France?|English Channel|the Channel|La Manche
Which river flows through London?|Thames|River Thames|the Thames; Which river flows through Cairo?|Nile|River Nile|the Nile
Which river flows through Baghdad?|Tigris|the Tigris River; Which river flows through Budapest and Belgrade?|Danube|the Danube|Donau
Which river flows through New Orleans?|Mississippi|Mississippi River; Which is the longest river of Russia in Europe?|Volga|the River Volga
Which lake lies between Switzerland and France?|Lake Geneva|Lac Léman|Geneva Lake; Which is the highest peak of Africa?|Kilimanjaro|Mount Kilimanjaro|Mt Kilimanjaro
Which is the highest mountain of the Alps?|Mont Blanc|Monte Bianco; Which sea lies between Italy and the Balkans?|Adriatic Sea|the Adriatic|Adriatic
Which sea lies between Greece and Turkey?|Aegean Sea|the Aegean|Aegean; Which sea lies between Denmark and Finland?|Baltic Sea|the Baltic|Baltic
Which bay lies between India and Myanmar?|Bay of Bengal|Bengal Bay; Which gulf lies between Iran and Arabia?|Persian Gulf|Arabian Gulf|the Gulf
Which island belongs to Italy and lies west of Naples?|Sardinia|Sardegna|island of Sardinia; Which strait parts Asia from North America?|Bering Strait|Strait of Bering
Which waterfall lies between Zambia and Zimbabwe?|Victoria Falls|the Victoria Falls|Mosi-oa-Tunya; Which volcano buried Pompeii?|Vesuvius|Mount Vesuvius|Mt. Vesuvius
Which cape is the southern tip of South America?|Cape Horn|Cabo de Hornos; Which peninsula holds Spain and Portugal?|Iberian Peninsula|Iberia
"""

TABLES: dict[str, tuple[str, str]] = {
    "capital": ("What is the capital of {key}?", CAPITALS),
    "currency": ("What is the currency of {key}?", CURRENCIES),
    "symbol": ("What is the chemical symbol of {key}?", ELEMENTS),
    "opposite": ("What is the opposite of {key}?", OPPOSITES),
    "plural": ("What is the plural of {key}?", PLURALS),
    "past": ("What is the past tense of {key}?", PAST),
    "young": ("What is the young of a {key} called?", YOUNG),
    "french": ("What is the French word for {key}?", FRENCH),
    "german": ("What is the German word for {key}?", GERMAN),
    "author": ("Who wrote {key}?", AUTHORS),
    "person": ("Who {key}?", PEOPLE_OF_ART_AND_SCIENCE),
    "continent": ("On which continent is {key}?", CONTINENTS_OF),
    "country": ("In which country is {key}?", COUNTRIES_OF),
    "unit": ("What is the unit of {key}?", MEASURES),
    "science": ("What is the science of {key} called?", SCIENCES),
    "job": ("What do you call a person who {key}?", PEOPLE_AT_WORK),
    "organ": ("Which organ {key}?", ORGANS),
    "made": ("What is the main ingredient of {key}?", MADE_OF),
    "does": ("What does {key}?", DOES),
    "place": ("{key}", KNOWN_FOR),
}
