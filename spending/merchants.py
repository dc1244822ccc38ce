"""The merchants and the telling words that the first categoriser knows. Data only; each entry was typed by hand.

MERCHANTS: (category, what it does) → names as banks write them, split by ";" or line. "AS WRITTEN = Name" gives a name
that plain capitalisation would not. WORDS: words inside an unknown name → (category, what they suggest); of several the
first listed decides. PAIRS: two words that say more together, tried before.
"""

from __future__ import annotations

MERCHANTS: dict[tuple[str, str], str] = {
    ("groceries", "is a grocery store"): """
        TRADER JOES = Trader Joe’s; TRADER JOE'S = Trader Joe’s; TRADER JOE = Trader Joe’s; SAFEWAY; QFC = QFC
        KROGER; WHOLEFDS = Whole Foods; WHOLE FOODS; COSTCO WHSE = Costco; COSTCO; ALBERTSONS; PUBLIX; ALDI; LIDL
        WEGMANS; H-E-B = H-E-B; HEB = H-E-B; FRED MEYER; FRED-MEYER = Fred Meyer; WINCO FOODS = WinCo; WINCO = WinCo
        SPROUTS; FOOD LION; GIANT EAGLE; GIANT FOOD; STOP & SHOP = Stop & Shop; HANNAFORD; MEIJER; HY-VEE = Hy-Vee
        VONS; RALPHS; SMART & FINAL = Smart & Final; GROCERY OUTLET; SHOPRITE = ShopRite; HARRIS TEETER; JEWEL OSCO
        MARKET BASKET; PIGGLY WIGGLY; SAVE MART; STATER BROS; INSTACART; GREENFIELD MKT = Greenfield Market
        SAMS CLUB = Sam’s Club; SAM'S CLUB = Sam’s Club; BJS WHOLESALE = BJ’s Wholesale; PCC = PCC; UWAJIMAYA
        99 RANCH = 99 Ranch; H MART = H Mart; FRESHDIRECT = FreshDirect; MISFITS MARKET; IMPERFECT FOODS""",
    ("eating_out", "is a place to eat"): """
        STARBUCKS; CHIPOTLE; MCDONALD'S = McDonald’s; MCDONALDS = McDonald’s; SUBWAY; TACO BELL; WENDYS = Wendy’s
        WENDY'S = Wendy’s; BURGER KING; CHICK-FIL-A = Chick-fil-A; DUNKIN = Dunkin’; PANERA BREAD; PANERA
        DOMINO'S = Domino’s; DOMINOS = Domino’s; PIZZA HUT; PAPA JOHNS = Papa Johns; PANDA EXPRESS; FIVE GUYS
        SHAKE SHACK; IN-N-OUT = In-N-Out; DOORDASH = DoorDash; DD DOORDASH = DoorDash; GRUBHUB = Grubhub; UBER EATS
        UBEREATS = Uber Eats; POSTMATES; CAVIAR; SWEETGREEN; CAVA; KFC = KFC; POPEYES; SONIC DRIVE; DAIRY QUEEN
        ARBYS = Arby’s; JERSEY MIKES = Jersey Mike’s; JIMMY JOHNS = Jimmy John’s; IHOP = IHOP; DENNYS = Denny’s
        APPLEBEES = Applebee’s; OLIVE GARDEN; PEETS = Peet’s; PEET'S = Peet’s; CARIBOU COFFEE; BLUE BOTTLE
        DUTCH BROS = Dutch Bros; KRISPY KREME; TIM HORTONS""",
    ("transport", "sells fuel or charge"): """
        SHELL OIL = Shell; SHELL; CHEVRON; EXXON; EXXONMOBIL = ExxonMobil; MOBIL; ARCO = Arco; BP = BP; TEXACO
        VALERO; CIRCLE K = Circle K; SPEEDWAY; SUNOCO; MARATHON PETRO = Marathon; PHILLIPS 66 = Phillips 66; WAWA
        SHEETZ; LOVES = Love’s; COSTCO GAS = Costco Gas; SAFEWAY FUEL; KROGER FUEL; CHARGEPOINT = ChargePoint
        TESLA SUPERCHARGER; ELECTRIFY AMERICA""",
    ("transport", "takes you places"): """
        UBER; LYFT; LIME; BIRD APP; AMTRAK; GREYHOUND; CITYLINE TRANSIT; MTA = MTA; BART = BART; CALTRAIN
        ORCA = ORCA; CLIPPER; METRA; SEPTA; WMATA; EZPASS = E-ZPass; E-ZPASS = E-ZPass; FASTRAK = FasTrak
        GOOD TO GO; PARKMOBILE = ParkMobile; PAYBYPHONE = PayByPhone; SPOTHERO = SpotHero; ZIPCAR; HERTZ
        ENTERPRISE RENT; AVIS; ALASKA AIR = Alaska Airlines; DELTA AIR = Delta; UNITED AIRLINES
        UNITED = United Airlines; SOUTHWES = Southwest; SOUTHWEST; JETBLUE = JetBlue
        AMERICAN AIR = American Airlines""",
    ("transport", "keeps cars going"): """
        JIFFY LUBE; VALVOLINE; AUTOZONE = AutoZone; OREILLY AUTO = O’Reilly Auto; PEP BOYS; LES SCHWAB
        DISCOUNT TIRE""",
    ("shopping", "is a shop"): """
        AMZN MKTP = Amazon; AMZN = Amazon; AMAZON.COM = Amazon; AMAZON PRIME; AMAZON MKTPL = Amazon
        AMAZON MKTPLACE = Amazon; AMAZON; TARGET; WALMART; WAL-MART = Walmart; WM SUPERCENTER = Walmart; OLD NAVY
        GAP; REI = REI; ETSY = Etsy; EBAY = eBay; BEST BUY; NORDSTROM; NORDSTROM RACK; MACYS = Macy’s
        MACY'S = Macy’s; KOHLS = Kohl’s; KOHL'S = Kohl’s; TJ MAXX = TJ Maxx; TJMAXX = TJ Maxx; MARSHALLS
        ROSS STORES = Ross; ROSS; BURLINGTON; DOLLAR TREE; DOLLAR GENERAL; FAMILY DOLLAR; UNIQLO = Uniqlo; H&M = H&M
        ZARA; NIKE; ADIDAS; LULULEMON; SEPHORA; ULTA; BATH & BODY = Bath & Body Works; MICHAELS; JOANN = Joann
        HOBBY LOBBY; STAPLES; OFFICE DEPOT; APPLE STORE; PETCO; PETSMART = PetSmart; CHEWY; WAYFAIR; OVERSTOCK
        SHEIN = Shein; TEMU = Temu; BOOKBARN = Bookbarn; BARNES & NOBLE = Barnes & Noble
        ELLIOTT BAY BOOK = Elliott Bay Book Company; DICKS SPORTING = Dick’s""",
    ("home", "is a shop for house and garden"): """
        THE HOME DEPOT = The Home Depot; HOME DEPOT = The Home Depot; LOWES = Lowe’s; LOWE'S = Lowe’s; ACE HARDWARE
        TRUE VALUE; IKEA = IKEA; MENARDS; HARBOR FREIGHT; CRATE & BARREL = Crate & Barrel; POTTERY BARN; WEST ELM
        SHERWIN WILLIAMS = Sherwin-Williams""",
    ("health", "is a pharmacy"): """
        WALGREENS; CVS = CVS; RITE AID; BARTELL = Bartell Drugs; DUANE READE; GOODRX = GoodRx""",
    ("health", "is a gym"): """
        PLANET FIT = Planet Fitness; PLANET FITNESS; LA FITNESS = LA Fitness; 24 HOUR FITNESS = 24 Hour Fitness
        EQUINOX; YMCA = YMCA; CRUNCH FIT = Crunch Fitness; ANYTIME FITNESS; ORANGETHEORY = Orangetheory; PELOTON
        CLASSPASS = ClassPass""",
    ("health", "is medical care"): """
        KAISER; LABCORP = LabCorp; QUEST DIAGNOSTICS; ONE MEDICAL; ZOCDOC = Zocdoc; WARBY PARKER
        LENSCRAFTERS = LensCrafters""",
    ("fun", "is entertainment"): """
        NETFLIX; SPOTIFY; HULU; DISNEY PLUS = Disney+; DISNEYPLUS = Disney+; HBO = HBO; MAX.COM = Max
        PARAMOUNT = Paramount+; PEACOCK; STREAMIO = Streamio; APPLE.COM = Apple services
        APPLE COM BILL = Apple services; YOUTUBE = YouTube; YOUTUBEPREMIUM = YouTube Premium
        GOOGLE YOUTUBE = YouTube; AUDIBLE; KINDLE; NYTIMES = The New York Times; NEW YORK TIMES = The New York Times
        WSJ = The Wall Street Journal; WASHINGTON POST; PATREON; STEAMGAMES = Steam; STEAM GAMES = Steam
        STEAM PURCHASE = Steam; NINTENDO; PLAYSTATION = PlayStation; XBOX = Xbox; MICROSOFT XBOX = Xbox; TWITCH
        AMC = AMC Theatres; REGAL CINEMAS; CINEMARK; FANDANGO; TICKETMASTER; STUBHUB = StubHub; EVENTBRITE
        PACIFIC SCIENCE CTR = Pacific Science Center; AIRBNB = Airbnb; HOTELS.COM = Hotels.com; EXPEDIA
        BOOKING.COM = Booking.com; MARRIOTT; HILTON; APPLE.COM/BILL = Apple services""",
    ("bills", "is a phone or internet company"): """
        T-MOBILE = T-Mobile; TMOBILE = T-Mobile; VERIZON; VZWRLSS = Verizon; ATT = AT&T; AT&T = AT&T; MINT MOBILE
        CRICKET WIRELESS; METRO BY = Metro; GOOGLE FI = Google Fi; VISIBLE; XFINITY; COMCAST; SPECTRUM
        CHARTER COMM = Spectrum; COX COMM = Cox; ZIPLY = Ziply Fiber; ZIPLY FIBER; FIBRELINK = Fibrelink
        CENTURYLINK = CenturyLink; FRONTIER COMM = Frontier; STARLINK; NORTHCELL = Northcell""",
    ("bills", "is an insurer"): """
        GEICO = GEICO; STATE FARM; PROGRESSIVE; ALLSTATE; LEMONADE; USAA INSURANCE = USAA; LIBERTY MUTUAL
        FARMERS INS = Farmers; NATIONWIDE; TRAVELERS; METLIFE = MetLife; AMICA; PEMCO = PEMCO; ROOT INSURANCE
        HARBOR MUTUAL""",
    ("bills", "is a utility"): """
        PG&E = PG&E; PGE = PG&E; CON EDISON = Con Edison; CONED = Con Edison; DUKE ENERGY; SOUTHERN CAL EDISON
        SO CAL EDISON; SOCALGAS = SoCalGas; PUGET SOUND ENERGY; PUGET LIGHT & POWER = Puget Light & Power
        DOMINION ENERGY; XCEL ENERGY; NATIONAL GRID; COMED = ComEd; PSEG = PSEG; FPL = FPL; ENTERGY
        CASCADE NATURAL GAS; TIDEWATER POWER; REPUBLIC SERVICES; WASTE MANAGEMENT; RECOLOGY
        WM WASTE = Waste Management""",
    ("bills", "is a service for your computer"): """
        1PASSWORD = 1Password; DROPBOX; GOOGLE STORAGE; GOOGLE ONE; ICLOUD = iCloud; MICROSOFT; ADOBE
        GITHUB = GitHub; OPENAI = OpenAI; ANTHROPIC; ZOOM.US = Zoom; GODADDY = GoDaddy; NAMECHEAP; CLOUDFLARE
        LASTPASS = LastPass; EVERNOTE; CANVA; NORDVPN = NordVPN""",
    ("bills", "is a loan"): """
        NAVIENT; NELNET; MOHELA = MOHELA; AIDVANTAGE; EDFINANCIAL = Edfinancial
        DEPT EDUCATION = Department of Education; SALLIE MAE; SOFI = SoFi; AFFIRM; KLARNA; AFTERPAY""",
    ("childcare", "is childcare"): """
        LITTLE FERNS PRESCHOOL; MAPLE STREET PRESCHOOL; KINDERCARE = KinderCare; BRIGHT HORIZONS; GODDARD SCHOOL
        PRIMROSE SCHOOL; CARE.COM = Care.com""",
    ("saving", "is where you put money aside"): """
        VANGUARD; FIDELITY; SCHWAB; ROBINHOOD; ACORNS; BETTERMENT; WEALTHFRONT; COINBASE; E*TRADE = E*TRADE
        ETRADE = E*TRADE; STASH; ROUNDHOUSE INVEST""",
    ("groceries", "is a convenience store"): """
        7-ELEVEN = 7-Eleven; PLAID PANTRY; CASEYS = Casey’s""",
}

WORDS: dict[tuple[str, str], str] = {
    ("childcare", "childcare"): "PRESCHOOL DAYCARE CHILDCARE MONTESSORI NANNY BABYSITTING",
    ("health", "a pharmacy"): "PHARMACY PHARM DRUGSTORE RX",
    ("health", "medical care"): (
        "DENTAL DENTIST PEDIATRICS PEDIATRIC MEDICAL CLINIC HOSPITAL HEALTH COPAY OPTICAL PHYSICIANS ORTHODONTICS "
        "DERMATOLOGY THERAPY CHIROPRACTIC VISION VETERINARY VET"
    ),
    ("health", "exercise"): "FITNESS GYM YOGA PILATES CROSSFIT",
    ("health", "personal care"): "BARBER SALON HAIR NAILS SPA",
    ("home", "housing"): "MORTGAGE HOA APTS APARTMENTS APARTMENT LEASING REALTY",
    ("transport", "getting around"): "PARKING TRANSIT TOLL FERRY FERRIES TAXI CAB METRO CARWASH DMV",
    ("transport", "fuel"): "FUEL PETROLEUM GASOLINE",
    ("transport", "travel"): "AIRLINES AIRWAYS RAIL RAILWAY",
    ("bills", "insurance"): "INSURANCE INS ASSURANCE",
    ("bills", "a utility"): "ELECTRIC POWER ENERGY WATER UTIL UTILITY UTILITIES SEWER SANITATION",
    ("bills", "phone or internet"): "INTERNET BROADBAND WIRELESS TELECOM FIBER CELLULAR",
    ("groceries", "groceries"): "GROCERY GROCERIES GROCER SUPERMARKET MARKET MKT FARMERS FOODS PRODUCE BUTCHER DELI",
    ("eating_out", "a place to eat"): (
        "COFFEE CAFE CAFÉ ESPRESSO BAKERY RESTAURANT PIZZA PIZZERIA TAQUERIA TACOS SUSHI RAMEN PHO NOODLE NOODLES "
        "THAI GRILL DINER BISTRO KITCHEN BURGER BURGERS BBQ TAVERN PUB BREWING BREWERY BAR DONUTS DONUT BAGEL "
        "BAGELS TEA BOBA CREAMERY GELATO EATERY CANTINA"
    ),
    ("fun", "entertainment"): "CINEMA CINEMAS THEATRE THEATER MUSEUM ZOO AQUARIUM BOWLING GOLF CONCERT TICKETS ARCADE",
    ("fun", "leisure"): "HOTEL HOTELS INN RESORT MOTEL LODGE GAMES",
    ("home", "house and garden"): "HARDWARE LUMBER PLUMBING NURSERY FURNITURE REPAIRS ROOFING LANDSCAPING",
    ("childcare", "school"): "TUITION SCHOOL ACADEMY",
    ("shopping", "a shop"): "BOOKS BOOK BOOKSTORE OUTFITTERS CLOTHING APPAREL SHOES BOUTIQUE TOYS JEWELERS STORE",
}

PAIRS: dict[tuple[str, str], tuple[str, str]] = {
    ("NATURAL", "GAS"): ("bills", "a utility"),
    ("GAS", "ELECTRIC"): ("bills", "a utility"),
    ("PROPERTY", "MGMT"): ("home", "rent"),
    ("PROPERTY", "MANAGEMENT"): ("home", "rent"),
    ("PROP", "MGMT"): ("home", "rent"),
    ("PROP", "TAX"): ("home", "property tax"),
    ("PROPERTY", "TAX"): ("home", "property tax"),
    ("HOME", "LOAN"): ("home", "a mortgage"),
    ("STUDENT", "LN"): ("bills", "a student loan"),
    ("STUDENT", "LOAN"): ("bills", "a student loan"),
    ("AUTO", "LOAN"): ("transport", "a car loan"),
    ("CAR", "WASH"): ("transport", "getting around"),
    ("AUTO", "REPAIR"): ("transport", "car repair"),
    ("AUTO", "PARTS"): ("transport", "car repair"),
    ("GAS", "STATION"): ("transport", "fuel"),
    ("SCIENCE", "CTR"): ("fun", "entertainment"),
    ("SCIENCE", "CENTER"): ("fun", "entertainment"),
    ("ICE", "CREAM"): ("eating_out", "a place to eat"),
    ("HAPPY", "HOUR"): ("eating_out", "a place to eat"),
}
