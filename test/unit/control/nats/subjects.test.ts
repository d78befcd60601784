import { describe, expect, it } from 'vitest';
import { ControlSubjects } from '../../../../src/control/nats/subjects.js';

describe('subjects of control', () => {
  const subjects = new ControlSubjects('sluice.v1');

  it('name a stream, every node, or one node', () => {
    expect(subjects.ofStream('01ABC', 'kick')).toBe('sluice.v1.ctl.s.01ABC.kick');
    expect(subjects.ofAll('streams.list')).toBe('sluice.v1.ctl.all.streams.list');
    expect(subjects.ofNode('n1', 'config.get')).toBe('sluice.v1.ctl.n.n1.config.get');
  });

  it('escape ids, so that none can be a wildcard or two tokens', () => {
    expect(subjects.ofStream('*', 'get')).toBe('sluice.v1.ctl.s.=2A.get');
    expect(subjects.ofNode('host.example', 'info')).toBe('sluice.v1.ctl.n.host=2Eexample.info');
  });

  it('have patterns that take all of them, as permissions need them', () => {
    expect([subjects.everything, subjects.streams]).toEqual(['sluice.v1.ctl.>', 'sluice.v1.ctl.s.*.*']);
  });
});
