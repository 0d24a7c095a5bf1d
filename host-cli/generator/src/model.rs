//! An interface as C has it: each procedure with its names, and each type that needs one with its definition.

mod types;

use crate::GenerateError;
use crate::names::{Scope, alone, file, snake};
use rpc_proto::describe::{DIGEST, digest};
use rpc_proto::service::Service as _;
use rpc_proto::services::blocks::BlocksService;
use rpc_proto::wire::crc::Crc32;
use serial_rpc_values::description::{self, Description, ProcedureKind, Shape};
use types::Types;

pub use types::{Constant, Content, Definition, Kind, Member, Value};

/// The names that generated functions have inside.
const LOCALS: &[&str] = &[
    "arguments",
    "at",
    "batch",
    "call",
    "caller",
    "checked",
    "context",
    "data",
    "error",
    "event",
    "events",
    "feed",
    "index",
    "item",
    "limit",
    "position",
    "reply",
    "stream",
    "subscription",
    "arrival",
    "taken",
    "value",
];

/// An interface.
pub struct Interface {
    /// The name as a prefix, and of the files.
    pub name: String,
    /// The same in capitals.
    pub upper: String,
    /// The name and version as the description has them.
    pub device: String,
    pub version: String,
    pub bytes: Vec<u8>,
    pub fingerprint: u32,
    pub digest: [u8; DIGEST],
    pub services: Vec<Service>,
}

/// A service, with the types that its procedures use.
pub struct Service {
    pub name: String,
    pub doc: String,
    /// The function that returns the library's blocks, if this is the service that they answer.
    pub blocks: Option<String>,
    /// In an order in which each needs only those before it.
    pub definitions: Vec<Definition>,
    pub procedures: Vec<Procedure>,
}

/// A procedure or event.
pub struct Procedure {
    /// Its position among all of the interface.
    pub index: usize,
    pub number: u16,
    pub key: u32,
    pub path: String,
    pub doc: String,
    pub kind: ProcedureKind,
    pub idempotent: bool,
    /// The function that the firmware implements, or calls to emit it.
    pub function: String,
    /// Those of a stream that are called before it: to check for an error, and for the first position.
    pub begin: String,
    pub first: String,
    /// The function of a client: calls, takes an item, feeds or takes an event.
    pub client: String,
    /// Those of an event: what subscribes to it.
    pub subscribe: String,
    /// The constant that tells a client of it.
    pub target: String,
    pub arguments: Vec<Argument>,
    /// The value, or the item of a stream.
    pub value: Value,
    pub error: Option<Value>,
    /// The name and doc comment of an error that has no data, and so no type.
    pub error_doc: String,
}

/// An argument, or a part of an event's data.
pub struct Argument {
    pub name: String,
    pub pass: Pass,
}

/// The way an argument is passed.
pub enum Pass {
    /// Nothing is passed: it has no data.
    Nothing(Value),
    /// By value.
    Value(Value),
    /// By a pointer to it.
    Reference(Value),
    /// By a pointer to its elements, and their number.
    List {
        item: Value,
        count: String,
        most: String,
        limit: u32,
    },
    /// By what reads its items one by one: that of a feed.
    Items {
        item: Value,
        count: String,
        /// The function that takes the next.
        next: String,
    },
}

impl Interface {
    /// Makes that of a description.
    pub fn new(bytes: &[u8]) -> Result<Self, GenerateError> {
        let description = Description::read(bytes)?;
        let name = file(&description.name);
        let upper = name.to_uppercase();
        let mut names = Scope::default();
        for suffix in [
            "interface",
            "interface_undescribed",
            "interface_bare",
            "dispatch",
            "keys",
            "digest",
            "description",
        ] {
            names.take(&format!("{name}_{suffix}"), "");
        }
        for suffix in ["FINGERPRINT", "H", "CLIENT_H", "TARGET"] {
            names.take(&format!("{upper}_{suffix}"), "");
        }
        let mut index = 0;
        let services = description
            .services
            .iter()
            .map(|service| Service::new(service, &name, &mut index, &mut names));
        Ok(Self {
            services: services.collect::<Result<_, _>>()?,
            name,
            upper,
            device: description.name,
            version: description.version,
            fingerprint: Crc32::of(bytes).value(),
            digest: digest(&[bytes]),
            bytes: bytes.to_vec(),
        })
    }

    /// Returns the number of procedures and events.
    pub fn count(&self) -> usize {
        let services = self.services.iter();
        services.map(|service| service.procedures.len()).sum()
    }

    /// Returns each procedure and event with its service, in order.
    pub fn procedures(&self) -> impl Iterator<Item = (&Service, &Procedure)> {
        self.services.iter().flat_map(|service| {
            let procedures = service.procedures.iter();
            procedures.map(move |procedure| (service, procedure))
        })
    }
}

impl Service {
    fn new(
        service: &description::Service,
        interface: &str,
        index: &mut usize,
        names: &mut Scope,
    ) -> Result<Self, GenerateError> {
        let prefix = match snake(&service.name) {
            name if name == "srpc" || name.starts_with("srpc_") => format!("x_{name}"),
            name => name,
        };
        let keys = service.procedures.iter().map(|procedure| procedure.key);
        let is_blocks = keys.eq(BlocksService::<()>::KEYS.iter().copied());
        let blocks = is_blocks.then(|| names.take(&format!("{interface}_blocks"), ""));
        let mut shorts = Scope::default();
        // Their functions have their names before types do.
        let functions: Vec<Functions> = service
            .procedures
            .iter()
            .map(|procedure| Functions::new(procedure, &prefix, &mut shorts, names))
            .collect();
        let mut types = Types::new(prefix, names);
        let mut procedures = Vec::new();
        for (procedure, functions) in service.procedures.iter().zip(functions) {
            procedures.push(Procedure::new(procedure, functions, *index, &mut types)?);
            *index += 1;
        }
        Ok(Self {
            name: service.name.clone(),
            doc: service.doc.clone(),
            blocks,
            definitions: types.finish(),
            procedures,
        })
    }

    /// Returns the definition of a value that has one, behind its other names.
    pub fn defined(&self, value: &Value) -> Option<&Definition> {
        match value {
            Value::Defined(index) => self.definitions.get(*index),
            _ => None,
        }
    }

    /// Returns the value that a name stands for.
    pub fn resolved<'v>(&'v self, value: &'v Value) -> &'v Value {
        match self.defined(value).map(|definition| &definition.kind) {
            Some(Kind::Alias(inner)) => self.resolved(inner),
            _ => value,
        }
    }

    /// Returns the C type of a value.
    pub fn c_type<'v>(&'v self, value: &'v Value) -> &'v str {
        match value {
            Value::Empty | Value::Never => "void",
            Value::Scalar(scalar) => scalar.c,
            Value::Text(_) => "srpc_string",
            Value::Bytes(_) => "srpc_bytes",
            Value::Defined(_) => self
                .defined(value)
                .map_or("void", |definition| &definition.name),
        }
    }

    /// Returns true if the value takes no memory.
    pub fn is_empty(&self, value: &Value) -> bool {
        matches!(self.resolved(value), Value::Empty | Value::Never)
    }

    /// Returns true if functions take and return the value itself.
    pub fn is_simple(&self, value: &Value) -> bool {
        let resolved = self.resolved(value);
        match self.defined(resolved).map(|definition| &definition.kind) {
            Some(kind) => matches!(kind, Kind::Enum(_)),
            None => true,
        }
    }
}

/// The names of a procedure's functions.
struct Functions {
    short: String,
    function: String,
    begin: String,
    first: String,
    next: String,
    client: String,
    subscribe: String,
    target: String,
}

impl Functions {
    fn new(
        procedure: &description::Procedure,
        prefix: &str,
        shorts: &mut Scope,
        names: &mut Scope,
    ) -> Self {
        let short = shorts.take(&snake(procedure.name()), "");
        let mut take = |name: String| names.take(&format!("{prefix}_{name}"), "");
        let is_stream = procedure.kind.is_stream();
        let function = match procedure.kind {
            ProcedureKind::Event => take(format!("emit_{short}")),
            _ => take(short.clone()),
        };
        let mut only_if = |is: bool, suffix: &str| match is {
            true => take(format!("{short}_{suffix}")),
            false => String::new(),
        };
        Self {
            begin: only_if(is_stream && procedure.error.is_some(), "begin"),
            first: only_if(procedure.kind == ProcedureKind::MovingStream, "first"),
            next: only_if(procedure.kind == ProcedureKind::Feed, "next"),
            client: {
                let verb = match procedure.kind {
                    ProcedureKind::Call => "call",
                    ProcedureKind::Stream | ProcedureKind::MovingStream => "next",
                    ProcedureKind::Feed => "feed",
                    ProcedureKind::Event => "take",
                };
                take(format!("{verb}_{short}"))
            },
            subscribe: take(format!("subscribe_{short}")),
            target: take(format!("target_{short}")),
            function,
            short,
        }
    }
}

impl Procedure {
    fn new(
        procedure: &description::Procedure,
        functions: Functions,
        index: usize,
        types: &mut Types<'_>,
    ) -> Result<Self, GenerateError> {
        types.path.clone_from(&procedure.path);
        let Functions {
            short,
            function,
            begin,
            first,
            next,
            client,
            subscribe,
            target,
        } = functions;
        let mut scope = Scope::with(LOCALS);
        let mut arguments = Vec::new();
        let last = procedure.arguments.len().checked_sub(1);
        for (at, argument) in procedure.arguments.iter().enumerate() {
            let name = scope.take(&alone(&argument.name), "_");
            let place = format!("{short}_{}", snake(&argument.name));
            let ty = &argument.ty;
            let is_fed = procedure.kind == ProcedureKind::Feed && Some(at) == last;
            let pass = match (&ty.shape, procedure.item()) {
                (_, Some(item)) if is_fed => Pass::Items {
                    item: types.value(item, &format!("{place}_item"))?,
                    count: scope.take(&format!("{name}_count"), "_"),
                    next: next.clone(),
                },
                (Shape::Seq(item), _) if types.limit(ty).is_some() => {
                    let item = types.value(item, &format!("{place}_item"))?;
                    let limit = types.limit(ty).unwrap_or_default();
                    types.check_list(&item, limit)?;
                    Pass::List {
                        item,
                        count: scope.take(&format!("{name}_count"), "_"),
                        most: types.constant(&format!("{place}_max")),
                        limit,
                    }
                }
                _ => types.passed(ty, &place)?,
            };
            arguments.push(Argument { name, pass });
        }
        let what = if procedure.kind.is_stream() {
            "item"
        } else {
            "value"
        };
        let value = types.value(&procedure.value, &format!("{short}_{what}"))?;
        let error = procedure.error.as_ref();
        let error = error.map(|error| types.value(error, &format!("{short}_error")));
        Ok(Self {
            index,
            number: procedure.number,
            key: procedure.key,
            path: procedure.path.clone(),
            doc: procedure.doc.clone(),
            kind: procedure.kind,
            idempotent: procedure.idempotent,
            function,
            begin,
            first,
            client,
            subscribe,
            target,
            arguments,
            value,
            error_doc: match &procedure.error {
                Some(error) => format!("`{}`: {}", error.name, error.doc),
                None => String::new(),
            },
            error: error.transpose()?,
        })
    }
}
