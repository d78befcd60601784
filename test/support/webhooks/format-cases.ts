import type { AnySluiceEvent, EventData, EventType, SluiceEvent } from '../../../src/events/event-types.js';
import { emitter } from '../events-parts.js';

export const NODE = emitter;
export const STREAM = '01ARZ3NDEKTSV4RRFFQ69G5FA0';

const ref = { streamId: STREAM, app: 'live', name: 'cam', nodeId: NODE.nodeId, bootId: NODE.bootId };
const player = { address: '198.51.100.1', port: 6000 };

function event<T extends EventType>(type: T, data: object): SluiceEvent<T> {
  return {
    ...{ specversion: '1.0', id: `${STREAM}:1`, source: '/sluice/n1/b', type, subject: 'live/cam' },
    ...{ time: '2026-01-01T00:00:00.000Z', datacontenttype: 'application/json', dataschema: 'urn:x' },
    ...{ sequence: '0000000001', streamid: STREAM, data: { ...ref, ...data } as unknown as EventData[T] },
  } as unknown as SluiceEvent<T>;
}

/** One event of each type for which other servers have a callback. */
export const CASES = {
  started: event('io.sluice.stream.started', {
    connectionId: 'publisher',
    peer: { address: '192.0.2.7', port: 5000 },
    ...{ transport: 'rtmp', encoder: 'OBS', tcUrl: 'rtmp://h/live' },
  }),
  ended: event('io.sluice.stream.ended', { connectionId: 'newest', reason: 'client_closed' }),
  playStarted: event('io.sluice.play.started', { connectionId: 'player', playerId: 'p', peer: player, client: 'VLC' }),
  playEnded: event('io.sluice.play.ended', { connectionId: 'player', playerId: 'p', peer: player, reason: 'x' }),
};

/** An event as formats get it. */
export function told(of: object): { readonly json: Buffer; readonly event: AnySluiceEvent } {
  return { json: Buffer.from(JSON.stringify(of)), event: of as AnySluiceEvent };
}
