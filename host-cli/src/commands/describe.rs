//! `serial-rpc describe`: explains a procedure, a service or a type.

use super::list::overview;
use crate::completer;
use crate::context::Context;
use crate::failure::{Class, Failure};
use crate::interface::Source;
use crate::output;
use crate::summary::summary;
use clap_complete::ArgValueCompleter;
use serde_json::{Value, json};
use serial_rpc::description::{Description, Item, Procedure, ProcedureKind, Shape, Type};
use serial_rpc::value::expectation;
use std::collections::BTreeMap;
use std::fmt::Display;

/// Explain a procedure, an event, a service or a type.
///
/// For a procedure: its documentation, arguments with types and ranges, value, errors, and a command
/// line to start from. For an event: its documentation and data, and how to watch it.
///
/// As JSON, a procedure or event is an object as in `list`, with "definitions" of its types by
/// their names and an "example" of its arguments, which an event does not have; a service is
/// "service", "doc" and "procedures"; a type is "type", "doc", "definition", "parts", the docs of its
/// fields or variants, and "procedures", the paths of those that use it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  serial-rpc describe calculator.div
  serial-rpc describe calculator
  serial-rpc describe MathError --cached")]
pub struct Describe {
    /// The path of a procedure or event, or the name of a service or a type.
    #[arg(add = ArgValueCompleter::new(completer::procedures_and_events))]
    name: String,

    #[command(flatten)]
    source: Source,
}

/// Prints the explanation of the named item.
pub fn run(context: &Context, describe: &Describe) -> Result<(), Failure> {
    let description = describe.source.description(context)?;
    let found = description.find(&describe.name).map_err(|error| {
        Failure::new(Class::Usage, error.to_string()).hint("`serial-rpc list` shows what there is")
    })?;
    if context.json {
        return output::print_json(&json(&description, found));
    }
    output::print_text(&match found {
        Item::Procedure(procedure) => about_procedure(context, procedure),
        Item::Service(service) => overview(service, &service.procedures),
        Item::Type(ty) => about_type(&description, ty),
    })
}

fn json(description: &Description, found: Item<'_>) -> Value {
    match found {
        Item::Procedure(procedure) => {
            let types = procedure.named_types().into_iter();
            let definitions = types.map(|ty| (ty.name.as_str(), ty.definition()));
            let example = match procedure.is_event() {
                true => Vec::new(),
                false => procedure.example(),
            };
            let mut json = summary(procedure);
            json["definitions"] = json!(definitions.collect::<BTreeMap<_, _>>());
            json["example"] = json!(example);
            json
        }
        Item::Service(service) => json!({
            "service": service.name,
            "doc": service.doc,
            "procedures": service.procedures.iter().map(summary).collect::<Vec<_>>(),
        }),
        Item::Type(ty) => json!({
            "type": ty.name,
            "doc": ty.doc,
            "definition": ty.definition(),
            "parts": documented_parts(ty).collect::<BTreeMap<_, _>>(),
            "procedures": users(description, ty),
        }),
    }
}

fn about_procedure(context: &Context, procedure: &Procedure) -> String {
    let (data, call) = match procedure.is_event() {
        true => ("Data", "Watch"),
        false => ("Arguments", "Call"),
    };
    let value = match procedure.kind.is_stream() {
        true => "Items",
        false => "Value",
    };
    let is_valued = procedure.kind.is_stream() || procedure.value.shape != Shape::Unit;
    // An error's variants are already shown.
    let mut types = procedure.named_types();
    types.retain(|ty| Some(*ty) != procedure.error.as_ref());
    [
        format!("\x1b[1m{}\x1b[0m", procedure.usage()),
        indented(procedure.doc.lines()),
        section(data, expected(procedure)),
        section(value, is_valued.then(|| procedure.value.to_string())),
        section("Error", procedure.error.iter().flat_map(about_error)),
        section("Types", types.into_iter().flat_map(defined)),
        section(call, how_to_call(context, procedure)),
    ]
    .concat()
}

/// Returns the arguments or the data, each with what is expected.
fn expected(procedure: &Procedure) -> impl Iterator<Item = String> {
    let arguments = procedure.arguments.iter();
    arguments.map(|argument| {
        let expected = match (procedure.kind, procedure.item()) {
            (ProcedureKind::Feed, Some(item)) if Some(argument) == procedure.arguments.last() => {
                format!("any number of {item}")
            }
            _ => expectation(&argument.ty),
        };
        format!("{}: {expected}", argument.name)
    })
}

fn about_error(error: &Type) -> Vec<String> {
    let Shape::Enum(variants) = &error.shape else {
        return defined(error);
    };
    let variants = variants.iter().flat_map(|variant| {
        let line = format!("{}::{variant}", error.name);
        [line].into_iter().chain(remark("", &variant.doc))
    });
    variants.collect()
}

/// Returns what to know before calling the procedure or watching the event, and a command to start from.
fn how_to_call(context: &Context, procedure: &Procedure) -> Vec<String> {
    let mut lines = vec![
        match (procedure.kind, procedure.idempotent) {
            (ProcedureKind::Event, _) => "the device sends it to its subscribers",
            (ProcedureKind::Stream | ProcedureKind::MovingStream, _) => {
                "a stream: its items are fetched as many at a time as fit"
            }
            (_, true) => "idempotent: calling it twice is the same as calling it once",
            (_, false) => "not idempotent: each call counts",
        }
        .to_owned(),
    ];
    if procedure.kind == ProcedureKind::Feed {
        let feed = "a feed: its items are sent as many at a time as fit; --items FILE reads them from a file";
        lines.push(feed.to_owned());
    }
    let (number, key) = (procedure.number, procedure.key);
    lines.push(format!("number {number}, key {key:#010x}"));
    lines.push(context.shown(&command_line(procedure)));
    lines
}

fn about_type(description: &Description, ty: &Type) -> String {
    let docs = indented(docs(ty));
    ty.definition() + &docs + &section("Used by", users(description, ty))
}

/// Returns the fields or variants of a type that have docs, with these.
fn documented_parts(ty: &Type) -> impl Iterator<Item = (&str, &str)> {
    let (fields, variants) = match &ty.shape {
        Shape::Struct(fields) => (fields.as_slice(), [].as_slice()),
        Shape::Enum(variants) => ([].as_slice(), variants.as_slice()),
        _ => Default::default(),
    };
    let fields = fields.iter().map(|field| (&*field.name, &*field.doc));
    let variants = variants
        .iter()
        .map(|variant| (&*variant.name, &*variant.doc));
    fields.chain(variants).filter(|(_, doc)| !doc.is_empty())
}

/// Returns the procedures and events whose signature mentions the type.
fn users<'a>(description: &'a Description, ty: &Type) -> Vec<&'a str> {
    description
        .procedures()
        .filter(|procedure| procedure.named_types().contains(&ty))
        .map(|procedure| procedure.path.as_str())
        .collect()
}

/// Returns a command to start from, as a shell takes it.
fn command_line(procedure: &Procedure) -> String {
    if procedure.is_event() {
        return format!("serial-rpc watch {}", quoted(&procedure.path));
    }
    let words = procedure.example().into_iter();
    words.fold(
        format!("serial-rpc call {}", quoted(&procedure.path)),
        |line, word| format!("{line} {}", quoted(&word)),
    )
}

/// Returns a word that every shell takes as it is.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.,:/@=+".contains(c);
    // Some shells replace `=word`.
    if !word.is_empty() && !word.starts_with('=') && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Returns the definition of a type and its docs.
fn defined(ty: &Type) -> Vec<String> {
    [ty.definition()].into_iter().chain(docs(ty)).collect()
}

fn docs(ty: &Type) -> impl Iterator<Item = String> {
    let parts = documented_parts(ty);
    let parts = parts.filter_map(|(name, doc)| remark(&format!("{name}: "), doc));
    remark("", &ty.doc).into_iter().chain(parts)
}

/// Returns the first paragraph, as it stands below what it is about.
fn remark(about: &str, doc: &str) -> Option<String> {
    let paragraph: Vec<&str> = doc.lines().take_while(|line| !line.is_empty()).collect();
    (!paragraph.is_empty()).then(|| format!("  {about}{}", paragraph.join(" ")))
}

/// Returns lines below a heading; nothing if there are none.
fn section(heading: &str, lines: impl IntoIterator<Item = impl Display>) -> String {
    match indented(lines) {
        lines if lines.is_empty() => lines,
        lines => format!("\n\n\x1b[4m{heading}\x1b[0m{lines}"),
    }
}

fn indented(lines: impl IntoIterator<Item = impl Display>) -> String {
    let lines = lines.into_iter().map(|line| format!("\n  {line}"));
    lines.collect()
}
