/* The calculator with the device's own service, without its description. */
#include "calculator.h"
#include "serve.h"

SRPC_SERVER(server, &calculator_interface_undescribed, NULL, 64, 1, 0, NULL);

int main(void)
{
    serve(&server);
    return 0;
}
