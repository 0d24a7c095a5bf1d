/* The calculator and nothing else: sessions, kept replies and CRC-32. */
#include "calculator.h"
#include "serve.h"

SRPC_SERVER(server, &calculator_interface_bare, NULL, 64, 1, 0, NULL);

int main(void)
{
    serve(&server);
    return 0;
}
