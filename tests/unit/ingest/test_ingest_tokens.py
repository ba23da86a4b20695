from aggregator.ingest.tokens import digest, matches


def test_only_a_token_whose_digest_is_known_matches() -> None:
    digests = [digest("one"), digest("two").upper() + "\n"]
    assert matches("one", digests)
    assert matches("two", digests)
    assert not matches("three", digests)
    assert not matches("", digests)
    assert not matches("one", [])
    assert not matches(digest("one"), digests), "the digest itself is no token"


def test_a_digest_does_not_show_the_token_and_takes_any_text() -> None:
    assert digest("secret") == "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
    assert matches("tökén", [digest("tökén")])
    assert not matches("x", ["kein digest ü"])


def test_no_token_never_matches_even_where_an_empty_one_is_known() -> None:
    assert not matches("", [digest("")])
