/* serial-rpc for C: everything that a program needs to know, for one that is built with the files in `library`. */
#ifndef SERIAL_RPC_H
#define SERIAL_RPC_H

#include "../library/blocks.h"
#include "../library/client.h"
#include "../library/client_caller.h"
#include "../library/client_feed.h"
#include "../library/client_stream.h"
#include "../library/server.h"

#endif
