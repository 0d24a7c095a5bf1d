//! The functions of a procedure: their heads and parameters, for prototypes and definitions alike.

use crate::model::{Argument, Pass, Procedure, Service};
use rpc_proto::describe::ProcedureKind;

/// A function's head, up to the parenthesis, and its parameters.
pub type Signature = (String, Vec<String>);

/// Returns the parameters for arguments.
pub fn parameters<'a>(
    service: &Service,
    arguments: impl IntoIterator<Item = &'a Argument>,
) -> Vec<String> {
    let mut parameters = Vec::new();
    for Argument { name, pass } in arguments {
        match pass {
            Pass::Nothing(_) => {}
            Pass::Value(value) => parameters.push(format!("{} {name}", service.c_type(value))),
            Pass::Reference(value) => {
                parameters.push(format!("const {} *{name}", service.c_type(value)));
            }
            Pass::List { item, count, .. } => {
                if !service.is_empty(item) {
                    parameters.push(format!("const {} *{name}", service.c_type(item)));
                }
                parameters.push(format!("uint32_t {count}"));
            }
            Pass::Items { .. } => parameters.push(format!("srpc_items *{name}")),
        }
    }
    parameters
}

/// Returns true if the function returns the value itself.
pub fn returns_value(service: &Service, procedure: &Procedure) -> bool {
    procedure.error.is_none() && service.is_simple(&procedure.value)
}

/// Returns the function that the firmware implements.
pub fn implemented(service: &Service, procedure: &Procedure) -> Signature {
    let mut given = vec!["void *context".to_owned()];
    given.extend(parameters(service, &procedure.arguments));
    let value = service.c_type(&procedure.value);
    let has_value = !service.is_empty(&procedure.value);
    let name = &procedure.function;
    if procedure.kind.is_stream() {
        given.push("uint32_t index".to_owned());
        if has_value {
            given.push(format!("{value} *item"));
        }
        return (format!("bool {name}("), given);
    }
    if returns_value(service, procedure) {
        let returned = if has_value { value } else { "void" };
        return (format!("{returned} {name}("), given);
    }
    if has_value {
        given.push(format!("{value} *value"));
    }
    match &procedure.error {
        Some(error) => {
            if !service.is_empty(error) {
                given.push(format!("{} *error", service.c_type(error)));
            }
            (format!("bool {name}("), given)
        }
        None => (format!("void {name}("), given),
    }
}

/// Returns the function of a stream that ends in an error, if it can.
pub fn begin(service: &Service, procedure: &Procedure) -> Option<Signature> {
    let error = procedure
        .error
        .as_ref()
        .filter(|_| procedure.kind.is_stream())?;
    let mut given = vec!["void *context".to_owned()];
    given.extend(parameters(service, &procedure.arguments));
    if !service.is_empty(error) {
        given.push(format!("{} *error", service.c_type(error)));
    }
    Some((format!("bool {}(", procedure.begin), given))
}

/// Returns the function that tells the first position of a moving stream.
pub fn first(service: &Service, procedure: &Procedure) -> Option<Signature> {
    let is_moving = procedure.kind == ProcedureKind::MovingStream;
    is_moving.then(|| {
        let mut given = vec!["void *context".to_owned()];
        given.extend(parameters(service, &procedure.arguments));
        (format!("uint32_t {}(", procedure.first), given)
    })
}

/// Returns the name of a feed's items, and the function that takes the next.
pub fn next<'p>(service: &Service, procedure: &'p Procedure) -> Option<(&'p str, Signature)> {
    let Argument { name, pass } = procedure.arguments.last()?;
    let Pass::Items { item, next, .. } = pass else {
        return None;
    };
    let mut given = vec![format!("srpc_items *{name}")];
    if !service.is_empty(item) {
        given.push(format!("{} *item", service.c_type(item)));
    }
    Some((name, (format!("bool {next}("), given)))
}

/// Returns the function that emits an event.
pub fn emit(service: &Service, event: &Procedure) -> Signature {
    let mut given = vec!["const srpc_events *events".to_owned()];
    given.extend(parameters(service, &event.arguments));
    (format!("void {}(", event.function), given)
}

/// Returns the function that makes a call, takes an item or takes an event.
pub fn client(service: &Service, procedure: &Procedure) -> Signature {
    let name = &procedure.client;
    if procedure.kind == ProcedureKind::Event {
        let mut given = vec![
            "srpc_subscription *subscription".to_owned(),
            "const srpc_received_event *event".to_owned(),
            "srpc_arrival *arrival".to_owned(),
        ];
        given.extend(taken(service, &procedure.arguments));
        return (format!("bool {name}("), given);
    }
    let mut given = vec!["const srpc_caller *caller".to_owned()];
    if procedure.kind.is_stream() {
        given.push("srpc_stream *stream".to_owned());
    }
    let plain = procedure.arguments.iter();
    given.extend(parameters(
        service,
        plain.filter(|argument| !matches!(argument.pass, Pass::Items { .. })),
    ));
    if let Some(Argument {
        name,
        pass: Pass::Items { item, count, .. },
    }) = procedure.arguments.last()
    {
        if !service.is_empty(item) {
            given.push(format!("const {} *{name}", service.c_type(item)));
        }
        given.push(format!("uint32_t {count}"));
        given.push("uint32_t *taken".to_owned());
    }
    let what = if procedure.kind.is_stream() {
        "item"
    } else {
        "value"
    };
    for (value, name) in [
        (Some(&procedure.value), what),
        (procedure.error.as_ref(), "error"),
    ] {
        if let Some(value) = value
            && !service.is_empty(value)
        {
            given.push(format!("{} *{name}", service.c_type(value)));
        }
    }
    (format!("srpc_status {name}("), given)
}

pub fn subscribe(event: &Procedure) -> Signature {
    let given = [
        "const srpc_caller *caller",
        "srpc_subscription *subscription",
    ];
    let head = format!("srpc_status {}(", event.subscribe);
    (head, given.map(str::to_owned).to_vec())
}

/// Returns the parameters by which an event's data are handed out.
fn taken(service: &Service, data: &[Argument]) -> Vec<String> {
    let mut given = Vec::new();
    for Argument { name, pass } in data {
        match pass {
            Pass::Value(value) | Pass::Reference(value) => {
                given.push(format!("{} *{name}", service.c_type(value)));
            }
            Pass::List { item, count, .. } => {
                if !service.is_empty(item) {
                    given.push(format!("{} *{name}", service.c_type(item)));
                }
                given.push(format!("uint32_t *{count}"));
            }
            Pass::Nothing(_) | Pass::Items { .. } => {}
        }
    }
    given
}

/// Returns the length of the array for a list's elements: at least 1, because C has none of 0.
pub fn room(most: &str, limit: u32) -> &str {
    if limit == 0 { "1" } else { most }
}
