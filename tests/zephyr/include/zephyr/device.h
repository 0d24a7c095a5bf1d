/* Zephyr's devices, as far as the sample uses them. */
#pragma once

#include <stdbool.h>

struct device {
    const char *name;
};

extern const struct device zephyr_console_device;

#define DT_CHOSEN(name) name##_device
#define DEVICE_DT_GET(node) (&node)

bool device_is_ready(const struct device *dev);
