"""The icon's states can be told apart without colour, at every size, on light and on dark."""

import itertools

import pytest
from PIL import Image, ImageChops, ImageStat

from tray_app.core.menu.screen import Shape
from tray_app.tray import art

SIZES = (16, 18, 20, 22, 24, 32, 36, 48, 64)
LIGHT, DARK = (255, 255, 255), (32, 32, 32)
# WCAG 2.2, success criterion 1.4.11: graphics that carry meaning.
CONTRAST = 3.0


def luminance(colour):
    linear = [v / 255 / 12.92 if v / 255 <= 0.04045 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in colour]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("size", SIZES)
def test_no_two_shapes_look_alike_without_colour(size):
    """At least an eighth of the pixels differ."""
    for one, other in itertools.combinations(Shape, 2):
        difference = ImageChops.difference(art.mask(one, size), art.mask(other, size))
        assert ImageStat.Stat(difference).mean[0] > 255 / 8, (one, other)


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("background", [LIGHT, DARK])
def test_the_colour_stands_out(shape, background):
    assert contrast(art.COLOURS[shape], background) >= CONTRAST


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shape", [Shape.CALM, Shape.TIGHT])
def test_straight_edges_are_whole_pixels(shape, size):
    """The row through the middle holds no half-covered pixel."""
    middle = art.mask(shape, size).crop((0, size // 2, size, size // 2 + 1))
    assert set(middle.tobytes()) <= {0, 255}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shape", Shape)
def test_a_shape_fills_its_square(shape, size):
    left, top, right, bottom = art.mask(shape, size).getbbox()
    assert bottom - top >= 0.7 * size
    assert right - left >= 0.4 * size


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shape", [Shape.CALM, Shape.TIGHT])
def test_the_mark_of_a_working_model_can_be_seen_and_leaves_the_shape_readable(shape, size):
    """It changes its corner, and nothing else."""
    difference = ImageChops.difference(art.mask(shape, size), art.mask(shape, size, works=True))
    assert ImageStat.Stat(difference).mean[0] > 255 / 30
    left, top, _, _ = difference.getbbox()
    assert min(left, top) >= size * 0.43


def test_a_template_is_black_with_the_same_outline():
    template, coloured = art.draw(Shape.CALM, 36, template=True), art.draw(Shape.CALM, 36)
    assert template.getpixel((18, 18)) == (0, 0, 0, 255)
    assert template.getchannel("A").tobytes() == coloured.getchannel("A").tobytes()


@pytest.mark.parametrize("shape", Shape)
def test_every_frame_is_transparent_around_the_shape(shape):
    assert isinstance(art.draw(shape, 22), Image.Image)
    assert art.draw(shape, 22).getpixel((0, 0))[3] == 0
