"""Files of tracked games: units, stretches, and what is refused, with the file and the row."""

import numpy as np
import pytest

from reprolib.data.basketball import tracked_games
from reprolib.errors import InputError

PLAYERS, BALL, STOPS = (f"{part}_train__with_1_games.npy" for part in tracked_games.PARTS)


def changed(folder, name, change):
    values = np.load(folder / name)
    np.save(folder / name, change(values))


def at(row, value):
    """Sets the first number of a row."""

    def change(values):
        values[row].flat[0] = value
        return values

    return change


def test_places_are_in_feet_and_stretches_end_where_the_next_begins(written, tracking):
    found = tracked_games.read(written, "train")
    np.testing.assert_allclose(found.players, tracking().players)
    np.testing.assert_allclose(found.ball, tracking().ball)
    assert found.heights.tolist() == [3.0] * 40
    assert found.stretches.tolist() == [[0, 3], [3, 40]]
    assert found.games == 1


def test_the_last_stop_may_be_the_last_row(written):
    changed(written, STOPS, lambda stops: np.array([-1, 2, 39]))
    assert tracked_games.read(written, "train").stretches.tolist() == [[0, 3], [3, 40]]


def test_the_largest_number_of_games_is_read(written, tracking):
    for name in (PLAYERS, BALL, STOPS):
        (written / name.replace("with_1", "with_12")).write_bytes((written / name).read_bytes())
    changed(written, PLAYERS.replace("with_1", "with_12"), lambda values: values[:, ::-1])
    found = tracked_games.read(written, "train")
    assert found.games == 12
    np.testing.assert_allclose(found.players, tracking().players[:, ::-1])


def test_another_file_is_other_data(written):
    before = tracked_games.digest(written)
    assert before == tracked_games.digest(written)
    changed(written, BALL, at(39, 0.5))
    assert tracked_games.digest(written) != before


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (PLAYERS, lambda values: values[:, :9], r"has the shape \[40, 9, 2\] and not \[rows, 10, 2\]"),
        (PLAYERS, lambda values: values[..., 0], r"has the shape \[40, 10\]"),
        (PLAYERS, lambda values: (values * 50).astype(int), "holds int64 and not real numbers"),
        (PLAYERS, at(7, np.nan), r"row 7 \(counting from 0\), holds a value that is not finite"),
        (PLAYERS, at(9, 47.0), r"row 9 \(counting from 0\), holds 47: give units of the court, 0 to 1"),
        (BALL, lambda values: values[:-1], r"has the shape \[39, 3\] and not \[40, 3\]"),
        (BALL, at(5, np.inf), "row 5 .* not finite"),
        (BALL, at(6, -3.0), "row 6 .* holds -3: give units of the court, 0 to 1, in the first two columns"),
        (BALL, lambda values: values * [1, 1, 100], "holds 300: give feet in the last column"),
        (STOPS, lambda stops: stops.astype(float), "holds float64 .* not a list of whole numbers"),
        (STOPS, lambda stops: stops[None], r"holds int64 \[1, 3\]"),
        (STOPS, lambda stops: np.array([-1, 5, 5, 40]), "row 2 .*, is 5 after 5"),
        (STOPS, lambda stops: np.array([-1, 9, 4, 40]), "row 2 .*, is 4 after 9"),
        (STOPS, lambda stops: stops[1:], "must begin with -1 and end with 39 or 40"),
        (STOPS, lambda stops: stops[:-1], "must begin with -1 and end with 39 or 40"),
        (STOPS, lambda stops: stops[:0], "must begin with -1"),
    ],
)
def test_a_damaged_array_is_refused(written, name, change, message):
    changed(written, name, change)
    with pytest.raises(InputError, match=f"{name}.*{message}"):
        tracked_games.read(written, "train")


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x93NUMPY\x01\x00v\x00{'descr'"])
def test_what_is_no_array_is_refused(written, content):
    (written / BALL).write_bytes(content)
    with pytest.raises(InputError, match=f"{BALL} cannot be read as arrays of numbers"):
        tracked_games.read(written, "train")


def test_an_archive_and_pickled_objects_are_refused(written):
    np.savez(written / "archive.npz", stops=np.arange(3))
    (written / "archive.npz").replace(written / STOPS)
    with pytest.raises(InputError, match=f"{STOPS} is an archive and not one array"):
        tracked_games.read(written, "train")
    np.save(written / STOPS, np.array([None, "x"]), allow_pickle=True)
    with pytest.raises(InputError, match=f"{STOPS} cannot be read as arrays of numbers"):
        tracked_games.read(written, "train")


@pytest.mark.parametrize("name", [BALL, STOPS, "ball_coords_val__with_1_games.npy"])
def test_a_missing_file_is_named(written, name):
    assert tracked_games.missing(written) is None
    (written / name).unlink()
    assert f"{name} is not there: restore it from" in tracked_games.missing(written)
    with pytest.raises(InputError, match=f"{name} is not there"):
        tracked_games.read(written, "train")


def test_a_split_without_any_file_is_named(written):
    (written / "player_coords_test__with_1_games.npy").unlink()
    assert "holds no player_coords_test__with_N_games.npy" in tracked_games.missing(written)
