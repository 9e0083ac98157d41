"""Words that tell nothing about what a text is about, in the languages most often met; they tell its language, though.

Short on purpose: a word that is missing here is merely common, and common words weigh little in the ranking.
"""

STOP_WORDS_BY_LANGUAGE: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": """
            a about above after again all also am an and any are as at be because been before being below between both
            but by can could did do does doing down during each either few for from further had has have having he her
            here hers him his how i if in into is it its itself just me more most much must my no nor not now of off on
            once only or other our out over own please same shall she should so some such tell than that the their
            them then there these they this those through to too under until up us very was we were what when where
            which while who whom whose why will with would you your
        """,
        "de": """
            aber als am an auch auf aus bei bis das dass dem den der des die dies diese dieser durch ein eine einem
            einen einer eines er es fur hat hatte haben ich ihr im in ist ja kann mit nach nicht noch nur oder sein sich
            sie sind so sondern um und uns unter vom von vor waren warum was welche welchem welchen welcher welches
            wenn wer wie viel viele wird wo wurde wurden zu zum zur uber
        """,
        "fr": """
            au aux avec ce ces cette comment dans de des du elle en est et il ils je la le les leur lui mais ne nous
            ou par pas pour pourquoi quand que quel quelle quels quelles qui sa se ses son sont sur un une vous
        """,
        "es": """
            al como con cual cuales cuando cuantos de del desde donde el ella ellos en era es esta este esto fue ha han
            hay la las lo los mas muy no para pero por que quien se si sin sobre son su sus tambien un una y
        """,
        "it": """
            al alla che chi come con cosa da dal dalla dei del della delle di dove e gli ha hanno i il in la le lo nel
            nella non per perche piu quale quali quando quanti si sono su sul sulla tra un una
        """,
        "pt": """
            ao aos as com como da das de do dos e ela ele em entre essa esse foi ha isso mais na nas nao nos num numa o
            os ou para pela pelo por qual quais quando que quem sao se seu sua tambem um uma
        """,
        "nl": """
            aan al dan dat de deze die dit door een en er had heeft het hij hoe ik in is kan maar met naar niet of om
            onder ook op over te tot uit van voor waar waarom wanneer was wat welke werd wie wordt zijn zo
        """,
        "sv": "att av den det en ett fran for hur i inte med och om pa som till var vad vem ar nar",
        "da": "af at den det der en er et for fra hvad hvem hvor hvordan i ikke med og om pa som til var ved",
        "ru": """
            а без был была были было быть в во вот все для до его ее если есть еще же за и из или их к как какая какие
            какои когда кто ли на не него нее нет но о об он она они от по под при с со так то только у уже чем что
            эта эти это я
        """,
    }.items()
}
STOP_WORDS: frozenset[str] = frozenset().union(*STOP_WORDS_BY_LANGUAGE.values())
"""All of them, folded as `rag.answering.words.fold` folds."""
