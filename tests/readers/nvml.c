/* The driver's management library as a machine with two cards would have it; FAKE_NVML chooses another story. */
#include <stdlib.h>
#include <string.h>
typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned int gpu, memory; } utilization_t;
static int started;
static int story(const char *name) { const char *told = getenv("FAKE_NVML"); return told && !strcmp(told, name); }
int nvmlInit_v2(void) { if (story("no driver")) return 9; started = 1; return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { if (!started) return 1; *count = story("no card") ? 0 : 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
    if (story("lost") && index == 1) return 15;
    *device = (void *)(size_t)(0x700000000000ull + index); /* does not fit into an int */
    return 0;
}
static unsigned number(void *device) { return (unsigned)((size_t)device - 0x700000000000ull); }
int nvmlDeviceGetName(void *device, char *name, unsigned length) {
    if (number(device) > 1 || length < 96) return 2;
    strcpy(name, number(device) ? "NVIDIA GeForce RTX 3060" : "NVIDIA GeForce RTX 4090\n\033[2J");
    return 0;
}
int nvmlDeviceGetMemoryInfo(void *device, memory_t *memory) {
    if (number(device) > 1) return 2;
    if (story("shared memory")) return 3;
    memory->total = number(device) ? 12884901888ull : 25769803776ull;
    memory->used = number(device) ? 1073741824ull : 21474836480ull;
    memory->free = memory->total - memory->used;
    return 0;
}
int nvmlDeviceGetUtilizationRates(void *device, utilization_t *utilization) {
    if (story("no utilization")) return 3;
    utilization->gpu = number(device) ? 3 : 97;
    utilization->memory = 40;
    return 0;
}
