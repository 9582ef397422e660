"""Names and symbols of units, and words behind a number that are no unit of it."""

_NAMES = {
    "mm": "mm millimeter millimeters millimetre millimetres",
    "cm": "cm centimeter centimeters centimetre centimetres cms",
    "m": "m meter meters metre metres",
    "km": "km kilometer kilometers kilometre kilometres kms",
    "um": "micrometer micrometers micrometre micrometres micron microns",
    "nm": "nanometer nanometers nanometre nanometres",
    "in": "in inch inches",
    "ft": "ft foot feet",
    "yd": "yd yard yards",
    "mi": "mi mile miles",
    "g": "g gram grams gm",
    "kg": "kg kilogram kilograms kgs",
    "mg": "mg milligram milligrams",
    "lb": "lb lbs pound pounds",
    "oz": "oz ounce ounces",
    "s": "s sec secs second seconds",
    "ms": "millisecond milliseconds",
    "min": "min mins minute minutes",
    "h": "h hr hrs hour hours",
    "day": "day days",
    "week": "week weeks",
    "month": "month months",
    "year": "year years yr yrs",
    "l": "l liter liters litre litres",
    "ml": "ml milliliter milliliters millilitre millilitres",
    "dollar": "dollar dollars usd bucks",
    "cent": "cent cents",
    "euro": "euro euros eur",
    "rupee": "rupee rupees inr",
    "degree": "degree degrees deg",
    "radian": "radian radians rad",
    "N": "newton newtons",
    "J": "joule joules",
    "kJ": "kilojoule kilojoules",
    "W": "watt watts",
    "kW": "kilowatt kilowatts",
    "Hz": "hz hertz",
    "K": "kelvin kelvins",
    "V": "volt volts",
    "A": "ampere amperes amp amps",
    "C": "coulomb coulombs",
    "F": "farad farads",
    "T": "tesla teslas",
    "Pa": "pascal pascals",
    "kPa": "kilopascal kilopascals",
    "mol": "mole moles",
    "BC": "bc bce",
    "AD": "ad ce",
}
BY_NAME = {name: unit for unit, names in _NAMES.items() for name in names.split()}
"""Short names by the names that are written in any case."""

_PREFIXED = {
    "m": "n u d k M",
    "g": "n u",
    "s": "n u m",
    "l": "u c d",
    "L": "u m c d",
    "N": "u m k M",
    "J": "n u m k M G",
    "W": "n u m k M G T",
    "V": "n u m k M",
    "A": "n u m k",
    "C": "n u m",
    "F": "p n u m",
    "T": "n u m",
    "K": "m",
    "Hz": "k M G T",
    "Pa": "h k M G",
    "eV": "m k M G T",
    "mol": "n u m k",
    "cal": "k",
    "Wh": "m k M G T",
    "B": "k K M G T",
}
_ALONE = "N J W V A C F T K Hz Pa eV mol cal Wh".split()
BY_SYMBOL = {
    **{symbol: symbol for symbol in _ALONE},
    **{
        prefix + base: prefix.replace("K", "k") + base.replace("L", "l")
        for base, prefixes in _PREFIXED.items()
        for prefix in prefixes.split()
    },
}
"""Short names by the symbols whose case counts: MPa, kJ, nm."""

RATES = {
    "mph": (("mi", 1), ("h", -1)),
    "kph": (("km", 1), ("h", -1)),
    "kmh": (("km", 1), ("h", -1)),
    "sqft": (("ft", 2),),
    "sqm": (("m", 2),),
    "cc": (("cm", 3),),
}
"""Units in one word, by the powers of what they are made of."""

MONEY = frozenset(("dollar", "cent", "euro", "rupee"))
POWERS = {"square": 2, "sq": 2, "squared": 2, "cubic": 3, "cu": 3, "cubed": 3}
NO_UNITS = frozenset(
    """
    pi sqrt sin cos tan log ln exp mod and or to plus minus times over if when where million
    billion thousand hundred trillion dozen dozens percent pct half thirds quarters pm am choose
    factorial with not more less fewer least most than at about above below between through from
    is are either neither other hundreds thousands millions score gross pair pairs times
    modulo base except but for all any none no
    halves fourths fifths sixths sevenths eighths ninths tenths hundredths thousandths tens
    remainder noon midnight
    january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec
    """.split()
)
"""Words that multiply, divide or bound a number, add to it, or make a date or a time of it."""
