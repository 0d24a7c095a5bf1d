//! Programs in C at the end of a link, a Rust program at the other: a device with generated code, and a caller.

use crate::described;
use libtest_mimic::Failed;
use rpc_proto::client::Ran;
use rpc_proto::describe::ProcedureKind;
use serde_json::{Map, Value, json};
use serial_rpc::Connection;
use serial_rpc::arguments::to_json;
use serial_rpc::description::{Description, Mirror, Procedure};
use serial_rpc::link::Link;
use serial_rpc_simulator::{DescribedDevice, Served};
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use tests::c_program::{Program, Running, SANITIZED, SocketLink};

/// Longer than anything takes, on any machine.
const PATIENCE: Duration = Duration::from_secs(60);

const LAMP: &str = "host-cli/tests/cmd/generate.in/lamp.rs";

/// Builds a program for the lamp from a source of this folder.
fn program(main: &str, generated: &str) -> Result<Running, Failed> {
    let program = Program::of(&described(LAMP));
    program.write("main.c", main);
    let sources = ["main.c", generated, serial_rpc_c::SOURCE_NAME];
    Ok(Running::start(&program.link("gcc", &SANITIZED, &sources)?)?)
}

pub fn device() -> Result<(), Failed> {
    let running = program(include_str!("device.c"), "desk_lamp.c")?;
    let link = Arc::new(SocketLink(running.socket().try_clone()?));
    let device = Connection::to(link).within(PATIENCE);
    // It describes itself as its source does.
    assert_eq!(device.description_bytes()?, described(LAMP));

    let description = device.description()?;
    let turned = description.procedure("lamp.turned")?;
    let mut events = device.subscribe_by_key(turned.key)?;
    assert_eq!(
        device.call("lamp.set", &json!({ "on": false }))?,
        Value::Null
    );
    let event = events.next_within(PATIENCE)?.ok_or("an event")?;
    assert_eq!(to_json(turned, &event.data)?["double"], -300);

    let mut feed = device.feed("lamp.play", &["1000"])?;
    for at in 0..200 {
        feed.push(&json!([at, 2, 3]))?;
    }
    feed.finish()?;
    let pixels = json!({ "pixels": [[0, 5, 0], [0, 6, 0]] });
    assert_eq!(device.call("lamp.pixels", &pixels)?, (200_000 + 11) % 256);
    assert_eq!(
        device.call("lamp.pixels", &json!({ "pixels": [] }))?,
        Value::Null
    );

    let on = json!({ "On": { "colour": [199, 2, 3], "percent": 50 } });
    assert_eq!(device.call("lamp.dim", &json!([50]))?, on);
    let refused = device
        .call("lamp.dim", &json!([101]))
        .expect_err("it is too bright");
    assert!(refused.to_string().contains("TooBright"), "{refused}");

    let states = device.stream("lamp.states", &json!([]))?;
    let states = states.collect::<Result<Vec<_>, _>>()?;
    assert_eq!(states.len(), 100);
    assert_eq!(states[..2], [json!("Off"), json!({ "Broken": "bulb" })]);

    // What the interface does not allow, a caller that knows it does not send, and a device refuses.
    let rename = Mirror::new(described(LAMP))?
        .target(2)
        .ok_or("it is the third")?;
    let long = [vec![17], vec![b'a'; 17]].concat();
    let refused = device
        .call_encoded(rename, &long)
        .expect_err("it is too long");
    assert_eq!(refused.ran(), Ran::Never, "{refused}");
    Ok(())
}

/// Serves a call of the caller in C.
fn serve(procedure: &Procedure, arguments: &Map<String, Value>, fed: &mut Vec<Value>) -> Served {
    let argument = |name: &str| arguments[name].clone();
    Served::Value(match procedure.path.as_str() {
        "lamp.set" => {
            assert_eq!(argument("on"), true);
            Value::Null
        }
        "lamp.dim" if argument("percent") == 101 => return Served::Error(Value::Null),
        "lamp.dim" => json!({ "On": { "colour": [1, 2, 3], "percent": argument("percent") } }),
        "lamp.rename" => {
            assert_eq!(argument("name"), "desk");
            Value::Null
        }
        "lamp.pixels" if argument("pixels") == json!([]) => Value::Null,
        "lamp.pixels" => {
            assert_eq!(argument("pixels"), json!([[1, 2, 3], [4, 5, 6], [7, 8, 9]]));
            json!(15)
        }
        "lamp.states" => {
            let state = |at| {
                if at % 2 == 0 {
                    json!("Off")
                } else {
                    json!({ "Broken": "bulb" })
                }
            };
            (0..100).map(state).collect()
        }
        "lamp.play" => {
            fed.extend(argument("colours").as_array().cloned().unwrap_or_default());
            Value::Null
        }
        _ => return Served::Missing,
    })
}

pub fn caller() -> Result<(), Failed> {
    let bytes = described(LAMP);
    let description = Description::read(&bytes)?;
    let turned = description.procedure("lamp.turned")?.clone();
    assert_eq!(turned.kind, ProcedureKind::Event);
    let fed = Arc::new(Mutex::new(Vec::new()));
    let was_set = Arc::new(AtomicBool::new(false));
    let (of_device, set) = (Arc::clone(&fed), Arc::clone(&was_set));
    let device = DescribedDevice::new(
        bytes,
        Box::new(move |procedure, arguments| {
            set.fetch_or(procedure.path == "lamp.set", Ordering::Relaxed);
            serve(
                procedure,
                &arguments,
                &mut of_device.lock().expect("nobody has panicked"),
            )
        }),
    )?;
    let running = program(include_str!("caller.c"), "desk_lamp_client.c")?;
    let socket = running.socket().try_clone()?;
    let ended = Arc::new(AtomicBool::new(false));
    let told = thread::scope(|scope| {
        scope.spawn(|| {
            let mut buffer = [0; 256];
            while let Ok(count @ 1..) = (&socket).read(&mut buffer) {
                let mut rest = &buffer[..count];
                while let Ok(taken @ 1..) = device.write(rest, PATIENCE) {
                    rest = &rest[taken..];
                }
            }
        });
        scope.spawn(|| {
            let mut buffer = [0; 256];
            while !ended.load(Ordering::Relaxed) {
                let count = device
                    .read(&mut buffer, Duration::from_millis(10))
                    .unwrap_or_default();
                if (&socket).write_all(&buffer[..count]).is_err() {
                    break;
                }
                // It is told once it has subscribed, which it has before it calls.
                if was_set.swap(false, Ordering::Relaxed) {
                    let data = json!({ "double": -300 });
                    let data = data.as_object().expect("it is one");
                    device.emit(&turned, data).expect("it is the event's");
                }
            }
        });
        let told = running.end();
        ended.store(true, Ordering::Relaxed);
        // It ends the thread that reads.
        let _ = socket.shutdown(std::net::Shutdown::Both);
        told
    });
    told?;
    let fed = fed.lock().expect("nobody has panicked");
    assert_eq!(fed.len(), 500);
    assert_eq!(fed[257], json!([1, 0, 0]));
    Ok(())
}
