/**
 * Coded sound: AAC LC, 48 kHz, mono. The frames are what an encoder made of a second of silence and a tone of 1 kHz for
 * 85 ms that fades in and out within 5 ms:
 *
 * `ffmpeg -f lavfi -i "aevalsrc='if(between(t,1.0,1.085),0.25*sin(2*PI*1000*(t-1.0))*min(1,min((t-1.0)/0.005,
 * (1.085-t)/0.005)),0)':s=48000:c=mono:d=2" -c:a aac -b:a 64k -aac_pns 0 -aac_tns 0 -f adts beep.aac`
 *
 * These are frames 46 to 52 of the file without their ADTS headers; all others are the frame of silence. A decoder
 * overlaps each frame with the one before, so the beep decodes as it was coded wherever silence is around it.
 */
const BEEP: readonly Buffer[] = [
  Buffer.from('ARhABw==', 'base64'),
  Buffer.from(
    'AQSZND2+md+Qb9L/X7rqsqv/4nnz97+5K5//ifd+r4rogp0mJNFDIJR7LMVmj+OIw1kniImHdxf/Gpgf/tTA/O+Dca7ezDl6nZijGHQW' +
      'HeTw7vDDHCauZ5nZ2dnZv7gp6fTPn7WQj4uWJ5PTcTzqEjvb0v4Di+kPy2KyyzoOn406azDaoNped8UEgkwUcuroJG484TfGhIIcFB9W' +
      '9Zok8rDoEPL36eVA9x86EmSSL4BJLiJmkZoyUgmPYJKAHSemKfvQkc5ESCQykRCx6y7k4CixiT3GkHfjW2M7DIgB/q/u/rvttiksYVYg' +
      'qYHyvgzW2GtsJ1T8F+d+S+o+ddw/ufBvBfYuqeqk5w+cPnNjaRzFiOJWzrXL2XcKwnChmGY5jmyqmqqaqjSZtbabOmzps6+ZMZuLIKCV' +
      'XphBZSed5WRniJhZ9AShpwEOu6M9e0bP6Z0ISYsic3HQdFcF1kSGLHoP4352oUVEWoR1EEk5xFaiSEETG6d6a3jq4kIJEAP/7+LaIa2B' +
      '9D7t2j38SQgicxIpSJBkhCIhDzLzNunRWicpEgA//f83+X9d+dw2wrBsKbZG/JfUe1u1eyuyZtkaRZGiMSgLm7q7J4u2LsbMOYrZ4A==',
    'base64',
  ),
  Buffer.from(
    'ART1LgxioqgABea4qauXcuXJJEQCpUopjFGWJaS2NizasHBQESJIvikZlMjcwpHI6Ajt+DEei+YiHyw+IpLKc0JZ/KEsHWJTIZJZf3T7' +
      'uXjXsni3MNMrIjE7oNBmpaPE+GGGDiDU44zMgE7u7iBs2OLMDu/voP8fDY9/fQf4+Myff30H+PjMPf3hP8fGYe/voP8fGYe/voP8fGYe' +
      '/voP8fHwPf30H+Pj4Hv76D/Hx8D399B/j4+B7++g/x8fAz++g/x8fAz++g/x8fAz++g/x8fAz++g/D48Rn99B+Hx4jP76D8PisZ/fQfh' +
      '8VjPwA==',
    'base64',
  ),
  Buffer.from(
    'APIziJaKMTGOQm8z2uc3/w/7nNybklySSTzuEYH0eeeUFOAR3fGu6Uy33ZW4GV0RSGM9GEfTfx3IzdJ1aTSNwRxS+YZnhLfQUbw9iDiD' +
      'iDiDiDiDiDiDiDvPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPWXWXWXWXWXWXWXWXLCwsLCwsLCwsL' +
      'CwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsPPPPPPPPPPPPPPPPc',
    'base64',
  ),
  Buffer.from(
    'ARhVLbREyAAAF3JLkkkkkSQW3PbrGdlOaQ2JsTFHBI/yZMBCaGE4EQnJnE6dkngMSTzWIJ85yhL7HeDyCtMQe+xCUb9f/5///8f8n3Xx' +
      'uPGkLJiMRONDBw5tu3V/H0n8h/wNAWh4eHuAAAA48PD3EAAA48PD1iAAAceHh7iAAAceHh7iAAAUPDw9YgAAHjDw9cAAAPGHh64AAAeM' +
      'PD1wAAA8YeHrgAAB4w8PXAAADxh4euAAAHjDw9cAAAKjDw9cAAAKjDw9cAAAKjDw9cAAAPaHh64AAAe0PD1wAAA8YeHrgAAB4w/g',
    'base64',
  ),
  Buffer.from(
    'ARiZmviEjvhkRBB6Hp933sqpP0fH+J+vj88bF+8jiMnHg2qSO+v1PgSWO5GSaQiSjLMesI8vjk8fu1DK2bvTJdeyNqZ00IW1gdS+3eDc' +
      '62qHfXRucumfTs86+7K2Tl6mc20lSMbWDc0RjKqorFobm51rbZOVc5VVazpsWNFKJKo0mWkWpzLRLRPybQwN9GBgYJCQkGBgYGBgYJCQ' +
      'kGRSygwMDAwSEhMzpwYHp9YhJCX1eQQmT4kyw5RGQu16KwGQrEz0uLO7/MfzZaL6FuktlRxOPA==',
    'base64',
  ),
  Buffer.from('ARjgBw==', 'base64'),
];

const SILENCE = Buffer.from('01182007', 'hex');

/** AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1): AAC LC, 48 kHz, one channel. */
export const TONE_CONFIG = Buffer.from('1188', 'hex');
/** Samples a second. */
export const TONE_RATE = 48_000;
/** Samples of one frame. */
const FRAME_SAMPLES = 1024;
/** Length of one frame, in ms. */
export const TONE_FRAME_MS = (FRAME_SAMPLES * 1000) / TONE_RATE;

/**
 * The coded frame for a time: a beep begins at each full second. All is counted in samples, so that no rounding splits
 * a beep.
 *
 * @param startMs wall time of the first frame, in whole ms since the epoch
 * @param index frames since then
 * @returns shared, never changed
 */
export function toneFrame(startMs: number, index: number): Buffer {
  const sample = startMs * (TONE_RATE / 1000) + index * FRAME_SAMPLES;
  return BEEP[Math.floor((sample % TONE_RATE) / FRAME_SAMPLES)] ?? SILENCE;
}
