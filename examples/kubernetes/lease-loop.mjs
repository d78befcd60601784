import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { connect } from 'nats';

const {
  NATS_URL = '127.0.0.1:4222',
  WORKER = 'loop',
  TEMPLATES = 'record',
  SLOTS = '10',
  IMAGE = 'ffmpeg',
} = process.env;
/** Those of `runners.labels` of the templates. */
const LABELS = { pool: 'kubernetes' };
const execute = promisify(execFile);
const nats = await connect({ servers: NATS_URL, maxReconnectAttempts: -1 });

async function ask(verb, body) {
  const request = JSON.stringify({ worker: WORKER, ...body });
  return (await nats.request(`sluice.v1.ctl.jobs.${verb}`, request, { timeout: 30_000 })).json();
}
async function kubectl(args, input = '') {
  const running = execute('kubectl', args);
  running.child.stdin.end(input);
  return (await running).stdout;
}
/** One attempt is one Job of one pod. Its name says which, so that to create it twice changes nothing. */
function jobOf(name, { jobId, argv, env }) {
  const command = argv.map((argument) => argument.replaceAll('{out}', '/out'));
  const volumeMounts = [{ name: 'recordings', mountPath: '/out', subPath: name }];
  const variables = Object.entries(env).map(([key, value]) => ({ name: key, value }));
  const volumes = [{ name: 'recordings', persistentVolumeClaim: { claimName: 'recordings' } }];
  const containers = [{ name: 'run', image: IMAGE, command, env: variables, volumeMounts }];
  const template = { spec: { restartPolicy: 'Never', containers, volumes } };
  const metadata = { name, annotations: { 'sluice.example/job': jobId } };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata,
    spec: { backoffLimit: 0, ttlSecondsAfterFinished: 600, template },
  };
}
async function run(job) {
  const { jobId, attempt, token, leaseMs } = job;
  const name = `sluice-${createHash('sha256').update(jobId).digest('hex').slice(0, 16)}-${attempt}`;
  await kubectl(['create', '-f', '-'], JSON.stringify(jobOf(name, job))).catch((error) => {
    if (!error.stderr?.includes('AlreadyExists')) throw error;
  });
  // A program that reads its stream to the end ends by itself. What does not, is deleted after a few beats.
  for (let asked = 0; asked < 3; ) {
    await delay(leaseMs / 4);
    const { ok, state, code } = await ask('beat', { jobId, token }).catch(() => ({}));
    if (code === 'ERR_JOB_FENCED') break;
    const { status } = JSON.parse(await kubectl(['get', 'job', name, '-o', 'json']).catch(() => '{}'));
    const outcome = status?.succeeded ? 'succeeded' : status?.failed ? 'failed' : undefined;
    if (outcome !== undefined) return void (await ask('done', { jobId, token, outcome }));
    if (ok && state === 'stopping') asked += 1;
  }
  await kubectl(['delete', 'job', name, '--wait=false']);
  await ask('done', { jobId, token, outcome: 'stopped' });
}
function fail({ jobId, token }, { message }) {
  console.error(message);
  return ask('done', { jobId, token, outcome: 'failed', reason: message.slice(0, 1000) });
}
// One request waits at a time: what is leased to a loop that is gone is lost for a lease.
for (let used = 0; ; ) {
  try {
    const isFull = used >= Number(SLOTS);
    const job = isFull ? {} : await ask('lease', { templates: TEMPLATES.split(','), labels: LABELS, waitMs: 5000 });
    if (job.ok === false) throw new Error(job.detail);
    if (isFull) await delay(1000);
    if (!job.jobId) continue;
    used += 1;
    run(job)
      .catch((error) => fail(job, error))
      .catch((error) => console.error(error.message))
      .finally(() => (used -= 1));
  } catch (error) {
    console.error(error.message);
    await delay(1000);
  }
}
