import { textOf } from '../../../src/events/consume/delivery.js';
import { readItems } from '../../../src/events/consume/ordered-reader.js';
import { streamFacts } from '../../../src/events/consume/stream-info.js';
import { AnswerTimeout } from '../../../src/nats/answer-timeout.js';
import { connectNats } from '../../../src/nats/connection.js';

/** The values of a bucket. */
export async function bucketValues<T>(url: string, bucket: string): Promise<T[]> {
  const newest = new Map<string, string>();
  for (const { subject, text } of await messagesOf(url, `KV_${bucket}`)) newest.set(subject, text);
  return [...newest.values()].filter((text) => text !== '').map((text) => JSON.parse(text) as T);
}

/** The events of a stream, in order. */
export async function eventsOf<T>(url: string, stream: string): Promise<T[]> {
  return (await messagesOf(url, stream)).map(({ text }) => JSON.parse(text) as T);
}

async function messagesOf(url: string, stream: string): Promise<{ readonly subject: string; readonly text: string }[]> {
  const connection = await connectNats({ urls: url.split(',') });
  try {
    const facts = await streamFacts(connection, stream, new AnswerTimeout(5000, 5000));
    if (!facts.ok || facts.value.messages === 0) return [];
    const out: { subject: string; text: string }[] = [];
    const stopping = new AbortController();
    const read = { stream, filter: '>', from: 'all', signal: stopping.signal } as const;
    for await (const item of readItems(connection, read)) {
      if (item.kind !== 'message') continue;
      out.push({ subject: item.delivery.subject, text: textOf(item.delivery) });
      if (item.delivery.position >= facts.value.last || item.delivery.pending === 0) stopping.abort();
    }
    return out;
  } finally {
    await connection.close();
  }
}
