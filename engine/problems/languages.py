"""Which language a question is probably in: by its letters, and in Latin letters by small words. A
guess, good enough to see that a set is not what it was taken for. Pure.
"""

import re
from collections import Counter

UNCLEAR = "unclear"
_SCRIPTS = {
    "Japanese": r"[\u3040-\u30ff]",
    "Korean": r"[\uac00-\ud7af\u1100-\u11ff]",
    "Chinese": r"[\u4e00-\u9fff]",
    "Russian or another in Cyrillic": r"[\u0400-\u04ff]",
    "Arabic or another in its letters": r"[\u0600-\u06ff]",
    "Hindi or another in Devanagari": r"[\u0900-\u097f]",
    "Bengali": r"[\u0980-\u09ff]",
    "Thai": r"[\u0e00-\u0e7f]",
    "Telugu": r"[\u0c00-\u0c7f]",
    "Greek": r"(?<!\\)[\u0370-\u03ff]{3}",
    "Hebrew": r"[\u0590-\u05ff]",
}
_PATTERNS = {name: re.compile(pattern) for name, pattern in _SCRIPTS.items()}
_FOREIGN = re.compile(r"[\u0370-\uffff]")
_WORDS = {
    "English": "the of is and to in what how many are find if that by with for has which it on why",
    "French": "le la les des est une dans et que un quel combien pour sur du trouver si",
    "German": "der die das und ist ein eine wie viele den von mit wenn man auf dass",
    "Spanish": "el los las una es que cuántos del en por con cuál si para y son",
    "Portuguese": "os uma é que quantos do da em por com qual se para e são não",
    "Italian": "il lo gli una è che quanti della di per con quale se e sono nel",
    "Dutch": "het een van en is hoeveel dat met op als voor zijn wat er",
}
_STOP = {name: frozenset(words.split()) for name, words in _WORDS.items()}
_LATIN = re.compile(r"(?<![\\A-Za-z])[A-Za-zÀ-ÿ]+")


def language_of(text: str) -> str:
    """A language's name, or UNCLEAR.

    >>> [language_of(t) for t in ("What is the sum?", "值是多少", "Was ist die Summe?", "$x$")]
    ['English', 'Chinese', 'German', 'unclear']
    """
    latin = _LATIN.findall(text.lower())
    if _FOREIGN.search(text):
        for name, pattern in _PATTERNS.items():
            if len(pattern.findall(text)) > len(latin) / 4:
                return name
    words = set(latin)
    hits = Counter({name: len(words & stop) for name, stop in _STOP.items()})
    (best, n), (_, second) = hits.most_common(2)
    return best if n > second else UNCLEAR
