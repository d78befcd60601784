import { SignJWT } from 'jose';

/** The secret of auth.jwt.keys, from wherever your service keeps secrets. */
const secret = new TextEncoder().encode(process.env.SLUICE_JWT_SECRET ?? '');

const token = await new SignJWT({
  sluice: { action: ['publish'], app: 'live', name: 'cam*', set: { limits: { kbps: 6000 } } },
})
  .setProtectedHeader({ alg: 'HS256', kid: '2026-01' })
  .setAudience('sluice')
  .setSubject('alice')
  .setExpirationTime('8h')
  .sign(secret);
console.log(`rtmp://127.0.0.1:1935/live/cam1?token=${token}`);
