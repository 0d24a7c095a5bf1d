//! Types of `alloc`, which a device with a heap may use.

use rpc_proto::Schema;
use rpc_proto::schema::verify;
use rpc_proto::service::Member;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

#[track_caller]
fn assert_verified<T: Schema + Serialize + for<'a> Deserialize<'a>>(value: T) {
    assert_eq!(verify(&value, &mut [0; 256]), Ok(()));
    assert_eq!(T::SCHEMA.max_len(), None);
}

#[test]
fn types_on_the_heap_are_encoded_as_they_are_described() {
    assert_verified(String::from("text"));
    assert_verified(vec![Some(1_u16), None]);
    assert_verified(BTreeMap::from([('a', 1_u8), ('b', 2)]));
    assert_verified(BTreeSet::from([1_i16, -2]));
    assert_verified(Box::new(Cow::Borrowed("text")));
}

mod on_a_heap {
    #[rpc_proto::service]
    #[allow(dead_code)]
    pub trait Lamp {
        fn set(&mut self, levels: Vec<u8>) -> String;
    }
}

mod in_place {
    #[rpc_proto::service]
    #[allow(dead_code)]
    pub trait Lamp {
        fn set(&mut self, levels: &[u8]) -> &str;
    }
}

#[test]
fn they_are_the_same_on_the_wire_as_those_without_a_heap() {
    assert_eq!(on_a_heap::LampSet::KEY, in_place::LampSet::KEY);
}
