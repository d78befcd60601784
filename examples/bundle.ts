import { copyFileSync } from 'node:fs';
import { build } from 'esbuild';

await build({
  entryPoints: ['app.js'],
  outfile: 'bundle/app.js',
  bundle: true,
  platform: 'node',
  format: 'esm',
  // Packages in CommonJS ask for the modules of Node by this name.
  banner: {
    js: "import { createRequire as toRequire } from 'node:module'; const require = toRequire(import.meta.url);",
  },
});
// The WebAssembly module is read from beside the bundle.
copyFileSync(new URL(import.meta.resolve('sluice/sluice.wasm')), 'bundle/sluice.wasm');
