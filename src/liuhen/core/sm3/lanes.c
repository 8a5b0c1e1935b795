/* SM3 (GB/T 32905-2016) of LANES streams at once, one stream in each lane of a vector.
 *
 * - state[l] points to the eight words of stream l, data[l] to its next blocks of 64 bytes; all streams have
 *   the same number of blocks here. Padding is the caller's.
 * - Nothing is allocated, nothing is kept between calls, no pointer is read beyond blocks * 64 bytes.
 * - kernel.py compiles this file, and believes it only after comparing it with another implementation.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint32_t u32;
typedef u32 vec8 __attribute__((vector_size(32)));

#define ROTL(x, n) (((x) << (n)) | ((x) >> (32 - (n))))
#define P0(x) ((x) ^ ROTL(x, 9) ^ ROTL(x, 17))   /* 4.4 */
#define P1(x) ((x) ^ ROTL(x, 15) ^ ROTL(x, 23))  /* 4.4 */
#define TURN(t, n) ((n) % 32 ? ROTL((u32)(t), (n) % 32) : (u32)(t))

static inline u32 word(const uint8_t *p)
{
    u32 v;
    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    v = __builtin_bswap32(v);
#endif
    return v;
}

/* 5.3: message expansion (W) and compression, 64 rounds unrolled by the compiler. */
#define SM3(NAME, VEC, LANES, ATTRIBUTES)                                                        \
    ATTRIBUTES void NAME(u32 *const *state, const uint8_t *const *data, size_t blocks)           \
    {                                                                                            \
        u32 all[8][LANES] __attribute__((aligned(64)));                                          \
        u32 raw[16][LANES] __attribute__((aligned(64)));                                         \
        const uint8_t *at[LANES];                                                                \
        VEC s[8], w[68];                                                                         \
        memcpy(at, data, sizeof at);                                                             \
        for (int l = 0; l < LANES; l++)                                                          \
            for (int i = 0; i < 8; i++)                                                          \
                all[i][l] = state[l][i];                                                         \
        memcpy(s, all, sizeof s);                                                                \
        for (size_t block = 0; block < blocks; block++) {                                        \
            for (int l = 0; l < LANES; l++, at[l - 1] += 64)                                     \
                for (int i = 0; i < 16; i++)                                                     \
                    raw[i][l] = word(at[l] + 4 * i);                                             \
            memcpy(w, raw, sizeof raw);                                                          \
            VEC A = s[0], B = s[1], C = s[2], D = s[3], E = s[4], F = s[5], G = s[6], H = s[7];  \
            _Pragma("GCC unroll 64") for (int j = 0; j < 64; j++)                                \
            {                                                                                    \
                if (j >= 12) {                                                                   \
                    VEC x = w[j - 12] ^ w[j - 5] ^ ROTL(w[j + 1], 15);                           \
                    w[j + 4] = P1(x) ^ ROTL(w[j - 9], 7) ^ w[j - 2];                             \
                }                                                                                \
                VEC a12 = ROTL(A, 12);                                                           \
                VEC sum = a12 + E + TURN(j < 16 ? 0x79cc4519u : 0x7a879d8au, j);                 \
                VEC ss1 = ROTL(sum, 7), ss2 = ss1 ^ a12;                                         \
                VEC ff = j < 16 ? A ^ B ^ C : (A & B) | ((A | B) & C);                           \
                VEC gg = j < 16 ? E ^ F ^ G : G ^ (E & (F ^ G));                                 \
                VEC tt1 = ff + D + ss2 + (w[j] ^ w[j + 4]), tt2 = gg + H + ss1 + w[j];           \
                D = C, C = ROTL(B, 9), B = A, A = tt1;                                           \
                H = G, G = ROTL(F, 19), F = E, E = P0(tt2);                                      \
            }                                                                                    \
            s[0] ^= A, s[1] ^= B, s[2] ^= C, s[3] ^= D;                                          \
            s[4] ^= E, s[5] ^= F, s[6] ^= G, s[7] ^= H;                                          \
        }                                                                                        \
        memcpy(all, s, sizeof s);                                                                \
        for (int l = 0; l < LANES; l++)                                                          \
            for (int i = 0; i < 8; i++)                                                          \
                state[l][i] = all[i][l];                                                         \
    }

SM3(sm3_one, u32, 1, )
SM3(sm3_eight_plain, vec8, 8, )

#if defined(__x86_64__)
SM3(sm3_eight_avx2, vec8, 8, __attribute__((target("avx2"))))

void sm3_eight(u32 *const *state, const uint8_t *const *data, size_t blocks)
{
    if (__builtin_cpu_supports("avx2"))
        sm3_eight_avx2(state, data, blocks);
    else
        sm3_eight_plain(state, data, blocks);
}
#else
void sm3_eight(u32 *const *state, const uint8_t *const *data, size_t blocks)
{
    sm3_eight_plain(state, data, blocks);
}
#endif
