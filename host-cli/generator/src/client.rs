//! The typed client of an interface: a function for each procedure, which makes a call and waits for its end.

use crate::codec::{Codec, Direction, Needed, Role};
use crate::device::needs_index;
use crate::header::guarded;
use crate::model::{Argument, Interface, Kind, Pass, Procedure, Service};
use crate::signatures;
use crate::text::Text;
use rpc_proto::describe::ProcedureKind;

/// Returns the text of the header.
pub fn header(interface: &Interface) -> String {
    let Interface {
        name,
        upper,
        device,
        version,
        ..
    } = interface;
    let mut text = Text::default();
    text.comment(&format!(
        "A client of the interface `{device}`, version {version}, for callers in C. Written by `serial-rpc generate c`.\n\n\
         Each function makes a call and waits for its end: SRPC_OK means that the value is set, SRPC_OWN_ERROR that the \
         procedure's own error is. For all others, `srpc_status_ran` says whether the procedure ran. Text and bytes in \
         values lie in the client until the next call."
    ));
    guarded(
        &mut text,
        &format!("{upper}_CLIENT_H"),
        &format!("{name}.h"),
        |text| {
            for (at, (service, procedure)) in interface.procedures().enumerate() {
                if at > 0 {
                    text.blank();
                }
                declare(text, service, procedure);
            }
            for service in &interface.services {
                views(text, service);
            }
        },
    );
    text.finish()
}

fn declare(text: &mut Text, service: &Service, procedure: &Procedure) {
    let more = match procedure.kind {
        ProcedureKind::Call => "",
        ProcedureKind::Stream => {
            "A stream: after `srpc_stream_begin`, take the next item until SRPC_END or an error. `srpc_stream_close` it if \
             you stop before."
        }
        ProcedureKind::MovingStream => {
            "A moving stream: after `srpc_stream_begin`, take the next item until SRPC_END or an error. \
             `srpc_stream_close` it if you stop before. `stream->lost` items were dropped before this one."
        }
        ProcedureKind::Feed => {
            "A feed: sets `taken` to the number of items that were certainly taken."
        }
        ProcedureKind::Event => {
            "An event: subscribe, then give every event that comes to the function that takes it."
        }
    };
    text.paragraphs(&[&procedure.doc, more]);
    if procedure.kind == ProcedureKind::Event {
        let (head, parameters) = signatures::subscribe(procedure);
        text.prototype(&head, &parameters);
        text.comment(
            "Returns true with the data if it is this event. Data that do not decode are no event.",
        );
    }
    let (head, parameters) = signatures::client(service, procedure);
    text.prototype(&head, &parameters);
}

/// Declares the functions that take elements of lists out of values.
fn views(text: &mut Text, service: &Service) {
    let codec = Codec {
        service,
        role: Role::Client,
    };
    for (index, definition) in service.definitions.iter().enumerate() {
        let is_needed = needed(&codec)
            .range((index, false)..=(index, true))
            .next()
            .is_some();
        if is_needed && matches!(definition.kind, Kind::View(_)) {
            text.blank();
            text.comment("Takes the next element of a list; returns false behind the last.");
            let (head, parameters) = codec.next_signature(definition);
            text.prototype(&head, &parameters);
        }
    }
}

/// Returns the text of the source.
pub fn source(interface: &Interface) -> String {
    let Interface {
        name,
        upper,
        device,
        version,
        ..
    } = interface;
    let mut text = Text::default();
    text.comment(&format!("A client of the interface `{device}`, version {version}. Written by `serial-rpc generate c`."));
    text.format(format_args!("#include \"{name}_client.h\""));
    for (_, procedure) in interface.procedures() {
        if procedure.kind == ProcedureKind::Event {
            continue;
        }
        text.blank();
        let key = format!("0x{:08X}u", procedure.key);
        let parts = [
            key,
            format!("{upper}_FINGERPRINT"),
            format!("{}u", procedure.number),
            "SRPC_NUMBER_IN".to_owned(),
            flags(procedure),
        ];
        text.block(
            format!("static const srpc_target {} = {{", procedure.target),
            |text| text.list("", &parts, ","),
            "};",
        );
    }
    text.blank();
    for service in &interface.services {
        let codec = Codec {
            service,
            role: Role::Client,
        };
        let needed = needed(&codec);
        for (index, definition) in service.definitions.iter().enumerate() {
            let both = [(false, Direction::Write), (true, Direction::Read)];
            let directions: Vec<Direction> = both
                .into_iter()
                .filter(|(reads, _)| needed.contains(&(index, *reads)))
                .map(|(_, direction)| direction)
                .collect();
            if Codec::has_functions(definition) && !directions.is_empty() {
                codec.functions(&mut text, definition, true, &directions);
            }
        }
        for procedure in &service.procedures {
            let (head, parameters) = signatures::client(service, procedure);
            match procedure.kind {
                ProcedureKind::Event => event(&mut text, &codec, procedure),
                ProcedureKind::Call => {
                    text.function(&head, &parameters, |text| call(text, &codec, procedure));
                }
                ProcedureKind::Feed => {
                    text.function(&head, &parameters, |text| feed(text, &codec, procedure));
                }
                ProcedureKind::Stream | ProcedureKind::MovingStream => {
                    text.function(&head, &parameters, |text| stream(text, &codec, procedure));
                }
            }
        }
    }
    text.finish().trim_end().to_owned() + "\n"
}

fn flags(procedure: &Procedure) -> String {
    let mut flags = Vec::new();
    if procedure.idempotent {
        flags.push("SRPC_IDEMPOTENT");
    }
    if procedure.error.is_some() {
        flags.push("SRPC_FALLIBLE");
    }
    if procedure.kind == ProcedureKind::MovingStream {
        flags.push("SRPC_MOVING");
    }
    match flags.is_empty() {
        true => "0u".to_owned(),
        false => flags.join(" | "),
    }
}

/// Returns the types whose codecs the client needs.
fn needed(codec: &Codec<'_>) -> Needed {
    let mut needed = Needed::new();
    for procedure in &codec.service.procedures {
        let direction = match procedure.kind {
            ProcedureKind::Event => Direction::Read,
            _ => Direction::Write,
        };
        for argument in &procedure.arguments {
            let value = match &argument.pass {
                Pass::Nothing(value) | Pass::Value(value) | Pass::Reference(value) => value,
                Pass::List { item, .. } | Pass::Items { item, .. } => item,
            };
            codec.need(value, direction, &mut needed);
        }
        codec.need(&procedure.value, Direction::Read, &mut needed);
        if let Some(error) = &procedure.error {
            codec.need(error, Direction::Read, &mut needed);
        }
    }
    needed
}

fn call(text: &mut Text, codec: &Codec<'_>, procedure: &Procedure) {
    let target = &procedure.target;
    text.format(format_args!(
        "srpc_call call = srpc_call_begin(caller, &{target});"
    ));
    needs_index(text, codec.service, &procedure.arguments);
    for argument in &procedure.arguments {
        codec.write_argument(text, "&call.arguments", &argument.name, &argument.pass);
    }
    text.line("(void)srpc_call_wait(&call);");
    reply(text, codec, procedure, "call.", "value");
    text.line("return srpc_call_end(&call);");
}

/// Reads the value or the error.
fn reply(text: &mut Text, codec: &Codec<'_>, procedure: &Procedure, of: &str, name: &str) {
    let reader = format!("&{of}reply");
    let is_nothing = |value| matches!(codec.service.resolved(value), crate::model::Value::Empty);
    let value = Some(&procedure.value).filter(|value| !is_nothing(value));
    let error = procedure.error.as_ref().filter(|error| !is_nothing(error));
    let read =
        |text: &mut Text, value, name: &str| codec.read(text, &reader, value, &format!("*{name}"));
    let own_error = format!("if ({of}status == SRPC_OWN_ERROR) {{");
    match (value, error) {
        (None, None) => {}
        (None, Some(error)) => text.block(own_error, |text| read(text, error, "error"), "}"),
        (Some(value), error) => {
            let ok = format!("if ({of}status == SRPC_OK) {{");
            match error {
                None => text.block(ok, |text| read(text, value, name), "}"),
                Some(error) => {
                    text.block(
                        ok,
                        |text| read(text, value, name),
                        format!("}} else {own_error}"),
                    );
                    text.indented(|text| read(text, error, "error"));
                    text.line("}");
                }
            }
        }
    }
}

fn stream(text: &mut Text, codec: &Codec<'_>, procedure: &Procedure) {
    let target = &procedure.target;
    needs_index(text, codec.service, &procedure.arguments);
    text.block(
        format!("while (srpc_stream_asks(stream, caller, &{target})) {{"),
        |text| {
            for argument in &procedure.arguments {
                codec.write_argument(text, "&stream->arguments", &argument.name, &argument.pass);
            }
        },
        "}",
    );
    reply(text, codec, procedure, "stream->", "item");
    text.line("return srpc_stream_end_item(stream, caller->client);");
}

fn feed(text: &mut Text, codec: &Codec<'_>, procedure: &Procedure) {
    let target = &procedure.target;
    let Some((
        Argument {
            name,
            pass: Pass::Items { item, count, .. },
        },
        plain,
    )) = procedure.arguments.split_last()
    else {
        return;
    };
    text.format(format_args!(
        "srpc_feed feed = srpc_feed_begin(caller, &{target});"
    ));
    needs_index(text, codec.service, plain);
    text.block(
        format!("while (srpc_feed_asks(&feed, {count})) {{"),
        |text| {
            for argument in plain {
                codec.write_argument(text, "&feed.arguments", &argument.name, &argument.pass);
            }
            text.block(
                format!("while (srpc_feed_wants(&feed, {count})) {{"),
                |text| {
                    codec.write(
                        text,
                        "&feed.arguments",
                        item,
                        &format!("{name}[feed.given]"),
                    );
                },
                "}",
            );
        },
        "}",
    );
    text.line("*taken = feed.taken;");
    reply(text, codec, procedure, "feed.", "value");
    text.line("return srpc_feed_end(&feed);");
}

fn event(text: &mut Text, codec: &Codec<'_>, event: &Procedure) {
    let (head, parameters) = signatures::subscribe(event);
    text.function(&head, &parameters, |text| {
        text.format(format_args!(
            "return srpc_caller_subscribe(caller, 0x{:08X}u, subscription);",
            event.key
        ));
    });
    let (head, parameters) = signatures::client(codec.service, event);
    text.function(&head, &parameters, |text| {
        text.line("srpc_reader data = srpc_reader_of(event->data, event->length);");
        needs_index(text, codec.service, &event.arguments);
        text.block(
            "if (!srpc_subscription_takes(subscription, event, arrival)) {",
            |text| text.line("return false;"),
            "}",
        );
        for Argument { name, pass } in &event.arguments {
            match pass {
                Pass::Nothing(value) | Pass::Value(value) | Pass::Reference(value) => {
                    codec.read(text, "&data", value, &format!("*{name}"));
                }
                Pass::List {
                    item, count, most, ..
                } => {
                    text.format(format_args!("*{count} = srpc_read_length(&data, {most});"));
                    if !codec.service.is_empty(item) {
                        text.block(
                            format!("for (at = 0; at < *{count}; at++) {{"),
                            |text| codec.read(text, "&data", item, &format!("{name}[at]")),
                            "}",
                        );
                    }
                }
                Pass::Items { .. } => {}
            }
        }
        text.line("return srpc_reader_ended(&data);");
    });
}
