//! The calculator over postcard-rpc without its endpoints for ping and schemas: dispatch by hand,
//! as its macro does it, so that nothing refers to a schema.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use device::polled::{self, Sender, Storage};
use device::procedures::{add, div, mul, sub};
use device::{AddEndpoint, Calculation, DivEndpoint, MulEndpoint, Operands, SubEndpoint};
use postcard_rpc::header::{VarHeader, VarKeyKind};
use postcard_rpc::server::{self, Dispatch};
use postcard_rpc::standard_icd::WireError;
use postcard_rpc::{Endpoint, Key1, postcard};
use size::Checked;
use static_cell::ConstStaticCell;

struct Bare(Checked);

impl Bare {
    async fn answer<E: Endpoint<Request = Operands, Response = Calculation>>(
        &mut self,
        run: fn(&mut Checked, VarHeader, Operands) -> Calculation,
        tx: &server::Sender<Sender>,
        header: &VarHeader,
        body: &[u8],
    ) -> Result<(), <Sender as server::WireTx>::Error> {
        let Ok(operands) = postcard::from_bytes(body) else {
            return tx.error(header.seq_no, WireError::DeserFailed).await;
        };
        let reply = run(&mut self.0, *header, operands);
        tx.reply::<E>(header.seq_no, &reply).await
    }
}

impl Dispatch for Bare {
    type Tx = Sender;

    fn min_key_len(&self) -> VarKeyKind {
        VarKeyKind::Key1
    }

    async fn handle(
        &mut self,
        tx: &server::Sender<Sender>,
        header: &VarHeader,
        body: &[u8],
    ) -> Result<(), <Sender as server::WireTx>::Error> {
        let Ok(key) = Key1::try_from(&header.key) else {
            return tx.error(header.seq_no, WireError::KeyTooSmall).await;
        };
        match key {
            AddEndpoint::REQ_KEY1 => self.answer::<AddEndpoint>(add, tx, header, body).await,
            SubEndpoint::REQ_KEY1 => self.answer::<SubEndpoint>(sub, tx, header, body).await,
            MulEndpoint::REQ_KEY1 => self.answer::<MulEndpoint>(mul, tx, header, body).await,
            DivEndpoint::REQ_KEY1 => self.answer::<DivEndpoint>(div, tx, header, body).await,
            _ => tx.error(header.seq_no, WireError::UnknownKey).await,
        }
    }
}

#[entry]
fn main() -> ! {
    static STORAGE: Storage = Storage::new();
    static FRAME: ConstStaticCell<[u8; 64]> = ConstStaticCell::new([0; 64]);
    polled::serve(&STORAGE, FRAME.take(), Bare(Checked))
}
