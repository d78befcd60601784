import { readReply } from '../reply.js';
import { type Dialect, isSuccess, refusalByStatus } from './dialect.js';

/** Sluice's own form: the request that NATS responders get, and their reply. */
export const sluiceDialect: Dialect = {
  contentType: 'application/json',
  body: (request) => request.json(),
  read: ({ status, body }) => (isSuccess(status) ? readReply(body) : refusalByStatus(status)),
};
