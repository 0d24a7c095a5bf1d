//! The source of an interface for the device: codecs, events, the dispatcher, and the description.

use crate::codec::{Codec, Direction, Role};
use crate::model::{Argument, Interface, Pass, Procedure, Service};
use crate::signatures::{self, returns_value, room};
use crate::text::Text;
use rpc_proto::describe::ProcedureKind;

/// Keep tables as they are written from being formatted.
const UNFORMATTED: &str = "/* clang-format off */";
const FORMATTED: &str = "/* clang-format on */";

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
    text.format(format_args!("#include \"{name}.h\""));
    text.blank();
    if interface.procedures().any(|(_, it)| it.kind.is_stream()) {
        text.line("#include <string.h>");
        text.blank();
    }
    for service in &interface.services {
        let codec = Codec {
            service,
            role: Role::Device,
        };
        if service.blocks.is_some() {
            continue;
        }
        for definition in &service.definitions {
            if Codec::has_functions(definition) {
                codec.functions(
                    &mut text,
                    definition,
                    false,
                    &[Direction::Write, Direction::Read],
                );
            }
        }
        for procedure in &service.procedures {
            match procedure.kind {
                ProcedureKind::Event => emit(&mut text, &codec, procedure),
                ProcedureKind::Feed => next(&mut text, &codec, procedure),
                _ => {}
            }
        }
    }
    dispatcher(&mut text, interface);
    let count = interface.count();
    if count > 0 {
        text.line(UNFORMATTED);
        text.block(
            format!("static const uint32_t {name}_keys[{count}] = {{"),
            |text| {
                let keys = interface.procedures();
                text.table(keys.map(|(_, procedure)| format!("0x{:08X}u", procedure.key)));
            },
            "};",
        );
        text.blank();
    }
    let bytes = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("0x{byte:02x}"))
            .collect::<Vec<_>>()
    };
    if count == 0 {
        text.line(UNFORMATTED);
    }
    text.block(
        format!("static const uint8_t {name}_digest[SRPC_DIGEST] = {{"),
        |text| text.table(bytes(&interface.digest).into_iter()),
        "};",
    );
    text.blank();
    let length = interface.bytes.len();
    text.block(
        format!("static const uint8_t {name}_description[{length}] = {{"),
        |text| text.table(bytes(&interface.bytes).into_iter()),
        "};",
    );
    let keys = if count > 0 {
        format!("{name}_keys")
    } else {
        "NULL".to_owned()
    };
    let described = format!("{name}_description, {name}_digest, {length}u");
    let left_out = "NULL, NULL, 0u";
    for (kind, own, keys, description, count) in [
        ("", "srpc_own_service", &*keys, &*described, count),
        ("_undescribed", "srpc_own_service", &*keys, left_out, count),
        ("_bare", "NULL", "NULL", left_out, 0),
    ] {
        text.blank();
        let dispatch = format!("{name}_dispatch");
        let fingerprint = format!("{upper}_FINGERPRINT");
        let count = format!("{count}u");
        let parts = [&dispatch, own, keys, description, &fingerprint, &count];
        text.block(
            format!("const srpc_interface {name}_interface{kind} = {{"),
            |text| text.list("", &parts.map(str::to_owned), ","),
            "};",
        );
    }
    text.line(FORMATTED);
    text.finish()
}

/// Returns what is passed for arguments that were read to variables of their names.
fn passed<'a>(service: &Service, arguments: impl IntoIterator<Item = &'a Argument>) -> Vec<String> {
    let mut passed = Vec::new();
    for Argument { name, pass } in arguments {
        match pass {
            Pass::Nothing(_) => {}
            Pass::Value(_) => passed.push(name.clone()),
            Pass::Reference(_) | Pass::Items { .. } => passed.push(format!("&{name}")),
            Pass::List { item, count, .. } => {
                if !service.is_empty(item) {
                    passed.push(name.clone());
                }
                passed.push(count.clone());
            }
        }
    }
    passed
}

fn next(text: &mut Text, codec: &Codec<'_>, procedure: &Procedure) {
    let Some((name, (head, parameters))) = signatures::next(codec.service, procedure) else {
        return;
    };
    let Some(Argument {
        pass: Pass::Items { item, .. },
        ..
    }) = procedure.arguments.last()
    else {
        return;
    };
    text.function(&head, &parameters, |text| {
        text.block(
            format!("if (!srpc_items_next({name})) {{"),
            |text| text.line("return false;"),
            "}",
        );
        codec.read(text, &format!("&{name}->reader"), item, "*item");
        text.line("return true;");
    });
}

fn emit(text: &mut Text, codec: &Codec<'_>, event: &Procedure) {
    let (head, parameters) = signatures::emit(codec.service, event);
    text.function(&head, &parameters, |text| {
        text.line("srpc_event event;");
        needs_index(text, codec.service, &event.arguments);
        text.block(
            format!(
                "if (srpc_events_begin(events, 0x{:08X}u, &event)) {{",
                event.key
            ),
            |text| {
                for argument in &event.arguments {
                    codec.write_argument(text, "&event.data", &argument.name, &argument.pass);
                }
                text.line("srpc_events_end(events, &event);");
            },
            "}",
        );
    });
}

/// Declares the index of a list's elements, if there is any list.
pub fn needs_index(text: &mut Text, service: &Service, arguments: &[Argument]) {
    let is_list = |argument: &Argument| match &argument.pass {
        Pass::List { item, .. } => !service.is_empty(item),
        _ => false,
    };
    if arguments.iter().any(is_list) {
        text.line("uint32_t at;");
    }
}

fn dispatcher(text: &mut Text, interface: &Interface) {
    let head = format!("static srpc_outcome {}_dispatch(", interface.name);
    let parameters = [
        "void *context",
        "uint16_t index",
        "srpc_reader *arguments",
        "srpc_writer *reply",
    ];
    text.function(&head, &parameters.map(str::to_owned), |text| {
        let mut cases = text.inner();
        cases.line("switch (index) {");
        for service in &interface.services {
            match &service.blocks {
                Some(blocks) => answer_blocks(&mut cases, service, blocks),
                None => service_cases(&mut cases, service),
            }
        }
        cases.line("default:");
        cases.indented(|text| text.line("return SRPC_UNKNOWN_PROCEDURE;"));
        cases.line("}");
        let cases = cases.finish();
        for parameter in ["context", "arguments", "reply"] {
            if !cases.contains(parameter) {
                text.format(format_args!("(void){parameter};"));
            }
        }
        text.insert(&cases);
    });
}

fn service_cases(text: &mut Text, service: &Service) {
    for procedure in &service.procedures {
        let index = procedure.index;
        match procedure.kind {
            ProcedureKind::Event => {
                text.comment(&format!("{index} is the event {}.", procedure.path));
            }
            _ => text.block(
                format!("case {index}: {{"),
                |text| {
                    let role = Role::Device;
                    case(text, &Codec { service, role }, procedure);
                },
                "}",
            ),
        }
    }
}

/// Leaves calls to the library.
fn answer_blocks(text: &mut Text, service: &Service, blocks: &str) {
    let mut first = None;
    for procedure in &service.procedures {
        first.get_or_insert(procedure.index);
        text.format(format_args!("case {}:", procedure.index));
    }
    let first = first.unwrap_or_default();
    text.indented(|text| {
        let parts = [
            format!("{blocks}(context)"),
            format!("(uint16_t)(index - {first}u)"),
            "arguments".to_owned(),
            "reply".to_owned(),
        ];
        text.list("return srpc_blocks_dispatch(", &parts, ");");
    });
}

/// Writes the body of a procedure's case.
fn case(text: &mut Text, codec: &Codec<'_>, procedure: &Procedure) {
    let service = codec.service;
    let (items, plain): (Vec<_>, Vec<_>) = procedure
        .arguments
        .iter()
        .partition(|argument| matches!(argument.pass, Pass::Items { .. }));
    let is_stream = procedure.kind.is_stream();
    if is_stream {
        text.line("const uint32_t position = srpc_read_u32(arguments);");
        text.line("const uint8_t limit = srpc_read_u8(arguments);");
        text.line("srpc_batch batch;");
    }
    needs_index(text, service, &procedure.arguments);
    for argument in &plain {
        take(text, codec, argument);
    }
    let has_value = !service.is_empty(&procedure.value);
    if has_value && !is_stream && !returns_value(service, procedure) {
        text.format(format_args!("{} value;", service.c_type(&procedure.value)));
    }
    if let Some(error) = &procedure.error
        && !service.is_empty(error)
    {
        text.format(format_args!("{} error;", service.c_type(error)));
    }
    let bad = |text: &mut Text, reader: &str| {
        text.block(
            format!("if (!srpc_reader_ended({reader})) {{"),
            |text| text.line("return SRPC_BAD_ARGUMENTS;"),
            "}",
        );
    };
    match items[..] {
        [
            Argument {
                name,
                pass: Pass::Items { item, next, .. },
            },
        ] => {
            text.block(
                "{",
                |text| {
                    text.format(format_args!(
                        "srpc_items {name} = srpc_items_begin(arguments);"
                    ));
                    text.format(format_args!("srpc_items checked = {name};"));
                    let mut given = vec!["&checked".to_owned()];
                    if !service.is_empty(item) {
                        text.format(format_args!("{} item;", service.c_type(item)));
                        given.push("&item".to_owned());
                    }
                    text.block(
                        format!("while ({next}({})) {{", given.join(", ")),
                        |_| {},
                        "}",
                    );
                    bad(text, "&checked.reader");
                    call(text, codec, procedure);
                },
                "}",
            );
        }
        _ => {
            bad(text, "arguments");
            match is_stream {
                true => batch(text, codec, procedure),
                false => call(text, codec, procedure),
            }
        }
    }
}

/// Reads an argument to a variable of its name.
fn take(text: &mut Text, codec: &Codec<'_>, argument: &Argument) {
    let Argument { name, pass } = argument;
    match pass {
        Pass::Items { .. } => {}
        Pass::Nothing(value) | Pass::Value(value) | Pass::Reference(value) => {
            let c_type = codec.service.c_type(value);
            match codec.read_call("arguments", value) {
                Some(call) => text.format(format_args!("const {c_type} {name} = {call};")),
                None => {
                    if !codec.service.is_empty(value) {
                        text.format(format_args!("{c_type} {name};"));
                    }
                    codec.read(text, "arguments", value, name);
                }
            }
        }
        Pass::List {
            item,
            count,
            most,
            limit,
        } => {
            if !codec.service.is_empty(item) {
                let c_type = codec.service.c_type(item);
                text.format(format_args!("{c_type} {name}[{}];", room(most, *limit)));
            }
            text.format(format_args!(
                "const uint32_t {count} = srpc_read_length(arguments, {most});"
            ));
            if !codec.service.is_empty(item) {
                text.block(
                    format!("for (at = 0; at < {count}; at++) {{"),
                    |text| codec.read(text, "arguments", item, &format!("{name}[at]")),
                    "}",
                );
            }
        }
    }
}

/// Calls the procedure, and writes its value or error.
fn call(text: &mut Text, codec: &Codec<'_>, procedure: &Procedure) {
    let service = codec.service;
    let value = &procedure.value;
    let has_value = !service.is_empty(value);
    let mut given = vec!["context".to_owned()];
    given.extend(passed(service, &procedure.arguments));
    let name = &procedure.function;
    if returns_value(service, procedure) {
        let call = format!("{name}({})", given.join(", "));
        match has_value {
            true if codec.is_limited(value) => {
                text.block(
                    "{",
                    |text| {
                        text.format(format_args!(
                            "const {} value = {call};",
                            service.c_type(value)
                        ));
                        codec.write(text, "reply", value, "value");
                    },
                    "}",
                );
            }
            true => codec.write(text, "reply", value, &call),
            false => {
                text.format(format_args!("{call};"));
                codec.write(text, "reply", value, "");
            }
        }
        text.line("return SRPC_RETURN;");
        return;
    }
    if has_value {
        given.push("&value".to_owned());
    }
    if let Some(error) = &procedure.error {
        if !service.is_empty(error) {
            given.push("&error".to_owned());
        }
        text.block(
            format!("if (!{name}({})) {{", given.join(", ")),
            |text| {
                codec.write(text, "reply", error, "error");
                text.line("return SRPC_ERROR;");
            },
            "}",
        );
    } else {
        text.format(format_args!("{name}({});", given.join(", ")));
    }
    codec.write(text, "reply", value, "value");
    text.line("return SRPC_RETURN;");
}

/// Writes a batch of a stream.
fn batch(text: &mut Text, codec: &Codec<'_>, procedure: &Procedure) {
    let service = codec.service;
    let mut given = vec!["context".to_owned()];
    given.extend(passed(service, &procedure.arguments));
    if let Some(error) = &procedure.error {
        let mut begin = given.clone();
        if !service.is_empty(error) {
            begin.push("&error".to_owned());
        }
        text.block(
            format!("if (!{}({})) {{", procedure.begin, begin.join(", ")),
            |text| {
                codec.write(text, "reply", error, "error");
                text.line("return SRPC_ERROR;");
            },
            "}",
        );
    }
    match procedure.kind {
        ProcedureKind::MovingStream => {
            let first = format!("{}({})", procedure.first, given.join(", "));
            text.format(format_args!(
                "batch = srpc_batch_begin_moving(reply, position, limit, {first});"
            ));
        }
        _ => text.line("batch = srpc_batch_begin(reply, position, limit);"),
    }
    given.push("batch.position".to_owned());
    text.block(
        "while (srpc_batch_wants(&batch)) {",
        |text| {
            if !service.is_empty(&procedure.value) {
                text.format(format_args!("{} item;", service.c_type(&procedure.value)));
                // Compilers do not see that it is used only if it was set.
                text.line("(void)memset(&item, 0, sizeof item);");
                given.push("&item".to_owned());
            }
            text.block(
                format!(
                    "if (srpc_batch_has(&batch, {}({}))) {{",
                    procedure.function,
                    given.join(", ")
                ),
                |text| codec.write(text, "reply", &procedure.value, "item"),
                "}",
            );
        },
        "}",
    );
    text.line("return srpc_batch_end(&batch);");
}
