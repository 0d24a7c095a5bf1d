//! The syntax of services: turns a trait into what its service is made of, or reports an error at its position.
//!
//! The macros of `rpc-proto` read with it what the compiler gives them, and programs on a host read source files.

mod docs;
mod flow;
mod names;
mod schema;
mod types;

pub use docs::Docs;
pub use flow::{Flow, generics};
pub use names::member_type;
pub use schema::check_schema;

use flow::{fed, streamed};
use names::Names;
use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{
    Error, FnArg, GenericArgument, GenericParam, ItemTrait, Lifetime, LitInt, Pat, Receiver,
    ReceiverKind, Result, ReturnType, Token, TraitItem, TraitItemFn, Type, Visibility, parse_quote,
};

/// The options in the attribute's parentheses.
#[derive(Default)]
pub struct Options {
    /// The number of the first procedure, for a service whose numbers are part of the protocol.
    pub first_number: Option<u16>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        if input.is_empty() {
            return Ok(options);
        }
        let name: Ident = input.parse()?;
        if name != "first_number" {
            return Err(Error::new(
                name.span(),
                "`#[service]` is written without options",
            ));
        }
        input.parse::<Token![=]>()?;
        options.first_number = Some(input.parse::<LitInt>()?.base10_parse()?);
        Ok(options)
    }
}

/// A trait that is a service.
pub struct Service {
    /// The trait's name.
    pub ident: Ident,
    /// The trait's visibility.
    pub visibility: Visibility,
    /// The doc comment.
    pub docs: Docs,
    /// The name of a type parameter for implementations.
    pub implementation: Ident,
    /// The name of a type parameter for callers.
    pub caller: Ident,
    /// The methods and the events, which are not methods.
    pub procedures: Vec<Procedure>,
    /// See [`Options::first_number`].
    pub first_number: Option<u16>,
}

/// A method that is a procedure.
pub struct Procedure {
    /// The method's name.
    pub ident: Ident,
    /// The doc comment.
    pub docs: Docs,
    /// True if it is marked `#[idempotent]`.
    pub idempotent: bool,
    /// True if it is an event, which is pushed and not called.
    pub is_event: bool,
    /// True if it is an `async fn`.
    pub asynchronous: bool,
    /// The arguments.
    pub arguments: Vec<Argument>,
    /// The value and error that it returns.
    pub outcome: Outcome,
    /// The way its data travels: all at once, or a batch at a time.
    pub flow: Flow,
}

/// An argument of a procedure.
pub struct Argument {
    /// Its name.
    pub ident: Ident,
    /// Its type.
    pub ty: Type,
}

/// The types that a procedure returns.
pub struct Outcome {
    /// The value's type.
    pub value: Type,
    /// The type of the procedure's own error.
    pub error: Option<Type>,
}

impl Outcome {
    /// That of a procedure without an error of its own.
    fn plain(value: Type) -> Self {
        let error = None;
        Self { value, error }
    }
}

/// Reads a trait, and removes the attributes that only the macro knows.
///
/// # Errors
/// Fails with all that keeps the trait from being a service.
pub fn service(item: &mut ItemTrait, options: &Options) -> Result<Service> {
    // Even an invalid trait must not keep attributes that the compiler does not know.
    let names = Names::of(item);
    let members = take_members(item);
    let mut errors = Errors::default();
    if let Some(parameter) = item.generics.params.first() {
        errors.add(
            parameter,
            "a service is not generic: its procedures are the same for every caller",
        );
    }
    let mut procedures: Vec<Procedure> = Vec::new();
    let is_empty = members.is_empty();
    for Member {
        item,
        idempotent,
        is_event,
    } in members
    {
        let TraitItem::Fn(method) = item else {
            errors.add(
                item,
                "a service has procedures and events only: methods with `&mut self`, and functions \
                 marked `#[event]`",
            );
            continue;
        };
        let name = &method.sig.ident;
        if procedures.iter().any(|other| other.ident == *name) {
            errors.add(
                name,
                &format!("two procedures are named `{name}`: a caller could not tell them apart"),
            );
            continue;
        }
        let parsed = match is_event {
            true => event(&method, idempotent),
            false => procedure(&method, idempotent),
        };
        match parsed {
            Ok(procedure) => procedures.push(procedure),
            Err(error) => errors.combine(error),
        }
    }
    if is_empty {
        errors.add(&item.ident, "a service has at least one procedure or event");
    }
    errors.check_member_types(&item.ident, &procedures, &names);
    errors.into_result()?;
    if procedures.iter().any(|procedure| procedure.asynchronous) {
        // The compiler warns that callers cannot require `Send`, but a device has no such callers.
        item.attrs.push(parse_quote!(#[allow(async_fn_in_trait)]));
    }
    Ok(Service {
        ident: item.ident.clone(),
        visibility: item.vis.clone(),
        docs: Docs::of(&item.attrs),
        implementation: names.unused("T"),
        caller: names.unused("C"),
        procedures,
        first_number: options.first_number,
    })
}

/// An item of the trait, without the attributes that only this macro knows.
struct Member {
    item: TraitItem,
    idempotent: bool,
    is_event: bool,
}

/// Removes those attributes from the items, and the events from the trait, since they are not implemented.
fn take_members(item: &mut ItemTrait) -> Vec<Member> {
    let mut members = Vec::new();
    item.items.retain_mut(|item| {
        let (mut idempotent, mut is_event) = (false, false);
        if let TraitItem::Fn(method) = item {
            method.attrs.retain(|attribute| {
                let path = attribute.path();
                idempotent |= path.is_ident("idempotent");
                is_event |= path.is_ident("event");
                !path.is_ident("idempotent") && !path.is_ident("event")
            });
        }
        members.push(Member {
            item: item.clone(),
            idempotent,
            is_event,
        });
        !is_event
    });
    members
}

/// Reads `fn name(data: Type);`.
fn event(function: &TraitItemFn, idempotent: bool) -> Result<Procedure> {
    let signature = &function.sig;
    let mut errors = Errors::default();
    errors.check_member(function);
    if idempotent {
        errors.add(
            &signature.ident,
            "an event is not called, so it is not `#[idempotent]`",
        );
    }
    if let Some(receiver) = signature.receiver() {
        errors.add(
            receiver,
            "an event has no `self`: it is sent, and nothing of the device's runs for it",
        );
    }
    if let ReturnType::Type(_, ty) = &signature.output {
        errors.add(ty, "an event returns nothing: nobody answers it");
    }
    if let Some(asyncness) = signature.asyncness {
        errors.add(asyncness, "an event is not `async`: nobody waits for it");
    }
    if let Some(body) = &function.default {
        errors.add(body, "an event has no body: nothing runs for it");
    }
    let arguments = errors.arguments(signature.inputs.iter());
    errors.into_result()?;
    Ok(Procedure {
        ident: signature.ident.clone(),
        docs: Docs::of(&function.attrs),
        idempotent: false,
        is_event: true,
        asynchronous: false,
        arguments,
        outcome: Outcome::plain(parse_quote!(())),
        flow: Flow::Call,
    })
}

fn procedure(method: &TraitItemFn, idempotent: bool) -> Result<Procedure> {
    const SELF_FIRST: &str =
        "a procedure takes `&mut self` or `&self` first, unless it is an `#[event]`";
    let signature = &method.sig;
    let mut errors = Errors::default();
    let outcome = match &signature.output {
        ReturnType::Default => Outcome::plain(parse_quote!(())),
        ReturnType::Type(_, ty) => outcome(ty).unwrap_or_else(|error| {
            errors.combine(error);
            Outcome::plain(parse_quote!(()))
        }),
    };
    errors.check_member(method);
    let mut inputs = signature.inputs.iter();
    match inputs.next() {
        Some(FnArg::Receiver(Receiver {
            kind: ReceiverKind::Reference(..),
            ..
        })) => {}
        Some(other) => errors.add(other, SELF_FIRST),
        None => errors.add(&signature.ident, SELF_FIRST),
    }
    let arguments = errors.arguments(inputs);
    let (outcome, flow) = errors.check_outcome(outcome, &arguments);
    errors.into_result()?;
    Ok(Procedure {
        ident: signature.ident.clone(),
        docs: Docs::of(&method.attrs),
        // Items are requested by position, so repeating a request does no harm.
        idempotent: idempotent || matches!(flow, Flow::Stream { .. }),
        is_event: false,
        asynchronous: signature.asyncness.is_some(),
        arguments,
        outcome,
        flow,
    })
}

/// Distinguishes `Result<T, E>` from a plain value.
fn outcome(ty: &Type) -> Result<Outcome> {
    if let Type::Path(path) = ty
        && let Some(last) = path.path.segments.last()
        && last.ident == "Result"
    {
        let given = generics(&path.path, "Result").into_iter().flatten();
        let types = given.filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        });
        let [value, error] = types.collect::<Vec<_>>()[..] else {
            return Err(Error::new_spanned(
                ty,
                "write `Result<T, E>` with both types: an alias hides the procedure's error",
            ));
        };
        return Ok(Outcome {
            value: value.clone(),
            error: Some(error.clone()),
        });
    }
    Ok(Outcome::plain(ty.clone()))
}

/// Returns the type with every lifetime replaced, including elided ones. Data that is `'static` on the
/// device is a copy on the caller.
pub fn with_lifetime(ty: &Type, lifetime: &str) -> Type {
    struct Replace(Lifetime);
    impl VisitMut for Replace {
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            *lifetime = self.0.clone();
        }
        fn visit_type_reference_mut(&mut self, reference: &mut syn::TypeReference) {
            let replacement = &self.0;
            reference
                .lifetime
                .get_or_insert_with(|| replacement.clone());
            syn::visit_mut::visit_type_reference_mut(self, reference);
        }
    }
    let mut ty = ty.clone();
    Replace(Lifetime::new(lifetime, Span::call_site())).visit_type_mut(&mut ty);
    ty
}

/// All errors, so that they are reported together.
#[derive(Default)]
pub struct Errors(Option<Error>);

impl Errors {
    /// Adds an error about the tokens of `place`.
    pub fn add(&mut self, place: impl ToTokens, message: &str) {
        self.combine(Error::new_spanned(place, message));
    }

    fn combine(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Returns all errors as one, if there is any.
    ///
    /// # Errors
    /// Fails if there is any.
    pub fn into_result(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }

    /// Rejects everything that neither a procedure nor an event may be.
    fn check_member(&mut self, method: &TraitItemFn) {
        let signature = &method.sig;
        for attribute in &method.attrs {
            if attribute.path().is_ident("cfg") {
                self.add(
                    attribute,
                    "a procedure is not conditional: both ends must number the same procedures",
                );
            }
        }
        let name = &signature.ident;
        if name == "new" || name == "caller" {
            self.add(
                name,
                &format!("a procedure is not named `{name}`: clients have a function of that name"),
            );
        }
        for parameter in &signature.generics.params {
            if !matches!(parameter, GenericParam::Lifetime(_)) {
                self.add(
                    parameter,
                    "a procedure is not generic: its types must be known to both ends",
                );
            }
        }
    }

    /// Reads the arguments behind `self`.
    fn arguments<'i>(&mut self, inputs: impl Iterator<Item = &'i FnArg>) -> Vec<Argument> {
        let mut arguments: Vec<Argument> = Vec::new();
        for input in inputs {
            let FnArg::Typed(input) = input else { continue };
            let Pat::Ident(pattern) = &*input.pat else {
                self.add(
                    &input.pat,
                    "an argument has a plain name, which callers use",
                );
                continue;
            };
            self.check_type(&input.ty);
            self.check_not_static(&input.ty);
            if let Some(Argument { ty, .. }) = arguments.last()
                && fed(ty).is_some()
            {
                self.add(ty, "the items that a caller feeds are the last argument");
            }
            arguments.push(Argument {
                ident: pattern.ident.clone(),
                ty: (*input.ty).clone(),
            });
        }
        arguments
    }

    /// Rejects an argument that the receive buffer does not hold for long enough.
    fn check_not_static(&mut self, ty: &Type) {
        struct Check<'e>(&'e mut Errors);
        impl<'ast> Visit<'ast> for Check<'_> {
            fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
                if lifetime.ident == "static" {
                    self.0.add(
                        lifetime,
                        "an argument is borrowed for the call only: it cannot be `'static`",
                    );
                }
            }
        }
        Check(self).visit_type(ty);
    }

    /// Checks whether the procedure returns or takes a sequence of items. If it returns one, the value
    /// of its outcome becomes an item.
    fn check_outcome(&mut self, mut outcome: Outcome, arguments: &[Argument]) -> (Outcome, Flow) {
        let mut flow = Flow::Call;
        let fed = arguments.last().and_then(|argument| fed(&argument.ty));
        if let Some((item, moves)) = streamed(&outcome.value) {
            outcome.value = item.clone();
            flow = Flow::Stream { moves };
            self.check_owned(
                &outcome.value,
                "the caller of a stream keeps its items: use a type that owns what it holds",
            );
            if fed.is_some() {
                let ty = arguments.last().map(|argument| &argument.ty);
                self.add(
                    ty,
                    "a procedure takes a sequence of items or returns one, not both",
                );
            }
        } else if let Some(item) = fed {
            self.check_owned(
                item,
                "the caller of a feed makes its items while they go out: use a type that owns what it \
                 holds",
            );
            self.check_owned(
                &outcome.value,
                "a feed is several calls, and only the last one's value is returned: use a type that \
                 owns what it holds",
            );
            flow = Flow::Feed(Box::new(item.clone()));
        }
        self.check_type(&outcome.value);
        if let Some(error) = &outcome.error {
            self.check_type(error);
        }
        (outcome, flow)
    }
}
