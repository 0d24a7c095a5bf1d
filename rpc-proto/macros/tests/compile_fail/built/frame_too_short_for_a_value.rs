use rpc_proto::server::Server;

#[derive(serde::Serialize, serde::Deserialize, rpc_proto::Schema)]
pub struct Spectrum {
    pub bands: heapless::Vec<u16, 32>,
}

/// An analyser.
#[rpc_proto::service]
trait Analyser {
    fn spectrum(&self) -> Spectrum;
    fn name(&self) -> &str;
}

struct Board;
impl Analyser for Board {
    fn spectrum(&self) -> Spectrum {
        let bands = heapless::Vec::new();
        Spectrum { bands }
    }
    fn name(&self) -> &str {
        "analyser"
    }
}

fn main() {
    let mut server = Server::<_, 64, 1>::new(AnalyserService(Board));
    server.receive(0);
}
