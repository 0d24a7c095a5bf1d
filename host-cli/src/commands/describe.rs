//! `serial-rpc describe`: explains a procedure, a service or a type.

use super::list::overview;
use crate::completer;
use crate::context::Context;
use crate::failure::{Class, Failure};
use crate::interface::Source;
use crate::output;
use crate::summary::Summary;
use clap_complete::ArgValueCompleter;
use serde::Serialize;
use serial_rpc::description::{Description, Item, Procedure, ProcedureKind, Service, Shape, Type};
use serial_rpc::value::expectation;
use std::collections::BTreeMap;
use std::fmt::Write;

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

#[derive(Serialize)]
struct ProcedureJson<'a> {
    #[serde(flatten)]
    summary: Summary<'a>,
    definitions: BTreeMap<&'a str, String>,
    example: Vec<String>,
}

#[derive(Serialize)]
struct ServiceJson<'a> {
    service: &'a str,
    doc: &'a str,
    procedures: Vec<Summary<'a>>,
}

#[derive(Serialize)]
struct TypeJson<'a> {
    #[serde(rename = "type")]
    ty: &'a str,
    doc: &'a str,
    definition: String,
    /// The docs of its fields or variants.
    parts: BTreeMap<&'a str, &'a str>,
    procedures: Vec<&'a str>,
}

/// Prints the explanation of the named item.
pub fn run(context: &Context, describe: &Describe) -> Result<(), Failure> {
    let description = describe.source.description(context)?;
    if !context.json {
        return output::print_text(&about(context, &description, &describe.name)?);
    }
    match find(&description, &describe.name)? {
        Item::Procedure(procedure) => output::print_json(&ProcedureJson {
            summary: procedure.into(),
            definitions: definitions(procedure),
            example: if procedure.is_event() {
                Vec::new()
            } else {
                procedure.example()
            },
        }),
        Item::Service(service) => output::print_json(&ServiceJson {
            service: &service.name,
            doc: &service.doc,
            procedures: service.procedures.iter().map(Summary::from).collect(),
        }),
        Item::Type(ty) => output::print_json(&TypeJson {
            ty: &ty.name,
            doc: &ty.doc,
            definition: ty.definition(),
            parts: documented_parts(ty).collect(),
            procedures: users(&description, ty),
        }),
    }
}

/// Explains the named item.
fn about(context: &Context, description: &Description, name: &str) -> Result<String, Failure> {
    Ok(match find(description, name)? {
        Item::Procedure(procedure) => about_procedure(context, procedure),
        Item::Service(service) => about_service(service),
        Item::Type(ty) => about_type(description, ty),
    })
}

fn find<'a>(description: &'a Description, name: &str) -> Result<Item<'a>, Failure> {
    description.find(name).map_err(|error| {
        Failure::new(Class::Usage, error.to_string()).hint("`serial-rpc list` shows what there is")
    })
}

fn definitions(procedure: &Procedure) -> BTreeMap<&str, String> {
    let types = procedure.named_types().into_iter();
    types
        .map(|ty| (ty.name.as_str(), ty.definition()))
        .collect()
}

fn about_procedure(context: &Context, procedure: &Procedure) -> String {
    let mut text = format!("\x1b[1m{}\x1b[0m", procedure.usage());
    add_paragraphs(&mut text, &procedure.doc);
    if !procedure.arguments.is_empty() {
        add_heading(
            &mut text,
            if procedure.is_event() {
                "Data"
            } else {
                "Arguments"
            },
        );
        for argument in &procedure.arguments {
            let expected = match (procedure.kind, procedure.item()) {
                (ProcedureKind::Feed, Some(item))
                    if Some(argument) == procedure.arguments.last() =>
                {
                    format!("any number of {item}")
                }
                _ => expectation(&argument.ty),
            };
            add_line(&mut text, &format!("{}: {expected}", argument.name));
        }
    }
    if procedure.kind.is_stream() {
        add_heading(&mut text, "Items");
        add_line(&mut text, &procedure.value.to_string());
    } else if procedure.value.shape != Shape::Unit {
        add_heading(&mut text, "Value");
        add_line(&mut text, &procedure.value.to_string());
    }
    if let Some(error) = &procedure.error {
        add_heading(&mut text, "Error");
        match &error.shape {
            Shape::Enum(variants) => {
                for variant in variants {
                    add_line(&mut text, &format!("{}::{variant}", error.name));
                    add_doc(&mut text, "", &variant.doc);
                }
            }
            _ => add_definition(&mut text, error),
        }
    }
    // An error's variants are already shown.
    let mut types = procedure.named_types();
    types.retain(|ty| Some(*ty) != procedure.error.as_ref());
    if !types.is_empty() {
        add_heading(&mut text, "Types");
        for ty in types {
            add_definition(&mut text, ty);
        }
    }
    add_heading(
        &mut text,
        if procedure.is_event() {
            "Watch"
        } else {
            "Call"
        },
    );
    add_line(
        &mut text,
        match (procedure.kind, procedure.idempotent) {
            (ProcedureKind::Event, _) => "the device sends it to its subscribers",
            (ProcedureKind::Stream | ProcedureKind::MovingStream, _) => {
                "a stream: its items are fetched as many at a time as fit"
            }
            (_, true) => "idempotent: calling it twice is the same as calling it once",
            (_, false) => "not idempotent: each call counts",
        },
    );
    if procedure.kind == ProcedureKind::Feed {
        add_line(
            &mut text,
            "a feed: its items are sent as many at a time as fit; --items FILE reads them from a file",
        );
    }
    add_line(
        &mut text,
        &format!("number {}, key {:#010x}", procedure.number, procedure.key),
    );
    add_line(&mut text, &context.shown(&command_line(procedure)));
    text
}

fn about_service(service: &Service) -> String {
    let procedures: Vec<&Procedure> = service.procedures.iter().collect();
    overview(service, &procedures)
}

fn about_type(description: &Description, ty: &Type) -> String {
    let mut text = ty.definition();
    add_docs(&mut text, ty);
    add_heading(&mut text, "Used by");
    for path in users(description, ty) {
        add_line(&mut text, path);
    }
    text
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

// Writing to a string cannot fail.

fn add_paragraphs(text: &mut String, doc: &str) {
    for line in doc.lines() {
        add_line(text, line);
    }
}

fn add_definition(text: &mut String, ty: &Type) {
    add_line(text, &ty.definition());
    add_docs(text, ty);
}

fn add_docs(text: &mut String, ty: &Type) {
    add_doc(text, "", &ty.doc);
    for (name, doc) in documented_parts(ty) {
        add_doc(text, &format!("{name}: "), doc);
    }
}

/// Adds the first paragraph, below what it is about.
fn add_doc(text: &mut String, about: &str, doc: &str) {
    let paragraph: Vec<&str> = doc.lines().take_while(|line| !line.is_empty()).collect();
    if !paragraph.is_empty() {
        add_line(text, &format!("  {about}{}", paragraph.join(" ")));
    }
}

fn add_heading(text: &mut String, heading: &str) {
    let _ = write!(text, "\n\n\x1b[4m{heading}\x1b[0m");
}

fn add_line(text: &mut String, line: &str) {
    let _ = write!(text, "\n  {line}");
}
