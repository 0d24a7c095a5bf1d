//! Records watched values in a CSV file.

use crate::columns::Column;
use crate::failure::{Class, Failure};
use crate::timestamps::Moment;
use csv::Writer;
use serde_json::Value;
use std::fs::File;
use std::path::Path;

/// A file with a row for each value.
pub struct Recording {
    name: String,
    writer: Writer<File>,
    columns: Vec<Column>,
}

impl Recording {
    /// Creates a file with the names of the columns.
    pub fn begin(file: &Path, columns: &[Column]) -> Result<Self, Failure> {
        let name = file.display().to_string();
        let created = File::create(file).map_err(|error| Failure::unwritable(&name, error))?;
        let mut recording = Self {
            name,
            writer: Writer::from_writer(created),
            columns: columns.to_vec(),
        };
        let names = columns.iter().map(|column| as_text(column.name.clone()));
        recording.write(["time".to_owned()].into_iter().chain(names).collect())?;
        Ok(recording)
    }

    /// Adds a row, which is in the file when this returns.
    pub fn add(&mut self, now: &Moment, value: &Value) -> Result<(), Failure> {
        let cells = self.columns.iter().map(|column| match column.is_number {
            true => column.text(value),
            false => as_text(column.text(value)),
        });
        let row = [now.iso()].into_iter().chain(cells).collect();
        self.write(row)
    }

    fn write(&mut self, row: Vec<String>) -> Result<(), Failure> {
        let written = self.writer.write_record(row).map_err(std::io::Error::from);
        written.and_then(|()| self.writer.flush()).map_err(|error| {
            let name = &self.name;
            Failure::new(Class::Internal, format!("cannot write {name}: {error}"))
        })
    }
}

/// Marks text that a spreadsheet would run as a formula: it takes `'` for a sign that text follows.
fn as_text(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{cell}")
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns;
    use serde_json::json;
    use serial_rpc::description::{Argument, IntegerType, Procedure, ProcedureKind, Shape, Type};

    #[test]
    fn text_that_a_spreadsheet_would_run_is_marked_and_numbers_are_not() {
        let argument = |name: &str, ty: Type| Argument {
            name: name.into(),
            ty,
        };
        let text = Type::new("String", Shape::String);
        let event = Procedure {
            number: 8,
            key: 0,
            path: "demo.said".into(),
            doc: String::new(),
            arguments: vec![
                argument("=text", text),
                argument("number", IntegerType::I128.into()),
            ],
            value: Type::new("()", Shape::Unit),
            error: None,
            kind: ProcedureKind::Event,
            idempotent: false,
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("said.csv");
        let mut recording = Recording::begin(&file, &columns::of(&event)).unwrap();
        let now = Moment::now();
        for text in ["=cmd|' /C calc'!A0", "@SUM(1)", "-1+2", "plain, =1"] {
            let value = json!({"=text": text, "number": -5});
            recording.add(&now, &value).unwrap();
        }
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_path(file)
            .unwrap();
        let rows = rows.records().map(|row| {
            let row = row.unwrap();
            format!("{} | {}", &row[1], &row[2])
        });
        assert_eq!(
            rows.collect::<Vec<_>>(),
            [
                "'=text | number",
                "'=cmd|' /C calc'!A0 | -5",
                "'@SUM(1) | -5",
                "'-1+2 | -5",
                "plain, =1 | -5",
            ]
        );
    }
}
