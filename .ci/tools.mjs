// The programs that integration tests use, and the Debian packages they come in.
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

// Debian keeps nats-server in /usr/sbin, which is not on everyone's PATH.
process.env.PATH = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`;

function missing() {
  return TOOLS.filter(({ program }) => !hasProgram(program));
}

/**
 * Installs what is missing when it may (root on Debian or Ubuntu).
 *
 * @returns '' when every tool is there, else what to tell the person
 */
export async function ensureTools() {
  if (missing().length === 0) return '';
  const packages = [...new Set(missing().flatMap((tool) => tool.packages))];
  if (process.getuid?.() === 0 && hasProgram('apt-get')) await install(packages);
  const still = missing().map(({ program }) => program);
  if (still.length === 0) return '';
  return [
    `The integration tests were not run: ${still.join(', ')} ${still.length === 1 ? 'is' : 'are'} not installed.`,
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
