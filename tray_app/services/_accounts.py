"""How many accounts an Open WebUI has, and how many of them are ordinary ones. Only the numbers are kept."""

from tray_app.core.values.errors.service import BadAnswer, Invalid, NotFound
from tray_app.services._decode import an_object, number, objects
from tray_app.services.http import Http

PAGES = 5
"""Pages (30 accounts each) that are read at most: how many ordinary users there are beyond changes nothing."""


def counted(http: Http) -> tuple[int, int]:
    """All accounts, and those whose role is `user`; of a long list as many pages as are worth it. Needs an admin."""
    total, seen, ordinary = None, 0, 0
    for page in range(1, PAGES + 1):
        try:
            answer = http.get_json(f"/api/v1/users/search?page={page}")
        except (NotFound, Invalid):  # before 0.6.30
            answer = http.get_json("/api/v1/users/?skip=0&limit=500")
        if isinstance(answer, list):
            return len(answer), sum(_is_ordinary(one) for one in answer)
        found = an_object(answer, http.url)
        users = list(objects(found, "users", http.url)) if "users" in found else []
        total = number(found, "total")
        if total is None:
            raise BadAnswer(http.url, "total: not a number")
        seen += len(users)
        ordinary += sum(_is_ordinary(one) for one in users)
        if not users or seen >= total:
            break
    return total or 0, ordinary


def _is_ordinary(account: object) -> bool:
    return isinstance(account, dict) and account.get("role") == "user"
