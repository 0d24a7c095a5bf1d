//! Interfaces made of other interfaces: several services together, or one without its description or its limits.

use super::{Arguments, Dispatch, DispatchAsync, Interface, Replied, Reply};
use crate::describe::Longest;
use crate::wire::crc::Engine;
use crate::wire::message::Fault;

/// An interface whose description is left out of the image, to save flash.
///
/// Typed callers are served as usual; callers by name find no description.
#[derive(Clone, Copy, Debug, Default)]
pub struct Undescribed<I>(pub I);

/// An interface on a device without its own service, which makes the smallest image.
///
/// Such a device only answers calls of its procedures. Typed clients can still call it if it offers a
/// single service and their trait is the same, docs included, because they know its fingerprint.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bare<I>(pub I);

/// An interface whose longest values need not fit the server's frames.
///
/// The compiler rejects a server whose `FRAME` is too short for a value that the types of its interface
/// allow. With this it accepts one whose values are shorter in practice. A value that does not fit is
/// answered with [`Fault::ReplyTooLarge`], and arguments that do not fit are not sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct MayNotFit<I>(pub I);

/// An interface whose server has the checksums of its frames computed by the engine `E`: faster than by the
/// usual table, for more flash or with a unit of the chip. It is outermost or inside of the others.
///
/// ```
/// # use rpc_proto::service;
/// # #[service]
/// # trait Lamp {
/// #     /// Switches the lamp.
/// #     fn set(&mut self, on: bool);
/// # }
/// # struct Pin(bool);
/// # impl Lamp for Pin { fn set(&mut self, on: bool) { self.0 = on; } }
/// use rpc_proto::server::Server;
/// use rpc_proto::service::CheckedBy;
/// use rpc_proto::wire::crc::LargeTable;
///
/// let server = Server::<_, 64, 1>::new(CheckedBy(LampService(Pin(false)), LargeTable));
/// # let _ = server;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CheckedBy<I, E>(pub I, pub E);

/// The interface inside, with some of it changed.
macro_rules! wrapper {
    (
        $wrapper:ident<I $(, $engine:ident)?>,
        own service: $own_service:expr,
        longest: $longest:expr,
        described: $described:literal,
        engine: $it:ident => $its_engine:expr
    ) => {
        impl<I: Interface $(, $engine: Engine)?> Interface for $wrapper<I $(, $engine)?> {
            const OWN_SERVICE: bool = $own_service;
            const LONGEST: Longest = $longest;

            fn description(&self, offset: u32) -> &[u8] {
                if $described {
                    self.0.description(offset)
                } else {
                    &[]
                }
            }

            fn fingerprint(&self) -> u32 {
                self.0.fingerprint()
            }

            fn resolve(&self, key: u32) -> Option<u16> {
                self.0.resolve(key)
            }

            fn engine(&self) -> impl Engine + Copy {
                let $it = self;
                $its_engine
            }
        }

        impl<I: Dispatch $(, $engine: Engine)?> Dispatch for $wrapper<I $(, $engine)?> {
            fn dispatch(
                &mut self,
                index: u16,
                arguments: Arguments<'_>,
                reply: Reply<'_>,
            ) -> Result<Replied, Fault> {
                self.0.dispatch(index, arguments, reply)
            }
        }

        impl<I: DispatchAsync $(, $engine: Engine)?> DispatchAsync for $wrapper<I $(, $engine)?> {
            async fn dispatch_async(
                &mut self,
                index: u16,
                arguments: Arguments<'_>,
                reply: Reply<'_>,
            ) -> Result<Replied, Fault> {
                self.0.dispatch_async(index, arguments, reply).await
            }
        }
    };
}

wrapper!(Undescribed<I>, own service: true, longest: I::LONGEST, described: false, engine: it => it.0.engine());
wrapper!(Bare<I>, own service: false, longest: I::LONGEST, described: false, engine: it => it.0.engine());
wrapper!(MayNotFit<I>, own service: I::OWN_SERVICE, longest: Longest::NONE, described: true, engine: it => it.0.engine());
wrapper!(CheckedBy<I, E>, own service: I::OWN_SERVICE, longest: I::LONGEST, described: true, engine: it => &it.1);

/// Offers several services on one device, numbered in the order written.
///
/// ```
/// use rpc_proto::service;
///
/// #[service]
/// trait Led {
///     /// Switches the lamp.
///     fn set(&mut self, on: bool);
/// }
/// #[service]
/// trait Clock {
///     /// Seconds since power-up.
///     fn seconds(&mut self) -> u32;
/// }
///
/// # struct Board;
/// # impl Led for Board { fn set(&mut self, _: bool) {} }
/// # impl Clock for Board { fn seconds(&mut self) -> u32 { 0 } }
/// rpc_proto::interface! {
///     /// The services of the bench supply.
///     struct BenchSupply("bench-supply", "1.0.0") {
///         led: LedService<Board>,
///         clock: ClockService<Board>,
///     }
/// }
/// let interface = BenchSupply { led: LedService(Board), clock: ClockService(Board) };
/// # let _ = interface;
/// ```
///
/// An `async struct` offers services with `async` methods, and may offer others as well. It is served
/// with [`serve_async`](crate::server::Server::serve_async).
///
/// ```
/// # use rpc_proto::service;
/// #[service]
/// trait Door {
///     /// Opens the door, and returns when it has closed again.
///     async fn open(&mut self);
/// }
/// # struct Lock;
/// # impl Door for Lock { async fn open(&mut self) {} }
/// rpc_proto::interface! {
///     async struct Gate("gate", "1.0.0") {
///         door: DoorService<Lock>,
///     }
/// }
/// ```
///
/// The struct may have type parameters, each with at most one bound:
///
/// ```
/// # use rpc_proto::{events::Emit, service};
/// #[service]
/// trait Led {
///     /// Switches the lamp.
///     fn set(&mut self, on: bool);
/// }
/// struct Board<E>(E);
/// impl<E: Emit> Led for Board<E> {
///     fn set(&mut self, on: bool) {
///         # let _ = on;
///         // and emit an event
///     }
/// }
/// rpc_proto::interface! {
///     struct Bench<E: Emit>("bench", "1.0.0") {
///         led: LedService<Board<E>>,
///     }
/// }
/// ```
///
/// The compiler rejects two services with the same name, and two procedures with the same key:
///
/// ```compile_fail
/// # #[rpc_proto::service]
/// # trait Led { fn set(&mut self, on: bool); }
/// # struct Board;
/// # impl Led for Board { fn set(&mut self, _: bool) {} }
/// rpc_proto::interface! {
///     struct Twice("twice", "1.0.0") {
///         left: LedService<Board>,
///         right: LedService<Board>,
///     }
/// }
/// ```
#[macro_export]
macro_rules! interface {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident
        $(<$($generic:ident $(: $bound:path)?),+ $(,)?>)?
        ($device:expr, $version:expr) {
            $($(#[$field_attribute:meta])* $field_visibility:vis $field:ident: $service:ty),+ $(,)?
        }
    ) => {
        $crate::interface! { @offer [$($($generic $(: $bound)?),+)?] [$($($generic),+)?]
            $(#[$attribute])*
            $visibility struct $name($device, $version) {
                $($(#[$field_attribute])* $field_visibility $field: $service),+
            }
        }
        $crate::interface! { @dispatch [$($($generic $(: $bound)?),+)?] [$($($generic),+)?]
            [] Dispatch::dispatch [] for $name { $($field: $service)+ }
        }
        $crate::interface! { @dispatch [$($($generic $(: $bound)?),+)?] [$($($generic),+)?]
            [async] DispatchAsync::dispatch_async [await] for $name { $($field: $service)+ }
        }
    };
    (
        $(#[$attribute:meta])*
        $visibility:vis async struct $name:ident
        $(<$($generic:ident $(: $bound:path)?),+ $(,)?>)?
        ($device:expr, $version:expr) {
            $($(#[$field_attribute:meta])* $field_visibility:vis $field:ident: $service:ty),+ $(,)?
        }
    ) => {
        $crate::interface! { @offer [$($($generic $(: $bound)?),+)?] [$($($generic),+)?]
            $(#[$attribute])*
            $visibility struct $name($device, $version) {
                $($(#[$field_attribute])* $field_visibility $field: $service),+
            }
        }
        $crate::interface! { @dispatch [$($($generic $(: $bound)?),+)?] [$($($generic),+)?]
            [async] DispatchAsync::dispatch_async [await] for $name { $($field: $service)+ }
        }
    };
    (@offer [$($parameters:tt)*] [$($arguments:tt)*]
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident($device:expr, $version:expr) {
            $($(#[$field_attribute:meta])* $field_visibility:vis $field:ident: $service:ty),+
        }
    ) => {
        $(#[$attribute])*
        $visibility struct $name<$($parameters)*> {
            $($(#[$field_attribute])* $field_visibility $field: $service,)+
        }

        const _: () = {
            const __HEADER: $crate::macro_support::Header = $crate::macro_support::Header {
                name: $device,
                version: $version,
                services: [$(stringify!($field)),+].len(),
            };
            const __ENCODED: [u8; __HEADER.encoded_len()] = __HEADER.encode();

            impl<$($parameters)*> $crate::macro_support::StaticInterface for $name<$($arguments)*> {
                const DESCRIPTION: &'static [&'static [u8]] =
                    &[&__ENCODED, $(<$service as $crate::macro_support::Service>::DESCRIPTION),+];
                const KEYS: &'static [&'static [u32]] = $crate::macro_support::distinct(
                    &[$(<$service as $crate::macro_support::Service>::NAME),+],
                    &[$(<$service as $crate::macro_support::Service>::KEYS),+],
                );
                const LONGEST: $crate::macro_support::Longest =
                    $crate::macro_support::Longest::of_all(
                        &[$(<$service as $crate::macro_support::Service>::LONGEST),+],
                    );
            }

            $crate::interface! { @check [$($arguments)*] $($service),+ }
        };
    };
    // The keys of an interface without parameters are compared even if it is unused.
    (@check [] $($service:ty),+) => {
        const _: &[&[u32]] = $crate::macro_support::distinct(
            &[$(<$service as $crate::macro_support::Service>::NAME),+],
            &[$(<$service as $crate::macro_support::Service>::KEYS),+],
        );
    };
    (@check [$($arguments:tt)+] $($service:ty),+) => {};
    // A procedure belongs to the first service for which its remaining index is in range.
    (@dispatch [$($parameters:tt)*] [$($arguments:tt)*]
        [$($async:tt)?] $trait:ident::$method:ident $await:tt for $name:ident {
            $($field:ident: $service:ty)+
        }
    ) => {
        impl<$($parameters)*> $crate::macro_support::$trait for $name<$($arguments)*> {
            $($async)? fn $method(
                &mut self,
                index: u16,
                arguments: $crate::macro_support::Arguments<'_>,
                reply: $crate::macro_support::Reply<'_>,
            ) -> ::core::result::Result<
                $crate::macro_support::Replied,
                $crate::macro_support::Fault,
            > {
                let mut index = index;
                $(
                    let count = <$service as $crate::macro_support::Service>::KEYS.len() as u16;
                    if index < count {
                        let result = $crate::macro_support::$trait::$method(
                            &mut self.$field, index, arguments, reply,
                        );
                        return $crate::interface!(@finish result $await);
                    }
                    index -= count;
                )+
                let _ = index;
                ::core::result::Result::Err($crate::macro_support::Fault::UnknownProcedure)
            }
        }
    };
    (@finish $result:ident []) => { $result };
    (@finish $result:ident [await]) => { $result.await };
}
