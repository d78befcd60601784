/** A JSON Schema, in the vocabulary that draft 7 and draft 2020-12 share, as a plain object. */
export type JsonSchema = { readonly [key: string]: unknown };

declare const valueType: unique symbol;

/**
 * A JSON Schema of values of type `T`. A noun or an event is defined once, as a shape: the schema is the shape itself,
 * and the TypeScript type comes from {@link TypeOf}.
 */
export interface Shape<T> extends JsonSchema {
  /** For the compiler only; no shape has such a member. */
  readonly [valueType]?: T;
}

/** The type of the values that a shape describes. */
export type TypeOf<S> = S extends Shape<infer T> ? T : never;

/** The members of an object, each with its shape. */
export type Shapes = Readonly<Record<string, Shape<unknown>>>;

/** An object with the members `R`, and those of `O` or some of them. */
export type Members<R extends Shapes, O extends Shapes = Record<never, never>> = {
  readonly [K in keyof R]: TypeOf<R[K]>;
} & { readonly [K in keyof O]?: TypeOf<O[K]> };

/** A text of at most `maxLength` UTF-16 units. */
export const text = (maxLength = 512): Shape<string> => ({ type: 'string', maxLength });

/** A text that a regular expression describes. */
export const matching = (pattern: string): Shape<string> => ({ type: 'string', pattern });

/** A whole number. */
export const integer = (minimum: number, maximum?: number): Shape<number> => ({
  type: 'integer',
  minimum,
  ...(maximum === undefined ? {} : { maximum }),
});

/** How many: 0, 1, 2 … */
export const count: Shape<number> = integer(0);

/** A measure that is no whole number: a rate, a time. */
export const quantity: Shape<number> = { type: 'number', minimum: 0 };

/** A time as RFC 3339 writes it. */
export const time: Shape<string> = { type: 'string', format: 'date-time' };

/** A ULID. */
export const ulid: Shape<string> = matching('^[0-9A-HJKMNP-TV-Z]{26}$');

/** Exactly this value. */
export function constant<const T extends string>(value: T): Shape<T> {
  return { const: value };
}

/** One of these texts. */
export function oneOf<const V extends readonly string[]>(values: V): Shape<V[number]> {
  return { enum: [...values] };
}

/** A list of values of one shape. */
export function listOf<T>(items: Shape<T>, maxItems: number): Shape<readonly T[]> {
  return { type: 'array', maxItems, items };
}

/**
 * An object. Unknown members stay allowed, so that a consumer built on an older schema accepts events of a newer
 * server.
 *
 * @param required members that must be there
 * @param optional members that may be there
 */
export function object<R extends Shapes, O extends Shapes = Record<never, never>>(
  required: R,
  optional?: O,
): Shape<Members<R, O>> {
  return { type: 'object', properties: { ...required, ...optional }, required: Object.keys(required) };
}

/** A part that several schemas share, under a name of its own: what generated models call it. */
export function named<T>(title: string, shape: Shape<T>): Shape<T> {
  return { title, ...shape };
}
