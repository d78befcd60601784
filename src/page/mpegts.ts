// The one file that imports the package. It is large, so only `import()` may name this file.
export { default } from 'mpegts.js';
