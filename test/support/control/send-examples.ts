import { Ajv2020 } from 'ajv/dist/2020.js';

interface Media {
  readonly schema: object;
  readonly example?: unknown;
}

interface Described {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly example?: unknown }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}

/** Those that never end, and those of the page, which need a stream with media. */
const APART: readonly string[] = ['events', 'overview', 'keyframe', 'preview', 'recordings.list', 'recordings.read'];

/** What came of an example. */
export interface Sent {
  readonly operationId: string;
  readonly status: number;
  readonly type: string;
  readonly body: unknown;
  /** What is wrong with the answer, by the schema that the document has for it; `''`: nothing. */
  readonly wrong: string;
}

/**
 * Sends the example of every operation that an OpenAPI document describes, and checks each answer against the schema of
 * the document.
 *
 * @param base of the server
 * @param replace puts ids that there are in the place of those in examples; called right before each request
 * @param only the operations to send; undefined: all but those that are tested apart
 */
export async function sendExamples(
  base: string,
  document: object,
  headers: Readonly<Record<string, string>>,
  replace: (text: string) => Promise<string> | string,
  only?: readonly string[],
): Promise<Sent[]> {
  const { paths, components } = document as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
    readonly components: { readonly schemas: { readonly Problem: object } };
  };
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const sent: Sent[] = [];
  for (const [template, item] of Object.entries(paths)) {
    for (const [method, described] of Object.entries(item)) {
      const { operationId, parameters = [], requestBody, responses } = described;
      if (only === undefined ? APART.includes(operationId) : !only.includes(operationId)) continue;
      const example = (name: string): string =>
        encodeURIComponent(String(parameters.find((p) => p.name === name)?.example));
      const path = template.replace(/\{(\w+)\}/g, (_, name: string) => example(name));
      const query = parameters
        .filter((p) => p.in === 'query' && p.example !== undefined)
        .map((p) => `${p.name}=${example(p.name)}`);
      const media = Object.values(requestBody?.content ?? {})[0];
      const response = await fetch(
        base + (await replace(`${path}${query.length === 0 ? '' : `?${query.join('&')}`}`)),
        {
          method: method.toUpperCase(),
          headers: { ...headers, ...(media === undefined ? {} : { 'content-type': 'application/json' }) },
          ...(media === undefined ? {} : { body: await replace(JSON.stringify(media.example)) }),
        },
      );
      const type = response.headers.get('content-type') ?? '';
      const text = await response.text();
      const body: unknown = type.includes('json') ? JSON.parse(text) : text;
      const schema =
        response.status < 400
          ? Object.values(responses[String(response.status)]?.content ?? {})[0]?.schema
          : components.schemas.Problem;
      const check = ajv.compile(schema ?? false);
      const wrong = check(body) ? '' : ajv.errorsText(check.errors);
      sent.push({ operationId, status: response.status, type, body, wrong });
    }
  }
  return sent;
}
