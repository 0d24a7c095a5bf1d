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
        let created = File::create(file)
            .map_err(|error| Failure::new(Class::Usage, format!("cannot write {name}: {error}")))?;
        let mut recording = Self {
            name,
            writer: Writer::from_writer(created),
            columns: columns.to_vec(),
        };
        let names = columns.iter().map(|column| column.name.clone());
        recording.write(["time".to_owned()].into_iter().chain(names).collect())?;
        Ok(recording)
    }

    /// Adds a row, which is in the file when this returns.
    pub fn add(&mut self, now: &Moment, value: &Value) -> Result<(), Failure> {
        let cells = self.columns.iter().map(|column| column.text(value));
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
