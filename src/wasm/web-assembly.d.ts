/**
 * The part of the WebAssembly JavaScript API that this project uses. TypeScript ships it only in its DOM library, which
 * would bring hundreds of browser globals into a server.
 */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: ArrayBufferView | ArrayBuffer);
  }
  class Instance {
    constructor(module: Module, imports?: Record<string, Record<string, unknown>>);
    readonly exports: Record<string, unknown>;
  }
  class Memory {
    constructor(descriptor: { initial: number; maximum: number; shared: true });
    readonly buffer: SharedArrayBuffer;
  }
  class RuntimeError extends Error {}
  class Table {
    constructor(descriptor: { element: string; initial: number });
  }
}
