//! The mistakes that are made in the C library: those of `mutations.rs`, as far as they can be made there.

use super::{
    FOR_EVER, Mutation, NO_END, NO_EXCUSE, NOT_NEVER, OTHER_RUN, OTHERS_SESSION, OUT_OF_ORDER,
    OVERRUN, RUNS_LATER, RUNS_TWICE, WRONG_ANSWER,
};

const CALLER: &str = "client_session.c";
const CALLER_RECEIVING: &str = "client_receiving.c";
const DEVICE: &str = "session.c";
const SEAL: &str = "message.c";

pub const MUTATIONS: &[Mutation] = &[
    Mutation {
        mistake: "the device runs a call again whose reply it has kept",
        file: DEVICE,
        original: "if (behind == 0u) {",
        mutated: "if (behind <= session->calls && behind <= window) {",
        violated: RUNS_TWICE,
    },
    Mutation {
        mistake: "the device runs a call that comes too early",
        file: DEVICE,
        original: "if (behind == 0u) {",
        mutated: "if (behind == 0u || behind > session->calls || behind > window) {",
        violated: OUT_OF_ORDER,
    },
    Mutation {
        mistake: "the device keeps no replies",
        file: DEVICE,
        original: "session->calls = session->calls >= 2u * window - 1u ? window : (uint8_t)(session->calls + 1u);",
        mutated: "",
        violated: FOR_EVER,
    },
    Mutation {
        mistake: "a Connect does not reset the expected sequence number",
        file: DEVICE,
        original: "    session->next = 0;\n",
        mutated: "",
        violated: FOR_EVER,
    },
    Mutation {
        mistake: "a Connect goes on with the old session",
        file: DEVICE,
        original: "    session->next = 0;\n    session->calls = 0;\n",
        mutated: "",
        violated: OUT_OF_ORDER,
    },
    Mutation {
        mistake: "the device names the call it expects, not the one it rejects without a session",
        file: DEVICE,
        original: "session->next = (uint8_t)(payload[0] & SRPC_SEQ_MASK);",
        mutated: "",
        violated: NO_EXCUSE,
    },
    Mutation {
        mistake: "the device is silent about a call without a session",
        file: DEVICE,
        original: "        srpc_session_refuse(session, SRPC_NAK_NOT_CONNECTED);\n",
        mutated: "",
        violated: FOR_EVER,
    },
    Mutation {
        mistake: "frames are not bound to their session",
        file: SEAL,
        original: "return srpc_crc(SRPC_NO_SEAL, bytes, SRPC_TRAILER);",
        mutated: "return srpc_crc(SRPC_NO_SEAL, bytes, 0);",
        violated: OTHERS_SESSION,
    },
    Mutation {
        mistake: "the caller believes a Nak NotConnected without the trailer of its call",
        file: CALLER_RECEIVING,
        original: "if (srpc_seal_checks(seal, payload, payload_length)) {",
        mutated: "if (srpc_seal_checks(seal, payload, payload_length) || payload[1] == SRPC_NAK_NOT_CONNECTED) {",
        violated: RUNS_TWICE,
    },
    Mutation {
        mistake: "the caller takes its oldest call for refused when another caller takes over",
        file: CALLER_RECEIVING,
        original: "srpc_client_end(client, SRPC_CAUSE_OTHER_CALLER, NULL);",
        mutated: "srpc_client_end(client, SRPC_CAUSE_OTHER_CALLER, srpc_client_call_at(client, 0));",
        violated: RUNS_TWICE,
    },
    Mutation {
        mistake: "the caller goes on for ever in a session that another caller has ended",
        file: CALLER_RECEIVING,
        original: "client->state->strange >= SRPC_NOT_NOISE",
        mutated: "client->state->strange > UINT8_MAX",
        violated: FOR_EVER,
    },
    Mutation {
        mistake: "the caller takes an Accept of another nonce",
        file: CALLER_RECEIVING,
        original: "if (!srpc_reader_good(&body) || nonce != client->state->nonce) {",
        mutated: "if (!srpc_reader_good(&body)) {",
        violated: NO_EXCUSE,
    },
    Mutation {
        mistake: "the caller does not change the nonce",
        file: CALLER,
        original: "    client->state->nonce++;\n",
        mutated: "",
        violated: RUNS_LATER,
    },
    Mutation {
        mistake: "the caller takes an answer for that to its oldest call",
        file: "client.c",
        original: "if (srpc_is_in_flight(call) && call->seq == seq) {",
        mutated: "if (srpc_is_in_flight(call)) {",
        violated: WRONG_ANSWER,
    },
    Mutation {
        mistake: "after a reset the caller sends a rejected call again that it had sent twice",
        file: CALLER,
        original: "never_ran = srpc_sent_once(call) && rejected != NULL &&",
        mutated: "never_ran = rejected != NULL &&",
        violated: RUNS_TWICE,
    },
    Mutation {
        mistake: "after a reset the caller sends calls again that it sent before the rejected copy",
        file: CALLER,
        original: "rejected_order = rejected->last_order;",
        mutated: "rejected_order = rejected->first_order;",
        violated: RUNS_TWICE,
    },
    Mutation {
        mistake: "after a reset the caller sends every call again",
        file: CALLER,
        original: "never_ran || srpc_is_idempotent(call)",
        mutated: "true",
        violated: RUNS_TWICE,
    },
    Mutation {
        mistake: "the caller forgets that a call may have run in an earlier session",
        file: CALLER,
        original: "call->may_have_run = true;",
        mutated: "",
        violated: NOT_NEVER,
    },
    Mutation {
        mistake: "a deadline that passes does not end the session",
        file: CALLER,
        original: "srpc_client_end(client, SRPC_CAUSE_TIMEOUT, NULL);",
        mutated: "",
        violated: RUNS_LATER,
    },
    Mutation {
        mistake: "the caller sends a Connect only once",
        file: CALLER,
        original: "client->state->outgoing_sent == client->state->outgoing_length ? SRPC_PHASE_CONNECT_DUE",
        mutated: "false ? SRPC_PHASE_CONNECT_DUE",
        violated: NO_END,
    },
    Mutation {
        mistake: "the caller sends nothing again on a time-out",
        file: CALLER,
        original: "            client->state->flush = true;\n        }\n        srpc_client_send_again(client);\n",
        mutated: "        }\n",
        violated: NO_END,
    },
    Mutation {
        mistake: "the caller sends one call more than the window allows",
        file: CALLER,
        original: "ahead >= device->window",
        mutated: "ahead > device->window",
        violated: OVERRUN,
    },
    Mutation {
        mistake: "the caller disregards the device's buffer",
        file: CALLER,
        original: " || bytes_in_flight + length > device->buffer",
        mutated: "",
        violated: OVERRUN,
    },
    Mutation {
        mistake: "frames are not checked",
        file: SEAL,
        original: "return srpc_crc(seal, payload, length) == srpc_trailer(payload, length);",
        mutated: "return srpc_crc(seal, payload, length) == srpc_trailer(payload, length) || length > 0u;",
        violated: OTHER_RUN,
    },
];
