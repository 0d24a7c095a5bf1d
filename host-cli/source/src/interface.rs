//! Describes an interface: that of an `interface!`, or a single service.

use crate::constant::segments;
use crate::error::SourceError;
use crate::package;
use crate::resolve::Found;
use crate::tree::{ModuleId, Tree, is_service, is_test};
use rpc_proto::macro_support::{Header, Service, ServiceDescription};
use rpc_proto::services::blocks::BlocksService;
use rpc_proto::services::log::LogService;
use rpc_proto::services::update::UpdateService;
use serial_rpc_values::description::Description;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Expr, Generics, Ident, Item, Result, Token, Type, Visibility, braced, parenthesized,
};

/// The services of the crate `rpc-proto`, with the modules that they are in.
const OFFERED: [(&str, &str, &[u8]); 3] = [
    (
        BlocksService::<()>::NAME,
        "BlocksService",
        BlocksService::<()>::DESCRIPTION,
    ),
    (
        LogService::<()>::NAME,
        "LogService",
        LogService::<()>::DESCRIPTION,
    ),
    (
        UpdateService::<()>::NAME,
        "UpdateService",
        UpdateService::<()>::DESCRIPTION,
    ),
];

/// What is written in `interface!`.
struct Written {
    name: Ident,
    device: Expr,
    version: Expr,
    services: Vec<Type>,
}

impl Parse for Written {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        Attribute::parse_outer(input)?;
        input.parse::<Visibility>()?;
        input.parse::<Option<Token![async]>>()?;
        input.parse::<Token![struct]>()?;
        let name = input.parse()?;
        input.parse::<Generics>()?;
        let names;
        parenthesized!(names in input);
        let device = names.parse()?;
        names.parse::<Token![,]>()?;
        let version = names.parse()?;
        let fields;
        braced!(fields in input);
        let field = |input: ParseStream<'_>| {
            Attribute::parse_outer(input)?;
            input.parse::<Visibility>()?;
            input.parse::<Ident>()?;
            input.parse::<Token![:]>()?;
            input.parse()
        };
        let services = Punctuated::<_, Token![,]>::parse_terminated_with(&fields, field)?;
        Ok(Self {
            name,
            device,
            version,
            services: services.into_iter().collect(),
        })
    }
}

/// An interface that the source offers.
enum Offer {
    Several(ModuleId, Box<Written>),
    /// The trait with that position.
    One(ModuleId, usize),
}

/// Describes the interface in a module and those inside, or the one of that name.
pub fn describe(
    tree: &Tree,
    module: ModuleId,
    name: Option<&str>,
) -> std::result::Result<Vec<u8>, SourceError> {
    let mut offers = Vec::new();
    collect(tree, module, &mut offers)?;
    let offer = choose(tree, module, offers, name)?;
    let (header, services) = match &offer {
        Offer::Several(module, written) => {
            let services = written.services.iter();
            let services = services.map(|ty| encoded(tree, *module, ty));
            let services = services.collect::<std::result::Result<Vec<_>, _>>()?;
            check_names(tree, *module, written, &services)?;
            let services: Vec<_> = services.into_iter().map(|(_, bytes)| bytes).collect();
            let name = tree.text(*module, &written.device)?;
            (
                header(
                    &name,
                    &tree.text(*module, &written.version)?,
                    services.len(),
                ),
                services,
            )
        }
        Offer::One(module, position) => {
            let service = tree.service(*module, *position)?;
            let file = &tree.modules[*module].file;
            let version = package::variable(file, "CARGO_PKG_VERSION").ok_or_else(|| {
                let message = "there is no Cargo.toml that tells the version of the interface";
                SourceError::of_file(file, message).hint(format!(
                    "name it in the source: interface! {{ struct Device(\"{}\", \"1.0.0\") {{ … }} }}",
                    service.name
                ))
            })?;
            (header(service.name, &version, 1), vec![encode(&service)])
        }
    };
    let description = [header, services.concat()].concat();
    check(&description, &tree.modules[module].file)?;
    Ok(description)
}

/// Collects the interfaces of a module and of those inside.
fn collect(
    tree: &Tree,
    module: ModuleId,
    offers: &mut Vec<Offer>,
) -> std::result::Result<(), SourceError> {
    let here = &tree.modules[module];
    if let Some(broken) = &here.broken {
        return Err(broken.clone());
    }
    for (position, item) in here.items.iter().enumerate() {
        match item {
            Item::Trait(item) if is_service(item) && !is_test(&item.attrs) => {
                offers.push(Offer::One(module, position));
            }
            Item::Macro(item) => {
                let path = segments(&item.mac.path);
                if path.last().is_some_and(|last| last == "interface") && !is_test(&item.attrs) {
                    let written = syn::parse2(item.mac.tokens.clone());
                    let written =
                        written.map_err(|error| SourceError::of_syntax(&here.file, error))?;
                    offers.push(Offer::Several(module, Box::new(written)));
                }
            }
            _ => {}
        }
    }
    here.children
        .iter()
        .try_for_each(|child| collect(tree, *child, offers))
}

fn choose(
    tree: &Tree,
    module: ModuleId,
    offers: Vec<Offer>,
    wanted: Option<&str>,
) -> std::result::Result<Offer, SourceError> {
    let name = |offer: &Offer| match offer {
        Offer::Several(_, written) => written.name.unraw().to_string(),
        Offer::One(module, position) => match &tree.modules[*module].items[*position] {
            Item::Trait(item) => item.ident.unraw().to_string(),
            _ => String::new(),
        },
    };
    let has_several = offers
        .iter()
        .any(|offer| matches!(offer, Offer::Several(..)));
    let names = |is_meant: &dyn Fn(&Offer) -> bool| {
        let names = offers.iter().filter(|offer| is_meant(offer)).map(name);
        names.collect::<Vec<_>>().join(", ")
    };
    let is_meant = |offer: &Offer| match wanted {
        Some(wanted) => name(offer) == wanted,
        // Services are parts of the interface, if there is one.
        None => !has_several || matches!(offer, Offer::Several(..)),
    };
    let file = &tree.modules[module].file;
    let error = |message: &str| SourceError::of_file(file, message);
    match (
        offers.iter().filter(|offer| is_meant(offer)).count(),
        wanted,
    ) {
        (1, _) => {}
        (0, Some(wanted)) if !offers.is_empty() => {
            return Err(error(&format!("there is no interface `{wanted}` here"))
                .hint(format!("there are {}", names(&|_| true))));
        }
        (0, _) => {
            return Err(error("there is no interface here").hint(
                "an interface is a trait that is marked #[rpc_proto::service], or an `interface!`; what macros \
                 write is not seen",
            ));
        }
        _ => {
            return Err(error(&format!(
                "there are several interfaces here: {}",
                names(&is_meant)
            ))
            .hint(format!(
                "add the name of one to the path: {}#NAME",
                file.display()
            )));
        }
    }
    let meant = offers.into_iter().find(|offer| is_meant(offer));
    meant.ok_or_else(|| SourceError::of_file(file, "there is no interface here"))
}

fn header(name: &str, version: &str, services: usize) -> Vec<u8> {
    let (name, version) = (crate::kept::keep(name), crate::kept::keep(version));
    let header = Header {
        name,
        version,
        services,
    };
    let mut bytes = vec![0; header.encoded_len()];
    header.encode_into(&mut bytes);
    bytes
}

fn encode(service: &ServiceDescription) -> Vec<u8> {
    let mut bytes = vec![0; service.encoded_len()];
    service.encode_into(&mut bytes);
    bytes
}

/// Returns the name and the description of a service that `interface!` names by its type.
fn encoded(
    tree: &Tree,
    module: ModuleId,
    ty: &Type,
) -> std::result::Result<(&'static str, Vec<u8>), SourceError> {
    let unknown = || {
        tree.error(module, ty, "this is no service that the source shows").hint(
            "for a trait `Lamp` that is marked #[rpc_proto::service], it is LampService<…>; traits of other \
             crates are not read",
        )
    };
    let Type::Path(path) = ty else {
        return Err(unknown());
    };
    match tree.resolve(module, &segments(&path.path))? {
        Found::Service(module, position) => {
            let service = tree.service(module, position)?;
            Ok((service.name, encode(&service)))
        }
        Found::Outside(path) => match &path[..] {
            [krate, services, inner, name] if krate == "rpc_proto" && services == "services" => {
                let mut offered = OFFERED.iter();
                let found = offered.find(|offered| inner == offered.0 && name == offered.1);
                found
                    .map(|found| (found.0, found.2.to_vec()))
                    .ok_or_else(unknown)
            }
            _ => Err(unknown()),
        },
        Found::Item(module, position) => match &tree.modules[module].items[position] {
            Item::Type(alias) => encoded(tree, module, &alias.ty),
            _ => Err(unknown()),
        },
        Found::Module(_) => Err(unknown()),
    }
}

/// Checks what the compiler would, and no parser of a single type sees.
fn check(bytes: &[u8], file: &Path) -> std::result::Result<(), SourceError> {
    let description =
        Description::read(bytes).map_err(|error| SourceError::of_file(file, error))?;
    let mut paths = HashMap::new();
    for procedure in description.procedures() {
        if let Some(other) = paths.insert(procedure.key, &procedure.path) {
            let path = &procedure.path;
            let message = format!(
                "`{other}` and `{path}` have the same key: rename one of them or its service"
            );
            return Err(SourceError::of_file(file, message));
        }
    }
    Ok(())
}

/// Checks that no two services have the same name.
fn check_names(
    tree: &Tree,
    module: ModuleId,
    written: &Written,
    services: &[(&str, Vec<u8>)],
) -> std::result::Result<(), SourceError> {
    let mut names = HashSet::new();
    let mut named = services.iter().zip(&written.services);
    match named.find(|((name, _), _)| !names.insert(name)) {
        Some(((name, _), ty)) => {
            let message =
                format!("two services have the same name, `{name}`: rename one of the traits");
            Err(tree.error(module, ty, message))
        }
        None => Ok(()),
    }
}
