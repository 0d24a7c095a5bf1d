//! The functions that write and read a type.

use super::{Codec, Direction};
use crate::model::{Constant, Content, Definition, Kind, Member, Value};
use crate::text::Text;

impl Codec<'_> {
    /// Writes the functions of a type.
    pub fn functions(
        &self,
        text: &mut Text,
        definition: &Definition,
        is_static: bool,
        directions: &[Direction],
    ) {
        let keyword = if is_static { "static " } else { "" };
        if let Kind::View(item) = &definition.kind {
            // Programs call it, too.
            self.next_function(text, definition, item);
        }
        for direction in directions {
            let (head, parameters) = self.signature(definition, *direction);
            text.function(
                &format!("{keyword}{head}"),
                &parameters,
                |text| match direction {
                    Direction::Write => self.write_parts(text, definition),
                    Direction::Read => self.read_parts(text, definition),
                },
            );
        }
    }

    fn next_function(&self, text: &mut Text, definition: &Definition, item: &Value) {
        let (head, parameters) = self.next_signature(definition);
        text.function(&head, &parameters, |text| {
            let is_empty = self.service.is_empty(item);
            let has_none = match is_empty {
                true => "if (list->count == 0u) {",
                false => "if (list->count == 0u || !srpc_reader_good(&list->encoded)) {",
            };
            text.block(has_none, |text| text.line("return false;"), "}");
            text.line("list->count--;");
            if !is_empty {
                text.block(
                    "if (list->items != NULL) {",
                    |text| {
                        text.line("*item = *list->items;");
                        text.line("list->items++;");
                        text.line("return true;");
                    },
                    "}",
                );
                self.read(text, "&list->encoded", item, "*item");
                text.line("return srpc_reader_good(&list->encoded);");
            } else {
                text.line("return true;");
            }
        });
    }

    fn write_parts(&self, text: &mut Text, definition: &Definition) {
        match &definition.kind {
            Kind::Alias(_) | Kind::Enum(_) => {}
            Kind::Struct(members) => self.write_members(text, members, "value->"),
            Kind::Option(inner) => {
                text.line("srpc_write_bool(writer, value->is_some);");
                if !matches!(inner, Value::Empty) {
                    text.block(
                        "if (value->is_some) {",
                        |text| self.write(text, "writer", inner, "value->value"),
                        "}",
                    );
                }
            }
            Kind::Result(value, error) => {
                text.line("srpc_write_bool(writer, value->is_error);");
                self.sides(text, value, error, |text, value, expression| {
                    self.write(text, "writer", value, expression);
                });
            }
            Kind::Array(item, count) => {
                text.line("uint32_t at;");
                text.block(
                    format!("for (at = 0; at < {count}u; at++) {{"),
                    |text| self.write(text, "writer", item, "value->items[at]"),
                    "}",
                );
            }
            Kind::List { item, most, .. } => {
                if !self.service.is_empty(item) {
                    text.line("uint32_t at;");
                }
                text.block(
                    format!("if (value->count > {most}) {{"),
                    |text| {
                        text.line("srpc_writer_fail(writer);");
                        text.line("return;");
                    },
                    "}",
                );
                text.line("srpc_write_u32(writer, value->count);");
                if !self.service.is_empty(item) {
                    text.block(
                        "for (at = 0; at < value->count; at++) {",
                        |text| self.write(text, "writer", item, "value->items[at]"),
                        "}",
                    );
                }
            }
            Kind::View(item) => {
                if self.service.is_empty(item) {
                    text.line("srpc_write_u32(writer, value->count);");
                    return;
                }
                text.format(format_args!("{} rest = *value;", definition.name));
                text.format(format_args!("{} item;", self.service.c_type(item)));
                text.line("srpc_write_u32(writer, rest.count);");
                text.block(
                    format!(
                        "while (srpc_writer_fits(writer) && {}(&rest, &item)) {{",
                        self.next(definition)
                    ),
                    |text| self.write(text, "writer", item, "item"),
                    "}",
                );
                text.block(
                    "if (rest.count > 0u) {",
                    |text| text.line("srpc_writer_fail(writer);"),
                    "}",
                );
            }
            Kind::Tagged {
                constants,
                contents,
                ..
            } => {
                text.line("srpc_write_u32(writer, (uint32_t)value->tag);");
                self.switch(text, constants, contents, Direction::Write);
            }
        }
    }

    /// Writes code for the content of each variant. Those without one share their code.
    fn switch(
        &self,
        text: &mut Text,
        constants: &[Constant],
        contents: &[Content],
        direction: Direction,
    ) {
        text.line("switch (value->tag) {");
        let variants = || constants.iter().zip(contents);
        for (constant, content) in variants() {
            let (name, parts) = match content {
                Content::Nothing(_) => continue,
                Content::One(name, value) => (name, Err(value)),
                Content::Parts(name, parts) => (name, Ok(parts)),
            };
            text.format(format_args!("case {}:", constant.name));
            text.indented(|text| {
                let of = format!("value->as.{name}");
                match (direction, parts) {
                    (Direction::Write, Ok(parts)) => {
                        self.write_members(text, parts, &format!("{of}."));
                    }
                    (Direction::Write, Err(value)) => self.write(text, "writer", value, &of),
                    (Direction::Read, Ok(parts)) => {
                        self.read_members(text, parts, &format!("{of}."));
                    }
                    (Direction::Read, Err(value)) => self.read(text, "reader", value, &of),
                }
                text.line("break;");
            });
        }
        let cases = |text: &mut Text, content: &Value| {
            let mut count = 0;
            for (constant, other) in variants() {
                if matches!(other, Content::Nothing(other) if other == content) {
                    text.format(format_args!("case {}:", constant.name));
                    count += 1;
                }
            }
            count > 0
        };
        match direction {
            Direction::Write => {
                if cases(text, &Value::Empty) {
                    text.indented(|text| text.line("break;"));
                }
                cases(text, &Value::Never);
                text.line("default:");
                text.indented(|text| text.line("srpc_writer_fail(writer);"));
            }
            Direction::Read => {
                if cases(text, &Value::Never) {
                    text.indented(|text| {
                        text.line("srpc_reader_fail(reader);");
                        text.line("break;");
                    });
                }
                cases(text, &Value::Empty);
                text.line("default:");
            }
        }
        text.indented(|text| text.line("break;"));
        text.line("}");
    }

    fn write_members(&self, text: &mut Text, members: &[Member], of: &str) {
        for member in members {
            self.write(
                text,
                "writer",
                &member.value,
                &format!("{of}{}", member.name),
            );
        }
    }

    /// Writes code for the two sides of a `Result`.
    fn sides(
        &self,
        text: &mut Text,
        value: &Value,
        error: &Value,
        write: impl Fn(&mut Text, &Value, &str),
    ) {
        let is_nothing = |value: &Value| matches!(self.service.resolved(value), Value::Empty);
        match (is_nothing(value), is_nothing(error)) {
            (true, true) => {}
            (true, false) => {
                text.block(
                    "if (value->is_error) {",
                    |text| write(text, error, "value->as.error"),
                    "}",
                );
            }
            (false, true) => {
                text.block(
                    "if (!value->is_error) {",
                    |text| write(text, value, "value->as.value"),
                    "}",
                );
            }
            (false, false) => {
                text.block(
                    "if (value->is_error) {",
                    |text| write(text, error, "value->as.error"),
                    "} else {",
                );
                text.indented(|text| write(text, value, "value->as.value"));
                text.line("}");
            }
        }
    }

    fn read_parts(&self, text: &mut Text, definition: &Definition) {
        match &definition.kind {
            Kind::Alias(_) | Kind::Enum(_) => {}
            Kind::Struct(members) => self.read_members(text, members, "value->"),
            Kind::Option(inner) => {
                text.line("value->is_some = srpc_read_bool(reader);");
                if !matches!(inner, Value::Empty) {
                    text.block(
                        "if (value->is_some) {",
                        |text| self.read(text, "reader", inner, "value->value"),
                        "}",
                    );
                }
            }
            Kind::Result(value, error) => {
                text.line("value->is_error = srpc_read_variant(reader, 2u) == 1u;");
                self.sides(text, value, error, |text, value, expression| {
                    self.read(text, "reader", value, expression);
                });
            }
            Kind::Array(item, count) => {
                text.line("uint32_t at;");
                text.block(
                    format!("for (at = 0; at < {count}u; at++) {{"),
                    |text| self.read(text, "reader", item, "value->items[at]"),
                    "}",
                );
            }
            Kind::List { item, most, .. } => {
                let is_empty = self.service.is_empty(item);
                if !is_empty {
                    text.line("uint32_t at;");
                }
                text.format(format_args!(
                    "value->count = srpc_read_length(reader, {most});"
                ));
                if !is_empty {
                    text.block(
                        "for (at = 0; at < value->count; at++) {",
                        |text| self.read(text, "reader", item, "value->items[at]"),
                        "}",
                    );
                }
            }
            Kind::View(item) => {
                text.line("value->count = srpc_read_length(reader, UINT32_MAX);");
                if self.service.is_empty(item) {
                    return;
                }
                text.line("value->items = NULL;");
                text.line("value->encoded = *reader;");
                text.block(
                    "{",
                    |text| {
                        text.format(format_args!("{} rest = *value;", definition.name));
                        text.format(format_args!("{} item;", self.service.c_type(item)));
                        text.block(
                            format!("while ({}(&rest, &item)) {{", self.next(definition)),
                            |_| {},
                            "}",
                        );
                        text.line("*reader = rest.encoded;");
                    },
                    "}",
                );
            }
            Kind::Tagged {
                tag,
                constants,
                contents,
            } => {
                let count = constants.len();
                text.format(format_args!(
                    "value->tag = ({tag})srpc_read_variant(reader, {count}u);"
                ));
                self.switch(text, constants, contents, Direction::Read);
            }
        }
    }

    fn read_members(&self, text: &mut Text, members: &[Member], of: &str) {
        for member in members {
            self.read(
                text,
                "reader",
                &member.value,
                &format!("{of}{}", member.name),
            );
        }
    }
}
