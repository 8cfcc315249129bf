"""What Open WebUI says of a newer version, in every release: these servers may not look outside."""


def test_a_server_that_may_not_look_names_its_own_version(bench, connect):
    client = connect(bench.token())
    assert client.newest_release() == client.version() == bench.version_text
