use rpc_proto::describe::{ServiceDescription, ProcedureDescription};

const SERVICE: ServiceDescription = ServiceDescription {
    name: "lamp.ceiling",
    doc: "",
    procedures: &[] as &[ProcedureDescription],
};
const _: [u32; 0] = SERVICE.keys();

fn main() {}
