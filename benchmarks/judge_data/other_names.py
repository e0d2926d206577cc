"""Other names of well-known things: nicknames, abbreviations, former and official names, translations, names at birth.

Each entry of a table holds names of one thing. What stands in one table is of one kind, so that any other entry of it is a
plausible wrong answer; neighbours are near each other.
"""

from __future__ import annotations

CITIES = """
New York City|The Big Apple|NYC|New Amsterdam|Gotham; Chicago|The Windy City|Chi-Town; Detroit|Motown|Motor City; Las Vegas|Sin City|Vegas; Boston|Beantown
Los Angeles|City of Angels|LA|L.A.; San Francisco|Frisco|Golden Gate City; Seattle|Emerald City; Pittsburgh|Steel City; Nashville|Music City; Denver|Mile-High City
New Orleans|The Big Easy|Crescent City|NOLA; Philadelphia|City of Brotherly Love|Philly; Miami|Magic City; Houston|Space City; Atlanta|Terminus|Hotlanta; Milwaukee|Brew City
Edinburgh|Auld Reekie|Athens of the North; Glasgow|Dear Green Place|Glasgae; Dublin|Baile Átha Cliath|The Fair City; Belfast|Béal Feirste; Cardiff|Caerdydd; Londonderry|Derry
London|The Big Smoke|Londinium|The Smoke; Bath|Aquae Sulis; York|Eboracum|Jorvik; Chester|Deva; Oxford|City of Dreaming Spires; Manchester|Cottonopolis; Colchester|Camulodunum
Lyon|Lugdunum|Lyons; Marseille|Massilia|Marseilles; Strasbourg|Argentoratum|Straßburg; Nice|Nizza; Lille|Rijsel; Brussels|Bruxelles|Capital of Europe; Bruges|Brugge|Venice of the North
Cologne|Köln|Colonia; Aachen|Aix-la-Chapelle; Dresden|Florence on the Elbe; Gdańsk|Danzig; Wrocław|Breslau; Kaliningrad|Königsberg; Szczecin|Stettin; Bratislava|Pressburg|Pozsony
Istanbul|Constantinople|Byzantium; Izmir|Smyrna; Ankara|Angora; Antakya|Antioch; Plovdiv|Philippopolis; Thessaloniki|Salonica|Salonika; Jerusalem|Al-Quds|Zion; Lviv|Lemberg|Lwów
Saint Petersburg|Leningrad|Petrograd|Venice of Russia; Volgograd|Stalingrad|Tsaritsyn; Yekaterinburg|Sverdlovsk; Nizhny Novgorod|Gorky; Astana|Nur-Sultan|Akmola; Bishkek|Frunze; Dushanbe|Stalinabad
Mumbai|Bombay; Chennai|Madras; Kolkata|Calcutta; Varanasi|Benares; Jaipur|Pink City; Pune|Poona; Bengaluru|Bangalore|Silicon Valley of India; Thiruvananthapuram|Trivandrum
Ho Chi Minh City|Saigon; Jakarta|Batavia; Yangon|Rangoon; Bangkok|Krung Thep|Venice of the East; Singapore|Lion City|Singapura; Guangzhou|Canton; Xi'an|Chang'an; Harbin|Ice City; Shenyang|Mukden
Kinshasa|Léopoldville; Maputo|Lourenço Marques; Harare|Salisbury; Banjul|Bathurst; Lubumbashi|Elisabethville; Johannesburg|Joburg|City of Gold; Pretoria|Tshwane|Jacaranda City; Cape Town|Mother City
Mexico City|Tenochtitlan|CDMX; Rio de Janeiro|Cidade Maravilhosa|Rio; Buenos Aires|Baires; Toronto|Hogtown|York; Vancouver|Hollywood North; Sydney|Harbour City; Adelaide|City of Churches; Alice Springs|Mparntwe
Prague|Praha|City of a Hundred Spires; Budapest|Pearl of the Danube; Vienna|Wien|City of Music; Dubrovnik|Ragusa; Rijeka|Fiume; Zadar|Zara; Trieste|Trst; Bolzano|Bozen; Zaragoza|Caesaraugusta; Seville|Hispalis
"""

COUNTRIES = """
Netherlands|Holland|Nederland|Low Countries; Thailand|Siam; Myanmar|Burma; Sri Lanka|Ceylon; Iran|Persia; Iraq|Mesopotamia; Ethiopia|Abyssinia; Ghana|Gold Coast; Benin|Dahomey; Burkina Faso|Upper Volta
Zimbabwe|Southern Rhodesia; Zambia|Northern Rhodesia; Malawi|Nyasaland; Tanzania|Tanganyika; Botswana|Bechuanaland; Lesotho|Basutoland; Namibia|South West Africa; Eswatini|Swaziland; Mali|French Sudan
Bangladesh|East Pakistan; Belize|British Honduras; Guyana|British Guiana; Suriname|Dutch Guiana; Vanuatu|New Hebrides; Kiribati|Gilbert Islands; Tuvalu|Ellice Islands; Taiwan|Formosa|Republic of China|Chinese Taipei
Greece|Hellas|Hellenic Republic; Switzerland|Helvetia|Confoederatio Helvetica|CH; Finland|Suomi; Albania|Shqipëria; Croatia|Hrvatska; Hungary|Magyarország; Armenia|Hayastan; Georgia|Sakartvelo; Estonia|Eesti
Australia|Land Down Under|Oz|New Holland; New Zealand|Aotearoa|Kiwiland; Ireland|Emerald Isle|Éire|Hibernia; Wales|Cymru; Scotland|Caledonia|Alba; England|Albion|Blighty; Portugal|Lusitania
Germany|Deutschland|Federal Republic of Germany|BRD; Austria|Österreich; Czech Republic|Bohemia|Czechia; Poland|Polska; Egypt|Misr|Land of the Pharaohs; Morocco|Maghreb|Kingdom of Morocco; Turkey|Asia Minor
North Korea|DPRK|Democratic People's Republic of Korea; South Korea|ROK|Republic of Korea; Vietnam|Annam; Cambodia|Kampuchea|Khmer Republic; Laos|Land of a Million Elephants; Bhutan|Land of the Thunder Dragon
United States|America|USA|Uncle Sam; United Kingdom|Britain|UK|Great Britain; Soviet Union|USSR|CCCP|Russia under communism; United Arab Emirates|UAE|the Emirates|Trucial States; Cuba|Pearl of the Antilles
Norway|Land of the Midnight Sun|Norge; Iceland|Land of Fire|Ísland; Israel|Promised Land; Lebanon|Land of the Cedars; Mongolia|Land of the Blue Sky; Democratic Republic of the Congo|Zaire|Belgian Congo|DRC
"""

PEOPLE = """
Mark Twain|Samuel Clemens|Samuel Langhorne Clemens; Lewis Carroll|Charles Lutwidge Dodgson; George Eliot|Mary Ann Evans; George Orwell|Eric Arthur Blair; Voltaire|François-Marie Arouet; O. Henry|William Sydney Porter
Dr. Seuss|Theodor Geisel; Lemony Snicket|Daniel Handler; Agatha Christie|Mary Westmacott|Lady Mallowan|Queen of Crime; J. K. Rowling|Robert Galbraith; Stephen King|Richard Bachman; John le Carré|David Cornwell
Joseph Conrad|Teodor Korzeniowski; Anthony Burgess|John Wilson; Ayn Rand|Alisa Rosenbaum; Saki|Hector Hugh Munro; James Herriot|Alf Wight; P. L. Travers|Helen Goff; Daniel Defoe|Daniel Foe; Pablo Neruda|Neftalí Reyes
Marilyn Monroe|Norma Jeane Baker|Norma Jeane Mortenson; Judy Garland|Frances Gumm; Greta Garbo|Greta Gustafsson; Doris Day|Doris Kappelhoff; Lauren Bacall|Betty Perske; Rita Hayworth|Margarita Cansino
Cary Grant|Archibald Leach; John Wayne|Marion Morrison|The Duke; Kirk Douglas|Issur Demsky; Michael Caine|Maurice Micklewhite; Ben Kingsley|Krishna Bhanji; Boris Karloff|William Pratt; Fred Astaire|Frederick Austerlitz
Woody Allen|Allan Konigsberg; Charlie Chaplin|The Little Tramp|Sir Charles Spencer Chaplin; Stan Laurel|Arthur Jefferson; Bela Lugosi|Béla Blaskó; Whoopi Goldberg|Caryn Johnson; Nicolas Cage|Nicolas Coppola
Elvis Presley|The King of Rock and Roll|The King; Michael Jackson|King of Pop|Jacko; Frank Sinatra|Ol' Blue Eyes|Chairman of the Board; Bob Dylan|Robert Zimmerman; Elton John|Reginald Dwight; David Bowie|David Jones|Ziggy Stardust
Freddie Mercury|Farrokh Bulsara; Sting|Gordon Sumner; Bono|Paul Hewson; Ringo Starr|Richard Starkey; Cat Stevens|Yusuf Islam|Steven Georgiou; Cher|Cherilyn Sarkisian; Madonna|Louise Ciccone|Material Girl; Prince|Rogers Nelson
Lady Gaga|Stefani Germanotta; Eminem|Marshall Mathers|Slim Shady; Jay-Z|Shawn Carter; Snoop Dogg|Calvin Broadus; Meat Loaf|Marvin Aday; Alice Cooper|Vincent Furnier; Iggy Pop|James Osterberg; Moby|Richard Hall; Lulu|Marie Lawrie
Louis Armstrong|Satchmo|Pops; Ella Fitzgerald|First Lady of Song; Billie Holiday|Lady Day|Eleanora Fagan; Duke Ellington|Edward Kennedy Ellington; Nat King Cole|Nathaniel Coles; Ray Charles|The Genius; Bessie Smith|Empress of the Blues
Muhammad Ali|Cassius Clay|The Greatest; Mike Tyson|Iron Mike; Joe Louis|The Brown Bomber; Pelé|Edson Arantes do Nascimento; Babe Ruth|The Bambino|Sultan of Swat; Wayne Gretzky|The Great One; Shaquille O'Neal|Shaq
Tiger Woods|Eldrick Woods; Jack Nicklaus|The Golden Bear; Steffi Graf|Fräulein Forehand; Björn Borg|Ice Borg; Ronaldo|O Fenômeno; Cristiano Ronaldo|CR7; Diego Maradona|El Pibe de Oro; Usain Bolt|Lightning Bolt; Phil Taylor|The Power
Joseph Stalin|Ioseb Jughashvili|Uncle Joe|Koba; Vladimir Lenin|Vladimir Ulyanov; Leon Trotsky|Lev Bronstein; Ho Chi Minh|Nguyen Sinh Cung|Uncle Ho; Pol Pot|Saloth Sar; Josip Broz|Tito|Marshal Tito; Adolf Hitler|Der Führer
Margaret Thatcher|The Iron Lady|Margaret Roberts; Winston Churchill|The British Bulldog; Abraham Lincoln|Honest Abe|The Great Emancipator; Ronald Reagan|The Gipper|The Great Communicator; Richard Nixon|Tricky Dick; Bill Clinton|Slick Willie
John F. Kennedy|JFK|Jack Kennedy; Franklin D. Roosevelt|FDR; Theodore Roosevelt|Teddy|TR; Andrew Jackson|Old Hickory; Dwight Eisenhower|Ike; Lyndon Johnson|LBJ; Martin Luther King|MLK; Calvin Coolidge|Silent Cal; Gerald Ford|Leslie King
Arthur Wellesley|Duke of Wellington|The Iron Duke; Otto von Bismarck|The Iron Chancellor; Erwin Rommel|The Desert Fox; Manfred von Richthofen|The Red Baron; Mahatma Gandhi|Bapu|Mohandas Karamchand Gandhi; Mother Teresa|Agnes Bojaxhiu
Richard I|Richard the Lionheart|Coeur de Lion; William I|William the Conqueror|William of Normandy|William the Bastard; Mary I|Bloody Mary|Mary Tudor; Elizabeth I|Good Queen Bess|Gloriana|The Virgin Queen; Charles II|The Merry Monarch
George III|Farmer George; Edward I|Longshanks|Hammer of the Scots; Edward VII|Bertie; Louis XIV|The Sun King|Le Roi Soleil; Vlad III|Vlad the Impaler|Dracula; Ivan IV|Ivan the Terrible; Catherine II|Catherine the Great; Attila|Scourge of God
Edward VIII|Duke of Windsor; Victoria|Grandmother of Europe|Queen-Empress; Anne Boleyn|Anne of a Thousand Days; Lady Jane Grey|The Nine Days' Queen; Joan of Arc|Maid of Orleans|Jeanne d'Arc; Oliver Cromwell|Old Noll|Lord Protector
Genghis Khan|Temujin; Tamerlane|Timur; Saladin|Salah ad-Din Yusuf; Haile Selassie|Ras Tafari; Buddha|Siddhartha Gautama|Gautama; Confucius|Kong Qiu|Kongzi; Averroes|Ibn Rushd; Avicenna|Ibn Sina; Maimonides|Rambam; Augustus|Octavian|Octavius
Pope Francis|Jorge Bergoglio; Benedict XVI|Joseph Ratzinger; John Paul II|Karol Wojtyła; John XXIII|Angelo Roncalli; Saint Peter|Simon; Saint Paul|Saul of Tarsus; Thomas Becket|Archbishop of Canterbury murdered in 1170
Johannes Gutenberg|Johann Gensfleisch; Nicolaus Copernicus|Mikołaj Kopernik; Thomas Edison|Wizard of Menlo Park; Lord Kelvin|William Thomson; Lord Rayleigh|John William Strutt; Fibonacci|Leonardo of Pisa; Paracelsus|Theophrastus von Hohenheim
El Greco|Doménikos Theotokópoulos; Caravaggio|Michelangelo Merisi; Titian|Tiziano Vecellio; Tintoretto|Jacopo Robusti; Canaletto|Giovanni Antonio Canal; Botticelli|Alessandro Filipepi; Donatello|Donato di Niccolò; Le Corbusier|Charles-Édouard Jeanneret
Jack the Ripper|Leather Apron|The Whitechapel Murderer; Butch Cassidy|Robert LeRoy Parker; Billy the Kid|William Bonney|Henry McCarty; Calamity Jane|Martha Cannary; Buffalo Bill|William Cody; Al Capone|Scarface; Carlos the Jackal|Ilich Ramírez Sánchez
Lawrence of Arabia|T. E. Lawrence; Grey Owl|Archibald Belaney; Harry Houdini|Erik Weisz; Mata Hari|Margaretha Zelle; Coco Chanel|Gabrielle Chanel; Twiggy|Lesley Hornby; Che Guevara|Ernesto Guevara; Malcolm X|Malcolm Little; Spartacus|the Thracian gladiator
"""

FIGURES = """
Zeus|Jupiter|Jove|king of the gods; Hera|Juno; Poseidon|Neptune, god of the sea; Aphrodite|Venus, goddess of love; Ares|the god of war; Athena|Minerva|Pallas; Artemis|Diana; Hephaestus|Vulcan; Demeter|Ceres
Dionysus|Bacchus; Eros|Cupid; Hades|Pluto, lord of the dead; Heracles|Hercules; Odysseus|Ulysses; Thor|the god of thunder; Odin|Wotan|Woden; Satan|the Devil|Lucifer|Old Nick|Beelzebub; Tyche|Fortuna; Nike|Victoria, goddess of victory
Batman|Bruce Wayne|The Caped Crusader|Dark Knight; Superman|Clark Kent|Man of Steel|Kal-El; Spider-Man|Peter Parker; Wonder Woman|Diana Prince; The Hulk|Bruce Banner; Iron Man|Tony Stark; Captain America|Steve Rogers; Wolverine|Logan
Robin|Dick Grayson|Boy Wonder; Catwoman|Selina Kyle; The Joker|Clown Prince of Crime; The Penguin|Oswald Cobblepot; Darth Vader|Anakin Skywalker; Voldemort|Tom Riddle|He Who Must Not Be Named; Zorro|Don Diego de la Vega; James Bond|007
The Scarlet Pimpernel|Sir Percy Blakeney; Dr Jekyll|Edward Hyde; Santa Claus|Father Christmas|Saint Nicholas|Kris Kringle; Robin Hood|Earl of Huntingdon; Don Quixote|Man of La Mancha; Tarzan|Lord Greystoke|John Clayton; Aragorn|Strider
"""

MEDICINE = """
German measles|rubella; measles|rubeola; chickenpox|varicella; smallpox|variola; shingles|herpes zoster; mumps|parotitis; whooping cough|pertussis; lockjaw|tetanus; leprosy|Hansen's disease; tuberculosis|consumption|TB|phthisis
hay fever|allergic rhinitis|pollen allergy; mad cow disease|BSE|bovine spongiform encephalopathy; Lou Gehrig's disease|ALS|motor neurone disease|MND; Down's syndrome|trisomy 21; St Vitus' dance|chorea|Sydenham's chorea; glandular fever|mononucleosis|mono
brittle bones|osteoporosis; high blood pressure|hypertension; heart attack|myocardial infarction|coronary thrombosis; stroke|cerebrovascular accident|CVA; short-sightedness|myopia; long-sightedness|hypermetropia|hyperopia; squint|strabismus
baldness|alopecia; bad breath|halitosis; nosebleed|epistaxis; hives|urticaria|nettle rash; athlete's foot|tinea pedis; itching|pruritus; bedwetting|enuresis; hunchback|kyphosis; pinkeye|conjunctivitis; scurvy|vitamin C deficiency; rickets|vitamin D deficiency
collarbone|clavicle; shoulder blade|scapula; kneecap|patella; breastbone|sternum; thigh muscle|quadriceps; shin|tibia; calf bone|fibula; upper arm bone|humerus; tailbone|coccyx; jaw|mandible; cheekbone|zygomatic bone; voice box|larynx|Adam's apple
windpipe|trachea; gullet|oesophagus|esophagus; eardrum|tympanum; belly button|navel|umbilicus; armpit|axilla; big toe|hallux; heel bone|calcaneus; womb|uterus; funny bone|ulnar nerve; white of the eye|sclera; backbone|spine|vertebral column; wisdom teeth|third molars
"""

SUBSTANCES = """
table salt|sodium chloride|NaCl; baking soda|sodium bicarbonate|bicarb; laughing gas|nitrous oxide|N2O; quicksilver|the liquid metal Hg; fool's gold|iron pyrite|pyrite; dry vapour|steam; marsh gas|methane|CH4; quicklime|calcium oxide|CaO; aqua fortis|nitric acid
oil of vitriol|sulphuric acid|H2SO4; spirits of salt|hydrochloric acid|HCl; washing soda|sodium carbonate; Epsom salts|magnesium sulphate; saltpetre|potassium nitrate|nitre; wood alcohol|methanol; grain alcohol|ethanol|ethyl alcohol; caustic soda|sodium hydroxide|lye
plaster of Paris|calcium sulphate|gypsum plaster; chalk|calcium carbonate; rust|iron oxide; vinegar|dilute acetic acid; brimstone|sulphur|sulfur; tungsten|wolfram; potassium|kalium|K; sodium|natrium|Na; lead|plumbum|Pb; tin|stannum|Sn; iron|ferrum|Fe; copper|cuprum|Cu
graphite|plumbago|black lead; rubber|caoutchouc; petrol|gasoline|gas; paraffin|kerosene; vitamin C|ascorbic acid; vitamin B1|thiamine; vitamin B2|riboflavin; vitamin A|retinol; glucose|dextrose|grape sugar; fructose|fruit sugar; lactose|milk sugar; sucrose|table sugar
aspirin|acetylsalicylic acid; paracetamol|acetaminophen|Tylenol; Viagra|sildenafil; adrenaline|epinephrine; ecstasy|MDMA; Valium|diazepam; heroin|diamorphine|smack; cannabis|marijuana|hemp|pot|weed; Teflon|PTFE|polytetrafluoroethylene
"""

LIVING = """
killer whale|orca; puma|cougar|mountain lion|catamount; reindeer|caribou; wildebeest|gnu; hippopotamus|river horse; aardvark|earth pig|ant bear; koala|native bear; Tasmanian wolf|thylacine; sea cow|dugong; groundhog|woodchuck|whistle-pig
ladybird|ladybug; daddy longlegs|crane fly; cockroach|blackbeetle; firefly|lightning beetle|glow-worm; woodlouse|pill bug|slater; praying mantis|Mantis religiosa; mayfly|dayfly; budgerigar|budgie|parakeet; lapwing|peewit|green plover
kookaburra|laughing jackass; dunnock|hedge sparrow; song thrush|mavis|throstle; nightjar|goatsucker; bearded vulture|lammergeier; great northern diver|common loon; heron|hernshaw; blackbird|merle; house martin|Delichon urbicum; barn owl|screech owl
snapdragon|antirrhinum; foxglove|digitalis; busy Lizzie|impatiens; lily of the valley|muguet|convallaria; love-in-a-mist|nigella; forget-me-not|myosotis; red-hot poker|kniphofia; cranesbill|geranium; daffodil|narcissus|Lent lily; deadly nightshade|belladonna
mountain ash|rowan; monkey puzzle|Chile pine|araucaria; plane|sycamore of America; silver birch|Betula pendula; hawthorn|May tree|whitethorn; laburnum|gold chain; aubergine|eggplant|brinjal; courgette|zucchini; swede|rutabaga|neep; ladies' fingers|okra; rocket|arugula
sweetcorn|maize; spring onion|scallion; kiwi fruit|Chinese gooseberry; peanut|groundnut|monkey nut; pawpaw|papaya; alligator pear|avocado; coriander|cilantro; chickpea|garbanzo; broad bean|fava bean; mangetout|snow pea; blackcurrant drink|Ribena
squid|calamari; langoustine|Dublin Bay prawn|scampi; rock salmon|dogfish; smoked herring|kipper; young herring|whitebait; fish eggs|roe; goose liver|foie gras; sheep's stomach with oats|haggis; snails|escargots; deer meat|venison; goat's hair|mohair; calf's meat|veal
"""

THINGS = """
lift|elevator; lorry|truck; pavement|sidewalk; nappy|diaper; torch|flashlight; dustbin|trash can; tap|faucet; pram|baby carriage; spanner|wrench; windscreen|windshield; boot of a car|trunk; caravan|trailer; roundabout|traffic circle; pushbike|bicycle
cinema|movie theater; football|soccer; noughts and crosses|tic-tac-toe; draughts|checkers; table tennis|ping-pong; tenpin|bowling; pool|pocket billiards; hopscotch|peevers; blind man's bluff|murder in the dark; backgammon|tables; baccarat|chemin de fer|punto banco
mouth organ|harmonica; kettledrum|timpani; double bass|contrabass; squeezebox|accordion; fiddle|violin; cor anglais|English horn; Jew's harp|jaw harp; Dutch hoe|scuffle; pantyhose|tights; braces|suspenders; waistcoat|vest; jumper|pullover|sweater
northern lights|aurora borealis; southern lights|aurora australis; pole star|Polaris|North Star; dog star|Sirius; morning star|Venus; the Plough|the Big Dipper|Charles's Wain; Pleiades|Seven Sisters; Ursa Major|Great Bear; Crux|Southern Cross; Orion|The Hunter; shooting star|meteor
Beethoven's Ninth|Choral Symphony; Beethoven's Third|Eroica; Beethoven's Sixth|Pastoral; Dvořák's Ninth|From the New World; Haydn's 94th|Surprise Symphony; Mozart's 41st|Jupiter Symphony; La Gioconda|the portrait of Lisa Gherardini; The Scream|Skrik; Guernica|Picasso's mural
Union Jack|Union Flag|British flag; Stars and Stripes|Old Glory|the American flag; the Tricolore|the flag of the French; Big Ben's tower|Elizabeth Tower; Twickenham|Headquarters of rugby; Lord's|Home of Cricket; Old Trafford|Theatre of Dreams; Wall Street|the American stock exchange
White House|1600 Pennsylvania Avenue; Scotland Yard|the Metropolitan Police|the Met; Downing Street|Number 10's street; MI6|Secret Intelligence Service|SIS; MI5|Security Service; KGB|Committee for State Security; Mossad|Israeli secret service; Stasi|East German secret police
Volkswagen Beetle|Käfer|Bug; Ford Model T|Tin Lizzie; Spitfire|Supermarine fighter; Concorde|supersonic airliner; jumbo jet|Boeing 747; Hindenburg|LZ 129; Enola Gay|the Hiroshima bomber; hovercraft|air-cushion vehicle; submarine|U-boat; zeppelin|rigid airship|dirigible
"""

EVENTS = """
World War I|First World War|The Great War|WWI|1914-18 war; Seven Years' War|French and Indian War; American Civil War|War Between the States|War of Secession; Crimean War|Eastern War; Boer War|South African War; Korean War|Forgotten War; Gulf War|Operation Desert Storm
Black Death|bubonic plague|Great Mortality; Great Depression|the Slump; Wall Street Crash|Black Tuesday; Battle of Britain|Luftwaffe's air campaign; Normandy landings|D-Day|Operation Overlord; German invasion of Russia in the war|Operation Barbarossa; the Ardennes offensive|Battle of the Bulge
Battle of Leipzig|Battle of the Nations; Custer's Last Stand|Battle of the Little Bighorn; Kristallnacht|Night of Broken Glass; October Revolution|Bolshevik Revolution; Prague Spring|the reforms under Dubček; Russian Revolution|fall of the tsar; Indian Mutiny|Sepoy Rebellion
Day of the Dead|Día de Muertos; Shrove Tuesday|Pancake Day|Mardi Gras; Epiphany|Twelfth Night|Three Kings' Day; Boxing Day|St Stephen's Day; New Year's Eve|Hogmanay|Silvester; Whitsun|Pentecost; All Saints' Day|All Hallows; Midsummer|St John's Day; Halloween|All Hallows' Eve
Feast of Lights|Hanukkah; Day of Atonement|Yom Kippur; Jewish New Year|Rosh Hashanah; Passover|Pesach; Eid al-Fitr|feast at the end of Ramadan; Festival of Lights of the Hindus|Diwali; Lunar New Year|Spring Festival|Tet; Ash Wednesday|first day of Lent; Independence Day|the Fourth of July
"""

BODIES = """
Federal Bureau of Investigation|FBI|the Feds; Central Intelligence Agency|CIA|The Company; National Aeronautics and Space Administration|NASA; North Atlantic Treaty Organization|NATO; World Health Organization|WHO; International Criminal Police Organization|Interpol
British Broadcasting Corporation|BBC|the Beeb|Auntie; Irish Republican Army|IRA; African National Congress|ANC; Palestine Liberation Organization|PLO; Republican Party|GOP|Grand Old Party; Society of Friends|Quakers; Society of Jesus|Jesuits; Church of Jesus Christ of Latter-day Saints|Mormons
Dominicans|Black Friars|Order of Preachers; Franciscans|Grey Friars|Order of Friars Minor; Cistercians|White Monks; Knights of Saint John|Hospitallers|Knights of Malta; Salvation Army|Sally Army; Freemasons|Masonic Lodge; Ku Klux Klan|KKK
Bayerische Motoren Werke|BMW|Beemer; International Business Machines|IBM|Big Blue; Coca-Cola|Coke; McDonald's|Golden Arches; General Electric|GE; Hewlett-Packard|HP; Minnesota Mining and Manufacturing|3M; Kentucky Fried Chicken|KFC; British Petroleum|BP; Fiat|Fabbrica Italiana Automobili Torino
Manchester United|Red Devils' club; Arsenal|The Gunners; Everton|The Toffees; Chelsea|The Pensioners; Liverpool FC|the club of Anfield; Sunderland|The Mackems; Sheffield Wednesday|The Owls; Norwich City|The Canaries; Newcastle United|The Magpies; West Ham|The Hammers' club; Barcelona|Barça; Juventus|Old Lady of Turin
New Zealand rugby team|All Blacks; Australian rugby team|Wallabies; South African rugby team|Springboks; New York Yankees|Bronx Bombers; Chicago Bears|Monsters of the Midway; Montreal Canadiens|Habs; The Beatles|Fab Four; The Rolling Stones|the Stones
Trades Union Congress|TUC; Automobile Association|AA; Royal Society for the Protection of Birds|RSPB; European Economic Community|EEC|Common Market; Secret State Police|Gestapo; Protective Squadron|SS|Schutzstaffel; Imperial Chemical Industries|ICI; Electric and Musical Industries|EMI
"""

WORDS = """
fear of spiders|arachnophobia; fear of heights|acrophobia; fear of open spaces|agoraphobia; fear of closed spaces|claustrophobia; fear of strangers|xenophobia; fear of water|hydrophobia|aquaphobia; fear of fire|pyrophobia; collecting stamps|philately; bell-ringing|campanology
the study of coins|numismatics; map-making|cartography; handwriting as an art|calligraphy; beekeeping|apiculture; tree surgery|arboriculture; fishing|angling; mountaineering|alpinism; tightrope walking|funambulism; ventriloquism|throwing one's voice; puppetry|marionette theatre
killing of a king|regicide; killing of a brother|fratricide; killing of a mother|matricide; rule by the people|democracy; rule by the rich|plutocracy; rule by priests|theocracy; rule by a few|oligarchy; rule by one alone|autocracy|absolute power; government by officials|bureaucracy
having several wives|polygamy|polygyny; eating all kinds of food|omnivorous; meat-eating|carnivorous; plant-eating|herbivorous; active at night|nocturnal; living in trees|arboreal; able to use both hands|ambidextrous; left-handed|sinistral; egg-laying|oviparous; shedding leaves|deciduous
word that reads the same backwards|palindrome; word of opposite meaning|antonym; word of the same meaning|synonym; new word|neologism; pet form of a name|hypocorism|diminutive; false name of a writer|pen name|nom de plume|pseudonym; speech to oneself|soliloquy|monologue; farewell speech|valediction
speed of Mach one|the speed of sound|sonic speed; 1000 kilograms|a tonne|metric ton; 1024 bytes|kibibyte; 6 feet|a fathom; 3 feet|a yard; 8 furlongs|a mile; 4 inches|a hand; 20 quires|a ream; 144|a gross; 13|a baker's dozen; 500 sheets|ream; 4840 square yards|acre; 25 years|silver jubilee
unknown person|John Doe|Joe Bloggs; the press|Fourth Estate; the sea|Davy Jones's locker|the briny; the working class|proletariat; old age|senescence|the autumn of life; money|dosh|bread in slang|moolah; whisky|water of life|uisge beatha; prison|clink|nick|the slammer; the theatre|the boards
"""

WORKS = """
Mona Lisa's painter's mural of the supper|The Last Supper|Il Cenacolo; The Marriage of Figaro|Le nozze di Figaro; The Magic Flute|Die Zauberflöte; The Barber of Seville|Il barbiere di Siviglia; The Threepenny Opera|Die Dreigroschenoper; Twilight of the Gods|Götterdämmerung
Remembrance of Things Past|In Search of Lost Time|À la recherche du temps perdu; The Stranger|L'Étranger|The Outsider; The Little Prince|Le Petit Prince; The Hunchback of Notre-Dame|Notre-Dame de Paris; Northern Lights by Pullman|The Golden Compass; Perfume|Das Parfum
All Quiet on the Western Front|Im Westen nichts Neues; War and Peace|Voyna i mir; The Trial|Der Process; The Metamorphosis|Die Verwandlung; My Struggle|Mein Kampf; Capital|Das Kapital; The Prince|Il Principe; The Good Soldier Švejk|Dobrý voják Švejk; Inferno|Hell by Dante
Bicycle Thieves|Ladri di biciclette; Seven Samurai|Shichinin no Samurai; Spirited Away|Sen to Chihiro; The Seventh Seal|Det sjunde inseglet; Life Is Beautiful|La vita è bella; Pan's Labyrinth|El laberinto del fauno; Run Lola Run|Lola rennt; Breathless|À bout de souffle
A New Hope|the first Star Wars film|Star Wars Episode IV; Twelfth Night|What You Will; Moby-Dick|The Whale; Frankenstein|The Modern Prometheus; Uncle Tom's Cabin|Life Among the Lowly; Gulliver's Travels|Travels into Several Remote Nations; The Hobbit|There and Back Again; Vanity Fair|A Novel without a Hero
the Book of Revelation|the Apocalypse; the Pentateuch|the Torah|five books of Moses; the Ten Commandments|the Decalogue; the Koran|Qur'an; God Save the King|the British national anthem; La Marseillaise|the French national anthem; The Scottish Play|Macbeth; Greek Iliad|song of Troy
"""

PLACES = """
English Channel|La Manche; North Sea|German Ocean; Lake Constance|Bodensee; Lake Geneva|Lac Léman; Danube|Donau|Duna; Rhine|Rhein; Vltava|Moldau; Vistula|Wisła|Weichsel; Yangtze|Chang Jiang; Yellow River|Huang He|Hwang Ho; Ganges|Ganga; Irrawaddy|Ayeyarwady; Rio Grande|Río Bravo
Uluru|Ayers Rock; Denali|Mount McKinley; K2|Mount Godwin-Austen; Aoraki|Mount Cook; Matterhorn|Monte Cervino|Cervin; Mont Blanc|Monte Bianco; Table Mountain|Hoerikwaggo; Snowdon|Yr Wyddfa; Vesuvius|the volcano of Pompeii; Puncak Jaya|Carstensz Pyramid; Falkland Islands|Las Malvinas
Easter Island|Rapa Nui|Isla de Pascua; Tasmania|Van Diemen's Land; Canary Islands|Las Canarias; Hawaii|Sandwich Islands; Crete|Kriti|Candia; Corfu|Kerkyra; Rhodes|Rodos; Majorca|Mallorca; Sicily|Sicilia|Trinacria; Sri Lanka's island|Serendib; Sakhalin|Karafuto; Zanzibar|Unguja; Anglesey|Ynys Môn
California|The Golden State; Texas|The Lone Star State; Florida|The Sunshine State; Alaska|The Last Frontier|Seward's Folly; Hawaii as a state|The Aloha State; New Jersey|The Garden State; Delaware|The First State; Georgia in America|The Peach State; Utah|The Beehive State; Maine|The Pine Tree State
Tuscany|Toscana; Bavaria|Bayern; Saxony|Sachsen; Brittany|Bretagne; Burgundy|Bourgogne; Catalonia|Catalunya; Lapland|Sápmi; Transylvania|Siebenbürgen|Ardeal; Silesia|Śląsk; Kashmir|Vale of Kashmir; Patagonia|the far south of Argentina; Siberia|Russia beyond the Urals; Cornwall|Kernow; Isle of Man|Ellan Vannin
Horn Peninsula|Somali Peninsula; Iberia|Spain and Portugal; Scandinavia|Norway, Sweden and Denmark; Benelux|Belgium, the Netherlands and Luxembourg; Balkans|south-east of Europe; Crimea|Taurida; the Antipodes|Australia and New Zealand; the Levant|eastern Mediterranean lands; Far East|East Asia; Oceania|Pacific islands
"""

TABLES: dict[str, tuple[str, str]] = {
    "city names": ("city", CITIES),
    "country names": ("country", COUNTRIES),
    "names of people": ("person", PEOPLE),
    "names of figures": ("figure", FIGURES),
    "names in medicine": ("medicine", MEDICINE),
    "names of substances": ("substance", SUBSTANCES),
    "names of living things": ("living", LIVING),
    "names of things": ("thing", THINGS),
    "names of events": ("event", EVENTS),
    "names of bodies": ("body", BODIES),
    "words and what they mean": ("word", WORDS),
    "titles of works": ("work", WORKS),
    "place names": ("place", PLACES),
}

ASKED: dict[str, tuple[str, ...]] = {
    "city": (
        "In which city was {person} born?", "Which city hosted the {title} festival in {year}?", "Where is the museum of {title}?", "Which city is meant?", "In which city is the novel {title} set?",
        "Where did {person} die in {year}?", "Which city was the home of the painter {person}?", "Where was the congress of {year} held?",
    ),
    "country": (
        "In which country was {person} born?", "Which country won the cup in {year}?", "For which country did {person} play?", "Which country is this the flag of?", "From which country does {title} come?",
        "In which country is {place}?", "Which country joined the treaty in {year}?",
    ),
    "person": (
        "Who wrote the song {title}?", "Who was on the cover of the magazine in {year}?", "Who played the lead in {title}?", "Who is shown on this stamp?", "Whose biography, {title}, appeared in {year}?",
        "Who was married to {person}?", "Who said this in {year}?", "Which person is the subject of {title}?", "Who succeeded {person}?",
    ),
    "figure": ("Which figure is shown on the vase?", "Who is the hero of {title}?", "Which character did {person} play in {year}?", "Who is meant in the poem {title}?"),
    "medicine": ("What is the medical term?", "What did {person} suffer from?", "Which part of the body did {person} hurt in {year}?", "What did the doctor write down?", "What is it called by doctors?"),
    "substance": ("What is in the bottle?", "Which substance did {person} make in {year}?", "What is used for this?", "What is it called by chemists?", "Which substance is meant?"),
    "living": ("Which animal or plant is shown?", "What was on the menu in {title}?", "What did {person} draw in {year}?", "Which species is this?", "What lives in the park of {place}?"),
    "thing": ("What is it called elsewhere?", "What did {person} invent in {year}?", "What is shown here?", "What is meant in the story {title}?", "Which one did {person} use?"),
    "event": ("Which event is the subject of {title}?", "What began in {year}?", "During which event did {person} die?", "What is remembered on that day?"),
    "body": ("For whom did {person} work?", "Which organisation was founded in {year}?", "Who organised the exhibition {title}?", "What was {person} a member of?", "Which name stands on the building in {place}?"),
    "word": ("Which word is meant?", "What does {person} explain in the lecture?", "What is the right term?", "What is the answer of the crossword?", "What does this expression stand for?"),
    "work": ("Which work did {person} translate in {year}?", "Which work was shown in {place}?", "What was on the programme in {year}?", "Which title is meant?"),
    "place": ("Where was {title} filmed?", "Where did {person} spend the summer of {year}?", "Which place is on the map?", "Which one lies near {place}?", "Where did the expedition of {year} end?"),
}  # fmt: skip
