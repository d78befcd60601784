import { describe, expect, it } from 'vitest';
import {
  checkNats,
  jetStreamFinding,
  rightsFinding,
  skewFinding,
  streamFinding,
} from '../../../../src/cli/doctor/nats.js';
import { neededSubjects } from '../../../../src/cli/doctor/nats-subjects.js';
import { resolveConfig } from '../../../../src/config/load.js';

const config = resolveConfig();
const time = '2026-11-27T07:05:02.460347437Z';
const account = { streams: 3, storage: 1024, limits: { max_streams: -1, max_storage: -1 } };

describe('checkNats', () => {
  it('says in few words why there is no connection', async () => {
    const [finding] = await checkNats(resolveConfig({ nats: { url: 'nats://127.0.0.1:1' } }));
    expect(finding).toMatchObject({
      state: 'fail',
      says: 'nats://127.0.0.1:1: nobody listens there (CONNECTION_REFUSED)',
    });
  });

  it('says what is missing without NATS', async () => {
    expect(await checkNats(config)).toMatchObject([
      { check: 'nats', state: 'ok', says: expect.stringContaining('no jobs') },
    ]);
  });
});

describe('jetStreamFinding', () => {
  it('tells what an account may keep', () => {
    expect(jetStreamFinding(account, config)).toMatchObject({
      state: 'ok',
      says: '3 streams of any number, 1 KiB of any number',
    });
    expect(jetStreamFinding({ ...account, limits: { max_streams: 3, max_storage: -1 } }, config)).toMatchObject({
      state: 'warn',
      todo: expect.stringContaining('max_streams'),
    });
    expect(jetStreamFinding({ ...account, limits: { max_streams: -1, max_storage: 2048 } }, config)).toMatchObject({
      state: 'warn',
      says: expect.stringContaining('of 2 KiB'),
    });
  });

  it('fails without JetStream, and not where only the question is refused', () => {
    expect(jetStreamFinding('503', config)).toMatchObject({
      state: 'fail',
      says: 'JetStream is off there, or for this user',
      todo: expect.stringContaining('-js'),
    });
    expect(jetStreamFinding('TIMEOUT', config)).toMatchObject({ state: 'fail', says: 'no answer (TIMEOUT)' });
    expect(jetStreamFinding('PERMISSIONS_VIOLATION', config).state).toBe('ok');
  });
});

describe('streamFinding', () => {
  it('takes a stream that will be made for a good one', () => {
    const state = { messages: 12, bytes: 1, first_seq: 1, last_seq: 12 };
    expect(streamFinding({ config: { name: 'SLUICE_EVENTS' }, state }, config)).toMatchObject({
      state: 'ok',
      says: 'SLUICE_EVENTS has 12 events',
    });
    expect(streamFinding(10_059, config)).toMatchObject({ state: 'ok', says: expect.stringContaining('first start') });
    expect(streamFinding('TIMEOUT', config).state).toBe('fail');
    expect(streamFinding('PERMISSIONS_VIOLATION', config)).toMatchObject({
      state: 'fail',
      says: expect.stringContaining('$JS.API.STREAM.INFO.SLUICE_EVENTS'),
    });
    const permissions = { publish: { allow: ['sluice.v1.>'] } };
    expect(streamFinding(10_059, config, { time, permissions })).toMatchObject({
      state: 'fail',
      todo: expect.stringContaining('$JS.API.STREAM.CREATE.SLUICE_EVENTS'),
    });
  });
});

describe('rightsFinding', () => {
  const { publish, subscribe } = neededSubjects(config);
  it('is content without limits, and with just what is needed', () => {
    expect(rightsFinding({ time }, config).state).toBe('ok');
    const subscribed = subscribe.map((subject) => (subject === '$SRV.>' ? '$SRV.> group' : subject));
    expect(
      rightsFinding({ time, permissions: { publish: { allow: publish }, subscribe: { allow: subscribed } } }, config)
        .state,
    ).toBe('ok');
  });

  it('names what is not allowed, or denied', () => {
    const some = { publish: { allow: ['sluice.v1.>'] }, subscribe: { deny: ['$SRV.>'] } };
    const finding = rightsFinding({ time, permissions: some }, config);
    expect(finding).toMatchObject({ state: 'fail', says: expect.stringContaining('publish $KV.SLUICE_STREAMS.>') });
    expect(finding.says).toMatch(/, and \d+ more$/);
    const denied = rightsFinding({ time, permissions: { subscribe: { deny: ['$SRV.>'] } } }, config);
    expect(denied.says).toBe('this user may not subscribe $SRV.>');
  });
});

describe('skewFinding', () => {
  it('compares the clocks', () => {
    const now = Date.parse(time);
    expect(skewFinding({ time }, now - 20)).toMatchObject({ state: 'ok', says: 'this machine is 20 ms behind' });
    expect(skewFinding({ time }, now + 5000)).toMatchObject({
      state: 'warn',
      says: expect.stringContaining('5000 ms ahead'),
    });
  });
});
