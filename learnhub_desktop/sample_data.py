"""Names and courses of the sample school. Everybody in it is made up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from learnhub_desktop.domain.states import Level

INSTRUCTORS: Final = (
    ("Ada Example", "US"),
    ("Kofi Example", "GH"),
    ("Mei Example", "CN"),
    ("Lucía Example", "ES"),
    ("Jonas Example", "DE"),
    ("Aiko Example", "JP"),
)

# Given and family names with the country they are shown for; students are their mixtures.
GIVEN: Final = (
    ("Amina", "NG"), ("Łukasz", "PL"), ("美玲", "TW"), ("José", "MX"), ("Priya", "IN"),
    ("Ola", "NO"), ("Fatima", "MA"), ("Dmitri", "KZ"), ("Grace", "KE"), ("Hannah", "DE"),
    ("Kenji", "JP"), ("Beatriz", "BR"), ("Zoë", "NL"), ("Çağla", "TR"), ("Νίκος", "GR"),
    ("Siobhán", "IE"), ("Омар", "UZ"), ("نور", "JO"), ("Aroha", "NZ"), ("Émile", "FR"),
    ("Sanna", "FI"), ("Thabo", "ZA"), ("Linh", "VN"), ("Maya", "US"), ("Ruth", "GB"),
)  # fmt: skip
FAMILY: Final = (
    "Sample", "Muster", "Przykład", "Ejemplo", "Exemple", "Voorbeeld", "Esempio", "Příklad",
    "Exempel", "Örnek",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SampleCourse:
    """``seats`` None: no limit. ``months`` None: lifetime access. A draft is not on sale."""

    title: str
    price: str
    level: Level | None
    tags: tuple[str, ...]
    lessons: tuple[str, ...]
    description: str
    seats: int | None = None
    months: int | None = 12
    requires: tuple[str, ...] = ()
    is_draft: bool = False


_B, _I, _A = Level.BEGINNER, Level.INTERMEDIATE, Level.ADVANCED

COURSES: Final[tuple[SampleCourse, ...]] = (
    SampleCourse(
        "SQL Basics", "49.00", _B, ("sql", "databases"),
        ("What a table is", "SELECT", "WHERE", "Sorting and limits", "Joining two tables",
         "Grouping", "Inserting rows", "Keys"),
        "Ask a database for exactly what you want to know.",
    ),
    SampleCourse(
        "SQL Mastery", "99.99", _I, ("sql", "databases", "performance"),
        ("Windows", "Recursive queries", "Transactions", "Isolation", "Indexes", "Explain",
         "Partitions", "Locks", "Replication", "A slow query, made fast"),
        "From queries that work to queries that scale.", seats=50, requires=("SQL Basics",),
    ),
    SampleCourse(
        "Python Basics", "49.00", _B, ("python", "programming"),
        ("Values and names", "Conditions", "Loops", "Functions", "Lists and dictionaries",
         "Files", "Errors", "Modules"),
        "A first language, without haste.",
    ),
    SampleCourse(
        "Python for Data", "89.00", _I, ("python", "data"),
        ("Reading tables", "Cleaning", "Grouping", "Plots", "Dates and zones", "A whole report"),
        "From a messy file to a picture that someone believes.", requires=("Python Basics",),
    ),
    SampleCourse(
        "Statistics I", "75.00", _B, ("statistics", "data"),
        ("Averages that lie", "Spread", "Chance", "Samples", "Estimates", "Tests"),
        "Enough statistics to ask better questions.",
    ),
    SampleCourse(
        "Data Modelling", "120.00", _A, ("databases", "design"),
        ("Entities", "Relationships", "Normal forms", "Keys that last", "History", "Money",
         "Time", "A model review"),
        "Tables that still make sense in ten years.", seats=20, requires=("SQL Basics",),
    ),
    SampleCourse(
        "Web Design", "1250.00", _I, ("design", "web"),
        ("Grids", "Type", "Colour", "Forms", "Access for all", "A page from nothing"),
        "Twelve weeks with a mentor.", seats=12, months=6,
    ),
    SampleCourse(
        "Drawing for Everyone", "35.00", None, ("art",),
        ("Lines", "Shapes", "Light", "Hands", "A portrait"),
        "A pencil is enough.", months=None,
    ),
    SampleCourse(
        "Public Speaking", "60.00", None, ("communication",),
        ("Breath", "Structure", "Slides, or none", "Questions", "The first minute"),
        "Say it so that they remember it.", seats=8,
    ),
    SampleCourse(
        "First Aid Refresher", "0.00", None, ("health",),
        ("Look, ask, call", "Breathing", "Bleeding", "Until help comes"),
        "Free for all students.",
    ),
    SampleCourse(
        "Statistics II", "95.00", _A, ("statistics",),
        ("Regression", "Residuals", "Many variables", "Cause and effect", "Bayes"),
        "What the first course left out.", requires=("Statistics I",),
    ),
    SampleCourse(
        "Spreadsheets at Work", "29.00", _B, ("office",),
        ("Cells", "Formulas", "Look-ups", "Pivot tables", "Charts"),
        "Save an hour a day.",
    ),
    SampleCourse(
        "Gardening on a Balcony", "25.00", None, ("home",),
        ("Pots", "Soil", "Herbs", "Tomatoes", "Winter"),
        "Green in small places.", months=None,
    ),
    SampleCourse(
        "Negotiation", "180.00", _A, ("communication", "business"),
        ("Interests", "Anchors", "Silence", "Walking away", "A rehearsal"),
        "Better agreements for both sides.", seats=16,
    ),
    SampleCourse(
        "Accounting for Founders", "140.00", _I, ("business", "money"),
        ("Two sides of a book", "Invoices", "Cash", "Taxes", "Reading a balance sheet"),
        "Know your numbers before the bank asks.",
    ),
    SampleCourse(
        "Machine Learning, Honestly", "240.00", _A, ("python", "data", "statistics"),
        ("What it can do", "Baselines", "Trees", "Leakage", "Validation", "When not to"),
        "Models that survive contact with reality.",
        requires=("Python for Data", "Statistics I"),
    ),
    SampleCourse(
        "Photography Basics", "55.00", _B, ("art",),
        ("Exposure", "Focus", "Light", "Composition", "A series"),
        "With the camera you have.",
    ),
    SampleCourse(
        "Project Management", "110.00", _I, ("business",),
        ("Goals", "Plans", "Risks", "Meetings that end", "Reviews"),
        "Finish what you start.",
    ),
    SampleCourse(
        "Typing Without Looking", "15.00", None, ("office",),
        ("Home row", "Numbers", "Speed"),
        "Ten fingers, three weeks.",
    ),
    SampleCourse(
        "Cloud Costs", "130.00", _A, ("databases", "business"),
        ("Where it goes", "Sizing", "Reserved or not"),
        "Still being written.", is_draft=True,
    ),
    SampleCourse(
        "Spanish for Travel", "45.00", _B, ("languages",),
        ("Hello", "Where is…?", "In the market", "On the train", "Making friends"),
        "Order a coffee by Friday.",
    ),
    SampleCourse(
        "Old Web Tricks", "20.00", _B, ("web",),
        ("Tables as layout", "Blinking text"),
        "Kept for those who bought it.",
    ),
)  # fmt: skip

ARCHIVED_TITLE: Final = "Old Web Tricks"
