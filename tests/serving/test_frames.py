"""What goes over the socket arrives as it was sent, in whatever pieces; whatever else arrives is refused in words."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing_tracker.rules.serving import frames
from testing_tracker.rules.serving.frames import Asked, FrameError, Frames, asked_in, framed

PART = st.binary(max_size=40).map(lambda part: part.replace(b"\0", b""))
OPEN = st.sets(st.sampled_from([b"0", b"1", b"2"])).map(lambda chosen: b"".join(sorted(chosen)))
ASKED = st.builds(
    Asked,
    PART,
    st.lists(PART),
    PART.map(lambda folder: b"/" + folder),
    st.dictionaries(st.sampled_from(frames.KEPT), PART),
    st.lists(PART, min_size=4, max_size=4),
    OPEN,
    st.integers(0, 10**11),
)


def fields(asked: Asked) -> list[object]:
    return [getattr(asked, name) for name in Asked.__slots__]


@given(ASKED, st.integers(1, 50))
def test_a_command_arrives_as_it_was_sent_in_whatever_pieces(asked, size):
    sent, taken, found = asked.frame() + framed(frames.SIGNAL, b"2"), Frames(), []
    for begin in range(0, len(sent), size):
        found += taken.take(sent[begin : begin + size])
    assert fields(asked_in(found[0])) == fields(asked)
    assert found[1:] == [[frames.SIGNAL, b"2"]]
    assert taken.is_between


@given(st.lists(st.binary(max_size=30)))
def test_whatever_arrives_is_frames_or_refused_and_no_more_than_one_is_held(pieces):
    taken = Frames(most=64)
    with suppress(FrameError):
        for piece in pieces:
            for parts in taken.take(piece):
                asked_in(parts)
    assert len(taken._held) <= 64 + frames.LENGTH + 30


@given(ASKED, st.data())
def test_a_command_with_something_changed_is_refused_or_another_whole_one(asked, data):
    content = bytearray(asked.frame()[frames.LENGTH :])
    at = data.draw(st.integers(0, len(content) - 1))
    content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        changed = asked_in(bytes(content).split(b"\0"))
    except FrameError:
        return
    assert len(changed.encodings) == 4
    assert all(frames.is_kept(name) for name in changed.variables)


def test_a_length_that_no_command_line_has_is_refused_before_it_arrives():
    with pytest.raises(FrameError, match="impossible length"):
        Frames().take((1024**3).to_bytes(4, "big"))
    with pytest.raises(FrameError, match="impossible length"):
        Frames().take(bytes(4))
    with pytest.raises(FrameError, match="too long"):
        framed(b"x" * (frames.MOST + 1))


@pytest.mark.parametrize(
    "name",
    ["TESTING_TRACKER_DATABASE", "TESTING_TRACKER_KEY_FILE", "PGHOST", "PATH", "LD_PRELOAD", "PYTHONPATH", "HOME"],
)
def test_no_variable_arrives_that_names_a_file_or_a_host(name):
    asked = Asked(b"tt", [b"due"], b"/", {name.encode(): b"x", b"TERM": b"xterm"}, [b"utf-8"] * 4, b"012")
    assert asked_in(Frames().take(asked.frame())[0]).variables == {b"TERM": b"xterm"}


@pytest.mark.parametrize(("number", "who"), [(0, "client"), (2, "server")])
def test_another_protocol_is_refused_in_words_that_say_which_is_older(number, who):
    parts = [frames.RUN, b"%d" % number, *[b"whatever comes then"] * number]
    with pytest.raises(FrameError, match=rf"the {who} is older than the other"):
        asked_in(parts)
