/* The device's own service: what every device answers besides its interface (PROTOCOL.md, "The device's own service"). */
#include "server.h"

/* Its procedures. */
enum { SRPC_DESCRIBE, SRPC_RESOLVE, SRPC_STATISTICS, SRPC_PING };

/* The offset at which a description is asked for its digest. */
#define SRPC_DIGEST_OFFSET 0xFFFFFFFFu

uint16_t srpc_resolve(const srpc_interface *interface, uint32_t key)
{
    uint16_t index;
    for (index = 0; index < interface->count; index++) {
        if (interface->keys[index] == key) {
            return (uint16_t)(SRPC_FIRST_NUMBER + index);
        }
    }
    return 0;
}

/* Returns the description from `offset` on, or its digest: as much as fits a reply. */
static srpc_bytes srpc_describe(const srpc_server *server, uint32_t offset)
{
    const srpc_interface *const interface = server->interface;
    const uint32_t frame = server->frame;
    /* What is around it: the frame's own, the header and the length. */
    const uint32_t around = SRPC_FRAME_LENGTH(frame) - frame + 1u + 3u;
    uint32_t length = 0;
    srpc_bytes part = {NULL, 0};
    if (offset == SRPC_DIGEST_OFFSET) {
        if (interface->digest != NULL) {
            part.bytes = interface->digest;
            length = SRPC_DIGEST;
        }
    } else if (offset < interface->description_length) {
        part.bytes = interface->description + offset;
        length = interface->description_length - offset;
    } else {
        /* There is none. */
    }
    if (length > frame - around) {
        length = frame - around;
    }
    part.length = (size_t)length;
    return part;
}

static void srpc_write_statistics(srpc_writer *reply, const srpc_statistics *statistics)
{
    srpc_write_u32(reply, statistics->frames);
    srpc_write_u32(reply, statistics->corrupt);
    srpc_write_u32(reply, statistics->too_long);
    srpc_write_u32(reply, statistics->out_of_order);
    srpc_write_u32(reply, statistics->duplicates);
    srpc_write_u32(reply, statistics->overruns);
}

srpc_outcome srpc_own_service(const srpc_server *server, uint16_t number, srpc_reader *arguments, srpc_writer *reply)
{
    switch (number) {
    case SRPC_DESCRIBE: {
        const uint32_t offset = srpc_read_u32(arguments);
        if (!srpc_reader_ended(arguments)) {
            return SRPC_BAD_ARGUMENTS;
        }
        srpc_write_bytes(reply, srpc_describe(server, offset));
        return SRPC_RETURN;
    }
    case SRPC_RESOLVE: {
        const uint16_t found = srpc_resolve(server->interface, srpc_read_u32(arguments));
        if (!srpc_reader_ended(arguments)) {
            return SRPC_BAD_ARGUMENTS;
        }
        srpc_write_bool(reply, found != 0u);
        if (found != 0u) {
            srpc_write_u16(reply, found);
        }
        return SRPC_RETURN;
    }
    case SRPC_STATISTICS:
        if (!srpc_reader_ended(arguments)) {
            return SRPC_BAD_ARGUMENTS;
        }
        srpc_write_statistics(reply, &server->session->statistics);
        return SRPC_RETURN;
    case SRPC_PING: {
        const srpc_bytes bytes = srpc_read_bytes(arguments, UINT16_MAX);
        if (!srpc_reader_ended(arguments)) {
            return SRPC_BAD_ARGUMENTS;
        }
        srpc_write_bytes(reply, bytes);
        return SRPC_RETURN;
    }
    default:
        if (server->events == NULL) {
            return SRPC_UNKNOWN_PROCEDURE;
        }
        return server->events->operations->answer(server, number, arguments, reply);
    }
}
