// The one file that imports the package. It is large, so only `import()` may name this file.
import mpegts from 'mpegts.js';

// What it has to say is told by its events; the console is for faults of the page.
mpegts.LoggingControl.applyConfig({ enableAll: false });

export default mpegts;
export type { default as Mpegts } from 'mpegts.js';
