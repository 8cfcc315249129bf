"""Enough reads that every worker answers: where settings are each process's own, one read is one worker's word."""

import itertools

import pytest

from tray_app.app.doing.read_backs import AT_ONCE, READ_BACKS, ROUNDS, ReadBacks
from tray_app.core.values.task_settings import DocumentKind

KIND = DocumentKind.TASK_SETTINGS
NEW, OLD = {"tags": False}, {"tags": True}


class Server:
    """Its workers answer in the order that is given, over and over."""

    def __init__(self, version, *answers):
        self.said, self.answers, self.fresh = version, itertools.cycle(answers), 0
        self.made = []

    def version(self):
        return self.said

    def read_document(self, kind, *, fresh=False):
        self.fresh += fresh
        return next(self.answers)

    def another(self):
        self.made.append(self)
        return self

    def close(self):
        self.made.remove(self)


def reads(server, another=True):
    return ReadBacks(server, server.another if another else None, sleep=lambda seconds: None)


@pytest.mark.parametrize("another", [True, False])
@pytest.mark.parametrize(("version", "more"), [("0.9.6", AT_ONCE * ROUNDS), ("0.10.0", 0), ("main", 0)])
def test_more_reads_where_each_process_keeps_its_own_settings(version, more, another):
    server = Server(version, *[NEW] * (READ_BACKS + AT_ONCE * ROUNDS - 1), OLD)
    found = reads(server, another).all(KIND)
    assert len(found) == READ_BACKS + more == server.fresh
    assert (OLD in found) is bool(more)
    assert server.made == []


@pytest.mark.parametrize(("version", "found"), [("0.9.6", OLD), ("0.10.0", NEW)])
def test_nothing_is_left_only_where_no_worker_lacks_it(version, found):
    assert reads(Server(version, *[NEW] * 5, OLD)).first(KIND, lambda document: document["tags"]) == found


def test_one_that_lacks_it_and_is_never_met_again_is_told_all_the_same():
    server = Server("0.9.6")
    server.answers = itertools.chain([NEW] * (AT_ONCE * ROUNDS), [OLD], itertools.repeat(NEW))
    assert reads(server).first(KIND, lambda document: document["tags"]) == OLD
    assert server.made == []


def test_one_of_four_that_answers_a_fifth_of_the_reads_is_missed_less_than_once_in_ten_thousand():
    assert 0.8 ** (AT_ONCE * ROUNDS) < 1 / 10_000


def test_one_that_is_wanted_is_taken_at_once_and_where_none_is_any():
    server = Server("0.9.6", OLD, NEW)
    assert reads(server).first(KIND, lambda document: document["tags"]) == OLD
    assert server.fresh == 0
    assert reads(Server("0.9.6", NEW)).first(KIND, lambda document: document["tags"]) == NEW
