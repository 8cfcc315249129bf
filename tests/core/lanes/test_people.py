"""When work may begin, by the people who have just been answered."""

import pytest

from tray_app.core.lanes.people import People
from tray_app.core.lanes.rules import LanesRules

RULES = LanesRules(quiet_low_s=0.0, quiet_high_s=30.0)


def paced(*pauses, user="ann", people=None, at=0.0, rules=RULES):
    """They wrote after each of these pauses; the latest answer has just ended, at the time that is handed back."""
    people = people or People()
    for pause in (*pauses, None):
        people.asks(user, at)
        people.answered(user, at, rules, more_to_come=False)
        at += pause or 0.0
    return people, at


def test_where_nobody_is_near_it_begins_now():
    assert People().opens(7.0, None, RULES) == 7.0


def test_it_begins_where_it_is_done_before_the_next_message_and_else_when_they_have_gone():
    people, at = paced(10.0, 10.0, 10.0)
    assert people.opens(at, 8.0, RULES) == at
    assert people.opens(at, 8.1, RULES) == at + 15.0
    assert people.opens(at, None, RULES) == at + 15.0
    assert people.opens(at + 3.0, 5.0, RULES) == at + 3.0
    assert people.opens(at + 3.0, 5.1, RULES) == at + 15.0
    assert people.opens(at + 15.0, None, RULES) == at + 15.0


def test_never_before_the_shortest_quiet_time():
    rules = LanesRules(quiet_low_s=1.0)
    people, at = paced(10.0, 10.0, 10.0, rules=rules)
    assert people.opens(at, 7.0, rules) == at + 1.0
    assert people.opens(at, 7.1, rules) == at + 15.0


def test_only_the_newest_nine_pauses_make_the_pace():
    """Two short ones of nine count, of ten they would not."""
    people, at = paced(10.0, 1.0, 1.0, *(10.0,) * 7)
    assert people.opens(at, 2.0, RULES) == at + 15.0
    people, at = paced(10.0, 1.0, *(10.0,) * 8)
    assert people.opens(at, 2.0, RULES) == at


@pytest.mark.parametrize(("pause", "of_a_person"), [(0.29, False), (0.3, True)])
def test_what_comes_too_soon_is_no_person(pause, of_a_person):
    people = People()
    for _ in range(4):
        people.asks("ann", 0.0)
        people.answered("ann", 0.0, RULES, more_to_come=False)
        people.asks("ann", pause)
        people.answered("ann", 0.0, RULES, more_to_come=False)
    assert (people.opens(0.0, None, RULES) < 1.0) is of_a_person


def test_what_is_more_to_come_is_waited_for_as_long_as_can_be():
    people, at = paced(10.0, 10.0, 10.0)
    people.asks("ann", at)
    people.answered("ann", at, RULES, more_to_come=True)
    assert people.opens(at, 0.1, RULES) == at + 30.0


def test_who_types_is_about_to_write_but_not_while_they_are_being_answered():
    people, at = paced(10.0, 10.0, 10.0)
    people.types("ann", at + 5.0, RULES)
    assert people.opens(at + 5.0, 0.1, RULES) == at + 20.0
    people.asks("bob", at)
    people.types("bob", at + 9.0, RULES)
    assert people.opens(at + 9.0, None, RULES) == at + 20.0
    people.answered("bob", at + 9.0, RULES, more_to_come=False)
    assert people.opens(at + 9.0, None, RULES) == at + 20.0


def test_a_person_with_two_answers_is_near_when_both_have_ended():
    people = People()
    people.asks("ann", 0.0)
    people.asks("ann", 0.0)
    people.answered("ann", 1.0, RULES, more_to_come=False)
    assert people.opens(1.0, None, RULES) == 1.0, "the other one runs, which is not for us to know"
    people.answered("ann", 9.0, RULES, more_to_come=False)
    assert people.opens(9.0, None, RULES) == 14.0


def test_somebody_who_writes_sooner_now_is_waited_for_less():
    people, at = paced(*(20.0,) * 3)
    assert people.opens(at, None, RULES) == at + 30.0
    people, at = paced(*(2.0,) * 9, people=people, at=at)
    assert people.opens(at, None, RULES) == at + 3.0


@pytest.mark.parametrize(("count", "hoped"), [(20, True), (21, False)])
def test_of_a_crowd_nothing_is_hoped(count, hoped):
    people, at = paced(10.0, 10.0, 10.0, user="0")
    for number in range(1, count):
        people, at = paced(10.0, 10.0, 10.0, user=str(number), people=people, at=at - 30.0)
    assert people.opens(at, 5.0, RULES) == (at if hoped else at + 15.0)


def test_a_crowd_that_has_gone_is_a_crowd_no_more():
    people, at = paced(10.0, 10.0, 10.0, user="0")
    for number in range(1, 40):
        people.asks(str(number), at)
        people.answered(str(number), at, RULES, more_to_come=False)
    assert people.opens(at, 0.5, RULES) == at + 15.0, "of 39 of them nothing is known: they have gone after 5 s"
    assert people.opens(at + 5.0, 0.5, RULES) == at + 5.0
    assert len(people._near) == 1


def test_people_are_remembered_up_to_a_thousand():
    people = People()
    for number in range(1001):
        people.asks(str(number), 0.0)
        people.answered(str(number), 0.0, RULES, more_to_come=False)
    assert len(people) == 1000
    assert "0" not in people._known
    assert people.opens(1.0, None, RULES) == 5.0
