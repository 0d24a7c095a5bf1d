/* Zephyr's kernel, as far as the sample uses it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ARG_UNUSED(x) (void)(x)

typedef struct {
    int64_t ticks;
} k_timeout_t;

#define K_FOREVER ((k_timeout_t){-1})

struct k_sem {
    unsigned int count;
    unsigned int limit;
};

#define K_SEM_DEFINE(name, initial_count, count_limit) struct k_sem name = {initial_count, count_limit}

int k_sem_take(struct k_sem *sem, k_timeout_t timeout);
void k_sem_give(struct k_sem *sem);

unsigned int irq_lock(void);
void irq_unlock(unsigned int key);
