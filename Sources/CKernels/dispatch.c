#include <pthread.h>

#include "levels.h"

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t saved_registers(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

/// Finds the highest level that both the processor has and the operating system saves.
static quern_level detect(void) {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return QUERN_LEVEL_GENERIC;
  const bool osxsave = c >> 27 & 1, fma = c >> 12 & 1, f16c = c >> 29 & 1, avx = c >> 28 & 1;
  if (!osxsave || !avx || !fma || !f16c) return QUERN_LEVEL_GENERIC;
  const uint64_t saved = saved_registers();
  if ((saved & 0x06) != 0x06) return QUERN_LEVEL_GENERIC;  // XMM and YMM
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return QUERN_LEVEL_GENERIC;
  const bool avx2 = b >> 5 & 1;
  if (!avx2) return QUERN_LEVEL_GENERIC;
  const bool f = b >> 16 & 1, dq = b >> 17 & 1, bw = b >> 30 & 1, vl = b >> 31 & 1;
  const bool vnni = c >> 11 & 1;
  const bool wide = (saved & 0xE6) == 0xE6;  // and the mask registers, ZMM and ZMM16-31
  return f && dq && bw && vl && vnni && wide ? QUERN_LEVEL_AVX512 : QUERN_LEVEL_AVX2;
}
#elif defined(__aarch64__)
#if defined(__linux__)
#include <sys/auxv.h>
static quern_level detect(void) {
  const unsigned long dot_product = 1ul << 20;  // HWCAP_ASIMDDP
  return getauxval(AT_HWCAP) & dot_product ? QUERN_LEVEL_NEON : QUERN_LEVEL_GENERIC;
}
#else
static quern_level detect(void) { return QUERN_LEVEL_NEON; }  // every Apple processor
#endif
#else
static quern_level detect(void) { return QUERN_LEVEL_GENERIC; }
#endif

static quern_kernel_table tables[QUERN_LEVEL_COUNT];
static quern_level best;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill(quern_level level, const char *name, quern_level below,
                 void (*codecs)(quern_kernel_table *), void (*products)(quern_kernel_table *),
                 void (*ceilings)(quern_kernel_table *)) {
  if (level != QUERN_LEVEL_GENERIC) tables[level] = tables[below];
  tables[level].level = level;
  tables[level].name = name;
  codecs(&tables[level]);
  products(&tables[level]);
  ceilings(&tables[level]);
}

static void fill_tables(void) {
  best = detect();
  fill(QUERN_LEVEL_GENERIC, "generic", QUERN_LEVEL_GENERIC, quern_fill_codecs_generic,
       quern_fill_products_generic, quern_fill_ceilings_generic);
#if defined(__x86_64__)
  fill(QUERN_LEVEL_AVX2, "avx2", QUERN_LEVEL_GENERIC, quern_fill_codecs_avx2,
       quern_fill_products_avx2, quern_fill_ceilings_avx2);
  fill(QUERN_LEVEL_AVX512, "avx512", QUERN_LEVEL_AVX2, quern_fill_codecs_avx512,
       quern_fill_products_avx512, quern_fill_ceilings_avx512);
#elif defined(__aarch64__)
  fill(QUERN_LEVEL_NEON, "neon", QUERN_LEVEL_GENERIC, quern_fill_codecs_neon,
       quern_fill_products_neon, quern_fill_ceilings_neon);
#endif
}

static bool runs_here(quern_level level) {
  if (level == QUERN_LEVEL_GENERIC) return true;
  if (level == QUERN_LEVEL_NEON) return best == QUERN_LEVEL_NEON;
  return best != QUERN_LEVEL_NEON && level <= best;
}

const quern_kernel_table *quern_kernels(quern_level level) {
  pthread_once(&once, fill_tables);
  if ((unsigned)level >= QUERN_LEVEL_COUNT || !runs_here(level)) return NULL;
  return &tables[level];
}

quern_level quern_best_level(void) {
  pthread_once(&once, fill_tables);
  return best;
}
