// The programs that tests use, and the Debian packages they come in.
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { capture, during, hasProgram, inCi, root, say } from './lib.mjs';

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
  { program: 'zsh', packages: ['zsh'] },
  { program: 'fish', packages: ['fish'] },
];

/** Tests on machines of their own, as far as the network goes, by the project that they are in. */
const APART = {
  interop: 'test/interop/half-open.interop.ts',
  faults: 'test/faults/cluster-{origin,edges}.fault.ts',
};

/** What those need. */
const networkTools = (tests) => [
  { program: 'ip', packages: ['iproute2'], tests },
  { program: 'iptables', packages: ['iptables'], tests },
];

/**
 * What the interop suite needs besides: real servers and encoders that are large, or that nothing else uses, and the
 * tests that use them.
 */
const INTEROP_TOOLS = [
  {
    program: 'nginx',
    packages: ['nginx-light', 'libnginx-mod-rtmp'],
    files: ['/usr/lib/nginx/modules/ngx_rtmp_module.so', '/usr/lib64/nginx/modules/ngx_rtmp_module.so'],
    tests: 'test/interop/{servers,relays}.interop.ts',
  },
  { program: 'chromium', packages: ['chromium'], tests: 'test/interop/browser.interop.ts' },
  { program: 'promtool', packages: ['prometheus'], tests: 'test/interop/prometheus.interop.ts' },
  { program: 'prometheus', packages: ['prometheus'], tests: 'test/interop/prometheus.interop.ts' },
  { program: 'obs', packages: ['obs-studio'], tests: 'test/interop/obs.interop.ts' },
  { program: 'Xvfb', packages: ['xvfb'], tests: 'test/interop/obs.interop.ts' },
];

/** The command line of NATS, which Debian does not have: it is built once, below `.cache/`. */
const NATS_CLI = {
  program: 'nats',
  module: 'github.com/nats-io/natscli/nats@v0.1.6',
  folder: join(root, '.cache', 'natscli-0.1.6'),
  /** Least version of Go that builds it. */
  go: [1, 22],
  tests: 'test/interop/nats-cli.interop.ts',
};

/**
 * The server of NATS in the version that tests of clusters use. Debian has none that is new enough to replicate safely
 * between three, so it is built once, below `.cache/`; that folder is not on the path, where the older one is.
 */
const NATS_OF_CLUSTERS = {
  module: 'github.com/nats-io/nats-server/v2@v2.15.2',
  folder: join(root, '.cache', 'nats-server-2.15.2'),
  tests: 'test/faults/cluster-*.fault.ts',
};

/**
 * What checks manifests for Kubernetes: a package of PyPI, which Debian does not have. It is installed once, below
 * `.cache/`.
 */
const KUBERNETES_VALIDATE = {
  program: 'kubernetes-validate',
  package: 'kubernetes-validate==1.37.0',
  folder: join(root, '.cache', 'kubernetes-validate-1.37.0'),
  tests: 'test/integration/kubernetes*.test.ts',
};

/**
 * The headless RTMP client of Red5, which is on Maven Central: its jars are got once, below `.cache/`. `java` compiles
 * the driver of the tests as it starts, so it needs the compiler that a JDK has.
 */
const RED5_CLIENT = {
  name: 'the client of Red5',
  pom: 'test/support/interop/red5/pom.xml',
  folder: join(root, '.cache', 'red5-client-1.3.37'),
  packages: ['default-jdk-headless', 'maven'],
  /** Least version of Java that runs the driver. */
  java: 17,
  tests: 'test/interop/red5*.interop.ts',
};

// Debian keeps nats-server in /usr/sbin, which is not on everyone's PATH.
process.env.PATH = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin:${NATS_CLI.folder}:${join(KUBERNETES_VALIDATE.folder, 'bin')}`;

function missing(tools) {
  return tools.filter(({ program, files }) => !hasProgram(program) || (files !== undefined && !files.some(existsSync)));
}

/**
 * Installs what is missing when it may (root on Debian or Ubuntu), builds the command line of NATS, and gets the client
 * of Red5 and what checks manifests for Kubernetes.
 *
 * A tool that only some interop tests use, and whose package the sources of this system do not have, leaves those tests
 * out: the others are run. So it is with the command line of NATS where Go cannot build it, with the client of Red5
 * where Maven cannot get it, and outside of CI with what checks manifests where PyPI cannot be reached, and with the
 * server for clusters where Go cannot build it. Every other tool that is missing is a complaint.
 *
 * @param projects test projects that will run
 * @returns `complaint`: '' when every tool is there that can be had, else what to tell the person; `leftOut`: files of
 *   tests that cannot be run on this system, and `why`, a line for each tool
 */
export async function ensureTools(projects) {
  const packaged = await ensurePackages(projects);
  const leftOut = [...packaged.leftOut];
  const why = [...packaged.why];
  const complaints = packaged.complaint === '' ? [] : [packaged.complaint];
  const noNatsCli = projects.includes('interop') ? await problemWithNatsCli() : '';
  if (noNatsCli !== '') {
    leftOut.push(NATS_CLI.tests);
    why.push(`${NATS_CLI.tests} was not run: it needs ${NATS_CLI.program} (natscli), and ${noNatsCli}.`);
  }
  const noRed5 = projects.includes('interop') ? await problemWithRed5() : '';
  if (noRed5 !== '') {
    leftOut.push(RED5_CLIENT.tests);
    why.push(`${RED5_CLIENT.tests} was not run: it needs ${RED5_CLIENT.name}, and ${noRed5}.`);
  }
  const noServer = projects.includes('faults') ? await problemWithNatsOfClusters() : '';
  if (noServer !== '') {
    const { module, tests } = NATS_OF_CLUSTERS;
    const text =
      `${tests} was not run: it needs ${module}, and ${noServer}.\n` +
      'With Go 1.26 or later (https://go.dev/dl) on the PATH the next run builds it.';
    if (inCi) complaints.push(text);
    else {
      leftOut.push(tests);
      why.push(text);
    }
  }
  const noValidator = projects.includes('integration') ? await problemWithValidator() : '';
  if (noValidator !== '') {
    const { package: name, program, tests } = KUBERNETES_VALIDATE;
    const text =
      `${tests} was not run: it needs ${program}, and ${noValidator}.\n` +
      `With Python and its venv (Debian or Ubuntu: sudo apt-get install -y python3-venv):  pipx install ${name}`;
    if (inCi) complaints.push(text);
    else {
      leftOut.push(tests);
      why.push(text);
    }
  }
  return { complaint: complaints.join('\n'), leftOut, why };
}

/** Installs what checks manifests, if it is not there. @returns why that did not work, or '' */
async function problemWithValidator() {
  const { program, package: name, folder } = KUBERNETES_VALIDATE;
  if (hasProgram(program)) return '';
  const makeFolder = () => capture('python3', ['-m', 'venv', folder]);
  if ((await makeFolder()).code !== 0) {
    if (mayInstall()) await install(['python3-venv']);
    const again = await makeFolder();
    if (again.code !== 0) return `python3 -m venv failed: ${again.text.trim().split('\n').at(-1)}`;
  }
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', name];
  const { code, text } = await during(`Installing ${name}`, () => capture(join(folder, 'bin', 'python'), pip));
  if (code === 0 && hasProgram(program)) return '';
  return `pip could not install ${name}: ${text.trim().split('\n').at(-1)}`;
}

/** Builds the command line of NATS if it is not there. @returns why that did not work, or '' */
async function problemWithNatsCli() {
  const { program, module, folder, go } = NATS_CLI;
  if (hasProgram(program)) return '';
  const version = /go(\d+)\.(\d+)/.exec((await capture('go', ['env', 'GOVERSION'])).text);
  const [major, minor] = [Number(version?.[1] ?? 0), Number(version?.[2] ?? 0)];
  if (major < go[0] || (major === go[0] && minor < go[1])) {
    return `there is no Go ${go.join('.')} or later on this system`;
  }
  const goInstall = () => capture('env', [`GOBIN=${folder}`, 'go', 'install', module]);
  const { code, text } = await during(`Building ${module}`, goInstall);
  if (code === 0 && hasProgram(program)) return '';
  return `Go could not build ${module}: ${text.trim().split('\n').at(-1)}`;
}

/** Builds the server for clusters if it is not there. @returns why that did not work, or '' */
async function problemWithNatsOfClusters() {
  const { module, folder } = NATS_OF_CLUSTERS;
  const program = join(folder, 'nats-server');
  if (existsSync(program)) return '';
  if (!hasProgram('go')) return 'there is no Go on this system';
  const goInstall = () => capture('env', [`GOBIN=${folder}`, 'go', 'install', module]);
  const { code, text } = await during(`Building ${module}`, goInstall);
  if (code === 0 && existsSync(program)) return '';
  return `Go could not build it: ${text.trim().split('\n').at(-1)}`;
}

/** Gets the jars of Red5's client if they are not there. @returns why that did not work, or '' */
async function problemWithRed5() {
  const { name, pom, folder, packages, java } = RED5_CLIENT;
  if ((!hasProgram('javac') || !hasProgram('mvn')) && mayInstall()) await install(packages);
  if (!hasProgram('javac') || !hasProgram('mvn')) return `there is no JDK with Maven (${packages.join(', ')})`;
  const version = /(\d+)/.exec((await capture('javac', ['-version'])).text)?.[1];
  if (Number(version) < java) return `there is no Java ${java} or later on this system`;
  if (existsSync(folder)) return '';
  const partly = `${folder}.${process.pid}`;
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${partly}`];
  const mvn = () => capture('mvn', ['-B', '-q', '-f', join(root, pom), ...goal]);
  const { code, text } = await during(`Getting ${name}`, mvn);
  if (code === 0) {
    // A folder that has its name is whole.
    renameSync(partly, folder);
    return '';
  }
  rmSync(partly, { recursive: true, force: true });
  const cause = text.split('\n').find((line) => line.includes('ERROR')) ?? `mvn ended with ${code}`;
  return `Maven could not get it: ${cause.trim().slice(0, 300)}`;
}

async function ensurePackages(projects) {
  const apart = Object.keys(APART).filter((project) => projects.includes(project));
  const tools = [...TOOLS, ...(projects.includes('interop') ? INTEROP_TOOLS : [])];
  const result = await ensurePrograms([...tools, ...apart.flatMap((project) => networkTools(APART[project]))]);
  const tests = apart.map((project) => APART[project]).filter((files) => !result.leftOut.includes(files));
  if (tests.length === 0 || result.complaint !== '') return result;
  const refusal = await networkRefusal();
  if (refusal === '') return result;
  const why = tests.map(
    (files) =>
      `${files} was not run: it needs a network namespace with a firewall, and this system refuses it: ${refusal}`,
  );
  return { ...result, leftOut: [...result.leftOut, ...tests], why: [...result.why, ...why] };
}

/**
 * What the system says when it does not permit what a cut cable needs: a namespace, a link into it, a rule that drops
 * packets, a bridge; '' when it does. Containers usually refuse it, and users who are not root and have no sudo without
 * password.
 */
async function networkRefusal() {
  const name = `sluice-probe-${process.pid}`;
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const steps = [
    ['ip', 'netns', 'add', name],
    ['ip', 'link', 'add', `slp${process.pid}`, 'type', 'veth', 'peer', 'name', 'cable', 'netns', name],
    ['ip', 'netns', 'exec', name, 'iptables', '-w', '-A', 'INPUT', '-p', 'tcp', '--dport', '9', '-j', 'DROP'],
    ['ip', 'netns', 'exec', name, 'ip', 'link', 'add', 'bridge', 'type', 'bridge'],
  ];
  let refusal = '';
  for (const step of steps) {
    const [file, ...args] = [...prefix, ...step];
    const { code, text } = await capture(file, args);
    if (code === 0) continue;
    refusal = `${step.slice(0, 3).join(' ')}: ${text.trim().split('\n').at(-1)}`;
    break;
  }
  const [file, ...args] = [...prefix, 'ip', 'netns', 'delete', name];
  await capture(file, args);
  return refusal;
}

async function ensurePrograms(tools) {
  const lacking = missing(tools);
  if (lacking.length === 0) return { complaint: '', leftOut: [], why: [] };
  if (mayInstall()) await install([...new Set(lacking.flatMap((tool) => tool.packages))]);
  let still = missing(tools);
  const absent = await absentPackages(still.filter(({ tests }) => tests !== undefined));
  const isBeyond = ({ tests, packages }) => tests !== undefined && packages.some((name) => absent.has(name));
  const beyond = still.filter(isBeyond);
  still = still.filter((tool) => !isBeyond(tool));
  // apt installs nothing at all when one of several packages is unknown to it.
  if (mayInstall() && beyond.length > 0 && still.length > 0) {
    await install([...new Set(still.flatMap((tool) => tool.packages))]);
    still = missing(still);
  }
  return {
    complaint: still.length === 0 ? '' : complaintAbout(still),
    leftOut: [...new Set(beyond.map(({ tests }) => tests))],
    why: beyond.map(
      ({ program, packages, tests }) =>
        `${tests} was not run: it needs ${program}, and this system's package sources have no ` +
        `${packages.filter((name) => absent.has(name)).join(', ')}.`,
    ),
  };
}

function complaintAbout(tools) {
  const programs = tools.map(({ program }) => program);
  const packages = [...new Set(tools.flatMap((tool) => tool.packages))];
  return [
    `The tests with real programs were not run: ${programs.join(', ')} ${programs.length === 1 ? 'is' : 'are'} not installed.`,
    `On Debian or Ubuntu:  sudo apt-get install -y ${packages.join(' ')}`,
    inCi ? 'In CI a missing tool is a failure.' : 'The tests that need no tools:  npm run test:unit',
  ].join('\n');
}

/**
 * Those of the packages of `tools` that apt knows of and has no version of to install. Without apt and its lists
 * nothing is known to be absent.
 */
async function absentPackages(tools) {
  const absent = new Set();
  // Without lists (no network, never updated) everything would look absent.
  const lists = '/var/lib/apt/lists';
  const hasLists = existsSync(lists) && readdirSync(lists).some((name) => name.includes('_Packages'));
  if (!hasLists || !hasProgram('apt-cache')) return absent;
  for (const name of new Set(tools.flatMap(({ packages }) => packages))) {
    const { code, text } = await capture('env', ['LC_ALL=C', 'apt-cache', 'policy', name]);
    if (code === 0 && !/^ {2}Candidate: (?!\(none\))/m.test(text)) absent.add(name);
  }
  return absent;
}

function mayInstall() {
  return process.getuid?.() === 0 && hasProgram('apt-get');
}

async function install(packages) {
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive'];
  const apt = (...args) => capture(environment[0], [environment[1], 'apt-get', '-q', ...args]);
  const attempt = () => apt('install', '-y', '--no-install-recommends', ...packages);
  const second = await during(`Installing ${packages.join(' ')}`, async () => {
    const first = await attempt();
    if (first.code === 0) return first;
    await apt('update');
    return attempt();
  });
  if (second.code !== 0) say(second.text.split('\n').slice(-8).join('\n'));
}
