"""Texts cut to what the systems' fixed buffers hold. Windows counts UTF-16 units: an emoji is two."""


def utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clip_utf16(text: str, units: int) -> str:
    """At most `units` UTF-16 units, never half a character; an ellipsis shows that something is missing."""
    if utf16_units(text) <= units:
        return text
    kept, used = [], 1
    for char in text:
        used += utf16_units(char)
        if used > units:
            break
        kept.append(char)
    return "".join(kept) + "…"


def escape_ampersands(text: str) -> str:
    """Windows menus underline the letter after a single `&`, and right-align what follows a tab."""
    return text.replace("&", "&&").replace("\t", " ")
