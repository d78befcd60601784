import { describe, expect, it } from 'vitest';
import { nginxRtmp } from '../../../../src/webhooks/formats/nginx-rtmp.js';
import { CASES, told } from '../../../support/webhooks/format-cases.js';

describe('the form of nginx-rtmp', () => {
  it.each([
    [
      'started',
      {
        call: 'publish',
        clientid: 'publisher',
        addr: '192.0.2.7',
        tcurl: 'rtmp://h/live',
        flashver: 'OBS',
        type: 'live',
      },
    ],
    [
      'ended',
      { call: 'publish_done', clientid: 'publisher', addr: '192.0.2.7', tcurl: 'rtmp://h/live', flashver: 'OBS' },
    ],
    [
      'playStarted',
      {
        call: 'play',
        clientid: 'player',
        addr: '198.51.100.1',
        tcurl: '',
        flashver: 'VLC',
        start: '0',
        duration: '0',
        reset: '0',
      },
    ],
    ['playEnded', { call: 'play_done', clientid: 'player', addr: '198.51.100.1', tcurl: '', flashver: '' }],
  ] as const)('tells %s', (which, members) => {
    const form = new URLSearchParams(nginxRtmp.body(told(CASES[which]), CASES.started.data).toString('utf8'));
    expect(Object.fromEntries(form)).toEqual({ app: 'live', name: 'cam', swfurl: '', pageurl: '', ...members });
  });

  it('keeps names apart from what they might look like', () => {
    const odd = { ...CASES.started, data: { ...CASES.started.data, name: 'a&call=play+%26' } };
    const form = new URLSearchParams(nginxRtmp.body(told(odd), undefined).toString('utf8'));
    expect([form.getAll('call'), form.get('name')]).toEqual([['publish'], 'a&call=play+%26']);
  });
});
