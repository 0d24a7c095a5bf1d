//! Code that writes and reads values.

mod functions;

use crate::model::{Content, Definition, Kind, Pass, Service, Value};
use crate::text::Text;
use std::collections::BTreeSet;

/// Writes the codecs of a service's types. Those for the device and those for callers are named differently, so that a
/// program may have both.
pub struct Codec<'i> {
    pub service: &'i Service,
    pub role: Role,
}

/// The end that code is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Device,
    Client,
}

/// The two directions of a codec.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Write,
    Read,
}

/// Returns the address of what an expression stands for.
pub fn address(expression: &str) -> String {
    match expression.strip_prefix('*') {
        Some(pointer) => pointer.to_owned(),
        None => format!("&{expression}"),
    }
}

impl Codec<'_> {
    /// Returns the name of the function for a type.
    fn function<'d>(&self, definition: &'d Definition, direction: Direction) -> &'d str {
        let functions = &definition.functions[self.role as usize];
        match direction {
            Direction::Write => &functions.write,
            Direction::Read => &functions.read,
        }
    }

    /// Returns the name of the function that takes the next element of a list that lies elsewhere.
    fn next<'d>(&self, definition: &'d Definition) -> &'d str {
        &definition.functions[self.role as usize].next
    }

    /// Returns the head and parameters of a type's function.
    pub fn signature(
        &self,
        definition: &Definition,
        direction: Direction,
    ) -> (String, Vec<String>) {
        let head = format!("void {}(", self.function(definition, direction));
        let name = &definition.name;
        let parameters = match direction {
            Direction::Write => [
                "srpc_writer *writer".to_string(),
                format!("const {name} *value"),
            ],
            Direction::Read => ["srpc_reader *reader".to_string(), format!("{name} *value")],
        };
        (head, parameters.to_vec())
    }

    /// Returns the head and parameters of the function that takes the next element.
    pub fn next_signature(&self, definition: &Definition) -> (String, Vec<String>) {
        let mut parameters = vec![format!("{} *list", definition.name)];
        if let Kind::View(item) = &definition.kind
            && !self.service.is_empty(item)
        {
            parameters.push(format!("{} *item", self.service.c_type(item)));
        }
        (format!("bool {}(", self.next(definition)), parameters)
    }

    /// Returns true if a type has functions of its own.
    pub fn has_functions(definition: &Definition) -> bool {
        !matches!(definition.kind, Kind::Alias(_) | Kind::Enum(_))
    }

    /// Returns true if a value is looked at before it is written.
    pub fn is_limited(&self, value: &Value) -> bool {
        let value = self.service.resolved(value);
        matches!(value, Value::Text(Some(_)) | Value::Bytes(Some(_)))
    }

    /// Adds the types whose functions a value needs in that direction.
    pub fn need(&self, value: &Value, direction: Direction, needed: &mut Needed) {
        let value = self.service.resolved(value);
        let (Value::Defined(index), Some(definition)) = (value, self.service.defined(value)) else {
            return;
        };
        if !needed.insert((*index, direction == Direction::Read)) {
            return;
        }
        let mut inner = |value: &Value| self.need(value, direction, needed);
        match &definition.kind {
            Kind::Alias(value) | Kind::Option(value) | Kind::Array(value, _) => inner(value),
            Kind::List { item, .. } => inner(item),
            Kind::Enum(_) => {}
            Kind::Struct(members) => members.iter().for_each(|member| inner(&member.value)),
            Kind::Tagged { contents, .. } => {
                for content in contents {
                    match content {
                        Content::Nothing(_) => {}
                        Content::One(_, value) => inner(value),
                        Content::Parts(_, parts) => {
                            parts.iter().for_each(|part| inner(&part.value));
                        }
                    }
                }
            }
            Kind::Result(value, error) => {
                inner(value);
                inner(error);
            }
            // The next is read whether it is to be written or not.
            Kind::View(item) => {
                inner(item);
                self.need(item, Direction::Read, needed);
            }
        }
    }

    /// Writes code that writes a value with a writer.
    pub fn write(&self, text: &mut Text, writer: &str, value: &Value, expression: &str) {
        match self.service.resolved(value) {
            Value::Empty => {}
            Value::Never => text.format(format_args!("srpc_writer_fail({writer});")),
            Value::Scalar(scalar) => {
                text.format(format_args!(
                    "srpc_write_{}({writer}, {expression});",
                    scalar.codec
                ));
            }
            Value::Text(most) => self.write_limited(text, writer, "string", *most, expression),
            Value::Bytes(most) => self.write_limited(text, writer, "bytes", *most, expression),
            value @ Value::Defined(_) => match self.service.defined(value) {
                Some(definition) if Self::has_functions(definition) => {
                    let function = self.function(definition, Direction::Write);
                    text.format(format_args!(
                        "{function}({writer}, {});",
                        address(expression)
                    ));
                }
                _ => text.format(format_args!(
                    "srpc_write_u32({writer}, (uint32_t){expression});"
                )),
            },
        }
    }

    fn write_limited(
        &self,
        text: &mut Text,
        writer: &str,
        what: &str,
        most: Option<u32>,
        expression: &str,
    ) {
        if let Some(most) = most {
            let length = match expression.strip_prefix('*') {
                Some(pointer) => format!("{pointer}->length"),
                None => format!("{expression}.length"),
            };
            let fail = format!("srpc_writer_fail({writer});");
            text.block(
                format!("if ({length} > {most}u) {{"),
                |text| text.line(fail),
                "}",
            );
        }
        text.format(format_args!("srpc_write_{what}({writer}, {expression});"));
    }

    /// Writes code that reads a value with a reader, to where an expression stands for.
    pub fn read(&self, text: &mut Text, reader: &str, value: &Value, expression: &str) {
        match self.read_call(reader, value) {
            Some(call) => text.format(format_args!("{expression} = {call};")),
            None => match self.service.resolved(value) {
                Value::Never => text.format(format_args!("srpc_reader_fail({reader});")),
                value => {
                    if let Some(definition) = self.service.defined(value) {
                        let function = self.function(definition, Direction::Read);
                        text.format(format_args!(
                            "{function}({reader}, {});",
                            address(expression)
                        ));
                    }
                }
            },
        }
    }

    /// Returns the expression that reads a value which is read by one.
    pub fn read_call(&self, reader: &str, value: &Value) -> Option<String> {
        let most = |most: &Option<u32>| match most {
            Some(most) => format!("{most}u"),
            None => "UINT32_MAX".to_owned(),
        };
        match self.service.resolved(value) {
            Value::Empty | Value::Never => None,
            Value::Scalar(scalar) => Some(format!("srpc_read_{}({reader})", scalar.codec)),
            Value::Text(limit) => Some(format!("srpc_read_string({reader}, {})", most(limit))),
            Value::Bytes(limit) => Some(format!("srpc_read_bytes({reader}, {})", most(limit))),
            value @ Value::Defined(_) => {
                let definition = self.service.defined(value)?;
                match &definition.kind {
                    Kind::Enum(constants) => {
                        let count = constants.len();
                        let name = &definition.name;
                        Some(format!("({name})srpc_read_variant({reader}, {count}u)"))
                    }
                    _ => None,
                }
            }
        }
    }

    /// Writes code that writes an argument of that name.
    pub fn write_argument(&self, text: &mut Text, writer: &str, name: &str, pass: &Pass) {
        match pass {
            Pass::Nothing(value) | Pass::Value(value) => self.write(text, writer, value, name),
            Pass::Reference(value) => self.write(text, writer, value, &format!("*{name}")),
            Pass::List {
                item, count, most, ..
            } => {
                let fail = format!("srpc_writer_fail({writer});");
                text.block(
                    format!("if ({count} > {most}) {{"),
                    |text| text.line(fail),
                    "}",
                );
                text.format(format_args!("srpc_write_u32({writer}, {count});"));
                if !self.service.is_empty(item) {
                    text.block(
                        format!("for (at = 0; at < {count}; at++) {{"),
                        |text| self.write(text, writer, item, &format!("{name}[at]")),
                        "}",
                    );
                }
            }
            Pass::Items { .. } => {}
        }
    }
}

/// The positions of definitions whose functions are needed, and true for those that read.
pub type Needed = BTreeSet<(usize, bool)>;
