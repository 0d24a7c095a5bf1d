//! Values of random types go through the code that is generated for them and come back as they were, checked by the
//! sanitizers of the compiler.

use crate::generate::any_value;
use crate::random::{Sketch, description, limited, some};
use libtest_mimic::Failed;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rpc_proto::describe::ProcedureKind;
use serde_json::Value;
use serial_rpc::description::{Field, Shape, Type};
use serial_rpc::value::{decode_all, encode};
use std::fmt::Write as _;
use std::io::{Read, Write};
use tests::c_program::{Program, Running, SANITIZED};

/// How many types there are, and values of each.
const TYPES: usize = 60;
const VALUES: usize = 40;

/// The outcome of a call whose arguments were taken.
const RETURN: u8 = 0x60;

/// A program that calls procedures without a line: they return what they are given.
struct Echo {
    types: Vec<Type>,
    running: Running,
}

/// Calls a procedure by its index with the bytes of its arguments, and writes the outcome and the reply.
const MAIN: &str = r#"
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    static uint8_t out[65536];
    uint8_t head[4];
    while (fread(head, 1, 4, stdin) == 4) {
        const uint16_t index = (uint16_t)(head[0] | (uint16_t)(head[1] << 8));
        const size_t length = (size_t)head[2] | (size_t)head[3] << 8;
        /* Of its own length, so that reading behind it is noticed. */
        uint8_t *const bytes = malloc(length);
        srpc_reader reader = srpc_reader_of(bytes, length);
        srpc_writer writer = srpc_writer_of(out, sizeof out);
        size_t written;
        if (fread(bytes, 1, length, stdin) != length) {
            return 1;
        }
        head[0] = echo_interface.dispatch(NULL, index, &reader, &writer);
        if (!srpc_writer_fits(&writer)) {
            return 2;
        }
        written = (size_t)(writer.at - out);
        head[1] = (uint8_t)written;
        head[2] = (uint8_t)(written >> 8);
        (void)fwrite(head, 1, 3, stdout);
        (void)fwrite(out, 1, written, stdout);
        (void)fflush(stdout);
        free(bytes);
    }
    return 0;
}
"#;

impl Echo {
    fn new(runner: &mut TestRunner) -> Result<Self, Failed> {
        let mut types = Vec::new();
        let mut sketches = Vec::new();
        for at in 0..TYPES {
            let mut it = some(runner, &crate::generate::any_type());
            limited(&mut it);
            let holder = Shape::Struct(vec![Field {
                name: "it".to_owned(),
                doc: String::new(),
                ty: it,
            }]);
            let ty = Type::new(format!("Holder{at}"), holder);
            types.push(ty.clone());
            sketches.push(Sketch {
                name: format!("p{at}"),
                doc: String::new(),
                kind: ProcedureKind::Call,
                arguments: vec![("holder".to_owned(), ty.clone())],
                value: ty,
                error: None,
            });
        }
        let program = Program::of(&description("echo", "echo", "", &sketches));
        let mut main = format!("#include \"{}.h\"\n\n", program.name());
        for prototype in prototypes(&program.text("echo.h")) {
            let body = match prototype.contains("*value") {
                true => "(void)context; *value = *holder;",
                // A value without data.
                false => "(void)context;",
            };
            writeln!(main, "{prototype}\n{{\n    {body}\n}}\n")?;
        }
        program.write("main.c", &(main + MAIN));
        let sources = ["main.c", "echo.c", serial_rpc_c::SOURCE_NAME];
        let built = program.link("gcc", &SANITIZED, &sources)?;
        Ok(Self {
            types,
            running: Running::start(&built)?,
        })
    }

    /// Returns the outcome of a call, and its reply.
    fn call(&self, index: usize, arguments: &[u8]) -> Result<(u8, Vec<u8>), Failed> {
        let mut socket = self.running.socket();
        let mut call = Vec::from((index as u16).to_le_bytes());
        call.extend((arguments.len() as u16).to_le_bytes());
        call.extend(arguments);
        socket.write_all(&call)?;
        let mut head = [0; 3];
        let read = socket.read_exact(&mut head);
        read.map_err(|error| format!("{error} after {arguments:02x?} for {}", self.types[index]))?;
        let mut reply = vec![0; u16::from_le_bytes([head[1], head[2]]).into()];
        socket.read_exact(&mut reply)?;
        Ok((head[0], reply))
    }
}

/// Returns the prototypes of the procedures, without the semicolons.
fn prototypes(header: &str) -> Vec<String> {
    let functions = header.split("\nvoid echo_p").skip(1);
    let ends = functions.map(|rest| rest.split(';').next().unwrap_or_default());
    ends.map(|prototype| format!("void echo_p{prototype}"))
        .collect()
}

/// Returns a value of the type, encoded, if it keeps to the limits of the type.
fn encoded(runner: &mut TestRunner, ty: &Type) -> Option<Vec<u8>> {
    let value = some(runner, &any_value(ty));
    let mut bytes = Vec::new();
    encode(ty, &value, &mut bytes).ok().map(|()| bytes)
}

pub fn agree() -> Result<(), Failed> {
    let mut runner = TestRunner::deterministic();
    let echo = Echo::new(&mut runner)?;
    let mut agreed = 0;
    for (index, ty) in echo.types.iter().enumerate() {
        for _ in 0..VALUES {
            if let Some(bytes) = encoded(&mut runner, ty) {
                let (outcome, reply) = echo.call(index, &bytes)?;
                assert_eq!((outcome, &reply), (RETURN, &bytes), "{ty}");
                agreed += 1;
            }
        }
    }
    assert!(agreed > TYPES * VALUES / 2, "{agreed} values");
    Ok(())
}

pub fn arbitrary() -> Result<(), Failed> {
    let mut runner = TestRunner::deterministic();
    let echo = Echo::new(&mut runner)?;
    let mut taken = 0;
    for (index, ty) in echo.types.iter().enumerate() {
        for at in 0..VALUES {
            let mut bytes = encoded(&mut runner, ty).unwrap_or_default();
            let place = some(&mut runner, &any::<prop::sample::Index>());
            let byte = some(&mut runner, &any::<u8>());
            match at % 4 {
                0 if !bytes.is_empty() => {
                    let place = place.index(bytes.len());
                    bytes[place] = byte;
                }
                1 => bytes.truncate(place.index(bytes.len() + 1)),
                2 => bytes.insert(place.index(bytes.len() + 1), byte),
                _ => bytes = some(&mut runner, &prop::collection::vec(any::<u8>(), 0..20)),
            }
            let (outcome, reply) = echo.call(index, &bytes)?;
            // Limits are checked when values are encoded.
            let within = |value: Value| encode(ty, &value, &mut Vec::new()).map(|()| value);
            match decode_all(ty, &bytes).and_then(within) {
                Ok(value) => {
                    assert_eq!(outcome, RETURN, "{ty} of {bytes:02x?}, which is {value}");
                    // What is written differently was given in more bytes than it needs, or is not a number.
                    let again = decode_all(ty, &reply);
                    assert_eq!(again.as_ref(), Ok(&value), "{ty} of {bytes:02x?}");
                    taken += 1;
                }
                Err(error) => {
                    let refused = outcome != RETURN;
                    assert!(
                        refused,
                        "{ty} of {bytes:02x?}, which is {reply:02x?}: {error}"
                    );
                }
            }
        }
    }
    assert!(taken > TYPES, "{taken} values");
    Ok(())
}
