import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'nats';

const nats = await connect({ servers: '127.0.0.1:4222' });
const ask = (verb, body) => nats.request(`sluice.v1.ctl.jobs.${verb}`, JSON.stringify(body), { timeout: 30_000 });
for (;;) {
  const job = (await ask('lease', { worker: 'plain', templates: ['record'], waitMs: 5000 })).json();
  if (!job.jobId) continue;
  const { jobId, token, attempt, url, leaseMs } = job;
  const ffmpeg = spawn('ffmpeg', ['-v', 'error', '-i', url, '-c', 'copy', `plain-${attempt}.mp4`]);
  const beat = async () => /"stopping"|FENCED/.test((await ask('beat', { jobId, token })).string()) && ffmpeg.kill();
  // No answer is no reason to end it: another attempt would get the media, and this one not any more.
  const timer = setInterval(() => beat().catch(() => undefined), leaseMs / 4);
  const [code] = await once(ffmpeg, 'exit');
  clearInterval(timer);
  await ask('done', { jobId, token, outcome: ffmpeg.killed ? 'stopped' : code === 0 ? 'succeeded' : 'failed' });
}
