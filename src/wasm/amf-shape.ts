import type { AmfObject, AmfValue } from './amf-value.js';

const NOTHING = Object.freeze(Object.create(null)) as object;

type Constructor = new () => AmfObject;

/** Makes a constructor of its own for each shape, so that V8 learns how large its objects get. */
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

/**
 * A shape is compiled when it is met for this many times, so a peer pays for each compilation with this many objects.
 */
const COMPILE_AFTER = 16;

/**
 * Most constructors that are compiled in the life of the process, so that peers that invent shapes cannot make it
 * compile for ever.
 */
const MAX_COMPILED = 512;
let compiled = 0;

/** Keys that may stand in compiled text. Nothing in them can end a string literal. Real encoders use no others. */
const PLAIN_KEY = /^[\w.-]{1,64}$/;

type Filler = new (values: readonly AmfValue[], base: number) => AmfObject;

/**
 * Compiles a constructor whose text names the keys. V8 gives each assignment in it a place in the object at compile
 * time, which makes an object three times as fast as a loop over the keys. Returns undefined where the process forbids
 * code from strings.
 */
function compile(keys: readonly string[]): Filler | undefined {
  if (compiled >= MAX_COMPILED) return undefined;
  compiled++;
  const body = keys.map((key, index) => `this[${JSON.stringify(key)}] = values[base + ${index}];`).join('');
  try {
    const made = new Function('values', 'base', body);
    made.prototype = NOTHING;
    return made as unknown as Filler;
  } catch {
    return undefined;
  }
}

/** A sequence of keys that was seen before. It makes objects with these keys, without reading the keys again. */
export class AmfShape {
  readonly id: number;
  readonly keys: readonly string[];
  /** Whether the keys are usable one for one: none is `__proto__` and none comes twice. */
  readonly usable: boolean;
  readonly #Object: Constructor = constructorOfEmpty();
  #Filler: Filler | undefined;
  #left: number;

  /** @param id the module's number for exactly these keys */
  constructor(id: number, keys: readonly string[]) {
    this.id = id;
    this.keys = keys;
    this.usable = !keys.includes('__proto__') && new Set(keys).size === keys.length;
    this.#left = keys.every((key) => PLAIN_KEY.test(key)) ? COMPILE_AFTER : Number.POSITIVE_INFINITY;
  }

  /** Whether objects come from a constructor compiled for these keys. */
  get compiled(): boolean {
    return this.#Filler !== undefined;
  }

  /** @param values - those of `keys`, in order, from index `base` on */
  make(values: readonly AmfValue[], base: number): AmfObject {
    if (this.#Filler !== undefined) return new this.#Filler(values, base);
    const { keys } = this;
    if (--this.#left === 0) this.#Filler = compile(keys);
    const object = new this.#Object();
    for (let i = 0; i < keys.length; i++) object[keys[i]] = values[base + i];
    return object;
  }
}
