//! Draws measurements as SVG: text remains text, on a white ground, so that they can be read on any
//! page.

use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::error::Error;
use std::ops::Range;
use std::path::Path;
use tests::prose;

/// Colours that colour-blind people can distinguish too (Okabe and Ito).
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(120, 120, 120),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(240, 228, 66),
];

const WIDTH: u32 = 840;
const MARGIN: i32 = 16;
const FONT: &str = "sans-serif";
const TITLE: u32 = 24;
const TEXT: u32 = 17;
/// The height of a line of text.
const LINE: i32 = 22;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn Error>>;

/// The stroke of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// Without gaps.
    Solid,
    /// With gaps.
    Dashed,
    /// With more gap than line.
    Dotted,
}

impl Stroke {
    /// Returns the length of a piece and of the gap after it.
    const fn pieces(self) -> (i32, i32) {
        match self {
            Self::Solid => (8, 0),
            Self::Dashed => (8, 5),
            Self::Dotted => (2, 4),
        }
    }
}

/// A line through measured points.
pub struct Line {
    /// The text in the legend.
    pub name: String,
    /// Its colour, the same for lines that belong together.
    pub colour: usize,
    /// Its stroke, likewise.
    pub stroke: Stroke,
    /// The points, from left to right.
    pub points: Vec<(f64, f64)>,
}

/// The text above the picture and along the axes.
pub struct Axes {
    /// The title of the picture.
    pub title: &'static str,
    /// The quantity to the right, with its unit.
    pub x: &'static str,
    /// The quantity upwards, with its unit.
    pub y: &'static str,
}

/// Draws lines over a linear scale that starts at zero.
///
/// # Errors
/// Fails if the file cannot be written.
pub fn lines(path: &Path, axes: &Axes, lines: &[Line]) -> Drawn {
    draw_lines(path, axes, lines, 0.0..extent(lines).end)
}

/// Draws lines over a logarithmic scale.
///
/// # Errors
/// Fails if the file cannot be written.
pub fn lines_over_decades(path: &Path, axes: &Axes, lines: &[Line]) -> Drawn {
    draw_lines(path, axes, lines, extent(lines).log_scale())
}

/// Returns the range from the leftmost point to the rightmost.
fn extent(lines: &[Line]) -> Range<f64> {
    let along = || lines.iter().flat_map(|line| &line.points).map(|(x, _)| *x);
    along().fold(f64::INFINITY, f64::min)..along().fold(0.0, f64::max)
}

fn draw_lines<X: AsRangedCoord<Value = f64>>(
    path: &Path,
    axes: &Axes,
    lines: &[Line],
    x: X,
) -> Drawn
where
    X::CoordDescType: ValueFormatter<f64>,
{
    let legend_height = (lines.len().div_ceil(2) as i32 * LINE + MARGIN) as u32;
    let area = SVGBackend::new(path, (WIDTH, 460 + legend_height)).into_drawing_area();
    area.fill(&WHITE)?;
    let (above, below) = area.split_vertically(460);
    let heights = lines.iter().flat_map(|line| &line.points).map(|(_, y)| *y);
    // A little room above the highest point.
    let top = heights.fold(0.0, f64::max) * 1.05;
    let mut chart = ChartBuilder::on(&above)
        .caption(axes.title, (FONT, TITLE))
        .margin(MARGIN)
        .x_label_area_size(48)
        .y_label_area_size(72)
        .build_cartesian_2d(x, 0.0..top)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc(axes.x)
        .y_desc(axes.y)
        .x_label_formatter(&|value| grouped(*value))
        .y_label_formatter(&|value| grouped(*value))
        .label_style((FONT, TEXT))
        .axis_desc_style((FONT, TEXT))
        .draw()?;
    for line in lines {
        let colour = colour(line.colour);
        let style = colour.stroke_width(2);
        let points = line.points.iter().copied();
        if line.stroke == Stroke::Solid {
            chart.draw_series(LineSeries::new(points, style))?;
        } else {
            let (piece, gap) = line.stroke.pieces();
            chart.draw_series(DashedLineSeries::new(points, piece, gap, style))?;
        }
        let points = line.points.iter();
        chart.draw_series(points.map(|&point| Circle::new(point, 3, colour.filled())))?;
    }
    draw_legend(&below, lines)?;
    Ok(area.present()?)
}

/// Draws a legend below a picture, in two columns.
fn draw_legend(area: &Area<'_>, lines: &[Line]) -> Drawn {
    const SAMPLE: i32 = 34;
    let rows = lines.len().div_ceil(2);
    for (index, line) in lines.iter().enumerate() {
        let column = (index / rows) as i32;
        let x = 72 + column * (WIDTH as i32 - 72) / 2;
        let y = (index % rows) as i32 * LINE + LINE / 2;
        let colour = colour(line.colour);
        let (piece, gap) = line.stroke.pieces();
        for from in (x..x + SAMPLE).step_by((piece + gap) as usize) {
            let to = (from + piece).min(x + SAMPLE);
            area.draw(&PathElement::new(
                [(from, y), (to, y)],
                colour.stroke_width(2),
            ))?;
        }
        area.draw(&Circle::new((x + SAMPLE / 2, y), 3, colour.filled()))?;
        write(area, &line.name, (x + SAMPLE + 8, y), HPos::Left, TEXT)?;
    }
    Ok(())
}

/// Numbers of one kind, side by side.
pub struct Panel {
    /// The quantity, with its unit.
    pub title: String,
    /// The names and the numbers.
    pub bars: Vec<(String, f64)>,
}

/// Draws numbers as bars, every panel on a scale of its own that starts at zero.
///
/// # Errors
/// Fails if the file cannot be written.
pub fn bars(path: &Path, title: &str, panels: &[Panel]) -> Drawn {
    /// The start of the bars, and the length of the longest.
    const LEFT: i32 = 270;
    const LONGEST: f64 = 460.0;
    let rows = |panel: &Panel| panel.bars.len() as i32 + 2;
    let height = panels.iter().map(rows).sum::<i32>() * LINE + 3 * MARGIN;
    let area = SVGBackend::new(path, (WIDTH, height as u32)).into_drawing_area();
    area.fill(&WHITE)?;
    write(&area, title, (MARGIN, MARGIN + LINE / 2), HPos::Left, TITLE)?;
    let mut y = 3 * MARGIN;
    for Panel { title, bars } in panels {
        y += LINE;
        write(&area, title, (LEFT, y), HPos::Left, TEXT)?;
        let greatest = bars.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        for (index, (name, value)) in bars.iter().enumerate() {
            y += LINE;
            write(&area, name, (LEFT - 8, y), HPos::Right, TEXT)?;
            let right = LEFT + (value / greatest * LONGEST) as i32;
            let corners = [(LEFT, y - LINE / 2 + 3), (right, y + LINE / 2 - 3)];
            area.draw(&Rectangle::new(corners, colour(index).filled()))?;
            write(&area, &grouped(*value), (right + 6, y), HPos::Left, TEXT)?;
        }
        y += LINE;
    }
    Ok(area.present()?)
}

fn colour(index: usize) -> RGBColor {
    COLOURS[index % COLOURS.len()]
}

/// Writes text whose middle line is at that height.
fn write(area: &Area<'_>, text: &str, at: (i32, i32), side: HPos, size: u32) -> Drawn {
    let style = (FONT, size)
        .into_text_style(area)
        .color(&BLACK)
        .pos(Pos::new(side, VPos::Center));
    Ok(area.draw(&Text::new(text, at, style))?)
}

/// Writes a number: thousands apart, and decimals only for small ones that have some.
fn grouped(value: f64) -> String {
    if value < 10.0 && value.fract() != 0.0 {
        return format!("{value:.1}");
    }
    prose::grouped(format_args!("{value:.0}"))
}
