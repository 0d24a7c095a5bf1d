//! The macros of `rpc-proto`, which re-exports them: the attribute `#[service]` and the derive `Schema`.
//!
//! The crate `rpc-proto-syntax` turns a trait into a description of its procedures, or reports errors and their
//! positions; `expand` generates the code. `schema` describes types. The generated code is kept thin: everything that does not depend on the
//! trait is ordinary code in `rpc-proto`.

mod expand;
mod schema;

use proc_macro::TokenStream;
use quote::quote;
use rpc_proto_syntax::Options;
use syn::{DeriveInput, Error, ItemTrait, parse_macro_input};

/// Turns a trait into a service.
///
/// The trait itself is unchanged, apart from its events. For a trait `Lamp` the attribute adds
///
/// - `LampService<T>`, which wraps an implementation `T: Lamp` and is what a server runs;
/// - `LampClient<C>`, which has the same methods and calls them through a caller `C`;
/// - `LampAsyncClient<C>`, whose methods are `async` and let other tasks run while they wait;
/// - a type for each procedure, such as `LampSet`, with its arguments, value, error and key.
///
/// Doc comments of the trait and its methods become part of the description, and of the client's
/// documentation. A method is a procedure if
///
/// - it takes `&mut self` or `&self` and any number of arguments, which may borrow (`&str`,
///   `&[u8]`): on the device they then point into the receive buffer;
/// - it returns a value, nothing, or a `Result<T, E>` written with both types, where `E` is the
///   procedure's own error. A value may borrow, too;
/// - its types implement serde's `Serialize` and `Deserialize` and `rpc_proto::Schema`. `usize` does
///   not, because its size differs between device and host.
///
/// A method may return or take a sequence that is longer than a frame:
///
/// - if it returns `impl Iterator<Item = T>`, or a `Result` of one, it is a *stream*: the client also
///   returns an iterator, which fetches as many items at a time as fit a frame. The device runs the
///   method anew for each batch and skips the items that the caller has, so the method must return the
///   same items at the same positions again: it is idempotent by nature;
/// - items that come and go while they are read, such as the last lines of a log, are a *moving
///   stream*: the method returns `Moving<impl Iterator<Item = T>>` (in `rpc_proto::service`), which
///   tells the position of the first item. The caller then knows exactly how many it has missed;
/// - if its last argument is `Items<'_, T>` (in `rpc_proto::service`), it is a *feed*: the client takes
///   any `IntoIterator<Item = T>` and makes as many calls as it needs, each with the other arguments
///   and the next items.
///
/// Their items may not borrow.
///
/// A method may be `async`, to wait for a timer or a sensor while other tasks run. The service is then
/// served with `serve_async`; for its callers nothing changes. Calls still run one after the other, but
/// events go out while one waits.
///
/// A function marked `#[event]` is an event, which the device can push. It has no `self`, its arguments
/// are its data, and it is not part of the trait that is implemented. For an event `moved(open: bool)`
/// of a trait `Door`, the attribute adds
///
/// - a type `DoorMoved { open: bool }`, which the device puts into an `EventQueue`, and which derives
///   `Clone`, `Debug` and `PartialEq`;
/// - a method `DoorClient::moved`, which subscribes to it, on callers that can.
///
/// A method marked `#[idempotent]` may be repeated: running it twice does no harm, so a caller
/// sends it again when a device reset leaves open whether it has run.
#[proc_macro_attribute]
pub fn service(options: TokenStream, item: TokenStream) -> TokenStream {
    let options = parse_macro_input!(options as Options);
    let mut item = parse_macro_input!(item as ItemTrait);
    let parsed = rpc_proto_syntax::service(&mut item, &options);
    match parsed {
        Ok(service) => {
            let added = expand::service(&service);
            quote!(#item #added).into()
        }
        Err(error) => {
            // The trait itself is kept, so that its users do not report follow-up errors.
            let error = error.into_compile_error();
            quote!(#item #error).into()
        }
    }
}

/// Derives `Schema`, the description of a type that crosses the link, beside serde's `Serialize` and
/// `Deserialize`.
///
/// Doc comments of the type, its fields and its variants become part of the description. Attributes of
/// serde that change what is encoded are refused, because the description would not: `into`, `from`,
/// `skip`, `with`, `untagged` and the like, and `rename`, because names are those of the source. Those
/// that are accepted: `alias`, `borrow`, `bound`, `crate`, `default`, `deny_unknown_fields`,
/// `expecting` and `transparent`.
#[proc_macro_derive(Schema)]
pub fn schema(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    let derived = schema::derive(item);
    derived.unwrap_or_else(Error::into_compile_error).into()
}
