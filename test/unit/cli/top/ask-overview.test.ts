import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { askOverview } from '../../../../src/cli/top/ask-overview.js';
import { overviewOf, overviewStream } from '../../../support/cli/overviews.js';

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A server with one answer; resolves with its base, and keeps the token that came. */
async function answering(status: number, body: string): Promise<{ base: string; tokens: (string | undefined)[] }> {
  const tokens: (string | undefined)[] = [];
  const made = createServer((request, response) => {
    tokens.push(request.headers.authorization);
    response.writeHead(status, { 'content-type': 'application/json' }).end(request.url === '/v1/overview' ? body : '');
  });
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return { base: `http://127.0.0.1:${(made.address() as AddressInfo).port}`, tokens };
}

function ask(base: string) {
  return askOverview(base, { authorization: 'Bearer t' }, new AbortController().signal);
}

describe('the question for an overview', () => {
  it('is asked with the token, and answered', async () => {
    const overview = overviewOf([overviewStream('cam1')]);
    const { base, tokens } = await answering(200, JSON.stringify(overview));
    expect(await ask(base)).toEqual({ ok: true, overview: JSON.parse(JSON.stringify(overview)) });
    expect(tokens).toEqual(['Bearer t']);
  });

  it('has the refusal of the server as its answer', async () => {
    const problem = { code: 'ERR_HTTP_TOKEN', message: 'no', hint: 'try', status: 401 };
    const { base } = await answering(401, JSON.stringify(problem));
    expect(await ask(base)).toEqual({ ok: false, problem });
  });

  it.each([
    [200, '{}', 'no overview'],
    [404, '{"message":"nothing"}', 'it answers 404 with something that is no overview'],
    [200, '<html>', 'it answers 200 with something that is no JSON'],
    [200, 'null', 'no overview'],
  ])('fails where %i %s comes', async (status, body, words) => {
    const { base } = await answering(status, body);
    await expect(ask(base)).rejects.toMatchObject({
      code: 'ERR_CTL_SERVER_UNREACHABLE',
      detail: expect.stringContaining(words),
    });
  });

  it('fails where nobody listens', async () => {
    const { base } = await answering(200, '{}');
    server?.close();
    await expect(ask(base)).rejects.toMatchObject({ code: 'ERR_CTL_SERVER_UNREACHABLE' });
  });
});
