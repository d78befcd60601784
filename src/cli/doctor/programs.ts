import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { Config } from '../../config/table.js';
import type { Finding } from './finding.js';

/** How long a program may take to tell its version, in ms. */
const VERSION_MS = 3000;
/** A certificate that ends sooner is told of, in ms. */
const SOON_MS = 14 * 24 * 60 * 60 * 1000;

/** Whether a program that jobs run is there. The server itself runs none. */
export async function checkProgram(program: string, env: NodeJS.ProcessEnv = process.env): Promise<Finding> {
  const line = await new Promise<string | undefined>((resolve) => {
    execFile(program, ['-version'], { timeout: VERSION_MS, maxBuffer: 1024 * 1024, env }, (error, stdout) =>
      resolve(error === null ? (stdout.split('\n')[0] ?? '') : undefined),
    );
  });
  if (line !== undefined) return { check: program, state: 'ok', says: line.slice(0, 100) };
  const todo = 'install it on machines with runners of jobs whose templates use it; a server needs none';
  return { check: program, state: 'warn', says: `there is no ${program} that works on the PATH`, todo };
}

/** Whether the certificates for RTMPS can be read, and how long they last. */
export async function checkCertificates({ rtmps }: Config, nowMs = Date.now()): Promise<Finding[]> {
  const paths = [rtmps.cert, ...rtmps.certificates.map(({ cert }) => cert)].filter((path) => path !== '');
  return Promise.all(paths.map((path) => checkCertificate(path, nowMs)));
}

async function checkCertificate(path: string, nowMs: number): Promise<Finding> {
  const { X509Certificate } = await import('node:crypto');
  const check = 'rtmps.cert';
  try {
    const { validTo, validFrom } = new X509Certificate(await readFile(path));
    const says = `${path} is good until ${new Date(validTo).toISOString()}`;
    if (Date.parse(validFrom) > nowMs)
      return { check, state: 'fail', says: `${path} is good from ${validFrom} on`, todo: 'check the clock' };
    if (Date.parse(validTo) - nowMs > SOON_MS) return { check, state: 'ok', says };
    const state = Date.parse(validTo) < nowMs ? 'fail' : 'warn';
    return { check, state, says, todo: 'put the next one in its place; a running server reads it by itself' };
  } catch (error) {
    const todo = 'set rtmps.cert to a PEM file that this user may read';
    return { check, state: 'fail', says: `${path}: ${(error as Error).message}`, todo };
  }
}
