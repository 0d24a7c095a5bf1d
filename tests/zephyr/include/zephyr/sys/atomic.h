/* Zephyr's atomic numbers, as far as the sample uses them. */
#pragma once

typedef long atomic_t;
typedef atomic_t atomic_val_t;

atomic_val_t atomic_inc(atomic_t *target);
atomic_val_t atomic_clear(atomic_t *target);
