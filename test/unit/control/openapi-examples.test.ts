import { describe, expect, it } from 'vitest';
import { operationRoutes } from '../../../src/control/http-routes.js';
import { openApi, openApiRoute } from '../../../src/control/openapi.js';
import { FakeNode, playOf, streamOf } from '../../support/control/fake-ports.js';
import { sendExamples } from '../../support/control/send-examples.js';
import { start } from '../../support/http/http-harness.js';

describe('the examples of the OpenAPI document', () => {
  it('are all answered by a running server, each as the document says', async () => {
    const node = new FakeNode();
    const routes = [...operationRoutes(node.dispatcher()), openApiRoute()];
    const { base } = await start({ deps: { routes } });
    const refill = (text: string): string => {
      node.streams = [streamOf(1, { peer: { address: '192.0.2.7', port: 1 } })];
      node.streams.push(streamOf(2, { peer: { address: '192.0.2.7', port: 2 } }));
      node.plays = [playOf(1, node.streams[0]!)];
      return text
        .replaceAll('01JZ8Z3K6YQ4Q0V5N7W2T9B1CD', node.streams[0]!.streamId)
        .replaceAll('01JZ8Z4M1R3S5T7V9WBCDEFGHJ', node.plays[0]!.playId);
    };
    const sent = await sendExamples(base, openApi(), {}, refill);
    expect(sent.length).toBeGreaterThan(30);
    expect(sent.filter(({ status, wrong }) => status !== 200 || wrong !== '')).toEqual([]);
  });
});
