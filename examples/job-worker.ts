import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { jobs } from 'sluice/client';

await jobs.worker({ url: 'nats://127.0.0.1:4222', templates: ['record'] }, async (job, signal) => {
  const file = `${job.stream.name}-${job.attempt}.mp4`;
  const ffmpeg = spawn('ffmpeg', ['-v', 'error', '-i', job.url, '-c', 'copy', file], { signal, stdio: 'inherit' });
  const [code] = await once(ffmpeg, 'exit');
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
});
