//! Curves between two axes, as lines of text: the dots of Braille patterns.

use crossterm::style::{Color, Stylize};

/// A line through points.
pub struct Curve<'p> {
    pub colour: Color,
    pub points: &'p [(f64, f64)],
}

/// The range of an axis, and what stands at its start, its middle and its end.
pub struct Axis {
    pub bounds: [f64; 2],
    pub labels: [String; 3],
}

/// Draws the curves on that many columns and rows, the labels of both axes among them.
pub fn draw(curves: &[Curve<'_>], x: &Axis, y: &Axis, columns: usize, rows: usize) -> Vec<String> {
    let Some(below) = rows.checked_sub(2).filter(|rows| *rows > 0) else {
        return vec![String::new(); rows];
    };
    let widest = y.labels.iter().map(String::len).max().unwrap_or_default();
    // On a narrow screen the curves are worth more than the numbers beside them.
    let margin = if 2 * widest < columns { widest } else { 0 };
    let width = columns.saturating_sub(margin + 1);
    let mut canvas = Canvas::new(width, below);
    for curve in curves {
        let dots = curve.points.iter().map(|&(at, number)| {
            let [right, down] = canvas.last_dot();
            let place = |fraction: f64, last: usize| (fraction * last as f64).round() as usize;
            [
                place(fraction(at, x.bounds), right),
                place(1.0 - fraction(number, y.bounds), down),
            ]
        });
        let dots: Vec<_> = dots.collect();
        if let [only] = dots[..] {
            canvas.line(only, only, curve.colour);
        }
        for ends in dots.windows(2) {
            canvas.line(ends[0], ends[1], curve.colour);
        }
    }
    let label = |row| match row {
        _ if margin == 0 => "",
        0 => &*y.labels[2],
        _ if row == below - 1 => &*y.labels[0],
        _ if row == below / 2 => &*y.labels[1],
        _ => "",
    };
    let lines = (0..below).map(|row| format!("{:>margin$}│{}", label(row), canvas.row(row)));
    let axis = format!("{:margin$}└{}", "", "─".repeat(width));
    let numbers = spread(&x.labels, columns.saturating_sub(margin));
    let numbers = format!("{:margin$}{numbers}", "");
    lines.chain([axis, numbers]).collect()
}

/// How far a number is on the way from the least to the most, also where their difference is no number.
fn fraction(number: f64, [least, most]: [f64; 2]) -> f64 {
    ((number / 2.0 - least / 2.0) / (most / 2.0 - least / 2.0)).clamp(0.0, 1.0)
}

/// The labels at the start, in the middle and at the end of a line, as far as they have room.
fn spread([start, middle, end]: &[String; 3], width: usize) -> String {
    let Some(room) = width.checked_sub(start.len() + end.len()) else {
        return String::new();
    };
    // With a space on either side.
    let middle = if middle.len() + 2 <= room { middle } else { "" };
    format!("{start}{middle:^room$}{end}")
}

/// Dots, two by four in the place of each character.
struct Canvas {
    width: usize,
    height: usize,
    /// The dots of each character, and its colour.
    cells: Vec<(u8, Color)>,
}

impl Canvas {
    /// The bits of a character's dots, by column and row.
    const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

    fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            cells: vec![(0, Color::Reset); width * height],
        }
    }

    /// The place of the dot that is farthest to the right and down.
    fn last_dot(&self) -> [usize; 2] {
        [(2 * self.width).saturating_sub(1), 4 * self.height - 1]
    }

    fn line(&mut self, from: [usize; 2], to: [usize; 2], colour: Color) {
        let steps = from[0].abs_diff(to[0]).max(from[1].abs_diff(to[1])).max(1);
        for step in 0..=steps {
            let [x, y] = [0, 1].map(|axis| {
                // Rounded to the nearest dot.
                (from[axis] * (steps - step) + to[axis] * step + steps / 2) / steps
            });
            let place = y / 4 * self.width + x / 2;
            if let Some(cell) = self.cells.get_mut(place) {
                *cell = (cell.0 | Self::BITS[x % 2][y % 4], colour);
            }
        }
    }

    fn row(&self, row: usize) -> String {
        let cells = self.cells.iter().skip(row * self.width).take(self.width);
        let text = cells.map(|&(dots, colour)| match dots {
            0 => " ".to_owned(),
            _ => char::from_u32(0x2800 + u32::from(dots))
                .unwrap_or(' ')
                .with(colour)
                .to_string(),
        });
        text.collect()
    }
}
