//! Keys: what makes two procedures different for a caller, and what does not.

use postcard_schema::Schema;
use postcard_schema::schema::owned::{
    OwnedDataModelType as Type, OwnedDataModelVariant as Variant, OwnedNamedType, OwnedNamedValue,
};
use rpc_proto::service::Member;
use serde::{Deserialize, Serialize};

/// Summarises what a sensor has measured.
#[rpc_proto::service]
#[allow(dead_code)]
trait Sensor {
    fn summary(&mut self, samples: heapless::Vec<f64, 16>) -> Result<Summary, NoSummary>;
}

#[derive(Serialize, Deserialize, Schema, rpc_proto::Schema)]
struct Summary {
    count: u8,
    mean: f64,
}

#[derive(Serialize, Deserialize, Schema, rpc_proto::Schema)]
enum NoSummary {
    NoSamples,
    OutOfRange,
}

/// The key of the only procedure of a service, `$procedure` being its type.
macro_rules! key {
    ($procedure:ident: $($service:tt)*) => {{
        #[allow(dead_code)]
        #[rpc_proto::service]
        $($service)*
        $procedure::KEY
    }};
}

/// A type, alone in a module, so that several can have one name.
macro_rules! types {
    ($($module:ident { $($item:tt)* })+) => {$(
        mod $module {
            #[allow(dead_code)]
            #[derive(serde::Serialize, serde::Deserialize, rpc_proto::Schema)]
            pub $($item)*
        }
    )+};
}

types! {
    original { struct Pair { left: u8, right: u8 } }
    other_type_name { struct Couple { left: u8, right: u8 } }
    other_field_name { struct Pair { left: u8, second: u8 } }
    other_field_type { struct Pair { left: u8, right: i8 } }
    other_order { struct Pair { right: u8, left: u8 } }
    one_more_field { struct Pair { left: u8, right: u8, middle: u8 } }
    enumeration { enum Choice { A, B(u8) } }
    other_variant_name { enum Choice { A, C(u8) } }
    other_variant_type { enum Choice { A, B(u16) } }
    other_variant_kind { enum Choice { A, B { b: u8 } } }
}

/// The key of the procedure that the others are compared with.
const ORIGINAL: u32 = key!(LampSet: trait Lamp {
    fn set(&mut self, pair: original::Pair, on: bool) -> Result<u8, u16>;
});
const CHOICE: u32 = key!(LampSet: trait Lamp { fn set(&mut self, choice: enumeration::Choice); });

#[test]
fn a_key_is_the_checksum_of_path_and_types_without_their_names() {
    let arguments = [nameless(<heapless::Vec<f64, 16>>::SCHEMA.into())];
    let outcome = (
        nameless(Summary::SCHEMA.into()),
        Some(nameless(NoSummary::SCHEMA.into())),
    );
    let path = ("sensor", "summary");
    let bytes = postcard::to_stdvec(&(path, &arguments[..], outcome)).expect("serialisable");
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&bytes);
    assert_eq!(SensorSummary::KEY, crc);
}

fn nameless(mut ty: OwnedNamedType) -> OwnedNamedType {
    let all = |types: Vec<OwnedNamedType>| types.into_iter().map(nameless).collect();
    let fields = |fields: Vec<OwnedNamedValue>| {
        let nameless = |OwnedNamedValue { name, ty }| OwnedNamedValue {
            name,
            ty: nameless(ty),
        };
        fields.into_iter().map(nameless).collect()
    };
    ty.name.clear();
    ty.ty = match ty.ty {
        Type::Seq(inner) => Type::Seq(Box::new(nameless(*inner))),
        Type::Tuple(types) => Type::Tuple(all(types)),
        Type::Struct(values) => Type::Struct(fields(values)),
        Type::Enum(mut variants) => {
            for variant in &mut variants {
                assert_eq!(variant.ty, Variant::UnitVariant, "no other is needed here");
            }
            Type::Enum(variants)
        }
        plain => plain,
    };
    ty
}

#[test]
fn a_key_changes_with_the_path() {
    let service = key!(LightSet: trait Light {
        fn set(&mut self, pair: original::Pair, on: bool) -> Result<u8, u16>;
    });
    let procedure = key!(LampPut: trait Lamp {
        fn put(&mut self, pair: original::Pair, on: bool) -> Result<u8, u16>;
    });
    assert_ne!(service, ORIGINAL);
    assert_ne!(procedure, ORIGINAL);
}

#[test]
fn the_dot_of_a_path_cannot_move() {
    let long_service = key!(LampOnOff: trait LampOn { fn off(&mut self); });
    let long_procedure = key!(LampOnOff: trait Lamp { fn on_off(&mut self); });
    assert_ne!(long_service, long_procedure);
}

#[test]
fn a_key_changes_with_the_arguments() {
    let others = [
        key!(LampSet: trait Lamp { fn set(&mut self, pair: original::Pair) -> Result<u8, u16>; }),
        key!(LampSet: trait Lamp {
            fn set(&mut self, on: bool, pair: original::Pair) -> Result<u8, u16>;
        }),
        key!(LampSet: trait Lamp {
            fn set(&mut self, pair: original::Pair, on: Option<bool>) -> Result<u8, u16>;
        }),
        key!(LampSet: trait Lamp {
            fn set(&mut self, both: (original::Pair, bool)) -> Result<u8, u16>;
        }),
        key!(LampSet: trait Lamp {
            fn set(&mut self, pair: other_field_name::Pair, on: bool) -> Result<u8, u16>;
        }),
        key!(LampSet: trait Lamp {
            fn set(&mut self, pair: other_field_type::Pair, on: bool) -> Result<u8, u16>;
        }),
        key!(LampSet: trait Lamp {
            fn set(&mut self, pair: other_order::Pair, on: bool) -> Result<u8, u16>;
        }),
        key!(LampSet: trait Lamp {
            fn set(&mut self, pair: one_more_field::Pair, on: bool) -> Result<u8, u16>;
        }),
    ];
    assert!(!others.contains(&ORIGINAL));
}

#[test]
fn a_key_changes_with_value_and_error() {
    let others = [
        key!(LampSet: trait Lamp {
            fn set(&mut self, pair: original::Pair, on: bool) -> Result<u16, u16>;
        }),
        key!(LampSet: trait Lamp {
            fn set(&mut self, pair: original::Pair, on: bool) -> Result<u8, u8>;
        }),
        key!(LampSet: trait Lamp { fn set(&mut self, pair: original::Pair, on: bool) -> u8; }),
        key!(LampSet: trait Lamp { fn set(&mut self, pair: original::Pair, on: bool); }),
    ];
    assert!(!others.contains(&ORIGINAL));
}

#[test]
fn a_key_changes_with_the_variants_of_an_enum() {
    let others = [
        key!(LampSet: trait Lamp { fn set(&mut self, choice: other_variant_name::Choice); }),
        key!(LampSet: trait Lamp { fn set(&mut self, choice: other_variant_type::Choice); }),
        key!(LampSet: trait Lamp { fn set(&mut self, choice: other_variant_kind::Choice); }),
    ];
    assert!(!others.contains(&CHOICE));
}

#[test]
fn a_key_does_not_change_with_what_no_caller_depends_on() {
    let documented = key!(LampSet:
        /// A lamp.
        trait Lamp {
            /// Sets it.
            fn set(&mut self, pair: original::Pair, on: bool) -> Result<u8, u16>;
        }
    );
    let other_argument_names = key!(LampSet: trait Lamp {
        fn set(&mut self, levels: original::Pair, switch: bool) -> Result<u8, u16>;
    });
    let other_type_name = key!(LampSet: trait Lamp {
        fn set(&mut self, pair: other_type_name::Couple, on: bool) -> Result<u8, u16>;
    });
    let idempotent = key!(LampSet: trait Lamp {
        #[idempotent]
        fn set(&mut self, pair: original::Pair, on: bool) -> Result<u8, u16>;
    });
    let shared_reference = key!(LampSet: trait Lamp {
        fn set(&self, pair: original::Pair, on: bool) -> Result<u8, u16>;
    });
    let one_of_two = key!(LampSet: trait Lamp {
        fn get(&self) -> u8;
        fn set(&mut self, pair: original::Pair, on: bool) -> Result<u8, u16>;
    });
    assert_eq!(documented, ORIGINAL);
    assert_eq!(other_argument_names, ORIGINAL);
    assert_eq!(other_type_name, ORIGINAL);
    assert_eq!(idempotent, ORIGINAL);
    assert_eq!(shared_reference, ORIGINAL);
    assert_eq!(one_of_two, ORIGINAL);
}

#[test]
fn a_key_is_the_same_for_types_that_are_the_same_on_the_wire() {
    let slice = key!(LampSet: trait Lamp { fn set(&mut self, levels: &[u8]) -> &str; });
    let vec = key!(LampSet: trait Lamp { fn set(&mut self, levels: Vec<u8>) -> String; });
    let bounded = key!(LampSet: trait Lamp {
        fn set(&mut self, levels: heapless::Vec<u8, 3>) -> heapless::String<3>;
    });
    assert_eq!(slice, vec);
    assert_eq!(slice, bounded);
}
