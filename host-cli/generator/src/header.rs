//! The header of an interface: limits, types, the functions to implement and those to call.

use crate::codec::{Codec, Direction, Role};
use crate::model::{Content, Definition, Interface, Kind, Member, Pass, Procedure, Service, Value};
use crate::signatures::{self, room};
use crate::text::Text;
use rpc_proto::describe::ProcedureKind;

/// Returns the text.
pub fn write(interface: &Interface) -> String {
    let Interface {
        name,
        upper,
        device,
        version,
        ..
    } = interface;
    let mut text = Text::default();
    text.comment(&format!("The interface `{device}`, version {version}, for firmware in C. Written by `serial-rpc generate c`."));
    guarded(&mut text, &format!("{upper}_H"), "serial_rpc.h", |text| {
        text.comment("The interface as a server offers it: described, without its description, and without the device's own service.");
        for kind in ["", "_undescribed", "_bare"] {
            text.format(format_args!(
                "extern const srpc_interface {name}_interface{kind};"
            ));
        }
        text.blank();
        text.format(format_args!(
            "#define {upper}_FINGERPRINT 0x{:08X}u",
            interface.fingerprint
        ));
        text.blank();
        text.comment(
            "What the firmware implements has a parameter `context`, which is that of the server. A procedure with an error \
             of its own returns true with its value, and false with its error.",
        );
        for service in &interface.services {
            write_service(text, service);
        }
    });
    text.finish()
}

/// Writes a header with what keeps it from being included twice, and for C++.
pub fn guarded(text: &mut Text, guard: &str, include: &str, body: impl FnOnce(&mut Text)) {
    text.format(format_args!("#ifndef {guard}"));
    text.format(format_args!("#define {guard}"));
    text.blank();
    text.format(format_args!("#include \"{include}\""));
    text.blank();
    for line in ["#ifdef __cplusplus", "extern \"C\" {", "#endif", ""] {
        text.line(line);
    }
    body(text);
    text.blank();
    for line in ["#ifdef __cplusplus", "}", "#endif", "", "#endif"] {
        text.line(line);
    }
}

fn write_service(text: &mut Text, service: &Service) {
    text.blank();
    text.comment(&format!("{}: {}", service.name, service.doc));
    limits(text, service);
    for definition in &service.definitions {
        text.blank();
        define(text, service, definition);
    }
    if let Some(blocks) = &service.blocks {
        text.blank();
        text.comment(
            "Returns the blocks that the device offers. The library answers the procedures.",
        );
        text.prototype(
            &format!("const srpc_blocks *{blocks}("),
            &["void *context".to_owned()],
        );
        return;
    }
    let (events, procedures): (Vec<_>, Vec<_>) = service
        .procedures
        .iter()
        .partition(|procedure| procedure.kind == ProcedureKind::Event);
    for procedure in &procedures {
        text.blank();
        implement(text, service, procedure);
    }
    let fed = procedures
        .iter()
        .filter_map(|procedure| signatures::next(service, procedure));
    let fed: Vec<_> = fed.collect();
    if !fed.is_empty() || !events.is_empty() {
        text.blank();
        text.comment("What the firmware calls.");
    }
    for (name, (head, parameters)) in fed {
        text.blank();
        text.comment(&format!(
            "Takes the next item of `{name}`; returns false behind the last."
        ));
        text.prototype(&head, &parameters);
    }
    for event in events {
        text.blank();
        text.paragraphs(&[
            &event.doc,
            "An event: it may be emitted anywhere, at any time.",
        ]);
        let (head, parameters) = signatures::emit(service, event);
        text.prototype(&head, &parameters);
    }
    codecs(text, service);
}

/// Writes the limits of arguments and lists.
fn limits(text: &mut Text, service: &Service) {
    let mut limits = Vec::new();
    for definition in &service.definitions {
        if let Kind::List { limit, most, .. } = &definition.kind {
            limits.push((most, *limit, format!("`{}`", definition.name)));
        }
    }
    for procedure in &service.procedures {
        for argument in &procedure.arguments {
            if let Pass::List { most, limit, .. } = &argument.pass {
                limits.push((
                    most,
                    *limit,
                    format!("`{}` of {}", argument.name, procedure.path),
                ));
            }
        }
    }
    for (name, limit, of) in limits {
        text.blank();
        text.comment(&format!("The most elements of {of}."));
        text.format(format_args!("#define {name} {limit}u"));
    }
}

/// Writes the definition of a type.
fn define(text: &mut Text, service: &Service, definition: &Definition) {
    let name = &definition.name;
    let head = format!("typedef struct {name} {{");
    let tail = format!("}} {name};");
    text.comment(&definition.doc);
    let c_type = |value: &Value| service.c_type(value).to_owned();
    match &definition.kind {
        Kind::Alias(inner) => text.format(format_args!("typedef {} {name};", c_type(inner))),
        Kind::Enum(constants) => enumerate(text, name, constants),
        Kind::Struct(parts) => text.block(head, |text| members(text, service, parts), tail),
        Kind::Option(inner) => text.block(
            head,
            |text| {
                text.line("bool is_some;");
                member(text, service, inner, "value");
            },
            tail,
        ),
        Kind::Result(value, error) => text.block(
            head,
            |text| {
                text.line("bool is_error;");
                if !service.is_empty(value) || !service.is_empty(error) {
                    text.block(
                        "union {",
                        |text| {
                            member(text, service, value, "value");
                            member(text, service, error, "error");
                        },
                        "} as;",
                    );
                }
            },
            tail,
        ),
        Kind::Array(item, count) => text.block(
            head,
            |text| text.format(format_args!("{} items[{count}];", c_type(item))),
            tail,
        ),
        Kind::List { item, limit, most } => text.block(
            head,
            |text| {
                text.line("uint32_t count;");
                if !service.is_empty(item) {
                    text.format(format_args!(
                        "{} items[{}];",
                        c_type(item),
                        room(most, *limit)
                    ));
                }
            },
            tail,
        ),
        Kind::View(item) => {
            text.comment(
                "Elements that lie elsewhere: those at `items`, or, if it is NULL, encoded ones, which are taken out one by \
                 one.",
            );
            text.block(
                head,
                |text| {
                    text.line("uint32_t count;");
                    if !service.is_empty(item) {
                        text.format(format_args!("const {} *items;", c_type(item)));
                        text.line("srpc_reader encoded;");
                    }
                },
                tail,
            );
        }
        Kind::Tagged {
            tag,
            constants,
            contents,
        } => {
            enumerate(text, tag, constants);
            text.blank();
            text.block(
                head,
                |text| {
                    text.format(format_args!("{tag} tag;"));
                    if contents
                        .iter()
                        .any(|content| !matches!(content, Content::Nothing(_)))
                    {
                        text.comment("That of the tag; a variant without content has none.");
                        text.block("union {", |text| union(text, service, contents), "} as;");
                    }
                },
                tail,
            );
        }
    }
}

fn enumerate(text: &mut Text, name: &str, constants: &[crate::model::Constant]) {
    text.block(
        format!("typedef enum {name} {{"),
        |text| {
            for (index, constant) in constants.iter().enumerate() {
                text.comment(&constant.doc);
                let comma = if index + 1 == constants.len() {
                    ""
                } else {
                    ","
                };
                text.format(format_args!("{} = {index}{comma}", constant.name));
            }
        },
        format!("}} {name};"),
    );
}

fn members(text: &mut Text, service: &Service, parts: &[Member]) {
    for part in parts {
        if !service.is_empty(&part.value) {
            text.comment(&part.doc);
        }
        member(text, service, &part.value, &part.name);
    }
}

fn member(text: &mut Text, service: &Service, value: &Value, name: &str) {
    if !service.is_empty(value) {
        text.format(format_args!("{} {name};", service.c_type(value)));
    }
}

fn union(text: &mut Text, service: &Service, contents: &[Content]) {
    for content in contents {
        match content {
            Content::Nothing(_) => {}
            Content::One(name, value) => member(text, service, value, name),
            Content::Parts(name, parts) => {
                text.block(
                    "struct {",
                    |text| members(text, service, parts),
                    format!("}} {name};"),
                );
            }
        }
    }
}

/// Writes the prototypes of a procedure.
fn implement(text: &mut Text, service: &Service, procedure: &Procedure) {
    let more = match procedure.kind {
        ProcedureKind::Stream => {
            "A stream: returns true with the item at `index`, and false behind the last.".to_owned()
        }
        ProcedureKind::MovingStream => {
            "A moving stream: returns true with the item at `index` from the first, and false behind the last.".to_owned()
        }
        ProcedureKind::Feed => match signatures::next(service, procedure) {
            Some((name, (head, _))) => {
                let function = head.trim_start_matches("bool ").trim_end_matches('(');
                format!("A feed: `{function}` gives the items of this call, `{name}`.")
            }
            None => String::new(),
        },
        ProcedureKind::Call | ProcedureKind::Event => String::new(),
    };
    let error = match &procedure.error {
        Some(error) if service.is_empty(error) => format!("Its error is {}", procedure.error_doc),
        _ => String::new(),
    };
    text.paragraphs(&[&procedure.doc, &more, &error]);
    let (head, parameters) = signatures::implemented(service, procedure);
    text.prototype(&head, &parameters);
    if let Some((head, parameters)) = signatures::begin(service, procedure) {
        text.comment("Is called before the items are asked for. Returns false with the error if there are none.");
        text.prototype(&head, &parameters);
    }
    if let Some((head, parameters)) = signatures::first(service, procedure) {
        text.comment("Returns the position of the first item: how many were dropped before it since the device started.");
        text.prototype(&head, &parameters);
    }
}

/// Writes the prototypes of the types' codecs.
fn codecs(text: &mut Text, service: &Service) {
    let codec = Codec {
        service,
        role: Role::Device,
    };
    let mut is_first = true;
    for definition in &service.definitions {
        if !Codec::has_functions(definition) {
            continue;
        }
        if is_first {
            text.blank();
            text.comment("Codecs, for values that are stored or passed on.");
            is_first = false;
        }
        if matches!(definition.kind, Kind::View(_)) {
            let (head, parameters) = codec.next_signature(definition);
            text.prototype(&head, &parameters);
        }
        for direction in [Direction::Write, Direction::Read] {
            let (head, parameters) = codec.signature(definition, direction);
            text.prototype(&head, &parameters);
        }
    }
}
