"""Short harmless conversations that task models are tried with: the same words for all, and nobody's own."""

from msgspec import Struct


class Conversation(Struct, frozen=True):
    """`turns`: a person's message and the answer to it, in turn. `language`: in which it is held."""

    name: str
    language: str
    turns: tuple[str, ...]

    @property
    def question(self) -> str:
        """What the person wrote last."""
        return self.turns[-2]


CONVERSATIONS = (
    Conversation(
        "basil",
        "en",
        (
            "How do I keep basil alive on a kitchen window?",
            "Bright light, water when the top of the soil is dry, and regular pinching.",
            "It gets dark spots on the leaves in winter. What am I doing wrong?",
            "Cold glass and wet leaves. Move it a hand's width from the pane and water the soil, not the leaves.",
        ),
    ),
    Conversation(
        "bicycle",
        "en",
        (
            "My bicycle chain squeaks although I oil it every week. Why?",
            "Too much oil holds dust. Wipe the chain dry first, then put one small drop on each link.",
            "And how do I tell when the chain is worn out?",
            "With a chain gauge, or lay a ruler along it: twelve links measure 304.8 mm. From 307 mm on, change it.",
        ),
    ),
    Conversation(
        "kimchi",
        "ko",
        (
            "김치찌개가 자꾸 싱거워요. 어떻게 끓여야 깊은 맛이 날까요?",
            "잘 익은 김치를 기름에 먼저 볶고, 쌀뜨물과 김칫국물을 넣어 20분 넘게 끓이세요.",
            "고기 대신 참치를 넣으면 언제 넣는 게 좋아요?",
            "참치는 불을 끄기 5분 전에 넣으세요. 오래 끓이면 부서지고 비린내가 납니다.",
        ),
    ),
    Conversation(
        "jeju",
        "ko",
        (
            "11월에 제주도를 2박 3일로 가려고 합니다. 어디가 좋을까요?",
            "첫날은 서쪽 억새 오름, 둘째 날은 한라산 영실 코스, 마지막 날은 동쪽 해안을 추천합니다.",
            "차 없이 버스로도 다닐 수 있을까요?",
            "네. 급행버스와 일주도로 버스로 대부분 갈 수 있습니다. 영실은 240번 버스를 타세요.",
        ),
    ),
)
"""The first of a language is the usual one for it."""


def named(name: str, language: str) -> Conversation:
    """The one of that name; of the language where none is named, else the first. LookupError."""
    if name:
        return {one.name: one for one in CONVERSATIONS}[name]
    return next((one for one in CONVERSATIONS if one.language == language), CONVERSATIONS[0])
