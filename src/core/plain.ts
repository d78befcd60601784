/** A value that `structuredClone` copies without a loss: data, nested to any depth. */
export type PlainValue =
  | undefined
  | null
  | boolean
  | number
  | string
  | Date
  | readonly PlainValue[]
  | { readonly [key: string]: PlainValue };

type Scalar = undefined | null | boolean | number | string | Date;

/**
 * `T` with `never` in the place of everything that is not data: functions, and with them the methods of
 * objects that are made by a class.
 */
type DataOf<T> = T extends Scalar
  ? T
  : T extends (...args: never[]) => unknown
    ? never
    : T extends readonly (infer Item)[]
      ? readonly DataOf<Item>[]
      : { readonly [Key in keyof T]: DataOf<T[Key]> };

/** `T` when it is made of plain values only, else `never`: a message with a function in it does not compile. */
export type Plain<T> = [T] extends [DataOf<T>] ? T : never;

/** A value that JSON holds as it is, but for -0, NaN and infinities among its numbers. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Whether lists and objects in a value are nested at most so deep: 0 for a value that is neither. */
export function isWithinDepth(value: PlainValue, depth: number): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Date) return true;
  return depth > 0 && Object.values(value).every((item: PlainValue) => isWithinDepth(item, depth - 1));
}
