/* What happens before `main` on a Cortex-M3: the vectors, and memory as C wants it. It is the same for all images, so it is
 * no part of what is measured. */
#include <stdint.h>

extern uint32_t image_stack[], image_data[], image_data_end[], image_data_load[], image_bss[], image_bss_end[];

int main(void);
void image_start(void);

void image_start(void)
{
    uint32_t *to;
    const uint32_t *from = image_data_load;
    for (to = image_data; to != image_data_end; to++) {
        *to = *from++;
    }
    for (to = image_bss; to != image_bss_end; to++) {
        *to = 0;
    }
    (void)main();
    for (;;) {
    }
}

static void image_stop(void)
{
    for (;;) {
    }
}

#define STOP4 image_stop, image_stop, image_stop, image_stop

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*handlers[15])(void);
    void (*interrupts[44])(void);
} image_vectors = {
    image_stack,
    {image_start, image_stop, image_stop, STOP4, STOP4, STOP4},
    {STOP4, STOP4, STOP4, STOP4, STOP4, STOP4, STOP4, STOP4, STOP4, STOP4, STOP4},
};
