// Checks the files of examples/deploy with the tools that read them: helm, kubernetes-validate, systemd-analyze,
// promtool. A tool that is missing is named and counts as a failure, so that nothing looks checked that was not.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { capture, hasProgram, root, say } from './lib.mjs';

const DEPLOY = join(root, 'examples/deploy');
const CHART = join(DEPLOY, 'helm/sluice');
const KUBERNETES = '1.33';
/** Highest exposure that systemd may see in the unit, in tenths. */
const MOST_EXPOSURE = 15;

/** Values with which every template makes something, and those that come with the chart. */
const VALUES = [
  [],
  ['--set', 'replicaCount=3,networkPolicy.enabled=true,config.cluster.enabled=true,service.type=LoadBalancer'],
  ['--set', 'persistence.enabled=false', '--set-json', 'secrets=[]'],
  ['--set', 'ipFamily=IPv6,config.rtmp.listen=[::]:1935,config.http.listen=[::]:8080,image.tag=next,drainSeconds=300'],
  [
    ...['--set', 'service.type=NodePort,persistence.storageClass=fast,podDisruptionBudget.maxUnavailable=30%'],
    ...['--set-json', 'env=[{"name":"SLUICE_NATS_URL","value":"nats://nats.messaging:4222"}]'],
  ],
];

const folder = mkdtempSync(join(tmpdir(), 'sluice-deploy-'));
let failures = 0;

/** Runs one check, and says how it went. */
async function check(name, program, args) {
  const missing = !hasProgram(program);
  const { code, text } = missing ? { code: 1, text: `there is no ${program}` } : await capture(program, args);
  if (code !== 0) failures += 1;
  say(code === 0 ? `ok    ${name}` : `fail  ${name}\n${text.trim()}`);
  return code === 0 ? text : '';
}

await check('the chart', 'helm', ['lint', '--strict', CHART]);
for (const [number, values] of VALUES.entries()) {
  const made = await check(`the chart with values ${number}`, 'helm', [
    ...['template', 'media', CHART, '--kube-version', KUBERNETES],
    ...values,
  ]);
  const file = join(folder, `${number}.yaml`);
  writeFileSync(file, made);
  await check(`manifests ${number}`, 'kubernetes-validate', ['--strict', '-k', KUBERNETES, file]);
}
// Its kind is one of the operator's, which kubernetes-validate does not know.
const monitor = 'serviceMonitor.enabled=true,serviceMonitor.token.secretName=sluice';
await check('the ServiceMonitor', 'helm', [
  ...['template', 'media', CHART, '--kube-version', KUBERNETES, '--show-only', 'templates/servicemonitor.yaml'],
  ...['--set', monitor],
]);
const unit = join(folder, 'sluice.service');
// The program need not be installed where this runs.
writeFileSync(
  unit,
  readFileSync(join(DEPLOY, 'sluice.service'), 'utf8').replaceAll('/usr/bin/sluice', process.execPath),
);
await check('the unit', 'systemd-analyze', ['verify', unit]);
const exposure = ['security', '--offline=true', `--threshold=${MOST_EXPOSURE}`, unit];
await check('the exposure of the unit', 'systemd-analyze', exposure);
await check('rules', 'promtool', ['check', 'rules', join(DEPLOY, 'prometheus/rules.yml')]);
await check('tests of the rules', 'promtool', ['test', 'rules', join(DEPLOY, 'prometheus/rules.test.yml')]);
rmSync(folder, { recursive: true });
say(failures === 0 ? 'everything is in order' : `${failures} failed`);
process.exit(failures === 0 ? 0 : 1);
