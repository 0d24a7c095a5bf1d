/* The sizes of what the Rust side of the tests has a copy of. */
#include "demonstration.h"
#include "serial_rpc.h"

extern const size_t layout[8];
extern const size_t layout_demonstration;

const size_t layout[8] = {
    sizeof(srpc_writer), sizeof(srpc_reader), sizeof(srpc_interface), sizeof(srpc_session),
    sizeof(srpc_server), sizeof(srpc_queue),  sizeof(srpc_events),    sizeof(srpc_event),
};

const size_t layout_demonstration = sizeof(demonstration);

extern const size_t client_layout[8];

const size_t client_layout[8] = {
    sizeof(srpc_target),        sizeof(srpc_answer),       sizeof(srpc_received_event), sizeof(srpc_client_call),
    sizeof(srpc_client_number), sizeof(srpc_client_topic), sizeof(srpc_client_state),   sizeof(srpc_client),
};
