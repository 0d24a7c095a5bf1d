//! A table that grows as values come.

use crate::columns::Column;
use serde_json::Value;
use serial_rpc::safe;

/// The initial width of a column.
const NARROW: usize = 8;

/// The columns, and their current widths.
pub struct Table {
    columns: Vec<Column>,
    widths: Vec<usize>,
    has_heading: bool,
}

impl Table {
    /// Creates a table without rows.
    pub fn new(columns: Vec<Column>) -> Self {
        Self {
            widths: vec![NARROW; columns.len() + 1],
            columns,
            has_heading: false,
        }
    }

    /// Returns the line of a value, with the heading before the first.
    pub fn row(&mut self, time: Option<String>, value: &Value) -> String {
        let mut names = Vec::new();
        let mut cells = Vec::new();
        if let Some(time) = time {
            names.push("time".to_owned());
            cells.push(time);
        }
        for column in &self.columns {
            names.push(column.name.clone());
            cells.push(safe::line(&column.text(value)));
        }
        let mut text = String::new();
        if !std::mem::replace(&mut self.has_heading, true) {
            for (width, cell) in self.widths.iter_mut().zip(&cells) {
                *width = cell.chars().count().max(*width);
            }
            text = format!("\x1b[1m{}\x1b[0m\n", self.line(&names));
        }
        text + &self.line(&cells)
    }

    fn line(&mut self, cells: &[String]) -> String {
        let mut line = String::new();
        for (width, cell) in self.widths.iter_mut().zip(cells) {
            *width = cell.chars().count().max(*width);
            line += &format!("{cell:<0$}  ", *width);
        }
        line.truncate(line.trim_end().len());
        line
    }
}
