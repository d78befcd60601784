// The programs that tests use, and the Debian packages they come in.
import { existsSync } from 'node:fs';
import { capture, hasProgram, inCi, say } from './lib.mjs';

const TOOLS = [
  { program: 'nats-server', packages: ['nats-server'] },
  { program: 'ffmpeg', packages: ['ffmpeg'] },
  { program: 'ffprobe', packages: ['ffmpeg'] },
  { program: 'rtmpdump', packages: ['rtmpdump'] },
  {
    program: 'gst-launch-1.0',
    packages: [
      'gstreamer1.0-tools',
      'gstreamer1.0-plugins-base',
      'gstreamer1.0-plugins-good',
      'gstreamer1.0-plugins-bad',
      'gstreamer1.0-plugins-ugly',
    ],
  },
  { program: 'curl', packages: ['curl'] },
];

/** What the interop suite needs besides: real servers and encoders that are large, or that nothing else uses. */
const INTEROP_TOOLS = [
  {
    program: 'nginx',
    packages: ['nginx-light', 'libnginx-mod-rtmp'],
    files: ['/usr/lib/nginx/modules/ngx_rtmp_module.so', '/usr/lib64/nginx/modules/ngx_rtmp_module.so'],
  },
  { program: 'obs', packages: ['obs-studio'] },
  { program: 'Xvfb', packages: ['xvfb'] },
];

// Debian keeps nats-server in /usr/sbin, which is not on everyone's PATH.
process.env.PATH = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`;

function missing(tools) {
  return tools.filter(({ program, files }) => !hasProgram(program) || (files !== undefined && !files.some(existsSync)));
}

/**
 * Installs what is missing when it may (root on Debian or Ubuntu).
 *
 * @param projects test projects that will run
 * @returns '' when every tool is there, else what to tell the person
 */
export async function ensureTools(projects) {
  const tools = projects.includes('interop') ? [...TOOLS, ...INTEROP_TOOLS] : TOOLS;
  const lacking = missing(tools);
  if (lacking.length === 0) return '';
  const packages = [...new Set(lacking.flatMap((tool) => tool.packages))];
  if (process.getuid?.() === 0 && hasProgram('apt-get')) await install(packages);
  const still = missing(tools).map(({ program }) => program);
  if (still.length === 0) return '';
  return [
    `The tests with real programs were not run: ${still.join(', ')} ${still.length === 1 ? 'is' : 'are'} not installed.`,
    `On Debian or Ubuntu:  sudo apt-get install -y ${packages.join(' ')}`,
    inCi ? 'In CI a missing tool is a failure.' : 'The tests that need no tools:  npm run test:unit',
  ].join('\n');
}

async function install(packages) {
  say(`Installing ${packages.join(' ')} …`);
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive'];
  const apt = (...args) => capture(environment[0], [environment[1], 'apt-get', '-q', ...args]);
  const attempt = () => apt('install', '-y', '--no-install-recommends', ...packages);
  if ((await attempt()).code === 0) return;
  await apt('update');
  const second = await attempt();
  if (second.code !== 0) say(second.text.split('\n').slice(-8).join('\n'));
}
