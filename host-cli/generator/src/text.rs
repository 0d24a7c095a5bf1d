//! Text of C: lines, comments and lists that fit the width of a page.

use serial_rpc_values::safe;
use std::fmt::{Arguments, Write};

/// The longest line.
const WIDTH: usize = 120;

/// Writes lines, with an indent.
#[derive(Default)]
pub struct Text {
    written: String,
    indent: usize,
}

impl Text {
    pub fn finish(self) -> String {
        self.written
    }

    /// Writes a line.
    pub fn line(&mut self, line: impl AsRef<str>) {
        let line = line.as_ref();
        if !line.is_empty() {
            self.written
                .extend(std::iter::repeat_n(' ', 4 * self.indent));
        }
        self.written.push_str(line);
        self.written.push('\n');
    }

    /// Writes an empty line.
    pub fn blank(&mut self) {
        self.line("");
    }

    /// Writes lines with a deeper indent.
    pub fn indented(&mut self, body: impl FnOnce(&mut Self)) {
        self.indent += 1;
        body(self);
        self.indent -= 1;
    }

    /// Writes a line, lines with a deeper indent, and a line.
    pub fn block(
        &mut self,
        head: impl AsRef<str>,
        body: impl FnOnce(&mut Self),
        tail: impl AsRef<str>,
    ) {
        self.line(head);
        self.indented(body);
        self.line(tail);
    }

    /// Returns an empty text with this one's indent.
    pub fn inner(&self) -> Self {
        Self {
            written: String::new(),
            indent: self.indent,
        }
    }

    /// Writes lines that are indented already.
    pub fn insert(&mut self, lines: &str) {
        self.written.push_str(lines);
    }

    /// Writes a function.
    pub fn function(&mut self, head: &str, parameters: &[String], body: impl FnOnce(&mut Self)) {
        self.list(head, &or_void(parameters), ")");
        self.block("{", body, "}");
        self.blank();
    }

    /// Writes a prototype.
    pub fn prototype(&mut self, head: &str, parameters: &[String]) {
        self.list(head, &or_void(parameters), ");");
    }

    /// Writes parts with commas between them, below one another if they are too long for a line.
    pub fn list(&mut self, head: &str, parts: &[String], tail: &str) {
        let room = WIDTH - 4 * self.indent;
        let mut line = head.to_owned();
        let aligned = " ".repeat(head.len().min(room / 2));
        let mut is_first = true;
        for (at, part) in parts.iter().enumerate() {
            let is_last = at + 1 == parts.len();
            let behind = if is_last { tail } else { "," };
            let space = usize::from(!is_first);
            if !is_first && line.len() + space + part.len() + behind.len() > room {
                self.line(&line);
                line.clone_from(&aligned);
                is_first = true;
            }
            if !is_first {
                line.push(' ');
            }
            line.push_str(part);
            line.push_str(if is_last { "" } else { "," });
            is_first = false;
        }
        line.push_str(tail);
        self.line(line);
    }

    /// Writes bytes, or other short things of one width, as many in a line as fit.
    pub fn table(&mut self, items: impl Iterator<Item = String>) {
        let mut line = String::new();
        for item in items {
            if line.len() + item.len() + 2 > WIDTH - 4 * self.indent {
                self.line(&line);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&item);
            line.push(',');
        }
        self.line(line);
    }

    /// Writes a comment, if there is anything to say. Nothing in it ends it.
    pub fn comment(&mut self, text: &str) {
        let mut lines = Vec::new();
        for line in harmless(text).trim().lines() {
            wrap(
                line.trim_end(),
                WIDTH - 4 * self.indent - " * ".len() - " */".len(),
                &mut lines,
            );
        }
        let Some((first, rest)) = lines.split_first() else {
            return;
        };
        let Some((last, between)) = rest.split_last() else {
            self.line(format!("/* {first} */"));
            return;
        };
        self.line(format!("/* {first}"));
        for line in between {
            self.line(format!(" * {line}").trim_end());
        }
        self.line(format!(" * {last} */"));
    }

    /// Writes a comment of those paragraphs that say anything.
    pub fn paragraphs(&mut self, paragraphs: &[&str]) {
        let said = paragraphs.iter().filter(|text| !text.trim().is_empty());
        self.comment(&said.copied().collect::<Vec<_>>().join("\n\n"));
    }

    /// Writes a formatted line.
    pub fn format(&mut self, arguments: Arguments<'_>) {
        let mut line = String::new();
        // Writing to a string cannot fail.
        let _ = line.write_fmt(arguments);
        self.line(line);
    }
}

fn or_void(parameters: &[String]) -> Vec<String> {
    match parameters {
        [] => vec!["void".to_owned()],
        parameters => parameters.to_vec(),
    }
}

/// Returns text in which nothing begins or ends a comment, or continues a line.
fn harmless(text: &str) -> String {
    let mut harmless = String::new();
    for character in safe::lines(text).replace('\t', "    ").chars() {
        let ends = matches!(
            (harmless.chars().next_back(), character),
            (Some('*'), '/') | (Some('/'), '*') | (Some('?'), '?') | (Some('\\'), '\n')
        );
        if ends {
            harmless.push(' ');
        }
        harmless.push(character);
    }
    harmless
}

/// Breaks a line between words.
fn wrap(line: &str, width: usize, lines: &mut Vec<String>) {
    let mut part = String::new();
    let mut length = 0;
    for word in line.split(' ') {
        let count = word.chars().count();
        if length > 0 && length + 1 + count > width {
            lines.push(std::mem::take(&mut part));
            length = 0;
        }
        if length > 0 {
            part.push(' ');
            length += 1;
        }
        part.push_str(word);
        length += count;
    }
    lines.push(part);
}
