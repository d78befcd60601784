import type { FastifyInstance, FastifyReply, FastifyRequest } from '../fastify.js';
import type { PageFiles } from '../page-files.js';
import { fail } from '../replies.js';

const OPEN = { config: { access: 'open', isPage: true } } as const;

/**
 * What the page may do, whatever may be written into it: scripts and styles of this server only, none of them in the
 * text, pictures and media of this server or made by the page, no frames, no forms that are sent elsewhere.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** Besides those of every answer, and in place of its policy. */
const PAGE_HEADERS = {
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  vary: 'accept, accept-encoding',
};

/** A year: such a file never changes. */
const KEPT = 'public, max-age=31536000, immutable';

/**
 * Serves the page to browsers. It holds nothing of any stream, so it needs no token; what it shows is asked for by the
 * routes that do.
 *
 * @param files the page; undefined: it is turned off
 * @param paths what `/` tells programs
 */
export function addPage(app: FastifyInstance, files: PageFiles | undefined, paths: Readonly<Record<string, string>>) {
  app.get('/', files === undefined ? {} : OPEN, async (request, reply) => {
    if (files === undefined || !wantsPage(request)) return tell(request, reply, paths);
    return (await send(files, 'index.html', request, reply)) ?? tell(request, reply, paths);
  });
  if (files === undefined) return;
  app.get<{ Params: { file: string } }>('/page/:file', OPEN, async (request, reply) => {
    const { file } = request.params;
    return (await send(files, file, request, reply)) ?? fail(reply, 'ERR_HTTP_NOT_FOUND', 'no file of the page');
  });
}

function wantsPage({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('text/html') ?? false;
}

/** What programs are told, who need the token for it. */
function tell({ identity }: FastifyRequest, reply: FastifyReply, paths: Readonly<Record<string, string>>) {
  if (identity === undefined) return fail(reply.header('www-authenticate', 'Bearer'), 'ERR_CTL_UNAUTHENTICATED');
  return { name: 'sluice', paths };
}

async function send(
  files: PageFiles,
  name: string,
  { headers }: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const file = await files.find(name, headers['accept-encoding']);
  if (file === undefined) return undefined;
  const { body, type, encoding, isNamedByContent } = file;
  reply.headers(PAGE_HEADERS).type(type);
  if (isNamedByContent) reply.header('cache-control', KEPT);
  if (encoding !== undefined) reply.header('content-encoding', encoding);
  return reply.send(body);
}
