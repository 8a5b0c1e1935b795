"""依据: what an act or a refusal rests on. Three kinds: 条文, 上位法, 本系统安全规则.

A safeguard that no text asks for shows 本系统安全规则, never an article.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import packs

SYSTEM = "本系统安全规则"

TITLES: Mapping[str, str] = {
    "jinjiang-agri": "晋江市农业农村局行政执法音像记录管理制度（试行）",
    "shifanqu-bianban": "关于执法音像记录设备配备办法",
    "baofeng-forestry": "宝丰县林业局音像记录管理制度",
    "ankang-agri/1": "安康市农业综合行政执法音像记录管理办法",
    "ankang-agri/2": "安康市农业综合行政执法案卷及数字化记录信息归档管理办法",
    "pengyang": "行政执法全过程记录制度",
}

PACKS = tuple(sorted({key.partition("/")[0] for key in TITLES}))

_DIGITS = "零一二三四五六七八九"


def article_in_words(pack: str, article: str) -> str:
    """("jinjiang-agri", "11") -> 《…》第十一条; AK writes its articles annex/number, as "1/6"."""
    annex, _, number = article.rpartition("/")
    title = TITLES.get(f"{pack}/{annex}" if annex else pack) or packs.title_of(pack, annex)
    return f"《{title}》第{_number_in_words(int(number))}条"


def cite_codes(codes: list[str]) -> str:
    """Articles as the ledger has them ("pack/article"), the title of each regulation said once."""
    said: list[str] = []
    before = ""
    for code in codes:
        title, bracket, article = article_in_words(*code.split("/", 1)).partition("》")
        said.append(article if title == before else f"{title}{bracket}{article}")
        before = title
    return "、".join(said) or SYSTEM


def _number_in_words(number: int) -> str:
    if not 0 < number < 1000:
        raise ValueError(number)
    if number > 99:
        return str(number)
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else ("十" if tens == 1 else f"{_DIGITS[tens]}十")
    return head + (_DIGITS[ones] if ones else "")


@dataclass(frozen=True)
class Basis:
    """Articles by pack; a pack that says nothing leaves 本系统安全规则.

    The five are known here; any other regulation says in its own pack which article each of `kinds`, kinds of acts,
    rests on (`articles`, `by`).
    """

    articles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()

    def cite(self, pack: str | None) -> str:
        """For a person, e.g. 《…》第十一条、第十二条."""
        return cite_codes(self.codes(pack))

    def codes(self, pack: str | None) -> list[str]:
        """For the ledger, e.g. ["jinjiang-agri/11"]; empty where only our own rule stands behind it."""
        named = self.articles.get(pack or "", ())
        if pack and self.kinds and pack not in PACKS:
            named = packs.resting_on(pack, self.kinds)
        return [f"{pack}/{article}" for article in named]


OWN_RULE = Basis()

INTAKE = Basis(
    {
        "jinjiang-agri": ("11", "12"),
        "shifanqu-bianban": ("15",),
        "baofeng-forestry": ("13",),
        "ankang-agri": ("1/6",),
        "pengyang": ("10",),
    },
    ("recording.stored", "batch.begun", "batch.released"),
)
CLASSIFY = Basis({"jinjiang-agri": ("12",)}, ("recording.assigned",))
UNRELATED = Basis(
    {"jinjiang-agri": ("3",), "shifanqu-bianban": ("3",), "baofeng-forestry": ("5",)},
    ("recording.flagged", "recording.flag_handled"),
)
CLEARING = Basis(
    {"jinjiang-agri": ("11",), "shifanqu-bianban": ("15",), "baofeng-forestry": ("13",)}, ("card.cleared",)
)
NEVER_CHANGED = Basis(
    {
        "jinjiang-agri": ("10",),
        "shifanqu-bianban": ("11", "20"),
        "ankang-agri": ("1/8",),
        "pengyang": ("15",),
    }
)
VIEWING = Basis({"jinjiang-agri": ("17",), "shifanqu-bianban": ("18",)}, ("recording.viewed",))
EVIDENCE_COPY = Basis(
    {"jinjiang-agri": ("15",), "shifanqu-bianban": ("17",), "pengyang": ("8",)},
    ("recording.exported", "recording.downloaded"),
)
KEEPER = Basis(
    {
        "jinjiang-agri": ("3",),
        "shifanqu-bianban": ("6",),
        "baofeng-forestry": ("4",),
    },
    ("device.registered",),
)
CLOCK_CHECK = Basis({"shifanqu-bianban": ("7",), "baofeng-forestry": ("7",)})
CARE = Basis(
    {"jinjiang-agri": ("3",), "shifanqu-bianban": ("6",), "baofeng-forestry": ("4",)},
    ("device.maintained", "device.sent_to_repair", "device.repaired", "device.lost", "device.found"),
)
USE_REGISTER = Basis(
    {"jinjiang-agri": ("3",), "shifanqu-bianban": ("6",), "baofeng-forestry": ("4",)},
    ("device.issued", "device.returned"),
)
CHECK_BEFORE_USE = Basis(
    {"jinjiang-agri": ("3",), "shifanqu-bianban": ("7",), "baofeng-forestry": ("7",)}, ("device.checked",)
)
NOT_LENT = Basis({"jinjiang-agri": ("18",), "baofeng-forestry": ("18",), "ankang-agri": ("1/10",)})
EQUIPMENT_NORM = Basis({"baofeng-forestry": ("3",), "ankang-agri": ("1/3",)})
