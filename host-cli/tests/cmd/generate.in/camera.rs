//! The interface of a camera, whose pictures no microcontroller has room for.

#[rpc_proto::service]
pub trait Camera {
    /// Takes a picture.
    fn shoot(&mut self) -> heapless::Vec<[u64; 32], 60_000>;
}

rpc_proto::interface! {
    struct Pocket("pocket-camera", "1.0.0") {
        camera: CameraService<Sensor>,
    }
}
