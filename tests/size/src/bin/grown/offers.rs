//! The services that an image may offer.

use core::marker::PhantomData;
use rpc_proto::Schema;
use rpc_proto::service::{Interface, Undescribed};
use serde::{Deserialize, Serialize};

/// The interface of an image.
pub trait Grown {
    /// The interface.
    type Interface: Interface;
    /// Its value when the device starts.
    const INTERFACE: Self::Interface;
}

/// `PROCEDURES` of one signature in one service; or `TYPES` procedures in one service, each with a
/// type that no other has; or `SERVICES` with four procedures of that one signature.
pub struct Offer<const PROCEDURES: usize, const TYPES: usize, const SERVICES: usize>;

/// The interface of `G`, with its description or without.
pub struct Described<G, const DESCRIBED: bool>(PhantomData<G>);

impl<G: Grown> Grown for Described<G, true> {
    type Interface = G::Interface;
    const INTERFACE: Self::Interface = G::INTERFACE;
}

impl<G: Grown> Grown for Described<G, false> {
    type Interface = Undescribed<G::Interface>;
    const INTERFACE: Self::Interface = Undescribed(G::INTERFACE);
}

/// The device behind all of them.
pub struct Adder;

/// Returns the two digits that end a procedure's name.
const fn digits(name: &str) -> i32 {
    let [.., tens, ones] = *name.as_bytes() else {
        panic!("a name with two digits at its end");
    };
    (tens - b'0') as i32 * 10 + (ones - b'0') as i32
}

/// Defines a service of procedures that differ in a constant. Each makes a call, or the compiler
/// would see one procedure with a table of constants.
macro_rules! adding {
    ($trait:ident: $($procedure:ident)+) => {
        /// Additions.
        #[rpc_proto::service]
        pub trait $trait {
            $(
                /// Adds two numbers and a third.
                #[idempotent]
                fn $procedure(&mut self, x: i32, y: i32) -> i32;
            )+
        }

        impl $trait for Adder {
            $(
                #[inline(never)]
                fn $procedure(&mut self, x: i32, y: i32) -> i32 {
                    x.wrapping_add(y).wrapping_add(const { digits(stringify!($procedure)) })
                }
            )+
        }
    };
}

macro_rules! procedures {
    ($count:literal $trait:ident $service:ident: $($procedure:ident)+) => {
        adding!($trait: $($procedure)+);

        impl Grown for Offer<$count, 0, 0> {
            type Interface = $service<Adder>;
            const INTERFACE: Self::Interface = $service(Adder);
        }
    };
}

procedures!(4 Add04 Add04Service: add_00 add_01 add_02 add_03);
procedures!(8 Add08 Add08Service: add_00 add_01 add_02 add_03 add_04 add_05 add_06 add_07);
procedures!(16 Add16 Add16Service:
    add_00 add_01 add_02 add_03 add_04 add_05 add_06 add_07
    add_08 add_09 add_10 add_11 add_12 add_13 add_14 add_15);
procedures!(32 Add32 Add32Service:
    add_00 add_01 add_02 add_03 add_04 add_05 add_06 add_07
    add_08 add_09 add_10 add_11 add_12 add_13 add_14 add_15
    add_16 add_17 add_18 add_19 add_20 add_21 add_22 add_23
    add_24 add_25 add_26 add_27 add_28 add_29 add_30 add_31);

adding!(Part0: add_00 add_01 add_02 add_03);
adding!(Part1: add_04 add_05 add_06 add_07);
adding!(Part2: add_08 add_09 add_10 add_11);
adding!(Part3: add_12 add_13 add_14 add_15);
adding!(Part4: add_16 add_17 add_18 add_19);
adding!(Part5: add_20 add_21 add_22 add_23);
adding!(Part6: add_24 add_25 add_26 add_27);
adding!(Part7: add_28 add_29 add_30 add_31);

macro_rules! services {
    ($count:literal $interface:ident: $($field:ident $service:ident)+) => {
        rpc_proto::interface! {
            /// Services that share the procedures among them.
            pub struct $interface("grown", "1.0.0") {
                $(
                    /// Four of the procedures.
                    pub $field: $service<Adder>,
                )+
            }
        }

        impl Grown for Offer<0, 0, $count> {
            type Interface = $interface;
            const INTERFACE: Self::Interface = $interface { $($field: $service(Adder),)+ };
        }
    };
}

services!(1 OneService: part0 Part0Service);
services!(2 TwoServices: part0 Part0Service part1 Part1Service);
services!(4 FourServices:
    part0 Part0Service part1 Part1Service part2 Part2Service part3 Part3Service);
services!(8 EightServices:
    part0 Part0Service part1 Part1Service part2 Part2Service part3 Part3Service
    part4 Part4Service part5 Part5Service part6 Part6Service part7 Part7Service);

/// Defines types of two fields that differ in more than their name: otherwise the compiler would
/// keep only one.
macro_rules! types {
    ($($type:ident($first:ty, $second:ty))+) => {
        $(
            /// Two fields.
            #[derive(Clone, Copy, Debug, Serialize, Deserialize, Schema)]
            pub struct $type {
                /// One.
                pub first: $first,
                /// The other.
                pub second: $second,
            }
        )+
    };
}

types! {
    Type00(bool, u8) Type01(u8, u16) Type02(u16, u32) Type03(u32, i32)
    Type04(bool, u16) Type05(u8, u32) Type06(u16, i16) Type07(u32, f32)
    Type08(bool, u32) Type09(u8, i16) Type10(u16, i32) Type11(i16, i32)
    Type12(bool, i32) Type13(u8, i32) Type14(u16, f32) Type15(i32, f32)
}

macro_rules! procedures_of_types {
    ($count:literal $trait:ident $service:ident: $($procedure:ident $type:ident)+) => {
        /// Types there and back.
        #[rpc_proto::service]
        pub trait $trait {
            $(
                /// Gives back what it is given.
                #[idempotent]
                fn $procedure(&mut self, given: $type) -> $type;
            )+
        }

        impl $trait for Adder {
            $(
                fn $procedure(&mut self, given: $type) -> $type {
                    given
                }
            )+
        }

        impl Grown for Offer<0, $count, 0> {
            type Interface = $service<Adder>;
            const INTERFACE: Self::Interface = $service(Adder);
        }
    };
}

procedures_of_types!(4 Echo04 Echo04Service:
    echo_00 Type00 echo_01 Type01 echo_02 Type02 echo_03 Type03);
procedures_of_types!(8 Echo08 Echo08Service:
    echo_00 Type00 echo_01 Type01 echo_02 Type02 echo_03 Type03
    echo_04 Type04 echo_05 Type05 echo_06 Type06 echo_07 Type07);
procedures_of_types!(16 Echo16 Echo16Service:
    echo_00 Type00 echo_01 Type01 echo_02 Type02 echo_03 Type03
    echo_04 Type04 echo_05 Type05 echo_06 Type06 echo_07 Type07
    echo_08 Type08 echo_09 Type09 echo_10 Type10 echo_11 Type11
    echo_12 Type12 echo_13 Type13 echo_14 Type14 echo_15 Type15);
