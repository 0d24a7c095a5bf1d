//! Tests blocks, with the code that the host uses to transfer them.

use rpc_proto::client::CallError;
use rpc_proto::services::blocks::{
    BlockError, BlocksClient, BlocksService, Get, Put, Stored, TransferError, read_size,
};
use rpc_proto::time::Duration;
use rpc_proto::wire::crc::Crc32;
use std::ops::ControlFlow;
use tests::line::{Faults, Pace};
use tests::shelf::{CAPACITY, Shelf, ShelfService, pattern};
use tests::virtual_link::{Mishap, Start, VirtualCaller, VirtualLink};

const FRAME: usize = 64;
const WINDOW: usize = 4;

/// A block of a few dozen pieces.
const BYTES: usize = 2_000;

/// The number of seeds for each bad link.
const SEEDS: u64 = 8;

type Caller = VirtualCaller<ShelfService, FRAME, WINDOW>;

fn caller(faults: Faults, seed: u64, start: Start<ShelfService>) -> Caller {
    let mut caller = VirtualLink::caller(Pace::uart(115_200), faults, seed, start);
    caller.client().set_patience(Duration::from_secs(10), 0);
    caller
}

/// Returns a device that was never on before, with a block to read.
fn full(_: Option<&mut ShelfService>) -> ShelfService {
    BlocksService(Stored::new(Shelf::with(BYTES)))
}

/// Returns a device that keeps written bytes in flash.
fn flash(before: Option<&mut ShelfService>) -> ShelfService {
    let shelf = before.map(|before| before.0.storage().clone());
    BlocksService(Stored::new(shelf.unwrap_or_else(|| Shelf::with(10))))
}

/// Returns a device that collects written bytes in RAM.
fn ram(before: Option<&mut ShelfService>) -> ShelfService {
    let mut service = flash(before);
    service.0.storage().forget_written();
    service
}

fn get(caller: &mut Caller, name: &str) -> Result<Vec<u8>, TransferError> {
    let mut read = Vec::new();
    Get::new(name).run(caller, |offset, piece, total| {
        // A block that is read again starts at its beginning.
        read.truncate(offset as usize);
        assert_eq!(read.len(), offset as usize);
        read.extend_from_slice(piece);
        assert!(read.len() <= total as usize);
        ControlFlow::Continue(())
    })?;
    Ok(read)
}

fn put(caller: &mut Caller, bytes: &[u8]) -> Result<(), TransferError> {
    Put::new("data", bytes).run(caller, |_| ())
}

fn error(error: BlockError) -> TransferError {
    TransferError::Call(CallError::Error(error))
}

#[test]
fn blocks_are_listed_with_their_lengths() {
    let mut caller = caller(Faults::NONE, 1, full);
    let listed: Result<Vec<_>, _> = BlocksClient::new(&mut caller).list().collect();
    let listed: Vec<_> = listed
        .unwrap()
        .into_iter()
        .map(|block| (block.name.to_string(), block.length, block.capacity))
        .collect();
    let data = ("data".to_owned(), BYTES as u32, CAPACITY as u32);
    assert_eq!(listed, [data, ("fixed".to_owned(), 100, 0)]);
}

#[test]
fn a_block_arrives_whole_over_a_bad_link() {
    for rate in [1e-4, 1e-3, 4e-3] {
        for seed in 0..SEEDS {
            let mut caller = caller(Faults::mixed(rate), seed, full);
            assert!(
                get(&mut caller, "data") == Ok(pattern(BYTES)),
                "{rate} {seed}"
            );
            let bytes = &pattern(BYTES + 1)[1..];
            assert_eq!(put(&mut caller, bytes), Ok(()), "{rate} {seed}");
            let shelf = caller.link().interface().0.storage();
            assert!(shelf.data() == bytes, "{rate} {seed}");
            // Frames that are sent again write nothing again.
            let pieces = BYTES / 40;
            assert!(
                (shelf.writes as usize) <= pieces,
                "{rate} {seed}: {}",
                shelf.writes
            );
        }
    }
}

#[test]
fn bytes_that_the_device_did_not_get_do_not_count() {
    let mut caller = caller(Faults::NONE, 1, flash);
    let mut blocks = BlocksClient::new(&mut caller);
    let data = blocks.find("data").unwrap().block;
    let before = pattern(10);
    let crc = Crc32::new().then(&before).value();
    let refused = Err(CallError::Error(BlockError::NotBegun));

    assert_eq!(blocks.begin(data, 20, 10, crc), refused, "not checked");
    assert_eq!(blocks.checksum(data, 0, 10, 0), Ok(crc));
    assert_eq!(blocks.begin(data, 20, 10, crc), refused, "not written");

    assert_eq!(blocks.begin(data, 20, 0, 0), Ok(()));
    assert_eq!(blocks.write(0, &before), Ok(()));
    assert_eq!(blocks.begin(data, 20, 10, crc), Ok(()), "just written");
    assert_eq!(blocks.begin(data, 30, 10, crc), refused, "of another write");
    blocks.checksum(data, 4, 6, 0).unwrap();
    assert_eq!(
        blocks.begin(data, 20, 10, crc),
        refused,
        "not from the start"
    );
    let half = blocks.checksum(data, 0, 5, 0).unwrap();
    assert_eq!(blocks.checksum(data, 5, 5, half), Ok(crc));
    assert_eq!(blocks.begin(data, 20, 10, 0xBAD), refused, "not these");
    assert_eq!(blocks.begin(data, 20, 10, crc), Ok(()));

    let rest = [7; 10];
    assert_eq!(blocks.write(10, &rest), Ok(()));
    let differs = Err(CallError::Error(BlockError::Differs));
    assert_eq!(blocks.finish(crc), differs);
    assert_eq!(blocks.finish(Crc32::after(crc).then(&rest).value()), Ok(()));
    let whole = [before, rest.to_vec()].concat();
    assert_eq!(get(&mut caller, "data"), Ok(whole));
}

#[test]
fn a_write_that_a_reset_lost_is_not_mended_with_the_block_as_it_was() {
    let mut caller = caller(Faults::NONE, 1, ram);
    let old = pattern(1_000);
    assert_eq!(put(&mut caller, &old), Ok(()));
    // The block as it was is a prefix of what is written now.
    let new = [old, vec![7; 1_000]].concat();
    for at in (0..).step_by(97).take_while(|&at| at < 2_000) {
        caller.link().after(at, Mishap::Reset);
        assert_eq!(put(&mut caller, &new), Ok(()), "{at}");
        assert!(get(&mut caller, "data") == Ok(new.clone()), "{at}");
    }
}

#[test]
fn blocks_of_every_length_come_and_go() {
    let piece = usize::from(read_size(FRAME));
    let mut caller = caller(Faults::NONE, 1, flash);
    for length in [0, 1, piece - 1, piece, piece + 1, 10 * piece, 1_000] {
        let bytes = pattern(length);
        assert_eq!(put(&mut caller, &bytes), Ok(()));
        assert_eq!(get(&mut caller, "data"), Ok(bytes));
    }
}

#[test]
fn a_reset_anywhere_does_not_keep_a_block_from_being_read() {
    for at in (0..).step_by(7).take_while(|&at| at < 1_000) {
        let mut caller = caller(Faults::NONE, at, full);
        caller.link().after(at, Mishap::Reset);
        assert!(get(&mut caller, "data") == Ok(pattern(BYTES)), "{at}");
    }
}

#[test]
fn a_reset_anywhere_makes_a_write_go_on_where_the_memory_lasted() {
    let bytes = pattern(BYTES);
    let pieces = BYTES as u32 / 45 + 1;
    for at in (0..).step_by(11).take_while(|&at| at < 3_000) {
        for (start, is_kept) in [(flash as Start<_>, true), (ram, false)] {
            let mut caller = caller(Faults::NONE, at, start);
            caller.link().after(at, Mishap::Reset);
            assert_eq!(put(&mut caller, &bytes), Ok(()), "{at}");
            let shelf = caller.link().interface().0.storage();
            assert!(shelf.data() == bytes, "{at}");
            let again = shelf.writes.saturating_sub(pieces);
            if is_kept {
                assert!(again <= WINDOW as u32, "{at}: {again} pieces again");
            }
        }
    }
}

#[test]
fn a_transfer_that_failed_goes_on_where_it_was_when_it_is_run_again() {
    let bytes = pattern(BYTES);
    for at in (1..).step_by(13).take_while(|&at| at < 2_500) {
        let mut caller = caller(Faults::NONE, 1, flash);
        caller.client().set_patience(Duration::from_millis(500), 0);
        caller.link().after(at, Mishap::Cut);
        let mut put = Put::new("data", &bytes);
        if put.run(&mut caller, |_| ()).is_err() {
            caller.link().to_caller.mend();
            let done = put.done();
            let mut least = u32::MAX;
            assert_eq!(put.run(&mut caller, |done| least = least.min(done)), Ok(()));
            assert_eq!(least, done, "{at}");
        }
        assert!(caller.link().interface().0.storage().data() == bytes);

        caller.link().after(at, Mishap::Cut);
        let (mut get, mut read) = (Get::new("data"), Vec::new());
        let mut sink = |_, piece: &[u8], _| {
            read.extend_from_slice(piece);
            ControlFlow::Continue(())
        };
        if get.run(&mut caller, &mut sink).is_err() {
            caller.link().to_caller.mend();
            assert_eq!(get.run(&mut caller, &mut sink), Ok(()));
        }
        assert!(read == bytes, "{at}");
    }
}

#[test]
fn a_block_that_changes_is_read_anew_and_never_mixed() {
    let whole = pattern(BYTES);
    let inverted: Vec<u8> = whole.iter().map(|byte| !byte).collect();
    let mut kept = 0;
    for every in 1..200 {
        let mut caller = caller(Faults::NONE, 1, full);
        caller.link().interface().0.storage().changes_every = Some(every);
        match get(&mut caller, "data") {
            Ok(read) => {
                assert!(read == whole || read == inverted, "{every}");
                kept += 1;
            }
            Err(failed) => assert_eq!(failed, TransferError::Changed, "{every}"),
        }
    }
    assert!((1..199).contains(&kept), "{kept}");
}

#[test]
fn what_cannot_be_is_said_by_the_device() {
    let mut caller = caller(Faults::NONE, 1, full);
    let no_such_block = error(BlockError::NoSuchBlock);
    assert_eq!(get(&mut caller, "nothing"), Err(no_such_block));
    let mut fixed = Put::new("fixed", b"new");
    let written = fixed.run(&mut caller, |_| ());
    assert_eq!(written, Err(error(BlockError::ReadOnly)));
    let too_much = vec![0; CAPACITY + 1];
    assert_eq!(put(&mut caller, &too_much), Err(error(BlockError::TooLong)));
    let mut blocks = BlocksClient::new(&mut caller);
    fn failed<T>(error: BlockError) -> Result<T, CallError<BlockError>> {
        Err(CallError::Error(error))
    }
    assert_eq!(blocks.write(0, b"x"), failed(BlockError::NotBegun));
    assert_eq!(blocks.begin(0, 5, 0, 0), Ok(()));
    assert_eq!(blocks.write(3, b"x"), failed(BlockError::Gap));
    assert_eq!(blocks.write(3, b"xyz"), failed(BlockError::OutOfRange));
    assert_eq!(blocks.finish(0), failed(BlockError::Gap));
    assert_eq!(blocks.write(0, b"12345"), Ok(()));
    assert_eq!(blocks.finish(0), failed(BlockError::Differs));
    assert_eq!(blocks.finish(0xCBF5_3A1C), Ok(()));
    assert_eq!(blocks.finish(0xCBF5_3A1C), Ok(()));
    assert_eq!(blocks.read(0, 3, 10), Ok(&b"45"[..]));
    assert_eq!(blocks.read(0, 5, 10), Ok(&b""[..]));
    assert_eq!(blocks.read(0, 6, 10), failed(BlockError::OutOfRange));
    assert_eq!(
        blocks.checksum(1, 0, 101, 0),
        failed(BlockError::OutOfRange)
    );
}
