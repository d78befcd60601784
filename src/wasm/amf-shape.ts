import type { AmfObject, AmfValue } from './amf0.js';

const NOTHING = Object.freeze(Object.create(null)) as object;

type Constructor = new () => AmfObject;

/** A constructor of its own for each shape: V8 then learns how large its objects get. */
function constructorOfEmpty(): Constructor {
  function Amf(): void {}
  Amf.prototype = NOTHING;
  return Amf as unknown as Constructor;
}

const Empty = constructorOfEmpty();

/** An object without properties that inherits nothing. */
export function makeEmpty(): AmfObject {
  return new Empty();
}

/** A sequence of keys that was seen before: what makes objects with it, without reading the keys again. */
export class AmfShape {
  readonly id: number;
  readonly keys: readonly string[];
  /** Whether the keys are those of the object, one for one: none is `__proto__` and none comes twice. */
  readonly usable: boolean;
  readonly #Object: Constructor = constructorOfEmpty();

  /** @param id - the module's name for exactly these keys */
  constructor(id: number, keys: readonly string[]) {
    this.id = id;
    this.keys = keys;
    this.usable = !keys.includes('__proto__') && new Set(keys).size === keys.length;
  }

  /** @param values - those of `keys`, in order, from index `base` on */
  make(values: readonly AmfValue[], base: number): AmfObject {
    const { keys } = this;
    const object = new this.#Object();
    for (let i = 0; i < keys.length; i++) object[keys[i]] = values[base + i];
    return object;
  }
}
