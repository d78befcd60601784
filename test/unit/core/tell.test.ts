import { describe, expect, it } from 'vitest';
import { NameRule } from '../../../src/core/names.js';
import { tellProgram, tellRefusedName, tellServers, tellText, tellUrl } from '../../../src/core/tell.js';

describe('a refused name', () => {
  it.each([
    ['cam1&key=canary', 'cam1'],
    ['cam1;key=canary', 'cam1'],
    ['cam1%3Fkey=canary', 'cam1'],
    ['cam1#canary', 'cam1'],
    ['cam1 canary', 'cam1'],
    ['key=canary&app=live', 'key'],
    ['\u202ecanary', ''],
    ['', ''],
  ])('%j is told as %j', (name, told) => {
    expect(tellRefusedName(name)).toBe(told);
  });

  it('leaves the other of app and name whole when that one may be used', () => {
    const rule = new NameRule({ allow: '[A-Za-z0-9=/]+', maxBytes: 20, allowEmpty: false });
    expect(rule.tell({ app: 'live=1', name: 'cam1&key=canary' })).toEqual({ app: 'live=1', name: 'cam1' });
    expect(rule.tell({ app: 'live;key=canary', name: 'cam=1' })).toEqual({ app: 'live', name: 'cam=1' });
    expect(rule.tell({ app: 'live', name: `key=${'canary'.repeat(4)}` })).toEqual({ app: 'live', name: 'key' });
  });
});

describe('a URL of a client', () => {
  it.each([
    ['rtmp://host/live', 'rtmp://host/live'],
    ['rtmp://host:1935/live/a', 'rtmp://host:1935/live/a'],
    ['rtmp://[::1]:1935/live', 'rtmp://[::1]:1935/live'],
    ['"rtmp://host/live"', 'rtmp://host/live'],
    ['rtmp://user:p@ss@host/live?key=canary', 'rtmp://host/live'],
    ['  rtmp://user:canary@host/live', 'rtmp://host/live'],
    ['rtmp://user:can/ary@host/live', 'rtmp://host/live'],
    ['rtmp://user:1/canary@host/live', 'rtmp://host/live'],
    ['rtmp://user:can?ary@host/live', ''],
    ['rtmp://user:can#ary@host/live', ''],
    ['rtmp://host/live#key=canary', 'rtmp://host/live'],
    ['rtmp://host/live&key=canary', 'rtmp://host/live'],
    ['rtmp://host/live;key=canary', 'rtmp://host/live'],
    ['rtmp://host/live%3Fkey=canary', 'rtmp://host/live'],
    ['rtmp://host?key=canary', 'rtmp://host'],
    ['rtmp:user:canary@host/live', ''],
    ['rtmp://user:canary/live', ''],
    ['user:canary@host', ''],
    ['canary', ''],
    ['', ''],
  ])('%j is told as %j', (url, told) => {
    expect(tellUrl(url)).toBe(told);
  });
});

describe('a setting with servers', () => {
  it.each([
    ['nats://host:4222', 'nats://host:4222'],
    ['nats://a:4222,nats://b:4222', 'nats://a:4222,nats://b:4222'],
    ['a:4222,b:4222', 'a:4222,b:4222'],
    ['nats://u:canary@host:4222', 'nats://***@host:4222'],
    ['nats://u:can,ary@host:4222', 'nats://***@host:4222'],
    ['nats://u:can/ary@host:4222', 'nats://***@host:4222'],
    ['nats://u:can@ary@host:4222', 'nats://***@host:4222'],
    ['nats://u:can?ary@host:4222', 'nats://***@host:4222'],
    ['nats://u:1/canary@host,nats://canary@b', 'nats://***@host,nats://***@b'],
    ['u:canary@host:4222', '***@host:4222'],
    ['  nats://u:canary@host', 'nats://***@host'],
    ['nats://canary word', 'nats://***'],
    ['', ''],
  ])('%j is told as %j', (value, told) => {
    expect(tellServers(value)).toBe(told);
  });
});

describe('text with URLs in it', () => {
  it.each([
    ['nothing to hide: a@b', 'nothing to hide: a@b'],
    ['to nats://u:can,ary@host:4222 failed', 'to nats://***@host:4222 failed'],
    ['to nats://u:can/ary@host:4222, then', 'to nats://***@host:4222, then'],
    ['from rtmp://h/live/a?key=canary end', 'from rtmp://h/live/a?*** end'],
    ['from rtmp://h/live/a#key=canary.', 'from rtmp://h/live/a?***.'],
    ['"rtmp://u:canary/live"', '"rtmp://***"'],
    ['rtmp:user:canary@host/live', 'rtmp:***'],
    ['at f (file:///a/b.js:12:3)', 'at f (file:///a/b.js:12:3)'],
  ])('%j is told as %j', (text, told) => {
    expect(tellText(text)).toBe(told);
  });
});

describe('what a program says it is', () => {
  it.each([
    ['FMLE/3.0 (compatible; FMSc/1.0)', 'FMLE/3.0 (compatible; FMSc/1.0)'],
    ['LNX 9,0,124,2', 'LNX 9,0,124,2'],
    ['obs-output module (libobs version 30.1.2)', 'obs-output module (libobs version 30.1.2)'],
    ['x?key=canary', 'x'],
    ['x rtmp://user:canary@host', 'x rtmp'],
    ['rtmp:user:canary@host', 'rtmp'],
  ])('%j is told as %j', (text, told) => {
    expect(tellProgram(text)).toBe(told);
  });
});
