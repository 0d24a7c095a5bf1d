#[derive(serde::Serialize, serde::Deserialize)]
struct Level(usize);

/// As a schema by hand, or of a crate, may say.
impl postcard_schema::Schema for Level {
    const SCHEMA: &postcard_schema::schema::NamedType = &postcard_schema::schema::NamedType {
        name: "Level",
        ty: &postcard_schema::schema::DataModelType::Usize,
    };
}

#[rpc_proto::service]
trait Lamp {
    fn set(&mut self, on: bool, level: Option<Level>);
}

fn main() {}
