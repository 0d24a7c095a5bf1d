//! Interfaces made of other interfaces: several services together, or one without its description.

use super::{Arguments, Dispatch, DispatchAsync, Interface, Replied, Reply};
use crate::wire::message::Fault;

/// An interface whose description is left out of the image, to save flash.
///
/// Typed callers are served as ever; callers by name find nothing to read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Undescribed<I>(pub I);

/// An interface on a device without its own service, which is the smallest that there is.
///
/// Nobody can ask such a device anything but its procedures. Typed clients still call it if it
/// offers a single service and their trait is the same, docs included: they know the fingerprint.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bare<I>(pub I);

/// The interface inside, without its description.
macro_rules! without_description {
    ($wrapper:ident, own service: $own_service:literal) => {
        impl<I: Interface> Interface for $wrapper<I> {
            const DESCRIPTION: &'static [&'static [u8]] = &[];
            const FINGERPRINT: u32 = I::FINGERPRINT;
            const OWN_SERVICE: bool = $own_service;

            fn resolve(key: u32) -> Option<u16> {
                I::resolve(key)
            }
        }

        impl<I: Dispatch> Dispatch for $wrapper<I> {
            fn dispatch(
                &mut self,
                index: u16,
                arguments: Arguments<'_>,
                reply: Reply<'_>,
            ) -> Result<Replied, Fault> {
                self.0.dispatch(index, arguments, reply)
            }
        }

        impl<I: DispatchAsync> DispatchAsync for $wrapper<I> {
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

without_description!(Undescribed, own service: true);
without_description!(Bare, own service: false);

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
///     /// What the bench supply offers.
///     struct BenchSupply("bench-supply", "1.0.0") {
///         led: LedService<Board>,
///         clock: ClockService<Board>,
///     }
/// }
/// let interface = BenchSupply { led: LedService(Board), clock: ClockService(Board) };
/// # let _ = interface;
/// ```
///
/// Services with `async` methods are offered by an `async struct`, in which others may be, too. It is
/// served with [`serve_async`](crate::server::Server::serve_async).
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
/// Two procedures with the same key are refused by the compiler:
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
        $visibility:vis struct $name:ident($device:expr, $version:expr) {
            $($(#[$field_attribute:meta])* $field_visibility:vis $field:ident: $service:ty),+ $(,)?
        }
    ) => {
        $crate::interface! { @offer
            $(#[$attribute])*
            $visibility struct $name($device, $version) {
                $($(#[$field_attribute])* $field_visibility $field: $service),+
            }
        }
        $crate::interface! { @dispatch [] Dispatch::dispatch [] for $name { $($field: $service)+ } }
        $crate::interface! { @dispatch
            [async] DispatchAsync::dispatch_async [await] for $name { $($field: $service)+ }
        }
    };
    (
        $(#[$attribute:meta])*
        $visibility:vis async struct $name:ident($device:expr, $version:expr) {
            $($(#[$field_attribute:meta])* $field_visibility:vis $field:ident: $service:ty),+ $(,)?
        }
    ) => {
        $crate::interface! { @offer
            $(#[$attribute])*
            $visibility struct $name($device, $version) {
                $($(#[$field_attribute])* $field_visibility $field: $service),+
            }
        }
        $crate::interface! { @dispatch
            [async] DispatchAsync::dispatch_async [await] for $name { $($field: $service)+ }
        }
    };
    (@offer
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident($device:expr, $version:expr) {
            $($(#[$field_attribute:meta])* $field_visibility:vis $field:ident: $service:ty),+
        }
    ) => {
        $(#[$attribute])*
        $visibility struct $name {
            $($(#[$field_attribute])* $field_visibility $field: $service,)+
        }

        const _: () = {
            const HEADER: $crate::describe::Header = $crate::describe::Header {
                name: $device,
                version: $version,
                services: [$(stringify!($field)),+].len(),
            };
            const ENCODED: [u8; HEADER.encoded_len()] = HEADER.encode();
            const KEYS: &[&[u32]] = &[$(<$service as $crate::service::Service>::KEYS),+];
            $crate::describe::assert_distinct(KEYS);

            impl $crate::service::Interface for $name {
                const DESCRIPTION: &'static [&'static [u8]] =
                    &[&ENCODED, $(<$service as $crate::service::Service>::DESCRIPTION),+];
                const FINGERPRINT: u32 = $crate::describe::fingerprint(Self::DESCRIPTION);

                fn resolve(key: u32) -> Option<u16> {
                    let mut first = 0;
                    for keys in KEYS {
                        if let Some(index) = $crate::service::index_of(key, keys) {
                            return Some(first + index);
                        }
                        first += keys.len() as u16;
                    }
                    None
                }
            }
        };
    };
    // A procedure belongs to the first service whose procedures its index has not passed.
    (@dispatch [$($async:tt)?] $trait:ident::$method:ident $await:tt for $name:ident {
        $($field:ident: $service:ty)+
    }) => {
        impl $crate::service::$trait for $name {
            $($async)? fn $method(
                &mut self,
                index: u16,
                arguments: $crate::service::Arguments<'_>,
                reply: $crate::service::Reply<'_>,
            ) -> Result<$crate::service::Replied, $crate::wire::message::Fault> {
                let mut index = index;
                $(
                    let count = <$service as $crate::service::Service>::KEYS.len() as u16;
                    if index < count {
                        let result = $crate::service::$trait::$method(
                            &mut self.$field, index, arguments, reply,
                        );
                        return $crate::interface!(@finish result $await);
                    }
                    index -= count;
                )+
                let _ = index;
                Err($crate::wire::message::Fault::UnknownProcedure)
            }
        }
    };
    (@finish $result:ident []) => { $result };
    (@finish $result:ident [await]) => { $result.await };
}
