/* The calculator with its description and the device's own service. */
#include "calculator.h"
#include "serve.h"

SRPC_SERVER(server, &calculator_interface, NULL, 64, 1, 0, NULL);

int main(void)
{
    serve(&server);
    return 0;
}
